package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// Over which time a host's counts are, where its snapshots say it.
func TestCounted(t *testing.T) {
	for window, want := range map[int64]string{-1: "between the snapshots", 0: "between the snapshots", 1: "in the 1 ns between the snapshots", 2e9: "in the 2.00 s between the snapshots"} {
		d := newDiagnosis(&report.Report{Host: &report.Host{Window: &window}}, &Traffic{})
		if got := d.counted(); got != want {
			t.Errorf("%d ns: %s, want %s", window, got, want)
		}
	}
	if got := newDiagnosis(&report.Report{Host: &report.Host{}}, &Traffic{}).counted(); got != "since the host booted" {
		t.Errorf("without snapshots: %s", got)
	}
}

// Queues on both threads of a core are told of while another core has none.
func TestQueuesOnThreadsOfOneCore(t *testing.T) {
	host := func(cores ...int) *report.Host {
		h := &report.Host{}
		for cpu, core := range cores {
			h.CPUs = append(h.CPUs, report.HostCPU{CPU: cpu, Core: &core})
		}
		return h
	}
	for _, test := range []struct {
		host *report.Host
		want string // "" for no finding
	}{
		{host(0, 1, 0, 2, 3, 4), "Queues are on several threads of 1 core (CPUs 0,2), which has 60.0% of the packets, while 2 cores have no queue."},
		{host(0, 1, 0, 1, 2), "Queues are on several threads of 2 cores (CPUs 0,2; 1,3), which have 100.0% of the packets, while 1 core has no queue."},
		{host(0, 1, 2, 3, 4), ""}, // a core each
		{host(0, 1, 0, 1), ""},    // no core is free
	} {
		r := hot(400, 200, 200, 200)
		r.Host = test.host
		f := newDiagnosis(r, &Traffic{}).sharedCore()
		if (f == nil) != (test.want == "") || f != nil && f.Summary != test.want {
			t.Errorf("want %q, got %+v", test.want, f)
		}
	}
}

// Windows shows how far the processors are that RSS may use.
func TestFarProcessors(t *testing.T) {
	for _, test := range []struct {
		near, far []int
		want      string // "" for no finding
		remedy    string
	}{
		{[]int{2, 3}, []int{0, 1}, "60.0% of the packets go to CPUs on another NUMA node than the NIC's: CPUs 0-1.", "-Profile ClosestStatic` takes those on the NIC's node first: CPUs 2-3."},
		{nil, []int{0, 1, 2, 3}, "100.0% of the packets go to CPUs on another NUMA node than the NIC's: CPUs 0-3.", "RSS may use no CPU on the NIC's node"},
		{[]int{0, 1, 2, 3}, []int{4, 5}, "", ""}, // which take none
		{[]int{0, 1, 2, 3}, nil, "", ""},
	} {
		f := newDiagnosis(hot(400, 200, 200, 200), &Traffic{Windows: true, NearCPUs: test.near, FarCPUs: test.far}).remoteNode()
		if (f == nil) != (test.want == "") || f != nil && (f.Summary != test.want || !strings.Contains(f.Remedy, test.remedy)) {
			t.Errorf("want %q, got %+v", test.want, f)
		}
	}
}
