package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report/internal/words"
)

func TestRangesThatDiffer(t *testing.T) {
	for _, test := range []struct {
		was, is []int
		want    []string
	}{
		{[]int{0, 1, 0, 1}, []int{0, 1, 0, 1}, nil},
		{[]int{0, 0, 2, 2, 2, 0}, []int{0, 0, 3, 3, 3, 0}, []string{"2-4: queue 2 → 3"}},
		{[]int{0, 1, 0, 1}, []int{0, 0, 1, 1}, []string{"1: queue 1 → 0", "2: queue 0 → 1"}},
		{[]int{1, 0, 2, 0}, []int{0, 0, 0, 0}, []string{"0-2: to queue 0"}},
		{[]int{1, 2}, []int{2, 1}, []string{"0: queue 1 → 2", "1: queue 2 → 1"}},
	} {
		if diff := cmp.Diff(test.want, rangesThatDiffer(test.was, test.is)); diff != "" {
			t.Errorf("%v to %v (-want +got):\n%s", test.was, test.is, diff)
		}
	}
}

// What differs from the best by no more than noise is as good, in marks and in words.
func TestBestButForNoise(t *testing.T) {
	scenario := func(name string, busiest uint64) Scenario {
		m := Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: List[CPU]{{CPU: 0, Packets: busiest}, {CPU: 1, Packets: 2000 - busiest}}}
		m.Derive()
		return Scenario{Name: name, Compared: "rss-msix", Modes: List[Mode]{m}}
	}
	for _, test := range []struct {
		busiest [3]uint64
		marked  []bool
		want    string
	}{
		{[3]uint64{1145, 1125, 1600}, []bool{true, true, false}, "Of 3 scenarios “a” and “b” spread the packets best, and alike: the most loaded CPU has 1.12 times the mean."},
		{[3]uint64{1600, 1125, 1140}, []bool{false, true, true}, "Of 3 scenarios “b” and “c” spread the packets best, and alike: the most loaded CPU has 1.12 times the mean, and 1.60 times under “a”."},
		{[3]uint64{1145, 1100, 1600}, []bool{false, true, false}, "Of 3 scenarios “b” spreads the packets best: the most loaded CPU has 1.10 times the mean, and 1.15 times under “a”."},
		{[3]uint64{1100, 1145, 1600}, []bool{true, false, false}, "Of 3 scenarios the first, “a”, spreads the packets best: the most loaded CPU has 1.10 times the mean."},
		{[3]uint64{1125, 1130, 1130}, []bool{false, false, false}, "All 3 scenarios load their CPUs alike: the most loaded CPU has 1.12 times the mean."},
		{[3]uint64{1130, 1125, 1125}, []bool{false, false, false}, "All 3 scenarios load their CPUs alike: the most loaded CPU has 1.13 times the mean."},
	} {
		c := &Compare{}
		for i, n := range test.busiest {
			c.Scenarios = append(c.Scenarios, scenario(string(rune('a'+i)), n))
		}
		f := ImbalanceOfPackets
		if diff := cmp.Diff(test.marked, c.Marked(&f)); diff != "" {
			t.Errorf("%v: marked (-want +got):\n%s", test.busiest, diff)
		}
		if got := c.BestSentence(); got != test.want {
			t.Errorf("%v: %q, want %q", test.busiest, got, test.want)
		}
	}
}

// Of the scenario that spreads best it is said that it drops more than another one does.
func TestBestDrops(t *testing.T) {
	scenario := func(name string, drops uint64, packets ...uint64) Scenario {
		m := Mode{Mode: "rss-msix", Simulated: 1e9}
		for cpu, n := range packets {
			m.CPUs = append(m.CPUs, CPU{CPU: cpu, Packets: n})
		}
		m.Derive()
		m.Totals.Drops = drops
		return Scenario{Name: name, Compared: "rss-msix", Modes: List[Mode]{m}}
	}
	for _, test := range []struct {
		drops [2]uint64
		want  string
	}{
		{[2]uint64{0, 0}, ""},
		{[2]uint64{0, 500}, ""},
		{[2]uint64{19, 0}, ""},
		{[2]uint64{500, 0}, " But under “a” 500 packets are dropped, which load no CPU, and under “b” none."},
		{[2]uint64{500, 20}, " But under “a” 500 packets are dropped, which load no CPU, and under “b” 20."},
	} {
		c := &Compare{Capture: Capture{Packets: 2000, Received: 2000}, Scenarios: List[Scenario]{scenario("a", test.drops[0], 1100, 900), scenario("b", test.drops[1], 1500, 500)}}
		if got, want := c.BestSentence(), "Of 2 scenarios the first, “a”, spreads the packets best: the most loaded CPU has 1.10 times the mean."+test.want; got != want {
			t.Errorf("%v: %q, want %q", test.drops, got, want)
		}
	}
}

// Of several that drop as little the first is named.
func TestBestDropsFirst(t *testing.T) {
	c := &Compare{Capture: Capture{Packets: 2000, Received: 2000}}
	for i, drops := range []uint64{500, 0, 0} {
		m := Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: List[CPU]{{CPU: 0, Packets: uint64(1100 + 100*i)}, {CPU: 1, Packets: uint64(900 - 100*i)}}}
		m.Derive()
		m.Totals.Drops = drops
		c.Scenarios = append(c.Scenarios, Scenario{Name: string(rune('a' + i)), Compared: "rss-msix", Modes: List[Mode]{m}})
	}
	if got, want := c.BestSentence(), " But under “a” 500 packets are dropped, which load no CPU, and under “b” none."; !strings.HasSuffix(got, want) {
		t.Errorf("%q, want it to end in %q", got, want)
	}
}

// Of the best of several keys it is said that it is luck, where chance gives all these loads: not
// where the key is the same, a load is beyond chance, or what chance gives is not known.
func TestBestByLuckOfTheKey(t *testing.T) {
	scenario := func(name, key string, busiest uint64, chance ...Fraction) Scenario {
		m := Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: List[CPU]{{CPU: 0, Packets: busiest}, {CPU: 1, Packets: 2000 - busiest}}}
		if len(chance) == 2 {
			m.Imbalance.ChanceP5, m.Imbalance.ChanceP95 = &chance[0], &chance[1]
		}
		m.Derive()
		s := Scenario{Name: name, Compared: "rss-msix", Modes: List[Mode]{m}}
		if len(chance) == 2 {
			s.Trials = []float64{float64(chance[0]), float64(chance[1])} // any two keys lie within
		}
		if key != "" {
			s.Parameters = Parameters{{Name: "key", Value: key, Source: "--key"}}
		}
		return s
	}
	const luck = ", and with a random entry for each flow %s give 1.05 to 1.30 times the mean, 9 times in 10. That difference is luck, and lasts as long as these flows do."
	of := func(draws int) string {
		all := fmt.Sprintf("all %d", draws)
		if draws == 2 {
			all = "both"
		}
		return fmt.Sprintf(luck, all)
	}
	for name, test := range map[string]struct {
		scenarios []Scenario
		want      string
	}{
		"within chance":        {[]Scenario{scenario("a", "x", 1100, 1.05, 1.3), scenario("b", "y", 1250, 1.05, 1.3)}, " But the keys differ" + of(2)},
		"the last is best":     {[]Scenario{scenario("a", "x", 1250, 1.05, 1.3), scenario("b", "y", 1100, 1.05, 1.3)}, " But the keys differ" + of(2)},
		"three keys":           {[]Scenario{scenario("a", "x", 1100, 1.04, 1.31), scenario("b", "y", 1250, 1.05, 1.3), scenario("c", "z", 1200, 1.04, 1.31)}, " But the keys differ" + of(3)},
		"a table, too":         {[]Scenario{scenario("a", "x", 1100, 1.05, 1.3), scenario("b", "y", 1250, 1.05, 1.3), scenario("c", "x", 1200, 1.05, 1.3)}, " But “b” has another key" + of(2)},
		"two of four":          {[]Scenario{scenario("a", "x", 1100, 1.05, 1.3), scenario("b", "y", 1250, 1.05, 1.3), scenario("c", "z", 1200, 1.05, 1.3), scenario("d", "w", 1500, 1.05, 1.3)}, " But “b” and “c” have other keys" + of(4)},
		"one key":              {[]Scenario{scenario("a", "x", 1100, 1.05, 1.3), scenario("b", "x", 1250, 1.05, 1.3)}, ""},
		"no key":               {[]Scenario{scenario("a", "", 1100, 1.05, 1.3), scenario("b", "y", 1250, 1.05, 1.3)}, ""},
		"alike":                {[]Scenario{scenario("a", "x", 1200, 1.05, 1.3), scenario("b", "y", 1205, 1.05, 1.3)}, ""},
		"a bad key":            {[]Scenario{scenario("a", "x", 1100, 1.05, 1.3), scenario("b", "y", 1500, 1.05, 1.3)}, ""},
		"better than chance":   {[]Scenario{scenario("a", "x", 1010, 1.05, 1.3), scenario("b", "y", 1250, 1.05, 1.3)}, ""},
		"a lopsided table":     {[]Scenario{scenario("a", "x", 1100, 1.05, 1.3), scenario("b", "y", 1600, 1.5, 1.7)}, ""},
		"chance is not known":  {[]Scenario{scenario("a", "x", 1100), scenario("b", "y", 1250)}, ""},
		"or not of the better": {[]Scenario{scenario("a", "x", 1100), scenario("b", "y", 1250, 1.05, 1.3)}, ""},
	} {
		c := &Compare{Scenarios: test.scenarios}
		_, got, ok := strings.Cut(c.BestSentence(), " But ")
		if ok {
			got = " But " + got
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// The best of many keys is judged by what chance gives the best of as many, and transformations
// are drawn as keys are.
func TestBestOfManyByLuck(t *testing.T) {
	trials := make([]float64, 1001)
	for i := range trials {
		trials[i] = 1 + float64(i)/1000
	}
	from, to := Fraction(trials[50]), Fraction(trials[950])
	scenario := func(key, transform string, busiest uint64) Scenario {
		m := Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: List[CPU]{{CPU: 0, Packets: busiest}, {CPU: 1, Packets: 2000 - busiest}}}
		m.Imbalance.ChanceP5, m.Imbalance.ChanceP95 = &from, &to
		m.Derive()
		return Scenario{Name: key + transform, Compared: "rss-msix", Modes: List[Mode]{m}, Trials: trials,
			Parameters: Parameters{{Name: "key", Value: key, Source: "--key"}, {Name: "xfrm", Value: transform, Source: "--xfrm"}}}
	}
	best := scenario("best", "", 1010) // one key of 100 is as good
	keys := List[Scenario]{best}
	for i := range 15 {
		keys = append(keys, scenario(fmt.Sprint(i), "", 1500))
	}
	for _, test := range []struct {
		scenarios List[Scenario]
		want      string
	}{
		{keys, " But the keys differ, and with a random entry for each flow all 16 give 1.00 to 2.00 times the mean, 9 times in 10. That difference is luck, and lasts as long as these flows do."},
		{keys[:2], ""},
		{List[Scenario]{scenario("a", "none", 1100), scenario("a", "symmetric-xor", 1500)}, " But the transformations differ, and with a random entry for each flow both give 1.02 to 1.98 times the mean, 9 times in 10. That difference is luck, and lasts as long as these flows do."},
		{List[Scenario]{scenario("a", "none", 1100), scenario("b", "symmetric-xor", 1500)}, " But the hashes differ, and with a random entry for each flow both give 1.02 to 1.98 times the mean, 9 times in 10. That difference is luck, and lasts as long as these flows do."},
		{List[Scenario]{scenario("a", "none", 1100), scenario("a", "none", 1500)}, ""}, // another table
	} {
		c := &Compare{Scenarios: test.scenarios}
		if got := c.BestSentence(); test.want == "" && strings.Contains(got, "luck") || !strings.HasSuffix(got, test.want) {
			t.Errorf("%d scenarios: %q, want %q at its end", len(test.scenarios), got, test.want)
		}
	}
}

// Which of two tables suits some flows better is luck where both follow a rule and are as even: not
// where one may be made for these flows, or is less even.
func TestBestByLuckOfTheTable(t *testing.T) {
	scenario := func(name, key string, busiest uint64, table ...int) Scenario {
		from, to := Fraction(1.05), Fraction(1.3)
		m := Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: List[CPU]{{CPU: 0, Packets: busiest}, {CPU: 1, Packets: 2000 - busiest}}}
		m.Imbalance.ChanceP5, m.Imbalance.ChanceP95 = &from, &to
		m.Derive()
		return Scenario{Name: name, Compared: "rss-msix", Modes: List[Mode]{m}, Trials: []float64{1.05, 1.3},
			Table: TableReport{Size: len(table), Entries: table, QueueCPUs: List[int]{0, 1}}, Parameters: Parameters{{Name: "key", Value: key, Source: "--key"}}}
	}
	const luck = ", and with a random entry for each flow %s give 1.05 to 1.30 times the mean, 9 times in 10. That difference is luck, and lasts as long as these flows do."
	equal := scenario("equal", "x", 1100, 0, 1, 0, 1)
	for _, test := range []struct {
		scenarios []Scenario
		want      string // behind "But"
	}{
		{[]Scenario{equal, scenario("block", "x", 1250, 0, 0, 1, 1)}, "the tables differ" + fmt.Sprintf(luck, "both")},
		{[]Scenario{equal, scenario("size", "x", 1250, 0, 1, 0, 1, 0, 1, 0, 1)}, "the tables differ" + fmt.Sprintf(luck, "both")},
		{[]Scenario{equal, scenario("list", "x", 1250, 0, 1, 1, 0)}, ""},
		{[]Scenario{equal, scenario("less even", "x", 1250, 0, 1, 0)}, ""},
		{[]Scenario{equal, scenario("block", "x", 1500, 0, 0, 1, 1)}, ""}, // beyond chance
		{[]Scenario{equal, scenario("block", "x", 1250, 0, 0, 1, 1), scenario("list", "x", 1250, 0, 1, 1, 0)}, "“block” has another table" + fmt.Sprintf(luck, "both")},
		{[]Scenario{equal, scenario("block", "x", 1250, 0, 0, 1, 1), scenario("key", "y", 1250, 0, 1, 0, 1)}, "the hashes or tables differ" + fmt.Sprintf(luck, "all 3")},
	} {
		c := &Compare{Scenarios: test.scenarios}
		if _, got, _ := strings.Cut(c.BestSentence(), " But "); got != test.want {
			t.Errorf("%s and %s: %q, want %q", test.scenarios[0].Name, test.scenarios[1].Name, got, test.want)
		}
	}
}

// Where keys and drops both speak against the best, no two sentences begin with But.
func TestBestByLuckOfTheKeyDrops(t *testing.T) {
	scenario := func(name string, drops, busiest uint64) Scenario {
		from, to := Fraction(1.05), Fraction(1.3)
		m := Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: List[CPU]{{CPU: 0, Packets: busiest}, {CPU: 1, Packets: 2000 - busiest}}}
		m.Imbalance.ChanceP5, m.Imbalance.ChanceP95 = &from, &to
		m.Derive()
		m.Totals.Drops = drops
		return Scenario{Name: name, Compared: "rss-msix", Modes: List[Mode]{m}, Parameters: Parameters{{Name: "key", Value: name, Source: "--key"}}, Trials: []float64{1.05, 1.3}}
	}
	c := &Compare{Capture: Capture{Packets: 2000, Received: 2000}, Scenarios: List[Scenario]{scenario("a", 500, 1100), scenario("b", 0, 1250)}}
	const want = "the mean. But the keys differ, and with a random entry for each flow both give 1.05 to 1.30 times the mean, 9 times in 10. That difference is luck, and lasts as long as these flows do. " +
		"Besides, under “a” 500 packets are dropped, which load no CPU, and under “b” none."
	if got := c.BestSentence(); !strings.HasSuffix(got, want) {
		t.Errorf("%q, want %q at its end", got, want)
	}
}

// Of values that are printed alike none has a mark that another lacks, however far apart they
// are: 0.01% and 0.04% are both <0.1%.
func TestMarkedAsPrinted(t *testing.T) {
	c := &Compare{}
	for _, busy := range []Fraction{0.0001, 0.0004, 0.3} {
		m := Mode{Mode: "rss-msix", SerialUtilization: busy}
		c.Scenarios = append(c.Scenarios, Scenario{Name: fmt.Sprint(busy), Compared: "rss-msix", Modes: List[Mode]{m}})
	}
	f := Figure{Metric: "serial_utilization", Value: ofMode(func(m *Mode) Fraction { return m.SerialUtilization }), Text: words.Percent[Fraction]}
	if diff := cmp.Diff([]bool{true, true, false}, c.Marked(&f)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c.Scenarios = c.Scenarios[:2]
	if diff := cmp.Diff([]bool{false, false}, c.Marked(&f)); diff != "" {
		t.Errorf("without the third (-want +got):\n%s", diff)
	}
}

// spreading is a scenario in which the CPUs take so many packets.
func spreading(name string, packets ...uint64) Scenario {
	m := Mode{Mode: "rss-msix", Simulated: 1e9}
	for cpu, n := range packets {
		m.CPUs = append(m.CPUs, CPU{CPU: cpu, Packets: n})
	}
	m.Derive()
	return Scenario{Name: name, Compared: "rss-msix", Modes: List[Mode]{m}}
}

// A scenario in which rules drop all packets has no load that another could be better than.
func TestScenarioWithoutPackets(t *testing.T) {
	a, b, c, even := spreading("a", 0, 0), spreading("b", 0, 0), spreading("c", 0, 0), spreading("even", 1000, 1000)
	for want, scenarios := range map[string][]Scenario{
		"Under both scenarios no packet reaches a CPU.":  {a, b},
		"Under all 3 scenarios no packet reaches a CPU.": {a, b, c},
		"Of 2 scenarios “even” spreads the packets best: the most loaded CPU has 1.00 times the mean, and no packet reaches a CPU under “a”.":                      {a, even},
		"Of 2 scenarios the first, “even”, spreads the packets best: the most loaded CPU has 1.00 times the mean.":                                                 {even, a},
		"Of 3 scenarios “even” and “even” spread the packets best, and alike: the most loaded CPU has 1.00 times the mean, and no packet reaches a CPU under “a”.": {a, even, even},
	} {
		c := &Compare{Capture: Capture{Packets: 2000, Received: 2000}, Scenarios: scenarios}
		if got := c.BestSentence(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The head of a column has the number of a scenario whose name is long, and what of it tells it from
// others. A name may be as long as a command line.
func TestScenarioHeads(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	got := ScenarioHeads([]Scenario{{Name: "equal"}, {Name: "list:0,1,2,3,4,5,6,7"}, {Name: "/tmp/rss/before.txt"}, {Name: long}, {Name: "/" + long + "b"}})
	if want := []string{"equal", "#2 list:0,1,2,3…", "#3 …s/before.txt", "#4 éééééééééééé…", "#5 …éééééééééééb"}; !slices.Equal(got, want) {
		t.Errorf("the heads are %q, want %q", got, want)
	}
}

// Reports of different numbers of CPUs are told the load of the busiest one, and not which is more
// even: beside its own mean that may be the other.
func TestDiffOfOtherCPUs(t *testing.T) {
	four, two := spreading("four", 500, 200, 200, 100), spreading("two", 600, 400)
	for _, test := range []struct {
		scenarios []Scenario
		want      string
	}{
		{[]Scenario{four, two}, "The most loaded CPU has more: 60.0% of the packets under “two”, and had 50.0% under “four”."},
		{[]Scenario{two, four}, "The most loaded CPU has less: 50.0% of the packets under “four”, and had 60.0% under “two”."},
		{[]Scenario{two, spreading("same", 800, 200)}, "The load is less even: the most loaded CPU has 1.60 times the mean under “same”, and had 1.20 times under “two”."},
	} {
		c := &Compare{Capture: Capture{Packets: 1000, Received: 1000}, Scenarios: test.scenarios, Diff: &Diff{}}
		if got := c.comparedLoads().ofReports(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// Two shares of the time that look the same are not compared in words.
func TestSerialSentence(t *testing.T) {
	for _, test := range []struct {
		serial, busiest Fraction
		want            string
	}{
		{0.4, 0.1, "its DPC ends: together they are busy 40.0% of the time where none is above 10.0%, so that"},
		{0.002, 0.0001, "its DPC ends: together they are busy 0.2% of the time where none reaches 0.1%, so that"},
		{0.0004, 0.0001, "its DPC ends, so that"}, // both are <0.1%
		{0.1, 0.2, ""},
	} {
		m := Mode{Mode: NonRSS, CPUs: List[CPU]{{CPU: 0, Utilization: test.busiest}, {CPU: 1}}, SerialUtilization: test.serial}
		if said := SerialSentence([]Mode{m}); !strings.Contains(said, test.want) || (said == "") != (test.want == "") {
			t.Errorf("%v, %v: %q", test.serial, test.busiest, said)
		}
	}
}
