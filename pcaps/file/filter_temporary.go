//go:build cgo && !unix

package file

import (
	"os"

	"github.com/google/gopacket/pcap"
)

// openWritten opens a capture of at most a few hundred bytes.
func openWritten(capture []byte) (*pcap.Handle, error) {
	file, err := os.CreateTemp("", "rssreplay-filter-*.pcap")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(capture)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	return pcap.OpenOffline(file.Name())
}
