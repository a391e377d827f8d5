package file

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// otherFormats are files that are often met in a capture's place, by their first
// bytes: what they are, and what makes a capture of them ("%s" is the file).
var otherFormats = []struct{ magic, is, do string }{
	{"\x1f\x9d", "compressed with compress", "`uncompress %s`"},
	{"PK\x03\x04", "a zip archive", "`unzip %s`"},
	{"7z\xbc\xaf\x27\x1c", "a 7-zip archive", "`7z x %s`"},
	{"MSCF", "a cabinet of Windows", "`cabextract %[3]s`, or `expand -F:* %[3]s FOLDER` there; netsh puts what it saw of the host there, and packets into the .etl beside it"},
	{"snoop\x00\x00\x00", "a snoop capture", "`editcap -F pcap %s OUT.pcap`"},
	{"GMBU", "a Microsoft Network Monitor capture", "`editcap -F pcap %s OUT.pcap`"},
	{"RTSS", "a Microsoft Network Monitor capture", "`editcap -F pcap %s OUT.pcap`"},
	{"{\n  \"schema\": \"rssrepl", "a report of rssreplay", "`rssreplay diff %s OTHER.json`"},
	{"\x7fELF", "a program", ""},
}

// isPcap reports whether a file that begins with header is pcap or modified pcap.
func isPcap(header []byte) bool {
	if len(header) < 4 {
		return false
	}
	switch binary.LittleEndian.Uint32(header) {
	case magicMicro, magicNano, magicModified, bits.ReverseBytes32(magicMicro), bits.ReverseBytes32(magicNano), bits.ReverseBytes32(magicModified):
		return true
	}
	return false
}

// isPcapng reports whether a file that begins with header may be pcapng.
func isPcapng(header []byte) bool {
	return len(header) >= 4 && binary.LittleEndian.Uint32(header) == blockSection
}

// sniff says what a file is that begins with these 24 bytes, or has no more, where it is no
// capture. compression is what they were decompressed from, "" if nothing.
func sniff(header []byte, name, compression string) error {
	what := name
	if compression != "" {
		what = fmt.Sprintf("%s (decompressed from %s)", name, compression)
	}
	if len(header) == 0 {
		return fmt.Errorf("%s: the file is empty: a capture has at least a file header, so nothing was written to it; capture again", what)
	}
	if isPcap(header) || isPcapng(header) {
		if len(header) < fileHeaderBytes {
			return fmt.Errorf("%s: the file ends after %d of the %d bytes of its file header: it was cut off before the first packet; copy it or capture again", what, len(header), fileHeaderBytes)
		}
		return nil
	}
	if c := compressionOf(header); c != nil {
		return fmt.Errorf("%s: is compressed twice, with %s inside: decompress it once", what, c.name)
	}
	for _, o := range otherFormats {
		if bytes.HasPrefix(header, []byte(o.magic)) {
			if o.do == "" {
				return fmt.Errorf("%s: is %s, not a pcap or pcapng capture", what, o.is)
			}
			return fmt.Errorf("%s: is %s, not a pcap or pcapng capture: try "+o.do, what, o.is, name)
		}
	}
	if isText(header) {
		return fmt.Errorf("%s: is a text file, not a pcap or pcapng capture: write one with `tcpdump -w FILE`, or turn a hex dump into one with text2pcap", what)
	}
	if bytes.HasPrefix(header, []byte("\xff\xfe")) {
		return fmt.Errorf("%s: is text in UTF-16, as PowerShell's > makes of all that it writes, not a pcap or pcapng capture: capture again with `tcpdump -w FILE`, without >", what)
	}
	if strings.EqualFold(filepath.Ext(name), ".etl") { // no magic tells it
		return fmt.Errorf("%s: is a trace of Windows, not a pcap or pcapng capture: `pktmon etl2pcap %s --out OUT.pcapng` makes one; of a trace by netsh Microsoft's etl2pcapng does", what, name)
	}
	return fmt.Errorf("%s: not a pcap or pcapng capture (it begins with % x): if Wireshark opens it, `editcap -F pcap %s OUT.pcap` makes one", what, header[:min(len(header), 4)], name)
}

// IsCapture reports whether the first bytes of a file, 12 of them, are a capture's.
func IsCapture(header []byte) bool {
	switch {
	case len(header) < 12:
		return false
	case !isPcapng(header):
		return isPcap(header)
	}
	magic := binary.LittleEndian.Uint32(header[8:]) // a text may begin with the first four bytes, which end lines
	return magic == byteOrderMagic || magic == bits.ReverseBytes32(byteOrderMagic)
}

// tarHeaderBytes is how much of a file tells whether it is a tar archive.
const tarHeaderBytes = 512

// isTar tells POSIX's and GNU's tar archives by the magic of their first header.
func isTar(start []byte) bool {
	return len(start) == tarHeaderBytes && string(start[257:262]) == "ustar"
}

// isText: UTF-8 without control characters but white space. A rune that the end
// of b cuts off is no objection, unless there is nothing else.
func isText(b []byte) bool {
	for whole := len(b); len(b) > 0; {
		if !utf8.FullRune(b) {
			return len(b) < whole
		}
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			return false
		}
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
		b = b[n:]
	}
	return true
}
