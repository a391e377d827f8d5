package report

// SuggestCSVTables are the tables of suggestions; the suggestions come first, after the
// present way to steer.
func SuggestCSVTables() []CSVTable[Suggest] {
	heads := func(names ...string) func(*Suggest) []string { return func(*Suggest) []string { return names } }
	return []CSVTable[Suggest]{
		{"suggestions", csvSuggestionHeads, csvSuggestions},
		{"commands", heads("id", "command"), csvCommands},
		{"declined", heads("id", "summary"), func(s *Suggest, row func(cells ...any)) {
			for _, d := range s.Declined {
				row(d.ID, d.Summary)
			}
		}},
		{"table_sizes", heads("size", "imbalance", "bound", "best", "present"), func(s *Suggest, row func(cells ...any)) {
			for _, t := range s.TableSizes {
				row(t.Size, t.Now, t.Bound, t.Best, t.Present)
			}
		}},
		{"keys", heads("from", "to", "keys"), func(s *Suggest, row func(cells ...any)) {
			if s.Keys == nil {
				return
			}
			for _, b := range s.Keys.Histogram {
				row(b.From, b.To, b.Keys)
			}
		}},
		parametersTable(func(s *Suggest) Parameters { return s.Parameters }),
	}
}

// csvSuggestionHeads has what was predicted, and then the same on the part that
// suggestions were found on.
func csvSuggestionHeads(*Suggest) []string {
	heads := []string{"id", "goal", "summary"}
	for _, part := range []string{"", "training_"} {
		for _, name := range []string{"imbalance_packets", "imbalance_bytes", "imbalance_busy", "packets", "drops", "latency_p99_ns", "connections", "symmetric_connections"} {
			heads = append(heads, part+name)
		}
	}
	return append(heads, "entries_moved", "flows_moved", "packets_moved")
}

func csvSuggestions(s *Suggest, row func(cells ...any)) {
	figures := func(predicted, training *Figures) []any {
		var cells []any
		for _, f := range []*Figures{predicted, training} {
			cells = append(cells, f.Imbalance.Packets, f.Imbalance.Bytes, f.Imbalance.Busy, f.Packets, f.Drops, f.LatencyP99, f.Connections, f.SymmetricConnections)
		}
		return cells
	}
	row(append(append([]any{"present", nil, nil}, figures(&s.Present.Figures, &s.Present.Training)...), nil, nil, nil)...)
	for i := range s.Suggestions {
		of := &s.Suggestions[i]
		cells := append([]any{of.ID, of.Goal, of.Summary}, figures(&of.Predicted, &of.Training)...)
		row(append(cells, of.EntriesMoved, of.FlowsMoved, of.PacketsMoved)...)
	}
}

func csvCommands(s *Suggest, row func(cells ...any)) {
	for _, of := range s.Suggestions {
		for _, command := range of.Commands {
			row(of.ID, command)
		}
	}
}
