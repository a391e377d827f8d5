package report

import (
	"bufio"
	"io"
	"slices"
)

// CompareSchema names the version of the JSON that compares scenarios.
const CompareSchema = "rssreplay/compare/v1"

// Compare is several scenarios over one capture, in the order given: all are
// compared with the first.
type Compare struct {
	Head
	// Capture has the hash types and the reasons for none of the first scenario;
	// the others' may differ.
	Capture   Capture
	Scenarios List[Scenario]
	// Anonymized is what was done to addresses; nil, and not in the JSON, when they
	// are the capture's.
	Anonymized *Anonymized

	OverTime *ScenariosOverTime // nil, and not in the JSON, where no scenario moves entries

	Diff *Diff // of `diff`: what else the two reports differ in; nil otherwise

	Notes   []string // the text's first lines
	Caveats []string
}

// Scenario is what one way to steer and dispatch made of the capture.
type Scenario struct {
	Name       string     `json:"name"`
	Report     *string    `json:"report"`   // the file of an earlier report that this is; null when it was replayed
	Compared   string     `json:"compared"` // the mode that is compared: see ComparedMode
	Parameters Parameters `json:"parameters"`
	Unhashed   Counts     `json:"unhashed"`
	HashTypes  Counts     `json:"hash_types"`
	// FlowsMoved counts the flows with another main CPU than in the first
	// scenario, PacketsMoved their received packets. The main CPU has most of the
	// flow's packets in the compared mode, the lowest of equals. null when an
	// earlier report does not list all flows.
	FlowsMoved   *uint64       `json:"flows_moved"`
	PacketsMoved *uint64       `json:"packets_moved"`
	Rules        List[Rule]    `json:"rules,omitempty"`       // as in a report
	Contexts     List[Context] `json:"contexts,omitempty"`    // likewise
	RuleDrops    *uint64       `json:"rule_drops,omitempty"`  // likewise; nil without rules
	Unpredicted  bool          `json:"unpredicted,omitempty"` // likewise
	Table        TableReport   `json:"table"`
	Changes      *Changes      `json:"changes,omitempty"` // nil, and not in the JSON, where table and affinity stay as given
	Modes        List[Mode]    `json:"modes"`
	// Anonymized is what was done to the earlier report that this is; nil, and not in
	// the JSON, when nothing was.
	Anonymized *Anonymized `json:"anonymized,omitempty"`
	// Trials are the imbalances of packets, in rising order, of the flows on random entries of the
	// table; nil where that is not known.
	Trials []float64 `json:"-"`
}

// ComparedMode is the index of the mode whose figures are compared: the first
// with RSS, or the first; -1 without any.
func ComparedMode(modes []Mode) int {
	if len(modes) == 0 {
		return -1
	}
	return max(0, slices.IndexFunc(modes, func(m Mode) bool { return m.Mode != NonRSS }))
}

// Mode is the compared mode: no scenario is without.
func (s *Scenario) Mode() *Mode { return s.ModeNamed(s.Compared) }

// ModeNamed is the mode of that name, nil without one.
func (s *Scenario) ModeNamed(name string) *Mode {
	return find(s.Modes, func(m *Mode) bool { return m.Mode == name })
}

// Best is, per metric, the scenario with the least value, the first of equals.
// The first scenario does not count for flows_moved, where it is 0 by definition.
type Best []BestOf

// BestOf is the best scenario of one metric.
type BestOf struct {
	Metric   string
	Scenario *string // its name; null where the metric has no value
}

// MarshalJSON writes the object by metric, in order.
func (b Best) MarshalJSON() ([]byte, error) {
	return marshalMembers(len(b), func(i int) (string, any) { return b[i].Metric, b[i].Scenario })
}

// Best finds the best scenarios.
func (c *Compare) Best() Best {
	var best Best
	for _, figure := range ComparedFigures(c.Scenarios) {
		if figure.Metric == "" {
			continue
		}
		of := BestOf{Metric: figure.Metric}
		if i := figure.best(c.Scenarios); i >= 0 {
			of.Scenario = &c.Scenarios[i].Name
		}
		best = append(best, of)
	}
	return best
}

// ComparedFigures are all figures in which these scenarios are compared, in the order of
// the text.
func ComparedFigures(scenarios []Scenario) []Figure {
	moved := func(value func(s *Scenario) *uint64) func(*Scenario, *Mode) Fraction {
		return func(s *Scenario, _ *Mode) Fraction {
			if s == nil {
				return Null
			}
			return FractionOf(value(s))
		}
	}
	var first []Figure
	if slices.ContainsFunc(scenarios, func(s Scenario) bool { return HasHeadroom(s.Modes) }) {
		first = headroomFigures(&scenarios[0])
	}
	var modes []Mode
	for i := range scenarios {
		modes = append(modes, *scenarios[i].Mode())
	}
	first = append(append(append(first, serialFigures()...), ruleFigures(scenarios)...), steeringFigures(modes)...)
	return append(first, ImbalanceOfPackets, imbalanceOfBytes, imbalanceOfBusy, imbalanceOfBusiest, peakImbalance, mostLoaded, MostLoadedShare, busiestCPU,
		dropped, interrupts, perDPC, latencyP50, latencyP99, latencyMax,
		figure("flows_moved", "flows moved to another CPU", moved(func(s *Scenario) *uint64 { return s.FlowsMoved }), integerText, spread),
		figure("", "  their packets", moved(func(s *Scenario) *uint64 { return s.PacketsMoved }), integerText, spread))
}

// ruleFigures are what rules took before the table was asked.
func ruleFigures(scenarios []Scenario) []Figure {
	if !slices.ContainsFunc(scenarios, func(s Scenario) bool { return s.RuleDrops != nil }) {
		return nil
	}
	return []Figure{
		figure("", "packets that rules took", func(s *Scenario, _ *Mode) Fraction {
			if s == nil || s.RuleDrops == nil {
				return Null
			}
			var packets uint64
			for i := range s.Rules {
				if s.Rules[i].Overrides() {
					packets += s.Rules[i].Packets
				}
			}
			return Fraction(packets)
		}, integerText),
		figure("", "  dropped by rules", func(s *Scenario, _ *Mode) Fraction {
			if s == nil {
				return Null
			}
			return FractionOf(s.RuleDrops)
		}, integerText),
	}
}

// SameCPUs tells whether the scenarios use as many CPUs, so that times the mean is the
// same of all.
func SameCPUs(scenarios []Scenario) bool {
	return !slices.ContainsFunc(scenarios, func(s Scenario) bool { return s.NumCPUs() != scenarios[0].NumCPUs() })
}

// Of is the figure of a scenario.
func (f *Figure) Of(s *Scenario) Fraction { return f.Value(s, s.Mode()) }

// best is the index of the best scenario; -1 without one.
func (f *Figure) best(scenarios []Scenario) int {
	best, least := -1, Null
	for i := range scenarios {
		if i == 0 && f.Metric == "flows_moved" {
			continue
		}
		if v := f.Of(&scenarios[i]); !v.IsNull() && (best < 0 || v < least) {
			best, least = i, v
		}
	}
	return best
}

// WriteCompareJSON writes c in the schema rssreplay/compare/v1, laid out as
// WriteJSON does it; errors are those of w.
func WriteCompareJSON(w io.Writer, c *Compare) error {
	j := jsonWriter{w: bufio.NewWriterSize(w, 1<<16)}
	j.begin(CompareSchema, &c.Head)
	j.member("capture", c.Capture)
	writeArray(&j, "scenarios", c.Scenarios, "scenario")
	j.member("best", c.Best())
	optional(&j, "over_time", c.OverTime)
	if c.Diff != nil {
		j.member("diff", c.diffDocument())
	}
	j.said(c.Notes, CaveatsOf(&c.Capture, c.CommonParameters(), c.Caveats))
	optional(&j, "anonymized", c.Anonymized)
	return j.finish()
}
