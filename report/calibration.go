package report

import (
	"fmt"
	"io"
	"math"
	"strings"

	"rssreplay/report/internal/words"
)

// calibrationSchema names the version of the JSON that has a machine's own costs.
const calibrationSchema = "rssreplay/calibrate/v1"

// Calibration is what a host counted, and the costs that follow from it.
type Calibration struct {
	Head
	Measured   Time                  `json:"measured"` // of the last snapshot; null if none tells
	Snapshots  int                   `json:"snapshots"`
	Accounting Accounting            `json:"accounting"`
	Costs      MeasuredCosts         `json:"costs"`   // of the model's parameters; none where nothing was fitted
	Fit        *CostFit              `json:"fit"`     // null where nothing was fitted
	Refused    *Refusal              `json:"refused"` // why; null where something was
	LeftOut    List[LeftOut]         `json:"left_out"`
	Rows       List[CalibrationRow]  `json:"rows"`
	Queues     List[QueueInterrupts] `json:"queues"`
	Predicted  List[PredictedCPU]    `json:"predicted"`  // by the replay of a capture, in rss-msix; none without one
	Moderation *ModerationFit        `json:"moderation"` // null where none was fitted
	Warnings   List[string]          `json:"warnings"`
	Notes      List[string]          `json:"notes"`
}

// ModerationFit is the interrupt moderation with which the model interrupts as often as
// the NIC's queues did.
type ModerationFit struct {
	Counted uint64                 `json:"counted"`            // interrupts of the queues in all windows
	Wanted  uint64                 `json:"wanted"`             // of them, for as many packets as the capture has
	Without uint64                 `json:"without_moderation"` // the model's, under none
	Fits    List[FittedModeration] `json:"fits"`               // what fits alone; counts don't tell which it is
	Claimed string                 `json:"claimed"`            // by ethtool -c, or what is in force
	CPUs    List[CPUInterrupts]    `json:"cpus"`
}

// FittedModeration is a parameter that fits.
type FittedModeration struct {
	Parameter  string   `json:"parameter"` // "itr" or "rx-usecs"
	Value      Fraction `json:"value_us"`
	From       Fraction `json:"value_from_us"` // the range that does nearly as well
	To         Fraction `json:"value_to_us"`
	Interrupts uint64   `json:"interrupts"` // the model's with it
	Flags      string   `json:"flags"`
}

// CPUInterrupts is a CPU's interrupts of queues in all windows, and the model's by the
// first fit.
type CPUInterrupts struct {
	CPU     int    `json:"cpu"`
	Counted uint64 `json:"counted"`
	Model   uint64 `json:"model"`
}

// Meets tells whether a fit is near what is wanted; where not, no moderation alone
// explains what was counted.
func (m *ModerationFit) Meets(f *FittedModeration) bool {
	return math.Abs(float64(f.Interrupts)-float64(m.Wanted)) <= 0.05*float64(m.Wanted)
}

// Accounting is how the kernel counts a CPU's times.
type Accounting struct {
	Kind    string `json:"kind"` // "ticks", or "measured"
	HZ      int    `json:"hz"`   // ticks a second
	HZKnown bool   `json:"hz_known"`
}

// MeasuredCosts are costs by parameter; JSON has them as an object, in ns.
type MeasuredCosts []MeasuredCost

// MeasuredCost is the cost of one parameter, in ns.
type MeasuredCost struct {
	Parameter string
	Cost      int64
}

// MarshalJSON writes the object with its keys in the order given.
func (c MeasuredCosts) MarshalJSON() ([]byte, error) {
	return marshalMembers(len(c), func(i int) (string, any) { return c[i].Parameter, c[i].Cost })
}

// Flags are the costs as flags of the main command.
func (c MeasuredCosts) Flags() string {
	var flags []string
	for _, cost := range c {
		flags = append(flags, fmt.Sprintf("--%s %dns", cost.Parameter, cost.Cost))
	}
	return strings.Join(flags, " ")
}

// CostFit is how the costs were fitted, and how well they fit. Costs are in ns.
type CostFit struct {
	OneFactor        bool     `json:"one_factor"` // the assumed costs × Factor
	Factor           Fraction `json:"factor"`     // null where a run and a packet were told apart
	Why              *string  `json:"why"`        // they were not
	Run              Fraction `json:"run_ns"`     // of a NET_RX run, packets apart
	RunFrom          Fraction `json:"run_from_ns"`
	RunTo            Fraction `json:"run_to_ns"`
	Packet           Fraction `json:"packet_ns"`
	PacketFrom       Fraction `json:"packet_from_ns"`
	PacketTo         Fraction `json:"packet_to_ns"`
	MeanPacket       Fraction `json:"mean_packet_ns"` // runs included
	Windows          int      `json:"windows"`
	Rows             int      `json:"rows"`
	Packets          uint64   `json:"packets"`
	Ticks            Fraction `json:"ticks"` // of softirq time; null where times are measured
	Error            Fraction `json:"error"` // relative, of windows left out in turn
	PacketsPerSecond struct {
		From Fraction `json:"from"`
		To   Fraction `json:"to"`
	} `json:"packets_per_second"` // of a CPU in a window: the load that the costs hold for
	Correlation Fraction `json:"correlation"`
	Chi2        Fraction `json:"chi2_per_degree"`
	Tap         *TapCost `json:"tap,omitempty"`
}

// TapCost is the share that a packet socket, as tcpdump's, has of the time of the windows
// in which it was open, beside others.
type TapCost struct {
	Share          Fraction `json:"share"` // below 0: noise
	Error          Fraction `json:"error"` // a standard deviation of it
	Windows        int      `json:"windows"`
	WindowsWithout int      `json:"windows_without"`
}

// Refusal says why nothing was fitted.
type Refusal struct {
	Reason string `json:"reason"`
	What   string `json:"what"`
}

// LeftOut is windows of a CPU that were not fitted, for one reason.
type LeftOut struct {
	Reason  string `json:"reason"`
	CPU     int    `json:"cpu"`
	Windows int    `json:"windows"`
	What    string `json:"what"` // of the first of them
}

// CalibrationRow is what one CPU did between two snapshots.
type CalibrationRow struct {
	Window          int      `json:"window"`
	CPU             int      `json:"cpu"`
	Duration        int64    `json:"duration_ns"`
	Packets         uint64   `json:"packets"`
	Runs            uint64   `json:"net_rx_runs"`
	Interrupts      *uint64  `json:"interrupts"`       // of devices; null where /proc/interrupts is not shown
	TimerInterrupts *uint64  `json:"timer_interrupts"` // likewise
	FromRPS         uint64   `json:"received_rps"`
	Squeezed        uint64   `json:"time_squeezes"`
	Dropped         uint64   `json:"backlog_drops"`
	SoftIRQ         int64    `json:"softirq_ns"`
	IRQ             int64    `json:"irq_ns"`
	Steal           int64    `json:"steal_ns"`
	Traced          *int64   `json:"traced_ns"` // by perf kwork
	Fitted          Fraction `json:"fitted_ns"` // by the costs; null where nothing was fitted
	Reason          string   `json:"reason"`    // "fitted", or why it was left out
}

// QueueInterrupts is how often a receive queue interrupted in all windows, and how many
// packets its driver counted; null if not known.
type QueueInterrupts struct {
	Queue      int     `json:"queue"`
	Interrupts *uint64 `json:"interrupts"`
	Packets    *uint64 `json:"packets"`
}

// PredictedCPU is what the replay of a capture has a CPU do, beside what it did in all
// windows; these null where the snapshots don't have the CPU.
type PredictedCPU struct {
	CPU     int     `json:"cpu"`
	Packets uint64  `json:"packets"`
	DPCs    uint64  `json:"dpcs"`
	Busy    int64   `json:"busy_ns"`
	Seen    *uint64 `json:"packets_processed"`
	Runs    *uint64 `json:"net_rx_runs"`
	Time    *int64  `json:"softirq_irq_ns"`
}

// Origin says where the costs come from, and what they are worth: "measured 2026-11-25 on
// 10 windows, ± 8%, at 20,000 to 90,000 packets/s a CPU".
func (c *Calibration) Origin() string {
	if c.Fit == nil {
		return ""
	}
	return MeasuredOrigin(c.Measured, c.Fit.Windows, c.Fit.Error, c.Fit.PacketsPerSecond.From, c.Fit.PacketsPerSecond.To)
}

// MeasuredOrigin is the origin of measured costs; when is zero if it is not known, and
// from and to are packets per second of a CPU.
func MeasuredOrigin(when Time, windows int, relative, from, to Fraction) string {
	day := ""
	if !when.IsZero() {
		day = " " + when.UTC().Format("2006-01-02")
	}
	return fmt.Sprintf("measured%s on %s, ± %s, at %s to %s packets/s a CPU", day, words.Plural(uint64(max(windows, 0)), "window", "windows"),
		ErrorText(relative), words.Exact(twoDigits(from)), words.Exact(twoDigits(to)))
}

// ErrorText is the error of measured costs, at least "1%".
func ErrorText(relative Fraction) string {
	return fmt.Sprintf("%.0f%%", max(1, 100*float64(relative)))
}

// twoDigits is a number rounded to its two first digits.
func twoDigits(f Fraction) uint64 {
	if f.IsNull() || f < 0 || f > 1e15 {
		return 0
	}
	n, unit := uint64(f+0.5), uint64(1)
	for n/unit >= 100 {
		unit *= 10
	}
	return (n + unit/2) / unit * unit
}

// WriteCalibrationJSON writes c in the schema rssreplay/calibrate/v1, which --costs
// reads; errors are those of w.
func WriteCalibrationJSON(w io.Writer, c *Calibration) error {
	return writeDocument(w, struct {
		Schema string `json:"schema"`
		*Calibration
	}{calibrationSchema, c})
}
