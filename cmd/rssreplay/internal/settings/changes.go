package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/rebalance"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/nictext"
)

// changeFlags say how the table and the affinity change while packets arrive.
type changeFlags struct {
	tables     []string // TIME=FILE
	affinities []string // likewise

	rebalance  string
	every, max cli.Duration
	threshold  float64
}

func (f *changeFlags) add(set *pflag.FlagSet) {
	f.every = cli.Duration(100 * time.Millisecond)
	set.Var((*cli.Texts)(&f.tables), "table-at", "")
	set.Var((*cli.Texts)(&f.affinities), "affinity-at", "")
	set.StringVar(&f.rebalance, "rebalance", "none", "")
	set.Var(&f.every, "rebalance-every", "")
	set.Var(&f.max, "rebalance-max", "")
	set.Float64Var(&f.threshold, "rebalance-threshold", 0.02, "")
}

// change is a text that holds from a time on.
type change struct {
	flag string // "--table-at"
	time cli.Duration
	path string

	table imported[nictext.ImportedTable] // or
	irq   imported[nictext.IRQs]
}

func (c *change) String() string { return fmt.Sprintf("%s %s=%s", c.flag, &c.time, c.path) }

// list is what the flags name; what is wrong with one is resolve's to say.
func (f *changeFlags) list() (changes []*change, err error) {
	for _, of := range []struct {
		flag, what string
		given      []string
	}{
		{"--table-at", "a table as --table takes it", f.tables}, {"--affinity-at", "interrupts as --irq takes them", f.affinities},
	} {
		for _, given := range of.given {
			c := &change{flag: of.flag}
			at, path, ok := strings.Cut(given, "=")
			wrong := c.time.Set(at)
			if !ok || path == "" || wrong != nil {
				why := ""
				if wrong != nil && ok {
					why = ": " + wrong.Error()
				}
				return changes, fmt.Errorf("%s must be TIME=FILE, as 1.5s=after.txt, TIME after the first packet, and the file %s; not %q%s", of.flag, of.what, given, why)
			}
			c.path = path
			if n := len(changes); n > 0 && changes[n-1].flag == c.flag && changes[n-1].time > c.time {
				return changes, fmt.Errorf("%s is earlier than %s before it: the times must not fall, so give it first", c, changes[n-1])
			}
			changes = append(changes, c)
		}
	}
	return changes, nil
}

// changes sets what changes while packets arrive.
func (r *resolver) changes() error {
	f, c := &r.flags.changes, &r.Config
	if _, err := f.list(); err != nil {
		return err
	}
	var tables, affinities []string
	for _, change := range r.imports.changes {
		named := fmt.Sprintf("%s=%s", &change.time, r.Shown.File(change.path))
		if change.flag == "--affinity-at" {
			at, err := r.affinityAt(change)
			if err != nil {
				return err
			}
			c.Affinities = append(c.Affinities, at)
			affinities = append(affinities, named)
			continue
		}
		at, err := r.tableAt(change)
		if err != nil {
			return err
		}
		c.Tables = append(c.Tables, at)
		tables = append(tables, named)
	}
	r.Sources = append(slices.Clone(tables), affinities...)
	if len(tables) > 0 {
		r.add("table-at", strings.Join(tables, ","), "", "--table-at")
	}
	if len(affinities) > 0 {
		r.add("affinity-at", strings.Join(affinities, ","), "", "--affinity-at")
	}
	return r.rebalancer()
}

// tableAt is a table by queues of the first one's affinity: of a text whose entries are
// CPUs, the lowest queue of each.
func (r *resolver) tableAt(of *change) (engine.TableAt, error) {
	at, t, c := engine.TableAt{Time: int64(of.time)}, of.table.value, &r.Config
	switch {
	case len(t.Table) == 0:
		return at, fmt.Errorf("%s: shows no indirection table", of)
	case len(t.Table) != len(c.Table):
		return at, fmt.Errorf("%s: it has %d entries, and the first table %d: a NIC's table keeps its size while it runs", of, len(t.Table), len(c.Table))
	}
	at.Table = slices.Clone(t.Table)
	for i, queue := range t.Table {
		if t.EntriesAreCPUs() {
			cpu := t.Processors[queue].CPU()
			place := slices.Index(c.CPUs, cpu)
			lowest := slices.Index(c.QueueCPU, place)
			if place < 0 || lowest < 0 {
				return at, fmt.Errorf("%s: entry %d is CPU %d, which has no queue: name it in --cpus and --affinity", of, i, cpu)
			}
			at.Table[i] = uint16(lowest)
		} else if int(queue) >= c.Queues {
			return at, fmt.Errorf("%s: entry %d is queue %d, which is not below --queues %d", of, i, queue, c.Queues)
		}
	}
	return at, nil
}

// affinityAt is the CPU of each queue by a text of interrupts.
func (r *resolver) affinityAt(of *change) (engine.AffinityAt, error) {
	at, c := engine.AffinityAt{Time: int64(of.time)}, &r.Config
	found, err := of.irq.value.QueueCPUs(r.interrupting(false), c.Queues)
	if err != nil {
		return at, fmt.Errorf("%s: %w", of, err)
	}
	r.assumedOf(r.Shown.File(of.path), found)
	if len(found.CPUs) != c.Queues {
		return at, fmt.Errorf("%s: it tells the CPUs of %d queues, but there are %d", of, len(found.CPUs), c.Queues)
	}
	for q, cpu := range found.CPUs {
		i := slices.Index(c.CPUs, cpu)
		if i < 0 {
			return at, fmt.Errorf("%s: it puts queue %d on CPU %d, which is not in use: name it in --cpus, which has %s", of, q, cpu, nicmodel.CPUListOf(c.CPUs))
		}
		at.QueueCPU = append(at.QueueCPU, i)
	}
	return at, nil
}

// rebalancerFlags are those that only a rebalancer needs.
var rebalancerFlags = []string{"rebalance-every", "rebalance-max", "rebalance-threshold"}

// rebalancer sets who moves entries by the load, and says where nobody does.
func (r *resolver) rebalancer() error {
	f, c := &r.flags.changes, &r.Config
	given := f.rebalance != "none"
	for _, flag := range rebalancerFlags {
		if !given && r.flags.Set.Changed(flag) {
			return fmt.Errorf("--%s is of a rebalancer, and there is none: leave it out, or give --rebalance rsspp to a command that takes it", flag)
		}
	}
	if given {
		if f.rebalance != "rsspp" && f.rebalance != "rsspp-exact" {
			return fmt.Errorf("--rebalance must be rsspp, rsspp-exact or none, not %q", f.rebalance)
		}
		if !slices.Contains(r.Modes, engine.RSSMSIX) {
			return fmt.Errorf("--rebalance %s moves entries in rss-msix, which --mode %s leaves out: choose another --mode", f.rebalance, r.flags.mode)
		}
		longest := cmp.Or(f.max, f.every)
		c.Rebalance = &rebalance.Options{Every: int64(f.every), Max: int64(longest), Threshold: f.threshold, LastPass: f.rebalance == "rsspp-exact"}
		r.add("rebalance", f.rebalance, "", r.source("rebalance"))
		r.time("rebalance-every", int64(f.every))
		r.add("rebalance-max", int64(longest), longest.String(), r.source("rebalance-max"))
		r.add("rebalance-threshold", f.threshold, "", r.source("rebalance-threshold"))
	}
	onlyNonRSS := len(r.Modes) == 1 && r.Modes[0] == engine.NonRSS
	if onlyNonRSS && len(c.Tables) > 0 {
		return fmt.Errorf("--table-at: %s has no table: choose another --mode", engine.NonRSS)
	}
	if onlyNonRSS && len(c.Affinities) > 0 {
		return fmt.Errorf("--affinity-at: %s has one interrupt, which goes to any CPU: choose another --mode", engine.NonRSS)
	}
	for _, mode := range r.Modes {
		switch {
		case mode == engine.NonRSS && len(c.Tables)+len(c.Affinities) > 0:
			r.Caveats = append(r.Caveats, fmt.Sprintf("%s has no table, and its interrupt goes to any CPU: no move changes anything there.", mode))
		case given && mode != engine.RSSMSIX && mode != engine.NonRSS:
			r.Caveats = append(r.Caveats, fmt.Sprintf("%s is replayed without a rebalancer: its table stays.", mode))
		}
	}
	return nil
}

// Moves tells whether the table or the affinity changes while packets arrive.
func (s *Settings) Moves() bool {
	return len(s.Config.Tables)+len(s.Config.Affinities) > 0 || s.Config.Rebalance != nil
}

// RefuseMoves refuses what changes while packets arrive in a command that is about a
// table that stays.
func (s *Settings) RefuseMoves(command string) error {
	if s.Moves() {
		return cli.Usagef("%s is about one table and one affinity that stay: leave --table-at, --affinity-at and --rebalance out; `rssreplay compare` has them side by side", command)
	}
	return nil
}

// HideMoves leaves the flags that such a command refuses out of completion.
func HideMoves(set *pflag.FlagSet) {
	for _, name := range append([]string{"table-at", "affinity-at", "rebalance"}, rebalancerFlags...) {
		set.Lookup(name).Hidden = true
	}
}

// RefuseHeadroom refuses changes at set times, which don't follow the rate.
func (s *Settings) RefuseHeadroom(asked bool) error {
	if asked && len(s.Config.Tables)+len(s.Config.Affinities) > 0 {
		return cli.Usagef("--headroom replays at other rates, and --table-at and --affinity-at are for times of this one: leave one of them out")
	}
	return nil
}
