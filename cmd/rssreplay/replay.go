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
	set.StringArrayVar(&f.failIf, "fail-if", nil, "")
	set.Var(&f.every, "every", "")
	return c
}

func replay(e *cli.Env, f *replayFlags, args []string) error {
	reads, err := f.model.Reads(args)
	if err != nil {
		return err
	}
	captures := reads.Captures
	if err := f.look.check(f.output); err != nil {
		return err
	}
	out, err := output.Plan(e, f.output, reportForms(f))
	if err != nil {
		return err
	}
	if err := out.AddPlots(picture.Write); err != nil {
		return err
	}
	limit, err := parseFlows(f.flows)
	if err != nil {
		return err
	}
	if f.digest {
		if err := cli.CheckTwice("--digest", captures); err != nil {
			return err
		}
	}
	if err := f.headroom.Check(captures); err != nil {
		return err
	}
	if err := f.trace.Check(); err != nil {
		return err
	}
	if err := f.copy.Check(captures); err != nil {
		return err
	}
	conditions, err := cli.ParseConditions(f.failIf, findings.Terms{Findings: true})
	if err != nil {
		return err
	}
	if err := f.checkAnonymize(); err != nil {
		return err
	}
	if err := f.checkEvery(); err != nil {
		return err
	}
	var trace *packets.Trace
	if f.trace.Path != "" {
		err := out.Add("--trace", f.trace.Path, func(w io.Writer, _ *report.Report) error { return trace.Write(w) })
		if err != nil {
			return err
		}
	}
	var copies *packets.Copier
	if f.copy.Write != "" {
		err := out.Add("--write", f.copy.Write, func(w io.Writer, _ *report.Report) error { return copies.Write(w) })
		if err != nil {
			return err
		}
	}
	if f.copy.Split != "" {
		if err := out.KeepApart("--split", f.copy.Split); err != nil {
			return err
		}
	}
	if err := out.Prepare(reads); err != nil {
		return err
	}
	s, err := f.model.Resolve(e, out.Shown)
	if err != nil {
		return err
	}
	on, err := assemble.ParseFlowFilter(f.on, s)
	if err != nil {
		return err
	}
	in, err := f.input.Resolve(captures, s)
	if err != nil {
		return err
	}
	if err := s.RefuseHeadroom(bool(f.headroom)); err != nil {
		return err
	}
	f.headroom.AddTo(s)
	w := input.Observers{Cut: dispatch.Cut{Folds: dispatch.MaxFolds}} // for findings about tables
	if f.output.Has("html") {
		w.Arrivals = dispatch.ArrivalWindows{Most: report.MostSteeredWindows, Interval: s.Config.Interval}
	}
	if s.Moves() {
		w.Arrivals = assemble.MovesWindows(&s.Config)
	}
	if f.every > 0 {
		a := assemble.ReportBuilder{Settings: s, On: on, Limit: limit, Command: e.Command(), Arguments: argumentsFor(e.Args[1:], f.model.Set)}
		return replayEvery(e, f, in, w, a, conditions, out, captures)
	}
	if f.trace.Path != "" {
		if trace, err = packets.NewTrace(e, &f.trace, s); err != nil {
			return err
		}
		defer trace.Close()
		trace.Watch(&w)
	}
	if f.copy.Given() {
		copies = packets.NewCopier(e, &f.copy, s)
		w.Add(copies.Observe)
	}
	done, err := in.Replay(e, s, w)
	if err != nil {
		return err
	}
	result := done.Result
	if err := input.CheckChanges(e, s, result); err != nil {
		return err
	}
	input.NoteInterval(e.Stderr, f.model, result)
	if err := cli.CheckConditions(conditions, in.Nothing(done)); err != nil {
		return err
	}
	in.Warn(e.Stderr, done)
	if copies != nil {
		copies.Input, copies.Done = in, done
		if err := copies.SplitUp(); err != nil {
			return err
		}
		defer copies.Close()
	}
	a := assemble.ReportBuilder{Settings: s, Replayed: done, On: on, Limit: limit, Room: f.output.Has("html") && !f.model.Set.Changed("flows"), Command: e.Command(), Arguments: argumentsFor(e.Args[1:], f.model.Set)}
	if f.headroom {
		all, err := in.Headroom(e, s, done)
		if err != nil {
			return err
		}
		a.Headroom = all[0]
	}
	rep := a.Report()
	rep.Words = out.Words
	rep.Next = f.next(e, s, rep)
	if f.digest {
		if err := digest(rep.Capture.Files, done.Files); err != nil {
			return err
		}
	}
	met, err := cli.FirstMet(conditions, "", &findings.Values{Modes: rep.Modes, Findings: rep.Findings})
	if err != nil {
		return err
	}
	if err := out.Write(rep); err != nil {
		return err
	}
	if copies != nil {
		if err := copies.Finish(); err != nil {
			return err
		}
	}
	if result.Damage != nil {
		return cli.Ending(met, cli.Damaged(result.Damage, "the report is of", captures))
	}
	return met
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
			if near := sectionHint(section); near != "" {
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

// sectionHint is the section of --show that was probably meant.
func sectionHint(section string) string { return cli.Nearest(text.Sections, section) }

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
		sum := hex.EncodeToString(h.Sum(nil))
		files[i].SHA256 = &sum
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
