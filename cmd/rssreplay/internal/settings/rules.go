package settings

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/nictext"
	"rssreplay/nicmodel/profile"
	"rssreplay/nicmodel/steer"
)

// ruleFlags name what decides before the indirection table.
type ruleFlags struct {
	file     string   // the text of `ethtool -n DEV`
	rules    []string // in ethtool's words, added to it
	order    string
	ip       string
	contexts []string // N=FILE
}

func (f *ruleFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.file, "rules", "", "")
	set.Var((*cli.Texts)(&f.rules), "rule", "")
	set.StringVar(&f.order, "rule-order", "location", "")
	set.StringVar(&f.ip, "ip-rules", "all", "")
	set.Var((*cli.Texts)(&f.contexts), "context", "")
}

// Locations are as many as a NIC has for rules, where the profile does not say: as in
// ethtool's examples, so that the first rule without a location is filter 2045.
const Locations = 2046

// parseContext reads N=FILE.
func parseContext(given string) (context int, path string, err error) {
	number, path, ok := strings.Cut(given, "=")
	context, err = strconv.Atoi(number)
	if !ok || err != nil || context < 1 || path == "" {
		return 0, "", fmt.Errorf("--context must be N=FILE, as 2=context2.txt, N from 1 on, and the file the text of `ethtool -x DEV context N`; not %q", given)
	}
	return context, path, nil
}

var (
	orderNames  = []string{"location", "most-fields"} // by steer.Order
	ipRuleNames = []string{"all", "other", "bnxt"}    // by steer.IPKind
)

// filters sets the rules, and the contexts that they may lead to.
func (r *resolver) filters() error {
	if err := r.readContexts(); err != nil {
		return err
	}
	if r.imports.rules.value == nil && len(r.flags.rules.rules) == 0 {
		return r.idle("says something of rules, and there are none: give them with --rules or --rule", "rule-order", "ip-rules", "context")
	}
	known := profile.NTuple{}
	if r.Profile != nil {
		known = r.Profile.NTuple
	}
	options, err := r.ruleOptions(known)
	if err != nil {
		return err
	}
	rules, source, err := r.givenRules(known)
	if err != nil {
		return err
	}
	if err := r.bundledContexts(rules); err != nil {
		return err
	}
	if r.ntuple, err = steer.New(rules, options); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	if r.ntuple.Unmatchable() {
		r.Caveats = append(r.Caveats, "A rule that compares user data takes no packet here: packets have none.")
	}
	r.rulesFrom = source
	r.add("rules", len(rules), "", source)
	r.add("rule-order", r.flags.rules.order, "", r.source("rule-order"))
	r.add("ip-rules", r.flags.rules.ip, "", r.source("ip-rules"))
	return nil
}

// ruleOptions are which of several rules wins, and what an IP rule takes.
func (r *resolver) ruleOptions(known profile.NTuple) (steer.Options, error) {
	if r.Profile != nil {
		r.offerOfProfile("rule-order", orderNames[known.Order])
		r.offerOfProfile("ip-rules", ipRuleNames[known.IP])
	}
	f := &r.flags.rules
	order, ip := slices.Index(orderNames, f.order), slices.Index(ipRuleNames, f.ip)
	switch {
	case order < 0:
		return steer.Options{}, fmt.Errorf("--rule-order must be location or most-fields, not %q", f.order)
	case ip < 0:
		return steer.Options{}, fmt.Errorf("--ip-rules must be all, other or bnxt, not %q", f.ip)
	}
	return steer.Options{Any: known.Any, Order: steer.Order(order), IP: steer.IPKind(ip)}, nil
}

// givenRules are the rules of the text, and those that --rule adds or deletes; and where
// they come from.
func (r *resolver) givenRules(known profile.NTuple) (rules []steer.Rule, source string, err error) {
	source = "--rule"
	given := r.flags.rules.rules
	if listed := r.imports.rules; listed.value != nil {
		rules, source = listed.value.List, listed.from
		switch unknown := slices.Sorted(slices.Values(listed.value.Unknown)); len(unknown) {
		case 0:
		case 1:
			r.Caveats = append(r.Caveats, fmt.Sprintf("%s: filter %d is of a type that ethtool did not know: here it takes no packet.", listed.from, unknown[0]))
		default:
			r.Caveats = append(r.Caveats, fmt.Sprintf("%s: the filters %s are of types that ethtool did not know: here they take no packet.", listed.from, nicmodel.CPUListOf(unknown)))
		}
		if cut := listed.value.Cut; len(cut) > 0 {
			more := ""
			if len(cut) > 1 {
				more = fmt.Sprintf(" (nor have %d others all of theirs)", len(cut)-1)
			}
			r.Caveats = append(r.Caveats, fmt.Sprintf("%s: filter %d has no line of its %s%s: it takes packets whatever they have there. If the listing is cut, give it whole.", listed.from, cut[0].Location, strings.Join(cut[0].Fields, ", "), more))
		}
		if len(given) == 0 {
			return rules, source, nil
		}
		if len(rules) > 0 && len(known.Kinds) == 0 {
			known.Kinds = nil // its driver is not the one that is known to take none
		}
		source += ", --rule"
	}
	var commands []steer.Command
	for _, words := range given {
		c, err := steer.ParseCommand(words)
		if err != nil {
			return nil, "", fmt.Errorf("--rule %q: %w", words, err)
		}
		if refused := known.Refuses(&c.Rule); !c.Delete && refused != "" {
			return nil, "", fmt.Errorf("--rule %q: the driver of %s %s%s", words, r.Profile.Name, refused, takers(&c.Rule))
		}
		commands = append(commands, c)
	}
	there := rules
	if rules, err = steer.Apply(there, commands, cmp.Or(known.Locations, Locations)); err != nil {
		return nil, "", fmt.Errorf("--rule: %w", err)
	}
	return rules, source, r.checkMasks(&known, there, rules)
}

// checkMasks reports a rule that the driver would refuse for what those beside it compare;
// those that were there it has taken.
func (r *resolver) checkMasks(known *profile.NTuple, there, rules []steer.Rule) error {
	for i := range rules {
		rule := &rules[i]
		if slices.ContainsFunc(there, func(o steer.Rule) bool { return reflect.DeepEqual(o, *rule) }) {
			continue
		}
		if other, why, ok := known.Clash(rule, rules); ok {
			return fmt.Errorf("--rule: the driver of %s %s, and filter %d (%s) compares others than filter %d: make them alike, or delete one",
				r.Profile.Name, why, rule.Location, rule.Kind, other)
		}
	}
	return nil
}

// ATR reports whether Intel's ATR may move connections: the driver has it on by default,
// and neither rules nor a text say that it is off.
func (s *Settings) ATR() bool {
	p := s.Profile
	if p == nil || !p.NTuple.ATR {
		return false
	}
	rules := s.Steering.NTuple().All()
	if strings.Contains(p.NTuple.OffATR, "ntuple") { // ixgbe's: rules take its place
		return !s.ntupleOn && len(rules) == 0
	}
	return !slices.ContainsFunc(rules, func(r steer.Rule) bool { return r.Kind == steer.TCP4 || r.Kind == steer.TCP6 })
}

// takers says which drivers take such a rule.
func takers(rule *steer.Rule) string {
	names := profile.TakersOf(rule)
	if len(names) == 0 {
		return "; no driver is known that does"
	}
	return "; those of " + strings.Join(names, ", ") + " do"
}

// bundledContexts takes the tables of the RSS contexts that rules lead to from the bundle,
// or from beside the main table, where no --context gives them.
func (r *resolver) bundledContexts(rules []steer.Rule) error {
	for _, rule := range rules {
		text := r.imports.contexts[rule.Context]
		_, given := r.contexts[rule.Context]
		if rule.Action != steer.ToContext || text == nil || given || len(text.value.Table) == 0 {
			continue
		}
		r.Asides = append(r.Asides, fmt.Sprintf("RSS context %d has the table of %s.", rule.Context, text.from))
		flag := "--bundle"
		if text.from == r.imports.table.from {
			flag = r.tableFlag()
		}
		if err := r.addContext(rule.Context, text, flag); err != nil {
			return err
		}
	}
	return nil
}

// addContext is a context as its text shows it. A transformation counts where ethtool would
// show it: it knows those of vendors not at all, and or-xor since 6.15.
func (r *resolver) addContext(context int, text *imported[nictext.ImportedTable], flag string) error {
	t := text.value
	if err := checkFunction(t, flag, text.from); err != nil {
		return err
	}
	r.doubtsOf(t, text.from)
	added := nicmodel.Context{Table: t.Table, Key: t.Key}
	hidden := !r.xfrm.Shown() || r.xfrm == hash.SymmetricOrXOR && !t.OrXORShown
	if t.TransformShown && (t.Transform != hash.NoTransform || !hidden) {
		added.Transform = &t.Transform
	}
	r.contexts[context] = added
	return nil
}

// readContexts checks the contexts' tables.
func (r *resolver) readContexts() error {
	seen := map[int]bool{}
	r.contexts = map[int]nicmodel.Context{}
	for _, given := range r.flags.rules.contexts {
		context, _, err := parseContext(given)
		if err != nil {
			return err
		}
		if seen[context] {
			return fmt.Errorf("--context %d is given twice: leave one of them out", context)
		}
		seen[context] = true
		text := r.imports.contexts[context]
		t := text.value
		switch {
		case t.EntriesAreCPUs():
			return fmt.Errorf("--context %d: %s is Windows', which has no RSS contexts", context, text.from)
		case len(t.Table) == 0:
			return fmt.Errorf("--context %d: %s shows no indirection table: give the text of `ethtool -x DEV context %[1]d`", context, text.from)
		}
		if err := r.addContext(context, text, fmt.Sprintf("--context %d", context)); err != nil {
			return err
		}
	}
	return nil
}
