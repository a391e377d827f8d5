package draw

import (
	"fmt"
	"math"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// How the map is laid out: up to LabelledEntries have their CPU in the cell; more
// than MappedEntries are folded, several to a cell.
const (
	LabelledEntries = 512
	MappedEntries   = 2048
	ListedEntries   = 1024

	LabelledColumns = 16
	SmallColumns    = 64

	HeaviestListed = 8
)

// EntryMap is the loads of a table's entries, or of several to a cell.
type EntryMap struct {
	Entries int
	Folded  int // entries to a cell
	Loads   []uint64
	Total   uint64
	used    uint64 // entries with a packet
	Shades
}

// NewEntryMap is a map of at most so many cells; nil where no entry has a packet.
func NewEntryMap(table *report.TableReport, cells int) *EntryMap {
	n := min(len(table.Entries), len(table.Packets), len(table.Bytes), len(table.Flows))
	m := &EntryMap{Entries: n, Folded: (n + cells - 1) / cells}
	for _, p := range table.Packets[:n] {
		m.Total += p
		if p > 0 {
			m.used++
		}
	}
	if m.Total == 0 {
		return nil
	}
	m.Loads = make([]uint64, (n+m.Folded-1)/m.Folded)
	for i := range n {
		m.Loads[i/m.Folded] += table.Packets[i]
	}
	m.Shades = ShadesOf(m.Loads)
	return m
}

// Ends are the entries of a cell, from first to before end.
func (m *EntryMap) Ends(cell int) (first, end int) {
	return cell * m.Folded, min((cell+1)*m.Folded, m.Entries)
}

// Lead is what the map is of, in words.
func (m *EntryMap) Lead(table *report.TableReport) string {
	carry := words.Exact(m.used) + " of them carry"
	switch {
	case m.Entries == 1 && m.used == 1:
		carry = "It carries"
	case m.used == uint64(m.Entries):
		carry = "All of them carry"
	case m.used == 1:
		carry = "1 of them carries"
	}
	return fmt.Sprintf("%s. %s the %s.", table.InWords(), carry, words.Plural(m.Total, "hashed packet", "hashed packets"))
}

// FirstTable follows the lead where the table moves.
const FirstTable = " It is the table that the capture begins with."

// TickStep is 1, 2 or 5 times a power of ten, by which a scale up to most has three to five
// ticks, 0 among them; 1 where most is not above 0.
func TickStep(most float64) float64 {
	if !(most > 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(most/2)))
	for _, times := range []float64{5, 2} {
		if times*power <= most/2 {
			return times * power
		}
	}
	return power
}

// RoundStep is 1, 2 or 5 times a power of ten, at least x; 1 where x is not above 0.
func RoundStep(x float64) float64 {
	if !(x > 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= x {
			return times * power
		}
	}
	return 10 * power
}
