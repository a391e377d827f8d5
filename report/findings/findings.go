package findings

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Traffic is what the findings are drawn from beside the report itself: figures
// over all flows, which the report may not list, and what would be under other
// settings. They are of the received packets, and of the first mode with RSS.
type Traffic struct {
	Command []Argument // what other commands need to be told of this replay
	Begins  *int64     // the replay's time 0 as --from counts it, in ns; nil where its time is another: scaled, or that of an interval

	Largest       *report.Flow  // the flow with the most packets, of those that RPS does not part; nil without one
	LargestBytes  *report.Flow  // and the one with the most bytes
	Heavy         []report.Flow // the flows with the most packets, in falling order: a few hundred
	LargestTunnel string        // the tunnel that Largest is, by its name in reports; "" for none
	HashedBy      string        // what the NIC hashes of such a tunnel beside addresses, and the replay can't: "SPI", "TEID"; "" for nothing
	SameTunnels   uint64        // flows that are a tunnel of that kind
	InTunnels     uint64        // their packets
	Flows         uint64        // all of them
	Inputs        *Inputs       // nil where it was not asked for
	Chance        *Chance       // nil where it was not asked for
	Key           *KeyStrength  // for the hash type with the most packets; nil without a hash

	Better *BetterTable // nil where none was looked for

	UDPOnAddresses uint64          // UDP packets with ports that are hashed without them
	WithPorts      report.Fraction // imbalance.packets if TCP and UDP were hashed with their ports; Null if unknown

	UDPFragments   uint64 // fragments of UDP datagrams, the first ones included
	FragmentsApart uint64 // of these, on another CPU than whole datagrams between the same two addresses

	Tunnelled    uint64          // packets in tunnels whose inner headers can be hashed
	TunnelFlows  uint64          // flows that they are outside
	InnerFlows   uint64          // and inside; 0 if unknown
	InnerBalance report.Fraction // imbalance.packets if the inner headers were hashed; Null if unknown

	Rings      int  // receive queues that the imported texts say there are; 0 if unknown
	MostRings  int  // that the NIC can have; 0 if unknown
	MostQueues int  // that RSS of the NIC can reach; 0 if unknown
	PowerOfTwo bool // its driver rounds them down to a power of two
	RSSQueues  int  // the first queues, which RSS of this NIC reaches alone; 0 for all
	NoTable    bool // the driver shows neither a table nor a key
	HostSteers bool // and the NIC is virtio: its host chooses the queues
	OfSoftware bool // and it is no NIC: its driver makes an interface of software, as a bond
	Windows    bool // the table is Windows'

	Unsettable  Unsettable
	Application bool // what has the NIC to itself sets all that, under DPDK
	PowerShell  bool // Set-NetAdapterRss does, under Windows
	LongestRing int  // buffers that a ring can have, as the imported texts say; 0 if unknown

	Masked   []int        // CPUs that some queue's mask of RPS has
	MaskFull bool         // each queue's has all CPUs in use
	Parted   bool         // RPS parts the flow with the most packets
	Stack    *StackInputs // nil without RPS, or where it is not known

	DriverTransform string // of the hash's input, as the NIC's driver sets it; "" if that is not known

	Oversized        uint64 // packets longer than the link carries
	LargestPacket    uint64 // in bytes on the wire
	PortsCut         uint64 // packets whose ports the NIC hashes, and the capture cut off
	HeadersCut       uint64 // packets without a hash of which the capture cut off the IP header
	DirectionUnknown bool   // no rule told sent packets from received ones
	OnlySender       string // the address that every packet is from, to several; "" for none
	TakenOnHost      string // why it is certain that the host itself captured; "" if it is not

	LeapsAhead, LeapsBack Leaps  // of the timestamps
	Restarts              uint64 // leaps back after which the clock went on from there
	Gaps                  Gaps
	Bursts                []Burst // per queue
	Ambiguous             []Ambiguity
	ATR                   *ATR // nil where the NIC has none
	Copies                Copies
	Grain                 int64 // what the steps between timestamps are multiples of, ns; 0: there is no step
}

// BetterTable is the best table known for the capture, and what became of such tables
// on parts of it that they were not found on.
type BetterTable struct {
	Best report.Fraction // imbalance.packets under it
	// Judged is the mean imbalance of eighths of the capture, each under a table found on
	// others that do not touch it, and Present under the table now; Null where the capture can't be judged.
	Judged, Present report.Fraction
	Lasts           bool // what is found holds on what it was not found on
}

// Argument is one of a command line: a flag with its value, or a capture.
type Argument struct {
	Flag  string // "--cpus"; "" for a capture
	Value string // "" for a flag that takes none
}

// Inputs is what the hash is told of the flows that have one: flows with the same
// input meet one entry, whatever the key.
type Inputs struct {
	Flows     uint64
	Distinct  uint64        // inputs
	Hashes    func() uint64 // counts the distinct ones: few findings ask, and it takes a sort of all
	Entries   uint64        // of the table that have packets
	Effective report.Fraction
	Portless  []Portless // hashed without the ports that they have, by falling packets
}

// StackInputs is what the hash of RPS tells apart: flows, and those inside tunnels that the
// stack looks into.
type StackInputs struct {
	Flows     uint64
	Effective report.Fraction
	Heaviest  uint64 // packets
}

// Portless is a protocol's flows that are hashed on addresses alone, though they have ports.
type Portless struct {
	Protocol               string
	Flows, Packets, Inputs uint64
}

// KeyStrength is what the hash key can do.
type KeyStrength struct {
	HashType     string
	Rank, Wanted int // bits of the table's index that can differ on their own, and those that it has
	Heard, Bits  int // bits of the hash input that change the index, and those that it has
}

// Ambiguity is the packets that two filters match and would do different things with;
// the first one takes them.
type Ambiguity struct {
	Filter, Other       int
	Action, OtherAction string
	Packets             uint64
	MostFields          bool // the filter wins by its number of fields, else by its location
}

// ATR is Intel's application targeted routing, of a NIC whose driver has it on by
// default.
type ATR struct {
	NIC     string
	Packets uint64 // received TCP packets whose connection had sent a SYN or some packets, as far as the capture shows
	Most    uint64 // received TCP packets but the SYNs of new connections
	Off     string // the command that turns it off
}

// Burst is the most packets that come for a queue within any 50 µs and 500 µs,
// dropped ones included.
type Burst struct{ In50us, In500us uint64 }

// Leaps are the timestamps that leap one way.
type Leaps struct {
	Packets uint64
	First   uint64 // number of the first of these packets; 0 if it is not known
	FirstAt int64  // where that is in the replay's time, ns after the capture's first packet
}

// Gaps are times of ten seconds and more without a packet.
type Gaps struct {
	Count        uint64
	Total        int64 // ns
	Longest      int64
	LongestFrame uint64 // number of the packet after it
	LongestStart int64  // where it begins, ns after the capture's first packet
}

// Copies are packets that the capture has more than once, among its first.
type Copies struct {
	Looked, Copied, Distinct uint64
	Numbered                 bool  // as hosts number what they send
	Longest                  int64 // ns between two copies
	Within                   int   // packets from a copy to the next
	Same                     bool  // they are the same to the byte
	Hops                     bool  // their times to live differ
	Interfaces               []uint32
	Cooked                   bool // these are the host's own numbers
}

// Chance is the distribution of imbalance.packets when the inputs fall on the
// table's entries at random, or on the CPUs of RPS: percentiles.
type Chance struct {
	Deviation                    report.Fraction // of the replay, in standard deviations
	P5, P10, P50, P90, P95, P999 report.Fraction // P999 is Null where the deviation is small
}

// Diagnose finds what is wrong, the gravest first; of equals what makes the rest
// mean less, then causes, then what follows from them. Each finding rests on its own
// evidence, whose figures are the report's or the traffic's; a healthy capture has
// none, and one fault has one.
func Diagnose(r *report.Report, t *Traffic) report.List[report.Finding] {
	d := newDiagnosis(r, t)
	var all report.List[report.Finding]
	for _, find := range []func() *report.Finding{
		// The capture.
		d.clockStill, d.overlap, d.leap, d.onlySent, d.bothDirections, d.oneDirectionPartly, d.copiedPackets, d.portsCut, d.driverTransform,
		// The machine, its key and its table.
		d.noTable, d.weakKey, d.staleTable, d.oneQueue, d.singleQueue, d.sharedCPU, d.missedCPUs, d.lopsidedTable, d.unevenTable, d.noHashType, d.unhashed, d.qinq,
		d.ruleOverrides, d.ambiguousRule, d.atr, d.tableMoved, d.moving, d.napiElsewhere, d.rpsHot, d.rpsOffNode, d.remoteNode, d.sharedCore,
		// The flows.
		d.tunnel, d.singleFlow, d.udpWithoutPorts, d.fewInputs, d.hotWindow, d.elephant, d.microburst,
		d.fewFlows, d.elephantBytes, d.collidingFlows, d.unevenHash, d.betterTable, d.tunnelElsewhere, d.elephantElsewhere,
		// What follows.
		d.saturated, d.ringOverflow, d.backlogOverflow, d.longModeration, d.oversized, d.udpFragments, d.asymmetric,
		// What the host counted itself.
		d.backlogDrops, d.timeSqueezed,
	} {
		if f := find(); f != nil && !((r.Moves() || d.rps()) && ofOneTable(f.ID)) {
			all = append(all, *f)
			d.found = append(d.found, f.ID)
		}
	}
	d.flowFirst(all)
	d.noEthtool(all)
	d.nameDevice(all)
	rank := map[string]int{report.Problem: 0, report.Warning: 1, report.Note: 2}
	slices.SortStableFunc(all, func(a, b report.Finding) int { return rank[a.Severity] - rank[b.Severity] })
	return all
}

// flowFirst puts what is said of the heaviest flow, where that is on the busiest CPU, before
// what is said of the table, if the flow alone is more of that CPU's load than the table makes
// of even traffic: another table would change little.
func (d *diagnosis) flowFirst(all []report.Finding) {
	ofFlow := slices.IndexFunc(all, func(f report.Finding) bool {
		return f.ID == "tunnel" || f.ID == "single-flow" || f.ID == "elephant-flow"
	})
	ofTable := slices.IndexFunc(all, func(f report.Finding) bool {
		return slices.Contains([]string{"queues-share-cpu", "cpus-missed", "lopsided-table", "uneven-table"}, f.ID)
	})
	if ofTable < 0 || ofFlow < ofTable || d.t.Largest == nil || !d.onBusiest(d.t.Largest) || d.bound() <= d.r.BuiltIn(d.mode) {
		return
	}
	f := all[ofFlow]
	copy(all[ofTable+1:], all[ofTable:ofFlow])
	all[ofTable] = f
}

// nameDevice writes the interface's name, where it is known, for DEV in commands and paths;
// not one in which a shell would take something for its own.
func (d *diagnosis) nameDevice(all []report.Finding) {
	name := d.r.Interface
	if name == "" || strings.HasPrefix(name, "-") || words.ShellWord(name) != name || d.t.Windows {
		return
	}
	for i := range all {
		for _, text := range []*string{&all[i].Evidence, &all[i].Remedy} {
			*text = strings.ReplaceAll(*text, "DEV", name)
		}
	}
}

// findingIDs are the names of all findings, in the order in which they are looked for.
var findingIDs = []string{
	"clock-still", "captures-overlap", "clock-leap", "only-sent", "both-directions", "one-direction-partly", "copied-packets", "ports-cut", "driver-transforms",
	"no-table", "weak-key", "stale-table", "one-queue", "single-queue", "queues-share-cpu", "cpus-missed", "lopsided-table", "uneven-table", "no-hash-type", "unhashed", "qinq",
	"rule-overrides", "ambiguous-rule", "atr", "moves", report.MovingHelps, report.MovingDoesNot, report.Churny, "napi-elsewhere", "rps-hot", "rps-off-node", "remote-node", "shared-core",
	"tunnel", "single-flow", "udp-without-ports", "few-inputs", "hot-window", "elephant-flow", "microburst",
	"few-flows", "elephant-bytes", "colliding-flows", "uneven-hash", "better-table",
	"cpu-saturated", "ring-overflow", "backlog-overflow", "long-moderation", "coalesced", "udp-fragments", "asymmetric-connections",
	"backlog-drops", "time-squeezed",
}

// rps tells whether the stack steers packets on, so that the table does not say which CPUs
// take them.
func (d *diagnosis) rps() bool { return d.mode != nil && d.mode.RPS != nil }

// Uneven tells whether Diagnose would look for why the CPUs are loaded unevenly, and
// so needs to know Traffic.Chance and what other settings would bring.
func Uneven(r *report.Report) bool { return newDiagnosis(r, nil).uneven() }

// newDiagnosis judges the first mode in which the NIC spreads packets over CPUs.
func newDiagnosis(r *report.Report, t *Traffic) *diagnosis {
	d := &diagnosis{r: r, t: t}
	for i := range r.Modes {
		if m := &r.Modes[i]; d.mode == nil && m.Mode != report.NonRSS {
			d.taken, d.mode = m, r.Arrived(m)
		}
	}
	return d
}

// diagnosis is one report under examination.
type diagnosis struct {
	r     *report.Report
	t     *Traffic
	mode  *report.Mode // the RSS mode that is judged, with the packets that came for each CPU; nil without one
	taken *report.Mode // the same with what the CPUs took, without what rings dropped
	found []string     // the ids so far: what explains an imbalance is said once
}

// judged tells whether there is an RSS mode with packets enough to judge shares.
func (d *diagnosis) judged() bool { return d.mode != nil && d.r.Capture.Received >= report.MinPackets }

func (d *diagnosis) has(ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(d.found, id) })
}

// uneven tells whether the CPUs' packets are worth a finding.
func (d *diagnosis) uneven() bool {
	return d.judged() && !d.mode.Imbalance.Packets.IsNull() && d.mode.Imbalance.Packets >= report.UnevenFrom
}

// timed tells whether the timestamps carry a verdict on drops, load and latency.
func (d *diagnosis) timed() bool { return !d.has("clock-still", "captures-overlap", "clock-leap") }

// weigh is the severity of a load that loses capacity: a fair share × lost is what
// one CPU has, whatever a packet costs. A machine that has nothing to do has no
// problem yet.
func (d *diagnosis) weigh(lost report.Fraction) string {
	switch {
	case lost >= report.GravelyFrom && d.loaded():
		return report.Problem
	case lost >= report.UnevenFrom:
		return report.Warning
	}
	return report.Note
}

// loaded tells whether the busiest CPU takes so many packets that they may matter.
func (d *diagnosis) loaded() bool {
	rate := d.busiest().PacketsPerSecond
	return d.timed() && !rate.IsNull() && rate >= report.LoadedFrom
}

// lost is the capacity that the uneven load loses, as a factor.
func (d *diagnosis) lost() report.Fraction { return d.mode.Imbalance.Packets }

// fair is the packets of one CPU's fair share.
func (d *diagnosis) fair() float64 {
	return float64(d.r.Capture.Received) / float64(len(d.mode.CPUs))
}

// ofFair is n packets as a multiple of a fair share.
func (d *diagnosis) ofFair(n uint64) report.Fraction { return report.Fraction(float64(n) / d.fair()) }

// share is n of the received packets.
func (d *diagnosis) share(n uint64) report.Fraction { return report.Ratio(n, d.r.Capture.Received) }

// busiest is the CPU with the most packets, the first of equals.
func (d *diagnosis) busiest() *report.CPU {
	most := &d.mode.CPUs[0]
	for i := range d.mode.CPUs {
		if c := &d.mode.CPUs[i]; c.Packets > most.Packets {
			most = c
		}
	}
	return most
}

// hottest says of the busiest CPU what it has and costs.
func (d *diagnosis) hottest() string {
	c := d.busiest()
	with := ""
	if d.mode != d.taken {
		with = ", dropped ones included"
	}
	s := fmt.Sprintf("CPU %d has %s of the packets under %s%s, %s × its fair share",
		c.CPU, words.Percent(report.Ratio(c.Packets, d.mode.Totals.Packets)), d.mode.Mode, with, words.Fixed(d.lost(), 2))
	if d.lost() >= report.UnevenFrom {
		s += fmt.Sprintf(": an even spread carries %s × as much before its first CPU is full", words.Fixed(d.lost(), 2))
	}
	return s
}

// load is the figures of the busiest CPU, with more.
func (d *diagnosis) load(more report.Numbers) report.Numbers {
	c := d.busiest()
	n := report.Numbers{"cpu": c.CPU, "cpu_share": report.Ratio(c.Packets, d.mode.Totals.Packets), "lost_capacity": d.lost()}
	for name, value := range more {
		n[name] = value
	}
	return n
}

// best is the clause about the best table known, and about whether one lasts, "" if
// it would gain little; its figures join the finding's.
func (d *diagnosis) best(figures report.Numbers) string {
	b := d.t.Better
	if b == nil || d.gain(b.Best) < report.GainFrom {
		return ""
	}
	figures["best_table"] = b.Best
	s := fmt.Sprintf(" The best table found for just these packets has %s ×.", words.Fixed(b.Best, 2))
	if b.Judged.IsNull() {
		return s
	}
	figures["judged"], figures["judged_present"], figures["lasts"] = b.Judged, b.Present, b.Lasts
	s += fmt.Sprintf(" On eighths of the capture, such a table found on others has %s ×, and the present one %s ×", words.Fixed(b.Judged, 2), words.Fixed(b.Present, 2))
	if b.Lasts {
		return s + "."
	}
	return s + ": too little to say that it lasts."
}

// gain is by how much imbalance.packets would fall; 0 where that is not known.
func (d *diagnosis) gain(other report.Fraction) float64 {
	if d.mode == nil || other.IsNull() || d.mode.Imbalance.Packets.IsNull() {
		return 0
	}
	return float64(d.mode.Imbalance.Packets - other)
}

// switches are the flags that commands are given and that have no value.
var switches = []string{"--inner", "--merge", "--no-gate"}

// run is the command to run next, in code marks: the main one for "", or another,
// on the same captures with the same flags, as far as it takes them, but for those of
// change; --from and such without a value leave the flag out.
func (d *diagnosis) run(command string, change ...Argument) string {
	list := []string{"rssreplay"}
	if command != "" {
		list = append(list, command)
	}
	add := func(a Argument) {
		if a.Flag != "" {
			list = append(list, a.Flag)
		}
		if a.Value != "" {
			list = append(list, words.ShellWord(a.Value))
		}
	}
	given := d.t.Command
	if len(given) == 0 {
		given = []Argument{{Value: "CAPTURE"}}
	}
	parts := slices.ContainsFunc(change, func(c Argument) bool { return c.Flag == "--from" || c.Flag == "--to" })
	for _, a := range given {
		if command != "" && slices.Contains(ChangeFlags, a.Flag) || parts && (a.Flag == "--table-at" || a.Flag == "--affinity-at") {
			continue // a part may begin after such a time, or end before it
		}
		if a.Flag == "" || !slices.ContainsFunc(change, func(c Argument) bool { return c.Flag == a.Flag }) {
			add(a)
		}
	}
	for _, a := range change {
		if a.Value != "" || slices.Contains(switches, a.Flag) { // else it is left out
			add(a)
		}
	}
	return words.MarkedCommand(list)
}

// tableFlags and cpuFlags are what says itself how the table is, and which CPUs there
// are: a change of either contradicts them.
var (
	tableFlags = []string{"--table", "--bundle", "--driver"}
	cpuFlags   = append([]string{"--queues", "--affinity", "--irq", "--channels", "--isr-cpu", "--rps", "--table-at", "--affinity-at"}, tableFlags...)
)

// ChangeFlags are the flags of what changes while packets arrive, which the main command
// alone takes of those that findings name.
var ChangeFlags = []string{"--table-at", "--affinity-at", "--rebalance", "--rebalance-every", "--rebalance-max", "--rebalance-threshold"}

// effect is the end of a remedy: the command that replays it. It is "" where one of
// the flags given contradicts the change.
func (d *diagnosis) effect(contradict []string, change ...Argument) string {
	if slices.ContainsFunc(d.t.Command, func(a Argument) bool { return slices.Contains(contradict, a.Flag) }) {
		return ""
	}
	return "; its effect: " + d.run("", change...)
}

// parameter is a parameter in force, nil if the report has none of that name.
func (d *diagnosis) parameter(name string) *report.Parameter { return d.r.Parameters.Named(name) }

// ownCosts tells whether the user has said what a packet costs.
func (d *diagnosis) ownCosts() bool {
	p := d.parameter("packet-cost")
	return p != nil && p.Source != report.DefaultSource
}

// assumed is how a sentence about load begins until costs are the user's own.
func (d *diagnosis) assumed() string {
	p := d.parameter("packet-cost")
	if d.ownCosts() || p == nil {
		return ""
	}
	return fmt.Sprintf("If a packet costs %s, as is assumed, ", p.Printed())
}

// number is an integer parameter, or another value where there is none.
func (d *diagnosis) number(name string, otherwise int) int {
	if p := d.parameter(name); p != nil {
		switch n := p.Value.(type) {
		case int:
			return n
		case int64:
			return int(n)
		}
	}
	return otherwise
}

// flow is a flow's name, and how much of the capture it is.
func (d *diagnosis) flow(f *report.Flow) string {
	return fmt.Sprintf("%s, %s of %s packets", report.FlowName(f, math.MaxInt32), words.Exact(f.Packets), words.Exact(d.r.Capture.Received))
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
