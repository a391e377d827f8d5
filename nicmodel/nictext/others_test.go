package nictext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

// VPP's texts were written after the source named in others.go; two interfaces share the
// workers.
const (
	vppPlacement = "vpp# show interface rx-placement\nThread 1 (vpp_wk_0):\n node dpdk-input:\n    n4 queue 0 (polling)\n    n3 queue 0 (polling)\n" +
		"Thread 2 (vpp_wk_1):\n    n4 queue 1 (polling)\n    n3 queue 1 (interrupt)\n"
	vppThreads = "ID     Name                Type        LWP     Sched Policy (Priority)  lcore  Core   Socket State     \n" +
		"0      vpp_main                        4042    other (0)                1      1      0      \n" +
		"1      vpp_wk_0            workers     4049    other (0)                18     2      1      \n" +
		"2      vpp_wk_1            workers     4050    rr (50)                  20     4      1      \n"
)

// reta is what testpmd prints of a table of 8 entries.
func reta(queues int) string {
	text := "testpmd> show port 0 rss reta 8 (0xff)\n"
	for i := range 8 {
		text += fmt.Sprintf("RSS RETA configuration: hash index=%d, queue=%d\n", i, i%queues)
	}
	return text + "testpmd> "
}

const (
	testpmdKey = "testpmd> show port 0 rss-hash key\nRSS functions:\n  ipv4  ipv4-tcp  ipv6\nRSS key:\n" +
		"6D5A56DA255B0EC24167253D43A38FB0D0CA2BCBAE7B30B477CB2DA38030F20C6A42B73BBEAC01FA\n"
	freeBSDRSS = "net.inet.rss.key: 6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa\n" +
		"net.inet.rss.bucket_mapping: 0:0 1:2 2:4 3:0\nnet.inet.rss.enabled: 1\nnet.inet.rss.buckets: 4\n"
	pmdRxqShow = "pmd thread numa_id 0 core_id 2:\n  isolated : false\n  port: dpdk0             queue-id:  0 (enabled)   pmd usage: 95 %\n" +
		"  port: dpdk0             queue-id:  2 (enabled)   pmd usage:  0 %\npmd thread numa_id 1 core_id 4:\n  isolated : false\n" +
		"  port: dpdk0             queue-id:  1 (enabled)   pmd usage:  0 %\n  port: vhost0            queue-id:  0 (enabled)   pmd usage:  0 %\n"
)

func TestTablesOfOthers(t *testing.T) {
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	four := nicmodel.IndirectionTable{0, 1, 2, 3, 0, 1, 2, 3}
	reads(t, ReadTable, ImportedTable{Format: Testpmd, Function: FunctionToeplitz, Table: four}, quoted(reta(4))...)
	reads(t, ReadTable, ImportedTable{Format: Testpmd, Function: FunctionToeplitz, Table: four, Key: key}, testpmdKey+reta(4), reta(4)+"\n"+testpmdKey)
	reads(t, ReadTable, ImportedTable{Format: FreeBSD, Function: FunctionToeplitz, Table: nicmodel.IndirectionTable{0, 1, 2, 0}, Affinity: []int{0, 2, 4}, Rings: 3, Key: key},
		quoted(freeBSDRSS)...)

	refuses(t, ReadTable, strings.Replace(reta(4), "index=3, queue=3\n", "index=4, queue=0\n", 1), "x: line 5: the entry after 2 is 4")
	refuses(t, ReadTable, strings.Replace(reta(4), "queue=3", "queue=70000", 1), `x: line 5: "70000" is no queue`)
	refuses(t, ReadTable, strings.Replace(reta(4), "reta 8 (0xff)", "reta 128 (0xff,0x0)", 1), "x: line 9: the table ends with entry 7, and 128 entries were asked for")
	refuses(t, ReadTable, reta(4)[:strings.Index(reta(4), "index=6")+6], `x: line 8: "RSS RETA configuration: hash index=" is no entry`)
	refuses(t, ReadTable, strings.Replace(freeBSDRSS, " 3:0", "", 1), "x: line 2: 3 buckets are mapped here, and there are 4")
	refuses(t, ReadTable, strings.Replace(freeBSDRSS, "enabled: 1", "enabled: 0", 1), "x: line 3: RSS is switched off in the kernel")
	refuses(t, ReadTable, strings.Replace(freeBSDRSS, "2:4", "3:4", 1), `x: line 2: "3:4" comes after bucket 1`)
	refuses(t, ReadTable, strings.Replace(freeBSDRSS, "2:4", "2", 1), `x: line 2: "2" is no bucket and its CPU`)
	// No table is evidence, too.
	refuses(t, ReadTable, "Cannot get RX flow hash indir size and/or key size: Operation not supported\n", "x: line 1: the driver shows no indirection table and no key")

	ena := "dev.ena.0.rss.indir_table_size: 8\ndev.ena.0.rss.indir_table: 0:0 1:1 2:2 3:3 4:0 5:1 6:2 7:3\n" +
		"dev.ena.0.rss.key: 6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa\n"
	reads(t, ReadTable, ImportedTable{Format: FreeBSDENA, Interface: "ena0", Key: key, Table: nicmodel.IndirectionTable{0, 1, 2, 3, 0, 1, 2, 3}}, quoted(ena)...)
	refuses(t, ReadTable, strings.Replace(ena, " 3:3", "", 1), `x: line 2: "4:0" is not entry 3 and its queue`)
	refuses(t, ReadTable, strings.Replace(ena, " 7:3", "", 1), "x: line 2: the table has 7 entries here, and there are 8")
	refuses(t, ReadTable, strings.Replace(ena, "01fa", "", 1), "x: line 3: key of 38 bytes")
	refuses(t, ReadTable, ena+strings.Replace(ena, "ena.0", "ena.1", 3), "x: line 5: a second table starts here")
	for text, want := range map[string][]Kind{ena: {KindTable}, reta(2): {KindTable}, testpmdKey: {KindKey}, testpmdKey + reta(2): {KindTable, KindKey}, freeBSDRSS: {KindTable, KindKey}, pmdRxqShow: {KindIRQ}} {
		if diff := cmp.Diff(want, Sniff([]byte(text))); diff != "" {
			t.Errorf("%.40q: %s", text, diff)
		}
	}
}

func TestPMD(t *testing.T) {
	// A queue below a title that is cut would be the other thread's.
	const pmdStats = "pmd thread numa_id 0 core_id 11:\n  packets received: 89\n  max sleep:   50 us\n"
	refuses(t, ReadIRQs, pmdStats, "x: no pmd thread has a receive queue here")
	if got := Sniff([]byte(pmdStats)); got != nil { // support tools take it, too
		t.Errorf("statistics of pmd threads are %v", got)
	}
	refuses(t, ReadIRQs, strings.Replace(pmdRxqShow, "core_id 4:", "core_", 1), `x: line 5: "pmd thread numa_id 1 core_" is no whole line of a thread or a queue`)
	refuses(t, ReadIRQs, strings.Replace(pmdRxqShow, "queue-id:  1", "queu", 1), "x: line 7: ")
	refuses(t, ReadIRQs, strings.Replace(vppPlacement, "Thread 2 (vpp_wk_1):", "Thread 2 (vpp_", 1), `x: line 6: "Thread 2 (vpp_" is no whole line of a thread or a queue`)
	refuses(t, ReadIRQs, strings.Replace(vppPlacement, "n3 queue 1 (interrupt)", "n3 queue 1 (inter", 1), `x: line 8: "n3 queue 1 (inter" is no whole line`)
	refuses(t, ReadIRQs, strings.Replace(pmdRxqShow, "pmd thread numa_id 1 core_id 4:\n", "", 1), "x: line 5: no pmd thread stands above this line")
	got, err := mustReadIRQs(t, pmdRxqShow).QueueCPUs(NIC{Interface: "dpdk0"}, 3)
	if err != nil || !slices.Equal(got.CPUs, []int{2, 4, 2}) || got.Notes != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := mustReadIRQs(t, pmdRxqShow).QueueCPUs(NIC{}, 0); err == nil || !strings.Contains(err.Error(), "several NICs (dpdk0, vhost0)") {
		t.Errorf("of two ports: %v", err)
	}
	refuses(t, ReadIRQs, "port: dpdk0  queue-id: 0\npmd thread numa_id 0 core_id 2:\n", "x: line 1: no pmd thread stands above this queue")
}

func TestRXPlacement(t *testing.T) {
	const note = "VPP's threads stand for CPUs, by their numbers; `vppctl show threads`, pasted below, tells their lcores"
	for _, test := range []struct {
		text, iface string
		want        []int
		notes       []string
	}{
		{vppPlacement, "n3", []int{1, 2}, []string{note}},
		{vppPlacement + vppThreads, "n4", []int{18, 20}, nil},
		{vppThreads + "\n" + vppPlacement, "n3", []int{18, 20}, nil},
		{vppPlacement + strings.Replace(vppThreads, "20     4      1 ", "n/a    n/a    n/a", 1), "n3", []int{1, 2}, []string{note}},
	} {
		for _, text := range quoted(test.text) {
			got, err := mustReadIRQs(t, text).QueueCPUs(NIC{Interface: test.iface}, 2)
			if err != nil || !slices.Equal(got.CPUs, test.want) || !slices.Equal(got.Notes, test.notes) {
				t.Errorf("%+v, %v, want %v, of\n%s", got, err, test.want, text)
			}
		}
	}
	if _, err := mustReadIRQs(t, vppPlacement).QueueCPUs(NIC{}, 0); err == nil || !strings.Contains(err.Error(), "several NICs (n3, n4)") {
		t.Errorf("of two interfaces: %v", err)
	}
	if diff := cmp.Diff([]Kind{KindIRQ}, Sniff([]byte(vppPlacement))); diff != "" {
		t.Error(diff)
	}
	refuses(t, ReadIRQs, "Thread 1 (vpp_wk_0):\n  node dpdk-input:\n    n3 queue 0 (polling)\n  node dpdk-input:\n    n3 queue 1 (polling)\n", "x: line 4: \"node dpdk-input:\" comes again under one thread: the line of the next thread is missing")
	remarked := strings.ReplaceAll(vppPlacement, "(interrupt)", "(interrupt)   idle")
	if got, err := mustReadIRQs(t, remarked).QueueCPUs(NIC{Interface: "n3"}, 0); err != nil || !slices.Equal(got.CPUs, []int{1, 2}) {
		t.Errorf("a remark behind a queue: %+v, %v", got, err)
	}
	refuses(t, ReadIRQs, "n3 queue 0 (polling)\nThread 1 (vpp_wk_0):\n", "x: line 1: no thread stands above this queue")
	refuses(t, ReadIRQs, "Thread 1 (vpp_wk_0):\n n3 queue 70000 (polling)\n", "x: line 2: 70000 is no queue")
	refuses(t, ReadIRQs, "Thread 1 (vpp_wk_0):\n", "x: VPP's threads have no receive queue here")
	refuses(t, ReadIRQs, "Thread 99999 (vpp_wk_0):\n n3 queue 0 (polling)\n", "x: 99999 is no thread")
}

// lsvmbus was written after the source named in others.go; another device has channels, too.
const lsvmbus = "VMBUS ID 14: Class_ID = {ba6163d9-04a1-4d29-b605-72e2ffb1dc7f} - Synthetic SCSI Controller\n\tDevice_ID = {f8b3781a-1e82-4818-a1c3-63d806ec15bb}\n" +
	"\tSysfs path: /sys/bus/vmbus/devices/f8b3781a-1e82-4818-a1c3-63d806ec15bb\n\tRel_ID=14, target_cpu=3\n\n" +
	"VMBUS ID 15: Class_ID = {f8615163-df3e-46c5-913f-f2d2f965ed0e} - Synthetic network adapter\n\tDevice_ID = {002248c0-a1b2-0022-48c0-a1b2002248c0}\n" +
	"\tSysfs path: /sys/bus/vmbus/devices/002248c0-a1b2-0022-48c0-a1b2002248c0\n\tRel_ID=15, target_cpu=0\n\tRel_ID=31, target_cpu=2\n"

func TestVMBus(t *testing.T) {
	of := "/sys/class/net/eth0/device/channel_vp_mapping:"
	sysfs := of + "15:0\n" + of + "31:2\n"
	other := interrupts("mlx5_comp0@pci:0000:3b:00.0", "mlx5_comp1@pci:0000:3b:00.0")
	for _, test := range []struct {
		texts []string
		nic   NIC
	}{
		{[]string{lsvmbus}, NIC{}},
		{[]string{lsvmbus}, NIC{Interface: "eth0", Driver: "hv_netvsc", Named: true}},
		{[]string{other, sysfs}, NIC{Interface: "eth0", Driver: "hv_netvsc", Named: true}},
	} {
		got, err := mustReadIRQs(t, test.texts...).QueueCPUs(test.nic, 2)
		if err != nil || !slices.Equal(got.CPUs, []int{0, 2}) || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "channels") {
			t.Errorf("%+v: %+v, %v", test.nic, got, err)
		}
	}
	if _, err := mustReadIRQs(t, lsvmbus).QueueCPUs(NIC{Interface: "eth0", Driver: "mlx5_core"}, 0); err == nil {
		t.Error("another driver's NIC has the channels")
	}
	refuses(t, ReadIRQs, lsvmbus+lsvmbus, "x: line 19: channel 15 comes again")
	refuses(t, ReadIRQs, sysfs+sysfs, "x: line 3: channel 15 comes again")
	for _, cut := range []string{"Rel_ID=31, target_cpu=", "Rel_ID=31, target_", "Rel_ID=31", "Rel_ID=", "Rel_ID=31, target_cpu=2x"} {
		refuses(t, ReadIRQs, strings.ReplaceAll(lsvmbus, "Rel_ID=31, target_cpu=2", cut), "x: line 10: "+strconv.Quote(cut)+" is no whole line of a channel")
	}
	for _, cut := range []string{"31:", "31", ""} {
		refuses(t, ReadIRQs, of+"15:0\n"+of+cut+"\n", "x: line 2: "+strconv.Quote(of[:40])+"… is no whole line of a channel")
	}
	// The channels of a device whose title is lost are not the network adapter's.
	_, scsi, _ := strings.Cut(strings.ReplaceAll(lsvmbus, "=14,", "=16,"), "\n")
	scsi, _, _ = strings.Cut(scsi, "VMBUS")
	if got, err := mustReadIRQs(t, lsvmbus+scsi).QueueCPUs(NIC{}, 0); err != nil || !slices.Equal(got.CPUs, []int{0, 2}) {
		t.Errorf("without a title: %+v, %v", got, err)
	}
	refuses(t, ReadIRQs, lsvmbus[:strings.Index(lsvmbus, "VMBUS ID 15")], "x: no synthetic network adapter has a channel here")
	if got := Sniff([]byte(lsvmbus)); !slices.Equal(got, []Kind{KindIRQ}) {
		t.Errorf("recognised as %v", got)
	}
}
