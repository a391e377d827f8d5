package dispatch

import (
	"sync/atomic"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/fault"
)

// steerer gives the packets of chunk batches to the flow table, and its batches to the
// models, in a goroutine of its own.
type steerer struct {
	flows   *flowTable
	models  *engine.ModelSet
	folds   *folds      // nil: none are counted
	marks   *marks      // nil: none are noted
	arrive  *arrivals   // nil: none are counted
	tape    *Tape       // nil: none is filled
	uniform bool        // no flow is to meet several entries
	varied  atomic.Bool // one did all the same, and nothing more is done
	batch   *engine.Batch
	in      chan *chunkBatch
	free    chan *chunkBatch
	made    int
	running fault.Group
}

// maxChunkBatches bounds the chunk batches between the header walk and the flow table.
const maxChunkBatches = 8

func startSteerer(r *Result, models *engine.ModelSet, o *Options) *steerer {
	s := &steerer{
		flows: r.flows, models: models, folds: r.folds, marks: r.marks, arrive: r.arrivals, tape: o.Tape, uniform: o.Repeatable,
		in: make(chan *chunkBatch, maxChunkBatches), free: make(chan *chunkBatch, maxChunkBatches),
	}
	s.running.Go(s.run)
	return s
}

func (s *steerer) run() {
	sound := true // or else nothing more is done, and no chunk batch is kept
	s.batch = s.models.Next(0, len(s.flows.more))
	for t := range s.in {
		sound = sound && (s.varied.Load() || s.running.Try(func() { s.steer(t) }))
		t.n = 0
		select {
		case s.free <- t:
		default: // one of those that waited for the direction rule
		}
	}
	s.keep()
	s.models.Finish(s.batch)
}

// keep has the tape keep the batch, and its arrivals counted.
func (s *steerer) keep() {
	if s.arrive != nil {
		s.arrive.add(s.batch)
	}
	if s.tape != nil {
		s.tape.add(s.batch)
	}
}

// steer gives the packets of t to the flow table, and full batches to the models.
func (s *steerer) steer(t *chunkBatch) {
	for i := range t.n {
		from := s.batch.N
		s.flows.add(&t.chunks[i], s.batch)
		if s.uniform && s.batch.Varies() {
			s.batch.Reset(s.batch.First) // no model is made for it
			s.varied.Store(true)
			return
		}
		if s.folds != nil {
			s.folds.add(s.batch, from)
		}
		if s.marks != nil {
			s.marks.passed(s.flows, t.chunks[i].n)
		}
		if s.batch.N > engine.BatchSize-chunkPackets {
			first := s.batch.First + uint32(s.batch.N)
			s.keep()
			s.models.Send(s.batch)
			s.batch = s.models.Next(first, len(s.flows.more))
		}
	}
}

// send hands on a chunk batch, which is the steerer's from then on.
func (s *steerer) send(t *chunkBatch) { s.in <- t }

// next is an empty chunk batch; it waits for one when all are in flight.
func (s *steerer) next() *chunkBatch {
	select {
	case t := <-s.free:
		return t
	default:
	}
	if s.made < maxChunkBatches {
		s.made++
		return newChunkBatch()
	}
	return <-s.free
}

// finish waits for the flow table, and for the models' ends.
func (s *steerer) finish() {
	close(s.in)
	s.running.Wait()
}
