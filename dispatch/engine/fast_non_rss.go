package engine

import (
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/internal/prefetch"
)

// fastNonRSS is nonRSS where nobody observes.
//
// Optimization: it equals nonRSS.
type fastNonRSS struct {
	*Model
	line  fastLine
	bytes uint64
}

func newFastNonRSS(m *Model) *fastNonRSS {
	m.expects = true
	return &fastNonRSS{Model: m, line: newFastLine(m, nil)}
}

// ahead is how many packets before they arrive flows are expected: of a whole batch, more than
// the second-level cache keeps until they are taken.
const ahead = 64

func (e *fastNonRSS) Process(b *Batch) {
	m, l := e.Model, &e.line
	m.prepare(b)
	sends, flows, entries := b.Sends, b.Flow[:b.N], b.steered(m.steering).Entry[:b.N]
	affinity.Expect(m.CountedAffinity, flows[:min(ahead, len(flows))])
	for i, t := range b.Time[:b.N] {
		if from := i + ahead; i%prefetch.Group == 0 && from < len(flows) {
			affinity.Expect(m.CountedAffinity, flows[from:min(from+prefetch.Group, len(flows))])
		}
		if entry := entries[i]; entry >= Sent {
			if entry != Sent {
				continue // a rule drops it
			}
			l.advance(t)
			l.charge(t)
			if t >= m.changeAt {
				m.change(t, nil)
			}
			m.toSend(sends)
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

func (e *fastNonRSS) Finish() {
	e.line.run()
	e.line.counted(&e.queues[0], e.bytes)
}
