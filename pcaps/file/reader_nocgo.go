//go:build !cgo

package file

import "rssreplay/pcaps"

// libpcapReader stands for libpcap's reading in a program that lacks it.
type libpcapReader struct{}

func (*libpcapReader) read([]pcaps.Record, *Info) (int, error) { return 0, nil }
func (*libpcapReader) close()                                  {}

// openLibpcap returns unknown.
func openLibpcap(path string, size int64, unknown *unknownFormatError) (*Reader, error) {
	return nil, unknown
}
