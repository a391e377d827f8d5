package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/hash"
	"rssreplay/nicmodel/profile"
	"rssreplay/report/text"
)

// nicsReport is the result of the nics command.
type nicsReport struct {
	Schema string       `json:"schema"`
	CPUs   int          `json:"cpus"` // of the machine whose queues and tables are shown
	NICs   []nicProfile `json:"nics"`
}

// nicProfile is one profile as `rssreplay nics` shows it.
type nicProfile struct {
	Name       string         `json:"name"`
	NIC        string         `json:"nic"`
	Drivers    []string       `json:"drivers"` // as ethtool -i names them
	Queues     int            `json:"queues"`
	MaxQueues  *int           `json:"max_queues"` // null: nothing near bounds them
	TableSize  int            `json:"table_size"`
	Layout     string         `json:"layout"`
	Key        *string        `json:"key"` // hexadecimal; null: a random one, or none
	KeyName    *string        `json:"key_name"`
	KeyBytes   int            `json:"key_bytes"`
	HashTypes  string         `json:"hash_types"`
	Transform  string         `json:"xfrm"`
	OtherHash  string         `json:"other_hash,omitempty"` // what the NIC does other than hash as is replayed, after "the NIC"
	RXRing     *int           `json:"rx_ring"`              // null: the device's
	ITR        int64          `json:"itr_ns"`
	RXUsecs    int64          `json:"rx_usecs"`
	RXFrames   int            `json:"rx_frames"`
	Adaptive   bool           `json:"adaptive"` // moderation changes with the traffic
	Drain      string         `json:"drain"`
	DPCBudget  int            `json:"dpc_budget"`
	Rules      []string       `json:"parser_rules"`
	Notes      []string       `json:"notes"`
	Unverified []nicUncertain `json:"unverified"`
	Source     string         `json:"source"`
}

// nicUncertain is what nothing confirms of a profile.
type nicUncertain struct {
	Parameter *string `json:"parameter"` // null: none of them
	What      string  `json:"what"`
}

// nicsCPUs is the machine of which `rssreplay nics` shows queues and tables.
const nicsCPUs = 8

// newNICsCommand is `rssreplay nics`.
func newNICsCommand(e *cli.Env) *cobra.Command {
	var to *output.Flags
	c := &cobra.Command{
		Use: "nics [NAME...]",
		RunE: func(_ *cobra.Command, names []string) error {
			profiles := profile.All()
			if len(names) > 0 {
				profiles = nil
			}
			for _, name := range names {
				p, err := settings.ProfileNamed(name)
				if err != nil {
					return cli.Usagef("%v", err)
				}
				profiles = append(profiles, *p)
			}
			var shown []nicProfile
			for i := range profiles {
				shown = append(shown, showProfile(&profiles[i]))
			}
			text := writeProfileTable
			if len(names) > 0 {
				text = writeProfiles
			}
			out, err := output.Begin(e, to, append(output.Texts(text), output.Plain("json", writeNICsJSON)), cli.Reads{})
			if err != nil {
				return err
			}
			return out.Write(&nicsReport{Schema: "rssreplay/nics/v1", CPUs: nicsCPUs, NICs: shown})
		},
	}
	to = output.NewFlags(c.Flags())
	return c
}

func writeNICsJSON(w io.Writer, r *nicsReport) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

func showProfile(p *profile.Profile) nicProfile {
	queues := p.Queues(nicsCPUs)
	m := p.Moderation
	n := nicProfile{
		Name: p.Name, NIC: p.NIC, Drivers: append([]string{}, p.Drivers...),
		Queues: queues, TableSize: p.TableSize.For(queues), Layout: p.Layout,
		KeyBytes: p.KeyLen, HashTypes: p.HashTypes.String(), Transform: p.Transform.String(),
		ITR: int64(m.ITR), RXUsecs: m.RXDelay.Microseconds(), RXFrames: m.RXFrames, Adaptive: m.Adaptive,
		OtherHash: p.Unpredicted, Drain: "snapshot", Rules: append([]string{}, profile.RuleTexts(p.Rules)...), Notes: append([]string{}, p.Notes...),
		Unverified: []nicUncertain{}, Source: p.Source,
	}
	if p.MaxQueues > 0 {
		n.MaxQueues = &p.MaxQueues
	}
	if p.RXRing > 0 {
		n.RXRing = &p.RXRing
	}
	if p.NAPI {
		n.Drain, n.DPCBudget = "poll", 64
	}
	if key, err := hash.ParseKey(p.Key); p.Key != "" && err == nil {
		n.Key, n.KeyName = new(key.String()), &p.Key
	}
	for _, d := range p.Unverified {
		u := nicUncertain{What: d.What}
		if d.Of != "" {
			u.Parameter = &d.Of
		}
		n.Unverified = append(n.Unverified, u)
	}
	return n
}

// mark is a value with * if nothing confirms it.
func (n *nicProfile) mark(parameter, value string) string {
	for _, u := range n.Unverified {
		if u.Parameter != nil && *u.Parameter == parameter {
			return value + "*"
		}
	}
	return value
}

func (n *nicProfile) key() string {
	switch {
	case n.KeyBytes == 0:
		return "-"
	case n.KeyName != nil:
		return fmt.Sprintf("%s, %d bytes", *n.KeyName, n.KeyBytes)
	}
	return fmt.Sprintf("random, %d bytes", n.KeyBytes)
}

func (n *nicProfile) ring() string {
	if n.RXRing == nil {
		return "device's"
	}
	return fmt.Sprint(*n.RXRing)
}

func (n *nicProfile) moderation() string {
	var text string
	switch {
	case n.ITR > 0:
		text = n.mark("itr", "itr "+time.Duration(n.ITR).String())
	case n.RXUsecs > 0 && n.RXFrames > 0:
		text = n.mark("rx-usecs", fmt.Sprintf("%d µs or %d packets", n.RXUsecs, n.RXFrames))
	case n.RXUsecs > 0:
		text = n.mark("rx-usecs", fmt.Sprintf("%d µs", n.RXUsecs))
	default:
		text = n.mark("itr", "none")
	}
	if n.Adaptive {
		text += ", adaptive"
	}
	return text
}

// hashed says in a word what of TCP and UDP is hashed.
func (n *nicProfile) hashed() string {
	types, err := hash.ParseTypes(n.HashTypes)
	if err != nil {
		return n.HashTypes
	}
	switch {
	case types == 0:
		return "-"
	case types.Has(hash.UDPIPv4):
		return "TCP, UDP ports"
	case types.Has(hash.TCPIPv4):
		return "TCP ports"
	}
	return "addresses"
}

// narrowOrder are the columns of writeProfileTable that a narrow terminal leaves out, the
// first first.
var narrowOrder = []string{"moderation", "ring", "key", "hash"}

func writeProfileTable(w io.Writer, r *nicsReport, o text.Options) error {
	rows := [][]string{{"--nic", "queues", "entries", "layout", "key", "hash", "ring", "moderation", "NIC"}}
	sources := [][]string{{}, {"--nic", "source"}}
	for i := range r.NICs {
		n := &r.NICs[i]
		hashed := n.mark("hash-types", n.hashed())
		if n.Transform != hash.NoTransform.String() {
			hashed += ", " + n.mark("xfrm", n.Transform)
		}
		if n.OtherHash != "" {
			hashed += ", not predicted"
		}
		rows = append(rows, []string{n.Name, n.mark("queues", fmt.Sprint(n.Queues)), n.mark("table-size", fmt.Sprint(n.TableSize)),
			n.mark("layout", n.Layout), n.key(), hashed, n.mark("rx-ring", n.ring()), n.moderation(), n.NIC})
		sources = append(sources, []string{n.Name, n.Source})
	}
	var left []string
	for _, name := range narrowOrder {
		if text.FitColumns(rows, o.Width) {
			break
		}
		at := slices.Index(rows[0], name)
		for i := range rows {
			rows[i] = slices.Delete(rows[i], at, at+1)
		}
		left = append([]string{name}, left...)
	}
	for _, columns := range [][][]string{rows, sources} {
		if err := text.WriteColumns(w, columns, o); err != nil {
			return err
		}
	}
	if len(left) > 0 {
		left[0] = fmt.Sprintf("Left out to fit %d columns: %s", o.Width, left[0])
		if _, err := fmt.Fprintf(w, "\n%s.\n", strings.Join(left, ", ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, `
Queues and entries are those on a machine with %d CPUs. * is unverified: a report
that uses it says so. A random key must be given: --key, --key @FILE, or a
--table that shows it. `+"`rssreplay nics NAME` shows all of a profile.\n", nicsCPUs)
	return err
}

func writeProfiles(w io.Writer, r *nicsReport, o text.Options) error {
	for i := range r.NICs {
		n := &r.NICs[i]
		rows := [][]string{{fmt.Sprintf("%s: %s", n.Name, n.NIC)}}
		if i > 0 {
			rows = append([][]string{{}}, rows...)
		}
		line := func(label, value string) { rows = append(rows, []string{"  " + label, value}) }
		if len(n.Drivers) > 0 {
			line("driver", strings.Join(n.Drivers, ", "))
		}
		queues := fmt.Sprintf("as many as CPUs (%d of %d CPUs)", n.Queues, nicsCPUs)
		if n.MaxQueues != nil && *n.MaxQueues == 1 {
			queues = "1"
		} else if n.MaxQueues != nil {
			queues = fmt.Sprintf("as many as CPUs, at most %d (%d of %d CPUs)", *n.MaxQueues, n.Queues, nicsCPUs)
		}
		line("queues", n.mark("queues", queues))
		line("table-size", n.mark("table-size", fmt.Sprint(n.TableSize)))
		line("layout", n.mark("layout", n.Layout))
		line("key", n.key())
		line("hash-types", n.mark("hash-types", n.HashTypes))
		line("xfrm", n.mark("xfrm", n.Transform))
		if n.OtherHash != "" {
			line("not predicted", "the NIC "+n.OtherHash)
		}
		line("rx-ring", n.mark("rx-ring", n.ring()))
		line("moderation", n.moderation())
		line("drain", fmt.Sprintf("%s, dpc-budget %d", n.Drain, n.DPCBudget))
		for _, rule := range n.Rules {
			line("parser", rule)
		}
		for _, note := range n.Notes {
			line("note", note)
		}
		for _, u := range n.Unverified {
			what := u.What
			if u.Parameter != nil {
				what = *u.Parameter + ": " + what
			}
			line("unverified", what)
		}
		line("source", n.Source)
		if err := text.WriteColumns(w, rows, o); err != nil {
			return err
		}
	}
	return nil
}
