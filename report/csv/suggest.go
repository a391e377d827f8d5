package csv

import "rssreplay/report"

// SuggestTables are the tables of suggestions; the suggestions come first, after the
// present way to steer.
func SuggestTables() []Table[report.Suggest] {
	return []Table[report.Suggest]{
		suggestions(), commands(),
		table("moves", "moves whole trained judged passed flows", func(s *report.Suggest, row func(cells ...any)) {
			for _, p := range s.Curve {
				row(p.Moves, p.Whole, p.Trained, p.Judged, p.Passed, p.Flows)
			}
		}),
		table("declined", "id summary", func(s *report.Suggest, row func(cells ...any)) {
			for _, d := range s.Declined {
				row(d.ID, d.Summary)
			}
		}),
		table("table_sizes", "size imbalance bound best present", func(s *report.Suggest, row func(cells ...any)) {
			for _, t := range s.TableSizes {
				row(t.Size, t.Now, t.Bound, t.Best, t.Present)
			}
		}),
		table("keys", "from to keys", func(s *report.Suggest, row func(cells ...any)) {
			if s.Keys == nil {
				return
			}
			for _, b := range s.Keys.Histogram {
				row(b.From, b.To, b.Keys)
			}
		}),
		parameters(func(s *report.Suggest) report.Parameters { return s.Parameters }),
	}
}

// suggestions has what was predicted for the whole capture, and then how it was judged.
func suggestions() Table[report.Suggest] {
	return table("suggestions", "id goal summary imbalance_packets imbalance_bytes imbalance_busy busy_windows_imbalance packets drops latency_p99_ns "+
		"connections symmetric_connections even_imbalance passed fold_t gain_forward gain_back trained judged "+
		"entries_moved flows_moved packets_moved needs", func(s *report.Suggest, row func(cells ...any)) {
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
	})
}

func commands() Table[report.Suggest] {
	return table("commands", "id command", func(s *report.Suggest, row func(cells ...any)) {
		for _, of := range s.Suggestions {
			for _, command := range of.Commands {
				row(of.ID, command)
			}
		}
	})
}
