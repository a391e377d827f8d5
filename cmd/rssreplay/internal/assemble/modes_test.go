package assemble

import (
	"slices"
	"testing"

	"rssreplay/dispatch/engine"
	"rssreplay/report"
)

// TestModeNames: a report's modes are called as those of the model, and each has a title.
func TestModeNames(t *testing.T) {
	names := []string{report.RSSMSIX, report.NonRSS, report.RSSHWQueues, report.RSSSingleQueue}
	for mode := range engine.Mode(engine.NumModes) {
		if !slices.Contains(names, mode.String()) || report.ModeTitle(mode.String()) == "" {
			t.Errorf("%s is no mode of a report", mode)
		}
	}
	if len(names) != engine.NumModes {
		t.Errorf("a report knows %d modes, the model %d", len(names), engine.NumModes)
	}
}
