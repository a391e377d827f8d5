package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/nicmodel"
)

// queueCounter is a line of ethtool -S.
var queueCounter = regexp.MustCompile(`(?m)^ *rx_queue_(\d+)_packets: (\d+)$`)

func readCounters(t *testing.T, path string) map[int]int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	counters := make(map[int]int)
	for _, m := range queueCounter.FindAllStringSubmatch(string(text), -1) {
		queue, err1 := strconv.Atoi(m[1])
		packets, err2 := strconv.Atoi(m[2])
		if err1 != nil || err2 != nil {
			t.Fatal(path, m)
		}
		counters[queue] = packets
	}
	return counters
}

// A user's way: the folder of outputs that was saved on the host, and the name of
// its NIC. Each queue gets exactly the packets that the driver counted there, and
// each flow's hash is the one that the driver saw in its packets.
func TestBundlesOfGroundTruth(t *testing.T) {
	truth := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth")
	for _, c := range []struct{ name, nic, cpus string }{
		{"igb-q8-default", "qemu-igb", "7,0-6"},
		{"igb-q8-udp-sdfn", "qemu-igb", "7,0-6"},
		{"virtio-q4-default", "qemu-virtio", "0-3"},
		{"virtio-q4-mskey", "qemu-virtio", "0-3"},
	} {
		var stdout, stderr strings.Builder
		dir := filepath.Join(truth, c.name)
		status := run([]string{"rssreplay", filepath.Join(truth, "rss_test.pcap"), "--nic", c.nic, "--bundle", dir, "--local", "none", "--flows", "all", "--format", "json"},
			strings.NewReader(""), &stdout, &stderr)
		if status != exitDone || !strings.HasSuffix(stderr.String(), "left out, as nothing in them is known: packets-truth.csv\n") {
			t.Fatalf("%s: exit status %d, %s", c.name, status, stderr.String())
		}
		var report struct {
			Parameters map[string]struct{ Source string }
			Table      struct {
				QueueCPUs []int `json:"queue_cpus"`
			}
			Modes []struct {
				Mode   string
				Queues []struct{ Queue, Packets int }
			}
			Flows []struct {
				Hash    *string
				Packets int
			}
		}
		if err := json.Unmarshal([]byte(stdout.String()), &report); err != nil {
			t.Fatal(err)
		}
		before, after := readCounters(t, filepath.Join(dir, "ethtool-S.txt")), readCounters(t, filepath.Join(dir, "ethtool-S-after.txt"))
		want, got := make(map[int]int), make(map[int]int)
		for queue := range after {
			want[queue] = after[queue] - before[queue]
		}
		for _, q := range report.Modes[0].Queues {
			got[q.Queue] = q.Packets
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) < 2 {
			t.Errorf("%s: packets of each queue (-driver +rssreplay):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(truthHashes(t, filepath.Join(dir, "packets-truth.csv")), flowHashes(t, report.Flows)); diff != "" {
			t.Errorf("%s: packets of each hash (-driver +rssreplay):\n%s", c.name, diff)
		}
		if cpus := nicmodel.CPUListOf(report.Table.QueueCPUs).String(); cpus != c.cpus {
			t.Errorf("%s: the queues are on the CPUs %s, want %s", c.name, cpus, c.cpus)
		}
		for parameter, file := range map[string]string{"nic": "--nic", "queues": "ethtool-x.txt", "hash-types": "ethtool-n.txt", "rx-ring": "ethtool-g.txt", "drain": "profile " + c.nic} {
			if source := report.Parameters[parameter].Source; !strings.HasSuffix(source, file) {
				t.Errorf("%s: %s is from %s, want %s", c.name, parameter, source, file)
			}
		}
	}
}

// truthHashes counts the packets of each hash that the driver saw; 0 is none.
func truthHashes(t *testing.T, path string) map[uint64]int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hashes := make(map[uint64]int)
	for _, line := range strings.Fields(string(text))[1:] {
		sum, err := strconv.ParseUint(line[strings.LastIndexByte(line, ',')+1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		if sum != 0 {
			hashes[sum]++
		}
	}
	return hashes
}

// flowHashes counts the packets of each hash by the flows.
func flowHashes(t *testing.T, flows []struct {
	Hash    *string
	Packets int
}) map[uint64]int {
	t.Helper()
	hashes := make(map[uint64]int)
	for _, f := range flows {
		if f.Hash == nil {
			continue
		}
		sum, err := strconv.ParseUint(*f.Hash, 0, 32)
		if err != nil {
			t.Fatal(err)
		}
		hashes[sum] += f.Packets
	}
	return hashes
}
