package flows

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/story"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/anonymize"
)

// The explanation of the packet that was found.

func (p *found) explanation(s *settings.Settings, stories *story.Stories) *report.Explanation {
	x := &report.Explanation{
		Schema: report.ExplainSchema, Parameters: s.Parameters, Notes: slices.Concat(s.FlowNotes(), s.Caveats),
		Packet: report.ExplainedPacket{
			Number: p.frame, Time: report.Time{Time: time.Unix(0, p.stamp)}, At: p.time,
			Bytes: p.wire, Captured: p.captured,
		},
	}
	if h := &p.header; h.Reason == pcaps.IP {
		number := int(h.Protocol)
		if h.Facts&pcaps.ProtocolUnknown != 0 {
			number = -1
		}
		protocol := pcaps.ProtocolName(number)
		source, destination := endsOf(h)
		from, to := s.Shown.Addr(source.addr).String(), s.Shown.Addr(destination.addr).String()
		x.Packet.Protocol, x.Packet.Source, x.Packet.Destination = &protocol, &from, &to
		if source.port != nil {
			x.Packet.SourcePort, x.Packet.DestinationPort = new(s.Shown.Port(*source.port)), new(s.Shown.Port(*destination.port))
		}
		if p.tunnel != "" {
			x.Packet.InnerOf = &p.tunnel
		}
	}
	d := s.Steering.DecideFrame(&p.header, &p.extension, p.compared)
	for _, mode := range s.Modes {
		told := stories.Of(mode)
		x.Packet.Sent = told.Outcome == story.SentPacket
		out := storyOf(told, s)
		if told.Queue >= 0 && s.Config.RPS.Active(mode) {
			out.RPS = rpsChoice(s, &d, told.Queue, &p.header, p.own)
		}
		x.Modes = append(x.Modes, out)
	}
	if !x.Packet.Sent {
		x.Steering = p.steering(s)
		if s.Moves() {
			placeMoved(s, x.Steering, stories)
		}
	}
	return x
}

// steering is how the NIC chose the packet's queue, with the bytes hashed.
func (p *found) steering(s *settings.Settings) *report.Steering {
	d := s.Steering.DecideFrame(&p.header, &p.extension, p.compared)
	by := s.Steering // or the context's, in whose place it is
	if d.Rule > 0 {
		if context := s.Steering.Context(int(d.Rule) - 1); context != nil {
			by = context
		}
	}
	config := by.Config()
	out := &report.Steering{
		HashType: d.Type.String(), Transform: config.Transform.String(), Function: config.Function.String(), TableSize: len(config.Table), Modulo: config.Modulo,
		Queue: int(d.Queue), CPU: s.Config.CPUs[s.Config.QueueCPU[d.Queue]],
	}
	if d.Rule > 0 {
		rule := &s.Steering.NTuple().All()[d.Rule-1]
		out.Filter, out.Action, out.Dropped = &rule.Location, new(rule.Does()), d.Target < 0
		if by != s.Steering {
			out.Context = &rule.Context
		}
	}
	if d.Woke > 0 {
		out.Woke = &s.Steering.NTuple().All()[d.Woke-1].Location
	}
	if d.Type == hash.None {
		out.Unhashed = new(d.Why.String())
		return out
	}
	input := nicmodel.AppendInput(nil, &p.header, &p.extension, d.Type)
	out.Input = hashInput(input, d.Type, p.header.Facts, s.Shown)
	input = by.Hashed(input, d.Type, p.header.Protocol)
	if s.Shown == nil { // the bytes are the true addresses, even where the hash is shown
		out.Hashed = hexOf(input)
	}
	if !s.Shown.HidesHashes() {
		out.Hash = new(fmt.Sprintf("0x%08x", d.Hash))
	}
	if (out.Filter == nil || out.Context != nil) && !s.Shown.HidesHashes() {
		out.Index = new(int(by.Entry(d.Hash)))
	}
	if !config.Transform.Shown() {
		out.Rule = new(config.Transform.What())
	}
	return out
}

// hashInput is the hash's input field by field, with its bytes where all may be shown.
func hashInput(input []byte, t hash.Type, facts pcaps.Facts, shown *anonymize.Anonymizer) report.List[report.HashInput] {
	names := []string{"source address", "destination address"}
	if t.Ex() && facts&pcaps.HomeAddress != 0 {
		names[0] = "home address"
	}
	if t.Ex() && facts&pcaps.RoutingType2 != 0 {
		names[1] = "routing address"
	}
	addresses := input
	if t.Ports() {
		addresses = input[:len(input)-4]
	}
	var fields report.List[report.HashInput]
	add := func(name string, b []byte, value string) {
		field := report.HashInput{Field: name, Value: value}
		if shown == nil {
			field.Bytes = hexOf(b)
		}
		fields = append(fields, field)
	}
	for i, name := range names {
		b := addresses[i*len(addresses)/2 : (i+1)*len(addresses)/2]
		addr, _ := netip.AddrFromSlice(b) // 4 or 16 bytes: it is one
		add(name, b, shown.Addr(addr).String())
	}
	if t.Ports() {
		for i, name := range []string{"source port", "destination port"} {
			b := input[len(addresses)+2*i:][:2]
			add(name, b, strconv.Itoa(int(shown.Port(uint16(b[0])<<8|uint16(b[1])))))
		}
	}
	return fields
}

func hexOf(b []byte) *string {
	return new(hex.EncodeToString(b))
}

// storyOf is a mode's story as the report has it: CPUs by their numbers.
func storyOf(s *story.Story, set *settings.Settings) report.Story {
	c := &set.Config
	out := report.Story{
		Mode: s.Mode.String(), Outcome: s.Outcome.String(),
		Times: report.StoryTimes{
			DPCBudget: c.DPCBudget, RxFrames: c.RxFrames, DMATimeout: c.DMATimeout, RxUsecs: c.RxUsecs, ITR: c.ITR,
		},
	}
	if s.CPU >= 0 {
		out.CPU = &c.CPUs[s.CPU]
	}
	if s.Queue >= 0 {
		out.Queue = &s.Queue
	}
	if s.Outcome == story.RuledOut { // its arrival is all
		out.Steps = append(out.Steps, report.StoryStep{Event: s.Steps[0].Kind.String(), At: s.Arrival})
		return out
	}
	if s.Outcome == story.SentPacket {
		out.Send = &report.SendPlace{Home: s.Latest >= 0, Cost: c.SendCost}
		if s.Latest >= 0 {
			out.Send.Latest = &c.CPUs[s.Latest]
		}
	} else {
		out.Ring = &report.RingUse{
			Size: s.Ring.Size, Used: s.Ring.Used(), Listed: s.Ring.Listed, Waiting: s.Ring.Waiting, Taken: s.Ring.Taken,
		}
		out.Vector = &report.VectorUse{State: s.Vector.Phase.String()}
		if s.Vector.Phase != story.VectorIdle {
			out.Vector.Since = &s.Vector.Since
		}
	}
	if s.SteeredBy >= 0 {
		out.SteeredBy = &c.CPUs[s.SteeredBy]
	}
	if s.Outcome == story.Indicated || s.Outcome == story.BacklogFull {
		tellWork(&out, s, c)
	}
	for _, event := range s.Steps {
		step := event.Step()
		at := report.StoryStep{
			Step: step.String(), Event: event.Kind.String(), At: event.Time, After: event.Time - s.Arrival,
			Dealing: step == engine.SQ5,
		}
		if event.CPU >= 0 {
			at.CPU = &c.CPUs[event.CPU]
		}
		out.Steps = append(out.Steps, at)
	}
	return out
}

// tellWork says by which list, interrupt and DPC a packet came to a CPU, and how long each
// took.
func tellWork(out *report.Story, s *story.Story, c *engine.Config) {
	if s.List.Size > 0 {
		out.List = &report.ListPlace{Place: s.List.Place, Size: s.List.Size, Why: "timeout"}
		if s.List.Full {
			out.List.Why = "full"
		}
	}
	out.Waiting = &s.Waiting
	if latency := s.Latency(); s.Outcome == story.Indicated {
		out.Latency = &latency
	}
	out.Raise = &report.Raise{
		At: s.Raise.Time, CPU: c.CPUs[s.Raise.CPU], Cause: s.Raise.Cause.String(), Joined: s.Raise.Joined,
	}
	if s.Latest >= 0 {
		out.Migration = &report.Migration{From: c.CPUs[s.Latest], Cost: c.MigrationCost}
	}
	out.DPC = &report.DPCPlace{Position: s.DPC.Position, Packets: s.DPC.Packets, Anew: s.DPC.Anew}
	for _, p := range s.Parts {
		out.Parts = append(out.Parts, report.LatencyPart{Part: p.Kind.String(), Time: p.Time})
	}
}

// placeMoved sets the queue and the CPU of a packet to those that it met.
func placeMoved(s *settings.Settings, p *report.Steering, stories *story.Stories) {
	at := stories.Of(s.Modes[0])
	if moved := stories.Of(engine.RSSMSIX); moved != nil && s.Config.Rebalance != nil {
		at = moved
	}
	c := &s.Config
	tables := slices.IndexFunc(c.Tables, func(t engine.TableAt) bool { return t.Time > at.Arrival })
	if tables < 0 {
		tables = len(c.Tables)
	}
	if p.Index != nil && p.Context == nil {
		switch {
		case c.Rebalance != nil && slices.Contains(s.Modes, engine.RSSMSIX):
			p.Queue = at.Queue
			p.Moved = new("as RSS++ had moved it by then")
		case tables > 0:
			p.Queue = int(c.Tables[tables-1].Table[*p.Index])
			p.Moved = new("the one of " + s.Sources[tables-1])
		}
	}
	p.CPU = c.CPUs[c.AffinityAt(at.Arrival)[p.Queue]]
}
