package plain

// maxStepBack is how far behind the largest time a record may lie and still
// belong to the same clock, in ns.
const maxStepBack = int64(1e9)

// Arrivals turns a capture's timestamps, in file order, into the model's times:
// ns since the first packet, never falling. An arrival's time is the largest
// timestamp so far; one that steps back is clamped to it, and counted as a
// regression.
//
// A record more than 1 s earlier than the largest time so far starts a new piece
// (a clock set back, captures put one behind the other) if the next record is
// also more than 1 s earlier than that: an offset is added to it and to all later
// records, so that it arrives at the largest time so far. It is counted as a
// restart. The last record has no next one: it is clamped.
//
// Not specified: whether what starts a new piece is also a regression. Here it
// is not; it arrives where its offset puts it.
func Arrivals(stamps []int64) (times []int64, regressions, restarts uint64) {
	var offset, now int64
	for i, stamp := range stamps {
		if i == 0 {
			offset = -stamp
		}
		time := stamp + offset
		switch {
		case time >= now:
			now = time
		case now-time > maxStepBack && i+1 < len(stamps) && now-(stamps[i+1]+offset) > maxStepBack:
			restarts++
			offset += now - time
		default:
			regressions++
		}
		times = append(times, now)
	}
	return times, regressions, restarts
}
