package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A spread of 20 windows has its 19th as 95th percentile; windows of a series are taken
// together, and those with too few packets left out.
func TestSpread(t *testing.T) {
	var all []Fraction
	for i := range 20 {
		all = append(all, Fraction(20-i))
	}
	if s := SpreadOf(all); s.Mean != 10.5 || s.P95 != 19 || s.Worst != 20 || !s.MinMaxPercent.IsNull() {
		t.Errorf("%+v", s)
	}
	if s := SpreadOf(nil); !s.Mean.IsNull() || !s.P95.IsNull() || !s.Worst.IsNull() {
		t.Errorf("of nothing: %+v", s)
	}
	series := Series{Interval: 10, CPUs: List[SeriesCPU]{{Packets: []uint64{30, 0, 5, 5, 9}}, {Packets: []uint64{0, 10, 25, 5}}}}
	// Two at a time: 30 and 10 of 40, 10 and 30 of 40, and 9 of 9 are too few.
	if s := series.SpreadOver(20); s != (Spread{1.5, 1.5, 1.5, 200}) {
		t.Errorf("%+v", s)
	}
	if s := series.SpreadOver(10); s != (Spread{(2 + Fraction(50)/30) / 2, 2, 2, (2000 + 400) / 2}) { // the first and the third
		t.Errorf("%+v", s)
	}
}

// The lines of a comparison: windows of a series taken together, those with too few packets
// left out, all from even to the most of any.
func TestImbalanceLines(t *testing.T) {
	scenario := func(name string, interval int64, a, b []uint64) Scenario {
		return Scenario{Name: name, Compared: RSSMSIX, Modes: List[Mode]{{Mode: RSSMSIX, CPUs: List[CPU]{{}, {CPU: 1}},
			Series: Series{Interval: interval, CPUs: List[SeriesCPU]{{Packets: a}, {CPU: 1, Packets: b}}}}}}
	}
	c := &Compare{Scenarios: List[Scenario]{
		scenario("even", 10, []uint64{10, 20, 5}, []uint64{10, 20, 5}),
		scenario("one", 5, []uint64{30, 45, 0, 15, 1}, []uint64{10, 15, 0, 45}),
		scenario("none", 10, nil, nil),
	}}
	l := c.ImbalanceLines(3)
	if l.Most != 1.5 || l.Length != 30 || l.Column != 10 || len(l.Lines) != 3 {
		t.Fatalf("%+v", l)
	}
	for i, want := range [][]float64{{0, 0, -1}, {1, 1, -1}, {}} { // 75 of 100, 45 of 60, 1
		if got := l.Heights(&l.Lines[i]); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", l.Lines[i].Name, got, want)
		}
	}
	if got, want := l.Lines[1].Tip(), "one: imbalance 1.500 on average, at most 1.500"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if key := l.Key(); !strings.Contains(key, "a column is 10 ns;") {
		t.Errorf("columns that are alike: %q", key)
	}
	unlike := &Compare{Scenarios: List[Scenario]{scenario("fine", 10, []uint64{30, 30}, []uint64{10, 10}), scenario("coarse", 20, []uint64{30, 30}, []uint64{10, 10})}}
	if l := unlike.ImbalanceLines(100); !strings.Contains(l.Key(), "a column is 10 ns to 20 ns, by the scenario;") {
		t.Errorf("columns that differ: %q", l.Key())
	}
	// Of two captures, one may be so much longer that the other one is not seen.
	long := &Compare{Scenarios: List[Scenario]{scenario("short", 10, []uint64{30, 30}, []uint64{10, 10}), scenario("long", 1e9, []uint64{1, 1}, []uint64{1, 0})}}
	if l := long.ImbalanceLines(100); len(l.Lines) != 0 {
		t.Errorf("too short to be seen: %+v", l)
	}
	many := &Compare{}
	for range mostLines + 1 {
		many.Scenarios = append(many.Scenarios, c.Scenarios[1])
	}
	if l := many.ImbalanceLines(3); len(l.Lines) != mostLines || l.Height(0.5) != 0 || l.Height(2) != 1 {
		t.Errorf("of %d scenarios %d are drawn; %+v", mostLines+1, len(l.Lines), l)
	}
	c.Scenarios = c.Scenarios[2:]
	if l := c.ImbalanceLines(3); len(l.Lines) != 0 {
		t.Errorf("of nothing: %+v", l)
	}
	if l := (&Compare{}).ImbalanceLines(3); len(l.Lines) != 0 {
		t.Errorf("without scenarios: %+v", l)
	}
}

// Where no window has packets enough, that is said, and only what moved has a row.
func TestNoWindowIsJudged(t *testing.T) {
	o := ScenariosOverTime{TablesOverTime: TablesOverTime{Interval: 200e6}, Scenarios: List[ScenarioOverTime]{{}, {Moves: 3}}}
	rows := o.Rows([]string{"still", "moving"})
	if len(rows) != 1 || rows[0].Name != "moving" {
		t.Errorf("rows %+v", rows)
	}
	if key := o.Key(); !strings.Contains(key, "No window of 200 ms has the 10 packets for each CPU") {
		t.Errorf("%q", key)
	}
	o.Windows = 1
	if rows := o.Rows([]string{"still", "moving"}); len(rows) != 5 {
		t.Errorf("rows %+v", rows)
	}
	const why = "Scenarios with RPS"
	if key := o.Key(); strings.Contains(key, why) {
		t.Errorf("all scenarios have figures: %q", key)
	}
	o.Scenarios[0].Imbalance = SpreadOf(nil)
	if key := o.Key(); !strings.Contains(key, why) {
		t.Errorf("a scenario has none: %q", key)
	}
}

// What chance makes of traffic that does not change is what drawing it makes.
func TestChanceOfWindow(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 9))
	for _, cpus := range []int{2, 4, 8, 32} {
		for _, heavy := range []int{1, 2, 4} { // the load of the first CPU, the others' being 1
			var of []uint64
			var all []int // a CPU for each unit of load
			for cpu := range cpus {
				of = append(of, 1)
				all = append(all, cpu)
			}
			for of[0] = uint64(heavy); len(all) < cpus+heavy-1; {
				all = append(all, 0)
			}
			for _, each := range []int{10, 25, 400} {
				const draws = 400
				var mean float64
				for range draws {
					loads := make([]uint64, cpus)
					for range each * cpus {
						loads[all[random.IntN(len(all))]]++
					}
					mean += float64(MaxOverMean(loads)) / draws
				}
				if got := float64(ChanceOfWindow(uint64(each*cpus), of)); math.Abs(got-mean) > 0.1*(mean-1)+0.01 {
					t.Errorf("%d CPUs, one with %d times as much, %d packets each: %.3f, drawn %.3f", cpus, heavy, each, got, mean)
				}
			}
		}
	}
	if got := ChanceOfWindow(50, []uint64{0, 7, 0}); math.Abs(float64(got)-3) > 0.01 {
		t.Errorf("all on one of three CPUs: %v", got)
	}
}
