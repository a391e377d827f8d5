package nictext

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readRPSText(text, iface string) (*RPS, error) {
	return ReadRPS(strings.NewReader(text), "rps.txt", iface)
}

func TestReadRPS(t *testing.T) {
	tests := []struct {
		name, text, iface string
		want              RPS
	}{
		{"grep", `/sys/class/net/eth0/queues/rx-0/rps_cpus:00000000,0000ff00
/sys/class/net/eth0/queues/rx-0/rps_flow_cnt:4096
/sys/class/net/eth0/queues/rx-1/rps_cpus:0
/sys/class/net/lo/queues/rx-0/rps_cpus:ff
/sys/class/net/eth0/queues/tx-0/xps_cpus:0001
/proc/sys/net/core/rps_sock_flow_entries:32768
/proc/sys/net/core/netdev_max_backlog:5
`, "", RPS{Interface: "eth0", Masks: map[int][]int{0: {8, 9, 10, 11, 12, 13, 14, 15}, 1: {}}, Backlog: 5, SockFlowEntries: 32768, FlowCounts: 1, XPS: true}},
		{"below cat", `# grep . /sys/class/net/eth0/queues/rx-0/rps_cpus /dev/null
/sys/class/net/eth0/queues/rx-0/rps_cpus:3
# cat /proc/sys/net/core/rps_sock_flow_entries
8192
[root@host ~]# cat /sys/class/net/eth0/queues/rx-1/rps_cpus
f
/sys/class/net/eth0/queues/rx-1/rps_flow_cnt
64
`, "", RPS{Interface: "eth0", Masks: map[int][]int{0: {0, 1}, 1: {0, 1, 2, 3}}, Backlog: -1, SockFlowEntries: 8192, FlowCounts: 1}},
		{"36 CPUs, and sysctl", "/sys/class/net/eth0/queues/rx-3/rps_cpus:3,00000001\nnet.core.netdev_max_backlog = 1000\n", "", RPS{
			Interface: "eth0", Masks: map[int][]int{3: {0, 32, 33}}, Backlog: 1000,
		}},
		{"masks alone", "f\n0\n3,0\n", "", RPS{Masks: map[int][]int{0: {0, 1, 2, 3}, 1: {}, 2: {32, 33}}, Backlog: -1, Bare: 3}},
		{"masks of digits alone, as lscpu's rows", "00000000,00000003\n00000000,00000030\n", "", RPS{Masks: map[int][]int{0: {0, 1}, 1: {4, 5}}, Backlog: -1, Bare: 2}},
		{"tail", "==> /sys/class/net/eth0/queues/rx-0/rps_cpus <==\nf\n\n==> /sys/class/net/eth0/queues/rx-10/rps_cpus <==\n30\n\n==> /sys/class/net/eth0/queues/rx-1/rps_cpus <==\n0\n", "", RPS{
			Interface: "eth0", Masks: map[int][]int{0: {0, 1, 2, 3}, 1: {}, 10: {4, 5}}, Backlog: -1,
		}},
		{"commands", "# echo f > /sys/class/net/eth0/queues/rx-0/rps_cpus\necho \"3\" | sudo tee /sys/class/net/eth0/queues/rx-[1-2]/rps_cpus\n", "", RPS{
			Interface: "eth0", Masks: map[int][]int{0: {0, 1, 2, 3}, 1: {0, 1}, 2: {0, 1}}, Written: map[int]bool{0: true, 1: true, 2: true}, Backlog: -1,
		}},
		{"a command for all", "echo c > /sys/class/net/eth0/queues/rx-*/rps_cpus", "", RPS{Interface: "eth0", Masks: map[int][]int{}, All: []int{2, 3}, Backlog: -1}},
		{"a command for one, then one for all", "echo f > /sys/class/net/eth0/queues/rx-0/rps_cpus\necho c > /sys/class/net/eth0/queues/rx-*/rps_cpus\n", "", RPS{
			Interface: "eth0", Masks: map[int][]int{}, Written: map[int]bool{0: true}, All: []int{2, 3}, Backlog: -1,
		}},
		{"a loop, and the masks after it", "# for q in /sys/class/net/eth0/queues/rx-*; do echo 4 >$q/rps_cpus; done\n# grep . /sys/class/net/eth0/queues/rx-*/rps_cpus\n/sys/class/net/eth0/queues/rx-0/rps_cpus:4\n", "", RPS{
			Interface: "eth0", Masks: map[int][]int{0: {2}}, Backlog: -1,
		}},
		{"the only one with masks", "/sys/class/net/eth0/queues/rx-0/rps_cpus:0\n/sys/class/net/eth1/queues/rx-0/rps_cpus:1\n", "", RPS{
			Interface: "eth1", Masks: map[int][]int{0: {0}}, Backlog: -1,
		}},
		{"the one that is named", "/sys/class/net/eth0/queues/rx-0/rps_cpus:2\n/sys/class/net/eth1/queues/rx-0/rps_cpus:1\n", "eth0", RPS{
			Interface: "eth0", Masks: map[int][]int{0: {1}}, Backlog: -1,
		}},
	}
	for _, test := range tests {
		got, err := readRPSText(test.text, test.iface)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(&test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	for text, want := range map[string]string{
		"hello": "holds no masks",
		"/sys/class/net/eth0/queues/rx-0/rps_cpus:f\n/sys/class/net/eth0/queues/rx-1/rps_c":                                     `line 2: "/sys/class/net/eth0/queues/rx-1/rps_c" is cut`,
		"/sys/class/net/eth0/queues/rx-0/rps_cpus:2\nfor q in /sys/class/net/eth0/queues/rx-*; do echo f > $q/rps_cpus; done\n": `line 2: "for q in`,
		"/sys/class/net/eth0/queues/rx-0/rps_cpus:2\n/sys/class/net/eth1/queues/rx-0/rps_cpus:1\n":                              "is of eth0 and eth1",
		"/sys/class/net/eth0/queues/rx-0/rps_cpus:xyz":                                                                          `line 1: "xyz" is no mask of CPUs`,
		"/sys/class/net/eth0/queues/rx-0/rps_cpus:1\nff\n":                                                                      "masks alone",
		"/sys/class/net/eth0/queues/rx-99999999/rps_cpus:1":                                                                     `there is no queue "99999999"`,
	} {
		if _, err := readRPSText(text, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	r, _ := readRPSText("f0\n3\n", "")
	if diff := cmp.Diff([]int{0, 1, 4, 5, 6, 7}, r.CPUs()); diff != "" {
		t.Error(diff)
	}
	if !SaysCPUMap([]byte("root 77 2 [cpumap/3/map:12]")) {
		t.Error("a thread of a CPU map is not recognised")
	}
}

// A feature is known by its line in `ethtool -k`, also in a mail.
// Of two texts the later one's masks count; flow counts and masks that only one has stay.
func TestMergeRPS(t *testing.T) {
	merged := &RPS{Masks: map[int][]int{0: {0}, 1: {1}}, Written: map[int]bool{0: true, 1: true}, Backlog: 5, FlowCounts: 1, SockFlowEntries: 64}
	merged.Merge(&RPS{Interface: "eth0", Masks: map[int][]int{1: {2}, 2: {3}}, Written: map[int]bool{2: true}, Backlog: -1, FlowCounts: 2, SockFlowEntries: 32, XPS: true})
	want := &RPS{
		Interface: "eth0", Masks: map[int][]int{0: {0}, 1: {2}, 2: {3}}, Written: map[int]bool{0: true, 2: true},
		Backlog: 5, FlowCounts: 3, SockFlowEntries: 64, XPS: true,
	}
	if diff := cmp.Diff(want, merged); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// What a command writes takes the place of what another wrote, and not of what was read back.
	merged.Merge(&RPS{Masks: map[int][]int{0: {5}, 1: {5}}, Written: map[int]bool{0: true, 1: true}, Backlog: -1})
	if diff := cmp.Diff(map[int][]int{0: {5}, 1: {2}, 2: {3}}, merged.Masks); diff != "" || merged.Written[1] {
		t.Errorf("%s, written %v", diff, merged.Written)
	}
	readBack := &RPS{Masks: map[int][]int{0: {1}}, Backlog: -1}
	readBack.Merge(&RPS{Masks: map[int][]int{1: {2}}, Written: map[int]bool{1: true}, Backlog: -1})
	if diff := cmp.Diff(&RPS{Masks: map[int][]int{0: {1}, 1: {2}}, Written: map[int]bool{1: true}, Backlog: -1}, readBack); diff != "" {
		t.Errorf("a command of another queue (-want +got):\n%s", diff)
	}
	merged.Merge(&RPS{All: []int{7}, Backlog: 0})
	if merged.Backlog != 0 || !slices.Equal(merged.All, []int{7}) {
		t.Errorf("backlog %d, mask of all %v", merged.Backlog, merged.All)
	}
}

func TestFeature(t *testing.T) {
	for text, want := range map[string][2]bool{
		"Features for eth0:\nreceive-hashing: on\nntuple-filters: off\n": {false, true},
		"> Features for eth0:\r\n> ntuple-filters: on\r\n":               {true, true},
		"Features for eth0:\nreceive-hashing: on\n":                      {false, false},
	} {
		if on, known := Feature([]byte(text), "ntuple-filters"); [2]bool{on, known} != want {
			t.Errorf("%q: %t, %t", text, on, known)
		}
	}
}

// Paths may be those in a copy of /sys, or begin at the interface's folder.
func TestRPSPaths(t *testing.T) {
	for _, form := range []string{"%s", "./sys/class/net/eth0/queues/%s", "sosreport-x/sys/class/net/eth0/queues/%s", "host.txt:/sys/devices/pci0000:00/net/eth0/queues/%s", "queues/%s", "./%s"} {
		text := fmt.Sprintf(form+"\n"+form+"\n", "rx-0/rps_cpus:1", "rx-1/rps_cpus:c")
		for _, iface := range []string{"", "eth0"} {
			got, err := ReadRPS(strings.NewReader(text), "x", iface)
			if err != nil {
				t.Errorf("%s: %v", form, err)
			} else if diff := cmp.Diff(map[int][]int{0: {0}, 1: {2, 3}}, got.Masks); diff != "" {
				t.Errorf("%s: %s", form, diff)
			}
		}
	}
}

// Where lines are left out, the order of the others tells no queues.
func TestLinesLeftOut(t *testing.T) {
	rps := func(r io.Reader, name string) (*RPS, error) { return ReadRPS(r, name, "") }
	refuses(t, rps, "1\n2\n...\n8\n", "x: line 3: lines are left out here")
	refuses(t, rps, "/sys/class/net/eth0/queues/rx-0/rps_cpus:1\n[...]\n\n/sys/class/net/eth0/queues/rx-7/rps_cpus:2\n", "x: line 2: lines are left out here")
	refuses(t, ReadIRQs, "0\n1\n…\n7\n", "x: line 3: lines are left out here")
	if _, err := rps(strings.NewReader("1\n2\n...\nThat is all.\n"), "x"); err != nil {
		t.Error(err)
	}
}

// What stands before each line is taken off; before one alone it is told as what is wrong.
func TestStampedRPS(t *testing.T) {
	const files = "/sys/class/net/eth0/queues/rx-0/rps_cpus:f\n/sys/class/net/eth0/queues/rx-1/rps_cpus:f0\n/proc/sys/net/core/netdev_max_backlog:2000\n"
	rps := func(r io.Reader, name string) (*RPS, error) { return ReadRPS(r, name, "") }
	want, err := rps(strings.NewReader(files), "x")
	if err != nil {
		t.Fatal(err)
	}
	for name, prefix := range prefixes {
		if name != "grep -A" { // a file's name would be glued to another
			reads(t, rps, *want, "$ grep\n"+prefixed(files, prefix))
		}
	}
	refuses(t, rps, strings.Replace(files, "\n", `\n`, 1), "x: line 1: ")
	refuses(t, rps, "- "+strings.ReplaceAll(files, "\n", "\n  "), "x: line 1: something stands before the name of a queue's file (")
	refuses(t, rps, "Nov 26 21:40:01 /sys/class/net/eth0/queues/rx-0/rps_cpus:f\n", "x: line 1: something stands before the name of a queue's file (")
}
