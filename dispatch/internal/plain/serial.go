package plain

import "rssreplay/dispatch/engine"

// serialTime is how long the busiest unit was busy that cannot run beside
// itself, in ns.
func (e *machine) serialTime() int64 {
	var busiest, together int64
	for i := range e.cpus {
		worked := e.cpus[i].isrTime + e.cpus[i].dpcTime
		busiest = max(busiest, worked)
		together += worked
	}
	switch e.mode {
	case engine.RSSMSIX:
		return busiest
	case engine.NonRSS:
		// Not specified: receive packet steering, where CPUs work on their backlogs
		// beside each other. Each CPU is such a unit there, and so is the vector: its
		// ISRs and DPCs, on whatever CPUs.
		if e.secondHop() {
			return max(busiest, e.vectors[0].workTime)
		}
		return together // only one CPU works at a time
	default:
		return e.vectors[0].maskedTime
	}
}
