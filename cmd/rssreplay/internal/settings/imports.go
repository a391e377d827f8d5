package settings

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/bundle"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/nicmodel/hosttext"
	"rssreplay/nicmodel/nictext"
	"rssreplay/pcaps/file"
	"rssreplay/report/anonymize"
)

// ImportFlags name the saved outputs that tell of a NIC. Each file may be "-".
type ImportFlags struct {
	nic      string
	table    string
	driver   string
	channels string
	coalesce string
	ring     string
	flowHash []string
	irq      []string
	costs    string
	bundle   string
	Dev      string // the interface, where the texts are of several
}

// addSteering adds the flags of what chooses a packet's CPU.
func (f *ImportFlags) addSteering(set *pflag.FlagSet) {
	set.StringVar(&f.nic, "nic", "", "")
	set.StringVar(&f.table, "table", "", "")
	set.StringVar(&f.driver, "driver", "", "")
	set.StringVar(&f.channels, "channels", "", "")
	set.Var((*cli.Texts)(&f.flowHash), "flow-hash", "")
	set.Var((*cli.Texts)(&f.irq), "irq", "")
	set.StringVar(&f.bundle, "bundle", "", "")
	set.StringVar(&f.Dev, "dev", "", "")
}

// addReplay adds the flags of what a replay takes besides.
func (f *ImportFlags) addReplay(set *pflag.FlagSet) {
	set.StringVar(&f.coalesce, "coalesce", "", "")
	set.StringVar(&f.ring, "ring", "", "")
	set.StringVar(&f.costs, "costs", "", "")
}

// importFile is one file to import, and the flag that names it.
type importFile struct {
	kind nictext.Kind
	flag string
	path string // "-": standard input

	context int     // the RSS context that a table is of; 0: the main one
	change  *change // that the text is of; nil: it is one of the first
}

// importFiles are the files that flags name one by one. The key's is --key @FILE.
func (f *Flags) importFiles() []importFile {
	var files []importFile
	add := func(kind nictext.Kind, path string) {
		if path != "" {
			files = append(files, importFile{kind: kind, flag: "--" + kind.String(), path: path})
		}
	}
	add(nictext.KindTable, f.Imports.table)
	add(nictext.KindDriver, f.Imports.driver)
	add(nictext.KindChannels, f.Imports.channels)
	add(nictext.KindCoalesce, f.Imports.coalesce)
	add(nictext.KindRing, f.Imports.ring)
	for _, path := range f.Imports.flowHash {
		add(nictext.KindFlowHash, path)
	}
	add(nictext.KindCosts, f.Imports.costs)
	for _, path := range f.Imports.irq {
		add(nictext.KindIRQ, path)
	}
	add(nictext.KindRules, f.rules.file)
	add(nictext.KindRPS, f.rps.path())
	for _, given := range f.rules.contexts {
		if context, path, err := parseContext(given); err == nil { // or else checked later
			files = append(files, importFile{kind: nictext.KindTable, flag: "--context", path: path, context: context})
		}
	}
	changes, _ := f.changes.list() // what is wrong is said later
	for _, c := range changes {
		kind := nictext.KindTable
		if c.flag == "--affinity-at" {
			kind = nictext.KindIRQ
		}
		files = append(files, importFile{kind: kind, flag: c.flag, path: c.path, change: c})
	}
	if path, ok := strings.CutPrefix(f.key, "@"); ok {
		add(nictext.KindKey, path)
	}
	return files
}

// Inputs are the paths of the files that the flags have read; of a bundle all that
// are in it.
func (f *Flags) Inputs() []string {
	var paths []string
	if path, ok := strings.CutPrefix(f.layout, "file:"); ok && path != "-" {
		paths = append(paths, path)
	}
	for _, named := range f.importFiles() {
		paths = append(paths, named.path)
	}
	if root := f.Imports.bundle; root != "" {
		// What is wrong with it is readBundle's to say.
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				paths = append(paths, path)
			}
			return nil
		})
	}
	return paths
}

// Reads is what is read: the captures that arguments name, and what the flags do. It
// refuses to read standard input twice.
func (f *Flags) Reads(args []string) (cli.Reads, error) {
	captures, err := cli.Captures(args)
	if err != nil {
		return cli.Reads{}, err
	}
	return cli.Reads{Captures: captures, Others: f.Inputs()}, f.CheckStdin(captures)
}

// CheckStdin refuses flags of which more than one, or one and a capture, would
// read standard input.
func (f *Flags) CheckStdin(captures []string) error {
	reader := ""
	if slices.Contains(captures, "-") {
		reader = "the capture"
	}
	for _, named := range f.importFiles() {
		switch {
		case named.path != "-":
		case reader != "":
			return cli.BothStdin(reader, named.flag)
		default:
			reader = named.flag
		}
	}
	return nil
}

// imported is what a text told, and the text's name; its value is nil if there is
// no such text.
type imported[T any] struct {
	value *T
	from  string
}

// and notes one more text that told of it. Those of a bundle may go by one name.
func (i *imported[T]) and(name string) {
	if !slices.Contains(strings.Split(i.from, ", "), name) {
		i.from += ", " + name
	}
}

// imports is what the texts told of a NIC.
type imports struct {
	table    imported[nictext.ImportedTable]
	driver   imported[nictext.Driver]
	channels imported[nictext.Channels]
	coalesce imported[nictext.Coalesce]
	ring     imported[nictext.Ring]
	flowHash imported[nictext.FlowHash]
	irq      imported[nictext.IRQs]
	key      imported[nictext.KeyFile]
	costs    imported[nictext.Costs]
	rules    imported[nictext.Rules]
	rps      imported[nictext.RPS]
	contexts map[int]*imported[nictext.ImportedTable]
	changes  []*change

	online    imported[nictext.OnlineCPUs] // the CPUs that the machine has
	addresses imported[[]hosttext.Address] // its addresses

	host    hostTexts // what the bundle tells of the machine
	notUsed []string  // and what is wrong with more such texts

	counted   counted // what the bundle's snapshots count by receive queue
	uncounted error   // why the first one of the driver's counters that is none can't be used

	cpuMap    string   // the bundle's file that shows an XDP program's CPU map
	noRXHash  string   // the bundle's file that says that the NIC's hashes are not passed up
	ntupleOn  bool     // a file of the bundle says that ntuple filters are on
	dev       string   // the interface that is asked for; "": the only one
	leftOut   []string // names of the bundle's files that are none of these
	vf        string   // the bundle's file that says that a virtual function took most packets
	noEthtool string   // the bundle's file that says that the host has no ethtool
	noTable   string   // the bundle's file that says that the driver shows no table
}

// printedBy says what to give as a text of each kind.
var printedBy = [nictext.NumKinds]string{
	nictext.KindTable:    "a file with the text of `ethtool -x`",
	nictext.KindDriver:   "a file with the text of `ethtool -i`",
	nictext.KindChannels: "a file with the text of `ethtool -l`",
	nictext.KindCoalesce: "a file with the text of `ethtool -c`",
	nictext.KindRing:     "a file with the text of `ethtool -g`",
	nictext.KindFlowHash: "a file with the text of `ethtool -n IF rx-flow-hash tcp4`, udp4 and so on",
	nictext.KindIRQ:      "a copy of /proc/interrupts",
	nictext.KindKey:      "a copy of /proc/sys/net/core/netdev_rss_key",
	nictext.KindCosts:    "what `rssreplay calibrate -o costs.json` wrote",
	nictext.KindRules:    "a file with the text of `ethtool -n`",
	nictext.KindRPS:      "a list of CPUs as 0-3, a mask as 0xf, or a file with the text of `grep . /sys/class/net/DEV/queues/*/rps_*`",
}

// unreadable says that the file can't be opened or read, and what to give.
func (named *importFile) unreadable(err error) error {
	return cli.Usagef("%s: %s: %w: give %s", named.flag, named.path, cli.Cause(err), printedBy[named.kind])
}

// other is the flag, with the file, that takes the text, if it is one of other kinds
// alone; "" if not.
func (named *importFile) other(text []byte) string {
	kinds := nictext.Sniff(text)
	if len(kinds) == 0 || slices.Contains(kinds, named.kind) {
		return ""
	}
	if named.change != nil { // of the same time
		switch kinds[0] {
		case nictext.KindTable:
			return fmt.Sprintf("--table-at %s=%s", &named.change.time, named.path)
		case nictext.KindIRQ:
			return fmt.Sprintf("--affinity-at %s=%s", &named.change.time, named.path)
		}
	}
	return flagOf(kinds[0], named.path)
}

// flagOf is the flag that takes a text of that kind, with the file.
func flagOf(kind nictext.Kind, path string) string {
	if kind == nictext.KindKey {
		return "--key @" + path
	}
	return "--" + kind.String() + " " + path
}

// readImports reads every text that the flags name. Its name is from then on what is shown
// of it.
func (f *Flags) readImports(stdin io.Reader, shown *anonymize.Anonymizer) (*imports, error) {
	if err := f.CheckStdin(nil); err != nil {
		return nil, err
	}
	m := &imports{dev: f.Imports.Dev, contexts: map[int]*imported[nictext.ImportedTable]{}, host: hostTexts{}, counted: counted{}}
	var given [nictext.NumKinds]bool
	for _, named := range f.importFiles() {
		given[named.kind] = given[named.kind] || named.context == 0 && named.change == nil
		in, name, err := open(&named, stdin, shown)
		if err != nil && named.path == "-" {
			return nil, cli.Usagef("%s: %s: %w", named.flag, name, err)
		}
		if err != nil {
			return nil, named.unreadable(err)
		}
		defer in.Close()
		peeked := bufio.NewReader(in)
		switch bundle.NoText(peeked) {
		case bundle.ErrEmpty:
			return nil, cli.Usagef("%s: %s is empty: did the command that wrote it, ethtool say, fail?", named.flag, name)
		case bundle.ErrCapture:
			return nil, cli.Usagef("%s: %s is a capture: give %s", named.flag, name, printedBy[named.kind])
		case bundle.ErrArchive:
			return nil, cli.Usagef("%s: %s is an archive: if it has all of a host, give it as --bundle; else unpack it, and give %s", named.flag, name, printedBy[named.kind])
		}
		text, err := onlyOf(peeked, f.Imports.Dev)
		var read bytes.Buffer
		if err == nil {
			text = io.TeeReader(text, &read)
			err = m.take(&named, text, name)
		}
		switch {
		case errors.As(err, new(*fs.PathError)): // a folder, for one
			return nil, named.unreadable(err)
		case err != nil && named.other(read.Bytes()) != "":
			return nil, cli.Usagef("%s: %s is a text for another flag: give it as `%s`", named.flag, name, named.other(read.Bytes()))
		case err != nil:
			return nil, cli.Usagef("%s: %w", named.flag, err)
		}
	}
	if f.Imports.bundle != "" {
		if err := m.readBundle(f.Imports.bundle, f.Imports.Dev, given, shown); err != nil {
			return nil, cli.Usagef("--bundle: %w", err)
		}
	}
	return m, m.oneInterface()
}

// open opens a text that a flag names, compressed or not; name is what is shown of it.
func open(named *importFile, stdin io.Reader, shown *anonymize.Anonymizer) (in io.ReadCloser, name string, err error) {
	if named.path != "-" {
		in, err = bundle.Open(named.path)
		return in, shown.File(named.path), err
	}
	text, err := file.Decompress(stdin)
	return io.NopCloser(text), "standard input", err
}

// take reads the text of a flag: of a change, of an RSS context, or of what there is one of.
func (m *imports) take(named *importFile, text io.Reader, name string) error {
	switch {
	case named.change != nil:
		m.changes = append(m.changes, named.change)
		if named.kind == nictext.KindIRQ {
			return readInto(&named.change.irq, nictext.ReadIRQs, text, name)
		}
		return readInto(&named.change.table, nictext.ReadTable, text, name)
	case named.kind == nictext.KindRPS:
		if err := m.read(named.kind, text, name); err != nil {
			return err
		}
		return ofReceiveQueues(m.rps.value, name)
	case named.kind == nictext.KindTable:
		return m.readTables(named.context, text, name)
	}
	return m.read(named.kind, text, name)
}

// readTables reads the table of an RSS context, 0 for the main one. Beside that, a text may
// have those of contexts, as its prompts tell.
func (m *imports) readTables(context int, in io.Reader, name string) error {
	data, err := io.ReadAll(io.LimitReader(in, nictext.MaxInterrupts+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	rest, contexts := nictext.WithoutContexts(data)
	if context == 0 {
		m.takeContexts(contexts, name)
		return m.readTable(bytes.NewReader(rest), name)
	}
	if of, ok := contexts[context]; ok {
		data = of
	}
	table := &imported[nictext.ImportedTable]{}
	m.contexts[context] = table
	if err := readInto(table, nictext.ReadTable, bytes.NewReader(data), name); err != nil {
		return err
	}
	return ofContext(table, context)
}

// takeContexts takes the tables of RSS contexts of a text, where no other has told them.
func (m *imports) takeContexts(texts map[int][]byte, name string) {
	for context, text := range texts {
		table := &imported[nictext.ImportedTable]{}
		if m.contexts[context] == nil && readInto(table, nictext.ReadTable, bytes.NewReader(text), name) == nil {
			m.contexts[context] = table
		}
	}
}

// ofReceiveQueues refuses a text that a flag names for its masks, and that has none.
func ofReceiveQueues(r *nictext.RPS, name string) error {
	if len(r.Masks) > 0 || r.All != nil || r.FlowCounts > 0 {
		return nil
	}
	only := ""
	if r.XPS {
		only = ", only those of transmit queues (xps_cpus)"
	}
	return fmt.Errorf("%s has no masks of receive queues (rps_cpus)%s: give what `grep . /sys/class/net/DEV/queues/*/rps_*` prints", name, only)
}

// onlyOf is what a text says of the interface, if one was named.
func onlyOf(in io.Reader, iface string) (io.Reader, error) {
	if iface == "" {
		return in, nil
	}
	data, err := io.ReadAll(io.LimitReader(in, nictext.MaxInterrupts+1))
	if err == nil {
		data, err = nictext.Only(data, iface)
	}
	return bytes.NewReader(data), err
}

// read reads one text of the kind.
func (m *imports) read(kind nictext.Kind, in io.Reader, name string) error {
	switch kind {
	case nictext.KindTable:
		return m.readTable(in, name)
	case nictext.KindDriver:
		return m.readDriver(in, name)
	case nictext.KindChannels:
		return readInto(&m.channels, nictext.ReadChannels, in, name)
	case nictext.KindCoalesce:
		return readInto(&m.coalesce, nictext.ReadCoalesce, in, name)
	case nictext.KindRing:
		return readInto(&m.ring, nictext.ReadRing, in, name)
	case nictext.KindFlowHash:
		return m.readFlowHash(in, name)
	case nictext.KindCosts:
		return readInto(&m.costs, nictext.ReadCosts, in, name)
	case nictext.KindKey:
		return readInto(&m.key, nictext.ReadKey, in, name)
	case nictext.KindRules:
		return readInto(&m.rules, nictext.ReadRules, in, name)
	case nictext.KindRPS:
		return m.readRPS(in, name)
	}
	return m.readIRQs(in, name)
}

// readDriver reads a driver. Beside one that is on a bus, those of interfaces made of software
// are of others: nearly every host has a bridge.
func (m *imports) readDriver(in io.Reader, name string) error {
	driver, err := nictext.ReadDriver(in, name)
	switch before := m.driver.value; {
	case err != nil:
		return err
	case before == nil || before.NoBus && !driver.NoBus:
		m.driver = imported[nictext.Driver]{driver, name}
	case *before != *driver && before.NoBus == driver.NoBus:
		return fmt.Errorf("%s and %s %w", m.driver.from, name, errDiffer)
	}
	return nil
}

// readTable reads the table of the main RSS context.
func (m *imports) readTable(in io.Reader, name string) error {
	err := readInto(&m.table, nictext.ReadTable, in, name)
	switch {
	case err == nil:
		return ofContext(&m.table, 0)
	case errors.Is(err, errDiffer):
		return fmt.Errorf("%w; an RSS context's is for --context N=FILE, a later one for --table-at TIME=FILE", err)
	}
	return err
}

// readFlowHash reads the fields that are hashed of some types, beside those of others.
func (m *imports) readFlowHash(in io.Reader, name string) error {
	fields, err := nictext.ReadFlowHash(in, name)
	switch {
	case err != nil:
		return err
	case m.flowHash.value == nil:
		m.flowHash = imported[nictext.FlowHash]{fields, name}
		return nil
	}
	if err := m.flowHash.value.Merge(fields); err != nil {
		return fmt.Errorf("%s and %s tell different things: %w; remove one of them", m.flowHash.from, name, err)
	}
	m.flowHash.and(name)
	return nil
}

// readRPS reads masks of receive packet steering, beside those of other queues.
func (m *imports) readRPS(in io.Reader, name string) error {
	masks, err := nictext.ReadRPS(in, name, m.dev)
	if err != nil {
		return err
	}
	before := m.rps.value
	other := before != nil && before.Interface != "" && masks.Interface != "" && before.Interface != masks.Interface
	switch {
	case before == nil:
		m.rps = imported[nictext.RPS]{masks, name}
	case other && len(masks.CPUs()) == 0: // another interface's, of which there are many on a host
	case other && len(before.CPUs()) > 0:
		return fmt.Errorf("%s has masks of %s, and %s of %s: name one of them with --dev", m.rps.from, before.Interface, name, masks.Interface)
	case other:
		m.rps = imported[nictext.RPS]{masks, name}
	default:
		before.Merge(masks)
		m.rps.and(name)
	}
	m.takeOnline(&masks.Online, name)
	return nil
}

// readIRQs reads interrupts, which add up: counts from before and after, and affinities.
func (m *imports) readIRQs(in io.Reader, name string) error {
	irqs, err := nictext.ReadIRQs(in, name)
	if err != nil {
		return err
	}
	if m.irq.value == nil {
		m.irq = imported[nictext.IRQs]{irqs, name}
		return nil
	}
	m.irq.value.Merge(irqs)
	m.irq.and(name)
	return nil
}

// ofContext refuses a table that is of another RSS context, where its text says so.
func ofContext(table *imported[nictext.ImportedTable], context int) error {
	if of := table.value.Context; of != 0 && of != context {
		return fmt.Errorf("%s: the prompt above the table asks for RSS context %d: give it as --context %[2]d=FILE", table.from, of)
	}
	return nil
}

// takeOnline takes what a text tells of the CPUs that are online, if it does.
func (m *imports) takeOnline(cpus *nictext.OnlineCPUs, name string) {
	switch {
	case cpus.Online == nil && cpus.Offline == nil:
	case m.online.value == nil:
		m.online = imported[nictext.OnlineCPUs]{&nictext.OnlineCPUs{Online: cpus.Online, Offline: cpus.Offline}, name}
	default:
		before := *m.online.value
		if m.online.value.Merge(cpus); !reflect.DeepEqual(before, *m.online.value) {
			m.online.and(name)
		}
	}
}

// errDiffer is two texts where one is expected.
var errDiffer = errors.New("are of one kind, and tell different things: remove one of them")

// readInto reads a text of a kind of which there may be one only, or several
// that tell the same.
func readInto[T any](to *imported[T], read func(io.Reader, string) (*T, error), in io.Reader, name string) error {
	value, err := read(in, name)
	switch {
	case err != nil:
		return err
	case to.value != nil && !reflect.DeepEqual(to.value, value):
		return fmt.Errorf("%s and %s %w", to.from, name, errDiffer)
	case to.value == nil:
		*to = imported[T]{value, name}
	}
	return nil
}

// oneInterface checks that the texts are of one interface.
func (m *imports) oneInterface() error {
	all := m.interfaces()
	for _, other := range all {
		if other.name != all[0].name {
			return cli.Usagef("%s is of %s, but %s of %s: give the texts of one interface", all[0].from, all[0].name, other.from, other.name)
		}
	}
	return nil
}

// interfaceName is the interface that the texts are of, and the first text that
// says so; "" if none does.
func (m *imports) interfaceName() (name, from string) {
	if all := m.interfaces(); len(all) > 0 {
		return all[0].name, all[0].from
	}
	return "", ""
}

// interfaces are those that texts say they are of, and the texts.
func (m *imports) interfaces() (all []struct{ name, from string }) {
	add := func(name, from string) {
		if name != "" {
			all = append(all, struct{ name, from string }{name, from})
		}
	}
	if t := m.table; t.value != nil && !t.value.EntriesAreCPUs() { // Windows has names of its own
		add(t.value.Interface, t.from)
	}
	if c := m.channels; c.value != nil {
		add(c.value.Interface, c.from)
	}
	if c := m.coalesce; c.value != nil {
		add(c.value.Interface, c.from)
	}
	if r := m.ring; r.value != nil {
		add(r.value.Interface, r.from)
	}
	return all
}
