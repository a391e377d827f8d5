//go:build cgo && unix

package file

import (
	"fmt"
	"os"

	"github.com/google/gopacket/pcap"
)

// openWritten opens a capture of at most a few hundred bytes. It comes through a pipe, so
// that however the program ends no file is left.
func openWritten(capture []byte) (*pcap.Handle, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	_, err = w.Write(capture) // a pipe holds 512 bytes and more
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	// By a name: libpcap closes what it is given, and r would be closed twice.
	return pcap.OpenOffline(fmt.Sprintf("/dev/fd/%d", r.Fd()))
}
