package flows

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/dispatch"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// Which packet of the capture is to be explained.

// wanted is the packet to explain: the first one that is.
type wanted struct {
	is      func(*dispatch.Arrival) bool
	missing func(r *dispatch.Result) error // when no packet is
}

// frames is how many packets of the capture were read, left out ones included.
func frames(r *dispatch.Result) uint64 { return r.Packets + r.Filtered + r.OutOfRange }

// wanted reads the flags that name a packet: exactly one of them must be there.
func (f *explainFlags) wanted(e *cli.Env) (*wanted, error) {
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
		return f.wantedFlow(e)
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
func (f *explainFlags) wantedFlow(e *cli.Env) (*wanted, error) {
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
	// Reports print a flow without ports so, as fragments are.
	portless, withPorts := both && protocol != "" && first.port == nil && second.port == nil, false
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
			if !first.matches(source) || !second.matches(destination) {
				return false
			}
			withPorts = withPorts || source.port != nil
			return !portless || source.port == nil
		},
		missing: func(r *dispatch.Result) error {
			if withPorts {
				return cli.Usagef("--flow %s: no packet has that protocol and no ports, as fragments have none; for one with ports: --flow %s-%s", f.flow, a, b)
			}
			if reverse {
				return cli.Usagef("--flow %s: no packet goes that way, but some go the other way: --flow %s-%s", f.flow, b, a)
			}
			list := findings.Command(assemble.Arguments(e.WordsOf("explain"), f.model.Set), "", findings.Argument{Flag: "--flows", Value: "all"})
			return cli.Usagef("--flow %s: none of the %s that are replayed is of it; %s lists the flows", f.flow, report.Plural(uint64(r.Packets), "packet", "packets"), list)
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
