package suggest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/dispatch/engine"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// moving is whether tables that follow the load would beat one that stays; nil where
// that can't be told.
func (c *candidates) moving() *report.Moving {
	arrivals := c.cut.Result.Arrivals()
	if arrivals == nil || c.by != "packets" || c.settings.Config.RPS.Steers() {
		return nil
	}
	m := &report.Moving{TablesOverTime: assemble.OverTime(arrivals, &c.settings.Config)}
	if m.Verdict = m.Judge(m.Forward, true); m.Verdict == "" {
		return nil
	}
	m.Replay = c.replayMoves(m.Interval)
	return m
}

// replayMoves is the command that compares this table, which stays, with RSS++, which moves
// its entries every so many ns; "" where no command can.
func (c *candidates) replayMoves(every int64) string {
	var shared []findings.Argument
	table := "" // each scenario's: beside them, compare takes --table and --layout for further ones
	for _, a := range c.settings.Shown.Arguments(c.arguments) {
		if a.Flag != "--table" && a.Flag != "--layout" {
			shared = append(shared, a)
			continue
		}
		value := a.Value
		if strings.ContainsAny(value, " \t") {
			value = `"` + value + `"`
		}
		if strings.Contains(a.Value, `"`) { // which a scenario can't have
			return ""
		}
		table += " " + strings.TrimPrefix(a.Flag, "--") + "=" + value
	}
	ascii := strings.Replace(time.Duration(every).String(), "µ", "u", 1)
	change := []findings.Argument{
		{Flag: "--scenario", Value: "static:" + table},
		{Flag: "--scenario", Value: fmt.Sprintf("rsspp:%s rebalance=rsspp rebalance-every=%s", table, ascii)},
	}
	if !slices.Contains(c.settings.Modes, engine.RSSMSIX) { // where RSS++ acts
		change = append(change, findings.Argument{Flag: "--mode", Value: engine.RSSMSIX.String()})
	}
	return findings.Command(shared, "compare", change...)
}
