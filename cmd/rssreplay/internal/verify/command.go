package verify

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/bundle"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/nictext"
	"rssreplay/pcaps"
	"rssreplay/pcaps/grouped"
	"rssreplay/pcaps/walk"
	"rssreplay/report"
	"rssreplay/report/csv"
	"rssreplay/report/findings"
	"rssreplay/report/markdown"
	"rssreplay/report/text"
)

// verifyFlags are the verify command's own flags.
type verifyFlags struct {
	model                *settings.Flags
	input                *input.Flags
	output               *output.Flags
	counters, interrupts window
	stackCPUs            string
	tolerance            string
}

// NewCommand is `rssreplay verify CAPTURE...`.
func NewCommand(e *cli.Env) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:  "verify CAPTURE... [flags]",
		Args: cli.NeedsCapture("rssreplay verify capture.pcapng --bundle rss-eth0"),
		RunE: func(_ *cobra.Command, captures []string) error { return verify(e, &f, captures) },
	}
	set := c.Flags()
	f.model = newModel(set)
	f.input = input.NewFlags(set)
	f.output = output.NewFlags(set)
	f.output.AddLook()
	f.output.AddTables()
	f.output.AddWords()
	f.output.AddAnonymize()
	f.counters.add(set, "counters")
	f.interrupts.add(set, "interrupts")
	set.StringVar(&f.stackCPUs, "stack-cpus", "", "")
	set.StringVar(&f.tolerance, "tolerance", "", "")
	return c
}

// check refuses flags of which one lacks another. The tolerance is nil without one.
func (f *verifyFlags) check() (tolerance *float64, err error) {
	for _, w := range []*window{&f.counters, &f.interrupts} {
		if (w.paths[0] == "") != (w.paths[1] == "") {
			return nil, cli.Usagef("%s and %s go together: what was counted between the two is compared", w.flag(0), w.flag(1))
		}
	}
	counted := &f.counters
	switch {
	case f.counters.given() && f.interrupts.given():
		return nil, cli.Usagef("--counters-before contradicts --interrupts-before: counters tell of packets, so give these")
	case f.interrupts.given():
		counted = &f.interrupts
	}
	if f.stackCPUs != "" && counted.given() {
		return nil, cli.Usagef("--stack-cpus contradicts %s: records tell of each packet, so give these alone", counted.flag(0))
	}
	if f.tolerance == "" {
		return nil, nil
	}
	number, ok := strings.CutSuffix(f.tolerance, "%")
	share, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(share >= 0 && share <= 100) {
		return nil, cli.Usagef("--tolerance must be a share of the packets, as 1%%, not %q", f.tolerance)
	}
	share /= 100
	return &share, nil
}

func verify(e *cli.Env, f *verifyFlags, args []string) error {
	reads, err := f.model.Reads(args)
	if err != nil {
		return err
	}
	tolerance, err := f.check()
	if err != nil {
		return err
	}
	reads.Others = append(reads.Others, f.counters.paths[0], f.counters.paths[1], f.interrupts.paths[0], f.interrupts.paths[1], f.stackCPUs)
	out, err := output.Begin(e, f.output, verifyForms(), reads)
	if err != nil {
		return err
	}
	var texts bytes.Buffer // of standard input, for another run with other flags
	stdin := e.Stdin
	if slices.Contains(f.model.Inputs(), "-") {
		stdin = io.TeeReader(e.Stdin, &texts)
	}
	s, err := f.model.Resolve(stdin, e.Stderr, out.Shown)
	if err != nil {
		return err
	}
	if err := s.RefuseMoves("verify"); err != nil {
		return err
	}
	in, err := f.input.Resolve(reads.Captures, s)
	if err != nil {
		return err
	}
	v := &verification{settings: s, claimed: s.Steering, tolerance: tolerance, unit: report.UnitPackets, groups: map[observed]*amount{},
		given: f.given(e), meant: map[*report.VerifyExplanation][]findings.Argument{}}
	if err := v.takeSeen(f); err != nil {
		return cli.AsUsage(err)
	}
	if v.done, err = in.Pass(e, s, input.PassOptions{Observers: input.Observers{Arrive: v.arrive}}); err != nil {
		return err
	}
	if why := in.Nothing(v.done); why != "" && v.done.Result.Damage == nil {
		return cli.Usagef("no packet was received, so there is nothing to compare with: %s", why)
	}
	in.Warn(e.Stderr, v.done)
	if v.source == "" && v.stack == nil && !v.hasRecords && s.Counts != nil {
		if err := v.seenInBundle(s.Counts); err != nil {
			return cli.AsUsage(err)
		}
	}
	result, err := v.report()
	if err != nil {
		return err
	}
	v.sayCommand(result, texts.Bytes())
	result.Head = out.Head()
	result.Anonymized, result.Notes = out.Shown.Done(result.Notes, false)
	if err := out.Write(result); err != nil {
		return err
	}
	switch {
	case result.Agrees == nil:
		return cli.CantTell(errors.New(result.Verdict))
	case !*result.Agrees:
		return cli.Differs(errors.New(result.Verdict))
	}
	return cli.Damaged(v.done.Result.Damage, "the verdict is of", reads.Captures)
}

// takeSeen reads what the flags say was really seen: counters, and the stack's CPUs.
func (v *verification) takeSeen(f *verifyFlags) (err error) {
	switch {
	case f.counters.given():
		return v.takeCounters(&f.counters)
	case f.interrupts.given():
		return v.takeInterrupts(&f.interrupts)
	case f.stackCPUs != "":
		v.stack = claimOf(v.settings)
		v.stackCPUs, err = readStackCPUs(f.stackCPUs)
	}
	return err
}

// verifyForms are the formats of a verification.
func verifyForms() []output.Format[*report.Verify] {
	return []output.Format[*report.Verify]{
		{Name: "table", Write: text.WriteVerify}, output.Plain("markdown", markdown.WriteVerify),
		output.Plain("json", report.WriteVerifyJSON), output.CSV(csv.VerifyTables()),
	}
}

// window is two texts of what was counted, from before the capture and from after it.
type window struct {
	source string // what counted: the flags are called so, with -before and -after
	paths  [2]string
}

func (w *window) add(set *pflag.FlagSet, source string) {
	w.source = source
	for i := range w.paths {
		set.StringVar(&w.paths[i], strings.TrimPrefix(w.flag(i), "--"), "", "")
	}
}

func (w *window) flag(i int) string { return "--" + w.source + [2]string{"-before", "-after"}[i] }

func (w *window) given() bool { return w.paths[0] != "" }

// read reads both texts, as parse does; give is what to give in the place of one that can't be
// read.
func (w *window) read(give string, parse func(text []byte, path string) (*nictext.QueueCounters, error)) (read [2]*nictext.QueueCounters, err error) {
	for i, path := range w.paths {
		text, err := readText(path)
		if err != nil {
			return read, fmt.Errorf("%s: %s: %w: give %s", w.flag(i), path, cli.Cause(err), give)
		}
		if read[i], err = parse(text, path); err != nil {
			return read, fmt.Errorf("%s: %w", w.flag(i), err)
		}
	}
	return read, nil
}

// takeCounters takes what the counters say of each queue.
func (v *verification) takeCounters(w *window) error {
	v.source = w.source
	read, err := w.read("a file with the text of `ethtool -S`", func(text []byte, path string) (*nictext.QueueCounters, error) {
		counters, err := nictext.ReadQueueCounters(string(text))
		if err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
		return counters, err
	})
	if err != nil {
		return err
	}
	v.seen, err = v.between(read, [2]string{w.flag(0) + ": " + w.paths[0], w.flag(1) + ": " + w.paths[1]})
	return err
}

// between is what the queues counted from one text to the other; of names them.
func (v *verification) between(read [2]*nictext.QueueCounters, of [2]string) ([]uint64, error) {
	if before, after := read[0].VF, read[1].VF; after > before {
		return nil, fmt.Errorf("%s: the virtual function below this interface took %s packets (vf_rx_packets), which are in none of these queues: give the counters, the table and the driver of that one (`ls -d /sys/class/net/%s/lower_*` names it)", of[1], grouped.Int(after-before), v.settings.CommandDevice())
	}
	if (read[0].Packets == nil) != (read[1].Packets == nil) {
		return nil, fmt.Errorf("%s, %s: one counts packets by receive queue, and the other bytes alone: give both whole", of[0], of[1])
	}
	if read[0].Packets == nil {
		v.unit = report.UnitBytes
	}
	since, err := read[1].Since(read[0])
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", of[0], of[1], err)
	}
	if len(since) < v.settings.Config.Queues {
		return nil, fmt.Errorf("%s: it counts %d receive queues, but there are %d queues: give counters and a table that belong together, or --queues", of[1], len(since), v.settings.Config.Queues)
	}
	return since, nil
}

// seenInBundle takes the counters of the bundle's snapshots, if the capture is of the time
// between them.
func (v *verification) seenInBundle(c *settings.Counts) (err error) {
	const clocks = 2 * time.Second // the snapshots' times are to a second
	first := time.Unix(0, v.done.Result.First).UTC()
	last := first.Add(time.Duration(v.done.Result.Duration))
	told := !c.Times[0].IsZero() && !c.Times[1].IsZero()
	if told && (first.Before(c.Times[0].Add(-clocks)) || last.After(c.Times[1].Add(clocks))) {
		return fmt.Errorf("--bundle: its counters are of %s to %s, and the capture is of %s to %s: give the counters from before and after it as --counters-before and --counters-after", c.Times[0].Format(time.DateTime), c.Times[1].Format(time.DateTime), first.Format(time.DateTime), last.Format(time.DateTime))
	}
	v.source = "counters"
	v.fromBundle = fmt.Sprintf("The counters are the bundle's: %s before the capture, %s after it.", c.Names[0], c.Names[1])
	v.seen, err = v.between(c.Counters, [2]string{"--bundle: " + c.Names[0], c.Names[1]})
	return err
}

// readText is a text, compressed or not.
func readText(name string) ([]byte, error) {
	r, err := bundle.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	in := bufio.NewReader(r)
	if err := bundle.NoText(in); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(in, nictext.MaxInterrupts+1))
}

// takeInterrupts takes how often each queue interrupted.
func (v *verification) takeInterrupts(w *window) error {
	v.source = w.source
	read, err := w.read("a copy of /proc/interrupts", func(text []byte, path string) (*nictext.QueueCounters, error) {
		irqs, err := nictext.ReadIRQs(bytes.NewReader(text), path)
		if err != nil {
			return nil, err
		}
		counts, err := irqs.QueueInterrupts(nictext.NIC{Interface: v.settings.Device})
		if errors.Is(err, nictext.ErrNoQueueNames) {
			err = fmt.Errorf("%w: give /proc/interrupts whole, or --counters-before and --counters-after", err)
		}
		return counts, err
	})
	if err != nil {
		return err
	}
	if v.seen, err = read[1].Since(read[0]); err != nil {
		return fmt.Errorf("--interrupts-before, --interrupts-after: %w", err)
	}
	if len(v.seen) < v.settings.Config.Queues {
		return fmt.Errorf("--interrupts-after: there are interrupts of %d receive queues, but there are %d queues: give texts that belong together, or --queues", len(v.seen), v.settings.Config.Queues)
	}
	return nil
}

// observed is what packets may have in common: all that steers them, and what the
// capture recorded of them.
type observed struct {
	outer   pcaps.Tuple // which tells the direction
	header  pcaps.Header
	ext     pcaps.Extension
	frame   pcaps.Frame // what rules compare besides, where they do
	hash    uint32
	hasHash bool
	queue   int32  // -1: not recorded
	cpu     int32  // of the protocol work; -1: not recorded
	own     uint32 // the stack's own hash, where RPS may ask for it
}

// verification compares the prediction with what was seen.
type verification struct {
	settings   *settings.Settings
	claimed    *nicmodel.Steering
	tolerance  *float64        // nil: the null distribution decides
	source     string          // "" until it is known
	unit       string          // of what is seen: one of report's
	seen       []uint64        // by counters, per queue
	stackCPUs  map[int64]int32 // recorded, by the packet's number from 1; nil without --stack-cpus
	stack      *stackClaim     // nil without --stack-cpus
	fromBundle string          // which of its counters are compared; "" if none are
	done       *input.Replayed

	groups     map[observed]*amount
	hasRecords bool

	given []findings.Argument                               // the command line
	meant map[*report.VerifyExplanation][]findings.Argument // the flags that an explanation comes to; nil where nobody asks
}

func (v *verification) arrive(a dispatch.Arrival) {
	o := observed{header: *a.Header, hash: a.Record.Hash, hasHash: a.Record.HasHash, queue: a.Record.Queue, cpu: -1}
	if a.Record.Predicted {
		o.hash, o.hasHash, o.queue = 0, false, -1
	}
	o.outer.Set(a.Outer)
	o.header.Direction = a.Outer.Direction
	if a.Header.Facts&(pcaps.HomeAddress|pcaps.RoutingType2) != 0 {
		o.ext = *a.Extension
	}
	if a.Compared != nil {
		o.frame = *a.Compared
		o.frame.TCPFlags = 0 // no rule's
	}
	if v.stack != nil {
		v.stackRecord(&o, &a)
	}
	v.hasRecords = v.hasRecords || o.hasHash || o.queue >= 0 || o.cpu >= 0
	n := v.groups[o]
	if n == nil {
		n = new(amount)
		v.groups[o] = n
	}
	n.packets++
	frames, bytes := onWire(&a)
	n.frames += frames
	n.bytes += bytes
}

// amount is packets, and the frames and their bytes that they were on the wire.
type amount struct{ packets, frames, bytes uint64 }

// in is the amount in that unit.
func (n *amount) in(unit string) uint64 {
	switch unit {
	case report.UnitFrames:
		return n.frames
	case report.UnitBytes:
		return n.bytes
	}
	return n.packets
}

// onWire is how many frames a packet was on a link of MTU 1500, and of how many bytes
// together: more than one where receive coalescing joined them before the capture. The NIC
// counted each, with headers of its own.
func onWire(a *dispatch.Arrival) (frames, bytes uint64) {
	const mtu = 1500
	wire := uint64(a.Record.Wire)
	if wire <= mtu {
		return 1, wire
	}
	s, ok := walk.SegmentOf(a.Record, a.Outer)
	if !ok || s.IP <= mtu || s.Headers == 0 || s.Headers >= mtu {
		return 1, wire
	}
	segment := mtu - s.Headers
	frames = uint64((s.IP - s.Headers + segment - 1) / segment)
	link := max(int64(wire)-s.IP, 0)
	return frames, wire + (frames-1)*uint64(link+s.Headers)
}

// group is packets that were received.
type group struct {
	observed
	amount
	whole bool // a whole TCP packet, which every parser reads alike
}

func (v *verification) received() []group {
	var all []group
	for o, n := range v.groups {
		if v.done.Directions.Sent(&o.outer, o.header.Direction) {
			continue
		}
		whole := o.header.Protocol == pcaps.ProtoTCP && o.header.Facts == pcaps.HasPorts
		all = append(all, group{o, *n, whole})
	}
	// By their order in no way but their own: maps have none.
	slices.SortFunc(all, func(a, b group) int { return a.compare(&b.observed) })
	return all
}

// compare orders observations by all that they consist of: two different ones are never
// equal.
func (o *observed) compare(p *observed) int {
	a, b := &o.header, &p.header
	if c := bytes.Compare(a.Src[:], b.Src[:]); c != 0 {
		return c
	}
	if c := bytes.Compare(a.Dst[:], b.Dst[:]); c != 0 {
		return c
	}
	if c := cmp.Or(cmp.Compare(a.SrcPort, b.SrcPort), cmp.Compare(a.DstPort, b.DstPort), cmp.Compare(a.Protocol, b.Protocol)); c != 0 {
		return c
	}
	if o.hasHash != p.hasHash {
		if p.hasHash {
			return -1
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(a.Version, b.Version), cmp.Compare(a.Facts, b.Facts), cmp.Compare(a.Reason, b.Reason),
		cmp.Compare(o.hash, p.hash), cmp.Compare(o.queue, p.queue), cmp.Compare(o.cpu, p.cpu), cmp.Compare(o.own, p.own),
		cmp.Compare(a.Encapsulations, b.Encapsulations), cmp.Compare(a.Direction, b.Direction),
		bytes.Compare(o.ext.Home[:], p.ext.Home[:]), bytes.Compare(o.ext.Routing[:], p.ext.Routing[:]),
		slices.Compare(o.outer[:], p.outer[:]), compareFrames(&o.frame, &p.frame),
	)
}

func compareFrames(a, b *pcaps.Frame) int {
	return cmp.Or(
		bytes.Compare(a.Source[:], b.Source[:]), bytes.Compare(a.Destination[:], b.Destination[:]),
		cmp.Compare(a.TagType, b.TagType), cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.EtherType, b.EtherType), cmp.Compare(a.Class, b.Class),
		cmp.Compare(a.Has, b.Has), bytes.Compare(a.L4[:], b.L4[:]), bytes.Compare(a.AH[:], b.AH[:]),
	)
}

// under is where a way of steering leads the group; ok is false where a rule drops it.
func (g *group) under(s *nicmodel.Steering) (d nicmodel.Decision, ok bool) {
	d = s.DecideFrame(&g.header, &g.ext, &g.frame)
	return d, d.Rule == 0 || d.Target >= 0
}

// tally is how many packets record something, and of how many it is as predicted.
type tally struct{ all, equal uint64 }

// add counts packets, and returns whether they are as predicted.
func (t *tally) add(packets uint64, equal bool) bool {
	t.all += packets
	if equal {
		t.equal += packets
	}
	return equal
}

// score is what a way of steering explains: packets with all that they record, and of each
// record those that have one.
type score struct{ packets, hash, queue, cpu tally }

// predict compares a way of steering with the records, and counts the packets of
// each queue.
func (v *verification) predict(groups []group, s *nicmodel.Steering) (score, []uint64) {
	var c score
	stack := v.stack.with(s)
	queues := make([]uint64, len(s.Config().QueueCPU))
	for i := range groups {
		g := &groups[i]
		d, arrives := g.under(s)
		if arrives {
			queues[d.Queue] += g.packets
		}
		cpu, predictable := int32(-1), false
		if g.cpu >= 0 {
			cpu, predictable = stack.cpu(g)
		}
		if !g.hasHash && g.queue < 0 && !predictable {
			continue
		}
		explained := !predictable || c.cpu.add(g.packets, cpu == g.cpu)
		if g.hasHash { // a packet without a hash is recorded with 0
			explained = c.hash.add(g.packets, g.hash == d.Hash) && explained
		}
		if g.queue >= 0 {
			explained = c.queue.add(g.packets, arrives && int32(d.Queue) == g.queue) && explained
		}
		c.packets.add(g.packets, explained)
	}
	return c, queues
}

// turnHashes turns round the bytes of the recorded hashes.
func turnHashes(groups []group) {
	for i := range groups {
		groups[i].hash = bits.ReverseBytes32(groups[i].hash)
	}
}
