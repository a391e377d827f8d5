//go:build !cgo

package pcaps

import "fmt"

// libpcapReader stands for libpcap's reading in a program that lacks it.
type libpcapReader struct{}

func (*libpcapReader) read([]Record, *Info) (int, error) { return 0, nil }
func (*libpcapReader) close()                            {}

// openLibpcap says what libpcap would be needed for.
func openLibpcap(path string, size int64, unknown *unknownFormatError) (*Reader, error) {
	if unknown.modified {
		return nil, fmt.Errorf("%s: modified pcap, which libpcap reads but this program was built without: rebuild it with cgo and libpcap's headers, or convert the file: `tcpdump -r %s -w OUT.pcap`", path, path)
	}
	return nil, unknown
}
