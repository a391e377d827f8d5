package main

import (
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Recorded runs of Linux with RPS, from the frames alone: by the NIC's key, table and
// affinity, the masks and the kernel's secret, each packet's protocol CPU is the one that
// was recorded. The runs are no part of the project.
func TestRecordedRPS(t *testing.T) {
	truth := filepath.Join(repository(t), "..", "shared", "groundtruth")
	if _, err := os.Stat(truth); err != nil {
		t.Skip("the recorded runs are not here")
	}
	for _, c := range []struct {
		name, capture, nic string
		cpus               int
		flags              []string
	}{
		{"igb-q8-rps-f", "rss_test", "qemu-igb", 8, nil},
		{"virtio-q4-rps-f", "rss_test", "qemu-virtio", 8, nil},
		{"virtio-q4-rps-uneven", "rss_test", "qemu-virtio", 8, nil},
		{"virtio-q4-rps-ff-noudp", "rss_test", "qemu-virtio", 8, []string{"--rx-flow-hash", "udp4=sd", "--rx-flow-hash", "udp6=sd"}},
		{"virtio-q4-36cpus-rps", "rps_test", "qemu-virtio", 36, nil},
	} {
		dir := filepath.Join(truth, c.name)
		text := func(name string) string {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			return string(data)
		}
		var affinity []string
		for _, m := range regexp.MustCompile(`(?m)^queue \d+ irq \d+ affinity (\d+)`).FindAllStringSubmatch(text("irq-affinity.txt"), -1) {
			affinity = append(affinity, m[1])
		}
		key := regexp.MustCompile(`(?m)^effective ([0-9a-f]+)`).FindStringSubmatch(text("recovered-key.txt"))
		written := filepath.Join(t.TempDir(), "steered.pcapng")
		var stdout, stderr strings.Builder
		status := run(append([]string{
			"rssreplay", filepath.Join(truth, c.capture+".pcap"), "--nic", c.nic, "--table", filepath.Join(dir, "ethtool-x.txt"), "--key", key[1],
			"--rps", filepath.Join(dir, "rps.txt"), "--rps-secret", filepath.Join(dir, "hashrnd.txt"),
			"--cpus", fmt.Sprintf("0-%d", c.cpus-1), "--affinity", strings.Join(affinity, ","),
			"--local", "none", "--mode", "rss-msix", "--rx-ring", "8192", "--write", written,
		}, c.flags...), strings.NewReader(""), &stdout, &stderr)
		if status != exitDone {
			t.Fatalf("%s: exit status %d, %s", c.name, status, stderr.String())
		}
		comments := commentsOf(t, written)
		rows, err := csv.NewReader(strings.NewReader(text("packets-truth.csv"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		seen, wrong := 0, map[string]int{} // by class
		for _, row := range rows[1:] {
			var packet int
			if _, err := fmt.Sscan(row[0], &packet); err != nil {
				t.Fatal(err)
			}
			if row[8] == "" { // lost before the stack
				continue
			}
			seen++
			if !strings.HasPrefix(comments[packet]+" ", "cpu="+row[8]+" ") {
				wrong[row[2]]++
			}
		}
		if t.Logf("%s: %d packets", c.name, seen); len(wrong) > 0 || seen < 1000 {
			t.Errorf("%s: of %d packets on other CPUs: %v", c.name, seen, wrong)
		}
	}
}

// commentsOf is the comment of each packet of a little-endian pcapng file.
func commentsOf(t *testing.T, path string) (comments []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	for ; len(data) > 0; data = data[le.Uint32(data[4:]):] {
		if le.Uint32(data) != 6 { // an enhanced packet
			continue
		}
		comment := ""
		for options := data[28+(le.Uint32(data[20:])+3)/4*4 : le.Uint32(data[4:])-4]; le.Uint16(options) != 0; {
			n := le.Uint16(options[2:])
			if le.Uint16(options) == 1 {
				comment = string(options[4 : 4+n])
			}
			options = options[4+(n+3)/4*4:]
		}
		comments = append(comments, comment)
	}
	return comments
}
