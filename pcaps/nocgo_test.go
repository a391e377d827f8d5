//go:build !cgo

package pcaps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const haveLibpcap = false

func TestWithoutLibpcap(t *testing.T) {
	want := `--filter "tcp": this program was built without libpcap: rebuild it with cgo and libpcap's headers, or filter first: ` + "`tcpdump -r IN -w OUT 'tcp'`"
	if _, err := NewFilter("tcp"); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	path := filepath.Join(t.TempDir(), "modified.pcap")
	if err := os.WriteFile(path, pcapFile(le, magicModified, 2, 4, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "rebuild it with cgo and libpcap's headers") {
		t.Errorf("%v", err)
	}
}
