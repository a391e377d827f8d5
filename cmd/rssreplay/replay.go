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
	model  *modelFlags
	input  *inputFlags
	flows  string
	on     string
	look   lookFlags
	output *outputFlags
	digest bool

	headroom headroomFlag
	trace    traceFlags
	copy     copyFlags

	anonymize anonymizeFlags
	failIf    []string
}

// newReplayCommand is `rssreplay CAPTURE...`, the main job.
func newReplayCommand(e *env) *cobra.Command {
	var f replayFlags
	c := &cobra.Command{
		Use:  "rssreplay CAPTURE... [flags]",
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, captures []string) error {
			if len(captures) == 0 {
				return usagef("no capture given: rssreplay capture.pcap --cpus 8; `rssreplay --help` tells more")
			}
			return e.replay(&f, captures)
		},
	}
	set := c.Flags()
	f.model = newModelFlags(set)
	f.input = newInputFlags(set)
	set.StringVar(&f.flows, "flows", "20", "")
	set.StringVar(&f.on, "on", "", "")
	f.output = newOutputFlags(set)
	f.output.addLook()
	f.look.add(set)
	f.output.addWords()
	f.output.addPlots()
	f.output.addTables()
	set.BoolVar(&f.digest, "digest", false, "")
	f.headroom.add(set)
	set.StringVar(&f.trace.path, "trace", "", "")
	set.Var(&f.trace.from, "trace-from", "")
	set.Var(&f.trace.to, "trace-to", "")
	set.StringVar(&f.copy.write, "write", "", "")
	set.StringVar(&f.copy.split, "split", "", "")
	f.anonymize.addWithHash(set)
	set.StringArrayVar(&f.failIf, "fail-if", nil, "")
	return c
}

func (e *env) replay(f *replayFlags, args []string) error {
	captures, err := captureArgs(args)
	if err != nil {
		return err
	}
	if err := f.look.check(f.output); err != nil {
		return err
	}
	out, err := planOutput(e, f.output, reportForms(f))
	if err != nil {
		return err
	}
	if err := out.addPlots(f.output.plots, picture.Write); err != nil {
		return err
	}
	limit, err := parseFlows(f.flows)
	if err != nil {
		return err
	}
	if err := f.model.checkStdin(captures); err != nil {
		return err
	}
	if f.digest {
		if err := checkTwice("--digest", captures); err != nil {
			return err
		}
	}
	if err := f.headroom.check(captures); err != nil {
		return err
	}
	if err := f.trace.check(); err != nil {
		return err
	}
	if err := f.copy.check(captures); err != nil {
		return err
	}
	conditions, err := parseConditions(f.failIf, findings.Judgeable{Findings: true})
	if err != nil {
		return err
	}
	if err := f.anonymize.checkReplay(f); err != nil {
		return err
	}
	var trace *trace
	if f.trace.path != "" {
		err := out.add("--trace", f.trace.path, func(w io.Writer, _ *report.Report) error { return trace.write(w) })
		if err != nil {
			return err
		}
	}
	var copies *copier
	if f.copy.write != "" {
		err := out.add("--write", f.copy.write, func(w io.Writer, _ *report.Report) error { return copies.write(w) })
		if err != nil {
			return err
		}
	}
	if f.copy.split != "" {
		if err := out.keepApart("--split", f.copy.split); err != nil {
			return err
		}
	}
	words, anonymizer, err := out.prepare(f.output, &f.anonymize, reads{captures, f.model.inputs(), f.model.folders()})
	if err != nil {
		return err
	}
	s, err := f.model.resolve(e)
	if err != nil {
		return err
	}
	on, err := parseOn(f.on, s)
	if err != nil {
		return err
	}
	in, err := f.input.resolve(captures, s)
	if err != nil {
		return err
	}
	f.headroom.addTo(s)
	w := watch{cut: dispatch.Cut{Folds: dispatch.MaxFolds}} // for findings about tables
	if f.trace.path != "" {
		if trace, err = newTrace(e, &f.trace, s); err != nil {
			return err
		}
		defer trace.close()
		w.add(trace.observe)
	}
	if f.copy.given() {
		copies = newCopier(e, &f.copy, s)
		w.add(copies.observe)
	}
	done, err := in.replay(e, s, w)
	if err != nil {
		return err
	}
	result := done.result
	noteInterval(e.stderr, f.model, result)
	if err := checkJudgeable(conditions, in.nothing(done)); err != nil {
		return err
	}
	in.warn(e.stderr, done)
	if copies != nil {
		copies.input, copies.done = in, done
		if err := copies.splitUp(); err != nil {
			return err
		}
		defer copies.close()
	}
	a := assembly{settings: s, replayed: done, on: on, limit: limit, command: e.command(), arguments: argumentsFor(e.args[1:], f.model.set), anonymizer: anonymizer}
	if f.headroom {
		all, err := in.headroom(e, s, done)
		if err != nil {
			return err
		}
		a.headroom = all[0]
	}
	rep := a.report()
	rep.Words = words
	rep.Next = f.next(e, s, rep)
	if f.digest {
		if err := digest(rep.Capture.Files, done.files); err != nil {
			return err
		}
	}
	met, err := judge(conditions, "", &findings.Judged{Modes: rep.Modes, Findings: rep.Findings})
	if err != nil {
		return err
	}
	if err := out.write(rep); err != nil {
		return err
	}
	if copies != nil {
		if err := copies.finish(); err != nil {
			return err
		}
	}
	if result.Damage != nil {
		return ending(met, damaged(result.Damage, "the report is of", captures))
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
func (f *lookFlags) check(output *outputFlags) error {
	if f.full && len(f.show) > 0 {
		return usagef("--full prints all sections, --show some: give one of them")
	}
	for _, section := range f.show {
		if !slices.Contains(text.Sections, section) {
			if near := sectionHint(section); near != "" {
				return usagef("--show has no section %q; did you mean %s?", section, near)
			}
			return usagef("--show has no section %q: there is %s", section, strings.Join(text.Sections, ", "))
		}
	}
	if (f.full || len(f.show) > 0) && !output.has("table") {
		return usagef("--full and --show are of the table format, and none is asked for: leave them out, or add -o report.txt")
	}
	return nil
}

// reportForms are the formats of a report.
func reportForms(f *replayFlags) []form[*report.Report] {
	out := func(w io.Writer, r *report.Report, o text.Options) error {
		if f.model.set.Changed("flows") || f.on != "" || f.look.full || len(f.look.show) > 0 {
			o.Flows = -1 // the report holds what --flows asks for
		}
		if !f.look.full && len(f.look.show) == 0 {
			o.Time = f.model.set.Changed("interval")
			return text.WriteScreen(w, r, o)
		}
		o.Show = f.look.show
		return text.Write(w, r, o)
	}
	return []form[*report.Report]{
		{name: "table", write: out}, plainForm("mail", text.WriteMail), plainForm("markdown", markdown.Write), plainForm("json", report.WriteJSON),
		csvForm(csv.Tables()), plainForm("html", page.Write),
	}
}

// parseFlows reads --flows: how many flows are listed, -1 for all.
func parseFlows(s string) (int, error) {
	if s == "all" {
		return -1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, usagef("--flows must be a number of flows or all, not %q", s)
	}
	return n, nil
}

// sectionHint is the section of --show that was probably meant.
func sectionHint(section string) string { return nearest(text.Sections, section) }

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

// checkReplay refuses what would tell what is to be hidden, too.
func (f *anonymizeFlags) checkReplay(all *replayFlags) error {
	if err := f.check(); err != nil || !f.on {
		return err
	}
	for _, flag := range []struct{ name, value string }{
		{"trace", all.trace.path}, {"write", all.copy.write}, {"split", all.copy.split},
	} {
		if flag.value != "" {
			return usagef("--anonymize is for the report; --%s writes what is of single packets, as they are: leave one of them out", flag.name)
		}
	}
	if !f.keepHash && strings.HasPrefix(all.on, "entry=") {
		return usagef("--on %s tells the flows' index, which --anonymize leaves out: add --keep-hash", all.on)
	}
	return nil
}
