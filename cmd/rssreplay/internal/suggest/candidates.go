package suggest

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// candidate is another way to steer, before it is judged, and what will be said of it.
type candidate struct {
	report.Suggestion
	sets     profile.Settings            // what the commands set
	settings *settings.Settings          // the present ones, changed
	member   func(f *dispatch.Flow) bool // the flows that a rule takes; nil: there is none
	queue    int                         // that it sends them to
}

// candidates looks for ways to steer that may be better.
type candidates struct {
	*suggester
	loads    dispatch.Loads // of the whole capture under the present way
	balance  *balance.Task  // likewise
	judging  report.Judging
	curve    report.List[report.CurvePoint]
	list     []*candidate
	declined []report.Declined
}

// balanceOf is the task of spreading the loads over the CPUs in use.
func (s *suggester) balanceOf(l *dispatch.Loads, steering *nicmodel.Steering) *balance.Task {
	c := &s.settings.Config
	b := assemble.NewBalance(l, c, steering, s.weight)
	// Entries beyond these queues may be set, but RSS does not reach them.
	if p := s.settings.Profile; p != nil && p.RSSQueues > 0 && len(b.QueueCPU) > p.RSSQueues && int(slices.Max(c.Table)) < p.RSSQueues {
		b.QueueCPU = b.QueueCPU[:p.RSSQueues]
	}
	return b
}

// weight is a load in the terms of the objective. Busy time is that of the
// packets' way up the stack; that of ISRs and DPCs depends on how they meet, and
// only a replay tells it. It counts in 2ⁿ ns so that no sum leaves 63 bits.
func (s *suggester) weight(l engine.EntryLoad) uint64 {
	switch s.by {
	case "bytes":
		return l.Bytes
	case "busy":
		c := &s.settings.Config
		coarse := max(bits.Len64(uint64(c.PacketCost))-20, 0)
		hi, lo := bits.Mul64(min(l.Bytes, 1e15), uint64(c.ByteCost))
		perByte, _ := bits.Div64(hi, lo, 1000)
		return l.Packets*uint64(c.PacketCost)>>coarse + perByte>>coarse
	}
	return l.Packets
}

// find looks at each kind of change. Wrong usage is a target that can't be
// reached.
func (c *candidates) find() error {
	c.loads = c.whole.Result.LoadsUnder(c.settings.Steering)
	c.balance = c.balanceOf(&c.loads, c.settings.Steering)
	if err := c.tables(); err != nil {
		return err
	}
	c.rules()
	if err := c.fields(); err != nil {
		return err
	}
	if err := c.brokenKey(); err != nil {
		return err
	}
	c.symmetry()
	c.order()
	return nil
}

func (c *candidates) decline(id, format string, args ...any) {
	c.declined = append(c.declined, report.Declined{ID: id, Summary: fmt.Sprintf(format, args...)})
}

// imbalance is that of the table on the whole capture, in text.
func (c *candidates) imbalance(table nicmodel.IndirectionTable) string {
	return fmt.Sprintf("%.3f", c.balance.Imbalance(c.balance.Peak(table)))
}

// withTable adds a candidate that differs in its table alone. layout is as
// --layout takes it.
func (c *candidates) withTable(id, layout string, table nicmodel.IndirectionTable) *candidate {
	moved := c.balance.Moves(c.settings.Config.Table, table)
	added := &candidate{
		Suggestion: report.Suggestion{ID: id, Goal: report.GoalBalance, EntriesMoved: &moved, Parameters: suggested("layout", layout)},
		sets:       profile.SetTable, settings: changed(c.settings, func(config *nicmodel.SteeringConfig) { config.Table = table }),
	}
	c.list = append(c.list, added)
	return added
}

// suggested is a parameter that differs from the present one.
func suggested(name, value string) report.Parameters {
	return report.Parameters{{Name: name, Value: value, Source: "suggested"}}
}

// changed is the settings with another way to steer.
func changed(s *settings.Settings, change func(*nicmodel.SteeringConfig)) *settings.Settings {
	config := s.Steering.Config()
	change(&config)
	made := *s
	made.Config.Table = config.Table
	var err error
	if made.Steering, err = nicmodel.NewSteering(config); err != nil {
		return nil // the key is too short for the hash types, say
	}
	made.Config.SetRules(made.Steering)
	return &made
}

// largestFlow is the flow with the greatest load, and that.
func (c *candidates) largestFlow() (largest uint32, load uint64) {
	for id := range uint32(c.whole.Result.NumFlows) {
		f := c.whole.Result.Flow(id)
		if w := c.weight(engine.EntryLoad{Packets: f.Packets, Bytes: f.Bytes}); w > load && f.Queue >= 0 { // else a rule drops it
			largest, load = id, w
		}
	}
	return largest, load
}

// fraction is an imbalance for the report; 0 is that of no load.
func fraction(imbalance float64) report.Fraction {
	if imbalance == 0 || math.IsNaN(imbalance) {
		return report.Null
	}
	return report.Fraction(imbalance)
}
