package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"rssreplay/report/internal/words"
)

// MoveRow is one time at which something moves in a mode.
type MoveRow struct {
	Time   int64
	Kind   string     // movedByRebalance, movedByTable or movedByAffinity
	Source string     // TIME=FILE of what was given, "" of a tick
	Moves  []MoveItem // by entry or queue

	// Imbalance of the packets indicated, max ÷ mean of the CPUs: from the time before at
	// which something moved to this one, and from this one to the next, in windows of the
	// series that lie between them; Null of fewer packets than LeastOfWindow for each CPU.
	Before, After Fraction
}

// Kinds of MoveRow, by the flags that ask for them.
const (
	movedByRebalance = "rebalance"
	movedByTable     = "table-at"
	movedByAffinity  = "affinity-at"
)

// MoveItem is an entry that goes to another queue, or a queue that goes to another CPU.
type MoveItem struct {
	Entry          *int // nil: a queue moves
	From, To       int  // queues; one and the same where it moves
	FromCPU, ToCPU *int // nil: the queue's CPU is not known
	Flows          uint64
}

// By is what moves, for people.
func (m *MoveRow) By() string {
	_, file, _ := strings.Cut(m.Source, "=")
	switch m.Kind {
	case movedByTable:
		return "table " + file
	case movedByAffinity:
		return "affinity " + file
	}
	return "RSS++"
}

// Flows is how many flows take the entries that move, at any time of the capture; of a
// queue those that lead to it.
func (m *MoveRow) Flows() (flows uint64) {
	for i := range m.Moves {
		flows += m.Moves[i].Flows
	}
	return flows
}

// Ways says from which CPU to which how much moves, the most first: "0→3 (4), 1→2". Where
// there are more than most, it ends in an ellipsis.
func (m *MoveRow) Ways(most int) string {
	type way struct{ from, to, moves int }
	var ways []way
	for _, item := range m.Moves {
		if item.FromCPU == nil || item.ToCPU == nil {
			continue
		}
		w := way{*item.FromCPU, *item.ToCPU, 0}
		i := slices.IndexFunc(ways, func(of way) bool { return of.from == w.from && of.to == w.to })
		if i < 0 {
			i, ways = len(ways), append(ways, w)
		}
		ways[i].moves++
	}
	slices.SortFunc(ways, func(a, b way) int {
		return cmp.Or(cmp.Compare(b.moves, a.moves), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	var parts []string
	for _, w := range ways[:min(len(ways), most)] {
		part := fmt.Sprintf("%d→%d", w.from, w.to)
		if w.moves > 1 {
			part += fmt.Sprintf(" (%d)", w.moves)
		}
		parts = append(parts, part)
	}
	if len(ways) > most {
		return strings.Join(parts, ", ") + " …"
	}
	return strings.Join(parts, ", ")
}

// Sentence is all of it in a line: "1.00 s: table after.txt: 12 entries with 40 flows, CPU
// 0→3 (12); imbalance 1.62 before, 1.08 after".
func (m *MoveRow) Sentence() string {
	one, many := "entry", "entries"
	if m.Kind == movedByAffinity {
		one, many = "queue", "queues"
	}
	s := fmt.Sprintf("%s: %s: %s with %s", words.Nanoseconds(m.Time), words.Shown(m.By()), words.Plural(uint64(len(m.Moves)), one, many), words.Plural(m.Flows(), "flow", "flows"))
	if ways := m.Ways(4); ways != "" {
		s += ", CPU " + ways
	}
	if !m.Before.IsNull() && !m.After.IsNull() {
		s += fmt.Sprintf("; imbalance %s before, %s after", words.Fixed(m.Before, 2), words.Fixed(m.After, 2))
	}
	return s
}

// MoveRows are the times at which a table, an affinity or a tick comes, by time, in a
// mode; ticks without moves are left out. At one time a tick comes first.
func (r *Report) MoveRows(m *Mode) []MoveRow { return moveRows(&r.Table, r.Changes, m) }

func moveRows(table *TableReport, c *Changes, m *Mode) []MoveRow {
	var rows []MoveRow
	if m.Rebalance != nil {
		for _, step := range m.Rebalance.Steps {
			if len(step.Moves) > 0 {
				rows = append(rows, MoveRow{Time: step.Time, Kind: movedByRebalance, Moves: entryItems(step.Moves)})
			}
		}
	}
	if c != nil && m.Mode != NonRSS {
		for _, at := range c.Tables {
			rows = append(rows, MoveRow{Time: at.Time, Kind: movedByTable, Source: at.Source, Moves: entryItems(at.Moves)})
		}
		for _, at := range c.Affinities {
			row := MoveRow{Time: at.Time, Kind: movedByAffinity, Source: at.Source}
			for _, q := range at.Moves {
				row.Moves = append(row.Moves, MoveItem{From: q.Queue, To: q.Queue, FromCPU: &q.From, ToCPU: &q.To})
			}
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b MoveRow) int { return cmp.Compare(a.Time, b.Time) })
	placeMoves(rows, table)
	besideMoves(rows, &m.Series)
	return rows
}

func entryItems(moves []EntryMove) []MoveItem {
	items := make([]MoveItem, len(moves))
	for i := range moves {
		items[i] = MoveItem{Entry: &moves[i].Entry, From: moves[i].From, To: moves[i].To}
	}
	return items
}

// placeMoves finds the CPUs and the flows of what moves, by the table and the affinity
// that are in force then. A table that is given takes back what ticks moved.
func placeMoves(rows []MoveRow, table *TableReport) {
	given, queues := slices.Clone(table.Entries), slices.Clone(table.Entries)
	cpus := slices.Clone(table.QueueCPUs)
	cpuOf := func(queue int) *int {
		if queue < 0 || queue >= len(cpus) {
			return nil
		}
		return new(cpus[queue])
	}
	for i := range rows {
		row := &rows[i]
		for k := range row.Moves {
			m := &row.Moves[k]
			if m.Entry == nil {
				for e, q := range queues {
					if q == m.From && e < len(table.Flows) {
						m.Flows += table.Flows[e]
					}
				}
				if m.From >= 0 && m.From < len(cpus) {
					cpus[m.From] = *m.ToCPU
				}
				continue
			}
			m.FromCPU, m.ToCPU = cpuOf(m.From), cpuOf(m.To)
			e := *m.Entry
			if e >= 0 && e < len(table.Flows) {
				m.Flows = table.Flows[e]
			}
			if e < 0 || e >= len(queues) {
				continue
			}
			if queues[e] = m.To; row.Kind == movedByTable {
				given[e] = m.To
			}
		}
		if row.Kind == movedByTable {
			copy(queues, given)
		}
	}
}

// besideMoves finds the imbalance before and after each row.
func besideMoves(rows []MoveRow, s *Series) {
	if len(rows) == 0 || s.Interval <= 0 {
		return
	}
	var times []int64 // at which something moves, each once
	for i := range rows {
		if i == 0 || rows[i].Time != rows[i-1].Time {
			times = append(times, rows[i].Time)
		}
	}
	between := make([]Fraction, 0, len(times)+1) // what is before each of them, and after the last
	from := int64(0)
	for _, to := range times {
		between = append(between, s.imbalanceOver(from, to))
		from = to
	}
	between = append(between, s.imbalanceOver(from, math.MaxInt64))
	at := 0
	for i := range rows {
		if rows[i].Time != times[at] {
			at++
		}
		rows[i].Before, rows[i].After = between[at], between[at+1]
	}
}

// imbalanceOver is that of the packets of the windows that lie between two times; Null of
// fewer than LeastOfWindow for each CPU.
func (s *Series) imbalanceOver(from, to int64) Fraction {
	first, end := max(from, 0)/s.Interval, to/s.Interval
	if from > first*s.Interval {
		first++
	}
	packets := make([]uint64, len(s.CPUs))
	var sum uint64
	for i := range s.CPUs {
		row := s.CPUs[i].Packets
		for w := first; w < min(end, int64(len(row))); w++ {
			packets[i] += row[w]
		}
		sum += packets[i]
	}
	if sum == 0 || sum < LeastOfWindow*uint64(len(packets)) {
		return Null
	}
	return MaxOverMean(packets)
}

// MoveRowsKey says what the columns of a table of MoveRows are.
const MoveRowsKey = "“moved” is entries, or queues of an affinity; “flows” those that take them, at any time of the capture; “before” and “after” the imbalance of the packets indicated, max ÷ mean, since the time before at which something moved, and until the next."
