package settings

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/nictext"
	"rssreplay/nicmodel/profile"
	"rssreplay/nicmodel/rps"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps/direction"
	"rssreplay/report"
	"rssreplay/report/anonymize"
)

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
	Masks       [][]int // of RPS, per queue: the CPUs, also those that are offline; nil without
	Unseen      Unseen
	Idle        map[string]error // what is wrong with Flags.Common that say nothing here
	defaultKey  bool             // key is the default one, which is no NIC's own
	Modes       []engine.Mode
	Local       direction.Local
	Profile     *profile.Profile // nil without --nic and --driver
	Parameters  report.Parameters
	Sources     []string     // of Config.Tables, then of Config.Affinities: "1.5s=after.txt"
	Device      string       // the interface that the imported texts are of, "" if none says
	Host        *report.Host // nil where no text tells of the machine
	Counts      *Counts      // nil where the bundle has no two snapshots that count by receive queue
	Uncounted   error        // why, where it has the driver's counters
	Windows     bool         // the table is that of Get-NetAdapterRss
	NearCPUs    []int        // that RSS may use on the NIC's NUMA node, as that shows
	FarCPUs     []int        // and on others
	RSSProfile  string       // which it names, NUMAStatic, say
	OfSoftware  bool         // the driver is of an interface without receive queues of a NIC, as a bond's or a VLAN's
	NoLower     bool         // and /sys names no interface below it, as of a container's veth
	NoTable     bool         // a text says that the driver shows neither a table nor a key, and none is given
	HostSteers  bool         // and the driver is virtio's, so that its host chooses the queues
	OtherHash   OtherHash    // what the NIC does other than hash as is replayed
	untabled    string       // why ethtool can set no table on the interface; "" where it can, as far as is known
	ntupleOn    bool         // a text says that ntuple filters are on
	Rings       int          // queues that the NIC's texts say there are, beside a table; 0: unknown
	MostRings   int          // that the NIC can have; 0: unknown
	HostCPUs    []int        // that /proc/interrupts has columns of; nil where it does not tell the queues' CPUs
	IRQShares   []float64    // of each queue's interrupts, that its CPU got, as that counts; nil where it does not
	LongestRing int          // buffers of a queue that it can have; 0: unknown
	Doubt       string       // why the CPU numbers are not the NIC's; "" where they are
	DoubtsKey   bool         // that is of the key alone, so that the spread may be typical
	Asides      []string     // what the reader of the results must know besides
	Caveats     []string     // and what last
	Trust       string       // what the CPU numbers are worth, in a sentence
	// Shown is what all words are formed of that tell of a host; nil: with everything as
	// it is.
	Shown *anonymize.Anonymizer
}

// Tool is what changes the NIC's settings: ethtool, unless something says otherwise.
func (s *Settings) Tool() profile.Tool {
	switch {
	case s.Windows:
		return profile.PowerShell
	case s.Profile != nil:
		return s.Profile.Tool()
	}
	return profile.Ethtool
}

// CommandDevice is the interface's name in commands; DEV where none is known, or it holds
// what a shell would take for something else.
func (s *Settings) CommandDevice() string {
	if !regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z._:@+-]*$`).MatchString(s.Device) {
		return anonymize.Interface
	}
	return s.Device
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
	flags     *Flags
	imports   *imports
	adaptive  bool              // an imported text says that moderation is adaptive
	origins   map[string]origin // of offered values, by flag
	measured  string            // what the costs of --costs are worth
	refused   error             // the first offer that a flag did not take
	types     hash.Types
	xfrm      hash.Transform
	function  hash.Function
	fields    [hash.NumTypes]nicmodel.Fields // where they are not all of the type's
	ntuple    *steer.Rules
	rulesFrom string
	contexts  map[int]nicmodel.Context
}

// idle refuses flags that say something of what there is not; but not one that was
// given for other settings, too, which is noted alone.
func (r *resolver) idle(wrong string, flags ...string) error {
	for _, flag := range flags {
		if !r.flags.Set.Changed(flag) {
			continue
		}
		err := fmt.Errorf("--%s %s", flag, wrong)
		if !r.flags.Common[flag] {
			return err
		}
		if r.Idle == nil {
			r.Idle = map[string]error{}
		}
		r.Idle[flag] = err
	}
	return nil
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
// is left out of a bundle goes to stderr. shown is what words are formed of.
func (f *Flags) Resolve(stdin io.Reader, stderr io.Writer, shown *anonymize.Anonymizer) (*Settings, error) {
	r := &resolver{Settings: &Settings{Shown: shown}, flags: f, origins: map[string]origin{}}
	var err error
	if r.imports, err = f.readImports(stdin, shown); err != nil {
		return nil, err
	}
	r.Counts, r.Uncounted = r.imports.counts(), r.imports.uncounted
	steps := []func() error{r.chooseProfile, r.checkTable, r.otherHash, r.offlineCPUs, r.lowerLayers, r.cpus, r.queues}
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
	r.doubt()
	r.trust()
	r.Device, _ = r.imports.interfaceName()
	r.Device = cmp.Or(r.Device, f.Imports.Dev)
	if text := r.imports.rps.value; text != nil { // ethtool has no answers that name one of software
		r.Device = cmp.Or(r.Device, text.Interface)
	}
	if t := r.imports.table.value; t != nil && t.EntriesAreCPUs() {
		r.NearCPUs, r.FarCPUs = cpusOf(t.Near), cpusOf(t.Far)
		r.Windows, r.RSSProfile, r.Device = true, t.Profile, cmp.Or(t.Interface, r.Device)
		r.ofWindows(t)
	}
	r.Host = r.hostFacts()
	for _, wrong := range r.imports.notUsed {
		r.Caveats = append(r.Caveats, wrong+"; it is not used.")
	}
	if err := r.steer(); err != nil {
		return nil, err
	}
	if name := r.imports.noTable; name != "" && r.imports.table.value == nil {
		fmt.Fprintf(stderr, "rssreplay: note: %s: the driver shows no indirection table and no key: RSS can't be read there, or there is none\n", report.Clean(name))
	}
	if name := r.imports.noEthtool; name != "" && r.imports.table.value == nil {
		fmt.Fprintf(stderr, "rssreplay: note: %s: the host has no ethtool, which tells the table, the key and the driver: install it there, and collect again\n", report.Clean(name))
	}
	if names := r.imports.leftOut; len(names) > 0 {
		fmt.Fprintf(stderr, "rssreplay: note: --bundle %s: left out, as nothing in them is known: %s\n", report.Clean(f.Imports.bundle), report.Clean(cli.Some(names)))
	}
	return r.Settings, nil
}

// lowerLayers offers what the profile and the texts have, but for what depends on
// the CPUs and queues. What flags set as it is has its value then.
func (r *resolver) lowerLayers() error {
	r.offerProfile()
	if err := r.offerImports(); err != nil {
		return err
	}
	t, name := r.imports.table.value, r.imports.table.from
	keyed := t != nil && t.Format != nictext.PlainList && r.OtherHash.Does == "" && (r.Profile == nil || r.Profile.HashTypes != 0)
	if keyed && r.origin("key").layer == fromDefault {
		return fmt.Errorf("%s: %s shows no hash key: give it with --key; %s", r.tableFlag(), name, r.keySource(t))
	}
	r.Config = r.flags.model
	return r.refused
}

// direction sets which packets were sent, and the modes.
func (r *resolver) direction() (err error) {
	f := r.flags
	if r.Local, err = direction.ParseLocal(f.local); err != nil {
		return err
	}
	r.Local.OfText = r.origin("local").layer == fromImport
	local := strings.Join(f.local, ",")
	if r.Shown != nil {
		local = r.Local.Replaced(r.Shown.Prefix).String()
	}
	r.add("local", local, "", r.source("local"))
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
