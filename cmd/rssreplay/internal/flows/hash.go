package flows

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/hash"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/text"
)

// hashReport is the result of the hash command, schema rssreplay/hash/v1.
type hashReport struct {
	Schema          string  `json:"schema"`
	Source          string  `json:"source"`
	SourcePort      *uint16 `json:"source_port"`
	Destination     string  `json:"destination"`
	DestinationPort *uint16 `json:"destination_port"`
	Hash            *string `json:"hash"` // null where no enabled type fits
	HashType        string  `json:"hash_type"`
	Index           *int    `json:"index"`
	Why             *string `json:"why,omitempty"` // who decided before the table: "rule 2045"
	Queue           *int    `json:"queue"`         // null where a rule drops it, as cpu
	CPU             *int    `json:"cpu"`

	RPS *report.RPSChoice `json:"rps,omitempty"` // nil without --rps

	Notes report.List[string] `json:"notes"` // what the reader must know first

	does      string // the rule
	tableSize int
}

// NewHashCommand is `rssreplay hash SRC DST`.
func NewHashCommand(e *cli.Env) *cobra.Command {
	var protocol string
	var frame frameFlags
	c := &cobra.Command{
		Use: "hash SRC DST [flags]",
		Args: func(_ *cobra.Command, args []string) error {
			if _, _, ok := endsIn(args); !ok {
				return cli.Usagef("hash takes a source and a destination: rssreplay hash 66.9.149.187:2794 161.142.100.80:1766")
			}
			return nil
		},
	}
	model := settings.NewSteeringFlags(c.Flags())
	model.AddRPS()
	c.Flags().StringVar(&protocol, "protocol", "tcp", "")
	frame.add(c.Flags())
	to := output.NewFlags(c.Flags())
	c.RunE = func(_ *cobra.Command, args []string) error {
		ends, printed, _ := endsIn(args)
		if printed != "" && !c.Flags().Changed("protocol") {
			protocol = printed
		}
		h, err := parseTuple(ends[0], ends[1], protocol)
		if err != nil {
			return err
		}
		out, err := output.Begin(e, to, append(output.Texts(writeHashText), output.Plain("json", writeHashJSON)), cli.Reads{Others: model.Inputs()})
		if err != nil {
			return err
		}
		s, err := model.Resolve(e.Stdin, e.Stderr, nil)
		if err != nil {
			return err
		}
		f, err := frame.of(h)
		if err != nil {
			return cli.AsUsage(err)
		}
		r := hashOf(h, f, s)
		for _, end := range ends {
			if note := portNote(end); note != "" {
				r.Notes = append(r.Notes, note)
			}
		}
		return out.Write(r)
	}
	return c
}

// endsIn are source and destination as they were given, or in a flow as reports print it,
// with its protocol.
func endsIn(args []string) (ends [2]string, protocol string, ok bool) {
	if len(args) == 2 {
		return [2]string(args), "", true
	}
	protocol, source, destination, both := cutFlow(strings.Join(args, " "))
	return [2]string{source, destination}, protocol, both
}

// parseTuple makes the header of a packet between two ends, each an address
// with or without a port.
func parseTuple(source, destination, protocol string) (*pcaps.Header, error) {
	src, srcPort, err := parseEnd(source)
	if err != nil {
		return nil, err
	}
	dst, dstPort, err := parseEnd(destination)
	if err != nil {
		return nil, err
	}
	switch {
	case src.Is4() != dst.Is4():
		return nil, cli.Usagef("%s and %s are of different IP versions", src, dst)
	case (srcPort == nil) != (dstPort == nil):
		return nil, cli.Usagef("give a port to both ends or to neither: %s, %s", source, destination)
	}
	h := &pcaps.Header{Version: 4, Protocol: pcaps.ProtoTCP}
	if src.Is4() {
		a, b := src.As4(), dst.As4()
		copy(h.Src[:], a[:])
		copy(h.Dst[:], b[:])
	} else {
		h.Version, h.Src, h.Dst = 6, src.As16(), dst.As16()
	}
	switch protocol {
	case "tcp":
	case "udp":
		h.Protocol = pcaps.ProtoUDP
	case "sctp":
		h.Protocol = pcaps.ProtoSCTP
	default:
		return nil, cli.Usagef("--protocol must be tcp, udp or sctp, not %q", protocol)
	}
	if srcPort != nil {
		h.SrcPort, h.DstPort, h.Facts = *srcPort, *dstPort, pcaps.HasPorts
	}
	return h, nil
}

// parseEnd reads "10.0.0.1", "10.0.0.1:443", "2001:db8::1" or "[2001:db8::1]:443".
func parseEnd(s string) (addr netip.Addr, port *uint16, err error) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		addr = a
	} else if ap, err := netip.ParseAddrPort(s); err == nil {
		addr, port = ap.Addr(), new(ap.Port())
	} else if strings.ContainsAny(s, "…~") {
		return addr, nil, cli.Usagef("%q is shortened for the screen: a wider one (--width 200), --full and --format csv have it whole", s)
	} else if portBeyond(s) {
		return addr, nil, cli.Usagef("%q: a port is from 0 to 65535", s)
	} else {
		return addr, nil, cli.Usagef("%q is no address with or without a port: write 10.0.0.1:443 or [2001:db8::1]:443", s)
	}
	if addr.Zone() != "" {
		return addr, nil, cli.Usagef("%q has a zone, which packets don't carry: leave out %%%s", s, addr.Zone())
	}
	return addr.Unmap(), port, nil
}

// portBeyond tells whether s is an address with a number behind it that is no port.
func portBeyond(s string) bool {
	host, port, err := net.SplitHostPort(s)
	_, errAddr := netip.ParseAddr(host)
	_, errPort := strconv.ParseInt(port, 10, 64)
	return err == nil && errAddr == nil && errPort == nil
}

// portNote says how a port is given, where an IPv6 address without brackets ends
// in what may have been meant as one; else it is "".
func portNote(end string) string {
	i := strings.LastIndexByte(end, ':')
	if i < 0 || strings.HasPrefix(end, "[") {
		return ""
	}
	whole, err := netip.ParseAddr(end)
	addr, errAddr := netip.ParseAddr(end[:i])
	port, errPort := strconv.ParseUint(end[i+1:], 10, 16)
	if err != nil || errAddr != nil || errPort != nil || !whole.Is6() || !addr.Is6() || port == 0 {
		return ""
	}
	return fmt.Sprintf("%s is taken as an address without a port; a port needs brackets: [%s]:%d.", end, addr, port)
}

func hashOf(h *pcaps.Header, f *pcaps.Frame, s *settings.Settings) *hashReport {
	d := s.Steering.DecideFrame(h, &pcaps.Extension{}, f)
	r := &hashReport{
		Schema: "rssreplay/hash/v1", HashType: d.Type.String(),
		Notes: slices.Concat(s.FlowNotes(), s.Caveats), tableSize: len(s.Config.Table),
	}
	src, dst := addressesOf(h)
	r.Source, r.Destination = src.String(), dst.String()
	if h.Facts&pcaps.HasPorts != 0 {
		r.SourcePort, r.DestinationPort = &h.SrcPort, &h.DstPort
	}
	r.Notes = append(r.Notes, notGiven(s.Steering.NTuple(), f)...)
	if d.Type != hash.None {
		r.Hash = new(fmt.Sprintf("0x%08x", d.Hash))
		if d.Rule == 0 {
			r.Index = new(int(d.Entry))
		}
	}
	if d.Rule > 0 {
		rule := s.Steering.NTuple().All()[d.Rule-1]
		r.Why, r.does = new(fmt.Sprintf("rule %d", rule.Location)), rule.Does()
	}
	if d.Woke > 0 {
		rule := s.Steering.NTuple().All()[d.Woke-1]
		r.Notes = append(r.Notes, fmt.Sprintf("Filter %d ends the search for rules: %s.", rule.Location, rule.Does()))
	}
	if d.Rule == 0 || d.Target >= 0 {
		queue := int(d.Queue)
		r.Queue, r.CPU = &queue, &s.Config.CPUs[s.Config.QueueCPU[d.Queue]]
		r.RPS = rpsChoice(s, &d, queue, h, ownHash(s, h))
	}
	return r
}

func writeHashJSON(w io.Writer, r *hashReport) error { return json.NewEncoder(w).Encode(r) }

func writeHashText(w io.Writer, r *hashReport, _ text.Options) error {
	for _, note := range r.Notes {
		fmt.Fprintln(w, note)
	}
	if err := writePlace(w, r); err != nil || r.RPS == nil {
		return err
	}
	_, err := fmt.Fprintf(w, "RPS    %v\n", r.RPS)
	return err
}

// writePlace writes what the NIC makes of the flow.
func writePlace(w io.Writer, r *hashReport) error {
	if r.Why != nil {
		return writeRuled(w, r)
	}
	if r.Hash == nil {
		_, err := fmt.Fprintf(w, "hash   none: no enabled hash type fits\nqueue  %d (--default-queue)\nCPU    %d\n", *r.Queue, *r.CPU)
		return err
	}
	_, err := fmt.Fprintf(w, "hash   %s\ntype   %s\nindex  %d of %d\nqueue  %d\nCPU    %d\n",
		*r.Hash, r.HashType, *r.Index, r.tableSize, *r.Queue, *r.CPU)
	return err
}

// writeRuled writes what becomes of a flow that a rule takes.
func writeRuled(w io.Writer, r *hashReport) error {
	value := "none: no enabled hash type fits"
	if r.Hash != nil {
		value = *r.Hash + ", " + r.HashType
	}
	if _, err := fmt.Fprintf(w, "%s took it before RSS: %s\nhash   %s\nindex  none\n", *r.Why, r.does, value); err != nil || r.Queue == nil {
		return err
	}
	_, err := fmt.Fprintf(w, "queue  %d\nCPU    %d\n", *r.Queue, *r.CPU)
	return err
}
