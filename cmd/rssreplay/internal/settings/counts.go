package settings

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"rssreplay/nicmodel/nictext"
)

// Counts are what the first and the last snapshot of a bundle count of each receive queue.
type Counts struct {
	Names    [2]string // of the files, without the folders above the snapshots
	Counters [2]*nictext.QueueCounters
	Times    [2]time.Time // of the snapshots; zero where they don't tell
}

// counted are the counters of a bundle's snapshots: by the file's name below its
// snapshot, then by the moment.
type counted map[string]map[string]countedText

type countedText struct {
	name     string
	counters *nictext.QueueCounters
}

// takeCounters takes a file of the bundle that counts by receive queue, if it is one of a
// snapshot.
func (m *imports) takeCounters(file string, data []byte) {
	moment := momentOf(file)
	if moment == "" {
		return
	}
	_, name, _ := strings.Cut("/"+file, "/snapshots/")
	counters, err := nictext.ReadQueueCounters(string(data))
	if err != nil {
		if m.uncounted == nil && bytes.HasPrefix(data, []byte("NIC statistics:")) {
			m.uncounted = fmt.Errorf("snapshots/%s: %w", name, err)
		}
		return
	}
	_, kind, _ := strings.Cut(name, "/")
	if m.counted[kind] == nil {
		m.counted[kind] = map[string]countedText{}
	}
	m.counted[kind][moment] = countedText{"snapshots/" + name, counters}
}

// counts is what the snapshots count, of the files that count packets where there are
// several; nil if there are not two that do.
func (m *imports) counts() (best *Counts) {
	for _, kind := range slices.Sorted(maps.Keys(m.counted)) {
		of := m.counted[kind]
		moments := slices.SortedFunc(maps.Keys(of), byNumber)
		if len(moments) < 2 {
			continue
		}
		c := &Counts{}
		for i, moment := range []string{moments[0], moments[len(moments)-1]} {
			c.Names[i], c.Counters[i] = of[moment].name, of[moment].counters
			if h := m.host[moment]; h != nil && h.BootTime > 0 && h.Uptime > 0 {
				c.Times[i] = time.Unix(h.BootTime, int64(h.Uptime*1e9)).UTC()
			}
		}
		if best == nil || best.Counters[0].Packets == nil && c.Counters[0].Packets != nil {
			best = c
		}
	}
	return best
}

// byNumber compares moments.
func byNumber(a, b string) int {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return x - y
}
