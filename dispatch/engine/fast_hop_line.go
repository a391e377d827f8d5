package engine

import (
	"math"

	"rssreplay/nicmodel"
)

// hopLine is one CPU of a fastHop: the turns of its backlog, and where those of a vector's
// DPC come between. What such turns, of any CPU, did to it or will do is in two lists.
type hopLine struct {
	counts *cpu

	// The packets that join its backlog, by the time when they do, of one moment the
	// lowest CPU's first: joins[out:in], those below seen are known to have found room.
	// joins[counted:out] were taken, and are not counted yet; those from kept on are still there.
	joins                        []hopJoin // length a power of two
	kept, counted, out, seen, in uint64

	// The ends of turns of vectors' DPCs from which packets joined, in the same order: those of
	// which no packet that waits tells.
	wakes           []hopWake // length a power of two
	wakeOut, wakeIn uint64

	most uint64 // that waited, just after one of those joined that are counted

	free int64 // when the latest turn ended
	ran  int64 // before this moment all is done

	// The backlog: it has its turn, or waits for one from a moment on, also while an IPI for
	// it is under way.
	turn        bool   // it has
	decides     int64  // in a turn: when it takes its next packet
	taken       int    // in a turn: packets
	backlogFrom moment // never if it is not scheduled
	since       int64  // when it last ended unscheduled

	// Whether it goes ahead (mayGoAhead), and what of it has not been counted then.
	ahead  bool
	latest hopTurn

	// The DPC of a vector: it has its turn, or waits for one from a moment on.
	turning    bool // it has
	vector     int
	vectorFrom moment // never if none waits
}

// The order of those that wait for a turn from one time on.
const (
	afterISR   = iota // a vector's DPC
	afterWake         // a backlog: after an IPI, or the end of a turn
	afterSpent        // a vector's DPC whose budget was spent: the backlog is scheduled just before
)

// hopJoin is a packet that joins a backlog: the buffer that it was in, with the time when it
// joins as Published, and as CPU the one that hands it over.
type hopJoin struct {
	nicmodel.Buffer
	wakes int64 // when the turn ends that hands it over, or notKnown: hopWake tells
	taken int64 // once it is: when
}

// notKnown is an end of a turn.
const notKnown int64 = math.MaxInt64

// hopWake is the end of a turn of a vector's DPC from which packets joined a backlog.
type hopWake struct {
	time   int64
	from   uint16 // the CPU
	joined uint32 // packets
}

func newHopLine(counts *cpu) *hopLine {
	return &hopLine{counts: counts, joins: make([]hopJoin, 64), wakes: make([]hopWake, 64), since: -1, backlogFrom: never, vectorFrom: never}
}

// before makes room among the packets that join the backlog for one that a CPU hands over at
// a time, and returns its place.
func (l *hopLine) before(time int64, from uint16) uint64 {
	mask, i := uint64(len(l.joins)-1), l.in
	for ; i > l.out; i-- {
		before := &l.joins[(i-1)&mask]
		if before.Published < time || before.Published == time && before.CPU <= from {
			break
		}
		l.joins[i&mask] = *before
	}
	return i
}

// wake notes the end of a turn of a CPU from which packets joined, and which these do not tell.
func (l *hopLine) wake(time int64, from uint16, joined uint32) {
	if l.wakeIn-l.wakeOut == uint64(len(l.wakes)) {
		l.wakes = moreRoom(l.wakes, l.wakeOut, l.wakeIn)
	}
	mask, i := uint64(len(l.wakes)-1), l.wakeIn
	for ; i > l.wakeOut; i-- {
		before := &l.wakes[(i-1)&mask]
		if before.time < time || before.time == time && before.from <= from {
			break
		}
		l.wakes[i&mask] = *before
	}
	l.wakes[i&mask] = hopWake{time, from, joined}
	l.wakeIn++
}

// scheduled reports whether the backlog has its turn, or waits, or an IPI for it is under way.
func (l *hopLine) scheduled() bool { return l.backlogFrom != never }

// run has CPU c do what comes before limit: it goes through its backlog until a vector's
// DPC has its turn. All that joins before limit is known. It returns when the CPU goes on.
func (e *fastHop) run(c int, limit int64) (next int64) {
	l := e.lines[c]
	e.fallBack(c, l, limit)
	for {
		if !l.scheduled() && l.out < l.in {
			if l.turning || l.wakeOut < l.wakeIn || l.in-l.out > e.room {
				e.awaken(c, l, min(limit, e.ownEnd(l)))
			} else {
				e.wholeTurns(c, l, limit)
			}
		}
		if l.turning {
			next = e.cycles[l.vector].decides
			break
		}
		if !l.turn {
			head := min(l.backlogFrom, l.vectorFrom)
			if next = max(l.free, head.time()); next >= limit {
				break
			}
			l.counts.DPCs++
			l.counts.DPCTime += e.costs.dpc
			if head == l.vectorFrom {
				e.startTurn(l, next)
				continue
			}
			l.turn, l.decides, l.taken = true, next+e.costs.dpc, 0
		}
		if next = l.decides; next >= limit {
			break
		}
		if e.takeBacklog(c, l, limit); l.turn {
			next = l.decides
			break
		}
	}
	l.ran = min(limit, next)
	if before := l.ran - 1; e.fillsUp(l, before) {
		e.look(c, l, before)
	}
	e.mayGoAhead(l)
	return next
}

// ownEnd is a moment before which no turn of a vector's DPC ends on the CPU but those whose
// end is known.
func (e *fastHop) ownEnd(l *hopLine) int64 {
	if l.turning {
		return e.cycles[l.vector].decides
	}
	return max(l.free, l.vectorFrom.time()) + e.costs.dpc
}

// awaken schedules a backlog that is not, and for which packets are known, at the first end
// of a turn before limit from which a packet joined it, and at which it is not empty (R4).
func (e *fastHop) awaken(c int, l *hopLine, limit int64) {
	for l.out < l.in {
		now, from := l.wakesAt(c, limit)
		if now >= limit {
			return
		}
		if e.fillsUp(l, now) {
			e.look(c, l, now)
			continue // what wakes it may be dropped
		}
		if int(from) != c {
			now += e.costs.ipi
			l.counts.IPIs++
		}
		l.backlogFrom = at(now, afterWake)
		return
	}
}

// wholeTurns goes through turns of a backlog that is not scheduled, and for which packets are
// known, until a vector's DPC comes first, or one goes on at limit or later.
//
// Optimization: it equals awaken and takeBacklog, where the ends of turns are known and all
// packets find room. What changes stays in registers, as it calls nothing.
func (e *fastHop) wholeTurns(c int, l *hopLine, limit int64) {
	joins, mask, costs, in := l.joins, uint64(len(l.joins)-1), &e.costs, l.in
	out, free, since := l.out, l.free, l.since
	turns, ipis, most, work := uint64(0), uint64(0), l.counts.MaxPerDPC, int64(0)
	// An end of a turn of the vector's DPC that is not known yet comes no sooner.
	own := l.vectorFrom.time()
	for out < in {
		j := &joins[out&mask]
		wakes, from := j.wakes, j.CPU
		for i := out + 1; i < in; i++ {
			j := &joins[i&mask]
			if j.Published > wakes {
				break
			}
			if j.wakes < wakes || j.wakes == wakes && j.CPU < from {
				wakes, from = j.wakes, j.CPU
			}
		}
		if wakes >= min(limit, max(free, own)+costs.dpc) {
			break
		}
		if int(from) != c {
			wakes += costs.ipi
			ipis++
		}
		start := max(free, wakes)
		if at(wakes, afterWake) >= l.vectorFrom || start >= limit {
			l.backlogFrom = at(wakes, afterWake)
			break
		}
		turns++
		now, first, to := start+costs.dpc, out, min(in, out+uint64(e.budget))
		for ; out < to && now < limit; out++ {
			j := &joins[out&mask]
			if j.Published > now || j.wakes > now && j.wakes != notKnown {
				break
			}
			j.taken = now
			now += costs.of(j.Length)
		}
		work += now - start
		if now >= limit || out < in && joins[out&mask].Published <= now { // takeBacklog goes on
			l.turn, l.decides, l.taken, l.backlogFrom = true, now, int(out-first), at(wakes, afterWake)
			break
		}
		free, since = now, now
		most = max(most, out-first)
	}
	l.out, l.free, l.since = out, free, since
	l.counts.DPCs += turns
	l.counts.IPIs += ipis
	l.counts.MaxPerDPC = most
	l.counts.DPCTime += work
}

// wakesAt is when a turn ends first that wakes the backlog of CPU c, which is not empty then,
// and of which CPU; limit if none does before.
func (l *hopLine) wakesAt(c int, limit int64) (now int64, from uint16) {
	mask := uint64(len(l.joins) - 1)
	first := &l.joins[l.out&mask]
	now, from = limit, first.CPU
	for i := l.out; i < l.in; i++ {
		j := &l.joins[i&mask]
		if j.Published > now {
			break
		}
		if j.wakes < now || j.wakes == now && j.CPU < from {
			now, from = j.wakes, j.CPU
		}
	}
	for ; l.wakeOut < l.wakeIn; l.wakeOut++ {
		w := &l.wakes[l.wakeOut&uint64(len(l.wakes)-1)]
		if w.time >= limit {
			break
		}
		was := w.time < l.since || w.time == l.since && int(w.from) < c // scheduled then
		if was || w.joined == 0 || w.time < first.Published {
			continue
		}
		if w.time < now || w.time == now && w.from < from {
			now, from = w.time, w.from
		}
		break
	}
	return now, from
}

// takeBacklog goes on with the turn of a backlog, up to its end or to the first decision
// at limit or later.
func (e *fastHop) takeBacklog(c int, l *hopLine, limit int64) {
	joins, mask := l.joins, uint64(len(l.joins)-1)
	now, n := l.decides, l.taken
	for now < limit {
		many := uint64(e.budget - n)
		if l.in-l.out > e.room {
			e.look(c, l, now)
			many = min(many, 1)
		}
		out, to := l.out, min(l.out+many, l.in)
		// Optimization: what changes in this loop stays in registers, as it calls nothing.
		from := out
		for ; out < to && now < limit; out++ {
			j := &joins[out&mask]
			if j.Published > now || j.wakes > now && j.wakes != notKnown {
				break
			}
			j.taken = now
			now += e.costs.of(j.Length)
		}
		n += int(out - from)
		l.out = out
		if now >= limit {
			break
		}
		j := &joins[out&mask]
		if out == l.in || j.Published > now {
			l.turn, l.backlogFrom, l.free, l.since = false, never, now, now
			break
		}
		if n == e.budget {
			l.turn, l.free, l.backlogFrom = false, now, at(now, afterWake)
			break
		}
		if j.wakes > now && j.wakes != notKnown { // it will no longer be there to tell
			l.wake(j.wakes, j.CPU, 1)
			j.wakes = notKnown
		}
	}
	cpu := l.counts
	cpu.DPCTime += now - l.decides
	l.decides, l.taken = now, n
	if !l.turn {
		cpu.MaxPerDPC = max(cpu.MaxPerDPC, uint64(n))
	}
}

// fillsUp reports whether more packets may wait at now than find room: then look tells.
func (e *fastHop) fillsUp(l *hopLine, now int64) bool {
	nth := l.out + e.room
	return nth < l.in && l.joins[nth&uint64(len(l.joins)-1)].Published <= now
}

// look finds which packets that join up to now find room, and drops the others. None was
// taken since those at which it looked the last time, or after now.
//
// Optimization: it is called only where more may wait than find room.
func (e *fastHop) look(c int, l *hopLine, now int64) {
	mask := uint64(len(l.joins) - 1)
	i := max(l.seen, l.out)
	kept := i
	for ; i < l.in; i++ {
		j := &l.joins[i&mask]
		if j.Published > now {
			break
		}
		if kept-l.out >= e.room {
			l.counts.BacklogDrops++
			e.FixedAffinity.Drop(j.Flow)
			e.dropped(c, l, j)
			continue
		}
		l.joins[kept&mask] = *j
		kept++
	}
	l.seen = kept
	if kept == i {
		return
	}
	for ; i < l.in; i++ {
		l.joins[kept&mask] = l.joins[i&mask]
		kept++
	}
	l.in = kept
}

// dropped takes a packet back that was to join the backlog of CPU c: the turn that it is
// from may have no other one there.
func (e *fastHop) dropped(c int, l *hopLine, j *hopJoin) {
	if j.wakes != notKnown {
		return
	}
	for i := l.wakeOut; i < l.wakeIn; i++ {
		if w := &l.wakes[i&uint64(len(l.wakes)-1)]; w.from == j.CPU && w.time >= j.Published {
			w.joined--
			return
		}
	}
	e.cycles[e.vectorOn(int(j.CPU))].joined[c]--
}

// count counts the packets that were taken from the backlog and are not counted yet.
//
// Optimization: they are many at once, and what they add up to stays in registers.
func (e *fastHop) count(l *hopLine) {
	out := l.out
	if l.ahead {
		out = l.latest.first // it may be undone
	}
	if l.counted == out {
		return
	}
	cpu, s := l.counts, &l.counts.series
	took, bytes, sum, latest, most := out-l.counted, uint64(0), int64(0), cpu.latency.Max, l.most
	joins, mask := l.joins, uint64(len(l.joins)-1)
	width, inLast := uint64(e.interval), uint64(0) // of a window, and packets of the last one
	for i := l.counted; i != out; i++ {
		j := &joins[i&mask]
		// One more waits than ever if the one that many before is still there when this one
		// joins.
		if i >= most && joins[(i-most)&mask].taken >= j.Published {
			most++
		}
		e.meet(j.Flow)
		bytes += uint64(j.Length)
		late := j.taken + e.costs.of(j.Length) - j.Arrival
		sum, latest = sum+late, max(latest, late)
		cpu.latency.Count(late)
		if uint64(s.until-1-j.Arrival) < width {
			inLast++
			continue
		}
		if inLast > 0 {
			s.counts[len(s.counts)-1] += inLast
		}
		e.inWindow(s, j.Arrival)
		width, inLast = uint64(e.interval), 0
	}
	if inLast > 0 {
		s.counts[len(s.counts)-1] += inLast
	}
	l.most, l.counted, l.kept = most, out, max(out, most)-most
	cpu.FromBacklog += took
	cpu.Packets += took
	cpu.Bytes += bytes
	cpu.latency.Add(took, sum, latest)
}

// countAll counts the packets that were taken from all backlogs.
func (e *fastHop) countAll() {
	for c := range e.lines {
		e.count(e.lines[c])
	}
}
