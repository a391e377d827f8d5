package dispatch

import (
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/walk"
)

// chunkPackets is the number of packets that one pass of a stage handles: few
// enough for the first-level cache, enough that a pass costs little for each.
const chunkPackets = 256

// chunk is packets between the header walk and the flow table. What every packet has comes
// first: of the rest no memory is touched, unless packets are odd.
type chunk struct {
	n     int
	says  bool         // a packet says its direction itself
	walks bool         // a packet is walked
	sends bool         // a packet may be a sent one
	bytes uint64       // on the wire
	plain pcaps.Header // what header makes

	// compared is what rules compare besides, where they do: then every packet is walked.
	// nil where nobody asks.
	compared []pcaps.Frame
	own      *[chunkPackets]uint32 // hashes that the stack makes itself; nil where nobody asks
	long     []longFrame
	tunnels  []tunnelled

	times      [chunkPackets]int64           // ns since the first packet, never going back
	wire       [chunkPackets]uint32          // bytes
	tuples     [chunkPackets]pcaps.Tuple     // not IP: no IP header
	directions [chunkPackets]pcaps.Direction // what the capture says

	// A packet that is not walked is a plain one (walk.PlainTuples), of which the
	// tuple says all; header makes what is wanted of it.
	walked  [chunkPackets]bool
	sent    [chunkPackets]bool  // means something if sends
	frames  [chunkPackets]int64 // numbers in the capture, from 1, if Options.Arrive asks for them
	headers [chunkPackets]pcaps.Header
	exts    [chunkPackets]pcaps.Extension // valid by the header's Facts
}

// chunkBatch is the chunks that go from the header walk to the flow table at once: their
// tables are in the caches of different cores, and every hand-over may wake one.
type chunkBatch struct {
	n      int
	chunks [batchChunks]chunk // the first n are filled
}

const batchChunks = 16

// newChunkBatch is an empty one.
//
// Optimization: it is written to where packets will be, see bigarray.Touched.
func newChunkBatch() *chunkBatch {
	t := new(chunkBatch)
	for i := range t.chunks {
		c := &t.chunks[i]
		clear(c.times[:])
		clear(c.wire[:])
		clear(c.tuples[:])
	}
	return t
}

// next is the next chunk to fill, of a chunk batch that is not full.
func (t *chunkBatch) next() *chunk {
	t.n++
	return &t.chunks[t.n-1]
}

func (t *chunkBatch) full() bool { return t.n == batchChunks }

// header is what the walk finds in packet i, until it is asked of another one.
func (c *chunk) header(i int) *pcaps.Header {
	if c.walked[i] {
		return &c.headers[i]
	}
	h := &c.plain
	c.tuples[i].Header(h)
	h.Direction = c.directions[i]
	return h
}

// decide is what a way of steering makes of packet i.
func (c *chunk) decide(s *nicmodel.Steering, i int) nicmodel.Decision {
	var frame *pcaps.Frame
	if c.compared != nil {
		frame = &c.compared[i]
	}
	return s.DecideFrame(c.header(i), &c.exts[i], frame)
}

// wasSent tells whether packet i was sent, not received.
func (c *chunk) wasSent(i int) bool { return c.sends && c.sent[i] }

// answered gives sent packets the tuples of what they answer.
//
// Optimization: where a flow's packets are all sent or all received, no flow of its own is
// looked for a sent one.
func (c *chunk) answered() {
	for i, sent := range c.sent[:c.n] {
		c.tuples[i].ReverseIf(sent)
	}
}

// has tells whether packet i has any of facts that are no part of its tuple.
func (c *chunk) has(i int, facts pcaps.Facts) bool {
	return c.walked[i] && c.headers[i].Facts&facts != 0
}

// walk reads the headers of recs, as many as there is room for at most.
func (c *chunk) walk(recs []pcaps.Record) {
	c.n, c.walks = len(recs), false
	walk.PlainTuples(recs, c.tuples[:])
	var bytes uint64
	says := pcaps.DirectionUnknown
	for i := range recs[:min(len(recs), chunkPackets)] {
		rec := &recs[i]
		c.wire[i], c.directions[i] = rec.Wire, rec.Direction
		bytes += uint64(rec.Wire)
		if c.walked[i] = c.compared != nil || !c.tuples[i].IsIP(); c.walked[i] {
			c.walks = true
			if c.compared != nil {
				walk.WalkFrame(rec, &c.headers[i], &c.exts[i], &c.compared[i])
			} else {
				walk.Walk(rec, &c.headers[i], &c.exts[i])
			}
			c.tuples[i].Set(&c.headers[i])
			c.directions[i] = c.headers[i].Direction
		}
		says |= c.directions[i]
	}
	c.says = says != pcaps.DirectionUnknown
	c.bytes = bytes
}
