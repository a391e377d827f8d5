package flows

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/portplan"
	"rssreplay/nicmodel/profile"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/text"
)

// planFlags are the plan command's own flags.
type planFlags struct {
	set         *pflag.FlagSet
	model       *settings.Flags
	peer        *settings.Flags // of the host that replies go to, in a set of its own
	protocol    string
	ports       string
	perCPU      int
	serverPorts bool
	bothWays    bool
	output      *output.Flags
}

// iperf3Port is where an iperf3 server listens, unless it is told otherwise.
const iperf3Port = 5201

// NewPlanCommand is `rssreplay plan SRC DST[:PORT]`.
func NewPlanCommand(e *cli.Env) *cobra.Command {
	var f planFlags
	c := &cobra.Command{
		Use: "plan SRC DST[:PORT] [flags]",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return cli.Usagef("plan takes a source and a destination: rssreplay plan 10.0.0.1 10.0.0.2:5201 --cpus 8")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return plan(e, &f, args[0], args[1]) },
	}
	f.set = c.Flags()
	f.model = settings.NewSteeringFlags(f.set)
	peer := pflag.NewFlagSet("peer", pflag.ContinueOnError)
	f.peer = settings.NewSteeringFlags(peer)
	peer.VisitAll(func(flag *pflag.Flag) {
		own := *flag
		own.Name, own.Value = "peer-"+flag.Name, &forwarded{flag.Value, flag.Name, peer}
		f.set.AddFlag(&own)
	})
	f.set.StringVar(&f.protocol, "protocol", "tcp", "")
	f.set.StringVar(&f.ports, "ports", "32768-60999", "")
	f.set.IntVar(&f.perCPU, "per-cpu", 1, "")
	f.set.BoolVar(&f.serverPorts, "server-ports", false, "")
	f.set.BoolVar(&f.bothWays, "both-ways", false, "")
	f.output = output.NewFlags(f.set)
	return c
}

// forwarded is a flag's value that sets the flag of another set.
type forwarded struct {
	pflag.Value
	flag string
	to   *pflag.FlagSet
}

func (f *forwarded) Set(value string) error { return f.to.Set(f.flag, value) }

func plan(e *cli.Env, f *planFlags, source, destination string) error {
	if slices.Contains(f.model.Inputs(), "-") && slices.Contains(f.peer.Inputs(), "-") {
		return cli.Usagef("both hosts' NICs can't be on standard input: give one of them as a file")
	}
	forms := append(output.Texts(text.WritePlan), output.Plain("json", report.WritePlanJSON), output.Plain("iperf3", report.WritePlanCommands))
	out, err := output.Begin(e, f.output, forms, cli.Reads{Others: slices.Concat(f.model.Inputs(), f.peer.Inputs())})
	if err != nil {
		return err
	}
	plan, err := f.portPlan(source, destination)
	if err != nil {
		return err
	}
	s, peer, err := f.hosts(e)
	if err != nil {
		return err
	}
	plan.Steering, plan.CPUs = s.Steering, len(s.Config.CPUs)
	if last := int(plan.Flow.DstPort) + plan.CPUs*f.perCPU - 1; f.serverPorts && last > math.MaxUint16 {
		return cli.Usagef("--server-ports would need port %d: give a lower one to the destination", last)
	}
	if peer != nil {
		plan.Peer, plan.PeerCPUs = peer.Steering, len(peer.Config.CPUs)
	}
	flows, err := plan.Make()
	if err != nil {
		return f.impossible(err, plan.Flow.Version, s, peer)
	}
	p := newPlan(flows, s, peer)
	p.Head = out.Head()
	return out.Write(p)
}

// hosts resolves the receiver's NIC, and with --both-ways the other host's.
func (f *planFlags) hosts(e *cli.Env) (s, peer *settings.Settings, err error) {
	given := ""
	f.set.Visit(func(flag *pflag.Flag) {
		if name, ok := strings.CutPrefix(flag.Name, "peer-"); ok && given == "" {
			given = name
		}
	})
	switch {
	case f.bothWays && given == "":
		return nil, nil, cli.Usagef("--both-ways needs the NIC of the host that replies go to: give --peer-table, --peer-bundle, or --peer-key and --peer-cpus")
	case !f.bothWays && given != "":
		return nil, nil, cli.Usagef("--peer-%s is of the host that replies go to, and these are planned with --both-ways only: add it", given)
	}
	if s, err = f.model.Resolve(e.Stdin, e.Stderr, nil); err == nil {
		err = s.RefuseUnpredicted("plan")
	}
	if err != nil || !f.bothWays {
		return s, nil, err
	}
	if peer, err = f.peer.Resolve(e.Stdin, e.Stderr, nil); err == nil {
		err = peer.RefuseUnpredicted("plan")
	}
	if err != nil {
		return nil, nil, cli.Usagef("of the host that replies go to (each flag with --peer- before it): %w", err)
	}
	return s, peer, nil
}

// portPlan is the plan without the hosts.
func (f *planFlags) portPlan(source, destination string) (*portplan.Plan, error) {
	src, srcPort, err := parseEnd(source)
	if err != nil {
		return nil, err
	}
	if srcPort != nil {
		return nil, cli.Usagef("%s: source ports are what is planned: give the address alone, and --ports for a range", source)
	}
	dst, dstPort, err := parseEnd(destination)
	if err != nil {
		return nil, err
	}
	port := uint16(iperf3Port)
	if dstPort != nil {
		port = *dstPort
	}
	if f.protocol != "tcp" && f.protocol != "udp" {
		return nil, cli.Usagef("--protocol must be tcp or udp, not %q: no other has ports that RSS hashes", f.protocol)
	}
	h, err := parseTuple(netip.AddrPortFrom(src, 1).String(), netip.AddrPortFrom(dst, port).String(), f.protocol)
	if err != nil {
		return nil, err
	}
	p := &portplan.Plan{Flow: *h, PerCPU: f.perCPU, ServerPorts: f.serverPorts}
	from, to, ok := strings.Cut(f.ports, "-")
	first, err1 := strconv.ParseUint(from, 10, 16)
	last, err2 := strconv.ParseUint(to, 10, 16)
	if err := errors.Join(err1, err2); !ok || err != nil || first < 1 || last < first {
		return nil, cli.Usagef("--ports must be a range of source ports, as 32768-60999, not %q", f.ports)
	}
	p.FirstPort, p.LastPort = uint16(first), uint16(last)
	if f.perCPU < 1 || f.perCPU > math.MaxUint16 {
		return nil, cli.Usagef("--per-cpu must be from 1 to %d, not %d", math.MaxUint16, f.perCPU)
	}
	return p, nil
}

// impossible says why there is no plan, with the numbers of CPUs as users have
// them, and what to change.
func (f *planFlags) impossible(err error, version uint8, s, peer *settings.Settings) error {
	var notHashed *portplan.PortsNotHashed
	var outOfReach *portplan.CPUOutOfReach
	switch {
	case errors.As(err, &notHashed):
		of, flag, whose := s, "--rx-flow-hash", ""
		if notHashed.Peer {
			of, flag, whose = peer, "--peer-rx-flow-hash", " at the host that replies go to"
		}
		kind := f.protocol + "4"
		if version == 6 {
			kind = f.protocol + "6"
		}
		if of.Config.Queues == 1 {
			return cli.Usagef("there is one receive queue%s, so that every flow goes to CPU %d, whatever its ports", whose, of.Config.CPUs[notHashed.CPU])
		}
		here := fmt.Sprintf("%s %s=sdfn", flag, kind)
		how := fmt.Sprintf("have them hashed (`ethtool -N %s rx-flow-hash %s sdfn`, and here %s)", of.CommandDevice(), kind, here)
		switch tool := of.Tool(); {
		case tool == profile.Application:
			how = "have what has the NIC to itself hash them, and say so here by " + here
		case tool == profile.PowerShell, of.Profile != nil && of.Profile.Unsettable(profile.SetFields) != 0:
			how = "the driver lets nobody choose that; " + here + " plans for a NIC that hashes them"
		}
		return cli.Usagef("%s is hashed without its ports%s (%s), so that every flow goes to CPU %d, whatever its ports; %s",
			f.protocol, whose, notHashed.Decision.Type, of.Config.CPUs[notHashed.CPU], how)
	case errors.As(err, &outOfReach) && outOfReach.NoEntry:
		return cli.Usagef("no entry of the table leads to CPU %d, so that no flow reaches it; name those that are reached with --cpus, or choose another --layout", s.Config.CPUs[outOfReach.CPU])
	case errors.As(err, &outOfReach) && outOfReach.Ruled > 0:
		return cli.Usagef("--ports %s: %d of them lead to CPU %d, and --per-cpu asks for %d; rules, and not the table, decide of %d of the ports: give a wider range, or a destination that the rules leave alone",
			f.ports, outOfReach.Found, s.Config.CPUs[outOfReach.CPU], f.perCPU, outOfReach.Ruled)
	case errors.As(err, &outOfReach):
		return cli.Usagef("--ports %s: %d of them lead to CPU %d, and --per-cpu asks for %d: give a wider range", f.ports, outOfReach.Found, s.Config.CPUs[outOfReach.CPU], f.perCPU)
	}
	return err
}

// newPlan is the plan for people and programs.
func newPlan(flows []portplan.Flow, s, peer *settings.Settings) *report.Plan {
	p := &report.Plan{Parameters: s.Parameters, Notes: s.FlowNotes(), Caveats: slices.Clone(s.Caveats)}
	if s.Illustrative() || peer != nil && peer.Illustrative() {
		p.Notes = append(p.Notes, "A plan fits one key: with the default key it is illustrative, too, and another NIC sends these flows elsewhere.")
	}
	if peer != nil {
		p.PeerParameters = &peer.Parameters
		for _, said := range slices.Concat(peer.FlowNotes(), peer.Caveats) {
			p.Caveats = append(p.Caveats, "The host that replies go to: "+said)
		}
	}
	p.Protocol = "tcp"
	for i := range flows {
		h := &flows[i].Flow
		p.Source, p.Destination = addressesOf(h)
		flow := report.PlannedFlow{SourcePort: h.SrcPort, DestinationPort: h.DstPort, To: *placeOf(flows[i].Decision, s)}
		if peer != nil {
			flow.Reply = placeOf(flows[i].Reply, peer)
		}
		flow.Command = fmt.Sprintf("iperf3 -c %s -p %d -B %s --cport %d", p.Destination, h.DstPort, p.Source, h.SrcPort)
		if h.Protocol == pcaps.ProtoUDP {
			p.Protocol = "udp"
			flow.Command += " -u"
		}
		p.Flows = append(p.Flows, flow)
	}
	p.Caveats = append(p.Caveats,
		"iperf3 opens a control connection of its own, from another port: its few packets go anywhere.",
		"An iperf3 server takes one test at a time. For all of these at once start one for each port, and plan with --server-ports.")
	return p
}

func placeOf(d nicmodel.Decision, s *settings.Settings) *report.PlannedPlace {
	r := &report.PlannedPlace{HashType: d.Type.String(), Queue: int(d.Queue), CPU: s.Config.CPUs[s.Config.QueueCPU[d.Queue]]}
	if d.Type != hash.None {
		r.Hash = new(fmt.Sprintf("0x%08x", d.Hash))
	}
	if d.Entry >= 0 {
		r.Index = new(int(d.Entry))
	}
	if d.Rule > 0 {
		r.Why = new(fmt.Sprintf("rule %d", s.Steering.NTuple().All()[d.Rule-1].Location))
	}
	return r
}
