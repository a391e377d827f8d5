package report

import (
	"iter"
	"slices"
	"strings"
)

// Schema names the version of the JSON report.
const Schema = "rssreplay/report/v1"

// Report is one replay: the capture, the parameters in force, the indirection
// table's load, each mode's counters, the flows and the findings. The fields
// tagged "-" are for the text only, or written by WriteJSON in its own way.
type Report struct {
	Head
	Interface  string        `json:"interface,omitempty"` // that the imported texts are of; "", and not in the JSON, if none says
	Capture    Capture       `json:"capture"`
	Parameters Parameters    `json:"parameters"`
	Table      TableReport   `json:"table"`
	Rules      List[Rule]    `json:"rules,omitempty"`      // asked before the table, in their order; not in the JSON when there are none
	Contexts   List[Context] `json:"contexts,omitempty"`   // to which they lead; likewise
	RuleDrops  *uint64       `json:"rule_drops,omitempty"` // packets that they dropped, or sent to a virtual function; nil without rules
	// Unpredicted: the host chooses the queues, or a hash that is not known, so that the CPUs
	// here are those of a table or a hash that is only assumed. Not in the JSON where they are not.
	Unpredicted bool `json:"unpredicted,omitempty"`

	Changes  *Changes      `json:"changes,omitempty"`   // nil, and not in the JSON, where table and affinity stay as given
	OverTime *OverTime     `json:"over_time,omitempty"` // nil, and not in the JSON, likewise
	Host     *Host         `json:"host,omitempty"`      // nil, and not in the JSON, without texts of the host
	Modes    List[Mode]    `json:"modes"`
	Findings List[Finding] `json:"findings"`
	// Anonymized is what was done to addresses; nil, and not in the JSON, when
	// they are the capture's.
	Anonymized *Anonymized `json:"anonymized,omitempty"`

	// Span is the time from the first packet to the last as they were replayed, in ns: that
	// of the capture unless its time was scaled. 0 is as Capture.Duration.
	Span int64 `json:"-"`

	// Flows yields the flows that the report lists, the largest first; the same
	// ones each time it is called. nil is none. They are written one by one and
	// never collected: a capture may have a million.
	Flows iter.Seq[Flow] `json:"-"`
	// FlowLines yields, block by block and in their order, what line appends of Flows; a block
	// is valid until the next one. Several goroutines call line at once, and memory that
	// the flow points to is used again. nil where there is Flows alone.
	FlowLines func(line AppendFlow) iter.Seq[[]byte] `json:"-"`
	// AllFlows yields all of them, for a format that lists as many as it has room for;
	// nil where nobody but the reader may say how many.
	AllFlows iter.Seq[Flow] `json:"-"`
	// Steered is nil where it was not asked for.
	Steered *Steered `json:"-"`
	// FlowsTotal is how many flows the capture has, listed or not.
	FlowsTotal uint64 `json:"-"`

	// For the first screen: what the load's evenness is judged by, nil if that is not
	// known; whether the CPU numbers can be trusted, in a sentence; what else the
	// reader must know first; what he may want to do now.
	Evenness *Evenness `json:"-"`
	Trust    string    `json:"-"`
	Asides   []string  `json:"-"`
	Next     []Next    `json:"-"`

	Notes     []string `json:"-"` // the text's first lines, such as what the default key means for the CPU numbers
	FlowsNote string   `json:"-"` // a sentence before the flow table, such as which CPU's flows are shown
	Caveats   []string `json:"-"` // after those that hold for every capture
}

// Head is what every result begins with: the author's words, if he has any, and what made it.
type Head struct {
	Words
	Tool    Tool         `json:"tool"`
	Command List[string] `json:"command"` // the command line, its name first
}

// Tool says what wrote the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Go      string `json:"go"` // the Go version that built it
}

// Capture is what was read.
type Capture struct {
	Files List[File] `json:"files"` // in the order that they were read in
	Order string     `json:"order"` // why they were: OrderGiven, …
	// Overlaps is how many files begin before one read earlier has ended, by
	// Overlap ns at most.
	Overlaps             uint64 `json:"overlaps"`
	Overlap              int64  `json:"overlap_ns"`
	Packets              uint64 `json:"packets"`
	Bytes                uint64 `json:"bytes"` // lengths on the wire
	First                Time   `json:"first"` // of the first packet; null when there is none
	Duration             int64  `json:"duration_ns"`
	Received             uint64 `json:"received"`
	Sent                 uint64 `json:"sent"`
	DirectionRule        string `json:"direction_rule"`
	DirectionSaid        uint64 `json:"direction_said"` // packets that say their direction themselves
	TimestampRegressions uint64 `json:"timestamp_regressions"`
	ClockRestarts        uint64 `json:"clock_restarts"` // pieces whose clock was set back, put behind those before
	Snapped              uint64 `json:"snapped"`        // packets whose ports the capture cut off
	// What the capturing machine dropped, in packets, by the capture itself:
	// isb_ifdrop and isb_osdrop, null where it says nothing, and epb_dropcount.
	InterfaceDrops *uint64 `json:"interface_drops"`
	PacketDrops    uint64  `json:"packet_drops"`
	Unhashed       Counts  `json:"unhashed"`   // by reason
	HashTypes      Counts  `json:"hash_types"` // by type

	// Packets that --filter, and that --from and --to left out.
	Filtered, OutOfRange uint64 `json:"-"`

	CapturedBytes  uint64         `json:"captured_bytes"`
	Cut            uint64         `json:"cut"`            // packets of which the capture holds less than was on the wire
	LinkLayers     Counts         `json:"link_layers"`    // packets by link type, those met
	Encapsulations Counts         `json:"encapsulations"` // packets by tag, tunnel and the like; sent ones included
	Tunnels        List[Tunnel]   `json:"tunnels"`        // those met
	LongFrames     *LongFrames    `json:"long_frames"`    // null when there are none
	TimestampLeaps TimestampLeaps `json:"timestamp_leaps"`
}

// Orders in which captures are read.
const (
	OrderGiven          = "given"
	OrderFirstTimestamp = "first_timestamp" // one after the other, by the first timestamp of each, which is not the order given
	OrderMerged         = "merged"          // packet by packet, by time
)

// File is one capture file.
type File struct {
	Name        string       `json:"name"`
	Format      string       `json:"format"`
	Compression *string      `json:"compression"` // "gzip", "zstd", "lz4", "xz" or "bzip2"; null when there is none
	LinkTypes   List[string] `json:"link_types"`
	FileBytes   uint64       `json:"file_bytes"` // of the compressed file, if it is
	Truncated   bool         `json:"truncated"`
	// Loss says where and why reading ended before the end of the file; null where
	// it did not.
	Loss          *string         `json:"loss"`
	SHA256        *string         `json:"sha256"`            // hexadecimal; null when no digest was asked for
	Interfaces    List[Interface] `json:"interfaces"`        // pcapng's
	SkippedBlocks Counts          `json:"skipped_blocks"`    // pcapng's blocks that hold no packets, by kind
	Comment       string          `json:"comment,omitempty"` // pcapng's, on the capture as a whole
	Hashes        uint64          `json:"-"`                 // packets with the hash that the NIC computed
}

// Interface is what pcapng says of an interface: counts of packets since the
// capture began, each null where it says nothing.
type Interface struct {
	Name       *string `json:"name"`
	LinkType   string  `json:"link_type"`
	SnapLength uint32  `json:"snap_length_bytes"` // 0: no limit
	Received   *uint64 `json:"received"`
	Accepted   *uint64 `json:"filter_accepted"`
	Delivered  *uint64 `json:"delivered"`
	Dropped    *uint64 `json:"dropped"`    // by the interface
	OSDropped  *uint64 `json:"os_dropped"` // by the operating system
}

// Parameter is one parameter in force and where it came from.
type Parameter struct {
	Name   string `json:"-"` // the flag's, without dashes
	Value  any    `json:"value"`
	Source string `json:"source"` // DefaultSource, or what set it: a profile, a file, the flag

	// Measured is, of a cost that was, when and how well: "measured 2026-11-25 on 10
	// windows, …".
	Measured string `json:"measured,omitempty"`

	// Text is the value as the text prints it; "" prints Value.
	Text string `json:"-"`
}

// DefaultSource is the Source of a parameter that nothing set: the text folds
// these into one paragraph.
const DefaultSource = "default"

// TableReport is the indirection table and the load on its entries: received
// and hashed packets only. Entries, Packets, Bytes and Flows have Size elements.
type TableReport struct {
	Size      int          `json:"size"`
	Entries   List[int]    `json:"entries"`    // per entry: its queue
	QueueCPUs List[int]    `json:"queue_cpus"` // per queue: its CPU
	Packets   List[uint64] `json:"packets"`
	Bytes     List[uint64] `json:"bytes"`
	Flows     List[uint64] `json:"flows"`
}

// Context is the indirection table of an RSS context to which rules lead, and what they
// sent to its entries. What a rule adds to the table's queues is in them: rules that add
// another number have a Context of their own.
type Context struct {
	Context int `json:"context"` // its number; 0 is the main one
	Base    int `json:"base"`    // what the rules add
	TableReport
	Unhashed uint64 `json:"unhashed"` // packets without a hash, which go to the default queue
}

// Rule is a rule of `ethtool -n` and the received packets that it took.
type Rule struct {
	Filter  int    `json:"filter"` // its location
	Kind    string `json:"kind"`   // ethtool's flow-type, "tcp4"
	Action  string `json:"action"` // in words, "queue 3"
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	Flows   uint64 `json:"flows"`
	Queue   *int   `json:"queue"`   // null where it leads to no queue of its own
	Context *int   `json:"context"` // the RSS context that it leads to, else null
}

// Overrides reports whether the rule's packets don't meet the table: those of a
// Wake-on-LAN rule do.
func (r *Rule) Overrides() bool { return !strings.HasPrefix(r.Action, "Wake-on-LAN") }

// Mode is what one mode counted. Derive fills the fields that follow from the
// others.
type Mode struct {
	Mode      string `json:"mode"`
	Simulated int64  `json:"simulated_ns"` // the time of the last event
	// Instant: the capture spans no time, so that the simulated time is the model's own
	// alone (see OfTime).
	Instant bool `json:"-"`
	// Serial is the time of the busiest unit that can't run beside itself: under rss-msix
	// the busiest CPU's ISR and DPC time, under non-rss that of all CPUs together, in the
	// other modes how long the vector was masked. null in reports of earlier versions.
	Serial            *int64      `json:"serial_ns"`
	SerialUtilization Fraction    `json:"serial_utilization"`  // ÷ simulated time; derived
	Headroom          *Headroom   `json:"headroom,omitempty"`  // nil: not asked for
	Rebalance         *Rebalance  `json:"rebalance,omitempty"` // nil: no rebalancer
	RPS               *RPS        `json:"rps,omitempty"`       // nil: none in this mode
	CPUs              List[CPU]   `json:"cpus"`                // the CPUs in use, by number
	Queues            List[Queue] `json:"queues"`
	Totals            Totals      `json:"totals"`
	Imbalance         Imbalance   `json:"imbalance"`
	Affinity          Affinity    `json:"affinity"`
	Series            Series      `json:"series"`
}

// CPU is what happened on one CPU. Packets and bytes are those indicated.
type CPU struct {
	CPU               int      `json:"cpu"`
	Core              *int     `json:"core,omitempty"` // and NUMA node, where the host's texts tell them
	Node              *int     `json:"node,omitempty"`
	Packets           uint64   `json:"packets"`
	Bytes             uint64   `json:"bytes"`
	PacketsPerSecond  Fraction `json:"packets_per_second"` // of simulated time; derived
	BitsPerSecond     Fraction `json:"bits_per_second"`    // derived
	Flows             uint64   `json:"flows"`
	TopFlow           *int     `json:"top_flow"` // index into the report's flows; null when it has none or it is not listed
	Interrupts        uint64   `json:"interrupts"`
	DPCs              uint64   `json:"dpcs"`
	PacketsPerDPCMean Fraction `json:"packets_per_dpc_mean"` // derived
	PacketsPerDPCMax  *uint64  `json:"packets_per_dpc_max"`  // derived: null without a DPC
	ISRTime           int64    `json:"isr_ns"`
	DPCTime           int64    `json:"dpc_ns"`
	MigrationTime     int64    `json:"migration_ns"`     // of it: paid for packets whose flow another CPU took last
	MigratedPackets   uint64   `json:"migrated_packets"` // which paid
	SendPackets       uint64   `json:"send_packets"`
	SendTime          int64    `json:"send_ns"`
	Utilization       Fraction `json:"utilization"` // busy ÷ simulated time; derived
	Latency           Latency  `json:"latency_ns"`

	*Backlog // nil without receive packet steering

	// Largest is the flow with the most packets on this CPU, for the text, which
	// names it also when it is not listed; its Modes say how many. nil is none.
	Largest *Flow `json:"-"`
}

// busy is the CPU's ISR, DPC and send time, in ns.
func (c *CPU) busy() int64 { return c.ISRTime + c.DPCTime + c.SendTime }

// busy is that of all CPUs.
func (m *Mode) busy() (all int64) {
	for i := range m.CPUs {
		all += m.CPUs[i].busy()
	}
	return all
}

// Latency is the distribution of arrival to indication, in ns; all but Sum are
// null over no packets.
type Latency struct {
	Mean Fraction `json:"mean"` // derived
	P50  *int64   `json:"p50"`
	P90  *int64   `json:"p90"`
	P99  *int64   `json:"p99"`
	P999 *int64   `json:"p999"`
	Max  *int64   `json:"max"`
	Sum  int64    `json:"sum"`
}

// Queue is what happened to one hardware queue.
type Queue struct {
	Queue    int    `json:"queue"`
	CPU      *int   `json:"cpu"`     // null where the mode has one queue for the whole NIC
	Packets  uint64 `json:"packets"` // steered to it, dropped ones included
	Bytes    uint64 `json:"bytes"`
	Drops    uint64 `json:"drops"`
	DepthMax uint64 `json:"depth_max"`
	// The most packets that arrived for it within any 50 µs, and any 500 µs.
	Burst50us  uint64 `json:"burst_50us"`
	Burst500us uint64 `json:"burst_500us"`
}

// Passed is how many of the received packets no rule drops.
func (r *Report) Passed() uint64 {
	if r.RuleDrops == nil {
		return r.Capture.Received
	}
	return r.Capture.Received - *r.RuleDrops
}

// Unkeyed tells whether no packet came to its queue by a hash: none met an entry of the table, or
// of a context's.
func (r *Report) Unkeyed() bool {
	return r.Capture.Received > 0 && !slices.ContainsFunc(r.Table.Packets, func(n uint64) bool { return n > 0 }) &&
		!slices.ContainsFunc(r.Rules, func(f Rule) bool { return f.Context != nil && f.Packets > 0 })
}

// SpreadIsTypical ends a sentence on CPU numbers that are illustrative: with another key the
// numbers are others, and the shares alike.
const SpreadIsTypical = "; the spread is typical."

// Totals are sums over a mode's CPUs and, for Drops, its queues; derived, but for
// Reordered.
type Totals struct {
	Packets    uint64 `json:"packets"` // indicated
	Drops      uint64 `json:"drops"`
	Interrupts uint64 `json:"interrupts"`
	DPCs       uint64 `json:"dpcs"`
	ISRTime    int64  `json:"isr_ns"`
	DPCTime    int64  `json:"dpc_ns"`

	MigrationTime   int64   `json:"migration_ns"`
	MigratedPackets uint64  `json:"migrated_packets"`
	BacklogDrops    *uint64 `json:"backlog_drops,omitempty"` // nil without receive packet steering
	// Reordered counts packets whose indication ended later than that of one of their
	// flow that arrived after them (RFC 4737).
	Reordered uint64 `json:"reordered"`
}

// Imbalance says how unevenly a mode loaded its CPUs; derived.
type Imbalance struct {
	Packets       Fraction `json:"packets"` // max ÷ mean, 1 the best
	Bytes         Fraction `json:"bytes"`
	Busy          Fraction `json:"busy"`
	Jain          Fraction `json:"jain"`            // Jain's index of the packets, 1 the best
	MinMaxPercent Fraction `json:"min_max_percent"` // (max − min) ÷ min × 100 of the packets, as RSS++ reports it
	// Packets is below ChanceP5 in 5% of all draws, and below ChanceP95 in 95%, if each
	// flow with a hash falls on an entry of the table at random; nil, and not in the JSON,
	// where that is not known or no table alone decides. ChanceP1 and ChanceP99 likewise.
	ChanceP1  *Fraction `json:"chance_p1,omitempty"`
	ChanceP5  *Fraction `json:"chance_p5,omitempty"`
	ChanceP95 *Fraction `json:"chance_p95,omitempty"`
	ChanceP99 *Fraction `json:"chance_p99,omitempty"`
	// Max ÷ mean of the packets by core and by NUMA node, of those that have a CPU in use;
	// nil, and not in the JSON, where these are not known or each CPU is one.
	Cores         *Fraction `json:"cores,omitempty"`
	Nodes         *Fraction `json:"nodes,omitempty"`
	BusiestWindow *Window   `json:"busiest_window"` // null when no packet was indicated
}

// Window is one window of the time series.
type Window struct {
	Start     int64    `json:"start_ns"`
	Packets   uint64   `json:"packets"`
	Imbalance Fraction `json:"imbalance"` // max ÷ mean of its packets
}

// Affinity says how well flows and connections kept to one CPU.
type Affinity struct {
	Flows                uint64   `json:"flows"` // with a packet indicated
	SingleCPUFlows       uint64   `json:"single_cpu_flows"`
	Migrations           uint64   `json:"migrations"`
	SymmetricConnections uint64   `json:"symmetric_connections"` // of Connections, both directions on one CPU
	Connections          uint64   `json:"connections"`           // both directions received
	SendReceiveMatch     Fraction `json:"send_receive_match"`    // of the sends that could match; null when there are none
}

// Series is the packets that each CPU indicated, by time of arrival.
type Series struct {
	Interval int64           `json:"interval_ns"`
	CPUs     List[SeriesCPU] `json:"cpus"`
}

// SeriesCPU is one CPU's row of the series: element i counts the arrivals from
// i × interval to before (i+1) × interval.
type SeriesCPU struct {
	CPU     int          `json:"cpu"`
	Packets List[uint64] `json:"packets"`
}

// Finding is one diagnosis, detected on its own evidence.
type Finding struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Summary  string `json:"summary"`  // one sentence with its numbers
	Evidence string `json:"evidence"` // what shows it
	Remedy   string `json:"remedy"`   // the command that changes it

	Figures Numbers `json:"figures,omitempty"` // the sentences' figures

	Bearing Bearing `json:"-"` // not of a report that was read
}

// Bearing is what a finding says of why one CPU has more packets than others.
type Bearing uint8

const (
	MayExplain       Bearing = iota // it can be why
	Explains                        // it is why, without any chance
	ExplainsItsQueue                // likewise, but only where the CPU is that of the queue among its figures
	Beside                          // it says nothing of that
	Unsure                          // it is about the capture, or what of the NIC is not known, and makes the rest mean less
)

// Severities of findings, the gravest first.
const (
	Problem = "problem" // costs the machine something now
	Warning = "warning" // will, or makes the figures mean less than they seem
	Note    = "note"    // matters to some
)

// Numbers are a finding's figures by name, for programs.
type Numbers map[string]any

// Next is what a reader may want to do now: a command of his own, with his flags
// and files, and what it is for.
type Next struct {
	Command []string // begins with Again where it is this report's, with more
	// Before is what stands before the command in the shell, "ethtool -x eth0 |".
	Before string
	What   string
}

// Again stands for the command of the report.
const Again = "…"

// Anonymized is what the report says of it.
type Anonymized struct {
	Addresses string `json:"addresses"` // "crypto-pan"
	Ports     bool   `json:"ports"`     // replaced
	Hashes    bool   `json:"hashes"`    // kept
}

// String says in words what is replaced.
func (a *Anonymized) String() string {
	if a.Ports {
		return "Addresses (Crypto-PAn) and ports are replaced"
	}
	return "Addresses are replaced (Crypto-PAn)"
}

// Steered is where the received packets were sent, from which follows where another table
// would send them. It is in no format as such; the page computes with it.
type Steered struct {
	// Per queue the packets, and their flows, that the indirection table did not steer:
	// without a hash, or by a rule.
	Rest, RestFlows []uint64
	Interval        int64 // of a window, ns
	// Windows has for each window the packets of each entry, and behind them those of each
	// queue that are of the rest; nil where there are none.
	Windows [][]uint32
	Found   []FoundTable // nil where none was looked for
	Sets    []string     // what ethtool can set on the NIC: "table", "key", "fields"
}

// MostSteeredWindows is how many windows Steered has at most.
const MostSteeredWindows = 120

// Staged reports whether something beside the table may choose the CPUs of the mode: rules
// before it, or RPS after it. Flow.By says which did.
func (r *Report) Staged(m *Mode) bool {
	return m.RPS != nil || len(r.Rules) > 0 && m.Mode != NonRSS
}
