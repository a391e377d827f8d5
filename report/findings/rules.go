package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about what decides before the table.

// ruleOverrides: packets that never meet the table, however it is set.
func (d *diagnosis) ruleOverrides() *report.Finding {
	var n uint64
	var rules []report.Rule
	for _, rule := range d.r.Rules {
		if rule.Overrides() && rule.Packets > 0 {
			n += rule.Packets
			rules = append(rules, rule)
		}
	}
	if n == 0 || d.mode == nil {
		return nil
	}
	slices.SortStableFunc(rules, func(a, b report.Rule) int { return cmp.Compare(b.Packets, a.Packets) })
	var list []string
	for _, rule := range rules[:min(len(rules), 3)] {
		list = append(list, fmt.Sprintf("filter %d (%s, %s) took %s", rule.Filter, rule.Kind, rule.Action, words.Percent(d.share(rule.Packets))))
	}
	if more := len(rules) - 3; more > 0 {
		list = append(list, words.Plural(uint64(more), "other", "others")+" the rest")
	}
	severity := report.Note
	if built := d.r.BuiltIn(d.mode); d.uneven() && built >= report.UnevenFrom*d.evenTable() {
		severity = d.weigh(built) // they, and not chance, make the load
	}
	table, remedy := "indirection table", "No table moves them."
	if slices.ContainsFunc(rules, func(rule report.Rule) bool { return rule.Context != nil }) {
		table, remedy = "main indirection table", "That table moves none of them."
	}
	if context := rules[0].Context; context != nil {
		remedy = fmt.Sprintf("That table moves none of them; `ethtool -X DEV context %d …` moves those of filter %d (to try it: --context %[1]d=FILE).", *context, rules[0].Filter)
	}
	return &report.Finding{
		ID: "rule-overrides", Severity: severity,
		Summary:  fmt.Sprintf("%s of the received packets never met the %s: %s took them.", words.Percent(d.share(n)), table, words.Plural(uint64(len(rules)), "rule", "rules")),
		Evidence: words.UpperFirst(strings.Join(list, ", ")) + "; " + d.hottest() + ".",
		Remedy:   fmt.Sprintf("%s `ethtool -N DEV delete %d` takes the rule away; to see that first, add --rule 'delete %[2]d' to this command.", remedy, rules[0].Filter),
		Figures:  d.load(report.Numbers{"packets": n, "share": d.share(n), "rules": len(rules), "filter": rules[0].Filter}),
	}
}

// ambiguousRule: two rules match, and which one wins is the driver's choice.
func (d *diagnosis) ambiguousRule() *report.Finding {
	if len(d.t.Ambiguous) == 0 {
		return nil
	}
	a := slices.MaxFunc(d.t.Ambiguous, func(a, b Ambiguity) int { return cmp.Compare(a.Packets, b.Packets) })
	why := "it has the lower location, or another kind"
	if a.MostFields {
		why = "it compares more fields, or is of IP, or has the lower location"
	}
	return &report.Finding{
		ID: "ambiguous-rule", Severity: report.Warning,
		Summary:  fmt.Sprintf("Filters %d and %d both match %s, and lead to different places: %s, and %s.", a.Filter, a.Other, words.Plural(a.Packets, "packet", "packets"), a.Action, a.OtherAction),
		Evidence: fmt.Sprintf("Here filter %d wins: %s. Drivers differ in that, and few say it.", a.Filter, why),
		Remedy:   fmt.Sprintf("Let one of them match no packet of the other, or `ethtool -N DEV delete %d`.", a.Other),
		Figures:  report.Numbers{"packets": a.Packets, "filter": a.Filter, "other": a.Other},
	}
}

// atr: Intel's drivers move connections to where their sends come from.
func (d *diagnosis) atr() *report.Finding {
	if d.t.ATR == nil || d.t.ATR.Most == 0 || !d.judged() {
		return nil
	}
	most := d.share(d.t.ATR.Most)
	evidence := words.Plural(d.t.ATR.Packets, "TCP packet", "TCP packets") + " came after their connection had sent a SYN, or 20 packets: from then on its queue is that of the CPU that sends."
	if d.t.ATR.Packets == 0 {
		evidence = "When a connection has sent a SYN, or 20 packets, its queue is that of the CPU that sends. The capture shows no such packets, but all that come after the first SYN are answers to some."
	}
	return &report.Finding{
		ID: "atr", Severity: report.Note,
		Summary:  fmt.Sprintf("ATR, on by default with %s, may have moved up to %s of the received packets to other queues than the table's.", d.t.ATR.NIC, words.Percent(most)),
		Evidence: evidence + " At most all TCP packets but the SYNs of new connections are moved: the driver takes each SYN, and each 20th packet of a transmit queue, which connections may share.",
		Remedy:   fmt.Sprintf("For a test that is to follow the table: `%s`. Connections that ATR has moved don't follow a new table either.", d.t.ATR.Off),
		Figures:  report.Numbers{"packets": d.t.ATR.Packets, "share": d.share(d.t.ATR.Packets), "most": d.t.ATR.Most, "most_share": most},
	}
}
