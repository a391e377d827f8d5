package csv

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Table is one table of a result as comma-separated values (RFC 4180): a head,
// then its rows. Numbers are those of the JSON, whole numbers exact and fractions
// with six decimals; what is null there is empty. A text that a spreadsheet might
// take for a formula has an apostrophe before it.
type Table[T any] struct {
	Name  string
	heads []string                 // of the columns
	more  func(result *T) []string // those behind them that depend on the result; nil: none
	rows  func(result *T, row func(cells ...any))
}

// table is a table with the columns of heads, parted by blanks.
func table[T any](name, heads string, rows func(result *T, row func(cells ...any))) Table[T] {
	return Table[T]{Name: name, heads: strings.Fields(heads), rows: rows}
}

// Tables are the tables of a report; the flows come first.
func Tables() []Table[report.Report] {
	return []Table[report.Report]{
		flows(), modes(), cpus(), queues(), entries(), rules(), contexts(), moves(), overTime(), series(),
		parameters(func(r *report.Report) report.Parameters { return r.Parameters }), findings(),
	}
}

// Write writes the table of the result; errors are those of w.
func (t Table[T]) Write(w io.Writer, result *T) error {
	heads := t.heads
	if t.more != nil {
		heads = slices.Concat(heads, t.more(result))
	}
	return writeCSV(w, heads, func(row func(cells ...any)) { t.rows(result, row) })
}

// writeCSV writes a table row by row: there may be a million.
func writeCSV(w io.Writer, heads []string, rows func(row func(cells ...any))) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true // RFC 4180, 2.1
	record := make([]string, len(heads))
	for i, head := range heads {
		record[i] = textCell(head)
	}
	if err := c.Write(record); err != nil {
		return err
	}
	var failed error
	rows(func(cells ...any) {
		if failed != nil {
			return
		}
		record = record[:0]
		for _, cell := range cells {
			record = append(record, cellText(cell))
		}
		failed = c.Write(record)
	})
	if failed != nil {
		return failed
	}
	c.Flush()
	return c.Error()
}

// cellText is a value in its cell.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return textCell(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint16:
		return strconv.Itoa(int(v))
	case uint64:
		return strconv.FormatUint(v, 10)
	case *string:
		return pointerText(v)
	case *int:
		return pointerText(v)
	case *int64:
		return pointerText(v)
	case *uint64:
		return pointerText(v)
	case *report.Fraction:
		return pointerText(v)
	case report.Fraction:
		if v.IsNull() {
			return ""
		}
		return strconv.FormatFloat(float64(v), 'f', 6, 64)
	}
	return textCell(fmt.Sprint(v))
}

func pointerText[T any](v *T) string {
	if v == nil {
		return ""
	}
	return cellText(*v)
}

// textCell is a text that no terminal obeys and no spreadsheet computes: these take
// a cell for a formula by its first character, whatever quotes are around it.
func textCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + words.Clean(s)
	}
	return words.Clean(s)
}

// flows has four columns for each mode: the CPU with most of the flow's
// packets, the packets on each CPU, the migrations, and the stage that chose the CPU.
func flows() Table[report.Report] {
	t := table("flows", "protocol source source_port destination destination_port hash hash_type index packets bytes", flowRows)
	t.more = func(r *report.Report) (heads []string) {
		for i := range r.Modes {
			mode := r.Modes[i].Mode
			heads = append(heads, mode+" cpu", mode+" cpus", mode+" migrations", mode+" by")
		}
		return heads
	}
	return t
}

func flowRows(r *report.Report, row func(cells ...any)) {
	if r.Flows == nil {
		return
	}
	var cells []any
	for f := range r.Flows {
		cells = append(cells[:0], f.Protocol, f.Source.WithZone("").String())
		if f.HasPorts {
			cells = append(cells, f.SourcePort, f.Destination.WithZone("").String(), f.DestinationPort)
		} else {
			cells = append(cells, nil, f.Destination.WithZone("").String(), nil)
		}
		if f.HashType == report.NoHash || f.HashWithheld {
			cells = append(cells, nil, f.HashType, nil)
		} else if f.Rule != nil {
			cells = append(cells, string(report.AppendHash(nil, f.Hash)), f.HashType, nil)
		} else {
			cells = append(cells, string(report.AppendHash(nil, f.Hash)), f.HashType, f.Index)
		}
		cells = append(cells, f.Packets, f.Bytes)
		for i := range r.Modes {
			on := f.InMode(r.Modes[i].Mode)
			var main any
			if len(on.CPUs) > 0 {
				main = on.Most().CPU
			}
			cells = append(cells, main, cpuPackets(on.CPUs), on.Migrations, f.By(&on))
		}
		row(cells...)
	}
}

// cpuPackets is "0=120 3=17": a colon would make it a time of day.
func cpuPackets(cpus []report.CPUPackets) string {
	var b []byte
	for i, on := range cpus {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, int64(on.CPU), 10)
		b = append(b, '=')
		b = strconv.AppendUint(b, on.Packets, 10)
	}
	return string(b)
}

func modes() Table[report.Report] {
	return table("modes", "mode simulated_ns packets drops interrupts dpcs isr_ns dpc_ns migration_ns migrated_packets reordered serial_ns "+
		"serial_utilization imbalance_packets imbalance_bytes imbalance_busy jain min_max_percent flows single_cpu_flows "+
		"migrations symmetric_connections connections send_receive_match headroom headroom_limit headroom_cpu headroom_queue "+
		"headroom_at_ns steered_packets own_hash_packets backlog_drops chance_p5 chance_p95 chance_p1 chance_p99", func(r *report.Report, row func(cells ...any)) {
		for i := range r.Modes {
			m := &r.Modes[i]
			t, b, a := &m.Totals, &m.Imbalance, &m.Affinity
			h := m.Headroom
			if h == nil || h.Unknown != "" {
				h = &report.Headroom{Factor: report.Null}
			}
			var steered, own *uint64 // nil without receive packet steering
			if m.RPS != nil {
				steered, own = &m.RPS.Steered, &m.RPS.OwnHash
			}
			row(m.Mode, m.Simulated, t.Packets, t.Drops, t.Interrupts, t.DPCs, t.ISRTime, t.DPCTime,
				t.MigrationTime, t.MigratedPackets, t.Reordered, m.Serial, m.SerialUtilization,
				b.Packets, b.Bytes, b.Busy, b.Jain, b.MinMaxPercent,
				a.Flows, a.SingleCPUFlows, a.Migrations, a.SymmetricConnections, a.Connections, a.SendReceiveMatch,
				h.Factor, h.Limit, h.CPU, h.Queue, h.At, steered, own, t.BacklogDrops, b.ChanceP5, b.ChanceP95, b.ChanceP1, b.ChanceP99)
		}
	})
}

func cpus() Table[report.Report] {
	return table("cpus", "mode cpu packets bytes packets_per_second bits_per_second flows top_flow interrupts dpcs packets_per_dpc_mean "+
		"packets_per_dpc_max isr_ns dpc_ns migration_ns migrated_packets send_packets send_ns utilization latency_mean_ns "+
		"latency_p50_ns latency_p90_ns latency_p99_ns latency_p999_ns latency_max_ns latency_sum_ns steered_away from_backlog "+
		"ipis backlog_max backlog_drops", func(r *report.Report, row func(cells ...any)) {
		for i := range r.Modes {
			m := &r.Modes[i]
			for k := range m.CPUs {
				c := &m.CPUs[k]
				l := &c.Latency
				cells := []any{m.Mode, c.CPU, c.Packets, c.Bytes, c.PacketsPerSecond, c.BitsPerSecond, c.Flows, c.TopFlow, c.Interrupts, c.DPCs,
					c.PacketsPerDPCMean, c.PacketsPerDPCMax, c.ISRTime, c.DPCTime, c.MigrationTime, c.MigratedPackets, c.SendPackets, c.SendTime, c.Utilization,
					l.Mean, l.P50, l.P90, l.P99, l.P999, l.Max, l.Sum}
				for _, column := range report.BacklogColumns() {
					var of any // of no mode without receive packet steering
					if c.Backlog != nil {
						of = column.Of(c.Backlog)
					}
					cells = append(cells, of)
				}
				row(cells...)
			}
		}
	})
}

func queues() Table[report.Report] {
	return table("queues", "mode queue cpu packets bytes drops depth_max burst_50us burst_500us", func(r *report.Report, row func(cells ...any)) {
		for i := range r.Modes {
			m := &r.Modes[i]
			for k := range m.Queues {
				q := &m.Queues[k]
				row(m.Mode, q.Queue, q.CPU, q.Packets, q.Bytes, q.Drops, q.DepthMax, q.Burst50us, q.Burst500us)
			}
		}
	})
}

func entries() Table[report.Report] {
	return table("entries", "entry queue cpu packets bytes flows", func(r *report.Report, row func(cells ...any)) { entriesOf(&r.Table, nil, row) })
}

// contexts has the entries of each RSS context.
func contexts() Table[report.Report] {
	return table("contexts", "context base entry queue cpu packets bytes flows", func(r *report.Report, row func(cells ...any)) {
		for i := range r.Contexts {
			c := &r.Contexts[i]
			entriesOf(&c.TableReport, []any{c.Context, c.Base}, row)
		}
	})
}

// entriesOf has a row for each entry of the table, which begins with the cells before.
func entriesOf(t *report.TableReport, before []any, row func(cells ...any)) {
	for i := range min(len(t.Entries), len(t.Packets), len(t.Bytes), len(t.Flows)) {
		var cpu any
		if at, known := t.CPUOf(i); known {
			cpu = at
		}
		row(append(before[:len(before):len(before)], i, t.Entries[i], cpu, t.Packets[i], t.Bytes[i], t.Flows[i])...)
	}
}

func rules() Table[report.Report] {
	return table("rules", "filter kind action queue context packets bytes flows", func(r *report.Report, row func(cells ...any)) {
		for _, rule := range r.Rules {
			row(rule.Filter, rule.Kind, rule.Action, rule.Queue, rule.Context, rule.Packets, rule.Bytes, rule.Flows)
		}
	})
}

func series() Table[report.Report] {
	return table("series", "mode start_ns cpu packets", func(r *report.Report, row func(cells ...any)) {
		for i := range r.Modes {
			m := &r.Modes[i]
			for w := range m.Series.Windows() {
				for k := range m.Series.CPUs {
					c := &m.Series.CPUs[k]
					row(m.Mode, int64(w)*m.Series.Interval, c.CPU, c.At(w))
				}
			}
		}
	})
}

// parameters is those of a result.
func parameters[T any](of func(result *T) report.Parameters) Table[T] {
	return table("parameters", "parameter value source", func(result *T, row func(cells ...any)) {
		for _, p := range of(result) {
			row(p.Name, value(p.Value), p.Source)
		}
	})
}

// value is a parameter's value as the JSON has it, but texts without quotes.
func value(value any) any {
	if _, text := value.(string); text || value == nil {
		return value
	}
	data, err := json.Marshal(value)
	if err != nil {
		return value
	}
	return json.Number(data)
}

func findings() Table[report.Report] {
	return table("findings", "id severity summary evidence remedy", func(r *report.Report, row func(cells ...any)) {
		for _, f := range r.Findings {
			row(f.ID, f.Severity, f.Summary, f.Evidence, f.Remedy)
		}
	})
}
