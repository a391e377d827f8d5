package csv

import "rssreplay/report"

// CalibrationTables are the tables of a host's costs; what each CPU did comes first.
func CalibrationTables() []Table[report.Calibration] {
	return []Table[report.Calibration]{
		table("windows", "window cpu duration_ns packets net_rx_runs interrupts timer_interrupts received_rps time_squeezes backlog_drops softirq_ns irq_ns steal_ns traced_ns fitted_ns reason", func(c *report.Calibration, row func(cells ...any)) {
			for i := range c.Rows {
				r := &c.Rows[i]
				row(r.Window, r.CPU, r.Duration, r.Packets, r.Runs, r.Interrupts, r.TimerInterrupts, r.FromRPS, r.Squeezed, r.Dropped, r.SoftIRQ, r.IRQ, r.Steal, r.Traced, r.Fitted, r.Reason)
			}
		}),
		table("costs", "parameter cost_ns", func(c *report.Calibration, row func(cells ...any)) {
			for _, cost := range c.Costs {
				row(cost.Parameter, cost.Cost)
			}
		}),
		table("queues", "queue interrupts packets", func(c *report.Calibration, row func(cells ...any)) {
			for _, q := range c.Queues {
				row(q.Queue, q.Interrupts, q.Packets)
			}
		}),
		table("predicted", "cpu packets dpcs busy_ns packets_processed net_rx_runs softirq_irq_ns", func(c *report.Calibration, row func(cells ...any)) {
			for _, p := range c.Predicted {
				row(p.CPU, p.Packets, p.DPCs, p.Busy, p.Seen, p.Runs, p.Time)
			}
		}),
		table("moderation", "parameter value_us value_from_us value_to_us interrupts wanted without_moderation flags", func(c *report.Calibration, row func(cells ...any)) {
			if m := c.Moderation; m != nil {
				for _, f := range m.Fits {
					row(f.Parameter, f.Value, f.From, f.To, f.Interrupts, m.Wanted, m.Without, f.Flags)
				}
			}
		}),
		table("left_out", "reason cpu windows what", func(c *report.Calibration, row func(cells ...any)) {
			for _, l := range c.LeftOut {
				row(l.Reason, l.CPU, l.Windows, l.What)
			}
		}),
	}
}
