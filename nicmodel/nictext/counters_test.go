package nictext

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rssreplay/nicmodel"
)

// The driver's own counters of emulated NICs add up to the packets that it saw.
func TestReadQueueCounters(t *testing.T) {
	folders, err := filepath.Glob("../testdata/groundtruth/*/ethtool-S-after.txt")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no ground truth: %v", err)
	}
	for _, path := range folders {
		dir := filepath.Dir(path)
		read := func(name string) *QueueCounters {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			c, err := ReadQueueCounters(string(text))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return c
		}
		since, err := read("ethtool-S-after.txt").Since(read("ethtool-S.txt"))
		if err != nil {
			t.Fatal(err)
		}
		truth, err := os.ReadFile(filepath.Join(dir, "packets-truth.csv"))
		if err != nil {
			t.Fatal(err)
		}
		want := make([]uint64, len(since))
		for _, line := range strings.Split(strings.TrimSpace(string(truth)), "\n")[1:] {
			var packet, flow, queue int
			fields := strings.Split(line, ",")
			if _, err := fmt.Sscan(fields[0]+" "+fields[1]+" "+fields[3], &packet, &flow, &queue); err != nil {
				t.Fatal(err)
			}
			want[queue]++
		}
		if !slices.Equal(since, want) {
			t.Errorf("%s: %v packets by queue, the truth has %v", dir, since, want)
		}
	}
}

func TestQueueCounterNames(t *testing.T) {
	for _, test := range []struct{ form, lines string }{
		{"igb, igc, ixgbe, ice, hv_netvsc, virtio_net", "rx_packets: 12|rx_queue_0_packets: 5|rx_queue_0_bytes: 500|rx_queue_1_packets: 7|tx_queue_0_packets: 9"},
		{"i40e, iavf", "rx-0.packets: 5|rx-0.bytes: 1|tx-0.packets: 3|rx-1.packets: 7"},
		{"i40e, iavf", "rx-0.rx_packets: 5|rx-1.rx_packets: 7"},
		{"mlx5, mlx4, virtio_net", "rx0_packets: 5|rx0_bytes: 3|rx1_packets: 7|rx0_hw_packets: 1"},
		{"ena", "queue_0_tx_cnt: 2|queue_0_rx_cnt: 5|queue_1_rx_cnt: 7"},
		{"bnxt", "[0]: rx_ucast_packets: 3|[0]: rx_mcast_packets: 1|[0]: rx_bcast_packets: 1|[0]: rx_discards: 9|[1]: rx_ucast_packets: 7"},
		{"mana", "rx_0_packets: 5|rx_1_packets: 7|tx_0_packets: 5"},
		{"vmxnet3", "Tx Queue#: 0|  ucast pkts tx: 4|Rx Queue#: 0|  ucast pkts rx: 4|  bcast pkts rx: 1|  pkts rx OOB: 0|Rx Queue#: 1|  ucast pkts rx: 7"},
	} {
		c, err := ReadQueueCounters("NIC statistics:\n     " + strings.ReplaceAll(test.lines, "|", "\n     ") + "\n")
		if err != nil {
			t.Errorf("%s: %v", test.form, err)
			continue
		}
		if c.Form != test.form || !slices.Equal(c.Packets, []uint64{5, 7}) {
			t.Errorf("%s: %+v", test.form, c)
		}
	}
}

func TestBadQueueCounters(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"eth0: no such device", "no output of `ethtool -S`"},
		{"NIC statistics:\n rx_packets: 5\n", "counts no packets by receive queue"},
		{"NIC statistics:\n rx_queue_0_packets: many\n", "line 2: rx_queue_0_packets is \"many\""},
		{"NIC statistics:\n rx_queue_0_packets: 1\n rx_queue_2_packets: 1\n", "queue 2 and not queue 1"},
		{"NIC statistics:\n rx_queue_0_packets: 1\nNIC statistics:\n rx-0.packets: 1\n", "two drivers"},
		{"NIC statistics:\n rx_queue_99999999999999999999_packets: 1\n", "at most"},
	} {
		if _, err := ReadQueueCounters(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.text, err, test.want)
		}
	}
	before := &QueueCounters{Form: "ena", Packets: []uint64{5, 1<<32 - 10}}
	for _, test := range []struct {
		after QueueCounters
		want  string
	}{
		{QueueCounters{Form: "bnxt", Packets: []uint64{6, 7}}, "different drivers"},
		{QueueCounters{Form: "ena", Packets: []uint64{6}}, "2 receive queues and the other 1"},
		{QueueCounters{Form: "ena", Packets: []uint64{4, 1 << 33}}, "went back from 5 to 4"},
		{QueueCounters{Form: "ena", Packets: []uint64{6, 3}}, "has wrapped"},
	} {
		if _, err := test.after.Since(before); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.after, err, test.want)
		}
	}
}

func FuzzReadQueueCounters(f *testing.F) {
	f.Add("NIC statistics:\n     rx_queue_0_packets: 1\n")
	f.Add("NIC statistics:\nRx Queue#: 0\n ucast pkts rx: 4\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ReadQueueCounters(text)
		if err == nil && (len(c.Packets) == 0 || len(c.Packets) > nicmodel.MaxQueues || c.Form == "") {
			t.Errorf("%+v", c)
		}
	})
}
