package engine

import (
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/nicmodel"
)

// frontEnd is the NIC of the modes that hash in hardware: it fills a buffer of
// the packet's queue, hashes, and notes (buffer, CPU) in one list for the whole
// NIC, which it publishes when it is full or old.
type frontEnd struct {
	m      *Model
	list   nicmodel.DMAList
	queues []nicmodel.Queue // the receive queue of each CPU
	hop    *secondHop       // tells buffers the CPU that RPS steers them to; nil: none does
}

// backEnd is the host's side of it: what the published buffers set off.
type backEnd interface {
	// catchUp does the work that comes before the arrivals at now and that can
	// return buffers of a queue of that CPU.
	catchUp(now int64, cpu uint16)
	// catchUpAll does all work that comes before the arrivals at now.
	catchUpAll(now int64)
	// busy is what each CPU has begun before the instant now, once it is caught up.
	// RSSMSIX alone is asked.
	busy(now int64) []int64
	// send processes a packet sent at t; all before it is done.
	send(t int64, ref affinity.SendRef, packet uint32)
	// publish publishes the oldest filled buffer of each CPU's receive queue, at t.
	publish(t int64, cpus []uint16)
}

func newFrontEnd(m *Model) frontEnd {
	return frontEnd{m: m, list: nicmodel.NewDMAList(&m.cfg.Config), queues: make([]nicmodel.Queue, len(m.cpus))}
}

func (f *frontEnd) process(b *Batch, back backEnd) {
	f.m.prepare(b)
	f.step(b, back, 0, b.N)
	f.m.arrived(b)
}

// step lets the packets of b from one to before another arrive one by one. Where these are
// not all of b, none of b is a sent one, and the model has CountedAffinity.
func (f *frontEnd) step(b *Batch, back backEnd, from, to int) {
	m := f.m
	steered, sends := b.steered(m.steering), b.Sends
	var ref *VariedRef
	varied := variedRefs(steered.Varied)
	for i := from; i < to; i++ {
		t := b.Time[i]
		if t >= m.changeAt {
			f.change(t, back)
		}
		if at, overdue := f.list.Overdue(t); overdue {
			f.publish(at, back)
		}
		ref, varied = varied.of(i)
		entry := steered.Entry[i]
		if entry >= Sent {
			if entry != Sent {
				m.ruledOut(t, b.Flow[i], b.First+uint32(i))
				continue
			}
			back.catchUpAll(t)
			back.send(t, sends[0], b.First+uint32(i))
			sends = sends[1:]
			continue
		}
		to := m.target(entry)
		if m.rings.Full(to.queue) || m.observe != nil { // an observer is told in order of time
			back.catchUp(t, to.cpu)
		}
		accepted := m.receive(t, to.queue, b.Length[i], b.Flow[i], b.First+uint32(i))
		if ref != nil && accepted && m.CountedAffinity == nil {
			m.metSeveral(ref, b.Flow[i], to.cpu)
		}
		if m.changes != nil {
			m.movable(t, entry, b.Flow[i], to, accepted)
		}
		if accepted {
			f.fill(b, i, to, entry != Unhashed)
			if f.list.Add(to.cpu, t) {
				f.publish(t, back)
			}
		}
	}
}

// change does what is due to change at t, once all that comes before it is done.
func (f *frontEnd) change(t int64, back backEnd) {
	f.m.change(t, func(at int64) []int64 {
		if due, overdue := f.list.Overdue(at); overdue {
			f.publish(due, back)
		}
		back.catchUpAll(at)
		return back.busy(at)
	})
}

// fill fills a buffer of a queue with the i-th packet of b, which has a hash or not.
func (f *frontEnd) fill(b *Batch, i int, to target, hashed bool) {
	m, t := f.m, b.Time[i]
	buf := f.queues[to.cpu].Fill()
	buf.Arrival, buf.Length, buf.Flow, buf.Packet, buf.Queue = t, b.Length[i], b.Flow[i], b.First+uint32(i), to.queue
	if f.hop != nil {
		buf.CPU = f.hop.steer(b, i, to.queue)
	}
	if m.observe != nil {
		m.event(Fill, t, int(to.cpu), int(to.queue), int64(buf.Packet))
		if hashed {
			m.event(Hash, t, int(to.cpu), int(to.queue), int64(buf.Packet))
		}
	}
}

func (f *frontEnd) publish(t int64, back backEnd) {
	f.m.at(t)
	back.publish(t, f.list.Empty())
}

// finish publishes what is left when no more packets come.
func (f *frontEnd) finish(back backEnd) {
	if at, pending := f.list.Deadline(); pending {
		f.publish(at, back)
	}
}
