package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/packets"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/pcaps/file"
	"rssreplay/report"
	"rssreplay/report/csv"
	"rssreplay/report/findings"
	"rssreplay/report/markdown"
	"rssreplay/report/page"
	"rssreplay/report/picture"
	"rssreplay/report/text"
)

// replayFlags are the main command's own flags.
type replayFlags struct {
	model  *settings.Flags
	input  *input.Flags
	flows  string
	on     string
	look   lookFlags
	output *output.Flags
	digest bool

	headroom input.HeadroomFlag
	trace    packets.TraceFlags
	copy     packets.CopyFlags

	failIf []string
	every  cli.Duration // 0: one report of all
}

// newReplayCommand is `rssreplay CAPTURE...`, the main job.
func newReplayCommand(e *cli.Env) *cobra.Command {
	var f replayFlags
	c := &cobra.Command{
		Use:  "rssreplay CAPTURE... [flags]",
		Args: cli.NeedsCapture("rssreplay capture.pcap --cpus 8; `rssreplay --help` tells more"),
		RunE: func(_ *cobra.Command, captures []string) error { return replay(e, &f, captures) },
	}
	set := c.Flags()
	f.model = settings.NewFlags(set)
	f.input = input.NewFlags(set)
	set.StringVar(&f.flows, "flows", "20", "")
	set.StringVar(&f.on, "on", "", "")
	f.output = output.NewFlags(set)
	f.output.AddLook()
	f.look.add(set)
	f.output.AddWords()
	f.output.AddPlots()
	f.output.AddTables()
	set.BoolVar(&f.digest, "digest", false, "")
	f.headroom.Add(set)
	set.StringVar(&f.trace.Path, "trace", "", "")
	set.Var(&f.trace.From, "trace-from", "")
	set.Var(&f.trace.To, "trace-to", "")
	set.StringVar(&f.copy.Write, "write", "", "")
	set.StringVar(&f.copy.Split, "split", "", "")
	f.output.AddAnonymizeHash()
	set.Var((*cli.Texts)(&f.failIf), "fail-if", "")
	set.Var(&f.every, "every", "")
	return c
}

// replayRun is one run of the main command.
type replayRun struct {
	env   *cli.Env
	flags *replayFlags

	// What the command line asks for.
	captures   []string
	limit      int // flows to list, -1: all
	conditions []findings.Condition
	out        *output.Outputs[*report.Report]

	// What that comes to.
	settings  *settings.Settings
	on        assemble.FlowFilter
	input     *input.Input
	observers input.Observers
	trace     *packets.Trace  // nil without --trace
	copies    *packets.Copier // nil without --write and --split
}

// replay is the main job: what is wrong with the command line is said before a capture is
// read.
func replay(e *cli.Env, f *replayFlags, args []string) error {
	r := &replayRun{env: e, flags: f}
	if err := r.plan(args); err != nil {
		return err
	}
	if err := r.resolve(); err != nil {
		return err
	}
	if f.every > 0 {
		return r.replayEvery()
	}
	return r.replayOnce()
}

// plan checks the flags by themselves, and the files that are to be written.
func (r *replayRun) plan(args []string) error {
	reads, err := r.flags.model.Reads(args)
	if err != nil {
		return err
	}
	r.captures = reads.Captures
	if err := r.flags.look.check(r.flags.output); err != nil {
		return err
	}
	if r.out, err = output.Plan(r.env, r.flags.output, reportForms(r.flags)); err != nil {
		return err
	}
	if err := r.out.AddPlots(picture.Write); err != nil {
		return err
	}
	if r.limit, err = parseFlows(r.flags.flows); err != nil {
		return err
	}
	if r.flags.digest {
		if err := cli.CheckTwice("--digest", r.captures); err != nil {
			return err
		}
	}
	if err := r.flags.headroom.Check(r.captures); err != nil {
		return err
	}
	if err := r.flags.trace.Check(); err != nil {
		return err
	}
	if err := r.flags.copy.Check(r.captures); err != nil {
		return err
	}
	if r.conditions, err = cli.ParseConditions(r.flags.failIf, findings.Terms{Findings: true}); err != nil {
		return err
	}
	if err := r.flags.checkAnonymize(); err != nil {
		return err
	}
	if err := r.flags.checkEvery(); err != nil {
		return err
	}
	if err := r.planPackets(); err != nil {
		return err
	}
	return r.out.Prepare(reads)
}

// planPackets adds what is written of single packets to the places.
func (r *replayRun) planPackets() error {
	if path := r.flags.trace.Path; path != "" {
		err := r.out.Add("--trace", path, func(w io.Writer, _ *report.Report) error { return r.trace.Write(w) })
		if err != nil {
			return err
		}
	}
	if r.flags.copy.Write != "" {
		err := r.out.Add("--write", r.flags.copy.Write, func(w io.Writer, _ *report.Report) error { return r.copies.Write(w) })
		if err != nil {
			return err
		}
	}
	if r.flags.copy.Split != "" {
		return r.out.KeepApart("--split", r.flags.copy.Split)
	}
	return nil
}

// resolve reads the texts that the flags name, and checks what all comes to.
func (r *replayRun) resolve() (err error) {
	if r.settings, err = r.flags.model.Resolve(r.env.Stdin, r.env.Stderr, r.out.Shown); err != nil {
		return err
	}
	s := r.settings
	if r.on, err = assemble.ParseFlowFilter(r.flags.on, s); err != nil {
		return err
	}
	if r.input, err = r.flags.input.Resolve(r.captures, s); err != nil {
		return err
	}
	if err := s.RefuseHeadroom(bool(r.flags.headroom)); err != nil {
		return err
	}
	r.flags.headroom.AddTo(s)
	r.observers.Cut = dispatch.Cut{Folds: dispatch.MaxFolds} // for findings about tables
	if r.flags.output.Has("html") {
		r.observers.Arrivals = dispatch.ArrivalWindows{Most: report.MostSteeredWindows, Interval: s.Config.Interval}
	}
	if s.Moves() {
		r.observers.Arrivals = assemble.MovesWindows(&s.Config)
	}
	return nil
}

// builder makes reports of the run.
func (r *replayRun) builder() *assemble.ReportBuilder {
	return &assemble.ReportBuilder{
		Settings: r.settings, On: r.on, Limit: r.limit, Room: r.flags.output.Has("html") && !r.flags.model.Set.Changed("flows"),
		Arguments: assemble.Arguments(r.env.Args[1:], r.flags.model.Set),
	}
}

// replayOnce replays the captures, and writes one report of all.
func (r *replayRun) replayOnce() (err error) {
	e, s, in := r.env, r.settings, r.input
	if r.flags.trace.Path != "" {
		if r.trace, err = packets.NewTrace(e, &r.flags.trace, s); err != nil {
			return err
		}
		defer r.trace.Close()
		r.trace.Watch(&r.observers)
	}
	if r.flags.copy.Given() {
		r.copies = packets.NewCopier(e, &r.flags.copy, s)
		r.observers.Add(r.copies.Observe)
	}
	done, err := in.Replay(e, s, r.observers)
	if err != nil {
		return err
	}
	if err := input.CheckChanges(e, s, done.Result); err != nil {
		return err
	}
	input.NoteInterval(e.Stderr, r.flags.model, done.Result)
	if err := cli.CheckConditions(r.conditions, in.Nothing(done)); err != nil {
		return err
	}
	in.Warn(e.Stderr, done)
	if r.copies != nil {
		r.copies.Input, r.copies.Done = in, done
		if err := r.copies.SplitUp(); err != nil {
			return err
		}
		defer r.copies.Close()
	}
	rep, err := r.report(done)
	if err != nil {
		return err
	}
	met, err := cli.FirstMet(r.conditions, "", &findings.Values{Modes: rep.Modes, Findings: rep.Findings})
	if err != nil {
		return err
	}
	if err := r.out.Write(rep); err != nil {
		return err
	}
	if r.copies != nil {
		if err := r.copies.Finish(); err != nil {
			return err
		}
	}
	return cli.Ending(met, cli.Damaged(done.Result.Damage, "the report is of", r.captures))
}

// report is that of a finished replay, with the author's words and what to do next.
func (r *replayRun) report(done *input.Replayed) (*report.Report, error) {
	a := r.builder()
	a.Replayed = done
	if r.flags.headroom {
		all, err := r.input.Headroom(r.env, r.settings, done)
		if err != nil {
			return nil, err
		}
		a.Headroom = all[0]
	}
	rep := a.Report()
	rep.Head = r.out.Head()
	rep.Next = r.flags.next(r.env, r.settings, rep)
	if !r.flags.digest {
		return rep, nil
	}
	return rep, digest(rep.Capture.Files, done.Files)
}

// lookFlags say how much of a report its text has.
type lookFlags struct {
	full bool
	show []string
}

func (f *lookFlags) add(set *pflag.FlagSet) {
	set.BoolVar(&f.full, "full", false, "")
	set.StringSliceVar(&f.show, "show", nil, "")
}

// check refuses sections that there are not, and a choice for no text.
func (f *lookFlags) check(output *output.Flags) error {
	if f.full && len(f.show) > 0 {
		return cli.Usagef("--full prints all sections, --show some: give one of them")
	}
	for _, section := range f.show {
		if !slices.Contains(text.Sections, section) {
			if near := cli.Nearest(text.Sections, section); near != "" {
				return cli.Usagef("--show has no section %q; did you mean %s?", section, near)
			}
			return cli.Usagef("--show has no section %q: there is %s", section, strings.Join(text.Sections, ", "))
		}
	}
	if (f.full || len(f.show) > 0) && !output.Has("table") {
		return cli.Usagef("--full and --show are of the table format, and none is asked for: leave them out, or add -o report.txt")
	}
	return nil
}

// reportForms are the formats of a report.
func reportForms(f *replayFlags) []output.Format[*report.Report] {
	out := func(w io.Writer, r *report.Report, o text.Options) error {
		if f.model.Set.Changed("flows") || f.on != "" || f.look.full || len(f.look.show) > 0 {
			o.Flows = -1 // the report holds what --flows asks for
		}
		if !f.look.full && len(f.look.show) == 0 {
			o.Time = f.model.Set.Changed("interval")
			return text.WriteScreen(w, r, o)
		}
		o.Show = f.look.show
		return text.Write(w, r, o)
	}
	return []output.Format[*report.Report]{
		{Name: "table", Write: out}, output.Plain("mail", text.WriteMail), output.Plain("markdown", markdown.Write), output.Plain("json", report.WriteJSON),
		output.CSV(csv.Tables()), output.Plain("html", page.Write),
	}
}

// parseFlows reads --flows: how many flows are listed, -1 for all.
func parseFlows(s string) (int, error) {
	if s == "all" {
		return -1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, cli.Usagef("--flows must be a number of flows or all, not %q", s)
	}
	return n, nil
}

// digest fills in the files' SHA-256; none of them is standard input.
func digest(files []report.File, read []file.Info) error {
	for i := range files {
		f, err := os.Open(read[i].Name)
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(read[i].Name), err)
		}
		files[i].SHA256 = new(hex.EncodeToString(h.Sum(nil)))
	}
	return nil
}

// checkAnonymize refuses what would tell what is to be hidden, too.
func (f *replayFlags) checkAnonymize() error {
	how := &f.output.Anonymize
	if err := how.Check(); err != nil || !how.On {
		return err
	}
	for _, flag := range []struct{ name, value string }{
		{"trace", f.trace.Path}, {"write", f.copy.Write}, {"split", f.copy.Split},
	} {
		if flag.value != "" {
			return cli.Usagef("--anonymize is for the report; --%s writes what is of single packets, as they are: leave one of them out", flag.name)
		}
	}
	if !how.KeepHash && strings.HasPrefix(f.on, "entry=") {
		return cli.Usagef("--on %s tells the flows' index, which --anonymize leaves out: add --keep-hash", f.on)
	}
	return nil
}
