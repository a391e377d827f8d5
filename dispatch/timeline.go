package dispatch

import (
	"math"
	"math/big"
	"math/bits"

	"rssreplay/dispatch/engine"
	"rssreplay/pcaps"
)

// Scale stretches or shrinks the gaps between packets: a time t after the first
// packet becomes t × Num ÷ Den, rounded down. The zero value is no scaling.
type Scale struct{ Num, Den uint64 }

// ScaleOf is the scale that multiplies times by r, which is above 0. Its terms
// are rounded to 63 bits if need be.
func ScaleOf(r *big.Rat) Scale {
	num, den := new(big.Int).Set(r.Num()), new(big.Int).Set(r.Denom())
	if over := max(num.BitLen(), den.BitLen()) - 63; over > 0 {
		num.Rsh(num, uint(over))
		den.Rsh(den, uint(over))
	}
	return Scale{max(num.Uint64(), 1), max(den.Uint64(), 1)}
}

// of is the scaled time, math.MaxInt64 where that is no int64.
func (s Scale) of(t int64) int64 {
	if s.Num == s.Den {
		return t
	}
	hi, lo := bits.Mul64(uint64(t), s.Num)
	if hi >= s.Den {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, s.Den)
	return int64(min(q, math.MaxInt64))
}

// timeline turns timestamps into the model's time, and
// leaves out what lies outside the range asked for.
type timeline struct {
	from, to int64 // ns after the capture's first packet; to 0: no end
	scale    Scale

	clock   clock
	capture int64 // the capture's first timestamp
	any     bool
	first   int64 // when the first packet in the range arrives, on the first piece's clock
	stamped int64 // its timestamp
	begun   bool
	now     int64 // the largest time so far, unscaled
	scaled  int64 // scaled

	regressions, restarts, leaps, outside uint64
	behind                                int64 // ns: the most that one of regressions lies before the largest time
	counted                               bool  // the packet before lies far behind, and is one of regressions

	stamp int64 // of the packet before
	jumps TimeLeaps
	gaps  Gaps
}

// Gaps are the times of longGap and more without a packet: silence, a clock set
// ahead, or captures joined.
type Gaps struct {
	Count        uint64
	Total        int64 // ns
	Longest      int64
	LongestFrame int64 // number in the capture of the packet after it
	LongestStart int64 // of the packet before it, ns after the capture's first packet
}

// longGap is a silence that few captures have, in ns.
const longGap = 10e9

// note takes a gap that ends with the packet of that number.
func (g *Gaps) note(frame, start, step int64) {
	g.Count++
	if g.Total += step; g.Total < 0 {
		g.Total = math.MaxInt64
	}
	if step > g.Longest {
		g.Longest, g.LongestFrame, g.LongestStart = step, frame, start
	}
}

// grain is what the first timestamps are multiples of.
type grain struct {
	seen   int
	before int64 // the latest timestamp
	of     int64 // greatest common divisor of the steps between them, ns; 0 while there is none
}

// grainPackets are as many timestamps as tell what all are multiples of.
const grainPackets = 4096

// look takes the timestamps of recs.
func (g *grain) look(recs []pcaps.Record) {
	for i := range recs[:min(len(recs), max(grainPackets-g.seen, 0))] {
		stamp := recs[i].Time
		if g.seen > 0 {
			a, b := g.of, since(stamp, g.before)
			for b != 0 {
				a, b = b, a%b
			}
			g.of = max(a, -a)
		}
		g.before = stamp
		g.seen++
	}
}

// arrive moves the time to a packet's timestamp, or says that the packet lies
// outside the range. frame is its number in the capture.
func (l *timeline) arrive(stamp, frame int64) (in bool) {
	if !l.any {
		l.any, l.capture, l.clock.largest = true, stamp, stamp
	}
	placed, restarts := l.clock.place(stamp)
	if restarts && l.counted { // what was clamped begins a piece instead
		l.regressions--
		l.restarts++
	}
	l.counted = false
	// What stepped back, or begins a new piece, arrives at the largest time so far.
	arrival := l.clock.largest
	if l.from > 0 || l.to > 0 {
		if t := since(arrival, l.capture); t < l.from || l.to > 0 && t >= l.to {
			l.outside++
			return false
		}
	}
	if !l.begun {
		l.begun, l.first, l.stamped, l.stamp = true, arrival, stamp, stamp
		placed = arrival // nothing of the range is before it
	}
	if step := since(stamp, l.stamp); step < -maxStepBack || step > maxStepAhead {
		l.jumps.note(frame, step, since(arrival, l.capture))
	}
	l.stamp = stamp
	t := since(placed, l.first)
	if t > engine.MaxSpan {
		l.leaps++
		t = engine.MaxSpan
	}
	switch {
	case t < l.now:
		l.regressions++
		if l.counted = l.clock.behind; !l.counted {
			l.behind = max(l.behind, l.now-t)
		}
	case t > l.now:
		if t-l.now >= longGap {
			l.gaps.note(frame, since(l.first, l.capture)+l.now, t-l.now)
		}
		l.now = t
		if l.scaled = t; l.scale.Den != 0 {
			if l.scaled = l.scale.of(t); l.scaled > engine.MaxSpan {
				l.leaps++
				l.scaled = engine.MaxSpan
			}
		}
	}
	return true
}

// all tells whether no packet is left out and none scaled.
func (l *timeline) all() bool {
	return l.from == 0 && l.to == 0 && (l.scale.Den == 0 || l.scale.Num == l.scale.Den)
}

// arriveAll is arrive of each of recs when all is true, and the times that it sets.
// frames packets of the capture are before them.
func (l *timeline) arriveAll(recs []pcaps.Record, times *[chunkPackets]int64, frames int64) {
	// Optimization: it must equal arrive. As a rule no timestamp lies before the
	// epoch, before a former one or far after it, and all times are differences.
	first, now, before, begun := l.first-l.clock.offset, l.now, l.stamp, l.begun
	for i := range recs[:min(len(recs), len(times))] {
		stamp := recs[i].Time
		t := stamp - first
		if !begun || stamp|first|before < 0 || t < now || t >= engine.MaxSpan || stamp-before >= longGap || l.clock.behind ||
			l.first > math.MaxInt64-engine.MaxSpan {
			l.pass(now, before)
			l.arrive(stamp, frames+int64(i)+1)
			first, t, begun = since(l.first, l.clock.offset), l.now, true
		}
		times[i], now, before = t, t, stamp
	}
	l.pass(now, before)
}

// pass notes what arriveAll passed by: the largest time so far, and the timestamp of
// the packet before.
func (l *timeline) pass(now, before int64) {
	if now > l.now {
		l.now, l.scaled, l.clock.largest = now, now, l.first+now
	}
	l.stamp = before
}

// clock puts the pieces of a capture whose clock was set back one behind the other.
// A timestamp more than maxStepBack before the largest so far begins a new piece if
// the next one is that far back, too.
type clock struct {
	offset  int64 // from the present piece's timestamps to the first one's
	largest int64 // so far, on the clock of the first piece
	behind  bool  // the latest timestamp is that far back
	last    int64 // the latest one, if it is
}

// place is a timestamp on the clock of the first piece. One that begins a new piece is
// told from a lone step back by the next, which reports it; it arrives at the largest
// either way.
func (c *clock) place(stamp int64) (placed int64, restarts bool) {
	placed = plus(stamp, c.offset)
	if c.behind && since(c.largest, placed) > maxStepBack {
		restarts = true
		c.offset = since(c.largest, c.last)
		placed = plus(stamp, c.offset)
	}
	if c.behind, c.last = since(c.largest, placed) > maxStepBack, 0; c.behind {
		c.last = stamp
	}
	c.largest = max(c.largest, placed)
	return placed, restarts
}

// Clock tells when packets arrive that are taken in their order. The zero value is one
// before the first packet.
type Clock struct {
	clock clock
	begun bool
}

// Arrival is when a packet with the timestamp arrives, on the clock of the capture's first
// piece: the largest time so far where the timestamp steps back, or begins a new piece.
func (c *Clock) Arrival(stamp int64) int64 {
	if !c.begun {
		c.begun, c.clock.largest = true, stamp
	}
	c.clock.place(stamp)
	return c.clock.largest
}

// plus is a + b, or the nearest int64.
func plus(a, b int64) int64 {
	if b == math.MinInt64 {
		return since(a, math.MaxInt64) // one more would not fit
	}
	return since(a, -b)
}

// since is a − b, or the nearest int64.
func since(a, b int64) int64 {
	d := a - b
	switch {
	case a >= 0 && b < 0 && d < 0:
		return math.MaxInt64
	case a < 0 && b >= 0 && d >= 0:
		return math.MinInt64
	}
	return d
}
