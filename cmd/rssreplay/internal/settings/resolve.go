package settings

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/layout"
	"rssreplay/nicmodel/nictext"
	"rssreplay/nicmodel/profile"
	"rssreplay/nicmodel/rps"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps/direction"
	"rssreplay/report"
)

// Flags are the parameters of the model as they were given on the command
// line, by their flags' names.
type Flags struct {
	Set *pflag.FlagSet
	// LayoutOverBundle lets --layout take the place of a bundle's table, but for its
	// size; else the two contradict each other.
	LayoutOverBundle bool

	cpus, affinity, isrCPU string
	napiCPU                []string
	baseCPU, queues        int
	defaultQueue           int
	local                  []string
	mode, hashTypes        string
	rxFlowHash             []string
	key, xfrm              string
	hashFunction           string
	layout                 string
	tableSize              int
	Imports                ImportFlags
	rules                  ruleFlags
	changes                changeFlags
	rps                    rpsFlags
	rxRing, dmaBatch       int
	rxFrames, dpcBudget    int
	dmaTimeout, itr        cli.Duration
	rxUsecs                cli.Usecs
	interruptLatency       cli.Duration
	isrCost, dpcCost       cli.Duration
	packetCost             cli.Duration
	byteCost               cli.PerByte
	migrationCost          cli.Duration
	ipiLatency             cli.Duration
	distributeCost         cli.Duration
	sendCost               cli.Duration
	drain                  string
	Interval               cli.Duration
}

// NewSteeringFlags adds the flags that choose a packet's CPU: those that the
// hash command has as well.
func NewSteeringFlags(set *pflag.FlagSet) *Flags {
	f := &Flags{Set: set}
	set.StringVar(&f.cpus, "cpus", "8", "")
	set.IntVar(&f.baseCPU, "base-cpu", 0, "")
	set.IntVar(&f.queues, "queues", 0, "")
	set.StringVar(&f.affinity, "affinity", "", "")
	set.StringArrayVar(&f.napiCPU, "napi-cpu", nil, "")
	set.IntVar(&f.defaultQueue, "default-queue", 0, "")
	set.StringVar(&f.hashTypes, "hash-types", hash.DefaultTypes.String(), "")
	set.StringArrayVar(&f.rxFlowHash, "rx-flow-hash", nil, "")
	set.StringVar(&f.key, "key", "microsoft", "")
	set.StringVar(&f.xfrm, "xfrm", hash.NoTransform.String(), "")
	set.StringVar(&f.hashFunction, "hash-function", hash.FunctionToeplitz.String(), "")
	set.IntVar(&f.tableSize, "table-size", 128, "")
	set.StringVar(&f.layout, "layout", "equal", "")
	f.Imports.addSteering(set)
	f.rules.add(set)
	return f
}

// NewFlags adds all of the model's flags.
func NewFlags(set *pflag.FlagSet) *Flags {
	f := NewSteeringFlags(set)
	f.Imports.addReplay(set)
	f.changes.add(set)
	f.AddRPS()
	f.addRPSReplay()
	f.dmaTimeout, f.interruptLatency, f.isrCost, f.dpcCost = 200, 1000, 1000, 1000
	f.packetCost, f.ipiLatency, f.distributeCost, f.sendCost = 1000, 2000, 50, 500
	f.migrationCost = 500
	f.Interval = cli.Duration(100 * time.Millisecond)
	set.StringSliceVar(&f.local, "local", []string{"auto"}, "")
	set.StringVar(&f.mode, "mode", "rss-msix,non-rss", "")
	set.IntVar(&f.rxRing, "rx-ring", 512, "")
	set.IntVar(&f.dmaBatch, "dma-batch", 4, "")
	set.Var(&f.dmaTimeout, "dma-timeout", "")
	set.Var(&f.itr, "itr", "")
	set.Var(&f.rxUsecs, "rx-usecs", "")
	set.IntVar(&f.rxFrames, "rx-frames", 1, "")
	set.Var(&f.interruptLatency, "interrupt-latency", "")
	set.Var(&f.isrCost, "isr-cost", "")
	set.Var(&f.dpcCost, "dpc-cost", "")
	set.StringVar(&f.drain, "drain", "snapshot", "")
	set.IntVar(&f.dpcBudget, "dpc-budget", 0, "")
	set.Var(&f.packetCost, "packet-cost", "")
	set.Var(&f.byteCost, "byte-cost", "")
	set.Var(&f.migrationCost, "migration-cost", "")
	set.Var(&f.ipiLatency, "ipi-latency", "")
	set.Var(&f.distributeCost, "distribute-cost", "")
	set.Var(&f.sendCost, "send-cost", "")
	set.StringVar(&f.isrCPU, "isr-cpu", "least-busy", "")
	set.Var(&f.Interval, "interval", "")
	return f
}

// Settings are the parameters in force: what the flags, the imported texts and
// the profile come to, each with its source.
type Settings struct {
	Config   engine.Config
	Steering *nicmodel.Steering
	Key      hash.Key
	Secret   rps.Secret // of the hashes that the stack makes itself, for RPS
	// SecretGiven: Secret is the kernel's. Otherwise the CPUs that these hashes choose
	// are illustrative.
	SecretGiven bool
	Unseen      Unseen
	defaultKey  bool // key is the default one, which is no NIC's own
	Modes       []engine.Mode
	Local       direction.Local
	Profile     *profile.Profile // nil without --nic and --driver
	Parameters  report.Parameters
	Sources     []string     // of Config.Tables, then of Config.Affinities: "1.5s=after.txt"
	Device      string       // the interface that the imported texts are of, "" if none says
	Host        *report.Host // nil where no text tells of the machine
	Windows     bool         // the table is that of Get-NetAdapterRss
	Rings       int          // queues that the NIC's texts say there are, beside a table; 0: unknown
	Notes       []string     // what the reader of the results must know first
	// Unsure tells that the first note is that the CPU numbers are illustrative.
	Unsure  bool
	Trust   string   // whether the CPU numbers are the NIC's, in a sentence
	Asides  []string // the notes besides
	Caveats []string // and what last
}

// layer says how much the source of a value counts: of two the higher one's value
// is in force.
type layer uint8

const (
	fromDefault layer = iota
	fromProfile
	fromImport
	fromFlag
)

// origin is where the value of a flag in force comes from.
type origin struct {
	layer  layer
	source string // for the report
}

// resolver fills settings parameter by parameter, in the model's order. The
// layers below the command line offer values to its flags, so that every
// parameter is read from its flag, wherever it comes from.
type resolver struct {
	*Settings
	flags    *Flags
	imports  *imports
	adaptive bool              // an imported text says that moderation is adaptive
	origins  map[string]origin // of offered values, by flag
	measured string            // what the costs of --costs are worth
	refused  error             // the first offer that a flag did not take
	types    hash.Types
	xfrm     hash.Transform
	function hash.Function
	fields   [hash.NumTypes]nicmodel.Fields // where they are not all of the type's
	ntuple   *steer.Rules
	contexts map[int]nicmodel.Context
}

// origin says where the value of a flag comes from.
func (r *resolver) origin(flag string) origin {
	if r.flags.Set.Changed(flag) {
		return origin{fromFlag, "--" + flag}
	}
	if o, ok := r.origins[flag]; ok {
		return o
	}
	return origin{fromDefault, report.DefaultSource}
}

func (r *resolver) source(flag string) string { return r.origin(flag).source }

// offer gives a flag a value from below the command line, unless it has one from
// a higher layer. Flags that the command does not have need none.
func (r *resolver) offer(from layer, source, flag, value string) {
	f := r.flags.Set.Lookup(flag)
	if f == nil || r.origin(flag).layer > from || r.refused != nil {
		return
	}
	if err := f.Value.Set(value); err != nil {
		r.refused = fmt.Errorf("%s: --%s %s: %w", source, flag, value, err)
	}
	r.origins[flag] = origin{from, source}
}

func (r *resolver) add(name string, value any, text, source string) {
	r.Parameters = append(r.Parameters, report.Parameter{Name: name, Value: value, Text: text, Source: source})
}

// Resolve reads the texts that the flags name, and checks what all comes to. It
// sets the flags that were not given to what the profile and the texts have. What
// is left out of a bundle goes to standard error.
func (f *Flags) Resolve(e *cli.Env) (*Settings, error) {
	r := &resolver{Settings: &Settings{}, flags: f, origins: map[string]origin{}}
	var err error
	if r.imports, err = f.readImports(e.Stdin); err != nil {
		return nil, err
	}
	steps := []func() error{r.chooseProfile, r.checkTable, r.lowerLayers, r.cpus, r.queues}
	replay := f.Set.Lookup("mode") != nil
	if replay {
		steps = append(steps, r.direction)
	}
	steps = append(steps, r.hashing, r.table, r.filters)
	if replay {
		steps = append(steps, r.nic, r.host, r.changes, r.steerPackets, r.validate)
	} else {
		steps = append(steps, r.steerPackets)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, cli.AsUsage(err)
		}
	}
	r.profileCaveats()
	r.say()
	r.Device, _ = r.imports.interfaceName()
	r.Device = cmp.Or(r.Device, f.Imports.Dev)
	if t := r.imports.table.value; t != nil && t.EntriesAreCPUs() {
		r.Windows, r.Device = true, t.Interface
	}
	r.Host = r.hostFacts()
	for _, wrong := range r.imports.notUsed {
		r.Caveats = append(r.Caveats, wrong+"; it is not used.")
	}
	if err := r.steer(); err != nil {
		return nil, err
	}
	if name := r.imports.noTable; name != "" && r.imports.table.value == nil {
		fmt.Fprintf(e.Stderr, "rssreplay: note: %s: the driver shows no indirection table and no key: RSS can't be read there, or there is none; of virtio without VIRTIO_NET_F_RSS the host chooses the queues\n", cli.Printable(name))
	}
	if names := r.imports.leftOut; len(names) > 0 {
		const shown = 5
		if more := len(names) - shown; more > 1 {
			names = append(names[:shown:shown], fmt.Sprintf("and %d others", more))
		}
		fmt.Fprintf(e.Stderr, "rssreplay: note: --bundle %s: left out, as nothing in them is known: %s\n", cli.Printable(f.Imports.bundle), cli.Printable(strings.Join(names, ", ")))
	}
	return r.Settings, nil
}

// tableFlag is the flag that the imported table comes from.
func (r *resolver) tableFlag() string {
	if r.flags.Imports.table == "" {
		return "--bundle"
	}
	return "--table"
}

// layoutOverTable tells whether --layout takes the place of the imported table.
func (r *resolver) layoutOverTable() bool {
	return r.flags.LayoutOverBundle && r.flags.Imports.table == "" && r.flags.Set.Changed("layout")
}

// checkTable refuses a table that can't be used, and flags that contradict it.
func (r *resolver) checkTable() error {
	t, name, flag := r.imports.table.value, r.imports.table.from, r.tableFlag()
	if t == nil {
		return nil
	}
	if t.Function != nictext.FunctionNotShown && t.Function != nictext.FunctionToeplitz {
		return fmt.Errorf("%s: %s: the NIC hashes with %s, and only toeplitz is emulated: switch it over with `ethtool -X … hfunc toeplitz`", flag, name, t.Function)
	}
	if t.Table == nil { // there is a key
		if r.Profile == nil && !r.flags.Set.Changed("layout") {
			return fmt.Errorf("%s: %s shows no indirection table: the driver has none, or RSS is off; give --layout and --table-size, or --nic", flag, name)
		}
		return nil
	}
	for _, other := range []string{"layout", "table-size"} {
		if r.flags.Set.Changed(other) && !r.layoutOverTable() {
			return fmt.Errorf("--%s contradicts %s, which brings a table of its own: leave one of them out", other, flag)
		}
	}
	if n := len(t.Table); n&(n-1) != 0 {
		whole := 1 << bits.Len(uint(n))
		return fmt.Errorf("%s: %s: the table ends early: it has %d entries, and a table has a power of two, as %d; give it whole", flag, name, n, whole)
	}
	return nil
}

// lowerLayers offers what the profile and the texts have, but for what depends on
// the CPUs and queues.
func (r *resolver) lowerLayers() error {
	r.offerProfile()
	if err := r.offerImports(); err != nil {
		return err
	}
	t, name := r.imports.table.value, r.imports.table.from
	if t != nil && t.Format != nictext.PlainList && r.origin("key").layer == fromDefault {
		return fmt.Errorf("%s: %s shows no hash key: give it with --key; %s", r.tableFlag(), name, keySource(t))
	}
	return r.refused
}

// keySource says where the key is of a NIC whose table a text shows without one.
func keySource(t *nictext.ImportedTable) string {
	switch t.Format {
	case nictext.Testpmd:
		return "testpmd's `show port 0 rss-hash key` prints it (--key @FILE)"
	case nictext.WindowsNetAdapter:
		return "Windows' default is `--key microsoft`"
	case nictext.FreeBSD:
		return "`sysctl net.inet.rss.key` prints it (--key @FILE)"
	}
	return "Linux has it in /proc/sys/net/core/netdev_rss_key (--key @FILE; most drivers use its first 40 bytes)"
}

func (r *resolver) cpus() error {
	f := r.flags
	count, err := strconv.Atoi(f.cpus)
	switch {
	case err == nil:
		if err := nicmodel.CheckCount("cpus", count, 1, engine.MaxCPUs, ""); err != nil {
			return err
		}
		if err := nicmodel.CheckCount("base-cpu", f.baseCPU, 0, engine.MaxCPUNumber+1-count, ""); err != nil {
			return err
		}
		for c := range count {
			r.Config.CPUs = append(r.Config.CPUs, f.baseCPU+c)
		}
	default:
		list, err := nicmodel.ParseCPUList(f.cpus)
		if err != nil {
			return fmt.Errorf("--cpus: %w, or how many there are", err)
		}
		if f.Set.Changed("base-cpu") {
			if o := r.origin("cpus"); o.layer != fromFlag {
				return fmt.Errorf("--base-cpu contradicts %s, which names each CPU: leave one of them out", o.source)
			}
			return errors.New("--base-cpu contradicts a list in --cpus, which names each CPU: leave one of them out")
		}
		if n := list.Len(); n > engine.MaxCPUs {
			return fmt.Errorf("--cpus must name from 1 to %d CPUs, not %d", engine.MaxCPUs, n)
		}
		r.Config.CPUs = list.CPUs()
		slices.Sort(r.Config.CPUs)
		if len(slices.Compact(slices.Clone(r.Config.CPUs))) < len(r.Config.CPUs) {
			return fmt.Errorf("--cpus: a CPU is named twice in %q", f.cpus)
		}
	}
	r.add("cpus", len(r.Config.CPUs), nicmodel.CPUListOf(r.Config.CPUs).String(), r.source("cpus"))
	source := r.source("base-cpu")
	if o := r.origin("cpus"); o.layer == fromImport && strings.ContainsAny(f.cpus, "-,") { // a list names each
		source = o.source
	}
	r.add("base-cpu", r.Config.CPUs[0], "", source)
	return nil
}

// queues sets the number of queues and the CPU of each.
func (r *resolver) queues() error {
	f, c := r.flags, &r.Config
	if r.Profile != nil {
		r.offerOfProfile("queues", strconv.Itoa(r.Profile.Queues(len(c.CPUs))))
	}
	queues, source := len(c.CPUs), r.source("queues")
	if r.origin("queues").layer != fromDefault {
		queues = f.queues
	}
	if err := nicmodel.CheckCount("queues", queues, 1, nicmodel.MaxQueues, ""); err != nil {
		return err
	}
	c.Queues = queues
	r.add("queues", queues, "", source)

	source = r.source("affinity")
	name := "--affinity"
	if r.origin("affinity").layer == fromImport {
		name = source
	}
	affinity := make([]int, queues)
	for q := range affinity {
		affinity[q] = c.CPUs[q%len(c.CPUs)]
	}
	if f.affinity != "" {
		list, err := nicmodel.ParseCPUList(f.affinity)
		if err != nil {
			return fmt.Errorf("--affinity: %w, the CPU of each queue in order", err)
		}
		if n := list.Len(); n != queues {
			return fmt.Errorf("%s names the CPUs of %d queues, but there are %d: name one for each, or change --queues", name, n, queues)
		}
		affinity = list.CPUs()
	}
	moved, err := r.moveNAPI(affinity)
	if err != nil {
		return err
	}
	for q, cpu := range affinity {
		i := slices.Index(c.CPUs, cpu)
		if i < 0 {
			if _, napi := moved[q]; napi {
				name = "--napi-cpu"
			}
			return fmt.Errorf("%s puts queue %d on CPU %d, which is not in use: --cpus has %s", name, q, cpu, nicmodel.CPUListOf(c.CPUs))
		}
		c.QueueCPU = append(c.QueueCPU, i)
	}
	r.add("affinity", affinity, nicmodel.CPUListOf(affinity).String(), source)
	if len(f.napiCPU) > 0 {
		r.add("napi-cpu", strings.Join(f.napiCPU, ","), "", "--napi-cpu")
		r.Caveats = append(r.Caveats, "--napi-cpu: all of a queue's work is put on that CPU, its interrupts' too, though these stay where their affinity sends them.")
	}

	if t := r.imports.table.value; t != nil && len(t.Table) > 0 && r.Profile != nil && r.Profile.FirstEntry {
		r.offerOfProfile("default-queue", strconv.Itoa(int(t.Table[0])))
	}
	c.DefaultQueue = f.defaultQueue
	if f.defaultQueue < 0 || f.defaultQueue >= queues {
		return fmt.Errorf("--default-queue must be below --queues %d, not %d", queues, f.defaultQueue)
	}
	r.add("default-queue", f.defaultQueue, "", r.source("default-queue"))
	return nil
}

// direction sets which packets were sent, and the modes.
func (r *resolver) direction() (err error) {
	f := r.flags
	if r.Local, err = direction.ParseLocal(f.local); err != nil {
		return err
	}
	r.add("local", strings.Join(f.local, ","), "", r.source("local"))
	if r.Modes, err = engine.ParseModes(f.mode); err != nil {
		return err
	}
	names := make([]string, len(r.Modes))
	for i, m := range r.Modes {
		names[i] = m.String()
	}
	r.add("mode", strings.Join(names, ","), "", r.source("mode"))
	return nil
}

func (r *resolver) hashing() (err error) {
	f := r.flags
	if r.types, err = hash.ParseTypes(f.hashTypes); err != nil {
		return fmt.Errorf("--hash-types: %w; ethtool's words, as udp4=sdfn, are for --rx-flow-hash", err)
	}
	source := r.source("hash-types")
	if r.function, err = hash.ParseFunction(f.hashFunction); err != nil {
		return fmt.Errorf("--hash-function: %w", err)
	}
	if r.function == hash.FunctionSimpleXOR && r.origin("hash-types").layer == fromDefault {
		r.types, source = hash.TypesOf(hash.IPv4, hash.IPv6), r.source("hash-function")
	}
	if len(f.rxFlowHash) > 0 {
		if f.Set.Changed("hash-types") {
			return errors.New("--rx-flow-hash contradicts --hash-types: both choose the hash types; give one of them")
		}
		source = r.source("rx-flow-hash")
		for _, word := range f.rxFlowHash {
			if err = r.flowHash(word); err != nil {
				return err
			}
		}
	}
	r.add("hash-types", r.types.String(), "", source)
	if r.fields != [hash.NumTypes]nicmodel.Fields{} { // which hash-types does not tell
		r.add("rx-flow-hash", strings.Join(f.rxFlowHash, ","), "", r.source("rx-flow-hash"))
	}
	if r.function != hash.FunctionToeplitz {
		r.add("hash-function", r.function.String(), "", r.source("hash-function"))
	}
	if err := r.hashKey(); err != nil {
		return err
	}
	if r.xfrm, err = hash.ParseTransform(f.xfrm); err != nil {
		return fmt.Errorf("--xfrm: %w", err)
	}
	r.add("xfrm", r.xfrm.String(), "", r.source("xfrm"))
	return nil
}

// hashKey sets the key, and says what the numbers mean without the NIC's own.
func (r *resolver) hashKey() (err error) {
	f, o := r.flags, r.origin("key")
	if file := r.imports.key; strings.HasPrefix(f.key, "@") {
		r.Key, o.source = file.value.Key, file.from
	} else if r.Key, err = hash.ParseKey(f.key); err != nil {
		if hint := keyHint(f.key); hint != "" && o.layer == fromFlag {
			return fmt.Errorf("--key %s is no key: to read it from a file put @ before it, %s", f.key, hint)
		}
		return fmt.Errorf("--key: %w", err)
	}
	if o.layer == fromFlag && r.Key.Name() == "" { // a key with a name is nobody's own
		if r.Key, err = r.fitKey(r.Key); err != nil {
			return fmt.Errorf("--key: %w", err)
		}
	}
	r.add("key", r.Key.String(), KeyText(r.Key), o.source)

	table := r.imports.table
	r.defaultKey = o.layer == fromDefault || table.value != nil && table.value.DefaultKey && o.source == table.from
	p, note := r.Profile, ""
	switch {
	case !r.defaultKey || r.types == 0 || r.function != hash.FunctionToeplitz:
		return nil
	case p != nil:
		note = fmt.Sprintf("CPU numbers are illustrative until the NIC's own key is given (--key, --table): %s has a random one; the spread is typical.", p.Name)
	default:
		note = "CPU numbers are illustrative until the NIC's own key and table are given (--key, --table); the spread is typical."
	}
	r.Notes, r.Unsure = slices.Insert(r.Notes, 0, note), true
	return nil
}

// flowHash changes the enabled types as `ethtool -N eth0 rx-flow-hash udp4 sdfn` does:
// which fields of a kind of packet are hashed.
func (r *resolver) flowHash(word string) error {
	kind, letters, _ := strings.Cut(word, "=")
	withPorts, plain := hash.None, hash.None
	switch kind {
	case "tcp4":
		withPorts, plain = hash.TCPIPv4, hash.IPv4
	case "udp4":
		withPorts, plain = hash.UDPIPv4, hash.IPv4
	case "tcp6":
		withPorts, plain = hash.TCPIPv6, hash.IPv6
	case "udp6":
		withPorts, plain = hash.UDPIPv6, hash.IPv6
	case "sctp4", "sctp6", "ah4", "ah6", "esp4", "esp6", "gtpc4", "gtpc6", "gtpc4t", "gtpc6t", "gtpu4", "gtpu6", "gtpu4e", "gtpu6e", "gtpu4u", "gtpu6u", "gtpu4d", "gtpu6d":
		return fmt.Errorf("--rx-flow-hash %s: no source says in which order a NIC hashes the fields of %s, so that its CPU can't be predicted: leave the flag out, and these packets go by their addresses", word, kind)
	default:
		return fmt.Errorf("--rx-flow-hash %s: the kinds of packet are tcp4, udp4, tcp6 and udp6, as udp4=sdfn", word)
	}
	r.fields[withPorts] = 0
	switch {
	case letters == "sdfn":
		r.types |= hash.TypesOf(withPorts)
		return nil
	case letters == "sd":
		r.types = r.types&^hash.TypesOf(withPorts) | hash.TypesOf(plain)
		return nil
	case strings.Contains(letters, "l"):
		return fmt.Errorf("--rx-flow-hash %s: l is the IPv6 flow label, and where it stands in the hash's input is not published: the CPU of these packets can't be predicted", word)
	case r.Profile == nil || !r.Profile.PacksFields:
		return fmt.Errorf("--rx-flow-hash %s: the fields are sd (addresses) or sdfn (addresses and ports), as %s=sdfn; only of some NICs it is known how they hash others (--nic ice, iavf, dpdk-ice, dpdk-iavf)", word, kind)
	}
	fields, err := nicmodel.ParseFields(letters)
	if err != nil {
		return fmt.Errorf("--rx-flow-hash %s: %w", word, err)
	}
	r.types |= hash.TypesOf(withPorts)
	if whole, _ := nicmodel.ParseFields("sdfn"); fields != whole {
		r.fields[withPorts] = fields
	}
	return nil
}

// KeyText is the key for people: its name, or its bytes.
func KeyText(k hash.Key) string {
	if name := k.Name(); name != "" {
		return name
	}
	return k.String()
}

func (r *resolver) table() error {
	f, c := r.flags, &r.Config
	imported := r.imports.table
	has := imported.value != nil && imported.value.Table != nil
	if has && !r.layoutOverTable() {
		c.Table = imported.value.Table
		r.add("table-size", len(c.Table), "", imported.from)
		r.add("layout", "imported", fmt.Sprintf("imported (%s)", imported.value.Format), imported.from)
	} else {
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
		case has:
			size, source = len(imported.value.Table), imported.from
		}
		if c.Table, err = layout.Fill(size, c.Queues); err != nil {
			return err
		}
		r.add("table-size", size, "", source)
		r.add("layout", f.layout, "", r.source("layout"))
	}
	if len(c.Table) > engine.MaxTable {
		return fmt.Errorf("--table: %s has %d entries; at most %d are emulated", imported.from, len(c.Table), engine.MaxTable)
	}
	for i, q := range c.Table {
		if int(q) >= c.Queues {
			return fmt.Errorf("entry %d of the indirection table is queue %d, which is not below --queues %d", i, q, c.Queues)
		}
	}
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

// nic sets rings, DMA batches and moderation.
func (r *resolver) nic() error {
	f, c := r.flags, &r.Config
	c.RxRing, c.DMABatch, c.DMATimeout = f.rxRing, f.dmaBatch, int64(f.dmaTimeout)
	c.ITR, c.RxUsecs, c.RxFrames = int64(f.itr), int64(f.rxUsecs), f.rxFrames
	r.add("rx-ring", f.rxRing, "", r.source("rx-ring"))
	r.add("dma-batch", f.dmaBatch, "", r.source("dma-batch"))
	r.time("dma-timeout", f.dmaTimeout)
	r.time("itr", f.itr)
	r.add("rx-usecs", int64(f.rxUsecs)/1000, "", r.source("rx-usecs"))
	r.add("rx-frames", f.rxFrames, "", r.source("rx-frames"))
	return nil
}

// host sets the costs, the DPC and the ISR's CPU.
func (r *resolver) host() error {
	f, c := r.flags, &r.Config
	c.InterruptLatency, c.ISRCost, c.DPCCost = int64(f.interruptLatency), int64(f.isrCost), int64(f.dpcCost)
	c.PacketCost, c.ByteCost, c.IPILatency = int64(f.packetCost), int64(f.byteCost), int64(f.ipiLatency)
	c.MigrationCost, c.DistributeCost, c.SendCost = int64(f.migrationCost), int64(f.distributeCost), int64(f.sendCost)
	c.DPCBudget, c.Interval = f.dpcBudget, int64(f.Interval)
	r.time("interrupt-latency", f.interruptLatency)
	r.time("isr-cost", f.isrCost)
	r.time("dpc-cost", f.dpcCost)
	switch f.drain {
	case "snapshot":
		c.Drain = engine.Snapshot
	case "poll":
		c.Drain = engine.Poll
	default:
		return fmt.Errorf("--drain must be snapshot or poll, not %q", f.drain)
	}
	r.add("drain", f.drain, "", r.source("drain"))
	r.add("dpc-budget", f.dpcBudget, "", r.source("dpc-budget"))
	r.time("packet-cost", f.packetCost)
	r.add("byte-cost", float64(f.byteCost)/1000, "", r.source("byte-cost"))
	r.time("migration-cost", f.migrationCost)
	r.time("ipi-latency", f.ipiLatency)
	r.time("distribute-cost", f.distributeCost)
	r.time("send-cost", f.sendCost)
	if r.Profile != nil && r.Profile.NAPI {
		r.offerOfProfile("isr-cpu", strconv.Itoa(c.CPUs[c.QueueCPU[c.DefaultQueue]]))
	}
	switch f.isrCPU {
	case "least-busy":
		c.ISRCPU = engine.LeastBusy
	case "round-robin":
		c.ISRCPU = engine.RoundRobin
	default:
		number, err := strconv.Atoi(f.isrCPU)
		if err != nil {
			return fmt.Errorf("--isr-cpu must be least-busy, round-robin or the number of a CPU in use, not %q", f.isrCPU)
		}
		if c.ISRCPU = slices.Index(c.CPUs, number); c.ISRCPU < 0 {
			return fmt.Errorf("--isr-cpu %d is not in use: --cpus has %s", number, nicmodel.CPUListOf(c.CPUs))
		}
	}
	r.add("isr-cpu", f.isrCPU, "", r.source("isr-cpu"))
	r.time("interval", f.Interval)
	return nil
}

// time adds a parameter whose value is a time: ns in JSON.
func (r *resolver) time(flag string, d cli.Duration) {
	r.add(flag, int64(d), d.String(), r.source(flag))
	if costs := r.imports.costs; costs.value != nil && r.source(flag) == costs.from {
		r.Parameters[len(r.Parameters)-1].Measured = r.measured
	}
}

func (r *resolver) validate() error {
	if slices.Contains(r.Modes, engine.RSSSingleQueue) && (r.Config.Drain == engine.Poll || r.Config.DPCBudget > 0) {
		r.Notes = append(r.Notes, "rss-single-queue has no use for --drain poll and --dpc-budget: its DPCs take all that they were dealt.")
	}
	err := r.Config.Validate()
	if wrong := (*nicmodel.RangeError)(nil); errors.As(err, &wrong) {
		if o := r.origin(wrong.Flag); o.layer == fromImport {
			return fmt.Errorf("%s: %w", o.source, err) // nobody gave the flag
		}
	}
	return err
}

func (r *resolver) steer() (err error) {
	r.Steering, err = nicmodel.NewSteering(nicmodel.SteeringConfig{
		HashTypes: r.types, Key: r.Key, Transform: r.xfrm, Function: r.function, Fields: r.fields, Table: r.Config.Table,
		DefaultQueue: r.Config.DefaultQueue, QueueCPU: r.Config.QueueCPU, Rules: r.rules(),
		NTuple: r.ntuple, Contexts: r.contexts,
	})
	if err != nil {
		return cli.AsUsage(err)
	}
	r.Config.SetRules(r.Steering)
	return nil
}

// rules are those of the profile's parser.
func (r *resolver) rules() nicmodel.Rules {
	if r.Profile == nil {
		return nicmodel.Rules{}
	}
	return r.Profile.Rules
}

// say tells whether the CPU numbers are the NIC's, once all is resolved.
func (r *resolver) say() {
	r.Asides = r.Notes
	if r.Unsure {
		r.Asides = r.Notes[1:]
	}
	sources := map[string]string{}
	for _, p := range r.Parameters {
		sources[p.Name] = p.Source
	}
	of := func(name string) string { return filepath.Base(sources[name]) } // of a file its name, not where it lies
	switch key, table, affinity := of("key"), of("layout"), of("affinity"); {
	case r.types == 0:
		r.Trust = "No hash is enabled: the NIC spreads nothing."
	case r.Unsure:
		r.Trust = "CPU numbers are illustrative (default key); the spread is typical."
	case key == table && table == affinity:
		r.Trust = fmt.Sprintf("CPU numbers hold for the key, table and affinity of %s.", key)
	case key == table:
		r.Trust = fmt.Sprintf("CPU numbers hold for the key and table of %s, with affinity (%s).", key, affinity)
	default:
		r.Trust = fmt.Sprintf("CPU numbers hold for this key (%s), table (%s) and affinity (%s).", key, table, affinity)
	}
}

// Illustrative reports whether the key is the default one, which is no NIC's own.
func (s *Settings) Illustrative() bool {
	return s.defaultKey && s.Steering.Config().HashTypes != 0
}

// Parameter is the parameter of that name; nil if there is none.
func (s *Settings) Parameter(name string) *report.Parameter {
	for i := range s.Parameters {
		if s.Parameters[i].Name == name {
			return &s.Parameters[i]
		}
	}
	return nil
}
