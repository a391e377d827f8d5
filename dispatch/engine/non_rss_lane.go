package engine

// nonRSSLane is nonRSS where nobody observes.
//
// Optimization: it equals nonRSS.
type nonRSSLane struct {
	*Model
	lane  lane
	bytes uint64
}

func newNonRSSLane(m *Model) *nonRSSLane {
	return &nonRSSLane{Model: m, lane: newLane(m, nil)}
}

func (e *nonRSSLane) Process(b *Batch) {
	m, l := e.Model, &e.lane
	m.prepare(b)
	sends := b.Sends
	for i, t := range b.Time[:b.N] {
		if b.Entry[i] == Sent {
			l.advance(t)
			l.charge(t)
			m.send(t, sends[0], b.First+uint32(i))
			sends = sends[1:]
			continue
		}
		e.bytes += uint64(b.Length[i])
		if l.filled >= l.limit && l.full(t) {
			l.drop(b.Length[i])
			continue
		}
		l.fill(t, b.Length[i], b.Flow[i])
		l.publish(t)
	}
	m.arrived(b)
}

func (e *nonRSSLane) Finish() {
	e.lane.run()
	e.lane.counted(&e.queues[0], e.bytes)
}
