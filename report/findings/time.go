package findings

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about time: bursts, drops, load and latency. All of them need a clock.

// queueName is a queue, with its CPU where it has one.
func queueName(q *report.Queue) string {
	if q.CPU == nil {
		return fmt.Sprintf("queue %d", q.Queue)
	}
	return fmt.Sprintf("queue %d on CPU %d", q.Queue, *q.CPU)
}

// mostDrops is the queue with the most drops, nil where nothing is dropped or the
// clock carries no verdict.
func (d *diagnosis) mostDrops() *report.Queue {
	if d.mode == nil || d.mode.Totals.Drops == 0 || !d.timed() {
		return nil
	}
	worst := &d.mode.Queues[0]
	for i := range d.mode.Queues {
		if q := &d.mode.Queues[i]; q.Drops > worst.Drops {
			worst = q
		}
	}
	return worst
}

// burstyTo is the utilization of a CPU up to which a full ring is a matter of bursts.
const burstyTo = 0.5

// bursty tells whether the CPU that serves a queue has time enough on the mean.
func (d *diagnosis) bursty(q *report.Queue) bool { return d.serving(q) < burstyTo }

// serving is the utilization of the CPU that serves a queue, or of the busiest that may.
func (d *diagnosis) serving(q *report.Queue) (most report.Fraction) {
	for i := range d.mode.CPUs {
		if c := &d.mode.CPUs[i]; q.CPU == nil || c.CPU == *q.CPU {
			most = max(most, c.Utilization)
		}
	}
	return most
}

// impossible is the sentence about drops that the capture itself rules out; else
// what they would mean.
func (d *diagnosis) impossible(q *report.Queue) string {
	switch {
	case d.t.Scaled: // a ring took them at the capture's own rate
		return ""
	case d.t.TakenOnHost == "":
		return " If this was taken on the receiver itself, its ring took all of these packets, and the costs are too high."
	}
	s := fmt.Sprintf(" But they were received: %s, so each of these packets had passed the ring.", d.t.TakenOnHost)
	if bound := d.costBound(q); bound > 0 {
		s += fmt.Sprintf(" A packet cost at most %s there, interrupts included, or the ring had been full.", words.Nanoseconds(bound))
	}
	return s
}

// burst is the most packets that come for a queue within a short time.
func (d *diagnosis) burst(q *report.Queue) Burst {
	if q.Queue < len(d.t.Bursts) {
		return d.t.Bursts[q.Queue]
	}
	return Burst{}
}

// costBound is a cost of a packet, in ns, with which the ring of q would have been
// full at the latest at the end of its longest burst; 0 if no burst is longer than the
// ring.
func (d *diagnosis) costBound(q *report.Queue) int64 {
	ring := uint64(d.number("rx-ring", 0))
	if ring == 0 || q.CPU == nil {
		return 0
	}
	var bound int64
	limit := func(packets uint64, within int64) {
		if packets > ring {
			if cost := within / int64(packets-ring); bound == 0 || cost < bound {
				bound = cost
			}
		}
	}
	limit(q.Packets, d.r.Capture.Duration)
	burst := d.burst(q)
	limit(burst.In500us, 500_000)
	limit(burst.In50us, 50_000)
	return bound
}

// largestRing is more than the buffers that NICs have.
const largestRing = 1 << 16

// microburst: a ring is full though its CPU has time enough on the mean: packets come
// faster than it can take them for a while.
func (d *diagnosis) microburst() *report.Finding {
	q := d.mostDrops()
	if q == nil || !d.bursty(q) {
		return nil
	}
	f := d.drops("microburst", q)
	f.Summary = fmt.Sprintf("Bursts fill a ring of %s under %s: %s would be dropped%s, which has time enough on the mean.",
		words.Plural(uint64(d.number("rx-ring", 0)), "buffer", "buffers"), d.mode.Mode, words.Plural(d.mode.Totals.Drops, "packet", "packets"), d.droppedBy(q))
	burst := d.burst(q)
	f.Evidence += fmt.Sprintf(" Up to %s come for it within 50 µs, and up to %s within 500 µs.", words.Plural(burst.In50us, "packet", "packets"), words.Exact(burst.In500us))
	return f
}

// droppedBy is the clause about how many of the drops are the queue's.
func (d *diagnosis) droppedBy(q *report.Queue) string {
	if q.Drops == d.mode.Totals.Drops {
		return " by " + queueName(q)
	}
	return fmt.Sprintf(", %s of them by %s", words.Exact(q.Drops), queueName(q))
}

// drops is the finding about a full ring.
func (d *diagnosis) drops(id string, q *report.Queue) *report.Finding {
	ring, burst := d.number("rx-ring", 0), d.burst(q)
	longer := max(ring, 1)
	for longer < largestRing && (longer == ring || uint64(longer) < burst.In500us || !d.bursty(q) && longer < 8*ring) {
		longer *= 2
	}
	f := &report.Finding{
		ID: id, Severity: report.Warning,
		Evidence: fmt.Sprintf("%s drops %s of the %s packets steered to it.%s", words.UpperFirst(d.assumed()+queueName(q)), words.Percent(report.Ratio(q.Drops, q.Packets)), words.Exact(q.Packets), d.impossible(q)),
		Remedy:   "The ring is as long as it can be (`ethtool -g DEV`): fewer packets at once, or less work for each, take bursts.",
		Figures: report.Numbers{"drops": d.mode.Totals.Drops, "queue": q.Queue, "queue_drops": q.Drops, "queue_packets": q.Packets, "rx_ring": ring,
			"burst_50us": burst.In50us, "burst_500us": burst.In500us, "assumed_costs": !d.ownCosts()},
	}
	if buffers, how := d.ringFor(longer); buffers > 0 {
		f.Remedy = fmt.Sprintf("A longer ring takes bursts: %s; its effect: %s.", how, d.run("", Argument{"--rx-ring", fmt.Sprint(buffers)}))
	}
	f.Remedy += d.costHint()
	switch {
	case d.t.TakenOnHost != "":
		f.Severity = report.Note
	case d.ownCosts():
		f.Severity = report.Problem
	}
	return f
}

// costHint is the sentence that says how to give the machine's own cost of a packet; ""
// where it is given.
func (d *diagnosis) costHint() string {
	if d.ownCosts() {
		return ""
	}
	return " `rssreplay calibrate` measures what a packet costs on your machine, and `--packet-cost` sets it."
}

// ringOverflow: the model drops packets.
func (d *diagnosis) ringOverflow() *report.Finding {
	q := d.mostDrops()
	if q == nil || d.has("microburst") {
		return nil
	}
	f := d.drops("ring-overflow", q)
	f.Summary = fmt.Sprintf("Under %s %s would be dropped%s: its ring of %d is full.",
		d.mode.Mode, words.Plural(d.mode.Totals.Drops, "packet", "packets"), d.droppedBy(q), d.number("rx-ring", 0))
	f.Evidence += " " + words.UpperFirst(d.hottest()) + "."
	if d.serving(q) >= report.BusyFrom {
		f.Remedy = d.moreCPUs() + " A longer ring would only fill later." + d.costHint()
	} else {
		f.Remedy = d.moreCPUs() + " " + strings.Replace(f.Remedy, "A longer ring takes bursts", "A longer ring only takes bursts", 1)
	}
	return f
}

// roomyTo is the utilization up to which a CPU has room for what chance brings.
const roomyTo = 0.7

// moreCPUs is the remedy for CPUs that are full: with how many they would have room,
// or, where the load is uneven, that an even one needs no more.
func (d *diagnosis) moreCPUs() string {
	switch {
	case !d.uneven():
	case d.byOneFlow() && d.has("tunnel"):
		return "More CPUs take no part of one tunnel."
	case d.byOneFlow() && d.has("elephant-flow", "single-flow"):
		return "More CPUs take no part of the heaviest flow. " + d.split(d.t.Largest) + "."
	case d.explained():
		return "A more even load: more CPUs alone change little."
	default:
		return "A more even load, or more CPUs."
	}
	offered := report.Fraction(0) // the work of all CPUs, had nothing been dropped
	for i := range d.mode.CPUs {
		if u := d.mode.CPUs[i].Utilization; !u.IsNull() {
			offered += u
		}
	}
	offered *= 1 + report.Ratio(d.taken.Totals.Drops, max(d.taken.Totals.Packets, 1))
	enough := len(d.mode.CPUs) + 1
	for cpus := float64(len(d.mode.CPUs)); ; enough++ {
		chance := float64(max(d.lost(), 1)-1) * math.Sqrt(float64(enough)/cpus) // fewer flows for each
		if float64(enough)*roomyTo >= float64(offered)*(1+chance) {
			break
		}
	}
	if d.t.PowerOfTwo { // fewer of them would have a queue
		enough = 1 << bits.Len(uint(enough-1))
	}
	if most := d.mostQueues(enough); most > 0 && enough > most && !d.rps() {
		all := fmt.Sprintf("0-%d", enough-1)
		effect := ""
		if d.mode.Mode == "rss-msix" { // the others run as without
			effect = d.effect(cpuFlags, Argument{"--cpus", fmt.Sprint(enough)}, Argument{"--rps", all})
		}
		return fmt.Sprintf("No CPU stands out, and RSS of this NIC reaches at most %s: RPS spreads behind it%s.", words.Plural(uint64(most), "queue", "queues"), effect)
	}
	if enough > d.r.Table.Size { // some would get nothing
		return "No CPU stands out: more CPUs."
	}
	return "No CPU stands out: more CPUs" + d.effect(cpuFlags, Argument{"--cpus", fmt.Sprint(enough)}) + "."
}

// saturated: a CPU is busy all the time.
func (d *diagnosis) saturated() *report.Finding {
	if !d.judged() || !d.timed() {
		return nil
	}
	var most *report.CPU
	for i := range d.taken.CPUs {
		c := &d.taken.CPUs[i]
		if !c.Utilization.IsNull() && c.Utilization >= report.BusyFrom && (most == nil || c.Utilization > most.Utilization) {
			most = c
		}
	}
	if most == nil {
		return nil
	}
	f := &report.Finding{
		ID: "cpu-saturated", Severity: report.Warning,
		Summary: fmt.Sprintf("%sCPU %d is busy %s of the time under %s.", d.assumed(), most.CPU, words.Percent(most.Utilization), d.mode.Mode),
		Evidence: fmt.Sprintf("It takes %s packets, %s of all, at %s.", words.Exact(most.Packets), words.Percent(report.Ratio(most.Packets, d.taken.Totals.Packets)),
			packetRate(most.PacketsPerSecond)),
		Remedy:  d.moreCPUs(),
		Figures: report.Numbers{"cpu": most.CPU, "utilization": most.Utilization, "assumed_costs": !d.ownCosts()},
	}
	if d.ownCosts() {
		f.Severity = report.Problem
	} else {
		f.Remedy += d.costHint()
	}
	return f
}

func packetRate(f report.Fraction) string { return words.Rate(f) + " packets/s" }

// Moderation is long from here on, in µs: few drivers set more than 125 themselves.
const longModerationFrom = 250

// longModeration: packets wait for the interrupt, and not for a CPU.
func (d *diagnosis) longModeration() *report.Finding {
	usecs := d.number("rx-usecs", 0)
	if !d.judged() || !d.timed() || usecs < longModerationFrom || d.mode.Totals.Drops > 0 {
		return nil
	}
	var worst *report.CPU
	for i := range d.mode.CPUs {
		if c := &d.mode.CPUs[i]; c.Latency.P99 != nil && (worst == nil || *c.Latency.P99 > *worst.Latency.P99) {
			worst = c
		}
	}
	if worst == nil || *worst.Latency.P99 < int64(usecs)*900 || *worst.Latency.P99 > int64(usecs)*1500 {
		return nil
	}
	set, to := "`ethtool -C DEV adaptive-rx off rx-usecs 50`", 50
	if d.t.PowerShell {
		set, to = property("*InterruptModeration", 0)+" switches it off", 0
	}
	return &report.Finding{
		ID: "long-moderation", Severity: report.Warning,
		Summary: fmt.Sprintf("Interrupt moderation makes the latency: a packet of CPU %d waits up to %s, and rx-usecs is %d.",
			worst.CPU, words.Nanoseconds(*worst.Latency.P99), usecs),
		Evidence: fmt.Sprintf("That is the 99th percentile under %s; half of its packets wait %s or less.", d.mode.Mode, words.NanosecondsOrNone(worst.Latency.P50)),
		Remedy:   fmt.Sprintf("Unless throughput alone counts: %s; its effect: %s.", set, d.run("", Argument{"--rx-usecs", fmt.Sprint(to)})),
		Figures:  report.Numbers{"cpu": worst.CPU, "latency_p99_ns": *worst.Latency.P99, "rx_usecs": usecs},
	}
}

// partAlone is the sentence with the command that replays a part of the replay's time; "" where
// --from and --to can't tell it.
func (d *diagnosis) partAlone(start, end int64) string {
	if d.t.Begins == nil {
		return ""
	}
	return "That part alone: " + d.run("", Argument{"--from", seconds(*d.t.Begins + start)}, Argument{"--to", seconds(*d.t.Begins + end)}) + ". "
}

// hotFrom is the share of a window's packets by which a CPU has most of it, and
// hotterFrom how many times more uneven it must be than the whole.
const (
	hotFrom    = 0.5
	hotterFrom = 1.5
)

// hotWindow: a CPU has most of a window, though the whole is far more even: an
// elephant that comes and goes, or one after the other.
func (d *diagnosis) hotWindow() *report.Finding {
	if !d.judged() || !d.timed() || d.has("weak-key", "one-queue", "single-queue", "lopsided-table", "no-hash-type", "unhashed", "tunnel", "single-flow", "udp-without-ports", "few-inputs") || len(d.mode.CPUs) < 2 {
		return nil
	}
	s := &d.mode.Series
	windows := s.Windows()
	if windows < 2 {
		return nil
	}
	h := d.hotWindows(s, windows)
	if h.hot == 0 || h.met < 2 || d.heavyBesides(&h) {
		return nil
	}
	number := s.CPUs[h.cpu].CPU
	excess := float64(h.most) - float64(h.of)/float64(len(s.CPUs))
	meet := !d.r.Moves() && d.burstsMeet(s, windows, h)
	if meet && !d.oneHas(number, excess) {
		return nil
	}
	start := int64(h.at) * s.Interval
	from := words.ExactDuration(start)
	if start == 0 {
		from = "the start"
	}
	none := "No table is"
	if d.rps() {
		none = "No masks of RPS are"
	}
	lost := report.Ratio(h.most, h.of) * report.Fraction(len(s.CPUs))
	joins := ", though"
	if d.uneven() { // as the window is
		joins = ";"
	}
	f := &report.Finding{
		ID: "hot-window", Severity: report.Note,
		Summary: fmt.Sprintf("CPU %d has %s of the packets from %s to %s%s over the whole time the busiest CPU has %s × its fair share.",
			number, words.Percent(report.Ratio(h.most, h.of)), from, words.ExactDuration(start+s.Interval), joins, words.Fixed(d.lost(), 2)),
		Evidence: fmt.Sprintf("%s of %s windows of %s with %d packets or more %s a CPU with %s of them or more; this one has %s packets, and an even spread carries %s × as much.",
			words.Exact(uint64(h.hot)), words.Exact(h.met), words.Nanoseconds(s.Interval), report.MinPackets, verb(int(h.hot), "has", "have"), words.Percent(d.hotShare(s)), words.Exact(h.of), words.Fixed(lost, 1)),
		Remedy:  d.partAlone(start, start+s.Interval) + none + " right for flows that come and go: split a heavy one over several connections.",
		Figures: report.Numbers{"cpu": number, "start_ns": start, "interval_ns": s.Interval, "window_packets": h.of, "cpu_packets": h.most, "hot_windows": h.hot, "windows": h.met, "lost_capacity": lost},
	}
	if d.r.Moves() { // the table that is in force then may be why
		f.Remedy = "Compare it with the times at which entries or queues moved."
	}
	if d.share(h.inHot) >= hotShareFrom && !meet && d.givenLoad() == nil { // which "moves" tells
		f.Severity = d.weigh(lost)
	}
	if largest := d.largestOn(number); largest != nil && d.oneHas(number, excess) {
		d.addLargest(f, largest)
	}
	if meet {
		f.Evidence += " Or bursts of several flows met there: by how unevenly the other windows are loaded, that may be."
	}
	return f
}

// heavyBesides tells whether the largest flow is more than a fair share without the hot windows,
// too, and though all that the hottest CPUs have in them were its packets: then it is the
// elephant that is told of, which lasts, and no window.
func (d *diagnosis) heavyBesides(h *hotWindows) bool {
	f := d.t.Largest
	if f == nil || d.r.Moves() || !d.uneven() || !d.onBusiest(f) || d.fewInAll() || f.Packets <= h.inTop {
		return false
	}
	return report.Ratio(f.Packets-h.inTop, d.r.Capture.Received-h.inHot)*report.Fraction(len(d.mode.CPUs)) >= report.UnevenFrom
}

// largestOn is the largest flow of a CPU, by its number; nil where that is not known.
func (d *diagnosis) largestOn(cpu int) *report.Flow {
	c := d.mode.CPUNumbered(cpu)
	if c == nil || c.Largest == nil || len(c.Largest.InMode(d.mode.Mode).CPUs) == 0 {
		return nil
	}
	return c.Largest
}

// oneHas tells whether one flow of a CPU alone may have as many packets as the CPU has too many.
func (d *diagnosis) oneHas(cpu int, excess float64) bool {
	largest := d.largestOn(cpu)
	if largest == nil {
		return true
	}
	on := largest.InMode(d.mode.Mode)
	return float64(on.Most().Packets) >= excess
}

// addLargest adds the largest flow of a CPU, which alone has packets enough for a hot window.
func (d *diagnosis) addLargest(f *report.Finding, largest *report.Flow) {
	on := largest.InMode(d.mode.Mode)
	entry := ""
	if !largest.HashWithheld && largest.HashType != report.NoHash && largest.Rule == nil {
		entry = fmt.Sprintf(", entry %d of the table", largest.Index)
		f.Figures["entry"] = largest.Index
	}
	f.Evidence += fmt.Sprintf(" The CPU's largest flow has packets enough for it: %s%s, %s in all.",
		report.FlowWords(largest), entry, words.Plural(on.Most().Packets, "packet", "packets"))
}

// hotWindows are the windows in which a CPU has most of the load, though not of all the
// capture.
type hotWindows struct {
	met, inHot uint64 // windows with packets enough, and packets in the hot ones
	inTop      uint64 // of these, those on the CPU that has most of each
	hot        int
	// The hottest: which it is, the CPU's index, its packets, and all.
	at, cpu  int
	most, of uint64
}

func (d *diagnosis) hotWindows(s *report.Series, windows int) (h hotWindows) {
	for w := range windows {
		all, top, on := inWindow(s, w)
		if all < report.MinPackets {
			continue
		}
		h.met++
		if !d.isHot(s, all, top) {
			continue
		}
		h.hot++
		h.inHot += all
		h.inTop += top
		if top > h.most {
			h.at, h.cpu, h.most, h.of = w, on, top, all
		}
	}
	return h
}

// inWindow is the packets of a window, and the most of a CPU, by its index.
func inWindow(s *report.Series, w int) (all, top uint64, on int) {
	for i := range s.CPUs {
		n := s.CPUs[i].Packets[w]
		all += n
		if n > top {
			top, on = n, i
		}
	}
	return all, top, on
}

// isHot tells whether a CPU with top of a window's packets has most of it, though not of all the
// capture.
func (d *diagnosis) isHot(s *report.Series, all, top uint64) bool {
	return report.Ratio(top, all) >= d.hotShare(s)
}

// hotShare is the share of a window's packets from which a CPU makes it hot.
func (d *diagnosis) hotShare(s *report.Series) report.Fraction {
	return max(hotFrom, hotterFrom*max(d.lost(), 1)/report.Fraction(len(s.CPUs)))
}

// meetingTo is the standard deviations up to which bursts that meet on a CPU may make a window
// hot. Measured: of 300 captures of even flows whose packets come in trains of 30 a fifth has such
// a window, and none beyond this; of 160 with a phase in which 1 to 8 flows meet on a CPU all do.
const meetingTo = 8

// burstsMeet tells whether the hottest window is no more than what bursts do that meet on a CPU:
// its packets lie no further above the CPU's share of the other windows, those that are not hot
// or have few packets, than packets in such bursts scatter. How much more than single packets
// they do is told by these windows, too: Pearson's χ² of the CPUs' packets over its degrees of
// freedom (McCullagh and Nelder, Generalized Linear Models, 1989, 4.5.2). With fewer than two of
// them it is not known.
func (d *diagnosis) burstsMeet(s *report.Series, windows int, h hotWindows) bool {
	var packets []float64 // of each of the others
	var others []int
	total, sums := 0.0, make([]float64, len(s.CPUs))
	for w := range windows {
		all, top, _ := inWindow(s, w)
		if all == 0 || all >= report.MinPackets && d.isHot(s, all, top) {
			continue
		}
		others, packets, total = append(others, w), append(packets, float64(all)), total+float64(all)
		for i := range s.CPUs {
			sums[i] += float64(s.CPUs[i].Packets[w])
		}
	}
	if len(others) < 2 {
		return false
	}
	squares := 0.0
	for k, w := range others {
		for i, sum := range sums {
			if expected := packets[k] * sum / total; expected > 0 {
				off := float64(s.CPUs[i].Packets[w]) - expected
				squares += float64(off*off) / expected
			}
		}
	}
	scatter := max(squares/float64((len(others)-1)*(len(sums)-1)), 1)
	share := sums[h.cpu] / total
	deviation := math.Sqrt(scatter * float64(h.of) * share * (1 - share))
	return float64(h.most)-float64(h.of)*share <= meetingTo*deviation
}

// hotShareFrom is the share of the packets that lie in hot windows from which these
// are more than a note.
const hotShareFrom = 0.03
