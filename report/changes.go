package report

import (
	"fmt"

	"rssreplay/report/internal/words"
)

// Changes are the tables and affinities that were given while packets arrived, and what
// their moves disturbed.
type Changes struct {
	Tables     List[TableChange]    `json:"tables"`     // by time
	Affinities List[AffinityChange] `json:"affinities"` // by time
	Moved
}

// Moved is what moves of the table's entries disturbed.
type Moved struct {
	Moves   uint64 `json:"moves"`         // entries that got another queue, each time it happened
	Flows   uint64 `json:"flows_moved"`   // with a packet, at any time, that took an entry that was ever moved
	Packets uint64 `json:"packets_moved"` // received ones of these flows
}

// TableChange is a table from a time on.
type TableChange struct {
	Time   int64           `json:"time_ns"` // after the first packet
	Source string          `json:"source"`  // as it was given: TIME=FILE
	Moves  List[EntryMove] `json:"moves"`   // by entry, from the table before
}

// AffinityChange is the CPU of each queue from a time on.
type AffinityChange struct {
	Time   int64           `json:"time_ns"`
	Source string          `json:"source"`
	Moves  List[QueueMove] `json:"moves"` // by queue, from the affinity before
}

// EntryMove is an entry that goes from one queue to another.
type EntryMove struct {
	Entry int `json:"entry"`
	From  int `json:"from"`
	To    int `json:"to"`
}

// QueueMove is a queue whose interrupt goes from one CPU to another.
type QueueMove struct {
	Queue int `json:"queue"`
	From  int `json:"from"`
	To    int `json:"to"`
}

// Rebalance is what a rebalancer did in a mode.
type Rebalance struct {
	Ticks uint64 `json:"ticks"`
	Moved
	// MinMaxPercent is the mean, over the windows from tick to tick that have packets, of
	// (max − min) ÷ min × 100 of the packets indicated on each CPU; each counts at most
	// 2000. null where there is no window.
	MinMaxPercent Fraction            `json:"min_max_percent_mean"`
	Windows       uint64              `json:"windows"`
	Steps         List[RebalanceStep] `json:"steps"` // every tick
}

// RebalanceStep is one tick.
type RebalanceStep struct {
	Time  int64           `json:"time_ns"`
	Left  Fraction        `json:"imbalance_left"` // sum of |load − mean load| over the CPUs with a queue, if the moved entries keep their load
	Moves List[EntryMove] `json:"moves"`          // by entry
}

// ReplayedSpan is the time from the first packet to the last as they were replayed, in ns.
func (r *Report) ReplayedSpan() int64 {
	if r.Span != 0 {
		return r.Span
	}
	return r.Capture.Duration
}

// Moves tells whether an entry or a queue was moved while packets arrived.
func (r *Report) Moves() bool { return moves(r.Changes, r.Modes) }

// Moves tells whether an entry or a queue was moved while packets arrived.
func (s *Scenario) Moves() bool { return moves(s.Changes, s.Modes) }

func moves(changes *Changes, modes []Mode) bool {
	if changes != nil {
		if changes.Moves > 0 {
			return true
		}
		for _, at := range changes.Affinities {
			if len(at.Moves) > 0 {
				return true
			}
		}
	}
	for i := range modes {
		if b := modes[i].Rebalance; b != nil && b.Moves > 0 {
			return true
		}
	}
	return false
}

// MovesSentences say what was moved in a mode, and what that disturbed; none where
// nothing could move.
func (r *Report) MovesSentences(m *Mode) []string {
	var say []string
	disturbed := func(moved *Moved) string {
		return fmt.Sprintf("%s met entries that moved, with %s of the packets received",
			words.Plural(moved.Flows, "flow", "flows"), words.Percent(Ratio(moved.Packets, r.Capture.Received)))
	}
	if b := m.Rebalance; b != nil {
		moving := 0
		for _, step := range b.Steps {
			if len(step.Moves) > 0 {
				moving++
			}
		}
		if b.Ticks == 0 {
			say = append(say, r.neverTicked())
		} else if b.Moves == 0 {
			say = append(say, fmt.Sprintf("RSS++ moved nothing in %s%s.", words.Plural(b.Ticks, "tick", "ticks"), r.whyStill(m)))
		} else {
			say = append(say, fmt.Sprintf("RSS++ moved %s in %d of %s: %s.", words.Plural(b.Moves, "entry", "entries"), moving, words.Plural(b.Ticks, "tick", "ticks"), disturbed(&b.Moved)))
		}
		if !b.MinMaxPercent.IsNull() {
			say = append(say, fmt.Sprintf("From tick to tick the busiest CPU had %s more packets than the least busy one, on average (RSS++'s own measure, cut at 2,000%%).", words.WholePercent(b.MinMaxPercent)))
		}
	}
	if c := r.Changes; c != nil && m.Mode != NonRSS {
		if len(c.Tables) > 0 {
			say = append(say, fmt.Sprintf("%s given while packets arrived: %s moved, and %s.", words.Plural(uint64(len(c.Tables)), "table", "tables"), words.Plural(c.Moves, "entry was", "entries were"), disturbed(&c.Moved)))
		}
		if n := len(c.Affinities); n > 0 {
			say = append(say, fmt.Sprintf("%s given while packets arrived: queues went to other CPUs with all their flows.", words.Plural(uint64(n), "affinity", "affinities")))
		}
	}
	if len(say) > 0 && r.Moves() {
		say = append(say, fmt.Sprintf("%s went to another CPU than the one before in the same flow; %s indicated after a later one of the same flow.",
			words.Plural(m.Affinity.Migrations, "packet", "packets"), words.Plural(m.Totals.Reordered, "packet was", "packets were")))
	}
	return say
}

// neverTicked says why a rebalancer had no tick.
func (r *Report) neverTicked() string {
	period := "period"
	if p := r.Parameters.Named("rebalance-every"); p != nil {
		period = p.Printed()
	}
	return fmt.Sprintf("RSS++ had no tick: one comes every %s, and the packets span %s.", period, words.Nanoseconds(r.ReplayedSpan()))
}

// whyStill says why a rebalancer moved nothing, where it is plain.
func (r *Report) whyStill(m *Mode) string {
	if len(m.CPUs) == 1 {
		return ": there is one CPU alone"
	}
	busiest := Null
	for i := range m.CPUs {
		if u := m.CPUs[i].Utilization; !u.IsNull() && (busiest.IsNull() || u > busiest) {
			busiest = u
		}
	}
	if m.Rebalance.Ticks == 0 || busiest.IsNull() || busiest > 0.05 {
		return ""
	}
	return fmt.Sprintf(": the busiest CPU works %s of the time, and it leaves alone what is within --rebalance-threshold of the mean load", words.Percent(busiest))
}
