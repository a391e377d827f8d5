package compare

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/nicmodel"
	"rssreplay/report"
	"rssreplay/report/findings"
	"rssreplay/report/picture"
)

// NewDiffCommand is `rssreplay diff OLD.json NEW.json`.
func NewDiffCommand(e *cli.Env) *cobra.Command {
	var failIf []string
	c := &cobra.Command{Use: "diff OLD.json NEW.json [flags]"}
	to := output.NewFlags(c.Flags())
	to.AddLook()
	to.AddTables()
	to.AddWords()
	to.AddPlots()
	to.AddAnonymize()
	c.Flags().Var((*cli.Texts)(&failIf), "fail-if", "")
	c.RunE = func(_ *cobra.Command, reports []string) error {
		if len(reports) != 2 {
			return cli.Usagef("diff takes two reports: rssreplay diff old.json new.json, as `rssreplay --format json --output FILE` writes them")
		}
		return diff(e, to, failIf, reports)
	}
	return c
}

// diff puts two reports side by side. The conditions are of the new one.
func diff(e *cli.Env, f *output.Flags, failIf, reports []string) error {
	out, err := output.Plan(e, f, compareForms(false))
	if err != nil {
		return err
	}
	if err := out.AddPlots(picture.WriteCompare); err != nil {
		return err
	}
	conditions, err := cli.ParseConditions(failIf, findings.Terms{Findings: true, FlowsMoved: true})
	if err != nil {
		return err
	}
	if err := out.Prepare(cli.Reads{Others: reports}); err != nil {
		return err
	}
	scenarios := make([]*scenario, len(reports))
	for i, path := range reports {
		scenarios[i] = &scenario{name: out.Shown.File(filepath.Base(path)), path: path, file: out.Shown.File(path)}
		if err := scenarios[i].readEarlier(out.Shown); err != nil {
			return err
		}
	}
	if scenarios[0].name == scenarios[1].name {
		scenarios[0].name, scenarios[1].name = "old", "new"
	}
	compareAlike(scenarios[0], scenarios[1])
	compare := diffOf(scenarios[0], scenarios[1])
	compare.Head = out.Head()
	compare.Anonymized, compare.Notes = out.Shown.Done(compare.Notes, false)
	now := &compare.Scenarios[1]
	if compare.Capture.Received == 0 {
		if err := cli.CheckConditions(conditions, now.Name+" is of none"); err != nil {
			return err
		}
	}
	met, err := cli.FirstMet(conditions, now.Name, &findings.Values{Modes: now.Modes, Findings: scenarios[1].earlier.Findings, FlowsMoved: now.FlowsMoved})
	if err != nil {
		return err
	}
	if err := out.Write(compare); err != nil {
		return err
	}
	return met
}

// compareAlike has two reports compared under a mode that both have, if there is one: the
// first with RSS, or that without.
func compareAlike(a, b *scenario) {
	modes := a.earlier.Modes
	for _, unspread := range []bool{false, true} {
		for i := range modes {
			at := slices.IndexFunc(b.earlier.Modes, func(m report.Mode) bool { return m.Mode == modes[i].Mode })
			if at >= 0 && (modes[i].Mode == report.NonRSS) == unspread {
				a.compared, b.compared = i, at
				return
			}
		}
	}
}

// traffic is the capture of a report that was read, in one line.
func traffic(r *report.Report) string {
	whole := *r
	whole.FlowsTotal = 0 // that was read: it may list the largest alone
	if i := report.ComparedMode(r.Modes); i >= 0 && r.Modes[i].Totals.Packets == r.Capture.Received {
		whole.FlowsTotal = r.Modes[i].Affinity.Flows
	}
	return whole.Traffic()
}

// diffOf is the comparison of two reports; the capture is the new one's.
func diffOf(before, after *scenario) *report.Compare {
	c := &report.Compare{
		Capture:   after.earlier.Capture,
		Scenarios: report.List[report.Scenario]{before.earlierScenario(), after.earlierScenario()},
		Caveats:   []string{"The figures and parameters are those that the two reports had then."},
	}
	old := &before.earlier.Capture
	same := sameCapture(old, &c.Capture)
	c.Diff = report.NewDiff(before.earlier, after.earlier, nil, 0, !same)
	if !same {
		what := "of different captures"
		if slices.ContainsFunc(c.Diff.Changes, func(p report.Change) bool {
			return slices.Contains([]string{"filter", "from", "to", "packets"}, p.Name)
		}) {
			what = "not of the same packets" // maybe parts of one capture
		}
		c.Notes = append(c.Notes, fmt.Sprintf("The two reports are %s: %s of %s; %s of %s. %s",
			what, before.name, traffic(before.earlier), after.name, traffic(after.earlier), c.OtherCaptures()))
	}
	if was, now := &c.Scenarios[0], &c.Scenarios[1]; was.Compared != now.Compared {
		c.Notes = append(c.Notes, fmt.Sprintf("The two reports have no mode in common: the figures of %s are of %s, and those of %s of %s.", was.Name, was.Compared, now.Name, now.Compared))
	}
	if scales := c.ScalesSentence(); scales != "" {
		c.Notes = append(c.Notes, scales)
	}
	if !same {
		return c
	}
	if part := listPart(before, after); part != "" {
		c.Notes = append(c.Notes, "How many flows moved is not known: "+part+". Write both reports with --flows all.")
		return c
	}
	home := before.mainCPUs()
	var flows, packets uint64
	var moved []report.MovedFlow
	for i := range after.flows {
		f := &after.flows[i]
		was, ok := home[f.flowEnds]
		if !ok {
			c.Notes = append(c.Notes, "The two reports have different flows, so how many moved is not known"+whyStrange(before.earlier, after.earlier))
			return c
		}
		if is := int(f.mainCPU[after.compared]); was != is && was != noCPU && is != noCPU {
			flows++
			packets += f.packets
			shown := f.flow()
			shown.Packets = f.packets
			moved = append(moved, report.MovedFlow{Flow: shown, Was: was, Now: is})
			if len(moved) == cap(moved) && len(moved) > 1000 { // there may be a million: the largest stay
				moved = report.LargestMoved(moved)
			}
		}
	}
	c.Scenarios[1].FlowsMoved, c.Scenarios[1].PacketsMoved = &flows, &packets
	c.Diff = report.NewDiff(before.earlier, after.earlier, moved, flows, false)
	return c
}

// sameCapture tells whether two reports are of one capture, whatever it was replayed with.
func sameCapture(a, b *report.Capture) bool {
	if a.Packets != b.Packets || a.Bytes != b.Bytes || !a.First.Equal(b.First.Time) {
		return false
	}
	if a.CapturedBytes > 0 && b.CapturedBytes > 0 && a.CapturedBytes != b.CapturedBytes { // an old report has none
		return false
	}
	return a.Duration == b.Duration || a.Order != b.Order // one that was merged by time may take another time
}

// whyStrange ends the sentence that two reports of one capture have different flows.
func whyStrange(before, after *report.Report) string {
	switch old, now := before.Anonymized, after.Anonymized; {
	case old != nil && now != nil:
		return ": they are anonymized by different keys, or only one with ports (--anonymize-key gives them one key)."
	case old != nil || now != nil:
		return ": one of them is anonymized (diff --anonymize with its --anonymize-key matches them)."
	}
	return "."
}

// listPart says which of the reports do not list all of their flows; "" where all do.
func listPart(reports ...*scenario) string {
	var parts []string
	for _, s := range reports {
		if s.listsAll() {
			continue
		}
		m := &s.earlier.Modes[report.ComparedMode(s.earlier.Modes)]
		part := fmt.Sprintf("%s lists %s of %s", s.name, report.Exact(s.earlier.FlowsTotal), report.Plural(m.Affinity.Flows, "flow", "flows"))
		if m.Totals.Packets != s.earlier.Capture.Received { // others may have no packet but dropped ones
			part = fmt.Sprintf("%s lists %s, not all", s.name, report.Plural(s.earlier.FlowsTotal, "flow", "flows"))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// listsAll tells whether a report that was read lists all flows of its capture. A mode counts
// those with an indicated packet. Where packets were dropped there may be others, and what the
// listed ones received tells whether that is all.
func (s *scenario) listsAll() bool {
	r := s.earlier
	m := &r.Modes[report.ComparedMode(r.Modes)]
	if m.Totals.Packets == r.Capture.Received || m.Affinity.Flows > r.FlowsTotal {
		return m.Affinity.Flows <= r.FlowsTotal
	}
	left := r.Capture.Received
	for _, c := range r.Capture.Unhashed {
		if c.Name != nicmodel.NoHashType.String() && c.Name != nicmodel.NICRule.String() { // those are of flows
			left -= c.Packets
		}
	}
	for i := range s.flows {
		left -= s.flows[i].packets
	}
	return left == 0
}
