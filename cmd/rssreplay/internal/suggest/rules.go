package suggest

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/nicmodel/profile"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/anonymize"
)

// This file is the rules that give one flow, all between two hosts where it has no ports,
// or all that goes to one port a queue of its own.

// rules looks for them on the whole capture, and judges them on its folds.
func (c *candidates) rules() {
	s := c.settings
	switch {
	case s.Tool() != profile.Ethtool:
		return
	case s.Config.RPS.Steers():
		c.decline("flow-rule", "No rule is looked for under RPS: it would move a flow's interrupts, and the masks the rest of its work.")
		return
	case c.input.Flags.Inner():
		c.decline("flow-rule", "No rule is looked for with --inner: a NIC's rules compare the outer headers.")
		return
	}
	ends := c.endsOf()
	if c.rule("flow-rule", c.group(ends), ends) {
		return // a port's rule would take the same
	}
	port := func(f *dispatch.Flow) groupKey {
		return groupKey{kind: kindOf(f), destinationPort: f.DestinationPort}
	}
	c.rule("port-rule", slices.DeleteFunc(c.group(port), func(g *group) bool { return g.flows < 2 }), port)
}

// leastOfContext is the share of the packets from which on it is said that the table of an
// RSS context is not searched.
const leastOfContext = 0.1

// contextTables says of which RSS contexts, to which rules lead many packets, the tables are
// not searched.
func (c *candidates) contextTables() {
	for _, context := range c.contexts {
		packets := context.Unhashed.Packets
		for _, entry := range context.Entries {
			packets += entry.Packets
		}
		if share := float64(packets) / float64(c.whole.Result.Received); share >= leastOfContext {
			c.decline("context", "Rules lead %.1f%% of the packets to RSS context %d, whose own table is not searched. To do so, take these packets alone with --filter, without the rules, and its text (without a prompt) as --table; the ethtool command for it ends in `context %[2]d`.", 100*share, context.Context)
		}
	}
}

// endsOf is the key of the rule that would take a flow: its ends with their ports or, if
// it has none, its addresses. An IP rule takes more of what goes between these, by the
// driver's meaning of it: all that is one group.
func (c *candidates) endsOf() func(f *dispatch.Flow) groupKey {
	s, result := c.settings, c.cut.Result
	var ip steer.IPKind
	switch there := s.Steering.NTuple(); {
	case there != nil:
		ip = there.Options().IP
	case s.Profile != nil:
		ip = s.Profile.NTuple.IP
	}
	// taken is the pair of the flow's addresses, if an IP rule takes it.
	taken := func(f *dispatch.Flow) (pair groupKey, ok bool) {
		pair = groupKey{kind: steer.IP4, source: f.Source, destination: f.Destination, others: ip == steer.OtherIP}
		icmp := pcaps.ProtoICMP
		if f.Version == 6 {
			pair.kind, icmp = steer.IP6, pcaps.ProtoICMPv6
		}
		transport := f.Protocol == pcaps.ProtoTCP || f.Protocol == pcaps.ProtoUDP
		switch {
		case f.Version == 0 || f.Rule > 0:
			return groupKey{}, false
		case ip == steer.OtherIP: // of TCP, UDP and SCTP fragments alone: what else has no ports was cut off
			return pair, !f.HasPorts && !(result.Snapped > 0 && (transport || f.Protocol == pcaps.ProtoSCTP))
		case ip == steer.BnxtIP && f.Protocol == icmp: // every version of the driver takes that
			pair.protocol = uint8(icmp)
			return pair, true
		case ip == steer.BnxtIP && !transport: // ESP, say: Linux 6.12's driver has a number for any
			pair.protocol = steer.AnyProtocol
			return pair, !f.HasPorts
		}
		return pair, true
	}
	portless := map[groupKey]bool{}
	for id := range uint32(result.NumFlows) {
		if f := result.Flow(id); !f.HasPorts {
			if pair, ok := taken(&f); ok {
				portless[pair] = true
			}
		}
	}
	return func(f *dispatch.Flow) groupKey {
		pair, ok := taken(f)
		if all := pair; f.Version != 0 && f.Rule == 0 { // whatever it is, if such a rule is needed
			if all.protocol = steer.AnyProtocol; portless[all] {
				return all
			}
		}
		if ok && portless[pair] {
			return pair
		}
		return groupKey{kind: kindOf(f), source: f.Source, destination: f.Destination, sourcePort: f.SourcePort, destinationPort: f.DestinationPort}
	}
}

// groupKey is what a rule compares: a flow's ends, its addresses (of the kinds IP4 and
// IP6), or a destination port alone.
type groupKey struct {
	kind                        steer.Kind
	source, destination         netip.Addr // not valid: not compared
	sourcePort, destinationPort uint16
	protocol                    uint8 // of an IP rule; 0: not compared
	others                      bool  // an IP rule that leaves TCP, UDP and SCTP to others
}

// pair reports whether it compares addresses, and no ports.
func (k *groupKey) pair() bool { return k.kind == steer.IP4 || k.kind == steer.IP6 }

// words is the rule as ethtool takes it.
func (k *groupKey) words(queue int) string {
	if k.pair() {
		protocol := ""
		if k.protocol != 0 {
			protocol = fmt.Sprintf(" l4proto %d", k.protocol)
		}
		return fmt.Sprintf("flow-type %s src-ip %s dst-ip %s%s action %d", k.kind, k.source, k.destination, protocol, queue)
	}
	if !k.source.IsValid() {
		return fmt.Sprintf("flow-type %s dst-port %d action %d", k.kind, k.destinationPort, queue)
	}
	return fmt.Sprintf("flow-type %s src-ip %s dst-ip %s src-port %d dst-port %d action %d", k.kind, k.source, k.destination, k.sourcePort, k.destinationPort, queue)
}

// String names what the rule takes.
func (k *groupKey) String() string {
	if k.pair() {
		what := "all that goes"
		switch {
		case k.others:
			what = "what goes without ports"
		case k.protocol != 0 && k.protocol != steer.AnyProtocol:
			what = "what goes by " + pcaps.ProtocolName(int(k.protocol))
		}
		return fmt.Sprintf("%s from %s to %s", what, k.source, k.destination)
	}
	protocol := strings.TrimRight(k.kind.String(), "46")
	if !k.source.IsValid() {
		return fmt.Sprintf("all that goes to %s port %d over IPv%d", protocol, k.destinationPort, k.kind.Version())
	}
	return fmt.Sprintf("the flow %s %s → %s", protocol, netip.AddrPortFrom(k.source, k.sourcePort), netip.AddrPortFrom(k.destination, k.destinationPort))
}

// shown is k with what may be shown of its ends.
func (k *groupKey) shown(by *anonymize.Anonymizer) *groupKey {
	return &groupKey{k.kind, by.Addr(k.source), by.Addr(k.destination), by.Port(k.sourcePort), by.Port(k.destinationPort), k.protocol, k.others}
}

// kindOf is the kind of rule that can compare the flow's ports; Unknown if there is none,
// or another rule takes the flow.
func kindOf(f *dispatch.Flow) steer.Kind {
	if !f.HasPorts || f.Rule > 0 {
		return steer.Unknown
	}
	kinds := map[int][2]steer.Kind{pcaps.ProtoTCP: {steer.TCP4, steer.TCP6}, pcaps.ProtoUDP: {steer.UDP4, steer.UDP6}, pcaps.ProtoSCTP: {steer.SCTP4, steer.SCTP6}}[f.Protocol]
	if f.Version == 6 {
		return kinds[1]
	}
	return kinds[0]
}

// group is the flows that one rule takes, and what they load.
type group struct {
	groupKey
	flows uint64
	folds [dispatch.MaxFolds]uint64   // in each of the folds, in all
	slots [dispatch.MaxFolds][]uint64 // and by the table's entries, the last for what has no hash
}

// heavyGroups are as many groups as are looked at of each fold.
const heavyGroups = 4

// group sorts the flows into groups, and keeps those that are heavy in a fold.
func (c *candidates) group(key func(f *dispatch.Flow) groupKey) []*group {
	all := map[groupKey]*group{}
	c.eachGrouped(key, func(_ *dispatch.Flow, k groupKey, folds *[dispatch.MaxFolds]uint64) {
		g := all[k]
		if g == nil {
			g = &group{groupKey: k}
			all[k] = g
		}
		g.flows++
		for i, load := range folds {
			g.folds[i] += load
		}
	})
	heavy := heaviest(all, len(c.cut.Result.Folds()))
	slots := len(c.settings.Config.Table) + 1
	for _, g := range heavy {
		for i := range g.slots {
			g.slots[i] = make([]uint64, slots)
		}
	}
	c.eachGrouped(key, func(f *dispatch.Flow, k groupKey, folds *[dispatch.MaxFolds]uint64) {
		g := heavy[k]
		if g == nil {
			return
		}
		slot := f.Entry
		if slot < 0 {
			slot = slots - 1
		}
		for i, load := range folds {
			g.slots[i][slot] += load
		}
	})
	kept := make([]*group, 0, len(heavy))
	for _, g := range heavy {
		kept = append(kept, g)
	}
	slices.SortFunc(kept, func(a, b *group) int { return a.compare(&b.groupKey) })
	return kept
}

// eachGrouped visits the flows that a rule can take, with what each loads in each of the
// folds. Bytes are the flow's mean over the capture.
func (c *candidates) eachGrouped(key func(f *dispatch.Flow) groupKey, visit func(f *dispatch.Flow, k groupKey, folds *[dispatch.MaxFolds]uint64)) {
	result := c.cut.Result
	for id := range uint32(result.NumFlows) {
		f := result.Flow(id)
		k := key(&f)
		if k.kind == steer.Unknown {
			continue
		}
		var folds [dispatch.MaxFolds]uint64
		for i, n := range result.InFolds(id) {
			folds[i] = c.weight(engine.EntryLoad{Packets: uint64(n), Bytes: uint64(float64(n) * float64(f.Bytes) / float64(f.Packets))})
		}
		visit(&f, k, &folds)
	}
}

// heaviest are those of the groups that are among the heaviest of one of the folds.
func heaviest(all map[groupKey]*group, folds int) map[groupKey]*group {
	heavy := map[groupKey]*group{}
	for i := range folds {
		var most []*group // the heaviest first
		for _, g := range all {
			at, _ := slices.BinarySearchFunc(most, g, func(a, b *group) int {
				return cmp.Or(cmp.Compare(b.folds[i], a.folds[i]), a.compare(&b.groupKey))
			})
			if at < heavyGroups {
				most = slices.Insert(most, at, g)
				most = most[:min(len(most), heavyGroups)]
			}
		}
		for _, g := range most {
			heavy[g.groupKey] = g
		}
	}
	return heavy
}

// compare orders groups.
func (k *groupKey) compare(o *groupKey) int {
	return cmp.Or(cmp.Compare(k.kind, o.kind), k.source.Compare(o.source), k.destination.Compare(o.destination),
		cmp.Compare(k.sourcePort, o.sourcePort), cmp.Compare(k.destinationPort, o.destinationPort), cmp.Compare(k.protocol, o.protocol))
}

// pinning is the search over the groups, and the folds as its tasks.
func (c *candidates) pinning(groups []*group) (*balance.Pinning, []balance.Equal, []*balance.Task) {
	config := &c.settings.Config
	withDefault := func(table nicmodel.IndirectionTable) nicmodel.IndirectionTable {
		return append(slices.Clone(table), uint16(config.DefaultQueue))
	}
	p := &balance.Pinning{Groups: len(groups), Tables: []nicmodel.IndirectionTable{withDefault(config.Table)}, Spared: []int{-1}}
	layouts := []balance.Equal{{}}
	settable := c.settings.Profile == nil || c.settings.Profile.Unsettable(profile.SetTable) == 0
	if queues := len(c.balance.QueueCPU); queues > 2 && settable {
		for _, spares := range []balance.Equal{{Queues: queues - 1}, {Queues: queues - 1, Start: 1}} {
			if table, err := assemble.FillLayout(spares.Layout(), len(config.Table), config.Queues); err == nil {
				layouts = append(layouts, spares)
				p.Tables, p.Spared = append(p.Tables, withDefault(table)), append(p.Spared, (spares.Start+queues-1)%queues)
			}
		}
	}
	var tasks []*balance.Task
	for i, fold := range c.cut.Result.Folds() {
		b := &balance.Task{Fixed: make([]uint64, len(config.CPUs)), QueueCPU: config.QueueCPU}
		for queue, load := range fold.Loads(config).Ruled {
			b.Fixed[config.QueueCPU[queue]] += c.weight(load)
		}
		for _, load := range fold.Entries {
			b.Entries = append(b.Entries, c.weight(load))
		}
		b.Entries = append(b.Entries, c.weight(fold.Unhashed))
		for _, g := range groups {
			for slot, load := range g.slots[i] {
				load = min(load, b.Entries[slot]) // of flows that meet several entries all counts on one
				g.slots[i][slot] = load
				b.Entries[slot] -= load
			}
		}
		for _, g := range groups {
			b.Entries = append(b.Entries, g.slots[i]...)
		}
		tasks = append(tasks, b)
	}
	return p, layouts, tasks
}

// rule adds the rule for the best of the groups, or declines it; ok is false if there is
// nothing to be said of one.
func (c *candidates) rule(id string, groups []*group, key func(f *dispatch.Flow) groupKey) (ok bool) {
	if len(groups) == 0 {
		return false
	}
	p, layouts, tasks := c.pinning(groups)
	whole := balance.Sum(tasks)
	pin, ok := p.Find(whole)
	if !ok {
		return false
	}
	g := groups[pin.Group]
	_, mean := p.Presence(tasks, pin.Group)
	summary := fmt.Sprintf("Queue %d for %s, %.1f%% of the %s", pin.Queue, g.shown(c.settings.Shown), 100*mean, report.Counted[c.by])
	if pin.Table > 0 {
		summary += fmt.Sprintf("; the table leaves it alone there, %s", layouts[pin.Table].Args())
	}
	summary += "."
	if c.settings.Profile == nil {
		c.decline(id, "%s Not every NIC takes such a rule: name it with --nic to have it judged.", summary)
		return true
	}
	known := &c.settings.Profile.NTuple
	switch {
	case known.Kinds == nil:
		c.decline(id, "%s Whether the driver takes such a rule is not known (profile %s).", summary, c.settings.Profile.Name)
		return true
	case !known.Takes(g.kind):
		c.decline(id, "%s The driver %s (profile %s).", summary, known.Refuses(&steer.Rule{Kind: g.kind}), c.settings.Profile.Name)
		return true
	}
	gate, why := c.judgeRule(p, tasks, pin.Group)
	if !c.passes(id, summary, gate, func() string { return why }) {
		return true
	}
	c.addRule(&pinned{
		id: id, summary: summary, group: g, has: func(f *dispatch.Flow) bool { return key(f) == g.groupKey },
		Pin: pin, table: p.Tables[pin.Table][:p.Size()-1], layout: layouts[pin.Table], gate: gate,
	})
	return true
}

// judgeRule is the verdict on a rule for the group, and what would keep it from lasting; nil
// where it can't be judged.
func (c *candidates) judgeRule(p *balance.Pinning, tasks []*balance.Task, group int) (gate *report.Gate, why string) {
	if c.cut.Result.Passed() < balance.LeastPackets {
		return nil, ""
	}
	judge := balance.NewJudge(tasks, p.Now())
	share := assemble.KnownShare(c.cut.Result, judge)
	v := &judge.Of(p.Fit)[0]
	gate = gateOf(v, p.Lasts(tasks, group, float64(share)))
	if v.Holds() {
		least, mean := p.Presence(tasks, group)
		return gate, fmt.Sprintf("It might not last: on average it has %.1f%% of an eighth of the packets, but of one of them only %.1f%%.", 100*mean, 100*least)
	}
	return gate, gate.Reason(balance.LeastGain, balance.LeastFoldT, share)
}

// pinned is a group that gets a queue of its own.
type pinned struct {
	id, summary string
	group       *group
	has         func(f *dispatch.Flow) bool // the group has the flow
	balance.Pin
	table  nicmodel.IndirectionTable // for the rest
	layout balance.Equal             // its rule, where that is not the present table
	gate   *report.Gate              // nil where it was not judged
}

// addRule adds the candidate, or declines it where the driver does not take the rule beside
// those that there are.
func (c *candidates) addRule(p *pinned) {
	s, g := c.settings, p.group
	known := &s.Profile.NTuple
	refuse := func(err error) { c.decline(p.id, "%s %s.", p.summary, s.Shown.Words(err.Error(), "It can't be set")) }
	command, err := steer.ParseCommand(g.words(p.Queue))
	if err != nil {
		refuse(err)
		return
	}
	there := s.Steering.NTuple()
	options := known.Options
	if there != nil {
		options = there.Options()
	}
	list, err := steer.Apply(there.All(), []steer.Command{command}, cmp.Or(known.Locations, settings.Locations))
	if err != nil {
		refuse(err)
		return
	}
	added := slices.IndexFunc(list, func(r steer.Rule) bool {
		return !slices.ContainsFunc(there.All(), func(o steer.Rule) bool { return o.Location == r.Location })
	})
	if other, why, ok := known.Clash(&list[added], list); ok {
		c.decline(p.id, "%s The driver %s, and filter %d is there (profile %s).", p.summary, why, other, s.Profile.Name)
		return
	}
	rules, err := steer.New(list, options)
	if err != nil {
		refuse(err)
		return
	}
	moved := c.balance.Moves(s.Config.Table, p.table)
	one := &candidate{
		Suggestion: report.Suggestion{ID: p.id, Goal: report.GoalBalance, Summary: p.summary, Gate: p.gate, EntriesMoved: &moved}, member: p.has, queue: p.Queue,
		settings: changed(s, func(config *nicmodel.SteeringConfig) { config.Table, config.NTuple = p.table, rules }),
	}
	c.sayCommands(one, p)
	one.Note = ruleNote(known, g)
	if len(there.All()) > 0 && known.Masks == profile.MasksUnknown {
		one.Note = strings.TrimSpace(one.Note + " Many drivers take one set of fields for all rules of a kind: this one may be refused beside those that there are.")
	}
	c.list = append(c.list, one)
}

// sayCommands sets the commands and parameters that pin a group.
func (c *candidates) sayCommands(one *candidate, p *pinned) {
	if known := &c.settings.Profile.NTuple; takesRulesFirst(known) {
		one.Commands = append(one.Commands, strings.Replace(known.OffATR, "DEV", c.device, 1))
	}
	if p.Table > 0 {
		one.Commands = append(one.Commands, fmt.Sprintf("ethtool -X %s %s", c.device, p.layout.Args()))
		one.Parameters = suggested("layout", p.layout.Layout())
	}
	words := p.group.shown(c.settings.Shown).words(p.Queue)
	one.Commands = append(one.Commands, fmt.Sprintf("ethtool -N %s %s", c.device, words))
	one.Parameters = append(one.Parameters, suggested("rule", words)...)
}

// takesRulesFirst tells whether a command that turns ATR off lets the driver take rules.
func takesRulesFirst(known *profile.NTuple) bool {
	return known.ATR && strings.Contains(known.OffATR, "ntuple")
}

// ruleNote is what a driver makes of a rule for the group beside what the rule says.
func ruleNote(known *profile.NTuple, g *group) string {
	bnxtPair := known.IP == steer.BnxtIP && g.pair()
	switch {
	case bnxtPair && g.protocol == 0:
		return fmt.Sprintf("Linux 6.12's driver takes such a rule with `l4proto %d` alone, which stands for any protocol.", steer.AnyProtocol)
	case bnxtPair && g.protocol == steer.AnyProtocol:
		return fmt.Sprintf("Linux 6.12's driver takes rules of IP for ICMP or, by `l4proto %d`, for any protocol; its firmware decides what that is: look whether the queue's counter grows.", steer.AnyProtocol)
	case takesRulesFirst(known):
		return "The first command lets the driver take rules, and turns ATR off: connections that ATR moved go by the table again."
	case known.ATR && (g.kind == steer.TCP4 || g.kind == steer.TCP6):
		return "A rule on TCP turns ATR off: connections that ATR moved go by the table again."
	}
	return ""
}

// moved is what goes to another CPU under a candidate with a rule, by the flows' first
// packets.
func (c *candidates) moved(one *candidate) (moved engine.EntryLoad) {
	result, config := c.whole.Result, &c.settings.Config
	for id := range uint32(result.NumFlows) {
		f := result.Flow(id)
		if f.Queue < 0 {
			continue
		}
		queue := f.Queue
		switch {
		case one.member(&f):
			queue = one.queue
		case f.Rule > 0:
		case f.Entry >= 0:
			queue = int(one.settings.Config.Table[f.Entry])
		}
		if config.QueueCPU[queue] != config.QueueCPU[f.Queue] {
			moved.Flows++
			moved.Packets += f.Packets
		}
	}
	return moved
}
