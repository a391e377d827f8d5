package plain

import "rssreplay/dispatch"

// serialTime is how long the busiest unit was busy that cannot run beside
// itself, in ns.
func (e *engine) serialTime() int64 {
	var busiest, together int64
	for i := range e.cpus {
		worked := e.cpus[i].isrTime + e.cpus[i].dpcTime
		busiest = max(busiest, worked)
		together += worked
	}
	switch e.mode {
	case dispatch.RSSMSIX:
		return busiest
	case dispatch.NonRSS:
		return together // only one CPU works at a time
	default:
		return e.vectors[0].maskedTime
	}
}
