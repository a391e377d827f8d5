package report

import (
	"bufio"
	"io"
	"slices"
)

// SuggestSchema names the version of the JSON that suggests other ways to steer.
const SuggestSchema = "rssreplay/suggest/v1"

// Suggest is what would spread the load of a capture better, found on one part of
// it and judged on the rest.
type Suggest struct {
	Words
	Tool       Tool
	Command    List[string]
	Capture    Capture    // all of it, under the present steering
	Parameters Parameters // of the present
	Objective  string     // what is to be even: "packets", "bytes" or "busy"
	Mode       string     // the mode that was replayed
	Training   Part       // that the suggestions were found on
	Rest       *Part      // that they are judged on; null when they were found on all
	Present    Placement
	Bound      Bound
	// Suggestions are the best first, as judged; those with a goal of their own,
	// whatever that costs, come last.
	Suggestions List[Suggestion]
	Declined    List[Declined]  // what was looked at and is no improvement
	TableSizes  List[TableSize] // the effect of the table's size, by size
	Keys        *KeyTrials      // null when none were asked for
	// Anonymized is what was done to addresses; nil, and not in the JSON, when they
	// are the capture's.
	Anonymized *Anonymized

	Notes   []string // the text's first lines
	Caveats []string
}

// Part is a part of the capture: the packets from Start to before End.
type Part struct {
	Start    int64  `json:"start_ns"` // after the capture's first packet
	End      *int64 `json:"end_ns"`   // null: to the end
	Received uint64 `json:"received"`
}

// Figures are what a replay of a part of the capture showed.
type Figures struct {
	Imbalance            Imbalance `json:"imbalance"`
	Packets              uint64    `json:"packets"` // indicated
	Drops                uint64    `json:"drops"`
	LatencyP99           *int64    `json:"latency_p99_ns"` // of the slowest CPU; null without packets
	Connections          uint64    `json:"connections"`    // both directions received
	SymmetricConnections uint64    `json:"symmetric_connections"`
}

// FiguresOf takes them from a replayed mode, which Derive has completed.
func FiguresOf(m *Mode) Figures {
	return Figures{
		Imbalance: m.Imbalance, Packets: m.Totals.Packets, Drops: m.Totals.Drops,
		LatencyP99:  greatest(m, func(c *CPU) *int64 { return c.Latency.P99 }),
		Connections: m.Affinity.Connections, SymmetricConnections: m.Affinity.SymmetricConnections,
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

// Placement is one way to steer, as replays showed it.
type Placement struct {
	Figures          // on the rest, or on the training part where that is all
	Training Figures `json:"training"`
}

// Bound is what no table gets below, in imbalances of the objective on the
// training part.
type Bound struct {
	Imbalance      Fraction `json:"imbalance"`          // of any table of this size under this hash
	Entry          int      `json:"entry"`              // the heaviest entry
	EntryImbalance Fraction `json:"entry_imbalance"`    // of a CPU that has nothing but that
	Unhashed       Fraction `json:"unhashed_imbalance"` // of a CPU that has nothing but the packets without a hash
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
	Predicted    Figures      `json:"predicted"`  // on the rest, or on the training part where that is all
	Training     Figures      `json:"training"`
	EntriesMoved *int         `json:"entries_moved"` // to another CPU; null where the hash differs, or the table's size
	FlowsMoved   uint64       `json:"flows_moved"`   // of the whole capture, with all or some packets
	PacketsMoved uint64       `json:"packets_moved"`
	Commands     List[string] `json:"commands"` // empty where no stock tool can set it
	Note         string       `json:"note"`     // what it costs, what the commands need, or why there are none, and dangers
}

// Declined is a way to steer that is no improvement.
type Declined struct {
	ID      string `json:"id"`
	Summary string `json:"summary"` // what was looked at, and why it is left out
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

// Sort puts the suggestions into their order: those for balance by the imbalance
// judged, of equals the one with fewer packets moved; then the others.
func (s *Suggest) Sort() {
	slices.SortStableFunc(s.Suggestions, func(a, b Suggestion) int {
		if one, other := a.Goal == GoalBalance, b.Goal == GoalBalance; one != other {
			if one {
				return -1
			}
			return 1
		}
		x, y := a.Predicted.Of(s.Objective), b.Predicted.Of(s.Objective)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		case a.PacketsMoved < b.PacketsMoved:
			return -1
		case a.PacketsMoved > b.PacketsMoved:
			return 1
		}
		return 0
	})
}

// WriteSuggestJSON writes s by the contract rssreplay/suggest/v1, laid out as
// WriteJSON does it; errors are those of w.
func WriteSuggestJSON(w io.Writer, s *Suggest) error {
	j := jsonWriter{w: bufio.NewWriterSize(w, 1<<16)}
	j.begin(SuggestSchema, &s.Words)
	j.member("tool", s.Tool)
	j.member("command", s.Command)
	j.member("capture", s.Capture)
	j.member("parameters", s.Parameters)
	j.member("objective", s.Objective)
	j.member("mode", s.Mode)
	j.member("training", s.Training)
	j.member("rest", s.Rest)
	j.member("present", s.Present)
	j.member("bound", s.Bound)
	j.key("suggestions")
	j.w.WriteByte('[')
	for i := range s.Suggestions {
		j.element(i)
		j.value(&s.Suggestions[i], "suggestion", 2)
	}
	j.endArray(len(s.Suggestions))
	j.member("declined", s.Declined)
	j.member("table_sizes", s.TableSizes)
	j.member("keys", s.Keys)
	j.anonymized(s.Anonymized)
	j.w.WriteString("\n}\n")
	if j.err != nil {
		return j.err
	}
	return j.w.Flush()
}
