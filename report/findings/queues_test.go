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

// Interrupts that all go to one CPU, or to some unevenly, are set against the CPUs that the
// host has, not against those that get them; the table, which is even, is not to blame.
func TestInterruptsBesideTheHostsCPUs(t *testing.T) {
	for _, test := range []struct {
		name    string
		packets []uint64
		cpus    report.List[int] // of the queues
		entries report.List[int]
		host    []int
		source  string // of --cpus
		want    string // "" for no finding
		remedy  string
	}{
		{"all on one", []uint64{1000}, report.List[int]{0, 0, 0, 0}, report.List[int]{0, 1, 2, 3}, []int{0, 1, 2, 3, 4, 5}, "irq.txt", "All 4 queues are on CPU 0, while 5 CPUs of the host have no queue.", "/proc/irq/N/smp_affinity_list`."},
		{"of a host of which nothing is known", []uint64{1000}, report.List[int]{0, 0, 0, 0}, report.List[int]{0, 1, 2, 3}, nil, "irq.txt", "", ""},
		{"as the user asks", []uint64{1000}, report.List[int]{0, 0, 0, 0}, report.List[int]{0, 1, 2, 3}, []int{0, 1, 2, 3}, "--cpus", "", ""},
		{"of a host with one CPU", []uint64{1000}, report.List[int]{0, 0, 0, 0}, report.List[int]{0, 1, 2, 3}, []int{0}, "irq.txt", "", ""},
		{"two on one, and a CPU is free", []uint64{500, 250, 250}, report.List[int]{0, 0, 1, 2}, report.List[int]{0, 1, 2, 3}, []int{0, 1, 2, 3}, "irq.txt", "2 of 4 queues are on CPU 0, while 1 CPU of the host has no queue.", "/proc/irq/N/smp_affinity_list`."},
		{"two on one, and the load is even", []uint64{340, 330, 330}, report.List[int]{0, 0, 1, 2}, report.List[int]{0, 1, 2, 3}, []int{0, 1, 2, 3}, "irq.txt", "", ""},
		{"two on each", []uint64{500, 500}, report.List[int]{0, 0, 1, 1}, report.List[int]{0, 1, 2, 3}, []int{0, 1, 2, 3}, "irq.txt", "", ""},
		{"three and one", []uint64{750, 250}, report.List[int]{0, 0, 0, 1}, report.List[int]{0, 1, 2, 3}, []int{0, 1}, "irq.txt", "3 of 4 queues are on CPU 0, and 1 on another: the load follows the interrupts.", "Spread the queues' interrupts evenly"},
		{"three queues for two CPUs", []uint64{667, 333}, report.List[int]{0, 1, 0}, report.List[int]{0, 1, 2}, []int{0, 1}, "irq.txt", "3 queues can't be shared out evenly over 2 CPUs: some have 2, some 1, and the load follows.", "`ethtool -L DEV combined 2`"},
		{"the table's own weights", []uint64{750, 250}, report.List[int]{0, 0, 1, 1}, report.List[int]{0, 0, 0, 1, 1, 1, 2, 3}, []int{0, 1}, "irq.txt", "", ""},
	} {
		r := hot(test.packets...)
		r.Table = report.TableReport{Size: len(test.entries), Entries: test.entries, QueueCPUs: test.cpus}
		r.Parameters = report.Parameters{{Name: "cpus", Source: test.source}}
		d := newDiagnosis(r, &Traffic{HostCPUs: test.host, WithPorts: report.Null, InnerBalance: report.Null})
		f := d.sharedCPU()
		if (f == nil) != (test.want == "") || f != nil && (f.Summary != test.want || !strings.Contains(f.Remedy, test.remedy)) {
			t.Errorf("%s: want %q, got %+v", test.name, test.want, f)
		}
	}
}

// Few CPUs that share the load evenly may be meant so: more than two queues on each are told, and no
// more than told, where CPUs of the host have none.
func TestQueuesOnFewCPUs(t *testing.T) {
	for _, test := range []struct {
		name   string
		cpus   report.List[int] // of the queues
		host   []int
		source string // of --cpus
		want   string // "" for no finding
	}{
		{"three on each", report.List[int]{0, 0, 0, 1, 1, 1}, []int{0, 1, 2, 3, 4, 5}, "irq.txt", "6 queues are on 2 CPUs, while 4 CPUs of the host have no queue."},
		{"two on each", report.List[int]{0, 0, 1, 1}, []int{0, 1, 2, 3, 4, 5}, "irq.txt", ""},
		{"of a host with few more", report.List[int]{0, 0, 0, 1, 1, 1}, []int{0, 1, 2, 3}, "irq.txt", ""},
		{"as the user asks", report.List[int]{0, 0, 0, 1, 1, 1}, []int{0, 1, 2, 3, 4, 5}, "--cpus", ""},
		{"and a CPU in use without any", report.List[int]{0, 0, 0, 0, 0, 0}, []int{0, 1, 2, 3, 4, 5}, "irq.txt", ""},
	} {
		r := hot(510, 490)
		r.Table = report.TableReport{Size: len(test.cpus), QueueCPUs: test.cpus}
		for queue := range test.cpus {
			r.Table.Entries = append(r.Table.Entries, queue)
		}
		r.Parameters = report.Parameters{{Name: "cpus", Source: test.source}}
		f := newDiagnosis(r, &Traffic{HostCPUs: test.host, WithPorts: report.Null, InnerBalance: report.Null}).crowdedQueues()
		if (f == nil) != (test.want == "") || f != nil && (f.Summary != test.want || f.Severity != report.Note) {
			t.Errorf("%s: want %q, got %+v", test.name, test.want, f)
		}
	}
}

// Where other CPUs got a good part of the interrupts since the host started, these may have moved:
// that queues share a CPU is then no more than a note, which says how to see it.
func TestInterruptsThatMoved(t *testing.T) {
	for _, test := range []struct {
		name     string
		shares   []float64
		affinity string // its source
		want     string // severity
	}{
		{"not known", nil, "irq.txt", report.Warning},
		{"all of them", []float64{1, 1, 1, 1}, "irq.txt", report.Warning},
		{"but for a few", []float64{1, 0.95, 0.92, 1}, "irq.txt", report.Warning},
		{"two surely", []float64{1, 0.5, 0.2, 0.97}, "irq.txt", report.Warning},
		{"one surely", []float64{1, 0.5, 0.2, 0.3}, "irq.txt", report.Note},
		{"one surely, of others too few", []float64{1, 0, 0, 0}, "irq.txt", report.Note},
		{"as the user asks", []float64{1, 0.5, 0.2, 0.3}, "--affinity", report.Warning},
	} {
		r := hot(1000)
		r.Table = report.TableReport{Size: 4, Entries: report.List[int]{0, 1, 2, 3}, QueueCPUs: report.List[int]{0, 0, 0, 0}}
		r.Parameters = report.Parameters{{Name: "cpus", Source: "irq.txt"}, {Name: "affinity", Source: test.affinity}}
		f := newDiagnosis(r, &Traffic{HostCPUs: []int{0, 1}, IRQShares: test.shares}).sharedCPU()
		if f == nil {
			t.Errorf("%s: no finding", test.name)
			continue
		}
		hedged := strings.HasPrefix(f.Summary, "By where most interrupts since the host started went, all 4 queues are on CPU 0") && (strings.Contains(f.Evidence, "as little as 20.0% of a queue's") || test.shares[1] == 0 && strings.Contains(f.Evidence, "of a queue hardly any were counted")) && strings.HasPrefix(f.Remedy, "First see")
		if surely := f.Severity != report.Note; surely == (test.want == report.Note) || hedged == surely {
			t.Errorf("%s: %+v", test.name, f)
		}
	}
}

// CPUs off the NIC's NUMA node may be left out on purpose.
func TestIdleCPUsOfOtherNodes(t *testing.T) {
	near, far := 0, 1
	r := hot(1000)
	r.Table = report.TableReport{Size: 2, Entries: report.List[int]{0, 1}, QueueCPUs: report.List[int]{0, 0}}
	r.Parameters = report.Parameters{{Name: "cpus", Source: "irq.txt"}}
	r.Host = &report.Host{NICNode: &near, CPUs: report.List[report.HostCPU]{{CPU: 0, Node: &near}, {CPU: 1, Node: &far}}}
	if f := newDiagnosis(r, &Traffic{}).sharedCPU(); f != nil {
		t.Errorf("%+v", f)
	}
	r.Host.CPUs[1].Node = &near
	if f := newDiagnosis(r, &Traffic{}).sharedCPU(); f == nil || !strings.Contains(f.Summary, "1 CPU of the host has no queue") {
		t.Errorf("a CPU of the NIC's node has no queue: %+v", f)
	}
	r.Host.CPUs = append(r.Host.CPUs, report.HostCPU{CPU: 2, Node: &far}, report.HostCPU{CPU: 3, Node: &far})
	if f := newDiagnosis(r, &Traffic{}).sharedCPU(); f == nil || !strings.Contains(f.Summary, "1 CPU of the NIC's NUMA node has no queue") || !strings.Contains(f.Evidence, "the host 4 CPUs") {
		t.Errorf("beside two of another node: %+v", f)
	}
}
