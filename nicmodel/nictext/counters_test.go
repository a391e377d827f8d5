package nictext

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
		{"i40e, iavf, sfc", "rx-0.packets: 5|rx-0.bytes: 1|tx-0.packets: 3|rx-1.packets: 7"},
		{"i40e, iavf, sfc", "rx-0.rx_packets: 5|rx-1.rx_packets: 7"},
		{"mlx5, mlx4, virtio_net", "rx0_packets: 5|rx0_bytes: 3|rx1_packets: 7|rx0_hw_packets: 1"},
		{"DPDK", `{ovs_rx_qos_drops=0, rx_bytes=9, rx_q0_bytes=500, rx_q0_packets=5, rx_q1_bytes=700, rx_q1_packets=7, tx_q0_packets=3}`},
		{"DPDK", `statistics          : {rx_q0_packets=5, rx_q1_packets=7}`},
		{"DPDK", `{"/ethdev/xstats": {"rx_good_packets": 12, "rx_q0_packets": 5, "rx_q1_packets": 7}}`},
		{"igb, igc, ixgbe, ice, hv_netvsc, virtio_net", "ethtool,driver=igb,host=h,interface=eth0 rx_queue_0_packets=5i,rx_queue_1_packets=7i,tx_queue_0_packets=9i 1795637348000000000"},
		{"i40e, iavf, sfc", "NIC statistics: rx_packets: 12 rx-0.packets: 5 rx-0.bytes: 1 rx-1.packets: 7"},
		{"ena", "queue_0_tx_cnt: 2|queue_0_rx_cnt: 5|queue_1_rx_cnt: 7"},
		{"bnxt, bnx2x", "[0]: rx_ucast_packets: 3|[0]: rx_mcast_packets: 1|[0]: rx_bcast_packets: 1|[0]: rx_discards: 9|[1]: rx_ucast_packets: 6|[1]: rx_mcast_packets: 0|[1]: rx_bcast_packets: 1"},
		{"mana", "rx_0_packets: 5|rx_1_packets: 7|tx_0_packets: 5"},
		{"ionic", "rx_0_pkts: 5|rx_0_bytes: 9|rx_1_pkts: 7|tx_0_pkts: 1"},
		{"atlantic", "InPackets: 12|InUCast: 12|Queue[0] InPackets: 5|Queue[0] InJumboPackets: 0|Queue[0] OutPackets: 5|Queue[1] InPackets: 7"},
		{"DPDK", "rx_good_packets: 12|rx_q0_packets: 5|rx_q0_bytes: 300|rx_q0_errors: 0|rx_q1_packets: 7"},
		{"DPDK", "rx_good_packets      12|rx_q0_packets        5|rx_q1_packets     7"}, // VPP
		{"DPDK", "rx_q0packets: 5|rx_q1packets: 7"},
		{"octeontx2, thunder", "rxq0: frames: 5|rxq1: frames: 7|rx_bgx_truncated_pkts: 0"}, // the word marks no cut here
		{"liquidio", "rx-0-packets: 5|rx-0-bytes: 300|rx-0-dropped: 0|rx-1-packets: 7|tx-0-packets: 4"},
		{"mvpp2", "txq_0_desc_enqueue: 9|rxq_0_desc_enqueue: 5|rxq_0_queue_full_drops: 0|rxq_1_desc_enqueue: 7|rxq_1_queue_full_drops: 0"},
		{"idpf", "rx_q-0_pkts: 5|rx_q-0_bytes: 1|tx_q-0_pkts: 2|rx_q-1_pkts: 7"},
		{"hns3", "txq0_packets: 3|rxq0_packets: 5|rxq0_bytes: 3|rxq1_packets: 7"},
		{"hinic", "rxq0_pkts: 5|rxq1_pkts: 7|txq0_pkts: 8"},
		{"qede", "0: rcv_pkts: 5|0: rx_hw_errors: 0|0: xmit_pkts: 4|1: rcv_pkts: 7"},
		{"nfp", "rvec_0_rx_pkts: 5|rvec_0_tx_pkts: 1|rxq_0_pkts: 5|rvec_1_rx_pkts: 7"},
		{"stmmac", "q0_tx_pkt_n: 4|q0_rx_pkt_n: 5|q0_rx_irq_n: 3|q1_rx_pkt_n: 7"},
		{"be2net", "rxq0: rx_bytes: 1|rxq0: rx_pkts: 5|rxq1: rx_pkts: 7|txq0: tx_pkts: 1"},
		{"octeontx2, thunder", "rxq0: bytes: 1|rxq0: frames: 5|rxq1: frames: 7|txq0: frames: 2"},
		{"amd-xgbe", "rxq_0_packets: 5|rxq_0_bytes: 1|rxq_1_packets: 7|txq_0_packets: 5"},
		{"enetc", "Rx ring  0 discarded frames: 1|Rx ring  0 frames: 5|Rx ring  1 frames: 7|Tx ring  0 frames: 3"},
		{"hns", "rx_ring0_rcb_pkt_num: 6|rx_ring0_pkt_num: 5|rx_ring0_bytes: 9|rx_ring1_pkt_num: 7|tx_ring0_pkt_num: 3"},
		{"funeth", "rx_pkts[0]: 5|rx_bytes[0]: 500|rx_pkts[1]: 7|rx_bytes[1]: 700|rx_pkts: 12|rx_bytes: 1200"},
		{"lan743x", "RX Queue 0 Frames: 5|RX Queue 1 Frames: 7|RX Total Frames: 12|TX Queue 0 Frames: 3"},
		{"octeon_ep", "rx_packets[Q-0]: 5|rx_bytes[Q-0]: 500|rx_packets[Q-1]: 7|rx_bytes[Q-1]: 700"},
		{"FreeBSD ix.0", "dev.ix.0.queue0.rx_packets: 5|dev.ix.0.queue0.tx_packets: 1|dev.ix.0.queue1.rx_packets: 7"},
		{"FreeBSD ixl.0", "dev.ixl.0.pf.rxq00.packets: 5|dev.ixl.0.pf.rxq01.packets: 7|dev.ixl.0.pf.txq00.packets: 1"},
		{"FreeBSD ena.0", "dev.ena.0.queue0.rx_ring.count: 5|dev.ena.0.queue0.tx_ring.count: 9|dev.ena.0.queue0.rx_ring.bytes: 9|dev.ena.0.queue1.rx_ring.count: 7"},
		{"FreeBSD mce.0", "dev.mce.0.rxstat0.bytes: 9|dev.mce.0.rxstat0.packets: 5|dev.mce.0.rxstat1.packets: 7|dev.mce.0.txstat0tc0.packets: 2"},
		{"DPDK", "\"rx_good_packets\": 12,|\"rx_q0_packets\": 5,|\"rx_q0_bytes\": 300,|\"rx_q1_packets\": 7"}, // telemetry's /ethdev/xstats
		{"qstats-get of interface 2", `[{'ifindex': 2, 'queue-id': 0, 'queue-type': 'rx', 'rx-bytes': 77, 'rx-packets': 5}, {'ifindex': 2, 'queue-id': 1, 'queue-type': 'rx', 'rx-packets': 7}, {'ifindex': 2, 'queue-id': 0, 'queue-type': 'tx', 'tx-packets': 9}]`},
		{"vmxnet3", "Tx Queue#: 0|  ucast pkts tx: 4|Rx Queue#: 0|  ucast pkts rx: 4|  bcast pkts rx: 1|  pkts rx OOB: 0|Rx Queue#: 1|  ucast pkts rx: 7|  bcast pkts rx: 0"},
	} {
		text := strings.ReplaceAll(test.lines, "|", "\n     ") + "\n"
		for _, whole := range []string{"NIC statistics:\n     " + text, text} { // or what grep leaves
			c, err := ReadQueueCounters(whole)
			if err != nil {
				t.Errorf("%s: %v", test.form, err)
				continue
			}
			if c.Form != test.form || !slices.Equal(c.Packets, []uint64{5, 7}) {
				t.Errorf("%s: %+v", test.form, c)
			}
		}
	}
	// gve counts bytes and descriptors.
	c, err := ReadQueueCounters("NIC statistics:\n rx_packets: 3\n rx_completed_desc[0]: 4\n rx_bytes[0]: 50\n rx_bytes[1]: 70\n")
	if err != nil || c.Form != "gve" || c.Packets != nil || !slices.Equal(c.Bytes, []uint64{50, 70}) {
		t.Errorf("gve: %+v, %v", c, err)
	}
	// As PowerShell's redirection, a web page and a coloured terminal leave them.
	for _, text := range []string{
		"\xff\xfe" + strings.Join(strings.Split("rx_queue_0_packets: 5\r\n", ""), "\x00") + "\x00",
		"&gt;&nbsp;&nbsp;rx_queue_0_packets:&nbsp;5\n", "     \x1b[01;31m\x1b[Krx_queue_0\x1b[m\x1b[K_packets: 5\n",
	} {
		if c, err := ReadQueueCounters(text); err != nil || !slices.Equal(c.Packets, []uint64{5}) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
	// What stands before each line is told without the title, too; of ptp_rx0_packets nothing is.
	for _, before := range []string{"host-1: ", "[pod/a/b] ", "2026-11-27T06:00:01.5Z ", "     "} {
		text := before + strings.Join([]string{"rx0_packets: 5", "rx0_bytes: 500", "ptp_rx0_packets: 9", "ptp_rx0_bytes: 9", `rx1\_packets: 7`}, "\n"+before) + "\n"
		if c, err := ReadQueueCounters(text); err != nil || !slices.Equal(c.Packets, []uint64{5, 7}) {
			t.Errorf("behind %q: %+v, %v", before, c, err)
		}
	}
	// Bytes beside packets.
	c, err = ReadQueueCounters("rx_queue_0_packets: 5\nrx_queue_0_bytes: 500\nrx_queue_1_packets: 7\nrx_queue_1_bytes: 700\n")
	if err != nil || !slices.Equal(c.Packets, []uint64{5, 7}) || !slices.Equal(c.Bytes, []uint64{500, 700}) {
		t.Errorf("bytes: %+v, %v", c, err)
	}
}

func TestBadQueueCounters(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"eth0: no such device", "counts no packets by receive queue"},
		{"dev.ix.0.queue0.rx_packets: 5\ndev.ix.1.queue0.rx_packets: 5\n", "two drivers or devices, FreeBSD ix.0 and FreeBSD ix.1"},
		{"# TYPE a untyped\nnode_ethtool_received_queue_0_packets{device=\"eth0\"} 1.5e+07\n", "line 2: \"node_ethtool_received_queue_0_packets{de\"… is a sample of Prometheus"},
		{"node_ethtool_received_queue_0_packets{device=\"eth0\"} 15\n", "line 1: "},
		{"NIC statistics:\n rx_drops: 0\n rx_kicks: 9\n rx0_drops: 0\n rx0_kicks: 9\n", "line 5: virtio_net and enic of newer kernels (Linux 6.12) count the packets of queues elsewhere: give what `ynl "},
		{"NIC statistics:\n rx_frames_ok: 12\n rq[0]_l4_rss_hash: 5\n rq[0]_napi_complete: 4\n rq[1]_l4_rss_hash: 7\n", "line 4: virtio_net and enic"},
		{"NIC statistics:\n rx_packets: 5\n", "counts no packets by receive queue"},
		{"NIC statistics:\n rx_queue_0_packets: many\n", "line 2: rx_queue_0_packets is \"many\""},
		{"NIC statistics:\n rx_queue_0_packets: 1\n rx_queue_2_packets: 1\n", "queue 2 and not queue 1"},
		{"NIC statistics:\n rx_queue_0_bytes: 60\n rx_queue_2_bytes: 60\n", "queue 2 and not queue 1"},
		{"NIC statistics:\n rx_queue_0_packets: 1\nNIC statistics:\n rx-0.packets: 1\n", "two drivers"},
		{"NIC statistics:\n rx_queue_99999999999999999999_packets: 1\n", "at most"},
		{"[0]: rx_ucast_packets: 3\n[0]: rx_mcast_packets: 1\n[1]: rx_ucast_packets: 7\n", "other counters of packets for queue 1 than for queue 0: the output is not whole"},
		{"[0]: rx_ucast_packets: 3\n[0]: rx_ucast_bytes: 300\n[0]: rx_mcast_bytes: 60\n[1]: rx_ucast_packets: 7\n[1]: rx_ucast_bytes: 700\n", "other counters of bytes for queue 1 than for queue 0: the output is not whole"},
		{"NIC statistics:\n rx_bytes: 9\n...\n rx_queue_0_packets: 1\n rx_queue_0_drops: 0\n ...\n", "line 6: lines are left out here"},
		// Before and after in one text, or two interfaces: their sum is no count of either.
		{"NIC statistics:\n rx_queue_0_packets: 1\nNIC statistics:\n rx_queue_0_packets: 4\n", "line 4: rx_queue_0_packets comes again, after line 2"},
		{"Rx Queue#: 0\n ucast pkts rx: 4\n bcast pkts rx: 1\nRx Queue#: 0\n ucast pkts rx: 9\n", "line 5: ucast pkts rx comes again, after line 2"},
		{"{rx_q0_packets=5}\n{rx_q0_packets=5, rx_q1_packets=5}\n{rx_q0_packets=9, rx_q1_packets=7}\n", "line 3: rx_q0_packets comes again, after line 2"},
		{`[{'ifindex': 2, 'queue-id': 0, 'queue-type': 'rx', 'rx-packets': 5}, {'ifindex': 2, 'queue-id': 0, 'queue-type': 'rx', 'rx-packets': 7}]`, "queue 0 of interface 2 comes again"},
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
		{QueueCounters{Form: "ena", Packets: []uint64{6, 1<<31 - 1}}, "has wrapped"},
		{QueueCounters{Form: "ena", Packets: []uint64{6, 1 << 31}}, "queue 1 went back from"}, // half of all, at least
	} {
		if _, err := test.after.Since(before); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.after, err, test.want)
		}
	}
	bytes := &QueueCounters{Form: "virtio", Bytes: []uint64{100, 40}}
	if got, err := (&QueueCounters{Form: "virtio", Bytes: []uint64{160, 40}}).Since(bytes); err != nil || !slices.Equal(got, []uint64{60, 0}) {
		t.Errorf("where bytes alone are counted: %d, %v", got, err)
	}
}
