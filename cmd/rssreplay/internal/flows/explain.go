package flows

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/story"
	"rssreplay/pcaps"
	"rssreplay/pcaps/file"
	"rssreplay/report"
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
			wanted, err := f.wanted(e)
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
	s, err := f.model.Resolve(e.Stdin, e.Stderr, out.Shown)
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
		switch {
		case errors.Is(result.Damage, file.ErrInterrupted):
			return fmt.Errorf("%w, and the packet to explain was not in what comes before", result.Damage)
		case result.Damage != nil:
			err = cli.Usagef("%w (%w)", err, result.Damage)
		}
		return err
	}
	if err := input.CheckChanges(e, s, result); err != nil {
		return err
	}
	x := packet.explanation(s, stories)
	x.Head = out.Head()
	x.Anonymized, x.Notes = out.Shown.Done(x.Notes, true)
	if err := out.Write(x); err != nil {
		return err
	}
	return cli.Damaged(result.Damage, "the packet was replayed with", reads.Captures)
}
