package flows

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/story"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/anonymize"
	"rssreplay/report/text"
)

// explainFlags are the explain command's own flags.
type explainFlags struct {
	model  *settings.Flags
	packet int64
	flow   string
	time   cli.Duration
	input  *input.Flags
	output *output.Flags
}

// NewExplainCommand is `rssreplay explain CAPTURE`.
func NewExplainCommand(e *cli.Env) *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:  "explain CAPTURE... [flags]",
		Args: cli.NeedsCapture("rssreplay explain capture.pcap --packet 812"),
		RunE: func(_ *cobra.Command, captures []string) error {
			wanted, err := f.wanted()
			if err != nil {
				return err
			}
			return explain(e, &f, wanted, captures)
		},
	}
	set := c.Flags()
	f.model = settings.NewFlags(set)
	set.Int64Var(&f.packet, "packet", 0, "")
	set.StringVar(&f.flow, "flow", "", "")
	set.Var(&f.time, "time", "")
	f.input = input.NewFlags(set)
	f.output = output.NewFlags(set)
	f.output.AddLook()
	f.output.AddWords()
	f.output.AddAnonymizeHash()
	return c
}

// wanted is the packet to explain: the first one that is.
type wanted struct {
	is      func(*dispatch.Arrival) bool
	missing func(r *dispatch.Result) error // when no packet is
}

// frames is how many packets of the capture were read, left out ones included.
func frames(r *dispatch.Result) uint64 { return r.Packets + r.Filtered + r.OutOfRange }

// wanted reads the flags that name a packet: exactly one of them must be there.
func (f *explainFlags) wanted() (*wanted, error) {
	var given []string
	for _, name := range []string{"packet", "flow", "time"} {
		if f.model.Set.Changed(name) {
			given = append(given, "--"+name)
		}
	}
	switch {
	case len(given) == 0:
		return nil, cli.Usagef("which packet? Name one: --packet 812, --flow 10.0.0.1:443 or --time 1.25s")
	case len(given) > 1:
		return nil, cli.Usagef("%s each name a packet: leave one of them out", strings.Join(given, " and "))
	case given[0] == "--packet":
		return f.wantedPacket()
	case given[0] == "--flow":
		return f.wantedFlow()
	}
	return &wanted{
		is: func(a *dispatch.Arrival) bool { return a.Time >= int64(f.time) },
		missing: func(r *dispatch.Result) error {
			return cli.Usagef("--time %s is after the last packet, which comes %s after the first one", &f.time, time.Duration(r.Span))
		},
	}, nil
}

func (f *explainFlags) wantedPacket() (*wanted, error) {
	if f.packet < 1 {
		return nil, cli.Usagef("--packet must be at least 1, not %d: packets count from 1, as in Wireshark", f.packet)
	}
	return &wanted{
		is: func(a *dispatch.Arrival) bool { return a.Frame == f.packet },
		missing: func(r *dispatch.Result) error {
			switch n := frames(r); {
			case uint64(f.packet) <= n:
				return cli.Usagef("--packet %d is none of the packets that are replayed: of %s, %s were left out", f.packet, report.Exact(uint64(n)), report.Exact(uint64(r.Filtered+r.OutOfRange)))
			case n == 1:
				return cli.Usagef("--packet %d is beyond the end: there is one packet", f.packet)
			default:
				return cli.Usagef("--packet %d is beyond the end: there are %s packets", f.packet, report.Exact(n))
			}
		},
	}, nil
}

// wantedFlow reads --flow: one end of a flow, either of the two, or its source
// and destination.
func (f *explainFlags) wantedFlow() (*wanted, error) {
	protocol, a, b, both := cutFlow(f.flow)
	first, err := parseFlowEnd(a)
	if err != nil {
		return nil, err
	}
	var second flowEnd
	if both {
		if second, err = parseFlowEnd(b); err != nil {
			return nil, err
		}
	}
	reverse := false // the flow in the other direction was there
	return &wanted{
		is: func(a *dispatch.Arrival) bool {
			if a.Header.Reason != pcaps.IP {
				return false
			}
			source, destination := endsOf(a.Header)
			if protocol != "" && protocol != pcaps.ProtocolName(int(a.Header.Protocol)) {
				return false
			}
			if !both {
				return first.matches(source) || first.matches(destination)
			}
			reverse = reverse || first.matches(destination) && second.matches(source)
			return first.matches(source) && second.matches(destination)
		},
		missing: func(r *dispatch.Result) error {
			if reverse {
				return cli.Usagef("--flow %s: no packet goes that way, but some go the other way: --flow %s-%s", f.flow, b, a)
			}
			return cli.Usagef("--flow %s: none of the %s that are replayed is of it; `rssreplay CAPTURE --flows all` lists the flows", f.flow, report.Plural(uint64(r.Packets), "packet", "packets"))
		},
	}, nil
}

// cutFlow parts a flow as reports print it, "tcp 10.0.0.1:443 → 10.0.0.2:50000", or as
// 10.0.0.1:443-10.0.0.2:50000. What is not there is "".
func cutFlow(s string) (protocol, source, destination string, both bool) {
	list := strings.Fields(s)
	if len(list) > 1 && !strings.ContainsAny(list[0], ".:") {
		protocol, list = strings.ToLower(list[0]), list[1:]
	}
	if len(list) == 3 && slices.Contains([]string{"→", "->", ">", "-"}, list[1]) {
		return protocol, list[0], list[2], true
	}
	source, destination, both = strings.Cut(strings.Join(list, " "), "-")
	return protocol, source, destination, both
}

// flowEnd is an address with or without a port.
type flowEnd struct {
	addr netip.Addr
	port *uint16
}

func parseFlowEnd(s string) (flowEnd, error) {
	addr, port, err := parseEnd(s)
	if err != nil {
		return flowEnd{}, cli.Usagef("--flow: %w; a flow is one end, or both as 10.0.0.1:443-10.0.0.2:50000", err)
	}
	return flowEnd{addr, port}, nil
}

// endsOf are the source and destination of a packet.
func endsOf(h *pcaps.Header) (source, destination flowEnd) {
	source.addr, destination.addr = addressesOf(h)
	if h.Facts&pcaps.HasPorts != 0 {
		source.port, destination.port = &h.SrcPort, &h.DstPort
	}
	return source, destination
}

func addressesOf(h *pcaps.Header) (source, destination netip.Addr) {
	if h.Version == 4 {
		return netip.AddrFrom4([4]byte(h.Src[:])), netip.AddrFrom4([4]byte(h.Dst[:]))
	}
	return netip.AddrFrom16(h.Src), netip.AddrFrom16(h.Dst)
}

// matches tells whether other is e, which may leave the port open.
func (e flowEnd) matches(other flowEnd) bool {
	return e.addr == other.addr && (e.port == nil || other.port != nil && *e.port == *other.port)
}

// found is what explain keeps of the packet: its own copies.
type found struct {
	frame     int64 // number in the capture
	time      int64
	stamp     int64
	wire      uint32
	captured  int
	header    pcaps.Header
	extension pcaps.Extension
	compared  *pcaps.Frame // what rules compare besides; nil where none does
	tunnel    string       // whose inner header it is, "" for an outer one
	own       uint32       // the hash that the stack makes of it
}

// copyOf copies what outlives the call that a packet is shown in.
func copyOf(a *dispatch.Arrival, s *settings.Settings) *found {
	p := &found{
		frame: a.Frame, time: a.Time, stamp: a.Record.Time, wire: a.Record.Wire, captured: len(a.Record.Data),
		header: *a.Header, extension: *a.Extension,
	}
	if s.Config.RPS != nil {
		var known bool
		if p.own, known = s.Secret.OfFrame(a.Record.Link, a.Record.Data); !known {
			p.own = ownHash(s, a.Outer)
		}
	}
	if a.Compared != nil {
		compared := *a.Compared
		p.compared = &compared
	}
	if a.Header != a.Outer {
		kind, _ := a.Outer.Encapsulations.Tunnel()
		p.tunnel = kind.String()
	}
	return p
}

func explain(e *cli.Env, f *explainFlags, wanted *wanted, args []string) error {
	reads, err := f.model.Reads(args)
	if err != nil {
		return err
	}
	out, err := output.Begin(e, f.output, append(output.Texts(text.WriteExplanation), output.Plain("json", report.WriteExplanationJSON)), reads)
	if err != nil {
		return err
	}
	s, err := f.model.Resolve(e, out.Shown)
	if err != nil {
		return err
	}
	in, err := f.input.Resolve(reads.Captures, s)
	if err != nil {
		return err
	}
	var packet *found
	stories := story.New(&s.Config)
	done, err := in.Replay(e, s, input.Observers{
		Observe: stories.Observe,
		Arrive: func(a dispatch.Arrival) {
			if packet != nil || !wanted.is(&a) {
				return
			}
			stories.Choose(a.Packet)
			packet = copyOf(&a, s)
		},
	})
	if err != nil {
		return err
	}
	in.Warn(e.Stderr, done)
	result := done.Result
	if packet == nil {
		err := wanted.missing(result)
		if result.Damage != nil {
			err = cli.Usagef("%w (%w)", err, result.Damage)
		}
		return err
	}
	if err := input.CheckChanges(e, s, result); err != nil {
		return err
	}
	x := packet.explanation(s, stories)
	x.Words = out.Words
	x.Command = out.Shown.Command(e.Command())
	x.Anonymized, x.Notes = out.Shown.Done(x.Notes, true)
	if err := out.Write(x); err != nil {
		return err
	}
	if result.Damage != nil {
		return cli.Damaged(result.Damage, "the packet was replayed with", reads.Captures)
	}
	return nil
}

func (p *found) explanation(s *settings.Settings, stories *story.Stories) *report.Explanation {
	x := &report.Explanation{
		Schema: report.ExplainSchema, Tool: cli.Tool(), Parameters: s.Parameters, Notes: slices.Concat(s.FlowNotes(), s.Caveats),
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
		does := rule.Does()
		out.Filter, out.Action, out.Dropped = &rule.Location, &does, d.Target < 0
		if by != s.Steering {
			out.Context = &rule.Context
		}
	}
	if d.Woke > 0 {
		out.Woke = &s.Steering.NTuple().All()[d.Woke-1].Location
	}
	if d.Type == hash.None {
		why := d.Why.String()
		out.Unhashed = &why
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
		index := int(by.Entry(d.Hash))
		out.Index = &index
	}
	if !config.Transform.Shown() {
		rule := config.Transform.What()
		out.Rule = &rule
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
	s := hex.EncodeToString(b)
	return &s
}

// ruledOut is the story of a packet that a rule dropped: its arrival is all.
func ruledOut(out report.Story, s *story.Story) report.Story {
	out.Steps = append(out.Steps, report.StoryStep{Event: s.Steps[0].Kind.String(), At: s.Arrival})
	return out
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
	if s.Outcome == story.RuledOut {
		return ruledOut(out, s)
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
			words := "as RSS++ had moved it by then"
			p.Moved = &words
		case tables > 0:
			p.Queue = int(c.Tables[tables-1].Table[*p.Index])
			words := "the one of " + s.Sources[tables-1]
			p.Moved = &words
		}
	}
	p.CPU = c.CPUs[c.AffinityAt(at.Arrival)[p.Queue]]
}
