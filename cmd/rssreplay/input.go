package main

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/file"
	"rssreplay/report"
)

// inputFlags say which packets of the captures are replayed, and how fast.
type inputFlags struct {
	set         *pflag.FlagSet
	filter      string
	inner       bool
	from, to    duration
	packets     uint64
	direction   string
	merge       bool
	speed, rate string
}

func newInputFlags(set *pflag.FlagSet) *inputFlags {
	f := &inputFlags{set: set}
	set.StringVar(&f.filter, "filter", "", "")
	set.BoolVar(&f.inner, "inner", false, "")
	set.Var(&f.from, "from", "")
	set.Var(&f.to, "to", "")
	set.Uint64Var(&f.packets, "packets", 0, "")
	set.StringVar(&f.direction, "direction", "in", "")
	set.BoolVar(&f.merge, "merge", false, "")
	set.StringVar(&f.speed, "speed", "1x", "")
	set.StringVar(&f.rate, "rate", "", "")
	return f
}

// replayed is a finished replay and what was learnt of its captures.
type replayed struct {
	result *dispatch.Result
	files  []file.Info
	order  file.Order
	rule   string // how directions were told
	scale  dispatch.Scale

	directions       *direction.Directions // what told them
	directionUnknown bool                  // no rule told them
}

// input is the checked inputFlags.
type input struct {
	flags    *inputFlags
	captures []string
	filter   *file.Filter
	side     direction.Side
	local    string // as --local says it
	scale    dispatch.Scale
	rate     *rate                 // nil without --rate
	more     []dispatch.Scenario   // replayed in the same pass
	settled  *direction.Directions // what an earlier pass learnt of directions; nil: nothing
}

// resolve checks the flags, and adds them to the parameters in force.
func (f *inputFlags) resolve(captures []string, s *settings) (*input, error) {
	in := &input{flags: f, captures: captures, local: s.local.String()}
	if f.set.Changed("to") && f.to <= f.from {
		return nil, usagef("--to %s is not after --from %s: no packet lies between", &f.to, &f.from)
	}
	if f.set.Changed("rate") && f.set.Changed("speed") {
		return nil, usagef("--rate contradicts --speed: both scale the gaps between packets; give one of them")
	}
	speed, err := parseSpeed(f.speed)
	if err != nil {
		return nil, asUsage(err)
	}
	in.scale = dispatch.ScaleOf(speed.Inv(speed))
	if f.set.Changed("rate") {
		if in.rate, err = parseRate(f.rate); err != nil {
			return nil, asUsage(err)
		}
		if err := checkTwice("--rate", captures); err != nil {
			return nil, err
		}
	}
	if f.set.Changed("packets") && f.packets == 0 {
		return nil, usagef("--packets 0 leaves no packet to replay: leave the flag out to replay all")
	}
	if in.side, err = direction.ParseSide(f.direction); err != nil {
		return nil, asUsage(err)
	}
	if f.filter != "" {
		if in.filter, err = file.NewFilter(f.filter); err != nil {
			if hint := filterHint(f.filter); hint != "" {
				return nil, usagef("--filter %q: %s", f.filter, hint)
			}
			return nil, asUsage(err)
		}
	}
	f.addTo(s)
	return in, nil
}

func (f *inputFlags) addTo(s *settings) {
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
	s.parameters = append(s.parameters,
		report.Parameter{Name: "inner", Value: f.inner, Source: source("inner")},
		report.Parameter{Name: "from", Value: int64(f.from), Text: f.from.String(), Source: source("from")}, end,
		report.Parameter{Name: "speed", Value: f.speed, Source: source("speed")}, rate)
	if f.filter != "" {
		s.parameters = append(s.parameters, report.Parameter{Name: "filter", Value: f.filter, Source: "--filter"})
	}
	if f.set.Changed("packets") {
		s.parameters = append(s.parameters, report.Parameter{Name: "packets", Value: f.packets, Source: "--packets"})
	}
	if f.set.Changed("direction") {
		s.parameters = append(s.parameters, report.Parameter{Name: "direction", Value: f.direction, Source: "--direction"})
	}
	if f.merge {
		s.parameters = append(s.parameters, report.Parameter{Name: "merge", Value: true, Source: "--merge"})
	}
}

// watch is told what happens in a replay, or keeps its packets or what its folds hold, as
// dispatch.Options has it; the zero value tells nobody.
type watch struct {
	observe engine.Observer
	arrive  func(dispatch.Arrival)
	cut     dispatch.Cut
	tape    *dispatch.Tape
}

// add lets another observer know, too.
func (w *watch) add(o engine.Observer) {
	first := w.observe
	if first == nil {
		w.observe = o
		return
	}
	w.observe = func(e engine.Event) {
		first(e)
		o(e)
	}
}

// replay replays the captures; with --rate it reads them once before, to learn
// the rate that they have.
func (in *input) replay(e *env, s *settings, w watch) (*replayed, error) {
	scale := in.scale
	if in.rate != nil {
		seen, err := in.pass(e, s, nil, nil, dispatch.Scale{}, watch{})
		if err != nil {
			return nil, err
		}
		if errors.Is(seen.result.Damage, file.ErrInterrupted) {
			return nil, errors.New("interrupted while the rate was measured (--rate): nothing was replayed")
		}
		if scale, err = in.rate.scale(seen.result); err != nil {
			return nil, err
		}
	}
	return in.pass(e, s, s.modes, in.more, scale, w)
}

// pass replays the captures; again if they hold sent packets and did not look so.
func (in *input) pass(e *env, s *settings, modes []engine.Mode, more []dispatch.Scenario, scale dispatch.Scale, w watch) (*replayed, error) {
	repeatable := in.settled == nil && w.observe == nil && w.arrive == nil && readableOnce(in.captures) == ""
	done, err := in.read(e, s, modes, more, scale, w, repeatable)
	if errors.Is(err, dispatch.ErrSent) {
		return in.read(e, s, modes, more, scale, w, false)
	}
	return done, err
}

// read is pass without a second try.
func (in *input) read(e *env, s *settings, modes []engine.Mode, more []dispatch.Scenario, scale dispatch.Scale, w watch, repeatable bool) (*replayed, error) {
	src, err := file.OpenSet(in.captures, e.stdin, in.flags.merge)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	interrupted, stop := e.interrupts()
	defer stop()
	src.InterruptBy(interrupted)
	if e.terminal {
		p := &progress{out: e.stderr, read: src.Progress}
		defer p.start(progressAfter, progressEvery)()
	}
	directions := in.settled
	if directions == nil {
		directions = direction.NewDirections(s.local)
		directions.Take(in.side)
	}
	result, err := dispatch.Replay(src, dispatch.Options{
		Config: &s.config, Steering: s.steering, Modes: modes, More: more, Directions: directions, Repeatable: repeatable, ATR: s.profile != nil && s.profile.NTuple.ATR, Filter: in.filter, Inner: in.flags.inner,
		From: int64(in.flags.from), To: int64(in.flags.to), Packets: in.flags.packets, Scale: scale, Observe: w.observe, Arrive: w.arrive, Cut: w.cut, Tape: w.tape,
	})
	if err != nil {
		return nil, err
	}
	return &replayed{
		result: result, files: src.Info(), order: src.Order(), scale: scale,
		rule: directions.Rule(), directions: directions, directionUnknown: directions.Unknown(),
	}, nil
}

// parseSpeed reads "2x" or "0.5".
func parseSpeed(s string) (*big.Rat, error) {
	r, err := parseDecimal(strings.TrimSuffix(s, "x"))
	if err != nil {
		return nil, fmt.Errorf("--speed must be a factor from 0.000000000001x to 999999999999x, as 2x or 0.5x, not %q", s)
	}
	return r, nil
}

// parseDecimal reads a plain decimal number above 0 and below 10¹², with at most
// 12 decimals.
func parseDecimal(s string) (*big.Rat, error) {
	whole, decimals, _ := strings.Cut(s, ".")
	if len(whole) > 12 || len(decimals) > 12 || strings.ContainsFunc(whole+decimals, func(r rune) bool { return r < '0' || r > '9' }) {
		return nil, errors.New("not a decimal number")
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || r.Sign() <= 0 {
		return nil, errors.New("not a decimal number above 0")
	}
	return r, nil
}

// rate is a mean rate of the received packets: bits or packets per second.
type rate struct {
	text      string
	perSecond *big.Rat
	bits      bool
}

// parseRate reads "10Gbps" or "1.5Mpps".
func parseRate(s string) (*rate, error) {
	wrong := fmt.Errorf("--rate must be in bit/s or packets/s, as 10Gbps, 100Mbps, 1Mpps or 500kpps, not %q", s)
	r := &rate{text: s}
	number, ok := strings.CutSuffix(s, "bps")
	if r.bits = ok; !ok {
		if number, ok = strings.CutSuffix(s, "pps"); !ok {
			return nil, wrong
		}
	}
	factor := int64(1)
	for _, prefix := range []struct {
		letters string
		factor  int64
	}{{"kK", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}} {
		if number != "" && strings.ContainsRune(prefix.letters, rune(number[len(number)-1])) {
			number, factor = number[:len(number)-1], prefix.factor
			break
		}
	}
	var err error
	if r.perSecond, err = parseDecimal(number); err != nil {
		return nil, wrong
	}
	r.perSecond.Mul(r.perSecond, big.NewRat(factor, 1))
	return r, nil
}

// scale is what brings the received packets of a replay to the rate.
func (r *rate) scale(seen *dispatch.Result) (dispatch.Scale, error) {
	amount := seen.Received
	if r.bits {
		amount = 8 * (seen.Bytes - seen.SentBytes)
	}
	if amount == 0 || seen.Duration == 0 {
		return dispatch.Scale{}, usagef("--rate %s: the packets received span no time, so there is no rate to scale", r.text)
	}
	// The duration at that rate, beside the one there is, in ns.
	want := new(big.Rat).SetFrac(new(big.Int).Mul(new(big.Int).SetUint64(amount), big.NewInt(1e9)), big.NewInt(1))
	want.Quo(want, r.perSecond)
	return dispatch.ScaleOf(want.Quo(want, new(big.Rat).SetInt64(seen.Duration))), nil
}

// wiresharkField is a display filter's field and its operator: tcp.port == 443.
var wiresharkField = regexp.MustCompile(`^(ip|ipv6|tcp|udp|sctp)\.(port|srcport|dstport|addr|src|dst|host)\s*(==|eq)\s*(\S+)$`)

// filterHint is a display filter of Wireshark's in libpcap's language: "" for what is
// none, or too much to translate.
func filterHint(expr string) string {
	m := wiresharkField.FindStringSubmatch(strings.TrimSpace(expr))
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
