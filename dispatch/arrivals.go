package dispatch

import (
	"slices"

	"rssreplay/dispatch/engine"
)

// ArrivalWindows asks how many packets arrive for each entry of the table over time: in at
// most so many windows, each of Interval ns, or of twice that as often as it takes.
// The zero value asks for none.
type ArrivalWindows struct {
	Most     int
	Interval int64
}

// Arrivals is the received packets by time of arrival and by what steered them; dropped
// ones included, but for those that a rule drops.
type Arrivals struct {
	Interval int64 // of a window, ns
	// Windows has for each window the packets of each entry of the table, and behind them
	// those of each queue that the table did not steer: without a hash, or by a rule. A
	// window without a packet is nil.
	Windows [][]uint32
	// DefaultQueue is the one of those without a hash.
	DefaultQueue int
}

// arrivals counts them.
type arrivals struct {
	Arrivals
	most   int
	config *engine.Config
}

func newArrivals(w ArrivalWindows, config *engine.Config) *arrivals {
	return &arrivals{Arrivals{Interval: max(w.Interval, 1), DefaultQueue: config.DefaultQueue}, w.Most, config}
}

// add counts the packets of a batch.
func (a *arrivals) add(b *engine.Batch) {
	size := len(a.config.Table)
	counts := func(entry uint16) bool { return entry != engine.Sent && entry < engine.Dropped }
	times, entries := b.Time[:b.N], b.Entry[:b.N]
	for {
		first := slices.IndexFunc(entries, counts) // what comes before is of no window
		if first < 0 {
			return
		}
		window, until := a.window(times[first])
		end := len(times)
		if times[end-1] >= until {
			end, _ = slices.BinarySearch(times, until)
		}
		table, queues := window[:size], window[size:]
		for _, entry := range entries[first:end] {
			if int(entry) < len(table) {
				table[entry]++
			} else if counts(entry) {
				queues[a.config.Queue(entry)]++
			}
		}
		times, entries = times[end:], entries[end:]
	}
}

// window is the one of a time, and its end.
func (a *arrivals) window(time int64) (window []uint32, until int64) {
	for time/a.Interval >= int64(a.most) {
		a.halve()
	}
	at := int(time / a.Interval)
	for len(a.Windows) <= at {
		a.Windows = append(a.Windows, nil)
	}
	if a.Windows[at] == nil {
		a.Windows[at] = make([]uint32, len(a.config.Table)+len(a.config.QueueCPU))
	}
	return a.Windows[at], (int64(at) + 1) * a.Interval
}

// halve makes one window of two.
func (a *arrivals) halve() {
	a.Interval *= 2
	half := a.Windows[:0]
	for i := 0; i < len(a.Windows); i += 2 {
		sum := a.Windows[i]
		if i+1 < len(a.Windows) && a.Windows[i+1] != nil {
			if sum == nil {
				sum = a.Windows[i+1]
			} else {
				for k, n := range a.Windows[i+1] {
					sum[k] += n
				}
			}
		}
		half = append(half, sum)
	}
	a.Windows = half
}

// Arrivals is what Options.Arrivals asked for; nil if nothing.
func (r *Result) Arrivals() *Arrivals {
	if r.arrivals == nil {
		return nil
	}
	return &r.arrivals.Arrivals
}
