package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"rssreplay/report/internal/words"
)

// suggestSchema names the version of the JSON that suggests other ways to steer.
const suggestSchema = "rssreplay/suggest/v1"

// Suggest is what would spread the load of a capture better, found on all of it.
// Whether that lasts was judged with tables that were found on parts of it, on others.
type Suggest struct {
	Head
	Capture    Capture    `json:"capture"`    // all of it, under the present steering
	Parameters Parameters `json:"parameters"` // of the present
	Objective  string     `json:"objective"`  // what is to be even: "packets", "bytes" or "busy"
	Mode       string     `json:"mode"`       // the mode that was replayed
	Judging    Judging    `json:"judging"`
	Present    Placement  `json:"present"`
	Bound      Bound      `json:"bound"`
	Moving     *Moving    `json:"moving,omitempty"` // tables that follow the load; nil where too few windows have packets to tell, or it is not packets that are to be even
	// Suggestions are in the order of Sort: the first for balance is the recommendation.
	Suggestions List[Suggestion] `json:"suggestions"`
	Curve       List[CurvePoint] `json:"moves_curve"` // what more moves of single entries bring
	Declined    List[Declined]   `json:"declined"`    // what was looked at and is no improvement
	TableSizes  List[TableSize]  `json:"table_sizes"` // the effect of the table's size, by size
	Keys        *KeyTrials       `json:"keys"`        // null when none were asked for

	// Anonymized is what was done to addresses; nil, and not in the JSON, when they
	// are the capture's.
	Anonymized *Anonymized `json:"-"` // as ending has it

	NoTable string      `json:"-"` // why no table can be set on the interface; "" where one can, as far as is known; a note in the JSON
	Table   TableReport `json:"-"` // the present one, for the page
	CPUs    int         `json:"-"` // in use

	Notes   []string `json:"-"` // the text's first lines
	Caveats []string `json:"-"`
}

// Judging says on what suggestions were judged.
type Judging struct {
	Folds      int      `json:"folds"`       // of equal numbers of packets, in their order in time
	Packets    uint64   `json:"packets"`     // received, that no rule drops
	FlowsLeast uint64   `json:"flows_least"` // in the fold with the fewest
	Span       int64    `json:"span_ns"`     // what is judged speaks for so long
	Known      Fraction `json:"known_share"` // of the packets of the first and the last quarter, whose flows are in both, or hash like one that is; null where tables are not judged
	Present    Fraction `json:"present"`     // mean imbalance of the folds under the present table; null where they are not judged
	TooShort   string   `json:"too_short"`   // why tables can't be judged; "" where they are
}

// Figures are what a replay of the whole capture showed.
type Figures struct {
	Imbalance            Imbalance `json:"imbalance"`
	BusyWindows          Fraction  `json:"busy_windows_imbalance"` // of packets, in the windows with the most that have a tenth of all: their mean
	Packets              uint64    `json:"packets"`                // indicated
	Drops                uint64    `json:"drops"`
	LatencyP99           *int64    `json:"latency_p99_ns"` // of the slowest CPU; null without packets
	Connections          uint64    `json:"connections"`    // both directions received
	SymmetricConnections uint64    `json:"symmetric_connections"`

	Headroom *Headroom `json:"headroom,omitempty"` // nil, and not in the JSON, without --headroom
}

// FiguresOf takes them from a replayed mode, which Derive has completed.
func FiguresOf(m *Mode) Figures {
	return Figures{
		Imbalance: m.Imbalance, BusyWindows: busyWindows(m.Series), Packets: m.Totals.Packets, Drops: m.Overflows(),
		LatencyP99:  Greatest(m, func(c *CPU) *int64 { return c.Latency.P99 }),
		Connections: m.Affinity.Connections, SymmetricConnections: m.Affinity.SymmetricConnections,
		Headroom: m.Headroom,
	}
}

// Of is the imbalance of the objective.
func (f *Figures) Of(objective string) Fraction {
	switch objective {
	case "bytes":
		return f.Imbalance.Bytes
	case "busy":
		return f.Imbalance.Busy
	}
	return f.Imbalance.Packets
}

// Placement is the present way to steer.
type Placement struct {
	Figures
	Even Fraction `json:"even_imbalance"` // that its table makes if each entry had the same of what has a hash
}

// Bound is what no table gets below, in imbalances of the objective on the
// whole capture.
type Bound struct {
	Imbalance      Fraction `json:"imbalance"`          // of any table of this size under this hash
	Entry          int      `json:"entry"`              // the heaviest entry
	EntryImbalance Fraction `json:"entry_imbalance"`    // of a CPU that has nothing but that
	Unhashed       Fraction `json:"unhashed_imbalance"` // of a CPU that has nothing but what no entry moves: packets without a hash, and those of rules
	Ruled          Fraction `json:"ruled_imbalance"`    // of a CPU that has nothing but what rules lead there; 0: they lead nothing anywhere
	FlowImbalance  Fraction `json:"flow_imbalance"`     // of a CPU that has nothing but the largest flow of the whole capture
	LargestFlow    *Flow    `json:"-"`                  // that flow, for the text; nil without flows
}

// Goals of a suggestion.
const (
	GoalBalance  = "balance"  // a lower imbalance
	GoalSymmetry = "symmetry" // both directions of connections on one CPU
	GoalOrder    = "order"    // fragments on the CPU of their flow
)

// Suggestion is another way to steer, and how to set it.
type Suggestion struct {
	ID           string       `json:"id"`
	Goal         string       `json:"goal"`
	Summary      string       `json:"summary"`
	Parameters   Parameters   `json:"parameters"` // those that differ from the present
	Predicted    Figures      `json:"predicted"`
	Even         Fraction     `json:"even_imbalance"` // that its table makes if each entry had the same of what has a hash
	Gate         *Gate        `json:"gate"`           // of tables; null where they could not be judged
	Median       *KeyMedian   `json:"median"`         // of keys and fields; null for tables
	EntriesMoved *int         `json:"entries_moved"`  // to another CPU; null where the hash differs
	Moves        List[Move]   `json:"moves"`          // these, of few-moves, the heaviest first
	FlowsMoved   uint64       `json:"flows_moved"`    // with all or some packets
	PacketsMoved uint64       `json:"packets_moved"`
	Commands     List[string] `json:"commands"` // empty where no stock tool can set it
	Needs        string       `json:"needs"`    // by the commands beyond a stock ethtool, "Linux 6.17"; "" for nothing
	Danger       bool         `json:"danger"`   // what Note tells first may do harm
	Note         string       `json:"note"`     // what it costs, what the commands do, or why there are none, and dangers
}

// Gate is whether a way to find tables finds what lasts: gains are the share of the
// present imbalance that is saved, on packets that the table was not found on.
type Gate struct {
	Passed  bool     `json:"passed"`
	FoldT   Fraction `json:"fold_t"`       // the folds' mean gain over its standard error
	Forward Fraction `json:"gain_forward"` // found on the first quarter, judged on the last
	Back    Fraction `json:"gain_back"`    // the reverse
	Trained Fraction `json:"trained"`      // mean imbalance of the folds that tables were found on
	Judged  Fraction `json:"judged"`       // of the folds that they were judged on
	Present Fraction `json:"present"`      // of these under the present table
}

// mostFoldT bounds FoldT, which is infinite of folds that do not differ at all.
const mostFoldT = 999

// FoldTOf is a mean gain over its standard error as a Gate tells it.
func FoldTOf(t float64) Fraction { return Fraction(max(-mostFoldT, min(t, mostFoldT))) }

// FoldTText is the folds' mean gain over its standard error.
func (g *Gate) FoldTText() string {
	if g.FoldT >= mostFoldT {
		return fmt.Sprintf("%d or more", mostFoldT)
	}
	return words.Fixed(g.FoldT, 1)
}

// Reason says why the gate is not passed, of which the least gain and fold t are known
// and the share of packets of flows that lasted.
func (g *Gate) Reason(leastGain, leastFoldT float64, known Fraction) string {
	what := fmt.Sprintf("on packets that it was not found on it has %s, and the present table %s", words.Fixed(g.Judged, 3), words.Fixed(g.Present, 3))
	switch {
	case g.Judged >= g.Present:
		return fmt.Sprintf("It would not last: %s.", what)
	case float64(g.Forward) < leastGain || float64(g.Back) < leastGain:
		return fmt.Sprintf("It might not last: found on the first quarter it saves %s on the last, and the reverse %s; at least %s both ways are needed.",
			words.Percent(g.Forward), words.Percent(g.Back), words.Percent(Fraction(leastGain)))
	case !(float64(g.FoldT) > leastFoldT):
		return fmt.Sprintf("It may be chance: %s, but the mean gain is only %s × its standard error, and more than %g × is needed.", what, words.Fixed(g.FoldT, 1), leastFoldT)
	}
	return fmt.Sprintf("It might not last: of the first and the last quarter's packets only %s are of flows that are in both, or hash like one.", words.Percent(known))
}

// KeyMedian is the imbalance of the median of random keys, before and after.
type KeyMedian struct {
	Keys      int      `json:"keys"`
	Present   Fraction `json:"present"` // under the present key alone where the key is what changes
	Suggested Fraction `json:"suggested"`
}

// Move is an entry that goes from one queue to another, and what it carried.
type Move struct {
	Entry   int    `json:"entry"`
	From    int    `json:"from"`
	To      int    `json:"to"`
	Flows   uint64 `json:"flows"`
	Packets uint64 `json:"packets"`

	Largest *Flow `json:"-"` // of its flows, for the page; nil where it is not looked up
}

// CurvePoint is the best table found with at most so many entries moved.
type CurvePoint struct {
	Moves   int      `json:"moves"`
	Trained Fraction `json:"trained"` // as in Gate; null where nothing was judged
	Judged  Fraction `json:"judged"`
	Whole   Fraction `json:"whole"` // imbalance of the table found on the whole capture, there
	Passed  bool     `json:"passed"`
	Flows   uint64   `json:"flows"` // of its moved entries
}

// Declined is a way to steer that is not suggested.
type Declined struct {
	ID      string `json:"id"`
	Summary string `json:"summary"` // what was looked at, and why it is left out
	Gate    *Gate  `json:"gate"`    // null where something else is the reason
}

// TableSize is the effect of one table size: imbalances of the objective on the
// whole capture, computed from its flows.
type TableSize struct {
	Size    int      `json:"size"`
	Now     Fraction `json:"imbalance"` // of the present layout; null where that is no rule
	Bound   Fraction `json:"bound"`
	Best    Fraction `json:"best"` // of the best table found for the whole capture
	Present bool     `json:"present"`
}

// Recommended is the suggestion to try first; nil if there is none for balance.
func (s *Suggest) Recommended() *Suggestion {
	if len(s.Suggestions) == 0 || s.Suggestions[0].Goal != GoalBalance {
		return nil
	}
	return &s.Suggestions[0]
}

// expected is the imbalance that a suggestion has where it was judged, or the median
// over keys, or that of the capture where neither is known: what suggestions are
// compared by.
func (s *Suggestion) expected(objective string) Fraction {
	switch {
	case s.Gate != nil:
		return s.Gate.Judged
	case s.Median != nil:
		return s.Median.Suggested
	}
	return s.Predicted.Of(objective)
}

// rank is the place of a suggestion by what it takes to set it: a stock tool, a newer
// kernel, or what no stock tool does or may do harm. Those with another goal come last.
func (s *Suggestion) rank() int {
	switch {
	case s.Goal != GoalBalance:
		return 3
	case len(s.Commands) == 0 || s.Danger:
		return 2
	case s.Needs != "":
		return 1
	}
	return 0
}

// alike is how much greater an imbalance may be and count as equal.
const alike = 1.01

// Sort puts the suggestions into their order: those for balance by what it takes to
// set them, then by the imbalance to expect, where within 1 % the one that moves fewer
// packets comes first; then the others.
func (s *Suggest) Sort() {
	slices.SortStableFunc(s.Suggestions, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.expected(s.Objective), b.expected(s.Objective)), cmp.Compare(a.PacketsMoved, b.PacketsMoved))
	})
	// Within 1 % is no order by itself: each run is of those near its best.
	for from := 0; from < len(s.Suggestions) && s.Suggestions[from].Goal == GoalBalance; {
		first := &s.Suggestions[from]
		to := from + 1
		for to < len(s.Suggestions) && s.Suggestions[to].rank() == first.rank() && s.Suggestions[to].expected(s.Objective) <= alike*first.expected(s.Objective) {
			to++
		}
		slices.SortStableFunc(s.Suggestions[from:to], func(a, b Suggestion) int { return cmp.Compare(a.PacketsMoved, b.PacketsMoved) })
		from = to
	}
}

// WriteSuggestJSON writes s in the schema rssreplay/suggest/v1, laid out as
// WriteJSON does it; errors are those of w.
func WriteSuggestJSON(w io.Writer, s *Suggest) error {
	notes := s.Notes
	if s.NoTable != "" {
		notes = append(slices.Clone(notes), s.NoTable)
	}
	return writeDocument(w, struct {
		Schema string `json:"schema"`
		*Suggest
		ending
	}{suggestSchema, s, ending{notes, CaveatsOf(&s.Capture, s.Parameters, s.Caveats), s.Anonymized}})
}

// FoundTable is a table that was found for the capture, and what became of such tables on
// eighths of it that they were not found on.
type FoundTable struct {
	ID        string   // of the way to find it, as suggest names it: "entries", "weight", "equal"
	Layout    string   // as --layout takes it
	Imbalance Fraction // of the packets of the whole capture
	Better    bool     // than the present table, and it leaves no CPU without packets that has some now
	// Judged is the mean imbalance of the eighths, each under a table found on others that do
	// not touch it, and Present that under the present table; Null where it can't be judged.
	Judged, Present Fraction
	Lasts           bool // what is found holds on what it was not found on
}

// Sentence says what speaks for and against the table.
func (f *FoundTable) Sentence() string {
	s := fmt.Sprintf("Found on all packets of this capture, and on these it has %s ×.", words.Fixed(f.Imbalance, 3))
	if f.ID != "equal" {
		s += " It fits one key."
	}
	if f.Judged.IsNull() {
		return s + " Whether it would last can't be judged: the capture is too short."
	}
	return s + " " + f.OnOthers(3)
}

// OnOthers says what became of such tables on packets that they were not found on, where that
// was judged; decimals are those of its numbers.
func (f *FoundTable) OnOthers(decimals int) string {
	s := fmt.Sprintf("On eighths of the capture, such a table found on others has %s ×, and the present one %s ×", words.Fixed(f.Judged, decimals), words.Fixed(f.Present, decimals))
	switch {
	case f.Lasts:
		return s + "."
	case f.Judged >= f.Present:
		return s + ": it would not last."
	}
	return s + ": too little to say that it lasts."
}
