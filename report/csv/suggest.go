package csv

import "rssreplay/report"

// SuggestTables are the tables of suggestions; the suggestions come first, after the
// present way to steer.
func SuggestTables() []Table[report.Suggest] {
	heads := func(names ...string) func(*report.Suggest) []string {
		return func(*report.Suggest) []string { return names }
	}
	return []Table[report.Suggest]{
		{"suggestions", suggestionHeads, suggestions},
		{"commands", heads("id", "command"), commands},
		{"moves", heads("moves", "whole", "trained", "judged", "passed", "flows"), func(s *report.Suggest, row func(cells ...any)) {
			for _, p := range s.Curve {
				row(p.Moves, p.Whole, p.Trained, p.Judged, p.Passed, p.Flows)
			}
		}},
		{"declined", heads("id", "summary"), func(s *report.Suggest, row func(cells ...any)) {
			for _, d := range s.Declined {
				row(d.ID, d.Summary)
			}
		}},
		{"table_sizes", heads("size", "imbalance", "bound", "best", "present"), func(s *report.Suggest, row func(cells ...any)) {
			for _, t := range s.TableSizes {
				row(t.Size, t.Now, t.Bound, t.Best, t.Present)
			}
		}},
		{"keys", heads("from", "to", "keys"), func(s *report.Suggest, row func(cells ...any)) {
			if s.Keys == nil {
				return
			}
			for _, b := range s.Keys.Histogram {
				row(b.From, b.To, b.Keys)
			}
		}},
		parametersTable(func(s *report.Suggest) report.Parameters { return s.Parameters }),
	}
}

// suggestionHeads has what was predicted for the whole capture, and then how it was
// judged.
func suggestionHeads(*report.Suggest) []string {
	return []string{
		"id", "goal", "summary", "imbalance_packets", "imbalance_bytes", "imbalance_busy", "busy_windows_imbalance", "packets", "drops", "latency_p99_ns",
		"connections", "symmetric_connections", "even_imbalance", "passed", "fold_t", "gain_forward", "gain_back", "trained", "judged",
		"entries_moved", "flows_moved", "packets_moved", "needs",
	}
}

func suggestions(s *report.Suggest, row func(cells ...any)) {
	figures := func(f *report.Figures) []any {
		return []any{f.Imbalance.Packets, f.Imbalance.Bytes, f.Imbalance.Busy, f.BusyWindows, f.Packets, f.Drops, f.LatencyP99, f.Connections, f.SymmetricConnections}
	}
	cells := append([]any{"present", nil, nil}, figures(&s.Present.Figures)...)
	row(append(cells, s.Present.Even, nil, nil, nil, nil, nil, s.Judging.Present, nil, nil, nil, nil)...)
	for i := range s.Suggestions {
		of := &s.Suggestions[i]
		cells := append([]any{of.ID, of.Goal, of.Summary}, figures(&of.Predicted)...)
		cells = append(cells, of.Even)
		if g := of.Gate; g != nil {
			cells = append(cells, g.Passed, g.FoldT, g.Forward, g.Back, g.Trained, g.Judged)
		} else {
			cells = append(cells, nil, nil, nil, nil, nil, nil)
		}
		row(append(cells, of.EntriesMoved, of.FlowsMoved, of.PacketsMoved, of.Needs)...)
	}
}

func commands(s *report.Suggest, row func(cells ...any)) {
	for _, of := range s.Suggestions {
		for _, command := range of.Commands {
			row(of.ID, command)
		}
	}
}
