//go:build cgo

package file

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/gopacket/pcap"

	"rssreplay/pcaps"
	"rssreplay/pcaps/grouped"
)

// libpcapReader reads the formats that libpcap knows and this package does not.
type libpcapReader struct {
	handle *pcap.Handle
	link   pcaps.LinkType
	batch  []byte // the records of one read: libpcap keeps only its last
}

// openLibpcap opens a file of unknown format through libpcap, or returns unknown.
// Libpcap 1.10 knows no format that this package does not, others may.
func openLibpcap(path string, size int64, unknown *unknownFormatError) (*Reader, error) {
	handle, err := pcap.OpenOffline(path)
	if err != nil {
		return nil, unknown
	}
	lib := &libpcapReader{handle: handle, link: pcaps.LinkType(handle.LinkType()), batch: make([]byte, 0, 2*maxCaptured)}
	r := &Reader{info: Info{Name: path, Format: "read by libpcap", FileBytes: size}, size: size, offset: -1, lib: lib}
	r.info.sawLink(lib.link)
	return r, nil
}

func (l *libpcapReader) read(recs []pcaps.Record, info *Info) (n int, err error) {
	l.batch = l.batch[:0]
	for n < len(recs) && cap(l.batch)-len(l.batch) >= maxCaptured {
		data, packet, err := l.handle.ZeroCopyReadPacketData()
		if errors.Is(err, io.EOF) {
			info.Packets += int64(n)
			return n, io.EOF
		}
		what := ""
		if err != nil {
			what = "libpcap: " + l.handle.Error().Error()
		} else if len(data) > maxCaptured {
			what = fmt.Sprintf("the record has %s captured bytes, more than libpcap's limit of %s", grouped.Int(len(data)), grouped.Int(maxCaptured))
		}
		if what != "" {
			info.Packets += int64(n)
			info.Truncated = strings.Contains(what, "truncated") // libpcap tells it by its message only
			return n, &DamageError{File: info.Name, Packet: info.Packets + 1, Offset: -1, What: what, Cut: info.Truncated, Err: err}
		}
		at := len(l.batch)
		l.batch = append(l.batch, data...)
		if packet.Length < len(data) {
			info.ShortWire++
		}
		recs[n] = pcaps.Record{
			Time:  packet.Timestamp.UnixNano(),
			Data:  l.batch[at:len(l.batch):len(l.batch)],
			Wire:  uint32(packet.Length),
			Link:  l.link,
			Queue: -1,
		}
		n++
	}
	info.Packets += int64(n)
	return n, nil
}

func (l *libpcapReader) close() { l.handle.Close() }
