package hosttext

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rssreplay/nicmodel/nictext"
)

const (
	hostStat = `cpu  30 2 30 400 5 0 11 1 0 0
cpu0 10 1 20 200 3 0 5 1 0 0
cpu2 20 1 10 200 2 0 6 0 0 0
intr 100 0 0 5
ctxt 9
btime 1795637348
`
	hostSoftIRQs = `                    CPU0       CPU2
          HI:          0          0
      NET_RX:        700        800
`
	hostInterrupts = `           CPU0       CPU2
 24:          1          0  IO-APIC   5-edge      ACPI:Ged
 40:         10         20 PCI-MSIX-0000:00:04.0   1-edge      eth0-TxRx-0
LOC:       5000       6000   Local timer interrupts
ERR:          0
`
	hostSoftnet = `0000000a 00000001 00000002 00000000 00000000 00000000 00000000 00000000 00000000 00000003 00000000 00000000 00000000
000000ff 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000002
`
	hostKwork = `  Kwork Name                     | Cpu  | Total Runtime | Count     | Max runtime   |
 ---------------------------------------------------------------------------
  (s)NET_RX:3                    | 0002 |     52.998 ms |      7803 |      0.091 ms |
  (s)RCU:9                       | 0002 |      0.480 ms |        50 |      0.059 ms |
`
)

var hostCPUs = []CPU{
	{CPU: 0, HasStat: true, User: 10, Nice: 1, System: 20, Idle: 200, IOWait: 3, SoftIRQ: 5, Steal: 1, HasSoftIRQs: true, NetRXRuns: 700,
		HasInterrupts: true, Timer: 5000, Interrupts: 11, HasSoftnet: true, Processed: 10, Dropped: 1, Squeezed: 2, FromRPS: 3},
	{CPU: 2, HasStat: true, User: 20, Nice: 1, System: 10, Idle: 200, IOWait: 2, SoftIRQ: 6, HasSoftIRQs: true, NetRXRuns: 800,
		HasInterrupts: true, Timer: 6000, Interrupts: 20, HasSoftnet: true, Processed: 255, KworkTime: 52.998e6, KworkRuns: 7803},
}

// A text of the host may be one that PowerShell has written, or have prompts, tabs and what
// a log puts before each line.
func TestPasted(t *testing.T) {
	const wide = "CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE    MAXMHZ\n  0    0      0    0 0:0:0:0          yes 3400.0000\n  1    1      1    1 1:1:1:1          yes 3400.0000\n"
	for _, text := range []string{hostSoftnet, hostSoftIRQs, hostInterrupts, wide, "NUMA node0 CPU(s):   0-3\nNUMA node1 CPU(s):   4-7\n", "node 0 cpus: 0 1\nnode 1 cpus: 2 3\n", "# CPU,Core,Socket,Node\n0,0,0,0\n1,1,0,1\n"} {
		want := &Snapshot{}
		if known, err := want.Read(strings.NewReader(text), "x"); err != nil || !known {
			t.Fatal(known, err)
		}
		utf16 := "\xff\xfe"
		for _, r := range text {
			utf16 += string([]byte{byte(r), 0})
		}
		for name, pasted := range map[string]string{
			"UTF-16": utf16, "prompt": "$ cat it\n" + text,
			"tabs":           strings.Replace(strings.ReplaceAll(text, "   ", "\t"), "0000000a ", "0000000a\t", 1),
			"a title broken": strings.Replace(text, "CPU0       CPU2", "CPU0\nCPU2", 1),
			"journalctl":     "Nov 26 21:40:01 host rss[7]: " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\nNov 26 21:40:02 host rss[7]: ") + "\n",
		} {
			got := &Snapshot{}
			known, err := got.Read(strings.NewReader(pasted), "x")
			if !reflect.DeepEqual(want, got) || err != nil || !known || !Likely([]byte(pasted)) {
				t.Errorf("%s: known %t, likely %t, %v, %+v, want %+v, of\n%s", name, known, Likely([]byte(pasted)), err, got, want, pasted)
			}
		}
	}
}

// TestArmTimer reads ticks where they have a number and no row LOC: they are no device's.
func TestArmTimer(t *testing.T) {
	s := &Snapshot{Name: "00"}
	text := strings.Replace(hostInterrupts, "LOC:       5000       6000   Local timer interrupts", " 11:       5000       6000     GICv3  27 Level     arch_timer", 1)
	if known, err := s.Read(strings.NewReader(text), "00/a.txt"); err != nil || !known {
		t.Fatalf("known %t, %v", known, err)
	}
	for i, want := range hostCPUs {
		if c := s.CPUs[i]; !c.HasInterrupts || c.Timer != want.Timer || c.Interrupts != want.Interrupts {
			t.Errorf("CPU %d: %d ticks, %d of devices", c.CPU, c.Timer, c.Interrupts)
		}
	}
}

// TestSnapshot reads the same texts one by one, in another order, and all in one.
func TestSnapshot(t *testing.T) {
	uptime := "6126.09 4782.81\n"
	sysfs := "/sys/class/net/eth0/threaded:1\n/sys/class/net/eth1/napi_defer_hard_irqs:0\n"
	for name, texts := range map[string][]string{
		"one by one": {hostStat, hostSoftIRQs, hostInterrupts, hostSoftnet, hostKwork, uptime, sysfs},
		"other way":  {sysfs, uptime, hostKwork, hostSoftnet, hostInterrupts, hostSoftIRQs, hostStat},
		"all in one": {hostSoftnet + hostSoftIRQs + hostStat + hostInterrupts + uptime + sysfs + "NIC statistics:\n     rx_queue_0_packets: 17\n     rx_queue_1_packets: 4\n" + hostKwork},
		"mailed":     {"> " + strings.ReplaceAll(hostSoftnet+hostSoftIRQs+hostStat+hostInterrupts+uptime+sysfs+hostKwork, "\n", "\n> ")},
	} {
		s := &Snapshot{Name: "00"}
		for _, text := range texts {
			if known, err := s.Read(strings.NewReader(text), "00/a.txt"); err != nil || !known {
				t.Fatalf("%s: known %t, %v", name, known, err)
			}
		}
		if err := s.Finish(); err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(hostCPUs, s.CPUs); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if s.BootTime != 1795637348 || s.Uptime != 6126.09 || !cmp.Equal(s.Threaded, []string{"eth0"}) || s.Deferred != nil {
			t.Errorf("%s: %+v", name, s)
		}
		if counts, err := s.IRQs.QueueInterrupts(nictext.NIC{}); err != nil || !cmp.Equal(counts.Packets, []uint64{30}) {
			t.Errorf("%s: interrupts %v, %v", name, counts, err)
		}
		if name == "all in one" && !cmp.Equal(s.Queues.Packets, []uint64{17, 4}) {
			t.Errorf("%s: queues %+v", name, s.Queues)
		}
	}
}

// TestMerge: texts of one moment, each read by itself, tell together what they tell in one,
// and what is there stays.
func TestMerge(t *testing.T) {
	texts := []string{
		"CPU(s):  3\nOn-line CPU(s) list:  0,2\nOff-line CPU(s) list:  1\n", hostStat, hostSoftIRQs, hostSoftnet, "6126.09 4782.81\n",
		"# CPU,Core,Socket\n0,0,0\n2,1,0\n", "node 0 cpus: 0 2\n",
		"/sys/class/net/eth0/threaded:1\n", "/sys/class/net/eth1/napi_defer_hard_irqs:2\n", "/sys/class/net/eth0/device/numa_node:0\n", "net.core.busy_poll = 50\n",
	}
	read := func(text string) *Snapshot {
		s := &Snapshot{Name: "00"}
		if known, err := s.Read(strings.NewReader(text), "00/a.txt"); err != nil || !known {
			t.Fatalf("%s: known %t, %v", text, known, err)
		}
		return s
	}
	merged := &Snapshot{Name: "00"}
	for _, text := range texts {
		merged.Merge(read(text))
	}
	for _, later := range []string{
		strings.NewReplacer("cpu0 10", "cpu0 99", "1795637348", "1795637349").Replace(hostStat), strings.Replace(hostSoftIRQs, "700", "999", 1),
		strings.Replace(hostSoftnet, "0000000a", "00000063", 1), "7000.00 4782.81\n", "# CPU,Core,Socket\n0,9,9\n", "/sys/class/net/eth0/threaded:1\n",
	} {
		merged.Merge(read(later))
	}
	want := read(strings.Join(texts, ""))
	for _, s := range []*Snapshot{merged, want} {
		if err := s.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, merged, cmp.AllowUnexported(Snapshot{})); diff != "" {
		t.Errorf("read as one (-), merged (+):\n%s", diff)
	}
}

// TestTaken: the time of boot and how long the host was up, by its uptime or else by the CPU
// whose times say the longest.
func TestTaken(t *testing.T) {
	for text, want := range map[string]string{
		hostStat + "6126.09 4782.81\n": "2026-11-25T21:51:14Z",
		hostStat:                       "2026-11-25T20:09:10Z", // 240 in 1/100 s
		"cpu0 100000 100000 100000 100000 100000 100000 100000 100000 0 0\ncpu1 1 0 0 0 0 0 0 0 0 0\nbtime 1795637348\n": "2026-11-25T22:22:28Z",
		"6126.09 4782.81\n": "0001-01-01T00:00:00Z",
	} {
		s := &Snapshot{Name: "00"}
		if _, err := s.Read(strings.NewReader(text), "00/a.txt"); err != nil {
			t.Fatal(err)
		}
		if got := s.Taken().Format(time.RFC3339); got != want {
			t.Errorf("%q: taken at %s, want %s", text, got, want)
		}
	}
}

func TestSnapshotErrors(t *testing.T) {
	all := hostStat + hostSoftIRQs + hostSoftnet
	for text, want := range map[string]string{
		hostStat + hostStat:                                    "line 8: a second /proc/stat has CPU 0",
		hostSoftIRQs + hostSoftIRQs:                            "line 6: a second row NET_RX has CPU 0",
		all + hostSoftnet:                                      "two softnet_stat have CPU 0",
		hostStat + hostSoftnet:                                 "no text of /proc/softirqs",
		hostSoftIRQs + hostSoftnet:                             "no text of /proc/stat",
		hostStat + hostSoftIRQs:                                "no text of /proc/net/softnet_stat",
		strings.Replace(all, "700        800", "700", 1):       `"NET_RX" has 1 counts of 2 CPUs`,
		strings.Replace(all, "700        800", "700 eight", 1): "is no count of NET_RX",
		strings.Replace(all, "cpu0 10 1 20 200 3 0 5 1 0 0", "cpu0 10 1", 1): "is no count of a CPU's times",
		strings.Replace(all, "700", "99999999999999999999999", 1):            "is no count of NET_RX",
		"note\n" + strings.Replace(hostInterrupts, "20 PCI", "20 30 PCI", 1): "00/a.txt: line 4: IRQ 40 has more counts than the 2 CPUs",
		hostSoftIRQs + hostSoftnet[:89]:                                      "that don't say their CPU: give /proc/stat",
		hostStat + hostSoftIRQs + hostSoftnet[:89]:                           "rows that don't say their CPU",
	} {
		s := &Snapshot{Name: "00"}
		_, err := s.Read(strings.NewReader(text), "00/a.txt")
		if err == nil {
			err = s.Finish()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if known, err := new(Snapshot).Read(strings.NewReader("hello\nNET_RX: 5\n"), "notes"); known || err != nil {
		t.Errorf("a text of something else: %t, %v", known, err)
	}
}

// Without the time of boot in both snapshots nothing tells of another boot but a shorter uptime.
func TestOtherBoot(t *testing.T) {
	for name, c := range map[string]struct {
		before, after Snapshot
		other         bool
	}{
		"the same, rounded":     {Snapshot{BootTime: 1000}, Snapshot{BootTime: 999}, false},
		"a later boot":          {Snapshot{BootTime: 1000}, Snapshot{BootTime: 1002}, true},
		"an earlier boot":       {Snapshot{BootTime: 1002}, Snapshot{BootTime: 1000}, true},
		"not told before":       {Snapshot{}, Snapshot{BootTime: 1000}, false},
		"not told after":        {Snapshot{BootTime: 1000}, Snapshot{}, false},
		"up for a shorter time": {Snapshot{Uptime: 9}, Snapshot{Uptime: 8}, true},
		"up for longer":         {Snapshot{Uptime: 8}, Snapshot{Uptime: 9}, false},
	} {
		if why := c.after.OtherBoot(&c.before); (why != "") != c.other {
			t.Errorf("%s: %q", name, why)
		}
	}
}

// Where CPUs are, as util-linux and numactl print it, and what /sys says of a NIC, from
// grep and as files of one value.
func TestHostPlaces(t *testing.T) {
	const lscpu = "# The following is the parsable format\n# CPU,Core,Socket,Node,,L1d,L1i,L2\n0,0,0,0,,0,0,0\n1,1,1,1,,1,1,1\n2,0,0,0,,0,0,0\n"
	const numa = "available: 2 nodes (0-1)\nnode 0 cpus: 0 2\nnode 0 size: 64 MB\nnode 1 cpus: 1\nnode distances:\n"
	want := []Place{{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 0, 0, 0}}
	all := &Snapshot{}
	for name, text := range map[string]string{
		"a.txt": lscpu, "b.txt": numa,
		"sys/class/net/eth0/device/numa_node": "1\n", "sys/class/net/eth1/threaded": "1\n", "sys/class/net/eth2/device/numa_node": "-1\n",
		"c.txt": "net.core.busy_poll = 50\nnet.core.busy_read = 0\n", "d.txt": hostSoftnet, "e.txt": hostStat,
	} {
		data := NameValue(name, []byte(text))
		if !Likely(data) {
			t.Errorf("%s: not looked at", name)
		}
		s := &Snapshot{}
		if known, err := s.Read(strings.NewReader(string(data)), name); !known || err != nil {
			t.Errorf("%s: %t, %v", name, known, err)
		}
		all.Merge(s)
		all.Merge(s) // what is there already stays
	}
	if err := all.PlaceSoftnet(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, all.Places); diff != "" {
		t.Error(diff)
	}
	var nodes Snapshot
	if _, err := nodes.Read(strings.NewReader(numa), "b.txt"); err != nil || !cmp.Equal(nodes.Places, []Place{{0, -1, -1, 0}, {1, -1, -1, 1}, {2, -1, -1, 0}}) {
		t.Errorf("numactl alone: %v, %v", nodes.Places, err)
	}
	if diff := cmp.Diff(map[string]int{"eth0": 1, "eth2": -1}, all.NICNodes); diff != "" {
		t.Error(diff)
	}
	if !cmp.Equal(all.Threaded, []string{"eth1"}) || !all.BusyPolling || all.CPUs[0].Dropped != 1 || all.CPUs[1].Processed != 255 {
		t.Errorf("%+v", all)
	}
	for text, want := range map[string]string{
		"# CPU,Core\n0,1,2\n":                     "is no row of CPUs",
		"# CPU,Core\n99999,1\n":                   "is no row of CPUs",
		"node 99999 cpus: 0\n":                    "is no node's list of CPUs",
		"/sys/class/net/e/device/numa_node:99999": "is no count of a NUMA node",
	} {
		if _, err := new(Snapshot).Read(strings.NewReader(text), "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// No text makes the reader panic, and what it refuses has a reason and a hint.
func FuzzSnapshot(f *testing.F) {
	for _, text := range []string{
		hostStat + hostSoftIRQs + hostInterrupts + hostSoftnet + hostKwork,
		"# CPU,Core,Socket,Node\n0,0,0,1\nnode 1 cpus: 2 3\n/sys/class/net/e/device/numa_node:-1\n",
		"NIC statistics:\n     rx_queue_0_packets: 7\n", "/proc/irq/25/smp_affinity_list:1,3-5\n", "# a\n#b\n", "1\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := &Snapshot{Name: "fuzz"}
		known, err := s.Read(bytes.NewReader(NameValue("sys/class/net/eth0/threaded", text)), "fuzz")
		if wrong := (*nictext.TextError)(nil); err != nil && (!errors.As(err, &wrong) || wrong.What == "" || wrong.Hint == "") {
			t.Fatalf("error %#v", err)
		}
		if err == nil && known {
			all := &Snapshot{Name: "fuzz"}
			all.Merge(s)
			all.Merge(s)
			_ = all.PlaceSoftnet() // the rows of several CPUs may not fit
			_ = s.Finish()
		}
		Evidence(text)
	})
}

// A NIC without rules says so in the file that the script keeps of them; one that lists some
// is read as rules, or is cut.
func TestEvidenceOfRules(t *testing.T) {
	for text, want := range map[string]bool{
		"8 RX rings available\nTotal 0 rules\n\n": true, "8 RX rings available\nTotal 3 rules\n\n": false, "8 RX rings available\n": false,
	} {
		if got := Evidence([]byte(text)); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

// The NUMA nodes of lscpu's summary, in the languages it has; what else says NUMA is none.
func TestNodesOfAnyLanguage(t *testing.T) {
	want := []Place{{0, -1, -1, 0}, {1, -1, -1, 0}, {4, -1, -1, 0}, {5, -1, -1, 12}}
	for _, label := range []string{
		"NUMA node%d CPU(s):", "NUMA-Knoten%d CPU(s):", "Nœud NUMA\u00a0%d de processeur(s)\u00a0:", "NUMA ノード %d CPU:", "NUMA 节点%d CPU：",
		"NUMA node%d CPU(s)：", "CPU(s) del nodo NUMA %d:", "CPU(s) de nó%d NUMA:", "CPU NUMA uzlu %d:", "NUMA-knuder%d CPU'er:",
		"NUMA-node%d CPU('s):", "Procesory węzła NUMA %d:", "NUMA düğüm%d işlemci:", "Процесори вузла%d NUMA:", "CPU nút%d NUMA:",
	} {
		for _, lists := range [][2]string{{"0,1,4", "5"}, {"0-1,4", "5"}, {"0x13", "0x20"}} {
			text := "  " + fmt.Sprintf(label, 0) + "   " + lists[0] + "\n  " + fmt.Sprintf(label, 12) + "   " + lists[1] + "\n"
			var got Snapshot
			known, err := got.Read(strings.NewReader(text), "lscpu.txt")
			if diff := cmp.Diff(want, got.Places); diff != "" || !known || !Likely([]byte(text)) || err != nil {
				t.Errorf("%q: %t, %v\n%s", text, known, err, diff)
			}
		}
	}
	for _, text := range []string{"NUMA node(s): 2\n", "NUMA-Knoten: 2\n", "NUMA node0 size: 64\n", "[    0.1] NUMA: CPU 0 on node 3\n", "NUMA node: 1\n"} {
		var got Snapshot
		if known, err := got.Read(strings.NewReader(text), "x"); known || err != nil || got.Places != nil {
			t.Errorf("%q: %t, %v, %v", text, known, err, got.Places)
		}
	}
	refused := new(Snapshot)
	if _, err := refused.Read(strings.NewReader("NUMA node0 CPU(s): 7-3\n"), "lscpu.txt"); err == nil || err.Error() != "lscpu.txt: line 1: \"NUMA node0 CPU(s): 7-3\" is no node's list of CPUs; give what `lscpu` prints, unchanged" {
		t.Error(err)
	}
}

// Which CPUs are online, and where they are, in each form of lscpu and as /sys has it.
func TestOnline(t *testing.T) {
	places := []Place{{CPU: 0, Core: 0, Socket: 0, Node: 0}, {CPU: 1, Core: 1, Socket: 0, Node: 0}, {CPU: 3, Core: 1, Socket: 1, Node: 1}}
	for text, want := range map[string]Snapshot{
		"Architecture:  x86_64\nCPU(s):  4\n  On-line CPU(s) list:  0,1,3\n  Off-line CPU(s) list:  2\n": {Online: nictext.OnlineCPUs{Online: []int{0, 1, 3}, Offline: []int{2}}},
		string(NameValue("host/sys/devices/system/cpu/online", []byte("0-1,3\n"))):                       {Online: nictext.OnlineCPUs{Online: []int{0, 1, 3}}},
		string(NameValue("host/sys/devices/system/cpu/cpu2/online", []byte("0\n"))):                      {Online: nictext.OnlineCPUs{Offline: []int{2}}},
		"# CPU,Core,Socket,Node,,L1d\n0,0,0,0,,0\n1,1,0,0,,1\n3,1,1,1,,1\n":                              {Places: places},
		"# CPU,ONLINE,CORE,SOCKET,NODE\n0,Y,0,0,0\n1,Y,1,0,0\n2,N,,,\n3,Y,1,1,1\n":                       {Places: places, Online: nictext.OnlineCPUs{Offline: []int{2}}},
		"CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE    MAXMHZ\n  0    0      0    0 0:0:0:0          yes 3400.0000\n" +
			"  1    0      0    1 1:1:1:0          yes 3400.0000\n  2    -      -    - -                 no         -\n  3    1      1    1 3:3:3:1          yes 3400.0000\n": {
			Places: places, Online: nictext.OnlineCPUs{Offline: []int{2}},
		},
	} {
		var got Snapshot
		known, err := got.Read(strings.NewReader(text), "lscpu.txt")
		if err != nil || !known || !Likely([]byte(text)) {
			t.Errorf("%q: known %v, likely %v, %v", text, known, Likely([]byte(text)), err)
		}
		if diff := cmp.Diff(want.Places, got.Places); diff != "" {
			t.Errorf("%q: places (-want +got):\n%s", text, diff)
		}
		if diff := cmp.Diff(want.Online, got.Online); diff != "" {
			t.Errorf("%q: online (-want +got):\n%s", text, diff)
		}
	}
	if _, err := new(Snapshot).Read(strings.NewReader("On-line CPU(s) list: 3-1\n"), "lscpu.txt"); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a list that goes down: %v", err)
	}
}
