package calibration

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch/calibrate"
	"rssreplay/dispatch/engine"
	"rssreplay/report"
	"rssreplay/report/csv"
	"rssreplay/report/text"
)

// calibrateFlags are the calibrate command's own flags.
type calibrateFlags struct {
	model     *settings.Flags
	input     *input.Flags
	output    *output.Flags
	snapshots string
}

// NewCommand is `rssreplay calibrate [CAPTURE...] --snapshots DIR`.
func NewCommand(e *cli.Env) *cobra.Command {
	var f calibrateFlags
	c := &cobra.Command{
		Use:  "calibrate [CAPTURE...] --snapshots DIR [flags]",
		RunE: func(_ *cobra.Command, captures []string) error { return measure(e, &f, captures) },
	}
	f.model = settings.NewFlags(c.Flags())
	f.input = input.NewFlags(c.Flags())
	f.output = output.NewFlags(c.Flags())
	f.output.AddLook()
	f.output.AddTables()
	c.Flags().StringVar(&f.snapshots, "snapshots", "", "")
	return c
}

// measurement is one run of the command.
type measurement struct {
	env   *cli.Env
	flags *calibrateFlags

	captures  []string
	snapshots *snapshotSet
	out       *output.Outputs[*report.Calibration]
	settings  *settings.Settings
	history   *calibrate.History
	predicted *prediction // nil without a capture
}

func measure(e *cli.Env, f *calibrateFlags, args []string) error {
	m := &measurement{env: e, flags: f}
	if err := m.plan(args); err != nil {
		return err
	}
	if err := m.resolve(); err != nil {
		return err
	}
	c := &report.Calibration{Head: m.out.Head(), Notes: m.snapshots.notes}
	if err := m.predict(c); err != nil {
		return err
	}
	if err := m.fit(c); err != nil {
		return err
	}
	if err := m.out.Write(c); err != nil {
		return err
	}
	if m.predicted == nil {
		return nil
	}
	return cli.Damaged(m.predicted.done.Result.Damage, "the prediction is of", m.captures)
}

// plan checks the flags by themselves, reads the snapshots, and protects what is read from
// being written over.
func (m *measurement) plan(args []string) error {
	f := m.flags
	if f.snapshots == "" {
		return cli.Usagef("--snapshots names no folder: rssreplay calibrate --snapshots DIR; `rssreplay help calibrate` has the line that fills one")
	}
	reads, err := f.model.Reads(args)
	if err != nil {
		return err
	}
	m.captures = reads.Captures
	forms := append(output.Texts(text.WriteCalibration), output.Plain("json", report.WriteCalibrationJSON), output.CSV(csv.CalibrationTables()))
	if m.out, err = output.Plan(m.env, f.output, forms); err != nil {
		return err
	}
	if m.snapshots, err = readSnapshots(f.snapshots); err != nil {
		return cli.Usagef("--snapshots: %w", err)
	}
	reads.Others = append(reads.Others, m.snapshots.files...)
	return m.out.Prepare(reads)
}

// resolve checks what the flags come to, and makes a history of the snapshots.
func (m *measurement) resolve() (err error) {
	if m.settings, err = m.flags.model.Resolve(m.env.Stdin, m.env.Stderr, nil); err != nil {
		return err
	}
	if err := m.settings.RefuseMoves("calibrate"); err != nil {
		return err
	}
	if m.history, err = calibrate.NewHistory(m.snapshots.snapshots); err != nil {
		return fmt.Errorf("--snapshots %s: %w", m.flags.snapshots, err)
	}
	return nil
}

// predict replays the captures, if there are any, and puts what the CPUs do then into c.
func (m *measurement) predict(c *report.Calibration) error {
	if len(m.captures) == 0 {
		return nil
	}
	in, err := m.flags.input.Resolve(m.captures, m.settings)
	if err != nil {
		return err
	}
	m.settings.Modes = []engine.Mode{engine.RSSMSIX} // the one that a host with a driver's queues has
	done, err := in.Replay(m.env, m.settings, input.Observers{})
	if err != nil {
		return err
	}
	in.Warn(m.env.Stderr, done)
	m.predicted = &prediction{m.env, m.settings, in, done}
	m.history.Against(done.Result.Received)
	c.Predicted = predictedCPUs(m.settings, &done.Result.Modes[0], m.history)
	c.Notes = append(c.Notes, m.settings.Notes()...)
	return nil
}

// fit puts the costs into c, and the moderation that a capture shows with them. What can't be
// fitted is shown as far as it is known, and ends the run.
func (m *measurement) fit(c *report.Calibration) error {
	assumed, err := assumedCosts(&m.settings.Config, m.history.Ticks)
	if err != nil {
		return err
	}
	fit, refused := m.history.Fit(assumed)
	tellCalibration(c, m.history, m.settings.Device, fit, refused)
	if refused != nil {
		if err := m.showRefused(c); err != nil {
			return err
		}
		return cli.CantTell(fmt.Errorf("--snapshots %s: no costs: %w", m.flags.snapshots, refused))
	}
	if m.predicted == nil || cli.ReadableOnce(m.captures) != "" {
		return nil
	}
	return m.predicted.tellModeration(c, m.history, fit)
}

// prediction is the replay of a capture that was taken between the snapshots.
type prediction struct {
	e    *cli.Env
	s    *settings.Settings
	in   *input.Input
	done *input.Replayed
}

// assumedCosts are those of the settings, which one factor is fitted to where the counts
// can't tell a run from a packet. Ticks don't see the interrupt itself.
func assumedCosts(c *engine.Config, ticks bool) (calibrate.Costs, error) {
	costs := calibrate.Costs{Run: float64(c.DPCCost), Packet: float64(c.PacketCost)}
	if !ticks {
		costs.Run += float64(c.ISRCost)
	}
	if costs.Packet == 0 {
		return costs, cli.Usagef("--packet-cost 0: one factor may be fitted to the assumed costs, which needs one of a packet")
	}
	return costs, nil
}

// showRefused shows what was there where no costs could be fitted; but no file has costs
// that nobody measured.
func (m *measurement) showRefused(c *report.Calibration) error {
	if len(m.flags.output.Outputs) == 0 {
		return m.out.Write(c)
	}
	screen := &output.Outputs[*report.Calibration]{Env: m.env}
	if err := screen.AddForm(m.flags.output, &output.Texts(text.WriteCalibration)[0], output.StdoutPath); err != nil {
		return err
	}
	return screen.Write(c)
}

// tellCalibration puts what was counted and fitted into c.
func tellCalibration(c *report.Calibration, h *calibrate.History, device string, fit *calibrate.Fit, refused error) {
	last := h.Snapshots[len(h.Snapshots)-1]
	c.Measured, c.Snapshots = report.Time{Time: last.Taken()}, len(h.Snapshots)
	c.Accounting = report.Accounting{Kind: "measured", HZ: h.HZ, HZKnown: h.HZKnown}
	if h.Ticks {
		c.Accounting.Kind = "ticks"
	}
	tellRows(c, h, fit)
	c.Queues = queueInterrupts(h, device)
	c.Notes = append(c.Notes, h.Missing...)
	if refused != nil {
		refusal := &calibrate.Refusal{ID: "nothing", What: refused.Error()}
		errors.As(refused, &refusal)
		c.Refused = &report.Refusal{Reason: refusal.ID, What: refusal.What}
		return
	}
	c.Warnings = fit.Warnings
	isr, dpc := fit.Split()
	if !h.Ticks {
		c.Costs = append(c.Costs, report.MeasuredCost{Parameter: "isr-cost", Cost: wholeNanoseconds(isr)})
	} else {
		c.Warnings = append(c.Warnings, "Ticks don't see the interrupt itself: isr-cost stays an assumption.")
	}
	c.Costs = append(c.Costs, report.MeasuredCost{Parameter: "dpc-cost", Cost: wholeNanoseconds(dpc)}, report.MeasuredCost{Parameter: "packet-cost", Cost: wholeNanoseconds(fit.Packet)})
	c.Fit = costFit(h, fit)
	if slices.ContainsFunc(h.Rows, func(r calibrate.Row) bool { return r.Reason == calibrate.Fitted && r.Traced > 0 }) {
		c.Warnings = append(c.Warnings, "perf kwork's times begin at the softirq: interrupt entry is not in them.")
	}
}

// tellRows puts what each CPU did in each window into c, and which of it was left out.
func tellRows(c *report.Calibration, h *calibrate.History, fit *calibrate.Fit) {
	for i := range h.Rows {
		r := &h.Rows[i]
		row := report.CalibrationRow{
			Window: r.Window, CPU: r.CPU, Duration: wholeNanoseconds(r.Duration), Packets: r.Packets, Runs: r.Runs,
			FromRPS: r.FromRPS, Squeezed: r.Squeezed, Dropped: r.Dropped, SoftIRQ: wholeNanoseconds(r.SoftIRQ), IRQ: wholeNanoseconds(r.IRQ), Steal: wholeNanoseconds(r.Steal),
			Fitted: report.Null, Reason: r.Reason.String(),
		}
		if r.CountsInterrupts {
			row.Interrupts, row.TimerInterrupts = &r.Interrupts, &r.Timer
		}
		if r.Traced > 0 {
			row.Traced = new(wholeNanoseconds(r.Traced))
		}
		if fit != nil {
			row.Fitted = report.Fraction(fit.Run*float64(r.Runs) + fit.Packet*float64(r.Packets))
		}
		c.Rows = append(c.Rows, row)
		if r.Reason == calibrate.Fitted {
			continue
		}
		at := slices.IndexFunc(c.LeftOut, func(l report.LeftOut) bool { return l.CPU == r.CPU && l.Reason == r.Reason.String() })
		if at < 0 {
			at = len(c.LeftOut)
			c.LeftOut = append(c.LeftOut, report.LeftOut{Reason: r.Reason.String(), CPU: r.CPU, What: r.Detail})
		}
		c.LeftOut[at].Windows++
	}
}

// costFit is how the costs were found, and how sure they are.
func costFit(h *calibrate.History, fit *calibrate.Fit) *report.CostFit {
	f := &report.CostFit{
		OneFactor: fit.OneFactor, Factor: report.Null,
		Run: report.Fraction(fit.Run), RunFrom: report.Fraction(fit.RunInterval.From), RunTo: report.Fraction(fit.RunInterval.To),
		Packet: report.Fraction(fit.Packet), PacketFrom: report.Fraction(fit.PacketInterval.From), PacketTo: report.Fraction(fit.PacketInterval.To),
		MeanPacket: report.Fraction(fit.MeanPacketCost), Windows: fit.Windows, Rows: fit.Rows, Packets: fit.Packets, Ticks: report.Null,
		Error: report.Fraction(fit.Error), Correlation: report.Fraction(fit.Correlation), Chi2: report.Fraction(fit.Chi2),
	}
	f.PacketsPerSecond.From, f.PacketsPerSecond.To = report.Fraction(fit.PacketsPerSec.From), report.Fraction(fit.PacketsPerSec.To)
	if tap := fit.Tap; tap != nil {
		f.Tap = &report.TapCost{Share: report.Fraction(tap.Share), Error: report.Fraction(tap.Error), Windows: tap.Windows, WindowsWithout: tap.WithNone}
	}
	if fit.OneFactor {
		f.Factor, f.Why = report.Fraction(fit.Factor), &fit.Why
	}
	if h.Ticks && fit.Ticks > 0 {
		f.Ticks = report.Fraction(fit.Ticks)
	}
	return f
}

func wholeNanoseconds(ns float64) int64 { return int64(math.Round(ns)) }

// queueInterrupts is what the queues of the NIC did from the first snapshot to the last,
// where their interrupts or counters are known.
func queueInterrupts(h *calibrate.History, device string) (queues report.List[report.QueueInterrupts]) {
	at := func(q int) *report.QueueInterrupts {
		for len(queues) <= q {
			queues = append(queues, report.QueueInterrupts{Queue: len(queues)})
		}
		return &queues[q]
	}
	interrupts, _ := countedInterrupts(h, device) // none of no NIC, or of several
	for q := range interrupts {
		at(q).Interrupts = &interrupts[q]
	}
	first, last := h.Snapshots[0].Queues, h.Snapshots[len(h.Snapshots)-1].Queues
	if first != nil && last != nil && len(first.Packets) == len(last.Packets) {
		for q, n := range last.Packets {
			if to := at(q); n >= first.Packets[q] {
				to.Packets = new(n - first.Packets[q])
			}
		}
	}
	if !slices.ContainsFunc(queues, func(q report.QueueInterrupts) bool {
		return q.Interrupts != nil && *q.Interrupts > 0 || q.Packets != nil && *q.Packets > 0
	}) {
		return nil // of a NIC that did nothing
	}
	return queues
}

// predictedCPUs is what the replay has each CPU do, beside what was counted there.
func predictedCPUs(s *settings.Settings, m *engine.Counters, h *calibrate.History) report.List[report.PredictedCPU] {
	var cpus report.List[report.PredictedCPU]
	for i := range m.CPUs {
		c := &m.CPUs[i]
		p := report.PredictedCPU{CPU: s.Config.CPUs[i], Packets: c.Packets, DPCs: c.DPCs, Busy: c.ISRTime + c.DPCTime}
		var packets, runs uint64
		time, there := 0.0, false
		for k := range h.Rows {
			if r := &h.Rows[k]; r.CPU == p.CPU {
				packets, runs, time, there = packets+r.Packets, runs+r.Runs, time+r.Time(), true
			}
		}
		if there {
			p.Seen, p.Runs, p.Time = &packets, &runs, new(wholeNanoseconds(time))
		}
		cpus = append(cpus, p)
	}
	return cpus
}
