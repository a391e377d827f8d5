package compare

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/nictext"
	"rssreplay/report"
	"rssreplay/report/anonymize"
)

// maxScenarios bounds a comparison: each has models of its own.
const maxScenarios = 64

// assignment is a flag with a value, as it was given.
type assignment struct{ flag, value string }

// recorded is a flag's value that also notes what it was given, for the flag sets
// of the scenarios.
type recorded struct {
	pflag.Value
	flag string
	to   *[]assignment
}

func (r *recorded) Set(value string) error {
	if err := r.Value.Set(value); err != nil {
		return err
	}
	*r.to = append(*r.to, assignment{r.flag, value})
	return nil
}

// scenarioSpec is a scenario as it was given: flags beside those that all have,
// or an earlier report.
type scenarioSpec struct {
	name   string
	own    []assignment
	report string // its path; "" for a scenario to replay
}

// listed is a flag that adds a scenario each time it is given. All of them add to
// one list, so that its order is the command line's.
type listed struct {
	flag string
	to   *[]scenarioSpec
}

func (l *listed) String() string { return "" }
func (l *listed) Type() string   { return "scenario" }

func (l *listed) Set(value string) error {
	s := scenarioSpec{name: value}
	switch l.flag {
	case "scenario":
		var err error
		if s, err = parseScenario(value); err != nil {
			return err
		}
	case "report":
		s.report = value
	default:
		s.own = []assignment{{l.flag, value}}
	}
	*l.to = append(*l.to, s)
	return nil
}

// parseScenario reads `name: cpus=4 layout=block udp4=sd`. Double quotes keep
// blanks, and colons of the name, together.
func parseScenario(text string) (scenarioSpec, error) {
	const form = `write 'NAME: cpus=4 layout=block', with any of the model's flags`
	var s scenarioSpec
	var words []string
	var word strings.Builder
	quoted, begun, named := false, false, false
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range text {
		switch {
		case r == '"':
			quoted, begun = !quoted, true
		case quoted:
			word.WriteRune(r)
		case r == ':' && !named:
			end()
			s.name, words, named = strings.Join(words, " "), nil, true
		case r == ' ' || r == '\t':
			end()
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	end()
	switch {
	case quoted:
		return s, errors.New("a quotation mark has no partner")
	case !named || s.name == "" || strings.Contains(s.name, "="):
		return s, errors.New("has no name before a colon: " + form)
	}
	for _, word := range words {
		flag, value, ok := strings.Cut(word, "=")
		flag = strings.TrimPrefix(flag, "--")
		switch {
		case !ok && len(s.own) > 0:
			return s, fmt.Errorf("%q has no value: %s; if it goes on with %s, put double quotes around all of that", word, form, s.own[len(s.own)-1].flag)
		case !ok || value == "":
			return s, fmt.Errorf("%q has no value: %s", word, form)
		case settings.FlowKindNamed(flag) != nil:
			flag, value = "rx-flow-hash", word
		}
		repeatable := []string{"rx-flow-hash", "flow-hash", "irq", "napi-cpu", "rule", "context", "table-at", "affinity-at"}
		if !slices.Contains(repeatable, flag) && slices.ContainsFunc(s.own, func(a assignment) bool { return a.flag == flag }) {
			return s, fmt.Errorf("%s is given twice: leave one of them out", flag)
		}
		s.own = append(s.own, assignment{flag, value})
	}
	return s, nil
}

// scenario is one that is compared.
type scenario struct {
	name       string
	path, file string             // of an earlier report, and what is shown of it
	earlier    *report.Report     // nil for one that is replayed
	flows      []listedFlow       // those of earlier
	compared   int                // which of earlier's modes
	otherFlows bool               // the earlier report has other flows than what it is compared with
	flags      *settings.Flags    // nil of an earlier report
	settings   *settings.Settings // likewise
	live       int                // its place among those that are replayed
}

// unmatched tells whether it is an earlier report whose addresses are not those of the
// others.
func (s *scenario) unmatched() bool { return s.otherFlows && s.earlier.Anonymized != nil }

// list is the scenarios as they were given, after the base where there is only
// one. Their names differ.
func (f *compareFlags) list() ([]scenarioSpec, error) {
	specs := f.scenarios
	switch n := len(specs); {
	case n == 0:
		return nil, cli.Usagef("there is nothing to compare: name layouts (--layout block), tables (--table FILE), earlier reports (--report FILE) or other scenarios (--scenario 'NAME: cpus=4'); one of them is compared with the base")
	case n > maxScenarios:
		return nil, cli.Usagef("%d scenarios are too many: at most %d are compared", n, maxScenarios)
	case n == 1:
		base := "base"
		if specs[0].name == base {
			base = "default"
		}
		specs = append([]scenarioSpec{{name: base}}, specs...)
	}
	seen := map[string]bool{}
	for _, s := range specs {
		if seen[s.name] {
			return nil, cli.Usagef("two scenarios are named %q: give one of them another name, as --scenario 'NAME: layout=equal'", s.name)
		}
		seen[s.name] = true
	}
	return specs, nil
}

// resolve makes the scenarios of the list, each with a flag set of its own: what
// all have, then what it has itself. base is what all have alone.
func (f *compareFlags) resolve(e *cli.Env, specs []scenarioSpec, captures []string, shown *anonymize.Anonymizer) ([]*scenario, error) {
	shared, err := f.share(e, specs, captures, shown)
	if err != nil {
		return nil, err
	}
	var scenarios []*scenario
	for _, spec := range specs {
		s := &scenario{name: unlike(scenarios, shown.File(spec.name)), path: spec.report, file: shown.File(spec.report)}
		if s.path != "" {
			if err = s.readEarlier(shown); err != nil {
				err = cli.Usagef("--report: %w", err)
			}
		} else {
			s.flags, s.settings, err = f.settingsOf(shared, spec.own)
		}
		if err != nil {
			// What is wrong with the flags of all is no scenario's fault.
			if _, _, baseErr := f.settingsOf(shared, nil); spec.report == "" && baseErr != nil && baseErr.Error() == err.Error() {
				return nil, baseErr
			}
			if spec.report == "" {
				err = fmt.Errorf("scenario %s: %w", spec.name, err)
			}
			return nil, err
		}
		scenarios = append(scenarios, s)
	}
	if err := idleInAll(scenarios); err != nil {
		return nil, cli.AsUsage(err)
	}
	_, err = io.WriteString(e.Stderr, strings.Join(shared.said, ""))
	return scenarios, err
}

// idleInAll is what is wrong with a flag of all scenarios that says nothing in any.
func idleInAll(scenarios []*scenario) error {
	var replayed []*settings.Settings
	for _, s := range scenarios {
		if s.settings != nil {
			replayed = append(replayed, s.settings)
		}
	}
	if len(replayed) == 0 {
		return nil
	}
	for _, flag := range slices.Sorted(maps.Keys(replayed[0].Idle)) {
		if !slices.ContainsFunc(replayed, func(s *settings.Settings) bool { return s.Idle[flag] == nil }) {
			return replayed[0].Idle[flag]
		}
	}
	return nil
}

// unlike is a scenario's name as it may be seen, and none of those before: files may
// differ in their folders alone.
func unlike(before []*scenario, name string) string {
	unique := name
	for n := 2; slices.ContainsFunc(before, func(s *scenario) bool { return s.name == unique }); n++ {
		unique = fmt.Sprintf("%s (%d)", name, n)
	}
	return unique
}

// sharedInput is what every scenario's flags read: standard input, which can be
// read once only. What they say on standard error is said once.
type sharedInput struct {
	shown *anonymize.Anonymizer
	stdin []byte
	said  []string
}

// maxStdin bounds in bytes what is read of standard input for several scenarios.
const maxStdin = 64 << 20

// share reads standard input if a scenario does.
func (f *compareFlags) share(e *cli.Env, specs []scenarioSpec, captures []string, shown *anonymize.Anonymizer) (*sharedInput, error) {
	shared := &sharedInput{shown: shown}
	for _, spec := range specs {
		flags, err := f.flagsOf(spec.own)
		if err != nil {
			return nil, cli.Usagef("scenario %s: %w", spec.name, err)
		}
		if err := flags.CheckStdin(captures); err != nil {
			return nil, err
		}
		if shared.stdin != nil || !slices.Contains(flags.Inputs(), "-") {
			continue
		}
		if shared.stdin, err = io.ReadAll(io.LimitReader(e.Stdin, maxStdin+1)); err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		if len(shared.stdin) > maxStdin {
			return nil, cli.Usagef("standard input is longer than %d MiB, so it is no text that tells of a NIC", maxStdin>>20)
		}
	}
	return shared, nil
}

// valueOf is the flag's last value, "" if it is not among those given.
func valueOf(given []assignment, flag string) string {
	value := ""
	for _, a := range given {
		if a.flag == flag {
			value = a.value
		}
	}
	return value
}

// settingsOf resolves what all scenarios have, then own.
func (f *compareFlags) settingsOf(shared *sharedInput, own []assignment) (*settings.Flags, *settings.Settings, error) {
	flags, err := f.flagsOf(own)
	if err != nil {
		return nil, nil, cli.AsUsage(err)
	}
	var stderr strings.Builder
	s, err := flags.Resolve(bytes.NewReader(shared.stdin), &stderr, shared.shown)
	if said := stderr.String(); !slices.Contains(shared.said, said) {
		shared.said = append(shared.said, said)
	}
	return flags, s, err
}

// flagsOf is a flag set of its own with what all scenarios have, then own. A layout of
// its own takes the place of a table that all have from a bundle: what else the bundle
// says stays.
func (f *compareFlags) flagsOf(own []assignment) (*settings.Flags, error) {
	set := pflag.NewFlagSet("scenario", pflag.ContinueOnError)
	flags := settings.NewFlags(set)
	flags.LayoutOverBundle = valueOf(f.base, "bundle") != "" && valueOf(own, "table") == ""
	flags.Common = map[string]bool{}
	for i, a := range slices.Concat(f.base, own) {
		flags.Common[a.flag] = i < len(f.base)
		switch of := set.Lookup(a.flag); {
		case (a.flag == "local" || a.flag == "rps-secret") && i >= len(f.base), of == nil && f.set.Lookup(a.flag) != nil:
			return nil, fmt.Errorf("%s is the same for all scenarios: give it as --%[1]s", a.flag)
		case of == nil:
			hint := "`rssreplay --help` lists them"
			if near := cli.NearestFlag(set, a.flag); near != "" {
				hint = fmt.Sprintf("did you mean %s?", near)
			}
			return nil, fmt.Errorf("unknown parameter %s; %s", a.flag, hint)
		}
		if err := set.Set(a.flag, a.value); err != nil {
			return nil, cli.FlagError(nil, err)
		}
	}
	return flags, nil
}

// listedFlow is what a comparison needs of a flow of an earlier report.
type listedFlow struct {
	flowEnds
	packets uint64
	mainCPU [engine.NumModes]int32 // under each of the report's modes
}

// readEarlier reads what is shown of the earlier report at s.path.
func (s *scenario) readEarlier(shown *anonymize.Anonymizer) error {
	unread := func(err error) error {
		return cli.Usagef("%s: %w: give what `rssreplay --format json --output FILE` wrote", s.path, cli.Cause(err))
	}
	in, err := os.Open(s.path)
	if err != nil {
		return unread(err)
	}
	defer in.Close()
	r, err := report.ReadJSON(unmarked(in), func(r *report.Report, f *report.Flow) {
		of := listedFlow{flowEnds: reportedEnds(f), packets: f.Packets}
		for i := range r.Modes[:min(len(r.Modes), len(of.mainCPU))] {
			of.mainCPU[i] = int32(mainCPUOf(f, r.Modes[i].Mode))
		}
		s.flows = append(s.flows, of)
	})
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return unread(err)
	}
	if err != nil {
		return cli.Usagef("%s %w", s.path, err)
	}
	for i := range r.Parameters {
		p := &r.Parameters[i]
		p.Text = textOf(p, r)
	}
	if r.Anonymized == nil {
		for i := range s.flows {
			s.flows[i].flowEnds = s.flows[i].shown(shown)
		}
	}
	shown.Stored(r)
	s.earlier, s.compared = r, report.ComparedMode(r.Modes)
	return nil
}

// unmarked is in as UTF-8. What begins with a byte order mark, as PowerShell's texts do, is
// read whole.
func unmarked(in io.Reader) io.Reader {
	text := bufio.NewReader(in)
	head, _ := text.Peek(3) // an error comes again
	if nictext.Decode(head) == string(head) {
		return text
	}
	whole, err := io.ReadAll(text)
	if err != nil {
		return text // likewise
	}
	return strings.NewReader(nictext.Decode(whole))
}

// textOf is the value of a parameter of an earlier report for people, as the
// settings had it; "" where it is the value itself.
func textOf(p *report.Parameter, r *report.Report) string {
	var list []int
	switch p.Name {
	case "cpus":
		for _, c := range r.Modes[0].CPUs {
			list = append(list, c.CPU)
		}
		return nicmodel.CPUListOf(list).String()
	case "affinity":
		return nicmodel.CPUListOf(r.Table.QueueCPUs).String()
	case "key":
		if k, err := hash.ParseKey(fmt.Sprint(p.Value)); err == nil {
			return settings.KeyText(k)
		}
		return ""
	}
	set := pflag.NewFlagSet("report", pflag.ContinueOnError)
	settings.NewFlags(set)
	input.NewFlags(set)
	flag := set.Lookup(p.Name)
	switch {
	case p.Name == "to" && p.Value == nil:
		return "end"
	case p.Name == "rate" && p.Value == nil:
		return "the capture's"
	case flag == nil || flag.Value.Type() != "duration":
		return ""
	}
	d, err := time.ParseDuration(fmt.Sprint(p.Value) + "ns")
	if err != nil {
		return ""
	}
	return d.String()
}

// checkSame refuses an earlier report that is of another capture.
func (s *scenario) checkSame(now *report.Capture) error {
	then := &s.earlier.Capture
	if then.Packets == now.Packets && then.Bytes == now.Bytes && then.First.Equal(now.First.Time) {
		return nil
	}
	first := func(c *report.Capture) string {
		if c.First.IsZero() {
			return "none"
		}
		return c.First.UTC().Format(time.RFC3339Nano)
	}
	return cli.Usagef("--report: %s is of another capture, or of another part of it: it has %s of %s bytes from %s, but these are %s of %s from %s; replay the capture that it is of",
		s.path, report.Plural(then.Packets, "packet", "packets"), report.Exact(then.Bytes), first(then), report.Exact(now.Packets), report.Exact(now.Bytes), first(now))
}
