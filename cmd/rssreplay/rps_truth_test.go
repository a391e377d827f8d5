package main

import (
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
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
		packets            int // that reached the stack, or more
		late               int // at most so many before an interrupt followed its new affinity
		flags              []string
	}{
		{"igb-q8-rps-f", "rss_test", "qemu-igb", 8, 1232, 0, nil},
		{"virtio-q4-rps-f", "rss_test", "qemu-virtio", 8, 1232, 0, nil},
		{"virtio-q4-rps-uneven", "rss_test", "qemu-virtio", 8, 1232, 0, nil},
		{"virtio-q4-rps-ff-noudp", "rss_test", "qemu-virtio", 8, 1232, 0, []string{"--rx-flow-hash", "udp4=sd", "--rx-flow-hash", "udp6=sd"}},
		// CPU 6 went offline after the masks were written: its quarter stays.
		{"virtio-q4-rps-offline", "rss_test", "qemu-virtio", 8, 1232, 0, []string{"--cpus", "0-5,7", "--offline-cpus", "6"}},
		{"virtio-q4-rps-f-backlog5", "rps_test", "qemu-virtio", 8, 86, 0, nil},
		{"virtio-q4-36cpus-rps", "rps_test", "qemu-virtio", 36, 2514, 13, nil},
		// The table is set anew before packets 800 and 1600.
		{"virtio-q4-X-during-rps", "rps_test", "qemu-virtio", 8, 2514, 0, []string{"--table-at", "{800}=ethtool-x-from-800.txt", "--table-at", "{1600}=ethtool-x-from-1600.txt"}},
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
		flags := slices.Clone(c.flags)
		for i, flag := range flags {
			if at, name, ok := strings.Cut(flag, "}="); ok {
				packet, err := strconv.Atoi(at[1:])
				if err != nil {
					t.Fatal(err)
				}
				flags[i] = fmt.Sprintf("%v=%s", timeOf(t, filepath.Join(truth, c.capture+".pcap"), packet), filepath.Join(dir, name))
			}
		}
		written := filepath.Join(t.TempDir(), "steered.pcapng")
		var stdout, stderr strings.Builder
		flags = append([]string{
			filepath.Join(truth, c.capture+".pcap"), "--nic", c.nic, "--table", filepath.Join(dir, "ethtool-x.txt"), "--key", key[1],
			"--rps", filepath.Join(dir, "rps.txt"), "--rps-secret", filepath.Join(dir, "hashrnd.txt"),
			"--cpus", fmt.Sprintf("0-%d", c.cpus-1), "--affinity", strings.Join(affinity, ","), "--local", "none",
		}, flags...)
		status := run(append([]string{"rssreplay", "--mode", "rss-msix", "--rx-ring", "8192", "--write", written}, flags...), strings.NewReader(""), &stdout, &stderr)
		if status != exitDone {
			t.Fatalf("%s: exit status %d, %s", c.name, status, stderr.String())
		}
		comments, queues := commentsOf(t, written)
		rows, err := csv.NewReader(strings.NewReader(text("packets-truth.csv"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		seen, late, wrong := 0, 0, map[string]int{} // by class
		for _, row := range rows[1:] {
			var packet int
			if _, err := fmt.Sscan(row[0], &packet); err != nil {
				t.Fatal(err)
			}
			if row[8] == "" { // lost before the stack
				continue
			}
			seen++
			comment := comments[packet] + " "
			if !strings.HasPrefix(comment, "cpu="+row[8]+" ") || row[3] != fmt.Sprint(queues[packet]) {
				wrong[row[2]]++
			}
			if !strings.Contains(comment, " irq="+row[6]+" ") {
				late++
			}
		}
		if !slices.Contains(flags, "--table-at") {
			v := verifies(t, exitDone, append(flags, "--stack-cpus", filepath.Join(dir, "packets-truth.csv"))...)
			if v.Packets.CPUEqual != v.Packets.CPUChecked || int(v.Packets.CPUChecked) != seen {
				t.Errorf("%s: verify has %d of %d CPUs as predicted, of %d", c.name, v.Packets.CPUEqual, v.Packets.CPUChecked, seen)
			}
		}
		if t.Logf("%s: %d packets", c.name, seen); len(wrong) > 0 || seen < c.packets || late > c.late {
			t.Errorf("%s: of %d packets on other CPUs or queues: %v; of %d the interrupt is another CPU's", c.name, seen, wrong, late)
		}
	}
}

// timeOf is when a packet of a classic little-endian capture in µs comes, after the first.
func timeOf(t *testing.T, path string, packet int) time.Duration {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if le.Uint32(data) != 0xa1b2c3d4 {
		t.Fatalf("%s: another format", path)
	}
	at := func() time.Duration {
		return time.Duration(le.Uint32(data))*time.Second + time.Duration(le.Uint32(data[4:]))*time.Microsecond
	}
	data = data[24:]
	first := at()
	for range packet {
		data = data[16+le.Uint32(data[8:]):]
	}
	return at() - first
}

// commentsOf is the comment of each packet of a little-endian pcapng file, and its queue.
func commentsOf(t *testing.T, path string) (comments []string, queues []uint32) {
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
		comment, queue := "", uint32(0)
		for options := data[28+(le.Uint32(data[20:])+3)/4*4 : le.Uint32(data[4:])-4]; le.Uint16(options) != 0; {
			n := le.Uint16(options[2:])
			if le.Uint16(options) == 1 {
				comment = string(options[4 : 4+n])
			}
			if le.Uint16(options) == 6 {
				queue = le.Uint32(options[4:])
			}
			options = options[4+(n+3)/4*4:]
		}
		comments, queues = append(comments, comment), append(queues, queue)
	}
	return comments, queues
}
