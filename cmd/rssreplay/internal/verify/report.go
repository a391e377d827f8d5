package verify

import (
	"fmt"
	"slices"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/verify/judge"
	"rssreplay/dispatch"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// report compares, and looks for what explains a difference.
func (v *verification) report() (*report.Verify, error) {
	groups := v.received()
	if v.source == "" {
		if err := v.checkRecords(); err != nil {
			return nil, err
		}
		v.source = "records"
	}
	a := &assemble.ReportBuilder{Settings: v.settings, Replayed: v.done}
	r := &report.Verify{
		Capture: a.Capture(), Parameters: v.settings.Parameters, Source: v.source,
		Unit: v.unit, Notes: v.settings.Notes(), Caveats: a.Caveats(),
	}
	if v.fromBundle != "" {
		r.Notes = append(r.Notes, v.fromBundle)
	}
	switch v.source {
	case "records":
		if err := v.compareRecords(r, groups); err != nil {
			return nil, err
		}
	case "interrupts":
		v.judgeInterrupts(r, groups)
	default:
		v.judgeCounters(r, groups)
		v.countedByATR(r)
	}
	if v.settings.HashUnknown() && r.Agrees != nil && !*r.Agrees && r.Explanation == nil && v.tolerance == nil {
		r.Agrees, r.Verdict = nil, fmt.Sprintf("Nothing to compare with: the NIC %s, so that a difference from the replay tells nothing.", v.settings.OtherHash.Does)
	}
	return r, nil
}

// compareRecords compares with what the capture recorded of each packet.
func (v *verification) compareRecords(r *report.Verify, groups []group) error {
	for _, info := range v.done.Files {
		if info.Predicted > 0 {
			r.Caveats = append(r.Caveats, fmt.Sprintf("Of %s, what rssreplay predicted (--write) is not compared: no NIC recorded it.", report.Plural(uint64(info.Predicted), "packet", "packets")))
		}
	}
	score, _ := v.predict(groups, v.claimed)
	if score.packets.all == 0 && !slices.ContainsFunc(groups, func(g group) bool { return g.cpu >= 0 }) {
		return cli.Usagef("no packet that records a queue or a hash is one that the NIC received (direction: %s), so there is nothing to compare with: see --direction and --local", v.done.Rule)
	}
	score, littleEndian := v.turnLittleEndian(groups, score)
	v.judgeRecords(r, score)
	if littleEndian {
		r.Caveats = append(r.Caveats, "The recorded hashes have their bytes in little-endian order, as DPDK's pcapng library writes them; they are read so.")
	}
	if score.hash.all+score.queue.all > 0 { // else CPUs alone
		predicted, seen := v.recordedQueues(groups)
		r.Queues, v.seen = queueRows(predicted, seen), seen
	}
	switch {
	case score.hash.all > 0:
		v.recoverKey(r, groups)
		v.explain(r, groups)
	case score.queue.all > 0:
		v.judgeQueues(r, groups)
		v.movedByATR(r, groups)
	}
	if v.stack != nil {
		v.judgeCPUs(r, groups, score)
	}
	return nil
}

// turnLittleEndian turns the bytes of the recorded hashes where these then agree better than
// by score, and reports whether it did: DPDK writes the hash as its machine has it.
func (v *verification) turnLittleEndian(groups []group, of score) (better score, turned bool) {
	turnHashes(groups)
	if better, _ = v.predict(groups, v.claimed); better.hash.equal > of.hash.equal {
		return better, true
	}
	turnHashes(groups)
	return of, false
}

// checkRecords refuses a capture that records nothing to compare with.
func (v *verification) checkRecords() error {
	if damage := v.done.Result.Damage; v.done.Result.Packets == 0 && damage != nil {
		return fmt.Errorf("%w; nothing is left to compare with", damage)
	}
	if v.hasRecords {
		return nil
	}
	if v.stack != nil {
		return cli.Usagef("--stack-cpus: none of its packets is in the capture: its numbers are those of the capture's packets, from 1, or from 0 where there is a packet 0")
	}
	return cli.AsUsage(v.noRecords())
}

// noRecords says what to give to a capture that records neither hash nor queue.
func (v *verification) noRecords() error {
	for _, info := range v.done.Files {
		if info.Predicted > 0 {
			return fmt.Errorf("%s records what rssreplay predicted (--write), and nothing that a NIC did, so there is nothing to compare with: give the capture that it was copied from, if that one records hashes or queues; or %s", info.Name, v.countersToGive())
		}
		if info.OtherHashes > 0 {
			return fmt.Errorf("%s records hashes, but of another function than Toeplitz (%s), which this program does not compute: %s", info.Name, report.Plural(uint64(info.OtherHashes), "packet", "packets"), v.countersToGive())
		}
	}
	unfit := ""
	if why := v.settings.Uncounted; why != nil {
		unfit = fmt.Sprintf("the bundle's counters have none of queues (%s); ", why)
	}
	return fmt.Errorf("%s records neither the queue nor the hash of a packet (pcapng's epb_queue and epb_hash), so there is nothing to compare with: %s%s", v.done.Files[0].Name, unfit, v.countersToGive())
}

// countersToGive says how what the NIC counted is given, by what tells it.
func (v *verification) countersToGive() string {
	const give = "give --counters-before and --counters-after, outputs of %s from before and after the capture"
	switch v.settings.Tool() {
	case profile.PowerShell: // Get-NetAdapterStatistics has the adapter's sums alone
		return "Windows counts no packets by queue, but by processor, which verify does not read: set the difference of ReceivedPacketsPersec in two outputs of `Get-CimInstance Win32_PerfRawData_Counters_PerProcessorNetworkInterfaceCardActivity`, from before and after the capture, beside the CPUs that rssreplay shows"
	case profile.Application:
		return fmt.Sprintf(give, "testpmd's `show port xstats 0`")
	}
	return fmt.Sprintf(give, "`ethtool -S`") + ", or the archive of `rssreplay collect -c` as --bundle"
}

// recordedQueues are the packets of each queue, predicted and recorded, of those
// whose queue was recorded.
func (v *verification) recordedQueues(groups []group) (predicted, seen []uint64) {
	predicted = make([]uint64, v.claimed.Queues())
	for i := range groups {
		g := &groups[i]
		if g.queue < 0 {
			continue
		}
		for int(g.queue) >= len(seen) && len(seen) < nicmodel.MaxQueues {
			seen = append(seen, 0)
		}
		if int(g.queue) < len(seen) {
			seen[g.queue] += g.packets
		}
		if d, arrives := g.under(v.claimed); arrives {
			predicted[d.Queue] += g.packets
		}
	}
	return predicted, seen
}

// queueRows are the packets of each queue that was predicted or seen.
func queueRows(predicted, seen []uint64) (rows report.List[report.VerifiedQueue]) {
	for q := range max(len(predicted), len(seen)) {
		row := report.VerifiedQueue{Queue: q}
		if q < len(predicted) {
			row.Predicted = predicted[q]
		}
		if q < len(seen) {
			row.Seen = seen[q]
		}
		rows = append(rows, row)
	}
	return rows
}

func (v *verification) judgeRecords(r *report.Verify, s score) {
	r.Packets = report.Checked{
		Checked: s.packets.all, HashEqual: s.hash.equal, HashChecked: s.hash.all, QueueEqual: s.queue.equal, QueueChecked: s.queue.all, CPUEqual: s.cpu.equal, CPUChecked: s.cpu.all,
	}
	agrees := s.packets.equal == s.packets.all
	r.Agrees, r.Verdict = &agrees, agreesWith(s)
	if !agrees {
		r.Verdict = fmt.Sprintf("Reality differs from the prediction: it agrees with %s of %s %s.", report.Exact(s.packets.equal), report.Plural(s.packets.all, "packet that records", "packets that record"), s.recorded())
	}
}

// agreesWith is the verdict where all that is recorded is as predicted.
func agreesWith(s score) string {
	return fmt.Sprintf("The prediction agrees with %s %s.", allOf(s.packets.all), s.recorded())
}

// recorded is what was compared.
func (s *score) recorded() string {
	return report.RecordWords(s.cpu.all > 0, s.hash.all > 0 || s.queue.all > 0)
}

// judgeQueues judges by the recorded queues alone, where no hash is recorded: others than
// the claim may lead to the same ones by chance.
func (v *verification) judgeQueues(r *report.Verify, groups []group) {
	c := &judge.Records{Claimed: v.claimed}
	for i := range groups {
		g := &groups[i]
		if d, _ := g.under(v.claimed); g.queue >= 0 && d.Rule == 0 { // what rules take tells nothing of the table
			c.Groups = append(c.Groups, judge.Group{Header: g.header, Extension: g.ext, Load: g.packets})
			c.Queues = append(c.Queues, int(g.queue))
		}
	}
	if len(c.Groups) == 0 { // rules take all
		return
	}
	j := c.Judge()
	compared, agreed := r.Verdict, *r.Agrees
	v.conclude(r, &j)
	r.Evidence = []string{recordsEvidence(&j, "queues")}
	switch {
	case !agreed: // maybe by what rules take alone
		r.Agrees, r.Verdict = &agreed, compared
	case j.Verdict != judge.CantTell:
		r.Verdict = compared
	}
}

// judgeCounters compares the prediction with the counters, as package verify says. A tolerance
// decides, where one is given.
func (v *verification) judgeCounters(r *report.Verify, groups []group) {
	long := v.done.Result.Long.Received > 0 && v.done.Result.Long.Kind != dispatch.LongJumbo
	if long && v.unit == report.UnitPackets {
		v.unit = report.UnitFrames
	}
	r.Unit = v.unit
	what := map[string]string{
		report.UnitFrames: "frames on the wire, TCP payload ÷ MSS",
		report.UnitBytes:  "bytes on the wire, with the headers of each frame",
	}[v.unit]
	if v.unit == report.UnitBytes {
		r.Caveats = append(r.Caveats, "The counters have bytes by receive queue, and no packets: bytes are compared. Drivers may count the frame check sequence, 4 bytes a frame, or leave out padding.")
	}
	if long {
		r.Caveats = append(r.Caveats, "The capture has packets that are longer than a link's frames of MTU 1500: they were joined after the NIC had counted them (GRO), or the link takes longer ones. What is predicted are "+what+".")
	}
	c := v.counters(groups)
	j := c.Judge()
	r.Packets.Checked = judge.Total(j.Predicted)
	r.Packets.QueueChecked, r.Packets.QueueEqual = r.Packets.Checked, inBoth(j.Predicted, v.seen)
	r.Fit = &report.VerifyFit{
		Alpha: report.Fraction(j.Fit.Alpha), Beta: uint64(j.Fit.Beta + 0.5), Queue: v.claimed.Config().DefaultQueue,
		Residual: report.Fraction(j.Fit.Residual), Exact: j.Fit.Exact,
	}
	v.conclude(r, &j)
	r.Evidence = v.evidence(&j, r)
	if v.tolerance != nil {
		v.tolerate(r, j.Predicted)
	}
	r.Caveats = append(r.Caveats, "Counters count all that the NIC received between the two outputs: packets that are not in the capture too.")
	r.Queues = queueRows(j.Predicted, v.seen)
}

// counters is what the counters, or the interrupts, are compared with.
func (v *verification) counters(groups []group) *judge.Counters {
	c := &judge.Counters{Claimed: v.claimed, Seen: v.seen, Unit: report.UnitWords(v.unit)}
	taken := map[uint16]int{} // by rule
	for i := range groups {
		g := &groups[i]
		d, arrives := g.under(v.claimed)
		is := judge.Group{Header: g.header, Extension: g.ext, Load: g.in(v.unit)}
		if d.Rule == 0 {
			c.Groups = append(c.Groups, is)
			continue
		}
		n, met := taken[d.Rule]
		if !met {
			n = len(c.Taken)
			taken[d.Rule], c.Taken = n, append(c.Taken, judge.Taken{Rule: int(d.Rule) - 1, Led: make([]uint64, v.claimed.Queues())})
		}
		if c.Ruled == nil {
			c.Ruled = make([]uint64, v.claimed.Queues())
		}
		c.Taken[n].Groups = append(c.Taken[n].Groups, is)
		if arrives {
			c.Taken[n].Led[d.Queue] += is.Load
			c.Ruled[d.Queue] += is.Load
		}
	}
	return c
}

// conclude is what was judged, for the report.
func (v *verification) conclude(r *report.Verify, j *judge.Judgement) {
	if j.Null.Trials > 0 {
		r.Null = verifyNull(&j.Null)
	}
	for i := range j.Explanations {
		e := &j.Explanations[i]
		x := report.VerifyExplanation{ID: e.ID, Summary: e.Summary, Explained: e.Explained, Changes: e.Changes, Residual: report.Null}
		if e.Config.Table != nil && v.source != "records" {
			x.Residual = report.Fraction(e.Fit.Residual)
		}
		switch {
		case i == 0:
			r.Explanation = &x
			v.means(&x, v.flagsOf(e))
		case i <= maxOtherExplanations:
			r.Others = append(r.Others, x)
		}
	}
	r.Verdict, r.Agrees = v.verdict(j), nil
	if j.Verdict != judge.CantTell {
		r.Agrees = new(j.Verdict == judge.Agrees)
	}
}

func verifyNull(n *judge.Null) *report.VerifyNull {
	return &report.VerifyNull{Trials: n.Trials, Least: report.Fraction(n.Least), AsGood: n.AsGood}
}

// maxOtherExplanations bounds those listed beside the simplest one.
const maxOtherExplanations = 10

// tolerate decides by --tolerance alone: no queue's counter is further from the
// prediction.
func (v *verification) tolerate(r *report.Verify, predicted []uint64) {
	var worst int
	var most uint64
	for q := range max(len(predicted), len(v.seen)) {
		p, n := packetsOf(predicted, q), packetsOf(v.seen, q)
		if d := max(p, n) - min(p, n); d > most {
			most, worst = d, q
		}
	}
	agrees := float64(most) <= *v.tolerance*float64(judge.Total(predicted))
	r.Agrees = &agrees
	limit := fmt.Sprintf("%g%%", *v.tolerance*100)
	if agrees {
		r.Verdict = fmt.Sprintf("The prediction agrees with the NIC's counters by --tolerance: no queue differs by more than %s of the %s.", limit, report.UnitWords(v.unit))
		r.Explanation, r.Others = nil, nil
		return
	}
	r.Verdict = fmt.Sprintf("Reality differs from the prediction: queue %d counts %s %s, and %s were predicted; more than %s of all lie between (--tolerance).",
		worst, report.Exact(packetsOf(v.seen, worst)), report.UnitWords(v.unit), report.Exact(packetsOf(predicted, worst)), limit)
}

// judgeInterrupts compares which queues took packets: how many interrupts there are is
// moderation's choice.
func (v *verification) judgeInterrupts(r *report.Verify, groups []group) {
	few := strayInterrupts
	if v.tolerance != nil {
		few = *v.tolerance
	}
	c := v.counters(groups)
	c.Unit = "interrupts"
	j, wrong := c.JudgeUse(uint64(few*float64(judge.Total(v.seen))) + 1)
	r.Packets.Checked, r.Queues = judge.Total(j.Predicted), queueRows(j.Predicted, v.seen)
	v.conclude(r, &j)
	if n := &j.Null; n.Trials > 0 {
		r.Evidence = []string{fmt.Sprintf("%d of %s %s use the queues as well; the best of them has %.0f wrong.", n.AsGood, trials(n), chances(&j), n.Least)}
	}
	switch {
	case j.Verdict == judge.Agrees:
		r.Verdict = "The prediction agrees with the interrupts: those queues have some that packets were predicted for."
	case j.Why == judge.OthersBeside:
		r.Verdict = fmt.Sprintf("Interrupts can't tell: queue %d interrupted %s, and no packet of the capture was predicted for it: others may have come between the two texts.", wrong[0], report.Plural(packetsOf(v.seen, wrong[0]), "time", "times"))
	case len(wrong) > 0 && packetsOf(v.seen, wrong[0]) == 0:
		r.Verdict = fmt.Sprintf("Reality differs from the prediction: %s predicted for queue %d, which did not interrupt.", report.Plural(packetsOf(j.Predicted, wrong[0]), "packet was", "packets were"), wrong[0])
	case len(wrong) > 0:
		r.Verdict = fmt.Sprintf("Reality differs from the prediction: queue %d interrupted %s, and no packet was predicted for it.", wrong[0], report.Plural(packetsOf(v.seen, wrong[0]), "time", "times"))
	}
	r.Caveats = append(r.Caveats, "Interrupts tell which queues took packets, not how many: `ethtool -S` does.")
}

// strayInterrupts is the share of all that a queue may have for other reasons than
// packets of the capture.
const strayInterrupts = 0.01

func packetsOf(of []uint64, i int) uint64 {
	if i < len(of) {
		return of[i]
	}
	return 0
}

// allOf is all of n packets, as words.
func allOf(n uint64) string {
	if n == 1 {
		return "the only packet that records"
	}
	return "all " + report.Exact(n) + " packets that record"
}

// inBoth is how many packets are on the same queue in both.
func inBoth(a, b []uint64) (n uint64) {
	for q := range min(len(a), len(b)) {
		n += min(a[q], b[q])
	}
	return n
}
