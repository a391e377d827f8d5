package dispatch

import (
	"io"
	"runtime"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/fault"
	"rssreplay/pcaps"
	"rssreplay/pcaps/file"
)

// stage reads and walks packets chunk by chunk, tells sent packets from received
// ones, and hands the chunks on to the flow table.
type stage struct {
	o    *Options
	r    *Result
	rest *steerer // what comes after it; nil until begin

	time      timeline
	grain     grain
	copies    copies
	heard     interfaces
	frame     int64 // number of the latest packet in the capture, from 1, where anybody counts
	facts     facts
	long      longFrames
	undecided []*chunkBatch // not handed on yet; without rest, the direction rule waits for packets
	says      bool          // a packet has said its direction
	sends     bool          // the models are prepared for sent packets
	frames    bool          // somebody asks for what is in pcaps.Frame
	hashes    *stackHashes  // nil: nobody asks for them
	atr       atr           // nil: nobody asks for it
	filling   *chunkBatch   // being filled; nil: the next is to be made
	done      bool          // nothing more is to be read
	err       error         // why not, if it is no matter of the capture's

	perPacket, perByte float64 // the most of any scenario, see Config.MostWork
	maxTickTime        int64   // the least of any scenario, see Config.CheckTicks
}

func newStage(o *Options, r *Result) *stage {
	s := &stage{o: o, r: r, frame: o.Before, time: timeline{from: o.From, to: o.To, scale: o.Scale}}
	if s.frames = o.ATR; o.ATR {
		s.atr = map[pcaps.Tuple]uint8{}
	}
	s.hashes = newStackHashes(o.Secret, o.scenarios())
	for _, way := range r.flows.ways() {
		s.frames = s.frames || way.NTuple().PerPacket()
	}
	s.facts, s.long = newFacts(&r.Facts), longFrames{LongFrames: &r.Long}
	s.maxTickTime = engine.MaxSpan
	for _, one := range r.scenarios() {
		s.maxTickTime = min(s.maxTickTime, one.cfg.MaxTickTime())
		packet, byte := one.cfg.MostWork()
		s.perPacket, s.perByte = max(s.perPacket, packet), max(s.perByte, byte)
	}
	r.tunnels = tunnels{steering: o.Steering, cpus: len(o.Config.CPUs)}
	return s
}

// maxReaders is more goroutines than are needed where reading a block takes three times
// as long as walking its packets, which it does with large ones.
const maxReaders = 4

// run reads all of the capture. If the source is a Loader, several goroutines take
// turns at it: while one walks the packets of a block, the others load theirs. What is
// in the stage is that one's whose turn it is.
func (s *stage) run(src Source) error {
	loader, ok := src.(Loader)
	readers := min(runtime.GOMAXPROCS(0), maxReaders)
	if !ok || readers == 1 {
		recs := make([]pcaps.Record, chunkPackets)
		for !s.done {
			s.turn(src, recs)
		}
		return s.err
	}
	turns := make([]chan struct{}, readers)
	for i := range turns {
		turns[i] = make(chan struct{}, 1)
	}
	var all fault.Group
	for i, mine := range turns {
		next := turns[(i+1)%readers]
		all.Go(func() {
			recs := make([]pcaps.Record, chunkPackets)
			var block file.Block
			for done := false; !done; {
				loaded := all.Try(func() { loader.Load(&block) })
				<-mine
				if !s.done {
					s.done = !loaded || !all.Try(func() {
						loader.Lend(&block)
						s.turn(src, recs)
					}) || s.done
				}
				done = s.done
				next <- struct{}{}
			}
		})
	}
	turns[0] <- struct{}{}
	all.Wait()
	return s.err
}

// turn reads and walks records up to where a block ends.
func (s *stage) turn(src Source, recs []pcaps.Record) {
	for !s.done {
		wanted := s.wanted()
		n, err := src.Read(recs[:wanted])
		if s.err = s.take(src, recs[:n], err); s.err != nil || err != nil {
			s.done = true
		}
		if uint64(n) < wanted {
			return
		}
	}
}

// take walks recs, after which Read returned err, and hands them on.
func (s *stage) take(src Source, recs []pcaps.Record, err error) error {
	if s.filling == nil {
		s.filling = new(chunkBatch) // not newChunkBatch: it may be the only one, and nearly empty
	}
	if len(recs) > 0 {
		c := s.filling.next()
		if err := s.walk(recs, c); err != nil {
			return err
		}
		s.says = s.says || c.says
		if s.rest != nil {
			if err := s.direct(c); err != nil {
				return err
			}
		}
	}
	if s.wanted() == 0 {
		s.r.Limited, s.done, err = true, true, io.EOF
	}
	if err != nil {
		s.o.Directions.Settle()
		if err != io.EOF {
			s.r.Damage = err
		}
	} else if !s.filling.full() {
		return nil
	}
	s.undecided = append(s.undecided, s.filling)
	s.filling = nil
	if s.o.Directions.WantsMore() {
		return nil
	}
	if s.rest == nil {
		s.begin(src)
		if err := s.directUndecided(); err != nil {
			return err
		}
	}
	for _, t := range s.undecided {
		if s.rest.varied.Load() {
			return ErrAgain
		}
		s.rest.send(t)
	}
	s.undecided = s.undecided[:0]
	if err == nil { // more follows
		s.filling = s.rest.next()
	}
	return nil
}

// wanted is how many records are to be read next: at most as many packets as are
// still to be replayed.
func (s *stage) wanted() uint64 {
	if s.o.Packets == 0 {
		return chunkPackets
	}
	return min(chunkPackets, s.o.Packets-s.r.Packets)
}

// begin starts the models, once it is known whether packets can be sent ones.
func (s *stage) begin(src Source) {
	if s.rest != nil {
		return
	}
	says := src.SaysDirection() && (s.says || !s.o.Repeatable)
	s.sends = s.o.Directions.FindsSent() || says
	sends := engine.NoSends
	switch {
	case s.sends && (s.says || src.SaysDirection() || s.o.Inner):
		sends = engine.PacketSends
	case s.sends: // their addresses tell, which are the flow's
		sends = engine.FlowSends
		s.r.flows.flowSends = true
	}
	modes := [][]engine.Mode{s.o.Modes}
	for _, more := range s.o.More {
		modes = append(modes, more.Modes)
	}
	models := engine.NewModelSet()
	for i, replayed := range s.r.scenarios() {
		if replayed.cfg.RPS != nil {
			models.AskHashes(replayed.steering)
		}
		varies := !s.o.Repeatable && s.r.flows.way(replayed.steering).steering.Varies()
		for _, mode := range modes[i] {
			replayed.models = append(replayed.models, models.Add(engine.Setup{
				Config: replayed.cfg, Mode: mode, Steering: replayed.steering, Varies: varies, Sends: sends, Observe: s.o.Observe,
			}))
		}
	}
	models.Start()
	s.rest = startSteerer(s.r, models, s.o)
}

// walk reads the headers of recs into c, without what the filter and the range
// leave out.
func (s *stage) walk(recs []pcaps.Record, c *chunk) error {
	recs, err := s.choose(recs, c)
	if err != nil {
		return err
	}
	if s.frames && c.compared == nil {
		c.compared = make([]pcaps.Frame, chunkPackets)
	}
	c.walk(recs)
	if s.hashes != nil {
		if c.own == nil {
			c.own = new([chunkPackets]uint32)
		}
		s.hashes.hash(recs[:c.n], c)
	}
	s.r.Bytes += c.bytes
	s.copies.look(recs, c)
	s.heard.look(recs, c.n)
	s.note(recs, c)
	if s.o.Arrive != nil {
		s.arrive(recs, c)
	}
	s.r.Packets += uint64(c.n)
	if s.perPacket*float64(s.r.Packets)+s.perByte*float64(s.r.Bytes) > engine.MaxSpan {
		for _, replayed := range s.r.scenarios() {
			if err := replayed.cfg.CheckWork(s.r.Packets, s.r.Bytes); err != nil {
				return err
			}
		}
	}
	if s.time.scaled > s.maxTickTime {
		return s.checkTicks(c)
	}
	if s.o.Directions.WantsMore() {
		for i := range c.n {
			s.o.Directions.Observe(c.header(i))
		}
	}
	return nil
}

// arrive tells of each packet of c, which recs are.
func (s *stage) arrive(recs []pcaps.Record, c *chunk) {
	for i := range c.n {
		a := Arrival{
			Frame: c.frames[i], Packet: int64(s.r.Packets) + int64(i), Time: c.times[i],
			Record: &recs[i], Header: c.header(i), Extension: &c.exts[i], Outer: c.header(i),
		}
		if c.compared != nil {
			a.Compared = &c.compared[i]
		}
		if p := c.inner(i); p != nil {
			a.Header, a.Extension = &p.inner, &p.innerExt
		}
		s.o.Arrive(a)
	}
}

// checkTicks says which packet of c comes after too many ticks of a rebalancer.
func (s *stage) checkTicks(c *chunk) error {
	before := s.r.Packets - uint64(c.n)
	for i, t := range c.times[:c.n] {
		for _, replayed := range s.r.scenarios() {
			if err := replayed.cfg.CheckTicks(t, before+uint64(i)+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// choose gives c the times of recs, and moves those that are not left out to the
// front.
func (s *stage) choose(recs []pcaps.Record, c *chunk) ([]pcaps.Record, error) {
	if s.o.Filter == nil && s.o.Arrive == nil && s.time.all() {
		s.time.arriveAll(recs, &c.times, s.o.Before+int64(s.r.Packets))
		s.grain.look(recs)
		return recs, nil
	}
	n := 0
	for i := range recs {
		s.frame++
		if s.o.Filter != nil {
			ok, err := s.o.Filter.Match(&recs[i])
			if err != nil {
				return nil, err
			}
			if !ok {
				s.r.Filtered++
				continue
			}
		}
		if !s.time.arrive(recs[i].Time, s.frame) {
			continue
		}
		c.times[n], c.frames[n] = s.time.scaled, s.frame
		if n < i {
			recs[n] = recs[i]
		}
		n++
	}
	s.grain.look(recs[:n])
	return recs[:n], nil
}

// direct tells the sent packets of c from the received ones.
//
// Optimization: it does so while c is in the caches of the core that has walked it.
func (s *stage) direct(c *chunk) error {
	// Optimization: no packet is asked for its direction where none can be sent.
	if c.sends = c.says || s.o.Directions.FindsSent(); c.sends {
		if s.tellSent(c); s.r.Sent > 0 && !s.sends {
			return ErrAgain
		}
	}
	s.heard.receive(c)
	if s.atr != nil {
		s.atr.look(c, &s.r.ATR)
	}
	s.settle(c)
	if c.sends && s.r.flows.flowSends {
		c.answered()
	}
	return nil
}

// directUndecided does so with the chunks that waited for the direction rule.
func (s *stage) directUndecided() error {
	for _, t := range s.undecided {
		for i := range t.n {
			if err := s.direct(&t.chunks[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellSent finds the sent packets of c, and counts them.
func (s *stage) tellSent(c *chunk) {
	if c.says {
		for i := range c.n {
			c.sent[i] = s.o.Directions.Sent(&c.tuples[i], c.directions[i])
		}
	} else {
		s.o.Directions.SentAll(c.sent[:c.n], c.tuples[:])
	}
	// Optimization: no branch on what is sent; it could not be foretold.
	packets, bytes := uint64(0), uint64(0)
	for i, sent := range c.sent[:c.n] {
		one := uint64(0)
		if sent {
			one = 1
		}
		packets += one
		bytes += uint64(c.wire[i]) * one
	}
	s.r.Sent += packets
	s.r.SentBytes += bytes
}

// tell puts into the result what was noted of all that was read.
func (s *stage) tell() {
	r, t := s.r, &s.time
	r.First, r.Duration, r.Span = t.stamped, t.now, t.scaled
	r.Offset, r.Latest = since(t.first, t.capture), since(t.clock.largest, t.capture)
	r.Regressions, r.Behind, r.Restarts = t.regressions, t.behind, t.restarts
	r.Leaps, r.TimeLeaps, r.Gaps, r.Grain = t.leaps, t.jumps, t.gaps, s.grain.of
	r.OutOfRange = t.outside
	r.Received = r.Packets - r.Sent
	s.facts.countLink(r.Packets)
	s.long.finish()
	r.Tunnels = r.tunnels.list()
	r.Copies = s.copies.found(r.Links)
	r.Interfaces = s.heard.found()
}
