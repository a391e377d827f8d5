package compare

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/dispatch"
	"rssreplay/report"
)

// report is the comparison for people and programs.
func (c *comparison) report() (*report.Compare, error) {
	compare := &report.Compare{}
	var notes, caveats [][]string // of each that was replayed
	for _, s := range c.scenarios {
		if s.earlier != nil {
			compare.Scenarios = append(compare.Scenarios, s.earlierScenario())
			continue
		}
		a := c.builder(s)
		compare.Scenarios = append(compare.Scenarios, s.replayedScenario(a))
		notes, caveats = append(notes, a.ScenarioNotes()), append(caveats, a.Caveats())
		if s.live == 0 {
			compare.Capture = a.Capture()
		}
	}
	if len(c.replays) == 0 {
		a := &assemble.ReportBuilder{Settings: c.idle, Replayed: c.done}
		compare.Capture = a.Capture()
		caveats = append(caveats, a.Caveats())
	}
	for _, s := range c.scenarios {
		if s.earlier != nil {
			if err := s.checkSame(&compare.Capture); err != nil {
				return nil, err
			}
		}
	}
	if compare.Draws() > 1 {
		c.addChance(compare)
	}
	first := &compare.Scenarios[0]
	compare.Capture.Unhashed, compare.Capture.HashTypes = first.Unhashed, first.HashTypes
	compare.Notes, compare.Caveats = c.sentences(notes), c.sentences(caveats)
	if note := c.keysNote(); note != "" {
		compare.Notes = append(compare.Notes, note)
	}
	if len(c.replays) < len(c.scenarios) {
		compare.Caveats = append(compare.Caveats, "Scenarios from --report have the figures and parameters that they had then.")
	}
	c.countMoved(compare)
	compare.OverTime = c.overTime(compare)
	if at := slices.IndexFunc(c.scenarios, (*scenario).unmatched); at >= 0 {
		compare.Caveats = append(compare.Caveats, fmt.Sprintf("%s is anonymized, and its flows are none of this capture's: they can be matched with --anonymize, by the key and with the ports that it was made with.", c.scenarios[at].name))
	}
	return compare, nil
}

// addChance says in the replayed scenarios what chance gives.
func (c *comparison) addChance(compare *report.Compare) {
	for i, s := range c.scenarios {
		if s.earlier == nil {
			c.builder(s).AddChance(&compare.Scenarios[i])
		}
	}
}

// keysNote says which scenarios have not the key of a file's table beside them, since each is
// one of its own, and how they get it; "" where none lacks it.
func (c *comparison) keysNote() string {
	table, have := "", "has"
	var without []string
	for _, s := range c.replays {
		switch illustrative := s.settings.Illustrative(); {
		case illustrative && c.builder(s).Keyless() != "": // nothing moves for it
		case illustrative:
			without = append(without, s.name)
		case table == "" && s.flags.Set.Changed("table"):
			table = s.name
		}
	}
	if table == "" || len(without) == 0 {
		return ""
	}
	if more := len(without) - fewNames; more > 0 {
		without = append(without[:fewNames], fmt.Sprintf("%d more", more))
	}
	if len(without) > 1 {
		have = "have"
	}
	return fmt.Sprintf("%s %s the default key, and not that of %s, so that flows move for the key, too: save the texts of the NIC in a folder, and give it as --bundle; then each scenario changes only what it names.", strings.Join(without, ", "), have, table)
}

// fewNames of scenarios stand before a sentence that is of some.
const fewNames = 3

// sentences is what scenarios say: once what all do, else with their names.
func (c *comparison) sentences(of [][]string) []string {
	var said []string
	for i, sentences := range of {
		for _, sentence := range sentences {
			var names, others []string // of the scenarios that it is of, and is not
			first := i
			for k, other := range of {
				if slices.Contains(other, sentence) {
					names = append(names, c.replays[k].name)
					first = min(first, k)
				} else {
					others = append(others, c.replays[k].name)
				}
			}
			if first < i {
				continue // it was said
			}
			switch {
			case len(others) == 0:
			case len(names) <= fewNames:
				sentence = strings.Join(names, ", ") + ": " + sentence
			case len(others) <= fewNames:
				sentence = "All but “" + strings.Join(others, "”, “") + "”: " + sentence
			default:
				sentence = fmt.Sprintf("%s and %d more: %s", strings.Join(names[:fewNames], ", "), len(names)-fewNames, sentence)
			}
			if !slices.Contains(said, sentence) {
				said = append(said, sentence)
			}
		}
	}
	return said
}

// builder makes parts of a report of a replayed scenario.
func (c *comparison) builder(s *scenario) *assemble.ReportBuilder {
	a := assemble.ScenarioBuilder(s.settings, c.done, s.live)
	if c.headroom != nil {
		a.Headroom = c.headroom[s.live]
	}
	return a
}

func (c *comparison) replayed(s *scenario) *dispatch.Replayed {
	if s.live == 0 {
		return &c.done.Result.Replayed
	}
	return c.done.Result.More[s.live-1]
}

func (s *scenario) replayedScenario(a *assemble.ReportBuilder) report.Scenario {
	capture := a.Capture()
	of := report.Scenario{
		Name: s.name, Parameters: a.Settings.Parameters, Table: a.Table(), Changes: a.Changes(), Unhashed: capture.Unhashed, HashTypes: capture.HashTypes,
		Rules: a.Rules(), Contexts: a.Contexts(), RuleDrops: a.RuleDrops(), Unpredicted: a.Unpredicted(),
	}
	for i := range a.Result.Modes {
		of.Modes = append(of.Modes, a.Mode(i, nil, nil))
	}
	of.Compared = of.Modes[report.ComparedMode(of.Modes)].Mode
	return of
}

func (s *scenario) earlierScenario() report.Scenario {
	r := s.earlier
	of := report.Scenario{
		Name: s.name, Report: &s.file, Parameters: r.Parameters, Table: r.Table, Changes: r.Changes, Modes: r.Modes,
		Unhashed: r.Capture.Unhashed, HashTypes: r.Capture.HashTypes, Rules: r.Rules, Contexts: r.Contexts, RuleDrops: r.RuleDrops, Unpredicted: r.Unpredicted,
		Compared: r.Modes[s.compared].Mode, Anonymized: r.Anonymized,
	}
	for i := range of.Modes {
		for k := range of.Modes[i].CPUs {
			of.Modes[i].CPUs[k].TopFlow = nil // an index into the flows of that report
		}
	}
	return of
}
