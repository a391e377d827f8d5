package findings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rssreplay/nicmodel"
	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about the capture's timestamps.

// coarse is a resolution of timestamps by which no burst can be told from its pause,
// in ns.
const coarse = 1e6

// fastest is the rate that no link reaches, in Gbit/s.
const fastest = 1000

// clockStill: all packets at one instant, or faster than any link, or a clock of
// milliseconds or seconds, so that what the capture shows as bursts may be none. (Packets
// that GRO made carry no more bytes than the wire did.)
func (d *diagnosis) clockStill() *report.Finding {
	c := &d.r.Capture
	if c.Packets < 2 {
		return nil
	}
	f := &report.Finding{
		ID: "clock-still", Severity: report.Warning,
		Remedy: "Which CPU gets which packet holds all the same. For the rest, capture with the kernel's clock (`tcpdump -i DEV -w OUT`), and write formats that keep nanoseconds or microseconds.",
	}
	switch {
	case c.Duration == 0:
		switch {
		case c.TimestampRegressions > 0:
			f.Summary = "No packet has a later timestamp than the first: the capture has no clock."
		case c.Packets == 2:
			f.Summary = "Both packets have the same timestamp: the capture has no clock."
		default:
			f.Summary = fmt.Sprintf("All %s packets have the same timestamp: the capture has no clock.", words.Exact(c.Packets))
		}
		f.Evidence = "Drops, load and latency can't be judged."
		f.Figures = report.Numbers{"packets": c.Packets, "duration_ns": c.Duration}
	case d.t.Grain >= coarse && c.Packets >= report.MinPackets && report.Fraction(c.Duration) < report.Fraction(c.Packets-1)*report.Fraction(d.t.Grain): // so some share one
		f.Summary = fmt.Sprintf("All timestamps are multiples of %s, and %s packets lie in each on the mean: within it they arrive at once in the replay.",
			words.Nanoseconds(d.t.Grain), words.Fixed(report.Fraction(c.Packets)*report.Fraction(d.t.Grain)/report.Fraction(c.Duration), 1))
		f.Evidence = "Drops and latency follow from that, and can't be judged."
		f.Figures = report.Numbers{"packets": c.Packets, "grain_ns": d.t.Grain}
	case c.Packets >= report.MinPackets && d.t.LargestPacket <= report.LargestOffloaded && report.Fraction(c.Bytes)*8 > fastest*report.Fraction(max(c.Duration, d.r.Span)): // as they came, and as they are replayed
		rate := float64(report.Fraction(c.Bytes) * 8 / report.Fraction(c.Duration) * 1e9)
		f.Summary = fmt.Sprintf("%s packets come within %s, at %sbit/s: no link carries as much, so their timestamps are no clock's.",
			words.Exact(c.Packets), words.Nanoseconds(c.Duration), words.WithGap(words.Scaled(rate, 3, words.DecimalPrefixes)))
		f.Evidence = "Drops, load and latency can't be judged."
		f.Figures = report.Numbers{"packets": c.Packets, "bytes": c.Bytes, "duration_ns": c.Duration}
	default:
		return nil
	}
	if m := d.mode; m != nil && m.Totals.Drops > 0 {
		f.Evidence += fmt.Sprintf(" %s dropped here, as the rings are full at once, and count for no CPU.", words.Plural(m.Totals.Drops, "packet is", "packets are"))
		if d.number("rx-ring", 0) < nicmodel.MaxBuffers {
			f.Remedy = "Rings that have room for all show the shares of all: " + d.run("", Argument{"--rx-ring", fmt.Sprint(nicmodel.MaxBuffers)}) + ". " + f.Remedy
		}
	}
	return f
}

// overlap: captures of the same time, of several interfaces or queues, say, were read one
// behind the other: what lies back arrives at one instant, as no traffic did.
func (d *diagnosis) overlap() *report.Finding {
	c := &d.r.Capture
	if !c.Behind() {
		return nil
	}
	f := &report.Finding{
		ID: "captures-overlap", Severity: report.Warning,
		Summary:  "The captures overlap in time, and are read one behind the other: their packets did not come like that.",
		Evidence: fmt.Sprintf("%s before an earlier one ends, by up to %s.", words.Plural(c.Overlaps, "file begins", "files begin"), words.Nanoseconds(c.Overlap)),
		Remedy:   "Replay them by time: " + d.run("", Argument{"--merge", ""}) + ".",
		Figures:  report.Numbers{"overlaps": c.Overlaps, "overlap_ns": c.Overlap, "packets": c.TimestampRegressions},
	}
	if c.TimestampRegressions > 0 {
		f.Evidence += fmt.Sprintf(" %s of %s packets lie back, and arrive at the latest time so far.", words.Exact(c.TimestampRegressions), words.Exact(c.Packets))
	}
	f.Evidence += " Bursts, drops, load and latency follow from that, and are not judged."
	return f
}

// joinedFrom is how many times the mean step between packets a gap must be to be told
// of, where the gaps are half of the capture's time.
const joinedFrom = 1000

// gapsOfPackets is how many packets there must be to a gap: a trickle has none.
const gapsOfPackets = 50

// joined tells whether most of the capture's time is gaps that the packets around
// them don't make likely.
func (d *diagnosis) joined() bool {
	g, c := &d.t.Gaps, &d.r.Capture
	if g.Count == 0 || g.Count*gapsOfPackets > c.Packets || c.Packets < report.MinPackets || g.Total < c.Duration/2 {
		return false
	}
	return float64(g.Longest)*float64(c.Packets) >= joinedFrom*float64(c.Duration-min(g.Total, c.Duration))
}

// farBack is how far packets must lie back, in ns, so that those which come with them at one
// instant are a burst that was none. Captures of several queues are out of order by less.
const farBack = 1e6

// manyBack tells whether many packets arrive at another's time, and much later than they say.
func (d *diagnosis) manyBack() bool {
	c := &d.r.Capture
	return c.Packets >= report.MinPackets && d.t.Behind >= farBack && float64(c.TimestampRegressions) >= report.CutFrom*float64(c.Packets)
}

// leap: timestamps lie far from the ones before them. The replay follows leaps
// ahead, and never goes back.
func (d *diagnosis) leap() *report.Finding {
	ahead, back := &d.t.LeapsAhead, &d.t.LeapsBack
	l := leapTold{figures: report.Numbers{"ahead": ahead.Packets, "back": back.Packets}}
	switch {
	case ahead.Packets > 0:
		l.where = append(l.where, ahead.text("ahead"))
		l.evidence = append(l.evidence, "Rates, utilization and the time series count the time that is leapt over, too.")
	case d.joined():
		d.tellGaps(&l)
	}
	switch {
	case back.Packets > 0:
		d.tellLeapsBack(&l)
	case d.manyBack():
		d.tellManyBack(&l)
	}
	switch {
	case ahead.Packets > 0:
		d.aroundLeapAhead(&l)
	case d.joined():
		at := d.t.Gaps.LongestStart
		l.remedy = append(l.remedy, "Before the longest gap: "+d.run("", Argument{"--from", ""}, Argument{"--to", seconds(at + 1)})+
			"; after it: "+d.run("", Argument{"--from", seconds(at + d.t.Gaps.Longest)}, Argument{"--to", ""})+".")
	}
	if l.where == nil || d.has("captures-overlap") && ahead.Packets == 0 && !d.joined() { // --merge mends it
		return nil
	}
	return &report.Finding{
		ID: "clock-leap", Severity: report.Warning, Figures: l.figures,
		Summary: strings.Join(l.where, "; ") + ".", Evidence: strings.Join(l.evidence, " "), Remedy: strings.Join(l.remedy, " "),
	}
}

// leapTold is what the finding tells, part by part.
type leapTold struct {
	where, evidence, remedy []string
	figures                 report.Numbers
}

// tellGaps tells of gaps that may be leaps.
func (d *diagnosis) tellGaps(l *leapTold) {
	g := &d.t.Gaps
	l.figures["gaps"], l.figures["gap_ns"], l.figures["packet"] = g.Count, g.Longest, g.LongestFrame
	gap := "No packet for " + words.Nanoseconds(g.Longest)
	if g.LongestFrame > 0 {
		gap += " before packet " + words.Exact(g.LongestFrame)
	}
	if g.Count > 1 {
		gap += fmt.Sprintf(", and %s more of 10 s and more", words.Plural(g.Count-1, "gap", "gaps"))
	}
	l.where = append(l.where, gap+": a clock set ahead, captures joined, or silence")
	l.evidence = append(l.evidence, fmt.Sprintf("%s of the capture's %s are such gaps: rates, utilization and the time series are spread over them.",
		words.Nanoseconds(min(g.Total, d.r.Capture.Duration)), words.Nanoseconds(d.r.Capture.Duration)))
}

// tellManyBack tells of many packets that lie back by less than a leap.
func (d *diagnosis) tellManyBack(l *leapTold) {
	c := &d.r.Capture
	l.figures["regressions"], l.figures["behind_ns"] = c.TimestampRegressions, d.t.Behind
	l.where = append(l.where, fmt.Sprintf("%s of %s packets lie before an earlier one, by up to %s: a clock set back, or packets written out of order",
		words.Exact(c.TimestampRegressions), words.Exact(c.Packets), words.Nanoseconds(d.t.Behind)))
	l.evidence = append(l.evidence, "They arrive at the latest time so far. Drops, load and latency are not judged.")
	l.remedy = append(l.remedy, "If they were written out of order, "+d.sortByTime()+" sorts them by time.")
}

// tellLeapsBack tells of leaps back: what is replayed behind them, and how to part or sort it.
func (d *diagnosis) tellLeapsBack(l *leapTold) {
	back := &d.t.LeapsBack
	l.where = append(l.where, back.text("back"))
	if d.t.Restarts > 0 {
		l.figures["restarts"] = d.t.Restarts
		l.evidence = append(l.evidence, "After "+words.Plural(d.t.Restarts, "leap back", "leaps back")+" what follows is replayed right behind what came before, as of a clock set back, or captures put one behind the other: how long it was between them is not known.")
	}
	if back.Packets > d.t.Restarts {
		l.evidence = append(l.evidence, "Single packets that lie back arrive at the latest time so far.")
	}
	l.evidence = append(l.evidence, "Drops, load and latency are not judged.")
	if back.Packets == 1 && d.t.Restarts == 1 && d.t.LeapsAhead.Packets == 0 {
		l.remedy = append(l.remedy, "What came before it: "+d.run("", Argument{"--from", ""}, Argument{"--to", seconds(back.FirstAt)})+
			"; and after it: "+d.run("", Argument{"--from", seconds(back.FirstAt + 1)}, Argument{"--to", ""})+".")
		return
	}
	l.remedy = append(l.remedy, d.sortByTime()+" sorts the packets by time.")
}

// aroundLeapAhead adds how to replay the part before or after a leap ahead.
func (d *diagnosis) aroundLeapAhead(l *leapTold) {
	ahead, back := &d.t.LeapsAhead, &d.t.LeapsBack
	at := seconds(ahead.FirstAt)
	switch {
	case back.Packets > 0 && ahead.FirstAt > 0 && ahead.First < back.First:
		l.remedy = append(l.remedy, "There `--to "+at+"` leaves out what lies ahead.")
	case ahead.FirstAt == 0 || back.Packets > 0: // where it is is not known
		l.remedy = append(l.remedy, "`--from` and `--to` take the part before or after a leap ahead.")
	default:
		first := "it"
		if ahead.Packets > 1 {
			first = "the first leap ahead"
		}
		l.remedy = slices.Insert(l.remedy, 0, "What came before "+first+": "+d.run("", Argument{"--from", ""}, Argument{"--to", at})+
			"; what came after: "+d.run("", Argument{"--from", at}, Argument{"--to", ""})+".")
	}
}

// sortByTime is the command that does it with the captures.
func (d *diagnosis) sortByTime() string {
	if captures := d.captures(); len(captures) > 1 { // without -a, which appends them
		return words.MarkedCommand(append([]string{"mergecap", "-w", "sorted.pcap"}, captures...))
	}
	return words.MarkedCommand([]string{"reordercap", d.capture(), "sorted.pcap"})
}

// captures are the file names given, as a shell takes them.
func (d *diagnosis) captures() (names []string) {
	for _, a := range d.t.Command {
		if a.Flag == "" {
			names = append(names, words.ShellWord(a.Value))
		}
	}
	return names
}

// capture is the only one, and a word for it where it is no file.
func (d *diagnosis) capture() string {
	if captures := d.captures(); len(captures) == 1 && captures[0] != "-" {
		return captures[0]
	}
	return "CAPTURE"
}

// seconds is a time as --from and --to take it, exactly.
func seconds(ns int64) string { return time.Duration(ns).String() }
