package findings

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
)

// TestHotWindows has windows that are just hot and others that just are not: too few packets, a
// little less than half of them on a CPU, or no more uneven than the whole.
func TestHotWindows(t *testing.T) {
	const n = report.MinPackets
	for _, test := range []struct {
		name    string
		windows [][4]uint64 // packets per CPU
		lost    report.Fraction
		want    hotWindows
	}{
		{"half of just enough", [][4]uint64{{n / 2, n / 2, 0, 0}}, 1, hotWindows{met: 1, inHot: n, inTop: n / 2, hot: 1, at: 0, cpu: 0, most: n / 2, of: n}},
		{"too few", [][4]uint64{{n - 1, 0, 0, 0}}, 1, hotWindows{}},
		{"less than half", [][4]uint64{{n/2 - 1, n/2 - 1, 2, 0}}, 1, hotWindows{met: 1}},
		{"1.5 times the whole", [][4]uint64{{0, n * 3 / 4, n / 4, 0}}, 2, hotWindows{met: 1, inHot: n, inTop: n * 3 / 4, hot: 1, at: 0, cpu: 1, most: n * 3 / 4, of: n}},
		{"less than 1.5 times the whole", [][4]uint64{{0, n*3/4 - 1, n/4 + 1, 0}}, 2, hotWindows{met: 1}},
		{"the hottest has the most packets, the first of equals", [][4]uint64{{0, n, 0, 0}, {0, 0, 2 * n, n}, {2 * n, 0, 0, 0}, {n, n, n, n}}, 1,
			hotWindows{met: 4, inHot: 6 * n, inTop: 5 * n, hot: 3, at: 1, cpu: 2, most: 2 * n, of: 3 * n}},
	} {
		m := &report.Mode{}
		m.Imbalance.Packets = test.lost
		m.Series.CPUs = make(report.List[report.SeriesCPU], 4)
		for _, w := range test.windows {
			for cpu, packets := range w {
				m.Series.CPUs[cpu].Packets = append(m.Series.CPUs[cpu].Packets, packets)
			}
		}
		d := &diagnosis{mode: m}
		if got := d.hotWindows(&m.Series, len(test.windows)); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// oneHotWindow gives a report of these packets on four CPUs, 1600, 800, 800 and 800, four
// windows, in the second of which CPU 0 has most.
func oneHotWindow(r *report.Report) {
	r.Modes[0].Series = report.Series{Interval: 1e8, CPUs: report.List[report.SeriesCPU]{
		{CPU: 0, Packets: []uint64{200, 1000, 200, 200}}, {CPU: 1, Packets: []uint64{200, 200, 200, 200}},
		{CPU: 2, Packets: []uint64{200, 200, 200, 200}}, {CPU: 3, Packets: []uint64{200, 200, 200, 200}},
	}}
}

// Of a table that stays, a heavy flow and the window that it makes hot are one fault; where
// tables move, these may be why the window is hot, and both are told.
func TestElephantBesideHotWindow(t *testing.T) {
	for moves, want := range map[bool][]string{false: {"hot-window"}, true: {"hot-window", "elephant-flow"}} {
		r := hot(1600, 800, 800, 800)
		oneHotWindow(r)
		if moves {
			r.Changes = &report.Changes{Moved: report.Moved{Moves: 1}}
		}
		flow := on(0, 1300)
		all := Diagnose(r, &Traffic{Flows: 900, Largest: &flow, LargestBytes: &flow, Heavy: []report.Flow{flow}, WithPorts: report.Null, InnerBalance: report.Null})
		if d := cmp.Diff(want, ids(all)); d != "" {
			t.Errorf("tables move: %v: %s", moves, d)
		}
	}
}

// A flow that is heavy without the hot window, too, is the elephant: one that lasts.
func TestElephantOutsideHotWindow(t *testing.T) {
	for packets, want := range map[uint64]string{2400: "hot-window", 2600: "elephant-flow"} { // 1,000 of them in the window
		r := hot(3700, 800, 800, 800)
		r.Modes[0].Series = report.Series{Interval: 1e8, CPUs: report.List[report.SeriesCPU]{
			{CPU: 0, Packets: []uint64{900, 1000, 900, 900}}, {CPU: 1, Packets: []uint64{267, 0, 267, 266}},
			{CPU: 2, Packets: []uint64{267, 0, 267, 266}}, {CPU: 3, Packets: []uint64{267, 0, 267, 266}},
		}}
		flow := on(0, packets)
		all := Diagnose(r, &Traffic{Flows: 900, Largest: &flow, LargestBytes: &flow, Heavy: []report.Flow{flow}, WithPorts: report.Null, InnerBalance: report.Null})
		if d := cmp.Diff([]string{want}, ids(all)); d != "" {
			t.Errorf("of a flow of %d packets: %s", packets, d)
		}
	}
}

// A hot window is told against the whole time, which is even or is not either.
func TestHotWindowBesideTheWhole(t *testing.T) {
	for _, test := range []struct {
		cpus [4]uint64
		want string
	}{
		{[4]uint64{1600, 800, 800, 800}, "s; over the whole time the busiest CPU has 1.60 × its fair share."},
		{[4]uint64{1000, 1000, 1000, 1000}, "s, though over the whole time the busiest CPU has 1.00 × its fair share."},
	} {
		r := hot(test.cpus[:]...)
		oneHotWindow(r)
		all := Diagnose(r, &Traffic{Flows: 900, WithPorts: report.Null, InnerBalance: report.Null})
		i := slices.IndexFunc(all, func(f report.Finding) bool { return f.ID == "hot-window" })
		if i < 0 {
			t.Fatalf("%v: only %q", test.cpus, ids(all))
		}
		if got := all[i].Summary; !strings.HasSuffix(got, test.want) {
			t.Errorf("%v: %q, want …%q", test.cpus, got, test.want)
		}
	}
}

// Bursts of several flows that meet on a CPU for once are no fault. That is known by how unevenly
// the other windows are loaded, and where no flow alone has as many packets; where one has, it is
// no more than a note.
func TestBurstsMeet(t *testing.T) {
	bursty := [][4]uint64{{500, 300, 100, 100}, {100, 100, 500, 300}, {100, 300, 300, 300}, {100, 100, 200, 600}, {200, 700, 50, 50}, {100, 100, 600, 200}}
	for i := range bursty { // 60 % is not hot beside the whole's 1.6
		bursty[i][3] = 1000 - bursty[i][0] - bursty[i][1] - bursty[i][2]
	}
	even := [][4]uint64{{260, 240, 250, 250}, {250, 240, 260, 250}, {250, 260, 240, 250}}
	few := [][4]uint64{{60, 3, 0, 1}, {0, 4, 55, 2}, {1, 0, 0, 70}, {0, 62, 2, 0}} // too few to be hot
	hottest := [4]uint64{900, 40, 30, 30}
	for name, test := range map[string]struct {
		others  [][4]uint64
		largest uint64 // packets of the largest flow on CPU 0; 0 where it is not known
		want    string // severity; "" for no finding
	}{
		"several flows' bursts":           {bursty, 300, ""},
		"several flows, of few packets":   {few, 300, ""},
		"several flows among even ones":   {even, 300, report.Warning},
		"one flow":                        {bursty, 650, report.Note},
		"one flow among even ones":        {even, 650, report.Warning},
		"which flows it has is not known": {bursty, 0, report.Note},
		"every window is hot":             {nil, 300, report.Warning},
	} {
		windows := append(slices.Clone(test.others), hottest)
		if test.others == nil {
			windows = append(windows, [4]uint64{30, 900, 40, 30})
		}
		r := hot(1600, 800, 800, 800)
		m := &r.Modes[0]
		m.Series = report.Series{Interval: 1e8, CPUs: report.List[report.SeriesCPU]{{CPU: 0}, {CPU: 1}, {CPU: 2}, {CPU: 3}}}
		for _, w := range windows {
			for cpu, packets := range w {
				m.Series.CPUs[cpu].Packets = append(m.Series.CPUs[cpu].Packets, packets)
			}
		}
		if test.largest > 0 {
			flow := on(0, test.largest)
			m.CPUs[0].Largest = &flow
		}
		all := Diagnose(r, &Traffic{Flows: 900, WithPorts: report.Null, InnerBalance: report.Null})
		got := ""
		for _, f := range all {
			if f.ID == "hot-window" {
				got = f.Severity
			}
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
