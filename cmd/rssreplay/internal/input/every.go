package input

import (
	"io"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
)

// parts is a Source of the packets of one interval after the other, of a capture that is
// parted by when its packets arrive. An interval ends with the first packet that is of a
// later one; what comes late, out of order, is counted where it comes, and a clock that
// was set back goes on from there. Of a record that sets it back, the next one tells: where
// that is of the next interval, an interval on its own has a step back in its place.
type parts struct {
	dispatch.Source
	every int64 // ns

	started bool
	clock   dispatch.Clock
	first   int64          // when the first packet arrives, ns since the Unix epoch
	at      int64          // number of the interval, from 0
	handed  bool           // a packet of it was handed out
	before  int64          // packets that were handed out so far
	read    []pcaps.Record // room for what is read at once
	ahead   []pcaps.Record // of these, what is still to be handed out
	numbers []int64        // room for the numbers of their intervals
	of      []int64        // those of ahead
	end     error          // what comes after them
}

// next begins another interval; false where nothing is left.
func (p *parts) next() bool {
	p.handed = false
	return len(p.ahead) > 0 || p.end == nil
}

// Read hands out packets of the interval, and io.EOF after the last one. Their Data are
// valid until the next Read: the source is read when none is left.
func (p *parts) Read(recs []pcaps.Record) (int, error) {
	for len(p.ahead) == 0 {
		if p.end != nil {
			return 0, p.end
		}
		if len(p.read) < len(recs) {
			p.read = make([]pcaps.Record, len(recs))
		}
		n, err := p.Source.Read(p.read)
		p.ahead, p.end = p.read[:n], err
		p.number()
	}
	n, over := 0, false
	for ; n < min(len(recs), len(p.ahead)); n++ {
		if of := p.of[n]; of > p.at {
			if over = p.handed || n > 0; over {
				break
			}
			p.at = of
		}
	}
	copy(recs, p.ahead[:n])
	p.ahead, p.of, p.handed = p.ahead[n:], p.of[n:], p.handed || n > 0
	p.before += int64(n)
	if over {
		return n, io.EOF
	}
	return n, nil
}

// number tells of which interval each packet is that was read.
func (p *parts) number() {
	p.of = p.numbers[:0]
	for i := range p.ahead {
		arrival := p.clock.Arrival(p.ahead[i].Time)
		if !p.started {
			p.started, p.first = true, arrival
		}
		p.of = append(p.of, (arrival-p.first)/p.every)
	}
	p.numbers = p.of
}

// Part is an interval of the captures: from From to before To, in ns after their first
// packet.
type Part struct{ From, To int64 }

// Every replays the captures interval by interval, each on its own, and calls show with
// each result that has packets, or with that of no packet at all. damage is why reading
// ended early, nil if it did not.
func (in *Input) Every(e *cli.Env, s *settings.Settings, every int64, w Observers, show func(*Replayed, Part) error) (damage, err error) {
	src, closes, err := in.open(e)
	if err != nil {
		return nil, err
	}
	defer closes()
	in.Directions = direction.NewDirections(s.Local)
	in.Directions.Take(in.side)
	p, shown := &parts{Source: src, every: every}, false
	var filtered, outOfRange uint64 // packets of the intervals of which nothing was left
	for p.next() {
		done, err := in.replay(src, p, s, PassOptions{Modes: s.Modes, Scale: in.Scale, Observers: w, before: p.before})
		if err != nil {
			return nil, err
		}
		damage = done.Result.Damage
		part := Part{p.at * every, (p.at + 1) * every}
		if r := done.Result; r.Packets == 0 { // the filter left nothing of it, or nothing came
			filtered, outOfRange = filtered+r.Filtered, outOfRange+r.OutOfRange
			if shown || p.next() {
				continue
			}
			r.Filtered, r.OutOfRange, part.From = filtered, outOfRange, 0
		}
		shown = true
		if err := show(done, part); err != nil {
			return nil, err
		}
	}
	return damage, nil
}
