package nictext

import (
	"os"
	"path/filepath"
	"testing"
)

// recorded are the folders of testdata/groundtruth: what commands printed about
// QEMU's NICs.
var recorded = []struct {
	name    string
	profile string
	queues  int
}{
	{"igb-q8-default", "qemu-igb", 8},
	{"igb-q8-udp-sdfn", "qemu-igb", 8},
	{"virtio-q4-default", "qemu-virtio", 4},
	{"virtio-q4-mskey", "qemu-virtio", 4},
}

func recordedText(t *testing.T, name, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "groundtruth", name, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
