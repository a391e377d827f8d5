package input

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rssreplay/dispatch/fault"
)

// A replay that is over within progressAfter shows no progress.
const (
	progressAfter = time.Second
	progressEvery = 250 * time.Millisecond
)

// progress is a line on a terminal that tells how far a replay has come.
type progress struct {
	out   io.Writer
	read  func() (packets, bytes, size int64) // so far, of size bytes; -1 if that can't be known
	begin time.Time
	shown int // runes of the line that stands there
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
				p.show(progressLine(packets, bytes, size, time.Since(p.begin)))
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
	parts = append(parts, fmt.Sprintf("%.1f M packets", float64(packets)/1e6), fmt.Sprintf("%.2f M packets/s", float64(packets)/seconds/1e6))
	if size > 0 && bytes > 0 {
		if left := seconds * float64(size-bytes) / float64(bytes); left < 1e6 {
			parts = append(parts, fmt.Sprintf("%v left", time.Duration(left+0.5)*time.Second))
		}
	}
	return "rssreplay: " + strings.Join(parts, ", ")
}
