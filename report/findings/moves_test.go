package findings

import (
	"slices"
	"strings"
	"testing"

	"rssreplay/report"
)

// A table that moved is said, and no finding that blames one table is; a rebalancer that
// moved nothing is said with why, and leaves the others alone.
func TestMoves(t *testing.T) {
	base := func() *report.Report {
		r := &report.Report{
			Capture: report.Capture{Packets: 1000, Received: 1000, Duration: 1e9},
			Table:   report.TableReport{Size: 4, Entries: report.List[int]{0, 0, 0, 1}, QueueCPUs: report.List[int]{0, 1}, Packets: report.List[uint64]{250, 250, 250, 250}},
		}
		m := report.Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: report.List[report.CPU]{{CPU: 0, Packets: 750, DPCTime: 1e6}, {CPU: 1, Packets: 250}}}
		m.Affinity.Migrations, m.Totals.Reordered = 7, 2
		m.Derive()
		r.Modes = report.List[report.Mode]{m}
		return r
	}
	flow := &report.Flow{Protocol: "tcp", Packets: 10}
	diagnose := func(r *report.Report) (ids []string, text string) {
		for _, f := range Diagnose(r, &Traffic{Flows: 500, Largest: flow, LargestBytes: flow, WithPorts: report.Null, InnerBalance: report.Null}) {
			ids = append(ids, f.ID)
			if f.ID == "moves" {
				text = f.Summary + " " + f.Evidence
			}
		}
		return ids, text
	}

	if ids, text := diagnose(base()); slices.Contains(ids, "moves") || !slices.Contains(ids, "uneven-table") || text != "" {
		t.Errorf("a table that stays: %v", ids)
	}

	r := base()
	r.Changes = &report.Changes{
		Tables: report.List[report.TableChange]{{Time: 5e8, Source: "500ms=a.txt", Moves: report.List[report.EntryMove]{{Entry: 1, From: 0, To: 1}}}},
		Moved:  report.Moved{Moves: 1, Flows: 40, Packets: 300},
	}
	ids, text := diagnose(r)
	if slices.Contains(ids, "uneven-table") {
		t.Errorf("a table that moved: %v", ids)
	}
	for _, want := range []string{"1 table given", "1 entry was moved", "40 flows", "30.0%", "7 packets went", "2 packets were indicated"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}

	r = base()
	r.Modes[0].Rebalance = &report.Rebalance{Ticks: 9, MinMaxPercent: 200, Windows: 9}
	ids, text = diagnose(r)
	if !slices.Contains(ids, "uneven-table") {
		t.Errorf("a rebalancer that moved nothing: %v", ids)
	}
	for _, want := range []string{"RSS++ moved nothing in 9 ticks: the busiest CPU works 0.1% of the time", "200%"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
}

// Whether moving helps is said with the figures that it rests on, of what moved alone.
func TestMoving(t *testing.T) {
	spread := func(mean report.Fraction) report.Spread { return report.Spread{Mean: mean, P95: mean, Worst: mean} }
	for _, test := range []struct {
		moved, best, forward, bound, chance report.Fraction
		windows                             uint64
		given                               bool // the moves, at set times
		want, say                           string
	}{
		{1.1, 1.4, 1.2, 1.05, 1.01, 50, false, "moving-helps", "Moving helps"},
		{1.27, 1.4, 1.5, 1.05, 1.01, 50, false, "churny", "faster than every 100 ms"}, // less than a tenth better, and the past tells nothing
		{1.27, 1.4, 1.5, 1.05, 1.25, 50, false, "churny", "faster than every 100 ms"},
		{1.27, 1.4, 1.5, 1.05, 1.28, 50, false, "moving-does-not", "a table that stays does as well, within a tenth"}, // as even traffic is in such windows
		{1.27, 1.4, 1.2, 1.05, 1.01, 50, false, "moving-does-not", "a table that stays does as well, within a tenth"},
		{1.1, 1.15, 1.2, 1.05, 1.01, 50, false, "moving-does-not", "a better table that stays does as well, within a tenth"},
		{1.1, 1.4, 1.2, 1.05, 1.01, 50, true, "moving-helps", "Moving helps"},
		{1.27, 1.4, 1.5, 1.05, 1.01, 50, true, "moving-does-not", "a table that stays does as well"}, // no period to be faster than
		{1.6, 1.4, 1.5, 1.05, 1.01, 50, true, "moving-does-not", "more even under a better table that stays"},
		{1.7, 1.4, 1.5, 1.05, 1.01, 50, true, "moving-does-not", "more even under the first table, if it stays"},
		{1.1, 1.4, 1.2, 1.05, 1.01, 4, false, "", ""}, // too few windows
	} {
		r := &report.Report{Capture: report.Capture{Packets: 1000, Received: 1000, Duration: 1e9}}
		r.Modes = report.List[report.Mode]{{Mode: "rss-msix", CPUs: report.List[report.CPU]{{}, {}}}}
		o := &report.OverTime{TablesOverTime: report.TablesOverTime{
			Interval: 1e8, Windows: test.windows, Static: spread(1.5), Best: spread(test.best), Forward: spread(test.forward), Bound: spread(test.bound), Chance: test.chance,
		}, Moved: spread(test.moved)}
		o.Verdict = o.Judge(o.Moved, !test.given)
		r.OverTime = o
		f := newDiagnosis(r, &Traffic{Command: []Argument{{Value: "a.pcap"}, {"--cpus", "2"}, {"--rebalance", "rsspp"}}}).moving()
		if f != nil && f.ID == "moving-does-not" && f.Remedy != "`rssreplay suggest a.pcap --cpus 2` looks for a table that stays." {
			t.Errorf("%+v: %q", test, f.Remedy) // the user's own command, but for what moves the table
		}
		switch {
		case f == nil && test.want == "":
		case f == nil || f.ID != test.want || !strings.Contains(f.Summary, test.say):
			t.Errorf("%+v: %+v", test, f)
		case !strings.Contains(f.Evidence, "1.50 × under the first table") || !strings.Contains(f.Evidence, "100 ms"):
			t.Errorf("%+v: %q", test, f.Evidence)
		}
	}
}

// A table or an affinity that was given while packets arrived, and that loads the busiest CPU, is a
// warning, and the one that says why: not where it is of few packets, no worse than the first, of
// another CPU, or followed by a rebalancer.
func TestMovesToOneCPU(t *testing.T) {
	table := func(at int64, to ...int) report.TableChange {
		change := report.TableChange{Time: at}
		for entry, queue := range to {
			change.Moves = append(change.Moves, report.EntryMove{Entry: entry, From: -1, To: queue})
		}
		return change
	}
	affinity := func(at int64, to int) report.AffinityChange {
		return report.AffinityChange{Time: at, Moves: report.List[report.QueueMove]{{Queue: 1, From: 1, To: to}, {Queue: 2, From: 2, To: to}}}
	}
	const (
		ofTable    = "A table that leads to all queues alike: `ethtool -X DEV equal 4`."
		ofAffinity = "Let the queues' interrupts go to CPUs of their own, by /proc/irq/*/smp_affinity_list."
	)
	for name, test := range map[string]struct {
		tables     report.List[report.TableChange]
		affinities report.List[report.AffinityChange]
		change     func(*report.Report)
		want       string // "": no more than a note
		remedy     string
	}{
		"to one queue":      {report.List[report.TableChange]{table(1e8, 0, 0, 0, 0)}, nil, nil, "The table of 100 ms gives CPU 0 4.00 × its share of even traffic.", ofTable},
		"to two":            {report.List[report.TableChange]{table(1e8, 0, 1, 0, 1)}, nil, nil, "The table of 100 ms gives CPU 0 2.00 × its share of even traffic.", ofTable},
		"from the start":    {report.List[report.TableChange]{table(0, 0, 0, 0, 0)}, nil, nil, "The table of time 0 gives CPU 0 4.00 × its share of even traffic.", ofTable},
		"for two windows":   {report.List[report.TableChange]{table(1e8, 0, 0, 0, 0), table(3e8, 0, 1, 2, 3)}, nil, nil, "The table of 100 ms gives CPU 0 4.00 × its share of even traffic.", ofTable},
		"queues to one CPU": {nil, report.List[report.AffinityChange]{affinity(1e8, 0)}, nil, "The affinity of 100 ms gives CPU 0 3.00 × its share of even traffic.", ofAffinity},
		"both, in order":    {report.List[report.TableChange]{table(2e8, 0, 1, 0, 1)}, report.List[report.AffinityChange]{affinity(1e8, 0)}, nil, "The table of 200 ms gives CPU 0 4.00 × its share of even traffic.", ofTable},
		"late":              {report.List[report.TableChange]{table(4e8, 0, 0, 0, 0)}, nil, nil, "", ""},
		"to another CPU":    {report.List[report.TableChange]{table(1e8, 3, 3, 3, 3)}, nil, nil, "", ""},
		"as even":           {report.List[report.TableChange]{table(1e8, 3, 2, 1, 0)}, nil, nil, "", ""},
		"away from one": {report.List[report.TableChange]{table(3e8, 0, 1, 2, 3)}, nil, func(r *report.Report) {
			r.Table.Entries = report.List[int]{0, 0, 0, 0}
		}, "", ""},
		"a rebalancer": {report.List[report.TableChange]{table(1e8, 0, 0, 0, 0)}, nil, func(r *report.Report) {
			r.Modes[0].Rebalance = &report.Rebalance{Ticks: 1}
		}, "", ""},
		"RPS": {report.List[report.TableChange]{table(1e8, 0, 0, 0, 0)}, nil, func(r *report.Report) { r.Modes[0].RPS = &report.RPS{} }, "", ""},
	} {
		r := hot(1600, 800, 800, 800)
		oneHotWindow(r)
		r.Changes = &report.Changes{Tables: test.tables, Affinities: test.affinities, Moved: report.Moved{Moves: 1}}
		if test.change != nil {
			test.change(r)
		}
		grave, remedy := "", ""
		for _, f := range Diagnose(r, &Traffic{Flows: 900, WithPorts: report.Null, InnerBalance: report.Null}) {
			switch {
			case f.ID == "moves" && f.Severity == report.Warning:
				grave, remedy = f.Summary, f.Remedy
				if !strings.HasPrefix(f.Evidence, "The first one gives it 1.00 ×. ") {
					t.Errorf("%s: %q", name, f.Evidence)
				}
			case f.ID == "hot-window" && (f.Severity == report.Warning) == (test.want != ""):
				t.Errorf("%s: a hot window is a %s", name, f.Severity)
			}
		}
		if grave != test.want || remedy != test.remedy {
			t.Errorf("%s: %q, %q", name, grave, remedy)
		}
	}
}
