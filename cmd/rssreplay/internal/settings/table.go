package settings

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"

	"rssreplay/nicmodel/layout"
	"rssreplay/nicmodel/nictext"
)

// tableFlag is the flag that the imported table comes from.
func (r *resolver) tableFlag() string {
	if r.flags.Imports.table == "" {
		return "--bundle"
	}
	return "--table"
}

// layoutOverTable tells whether --layout takes the place of the imported table.
func (r *resolver) layoutOverTable() bool {
	over := r.flags.LayoutOverTable || r.flags.LayoutOverBundle && r.flags.Imports.table == ""
	return over && r.flags.Set.Changed("layout")
}

// checkTable refuses a table that can't be used, and flags that contradict it.
func (r *resolver) checkTable() error {
	t, name, flag := r.imports.table.value, r.imports.table.from, r.tableFlag()
	if t == nil {
		return nil
	}
	if flag == "--table" { // a bundle has more to tell
		if err := checkFunction(t, flag, name); err != nil {
			return err
		}
	}
	if t.Table == nil { // there is a key
		if r.Profile == nil && !r.flags.Set.Changed("layout") {
			return fmt.Errorf("%s: %s shows no indirection table: the driver has none, or RSS is off; give --layout and --table-size, or --nic", flag, name)
		}
		return nil
	}
	for _, other := range []string{"layout", "table-size"} {
		if r.flags.Set.Changed(other) && !r.layoutOverTable() {
			err := fmt.Errorf("--%s contradicts %s, which brings a table of its own: leave one of them out", other, flag)
			if other == "layout" {
				err = fmt.Errorf("%w, or see both side by side with `rssreplay compare`", err)
			}
			return err
		}
	}
	if n := len(t.Table); n&(n-1) != 0 {
		whole := 1 << bits.Len(uint(n))
		return fmt.Errorf("%s: %s: the table ends early: it has %d entries, and a table has a power of two, as %d; give it whole", flag, name, n, whole)
	}
	return nil
}

// checkFunction refuses the table of a NIC, or of an RSS context, that hashes by a function
// whose rule is not known.
func checkFunction(t *nictext.ImportedTable, flag, name string) error {
	if !notToeplitz(t) {
		return nil
	}
	return fmt.Errorf("%s: %s: the NIC hashes with %s, and only toeplitz is emulated: switch it over with `ethtool -X DEV equal %d hfunc toeplitz`, if its driver can", flag, name, t.Function, max(t.Rings, 1))
}

func notToeplitz(t *nictext.ImportedTable) bool {
	return t != nil && t.Function != nictext.FunctionNotShown && t.Function != nictext.FunctionToeplitz
}

// OtherHash is what the NIC does other than hash as is replayed.
type OtherHash struct {
	Does      string // after "the NIC"; "" where it is not known to
	By        string // the text or the driver's source that tells it
	MaySwitch bool   // toeplitz may be set instead
}

// otherHash finds out whether the NIC does other than hash as is replayed, or as its text
// has it.
func (r *resolver) otherHash() error {
	t, p := r.imports.table.value, r.Profile
	toeplitz := t != nil && t.Function == nictext.FunctionToeplitz
	switch {
	case notToeplitz(t):
		r.OtherHash = OtherHash{fmt.Sprintf("hashes with %s, and only toeplitz is emulated", t.Function), r.imports.table.from, true}
	case p == nil || p.UntilToeplitz && (toeplitz || r.flags.Set.Changed("hash-function")):
	case p.HashTypes == 0 && toeplitz && !r.flags.Set.Changed("hash-types"):
		r.Asides = append(r.Asides, fmt.Sprintf("The profile %s: %s.", p.Name, p.Notes[0]))
	default:
		r.OtherHash = OtherHash{p.Unpredicted, p.Source, p.UntilToeplitz}
	}
	return nil
}

// keySource says where the key is of a NIC whose table a text shows without one.
func (r *resolver) keySource(t *nictext.ImportedTable) string {
	if r.Profile != nil && r.Profile.KeyAt != "" {
		return r.Profile.KeyAt
	}
	switch t.Format {
	case nictext.Testpmd:
		return "testpmd's `show port 0 rss-hash key` prints it (--key @FILE)"
	case nictext.WindowsNetAdapter:
		return "Windows itself shows none, so ask for it where the driver is from, or go on with `--key microsoft`, the key of Microsoft's examples: the spread is then typical, but which CPU takes which flow is not known"
	case nictext.FreeBSD:
		return "`sysctl net.inet.rss.key` prints it (--key @FILE)"
	case nictext.FreeBSDENA:
		return "`sysctl dev.ena.0.rss.key` prints it"
	}
	return "Linux has it in /proc/sys/net/core/netdev_rss_key (--key @FILE; most drivers use its first 40 bytes)"
}

// table is the one imported, or filled as the layout says.
func (r *resolver) table() error {
	c := &r.Config
	imported := r.imports.table
	if has := imported.value != nil && imported.value.Table != nil; has && !r.layoutOverTable() {
		c.Table = imported.value.Table
		r.add("table-size", len(c.Table), "", imported.from)
		r.add("layout", "imported", fmt.Sprintf("imported (%s)", imported.value.Format), imported.from)
	} else if err := r.fillTable(has); err != nil {
		return err
	}
	for i, q := range c.Table {
		if int(q) >= c.Queues {
			return fmt.Errorf("entry %d of the indirection table is queue %d, which is not below --queues %d", i, q, c.Queues)
		}
	}
	return nil
}

// fillTable fills the table as the layout says; of an imported one, where there is any, it
// keeps the size.
func (r *resolver) fillTable(imported bool) error {
	f, c := r.flags, &r.Config
	if r.Profile != nil {
		r.offerOfProfile("table-size", strconv.Itoa(r.Profile.TableSize.For(c.Queues)))
		r.offerOfProfile("layout", r.Profile.LayoutFor(c.Queues))
	}
	layout, err := r.layout()
	if err != nil {
		return err
	}
	if layout, err = layout.On(c.CPUs, c.QueueCPU); err != nil {
		return err
	}
	if caveat := layout.Caveat(); caveat != "" {
		r.Caveats = append(r.Caveats, caveat)
	}
	size, source := f.tableSize, r.source("table-size")
	switch {
	case r.origin("table-size").layer == fromFlag:
	case layout.Size() > 0:
		size, source = layout.Size(), r.source("layout")
	case imported:
		size, source = len(r.imports.table.value.Table), r.imports.table.from
	}
	if c.Table, err = layout.Fill(size, c.Queues); err != nil {
		return err
	}
	r.add("table-size", size, "", source)
	r.add("layout", r.Shown.File(f.layout), "", r.source("layout"))
	return nil
}

// layout is that of --layout, where `default` is the profile's.
func (r *resolver) layout() (layout.Layout, error) {
	if r.flags.layout != "default" {
		l, err := layout.Parse(r.flags.layout)
		if hint := layoutHint(r.flags.layout); err != nil && hint != "" {
			return l, fmt.Errorf("--layout %q: unknown layout; did you mean %s?", r.flags.layout, hint)
		}
		return l, err
	}
	if r.Profile == nil {
		return layout.Layout{}, errors.New("--layout default is that of a NIC: name it with --nic, or give another layout")
	}
	r.flags.layout = r.Profile.LayoutFor(r.Config.Queues)
	return layout.Parse(r.flags.layout)
}
