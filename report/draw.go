package report

import (
	"fmt"
	"math"
)

// How the map is laid out: up to labelledEntries have their CPU in the cell; more
// than mappedEntries are folded, several to a cell.
const (
	labelledEntries = 512
	mappedEntries   = 2048
	listedEntries   = 1024

	labelledColumns = 16
	smallColumns    = 64

	heaviestListed = 8

	// doublingAbove is how many times the mean of the cells in use the heaviest
	// may be before eighths of it would leave all others alike.
	doublingAbove = 8
)

// entryMap is the loads of a table's entries, or of several to a cell.
type entryMap struct {
	entries  int
	folded   int // entries to a cell
	loads    []uint64
	most     uint64 // of loads
	total    uint64
	used     uint64 // entries with a packet
	doubling bool   // see htmlMap
}

// newEntryMap is a map of at most so many cells; nil where no entry has a packet.
func newEntryMap(table *TableReport, cells int) *entryMap {
	n := min(len(table.Entries), len(table.Packets), len(table.Bytes), len(table.Flows))
	m := &entryMap{entries: n, folded: (n + cells - 1) / cells}
	for _, p := range table.Packets[:n] {
		m.total += p
		if p > 0 {
			m.used++
		}
	}
	if m.total == 0 {
		return nil
	}
	m.loads = make([]uint64, (n+m.folded-1)/m.folded)
	for i := range n {
		m.loads[i/m.folded] += table.Packets[i]
	}
	var used int // cells
	for _, load := range m.loads {
		m.most = max(m.most, load)
		if load > 0 {
			used++
		}
	}
	m.doubling = float64(m.most)*float64(used) > doublingAbove*float64(m.total)
	return m
}

// level is that of a cell, 8 that of the most.
func (m *entryMap) level(cell int) int {
	if m.doubling {
		return doublingLevel(m.loads[cell], m.most)
	}
	return level(m.loads[cell], m.most)
}

// ends are the entries of a cell, from first to before end.
func (m *entryMap) ends(cell int) (first, end int) {
	return cell * m.folded, min((cell+1)*m.folded, m.entries)
}

// lead is what the map is of, in words.
func (m *entryMap) lead(table *TableReport) string {
	rule := ""
	if layout := ruleOf(table); layout != "" {
		rule = ", " + layout
	}
	return fmt.Sprintf("%s%s. %s of them carry the %s.", plural(uint64(m.entries), "entry", "entries"), rule, exact(m.used), plural(m.total, "hashed packet", "hashed packets"))
}

// doublingLevel is 8 for more than half of most, 7 for more than a quarter, and so
// on down to 1; 0 only for 0.
func doublingLevel(n, most uint64) int {
	if n == 0 {
		return 0
	}
	return max(8-int(math.Log2(float64(most)/float64(n))), 1)
}

// roundStep is 1, 2 or 5 times a power of ten, at least x; 1 where x is not above 0.
func roundStep(x float64) float64 {
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
