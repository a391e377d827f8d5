package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The picture that the README shows is that of its command.
func TestReadmePicture(t *testing.T) {
	root := repository(t)
	kept := filepath.Join(root, "cmd", "rssreplay", "testdata", "elephant.svg")
	made := filepath.Join(t.TempDir(), "load.svg")
	runs(t, filepath.Join(root, "pcaps", "samples", "elephant.pcap"), "--cpus", "4", "--interval", "20ms", "--plot", made)
	got, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(kept, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the command draws: `go test ./cmd/rssreplay -update` draws it anew", kept)
	}
}
