package engine

import (
	"runtime"
	"sync/atomic"

	"rssreplay/dispatch/fault"
)

// Engine is what runs one mode's model.
type Engine interface {
	Process(*Batch)
	Finish()
}

// New chooses the fastest engine that counts what the mode does.
func New(s Setup) (Engine, *Model) {
	m, mode := newModel(s), s.Mode
	if m.cfg.RPS.Active(mode) {
		hop := newSecondHop(m)
		if hop.mayBeFast() {
			return newFastHop(hop), m
		}
		return hop, m
	}
	switch plain := m.plain() && (!m.cfg.RuleDrops || m.sending == NoSends && !m.varies); {
	case plain && mode == RSSMSIX && m.sending == FlowSends && !m.varies && m.takesAtOnce():
		return newFastRSSSends(m), m
	case plain && mode == NonRSS && m.sending == FlowSends:
		m.homeCPUs = nil
		m.CountedAffinity.KeepHomes()
		return newFastNonRSS(m), m
	case plain && (mode == RSSMSIX || mode == RSSHWQueues && m.closesCycles()):
		return newFastRSS(m), m
	case plain && mode == NonRSS:
		return newFastNonRSS(m), m
	case plain && mode == RSSSingleQueue && m.deals():
		return newFastRSSSingleQueue(m), m
	case m.standsStill():
		m.standStill()
		return newFastMoving(m), m
	case m.onlyMoves() && m.moves():
		if m.sending == FlowSends {
			m.homeCPUs.KeepOrder() // see fastMoving
		}
		return newFastMoving(m), m
	case m.onlyMoves() && mode == RSSSingleQueue && m.deals():
		return newFastMovingSingleQueue(m), m
	}
	switch mode {
	case RSSMSIX:
		return newRSSMSIX(m), m
	case NonRSS:
		return newNonRSS(m), m
	case RSSHWQueues:
		return newRSSHWQueues(m), m
	default:
		return newRSSSingleQueue(m), m
	}
}

// ModelSet runs the models of all modes and scenarios on shared batches, in
// groups.
type ModelSet struct {
	models  []*Model
	groups  []*engineGroup
	free    chan *Batch
	made    int
	hashed  []bool // by way of steering: models ask for its hashes
	numbers bool   // models ask for Batch.Nth
	running fault.Group
}

// engineGroup is engines with a goroutine of their own, in which they go through each
// batch one after the other: those that plan their lists alike, up to groupSize,
// share the plan and find the batch in the cache; any other engine is alone.
type engineGroup struct {
	engines []Engine
	in      chan *Batch
}

// planner is an engine that plans its lists, or a part of it does.
type planner interface{ plans() *fastRSS }

// groupSize is how many engines a group has at most: the more, the less is planned anew;
// but where there are many scenarios each CPU is to have a group.
func groupSize() int { return max(1, 16/runtime.GOMAXPROCS(0)) }

// maxBatches bounds the batches in flight: every group may lag behind.
const maxBatches = 12

// NewModelSet is a set without a model.
func NewModelSet() *ModelSet { return &ModelSet{free: make(chan *Batch, maxBatches)} }

// Add adds a mode of a scenario, or finds the model of another one that must
// count the same.
func (s *ModelSet) Add(asked Setup) *Model {
	cfg, mode := asked.Config, asked.Mode
	for _, m := range s.models {
		if m.mode == mode && (m.steering == asked.Steering || mode == NonRSS && !cfg.RuleDrops && cfg.RPS == nil) && m.cfg.counts(mode, cfg) {
			return m
		}
	}
	e, m := New(asked)
	if cfg.RPS.Active(mode) {
		s.AskHashes(asked.Steering)
	}
	s.numbers = s.numbers || m.changes != nil
	s.shareBursts(m)
	s.models = append(s.models, m)
	for _, c := range s.groups {
		if c.takes(e) {
			return m
		}
	}
	s.groups = append(s.groups, &engineGroup{engines: []Engine{e}, in: make(chan *Batch, maxBatches)})
	return m
}

// AskHashes has the batches hold the hashes of a way of steering.
func (s *ModelSet) AskHashes(steering int) {
	for len(s.hashed) <= steering {
		s.hashed = append(s.hashed, false)
	}
	s.hashed[steering] = true
}

// shareBursts has the bursts of a new model counted by another one, where they are the
// same: packets are steered alike, or all to one queue.
func (s *ModelSet) shareBursts(m *Model) {
	for _, other := range s.models {
		if other.burstsMoveAlike(m) && (other.steering == m.steering || len(m.queues) == 1 && !m.cfg.RuleDrops && !other.cfg.RuleDrops) && other.bursts.Same(m.bursts) {
			m.bursts, m.ownsBursts = other.bursts, false
			return
		}
	}
}

// takes adds an engine to the group if it can share the plan of the others.
func (c *engineGroup) takes(e Engine) bool {
	first, ok := c.engines[0].(planner)
	other, too := e.(planner)
	if !ok || !too || len(c.engines) >= groupSize() || !first.plans().sharesPlan(other.plans()) {
		return false
	}
	other.plans().plan = first.plans().plan
	c.engines = append(c.engines, e)
	return true
}

// Start starts the groups; no model is added from then on.
func (s *ModelSet) Start() {
	for _, c := range s.groups {
		s.running.Go(func() {
			sound := true // or else nothing more is done, and no batch is kept
			for b := range c.in {
				sound = sound && s.running.Try(func() {
					for _, e := range c.engines {
						e.Process(b)
					}
				})
				if atomic.AddInt32(&b.readers, -1) == 0 {
					s.free <- b
				}
			}
			if !sound {
				return
			}
			for _, e := range c.engines {
				e.Finish()
			}
		})
	}
}

// Next is an empty batch for the first way of steering and more others; it waits
// for one when all are in flight.
func (s *ModelSet) Next(first uint32, more int) *Batch {
	var b *Batch
	select {
	case b = <-s.free:
	default:
		if s.made < maxBatches {
			s.made++
			b = new(Batch)
			for range more {
				b.More = append(b.More, new(Steered))
			}
			if s.numbers {
				b.Nth = new([BatchSize]uint32)
			}
			for i, hashed := range s.hashed {
				if hashed {
					b.Own = new([BatchSize]uint32)
					b.steered(i).NIC = new(NICHashes)
				}
			}
		} else {
			b = <-s.free
		}
	}
	b.Reset(first)
	return b
}

// Send gives a batch to all groups, the last of which frees it.
func (s *ModelSet) Send(b *Batch) {
	if len(s.groups) == 0 {
		s.free <- b
		return
	}
	b.readers = int32(len(s.groups))
	for _, c := range s.groups {
		c.in <- b
	}
}

// Finish sends the last batch and waits for the models' ends.
func (s *ModelSet) Finish(last *Batch) {
	s.Send(last)
	for _, c := range s.groups {
		close(c.in)
	}
	s.running.Wait()
	for _, m := range s.models {
		m.bursts.Finish() // those that several share, before these read them
	}
}
