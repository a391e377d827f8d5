package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A text that is compressed on standard input is read as it is, uncompressed; one that is
// cut is refused, also where nothing of it can be unpacked.
func TestCompressedTextOnStdin(t *testing.T) {
	web := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	text := strings.Repeat("0 1 2 3\n", 32)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	replay := func(stdin io.Reader) (status int, stdout, stderr string) {
		var out, errs bytes.Buffer
		status = run([]string{"rssreplay", web, "--table", "-", "--key", "microsoft", "--queues", "4", "--format", "json"}, stdin, &out, &errs)
		return status, out.String(), errs.String()
	}
	status, want, stderr := replay(strings.NewReader(text))
	if status != 0 || !strings.Contains(want, `"standard input"`) {
		t.Fatalf("exit %d: %s%s", status, want, stderr)
	}
	status, got, stderr := replay(bytes.NewReader(packed.Bytes()))
	if diff := cmp.Diff(want, got); diff != "" || status != 0 {
		t.Errorf("exit %d: %s\n%s", status, stderr, diff)
	}
	for _, cut := range []int{7, packed.Len() - 9} {
		status, _, stderr := replay(bytes.NewReader(packed.Bytes()[:cut]))
		if want := "rssreplay: --table: standard input: the gzip data end early: the file was cut off\n"; stderr != want || status != 2 {
			t.Errorf("of %d bytes: exit %d: %q, want %q", cut, status, stderr, want)
		}
	}
}
