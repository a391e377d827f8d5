package text

import (
	"fmt"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// rules is the rules that are asked before the table, in their order.
func (t *writer) rules(r *report.Report) {
	if len(r.Rules) == 0 {
		return
	}
	t.heading("RULES", "asked before the table, in this order")
	g := grid{keys: 1, columns: []column{{head: "filter"}, {head: "kind", left: true}, {head: "leads to", left: true}, {head: "packets"}, {head: "share"}, {head: "bytes"}, {head: "flows"}}}
	for _, rule := range r.Rules {
		g.texts(fmt.Sprint(rule.Filter), rule.Kind, rule.Action, words.Count(rule.Packets),
			words.Percent(report.Ratio(rule.Packets, r.Capture.Received)), words.Count(rule.Bytes), words.Count(rule.Flows))
	}
	t.grid(&g)
	if n := *r.RuleDrops; n > 0 {
		t.line("")
		t.say(fmt.Sprintf("Rules dropped %s, or sent them to a virtual function: they take no buffer, and are no drops of a ring.", words.Plural(n, "packet", "packets")))
	}
}
