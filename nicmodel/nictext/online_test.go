package nictext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnlineCPUs(t *testing.T) {
	for _, test := range []struct {
		text string
		want OnlineCPUs
		off  []int // of CPUs 0 to 9
	}{
		{"/sys/devices/system/cpu/online:0-5,7", OnlineCPUs{Online: []int{0, 1, 2, 3, 4, 5, 7}}, []int{6, 8, 9}},
		{"/sys/devices/system/cpu/offline:6", OnlineCPUs{Offline: []int{6}}, []int{6}},
		{"/sos/sys/devices/system/cpu/offline = 9,6", OnlineCPUs{Offline: []int{6, 9}}, []int{6, 9}},
		{"/sys/devices/system/cpu/cpu3/online:0\n/sys/devices/system/cpu/cpu4/online:1\n/sys/devices/system/cpu/cpu2/online:0", OnlineCPUs{Offline: []int{2, 3}}, []int{2, 3}},
		{"CPU(s):                  8\n  On-line CPU(s) list:   0-7\n  Off-line CPU(s) list:  8,9", OnlineCPUs{Online: []int{0, 1, 2, 3, 4, 5, 6, 7}, Offline: []int{8, 9}}, []int{8, 9}},
		{"On-line CPU(s) mask:                0xbf", OnlineCPUs{Online: []int{0, 1, 2, 3, 4, 5, 7}}, []int{6, 8, 9}},
		{"/sys/devices/system/cpu/online\n/sys/devices/system/cpu/possible:0-7\nthe line is online", OnlineCPUs{}, nil},
	} {
		var got OnlineCPUs
		for line := range strings.Lines(test.text) {
			line = strings.TrimSpace(line)
			known, err := got.Line(line)
			if err != nil || known != SaysOnline(line) {
				t.Errorf("%q: %v, known %v", line, err, known)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.text, diff)
		}
		var off []int
		for cpu := range 10 {
			if got.Off(cpu) {
				off = append(off, cpu)
			}
		}
		if diff := cmp.Diff(test.off, off); diff != "" {
			t.Errorf("%q: offline (-want +got):\n%s", test.text, diff)
		}
		first := got.First(3)
		for _, cpu := range first {
			if len(first) != 3 || got.Off(cpu) {
				t.Errorf("%q: the first online are %v", test.text, first)
			}
		}
	}
	for _, wrong := range []string{"/sys/devices/system/cpu/online:5-3", "On-line CPU(s) mask: zz", "/sys/devices/system/cpu/offline:0-65535"} {
		if known, err := new(OnlineCPUs).Line(wrong); !known || err == nil {
			t.Errorf("%q: no error", wrong)
		}
	}
	few := OnlineCPUs{Online: []int{2, 3}, Offline: []int{3}}
	if diff := cmp.Diff([]int{2}, few.First(5)); diff != "" {
		t.Error(diff)
	}
	merged := OnlineCPUs{Online: []int{0, 1}}
	merged.Merge(&OnlineCPUs{Online: []int{0}, Offline: []int{3}})
	merged.Merge(&OnlineCPUs{Offline: []int{2, 3}})
	if diff := cmp.Diff(OnlineCPUs{Online: []int{0, 1}, Offline: []int{2, 3}}, merged); diff != "" {
		t.Error(diff)
	}
}

// A mask that a command writes is told from one that was read back; the last text counts.
func TestWrittenMasks(t *testing.T) {
	r, err := readRPSText("echo f0 > /sys/class/net/eth0/queues/rx-0/rps_cpus\necho f0 > /sys/class/net/eth0/queues/rx-1/rps_cpus\n/sys/class/net/eth0/queues/rx-1/rps_cpus:70\n/sys/devices/system/cpu/online:0-6\n", "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := readRPSText("/sys/class/net/eth0/queues/rx-0/rps_cpus:10\n", "")
	if err != nil {
		t.Fatal(err)
	}
	check := func(queue int, want []int, wantWritten bool) {
		t.Helper()
		if mask, written := r.Of(queue); !cmp.Equal(mask, want) || written != wantWritten {
			t.Errorf("rx-%d: %v, written %v; want %v, %v", queue, mask, written, want, wantWritten)
		}
	}
	check(0, []int{4, 5, 6, 7}, true)
	check(1, []int{4, 5, 6}, false)
	if !r.Online.Off(7) || r.Online.Off(6) {
		t.Errorf("the CPUs online are %v", r.Online)
	}
	r.Merge(other)
	check(0, []int{4}, false)
	if r, err = readRPSText("echo f0 > /sys/class/net/eth0/queues/rx-*/rps_cpus", ""); err != nil {
		t.Fatal(err)
	}
	check(5, []int{4, 5, 6, 7}, true)
}
