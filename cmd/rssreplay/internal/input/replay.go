package input

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/file"
	"rssreplay/report"
)

// Flags say which packets of the captures are replayed, and how fast.
type Flags struct {
	set         *pflag.FlagSet
	filter      string
	inner       bool
	from, to    cli.Duration
	Packets     uint64
	direction   string
	merge       bool
	speed, rate string
}

// Inner reports whether flows and hashes are those of inner headers.
func (f *Flags) Inner() bool { return f.inner }

// NewFlags adds the flags of every command that replays captures.
func NewFlags(set *pflag.FlagSet) *Flags {
	f := &Flags{set: set}
	set.StringVar(&f.filter, "filter", "", "")
	set.BoolVar(&f.inner, "inner", false, "")
	set.Var(&f.from, "from", "")
	set.Var(&f.to, "to", "")
	set.Uint64Var(&f.Packets, "packets", 0, "")
	set.StringVar(&f.direction, "direction", "in", "")
	set.BoolVar(&f.merge, "merge", false, "")
	set.StringVar(&f.speed, "speed", "1x", "")
	set.StringVar(&f.rate, "rate", "", "")
	return f
}

// Replayed is a finished replay and what was learnt of its captures.
type Replayed struct {
	Result *dispatch.Result
	Files  []file.Info
	Order  file.Order
	Rule   string // how directions were told
	scale  dispatch.Scale

	Directions       *direction.Directions // what told them
	DirectionUnknown bool                  // no rule told them
}

// Input is the checked Flags.
type Input struct {
	Flags      *Flags
	captures   []string
	filter     *file.Filter
	side       direction.Side
	local      string // as --local says it
	Scale      dispatch.Scale
	Rate       *Rate                 // nil without --rate
	More       []dispatch.Scenario   // replayed in the same pass
	Directions *direction.Directions // what an earlier pass learnt of directions; nil: nothing
}

// Resolve checks the flags, and adds them to the parameters in force.
func (f *Flags) Resolve(captures []string, s *settings.Settings) (*Input, error) {
	in := &Input{Flags: f, captures: captures, local: s.Local.String()}
	if f.set.Changed("to") && f.to <= f.from {
		return nil, cli.Usagef("--to %s is not after --from %s: no packet lies between", &f.to, &f.from)
	}
	if f.set.Changed("rate") && f.set.Changed("speed") {
		return nil, cli.Usagef("--rate contradicts --speed: both scale the gaps between packets; give one of them")
	}
	speed, err := parseSpeed(f.speed)
	if err != nil {
		return nil, cli.AsUsage(err)
	}
	in.Scale = dispatch.ScaleOf(speed.Inv(speed))
	if f.set.Changed("rate") {
		if in.Rate, err = parseRate(f.rate); err != nil {
			return nil, cli.AsUsage(err)
		}
		if err := cli.CheckTwice("--rate", captures); err != nil {
			return nil, err
		}
	}
	if f.set.Changed("packets") && f.Packets == 0 {
		return nil, cli.Usagef("--packets 0 leaves no packet to replay: leave the flag out to replay all")
	}
	if in.side, err = direction.ParseSide(f.direction); err != nil {
		return nil, cli.AsUsage(err)
	}
	if f.filter != "" {
		if in.filter, err = file.NewFilter(f.filter); err != nil {
			if hint := filterHint(f.filter); hint != "" {
				return nil, cli.Usagef("--filter %q: %s", f.filter, hint)
			}
			return nil, cli.AsUsage(err)
		}
	}
	f.AddTo(s)
	return in, nil
}

// AddTo adds the flags to the parameters in force.
func (f *Flags) AddTo(s *settings.Settings) {
	source := func(flag string) string {
		if f.set.Changed(flag) {
			return "--" + flag
		}
		return report.DefaultSource
	}
	end := report.Parameter{Name: "to", Value: nil, Text: "end", Source: source("to")}
	if f.to > 0 {
		end.Value, end.Text = int64(f.to), f.to.String()
	}
	rate := report.Parameter{Name: "rate", Value: nil, Text: "the capture's", Source: source("rate")}
	if f.rate != "" {
		rate.Value, rate.Text = f.rate, ""
	}
	s.Parameters = append(s.Parameters,
		report.Parameter{Name: "inner", Value: f.inner, Source: source("inner")},
		report.Parameter{Name: "from", Value: int64(f.from), Text: f.from.String(), Source: source("from")}, end,
		report.Parameter{Name: "speed", Value: f.speed, Source: source("speed")}, rate)
	if f.filter != "" {
		s.Parameters = append(s.Parameters, report.Parameter{Name: "filter", Value: s.Shown.Filter(f.filter), Source: "--filter"})
	}
	if f.set.Changed("packets") {
		s.Parameters = append(s.Parameters, report.Parameter{Name: "packets", Value: f.Packets, Source: "--packets"})
	}
	if f.set.Changed("direction") {
		s.Parameters = append(s.Parameters, report.Parameter{Name: "direction", Value: f.direction, Source: "--direction"})
	}
	if f.merge {
		s.Parameters = append(s.Parameters, report.Parameter{Name: "merge", Value: true, Source: "--merge"})
	}
}

// Observers is told what happens in a replay, or keeps its packets or what its folds hold, as
// dispatch.Options has it; the zero value tells nobody.
type Observers struct {
	Observe  engine.Observer
	Arrive   func(dispatch.Arrival)
	Cut      dispatch.Cut
	Arrivals dispatch.ArrivalWindows
	tape     *dispatch.Tape
}

// Add lets another observer know, too.
func (w *Observers) Add(o engine.Observer) {
	first := w.Observe
	if first == nil {
		w.Observe = o
		return
	}
	w.Observe = func(e engine.Event) {
		first(e)
		o(e)
	}
}

// Replay replays the captures; with --rate it reads them once before, to learn
// the rate that they have.
func (in *Input) Replay(e *cli.Env, s *settings.Settings, w Observers) (*Replayed, error) {
	scale := in.Scale
	if in.Rate != nil {
		seen, err := in.Pass(e, s, PassOptions{})
		if err != nil {
			return nil, err
		}
		if errors.Is(seen.Result.Damage, file.ErrInterrupted) {
			return nil, errors.New("interrupted while the rate was measured (--rate): nothing was replayed")
		}
		if scale, err = in.Rate.Scale(seen.Result); err != nil {
			return nil, err
		}
	}
	return in.Pass(e, s, PassOptions{Modes: s.Modes, More: in.More, Scale: scale, Observers: w})
}

// PassOptions say what is done with the packets of one reading; the zero value has them
// counted.
type PassOptions struct {
	Modes      []engine.Mode // that the settings are replayed in
	More       []dispatch.Scenario
	Scale      dispatch.Scale
	Observers  Observers
	repeatable bool  // it can be begun again
	before     int64 // packets that come before those of this part
}

// Pass replays the captures; again if they hold what was taken not to be there.
func (in *Input) Pass(e *cli.Env, s *settings.Settings, o PassOptions) (*Replayed, error) {
	o.repeatable = in.Directions == nil && o.Observers.Observe == nil && o.Observers.Arrive == nil && cli.ReadableOnce(in.captures) == ""
	done, err := in.read(e, s, o)
	if errors.Is(err, dispatch.ErrAgain) {
		o.repeatable = false
		return in.read(e, s, o)
	}
	return done, err
}

// read is Pass without a second try.
func (in *Input) read(e *cli.Env, s *settings.Settings, o PassOptions) (*Replayed, error) {
	src, closes, err := in.open(e)
	if err != nil {
		return nil, err
	}
	defer closes()
	if e.Terminal {
		p := &progress{out: e.Stderr, read: src.Progress, width: func() int { return cli.Columns(e.Stderr) }}
		every := progressEvery
		if cli.ReadableOnce(in.captures) != "" && len(o.Modes) > 0 { // a live pipe, maybe
			p.live, every = newLiveCounts(s), progressAfter
			o.Observers.Arrive = p.live.after(o.Observers.Arrive)
		}
		defer p.start(progressAfter, every)()
	}
	return in.replay(src, src, s, o)
}

// open opens the captures, so that Ctrl-C ends their reading; closes is to be called in
// the end.
func (in *Input) open(e *cli.Env) (src *file.Set, closes func(), err error) {
	src, err = file.OpenSet(in.captures, e.Stdin, in.Flags.merge)
	if err != nil {
		return nil, nil, err
	}
	interrupted, stop := e.Interrupts()
	src.InterruptBy(interrupted)
	return src, func() { stop(); src.Close() }, nil
}

// replay replays packets of the captures, as from hands them out.
func (in *Input) replay(src *file.Set, from dispatch.Source, s *settings.Settings, o PassOptions) (*Replayed, error) {
	directions := in.Directions
	if directions == nil {
		directions = direction.NewDirections(s.Local)
		directions.Take(in.side)
	}
	w := &o.Observers
	result, err := dispatch.Replay(from, dispatch.Options{
		Config: &s.Config, Steering: s.Steering, Modes: o.Modes, More: o.More, Directions: directions, Repeatable: o.repeatable, ATR: s.ATR(), Filter: in.filter, Inner: in.Flags.inner,
		From: int64(in.Flags.from), To: int64(in.Flags.to), Packets: in.Flags.Packets, Before: o.before, Scale: o.Scale, Observe: w.Observe, Arrive: w.Arrive, Cut: w.Cut, Arrivals: w.Arrivals, Tape: w.tape, Secret: s.Secret,
	})
	if err != nil {
		return nil, err
	}
	return &Replayed{
		Result: result, Files: src.Info(), Order: src.Order(), scale: o.Scale,
		Rule: directions.Replaced(s.Shown.Prefix).Rule(result.Packets), Directions: directions, DirectionUnknown: directions.Unknown(),
	}, nil
}

// filterHint is a display filter of Wireshark's in libpcap's language: "" for what is
// none, or too much to translate.
func filterHint(expr string) string {
	field := regexp.MustCompile(`^(ip|ipv6|tcp|udp|sctp)\.(port|srcport|dstport|addr|src|dst|host)\s*(==|eq)\s*(\S+)$`)
	m := field.FindStringSubmatch(strings.TrimSpace(expr))
	if m == nil {
		if strings.Contains(expr, "==") && regexp.MustCompile(`\b(ip|ipv6|tcp|udp|frame|eth)\.\w+`).MatchString(expr) {
			return "this is Wireshark's language; libpcap's has no dots: 'tcp port 443 and host 192.0.2.1'"
		}
		return ""
	}
	word := map[string]string{"port": "port", "srcport": "src port", "dstport": "dst port", "addr": "host", "host": "host", "src": "src host", "dst": "dst host"}[m[2]]
	protocol := m[1] + " "
	if strings.Contains(word, "host") { // the address says which IP it is
		protocol = ""
	}
	return fmt.Sprintf("this is Wireshark's language; libpcap's is --filter '%s%s %s'", protocol, word, m[4])
}
