//go:build !cgo

package file

import "testing"

func TestWithoutLibpcap(t *testing.T) {
	want := `--filter "tcp": this program was built without libpcap: rebuild it with cgo and libpcap's headers, or filter first: ` + "`tcpdump -r IN -w OUT 'tcp'`"
	if _, err := NewFilter("tcp"); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
