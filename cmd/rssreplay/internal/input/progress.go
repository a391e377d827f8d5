package input

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/fault"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/report"
)

// A replay that is over within progressAfter shows no progress.
const (
	progressAfter = time.Second
	progressEvery = 250 * time.Millisecond
)

// progress is a line on a terminal that tells how far a replay has come. A library's bar
// would be the longer: this reads counters that another goroutine keeps, knows no total
// for a pipe, and leaves nothing behind.
type progress struct {
	out   io.Writer
	read  func() (packets, bytes, size int64) // so far, of size bytes; -1 if that can't be known
	begin time.Time
	shown int         // runes of the line that stands there
	live  *liveCounts // nil: the line says nothing of CPUs
	width func() int  // of the terminal, 0 if unknown; nil is that, too
}

// liveCounts are the packets of each CPU under RSS while a pipe is read, sent ones
// included where only the addresses tell them. They are for the eye: the replay itself is
// behind, by what it takes at once.
type liveCounts struct {
	steering *nicmodel.Steering
	cpus     []int // their numbers
	packets  []atomic.Uint64
}

func newLiveCounts(s *settings.Settings) *liveCounts {
	return &liveCounts{steering: s.Steering, cpus: s.Config.CPUs, packets: make([]atomic.Uint64, len(s.Config.CPUs))}
}

// after counts each packet that arrives, after another one who is told, if any.
func (l *liveCounts) after(first func(dispatch.Arrival)) func(dispatch.Arrival) {
	return func(a dispatch.Arrival) {
		if first != nil {
			first(a)
		}
		if a.Header.Direction == pcaps.Outbound {
			return
		}
		if d := l.steering.DecideFrame(a.Header, a.Extension, a.Compared); d.Rule == 0 || d.Target >= 0 {
			l.packets[l.steering.CPU(d.Queue)].Add(1)
		}
	}
}

// busiest is the clause about the CPU with the most packets, "" before the first.
func (l *liveCounts) busiest() string {
	if l == nil {
		return ""
	}
	var all, most uint64
	cpu := 0
	for i := range l.packets {
		n := l.packets[i].Load()
		if all += n; n > most {
			cpu, most = l.cpus[i], n
		}
	}
	if all == 0 {
		return ""
	}
	return fmt.Sprintf("; CPU %d has %d%%", cpu, most*100/all)
}

// start shows the line from after on, anew each time that every has passed, until
// stop is called, which wipes it away.
func (p *progress) start(after, every time.Duration) (stop func()) {
	p.begin = time.Now()
	end := make(chan struct{})
	var shows fault.Group
	shows.Go(func() {
		timer := time.NewTimer(after)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
				packets, bytes, size := p.read()
				p.show(progressLine(packets, bytes, size, time.Since(p.begin)) + p.live.busiest())
				timer.Reset(every)
			case <-end:
				if p.shown > 0 {
					p.show("")
					p.show("")
				}
				return
			}
		}
	})
	return func() {
		close(end)
		shows.Wait()
	}
}

// show writes line over the one before. A terminal that is gone is no reason to
// end the replay.
func (p *progress) show(line string) {
	if p.width != nil { // a line that wraps could not be written over
		if width := p.width(); width > 0 && len(line) >= width {
			line = line[:width-1]
		}
	}
	fmt.Fprintf(p.out, "\r%s%s", line, strings.Repeat(" ", max(0, p.shown-len(line))))
	p.shown = len(line)
}

// progressLine is the line's text, below 80 columns.
func progressLine(packets, bytes, size int64, since time.Duration) string {
	seconds := since.Seconds()
	var parts []string
	if size > 0 {
		bytes = min(bytes, size) // the file may grow
		parts = append(parts, fmt.Sprintf("%d%% of %.1f MB", bytes*100/size, float64(size)/1e6))
	} else {
		parts = append(parts, fmt.Sprintf("%.1f MB", float64(bytes)/1e6))
	}
	parts = append(parts, amount(float64(packets), 1)+" packets", amount(float64(packets)/seconds, 2)+" packets/s")
	if size > 0 && bytes > 0 {
		if left := seconds * float64(size-bytes) / float64(bytes); left < 1e6 {
			parts = append(parts, fmt.Sprintf("%v left", time.Duration(left+0.5)*time.Second))
		}
	}
	return "rssreplay: " + strings.Join(parts, ", ")
}

// amount is a number of packets, of many in millions.
func amount(n float64, decimals int) string {
	if n < 100_000 {
		return report.Exact(uint64(math.Round(n)))
	}
	return fmt.Sprintf("%.*f M", decimals, n/1e6)
}
