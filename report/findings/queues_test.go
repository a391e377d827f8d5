package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// A driver that rounds its queues down to a power of two is not told to have more.
func TestQueuesOfAPowerOfTwo(t *testing.T) {
	for _, test := range []struct{ most, rings, cpus, want int }{
		{0, 0, 6, 0}, {16, 0, 6, 16}, {16, 8, 6, 8}, {0, 8, 6, 8},
	} {
		d := newDiagnosis(hot(400, 200), &Traffic{MostQueues: test.most, MostRings: test.rings})
		if got := d.mostQueues(test.cpus); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
	for cpus, want := range map[int]int{1: 1, 2: 2, 3: 2, 6: 4, 8: 8, 15: 8, 40: 16} {
		d := newDiagnosis(hot(400, 200), &Traffic{MostQueues: 16, PowerOfTwo: true})
		if got := d.mostQueues(cpus); got != want {
			t.Errorf("%d CPUs: %d queues, want %d", cpus, got, want)
		}
	}
	r := hot(300, 300, 300, 300, 0, 0)
	f := newDiagnosis(r, &Traffic{MostQueues: 16, PowerOfTwo: true}).missedCPUs()
	if f == nil || !strings.Contains(f.Evidence, "at most 4 queues for 6 CPUs, as its driver rounds") || strings.Contains(f.Remedy, "ethtool -L") || !strings.Contains(f.Remedy, "RPS spreads") {
		t.Errorf("%+v", f)
	}
}

// A NIC with one queue is set against the CPUs that its host has, not against the one in use.
func TestOneQueueBesideTheHostsCPUs(t *testing.T) {
	r := hot(1000)
	r.Table.QueueCPUs = report.List[int]{0}
	if f := newDiagnosis(r, &Traffic{}).singleQueue(); f != nil {
		t.Errorf("of a host of which nothing is known: %+v", f)
	}
	r.Host = &report.Host{CPUs: report.List[report.HostCPU]{{CPU: 0}, {CPU: 1}, {CPU: 2}, {CPU: 6}}}
	f := newDiagnosis(r, &Traffic{}).singleQueue()
	if f == nil || !strings.Contains(f.Summary, "there are 4 CPUs") || !strings.Contains(f.Remedy, "`echo 47 >") || !strings.Contains(f.Remedy, "--cpus 0-2,6 --rps 0-2,6`") {
		t.Errorf("%+v", f)
	}
}
