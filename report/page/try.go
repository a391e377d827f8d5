package page

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// tryData is what the page's script computes with when a reader tries a table: from what
// each entry got follows what any other table of its size gives each CPU.
type tryData struct {
	CPUs      []int    `json:"cpus"` // in use
	Bytes     []uint64 `json:"bytes"`
	Packets   []uint64 `json:"packets"`
	Flows     []uint64 `json:"flows"`
	Rest      []uint64 `json:"rest"`       // per queue, what no table moves
	RestFlows []uint64 `json:"rest_flows"` // likewise
	Default   int      `json:"default_queue"`

	Interval int64     `json:"interval_ns"`
	Windows  [][]int64 `json:"windows"` // those with packets: see sparse

	Found []foundTable `json:"found"` // better ones than the present
	Sets  []string     `json:"sets"`  // what ethtool can

	// Toeplitz, of inputs that the script can make.
	Hashing *hashingData `json:"hashing"` // null where no other can be tried
}

// foundTable is a table that was found for the capture.
type foundTable struct {
	Name   string `json:"-"`
	Layout string `json:"layout"`
	Words  string `json:"words"` // on whether it lasts
}

// foundTables are those that are better.
func foundTables(found []report.FoundTable) []foundTable {
	list := []foundTable{}
	for i := range found {
		f := &found[i]
		if !f.Better {
			continue
		}
		name := map[string]string{"entries": "single entries", "weight": "weights", "equal": "equal"}[f.ID]
		list = append(list, foundTable{fmt.Sprintf("%s: %s ×", name, words.Fixed(f.Imbalance, 3)), f.Layout, Sentence(f.Sentence())})
	}
	return list
}

// hashingData is what flows were hashed with.
type hashingData struct {
	Key   string `json:"key"`
	Xfrm  string `json:"xfrm"`
	Types string `json:"types"`
}

// newTryData is nil where there is no table to try: none of the modes steers by one, or no
// packet comes to a queue.
func newTryData(r *report.Report) *tryData {
	at := report.ComparedMode(r.Modes)
	if r.Steered == nil || at < 0 || r.Modes[at].Mode == report.NonRSS || r.Table.Size == 0 || len(r.Steered.Rest) != len(r.Table.QueueCPUs) {
		return nil
	}
	d := &tryData{
		Packets: r.Table.Packets, Bytes: r.Table.Bytes, Flows: r.Table.Flows, Rest: r.Steered.Rest, RestFlows: r.Steered.RestFlows,
	}
	for i := range r.Modes[at].CPUs {
		d.CPUs = append(d.CPUs, r.Modes[at].CPUs[i].CPU)
	}
	d.Default = number(r.Parameters, "default-queue")
	if d.Interval, d.Windows = sparse(r.Steered); len(d.Windows) == 0 {
		return nil
	}
	d.Sets = append([]string{}, r.Steered.Sets...)
	d.Found = foundTables(r.Steered.Found)
	// The packets of a context go by its table, under the key and the fields of all.
	if (r.Flows != nil || r.AllFlows != nil) && r.Anonymized == nil && len(r.Contexts) == 0 {
		d.Hashing = hashingOf(r.Parameters)
	}
	return d
}

func hashingOf(parameters report.Parameters) *hashingData {
	text := func(name string) string {
		if p := parameters.Named(name); p != nil {
			return fmt.Sprint(p.Value)
		}
		return ""
	}
	h := &hashingData{strings.ReplaceAll(text("key"), ":", ""), text("xfrm"), text("hash-types")}
	if f := text("hash-function"); h.Key == "" || h.Types == "" || f != "" && f != "toeplitz" ||
		!slices.Contains([]string{"none", "symmetric-xor", "symmetric-or-xor"}, h.Xfrm) {
		return nil
	}
	return h
}

// sparseNumbers bounds the windows of the page's data.
const sparseNumbers = 30_000

// sparse is the windows with packets, as [its place, entry, packets, entry, packets …], with
// -1 - q for the rest of queue q; in windows of several where there are too many.
func sparse(s *report.Steered) (interval int64, windows [][]int64) {
	entries := 0
	if len(s.Windows) > 0 {
		for _, w := range s.Windows {
			entries = max(entries, len(w)-len(s.Rest))
		}
	}
	for per := 1; ; per *= 2 {
		interval, windows = s.Interval*int64(per), nil
		numbers := 0
		for from := 0; from < len(s.Windows); from += per {
			row := []int64{int64(from / per)}
			sum := make([]int64, entries+len(s.Rest))
			for _, w := range s.Windows[from:min(from+per, len(s.Windows))] {
				for i, n := range w {
					sum[i] += int64(n)
				}
			}
			for i, n := range sum {
				if n == 0 {
					continue
				}
				if i >= entries {
					i = entries - 1 - i
				}
				row = append(row, int64(i), n)
			}
			if len(row) > 1 {
				windows = append(windows, row)
				numbers += len(row)
			}
		}
		if numbers <= sparseNumbers || per >= len(s.Windows) {
			return interval, windows
		}
	}
}

// trySection is the form in which a reader tries a table.
type trySection struct {
	Entries int
	Queues  int
	CPUs    int
	Found   []foundTable
	Sought  bool // they were looked for
	Hashing *hashingData
	RPS     bool // packets go on to other CPUs
	Context bool // some go by another table

	data *tryData
}

// mayMove tells whether the replay was one of a table or an affinity that may change.
func mayMove(r *report.Report) bool {
	return r.Changes != nil || slices.ContainsFunc(r.Modes, func(m report.Mode) bool { return m.Rebalance != nil })
}

func newTrySection(r *report.Report) *trySection {
	d := newTryData(r)
	if d == nil {
		return nil
	}
	return &trySection{Entries: r.Table.Size, Queues: len(d.Rest), CPUs: len(d.CPUs), Found: d.Found, Sought: r.Steered.Found != nil, Hashing: d.Hashing, RPS: r.Parameters.Named("rps") != nil, Context: len(r.Contexts) > 0, data: d}
}
