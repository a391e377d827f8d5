package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// ExplainSchema names the version of the JSON explanation.
const ExplainSchema = "rssreplay/explain/v1"

// Explanation is one packet's way through each mode. Times are ns since the
// first packet of the replay.
type Explanation struct {
	Schema string `json:"schema"` // ExplainSchema
	Head
	Packet     ExplainedPacket `json:"packet"`
	Steering   *Steering       `json:"steering"` // null for a sent packet: no NIC hashes it
	Parameters Parameters      `json:"parameters"`
	Modes      List[Story]     `json:"modes"`
	// Anonymized is what was done to addresses; nil, and not in the JSON, when they
	// are the capture's.
	Anonymized *Anonymized `json:"anonymized,omitempty"`

	Notes []string `json:"-"` // the text's first lines
}

// ExplainedPacket is the packet as the capture has it. Protocol and addresses
// are null where it is no IP, ports where it has none.
type ExplainedPacket struct {
	Number          int64   `json:"number"` // in the capture, from 1
	Time            Time    `json:"time"`   // its timestamp
	At              int64   `json:"at_ns"`  // since the first packet, never going back
	Bytes           uint32  `json:"bytes"`  // on the wire
	Captured        int     `json:"captured_bytes"`
	Sent            bool    `json:"sent"`
	Protocol        *string `json:"protocol"`
	Source          *string `json:"source"`
	SourcePort      *uint16 `json:"source_port"`
	Destination     *string `json:"destination"`
	DestinationPort *uint16 `json:"destination_port"`
	InnerOf         *string `json:"inner_of"` // the tunnel whose inner header these are of; null for an outer one
}

// Steering is how the NIC chose the packet's queue.
type Steering struct {
	HashType  string          `json:"hash_type"` // "none" without a hash
	Unhashed  *string         `json:"unhashed"`  // why there is no hash; null when there is one
	Input     List[HashInput] `json:"input"`     // the bytes that are hashed, field by field
	Transform string          `json:"transform"`
	Function  string          `json:"hash_function"` // "toeplitz", "simple-xor"
	Rule      *string         `json:"hash_rule"`     // how a vendor's hash differs from its function, in words; null where it does not
	Hashed    *string         `json:"hashed_bytes"`  // hexadecimal, of the fields chosen, after the transformation; null when anonymized
	Hash      *string         `json:"hash"`          // "0x51ccc178"; null when withheld, as Index
	Index     *int            `json:"index"`
	// Filter is the rule that took the packet before the table, and Action what it
	// does, in words; both null where none did.
	Filter    *int    `json:"rule,omitempty"`
	Woke      *int    `json:"wake_on_lan_rule,omitempty"` // that ended the search, and steers nothing
	Action    *string `json:"rule_action,omitempty"`
	Context   *int    `json:"context,omitempty"` // the RSS context whose table and key chose; nil: the main one
	Dropped   bool    `json:"dropped_by_rule,omitempty"`
	TableSize int     `json:"table_size"`
	Modulo    bool    `json:"modulo"` // the index is hash mod size, else hash & (size − 1)
	Queue     int     `json:"queue"`
	CPU       int     `json:"cpu"`
	Moved     *string `json:"moved,omitempty"` // where they come from if not from the first table and affinity, in words
}

// HashInput is a field of the hash's input.
type HashInput struct {
	Field string  `json:"field"`
	Bytes *string `json:"bytes"` // hexadecimal, as they lie on the wire; null when anonymized
	Value string  `json:"value"` // as people write it
}

// Story is the packet's way in one mode. Its outcome is "indicated", "dropped",
// "dropped_by_rule", "dropped_in_backlog" or "sent"; what does not go with it is null.
type Story struct {
	Mode    string     `json:"mode"`
	Outcome string     `json:"outcome"`
	CPU     *int       `json:"cpu"`   // that indicated it, or sent it
	Queue   *int       `json:"queue"` // hardware queue; null for a sent packet
	Ring    *RingUse   `json:"ring"`
	List    *ListPlace `json:"list"` // null where the mode has no list of completions
	Vector  *VectorUse `json:"vector"`
	Waiting *int       `json:"waiting"` // packets in the receive queue once it was published, itself included
	Raise   *Raise     `json:"raise"`
	DPC     *DPCPlace  `json:"dpc"`
	Send    *SendPlace `json:"send"`
	// RPS is how the stack chose the CPU, and SteeredBy the CPU that handed the packet
	// over; nil where the mode has no receive packet steering, or it was not steered.
	RPS       *RPSChoice `json:"rps,omitempty"`
	SteeredBy *int       `json:"steered_by,omitempty"`
	// Migration is what it paid for the CPU's change; null when it paid nothing.
	Migration *Migration        `json:"migration"`
	Latency   *int64            `json:"latency_ns"` // null unless indicated
	Parts     List[LatencyPart] `json:"latency_parts"`
	Steps     List[StoryStep]   `json:"steps"`

	Times StoryTimes `json:"-"`
}

// StoryTimes are the parameters that the text names in the steps; times in ns.
type StoryTimes struct {
	DPCBudget, RxFrames      int
	DMATimeout, RxUsecs, ITR int64
}

// RingUse is the buffers of the packet's hardware queue in use when it arrived,
// its own included.
type RingUse struct {
	Size    int `json:"size"`
	Used    int `json:"used"`
	Listed  int `json:"listed"`  // filled, and not published yet
	Waiting int `json:"waiting"` // published, and not taken yet
	Taken   int `json:"taken"`   // taken by a DPC, and not given back yet
}

// ListPlace is the packet's place in the NIC's list of completions.
type ListPlace struct {
	Place int    `json:"place"` // from 1
	Size  int    `json:"size"`  // when it was published
	Why   string `json:"why"`   // "full" or "timeout"
}

// VectorUse is what the interrupt vector did when the packet was published or
// dropped: "enabled", "waiting", "raised", "isr" or "dpc". Since is when it
// began to wait, or was raised; null when it was enabled with nothing queued.
type VectorUse struct {
	State string `json:"state"`
	Since *int64 `json:"since_ns"`
}

// Raise is the interrupt whose cycle indicated the packet. Joined tells that it
// was raised before the packet was published.
type Raise struct {
	At     int64  `json:"at_ns"`
	CPU    int    `json:"cpu"`
	Cause  string `json:"cause"` // "at_once", "rx-frames", "rx-usecs" or "itr"
	Joined bool   `json:"joined"`
}

// DPCPlace is the packet's place in the DPC that indicated it.
type DPCPlace struct {
	Position int `json:"position"` // from 1
	Packets  int `json:"packets"`
	Anew     int `json:"anew"` // DPCs of the cycle on the same CPU before it
}

// SendPlace is where a sent packet ran. Home tells that its connection has a
// home CPU; Latest is the CPU that most recently took a packet of it.
type SendPlace struct {
	Home   bool  `json:"home"`
	Latest *int  `json:"latest_cpu"`
	Cost   int64 `json:"cost_ns"`
}

// Migration tells that another CPU, From, took the packet of the flow before, from whose
// cache the connection's state must come.
type Migration struct {
	From int   `json:"from_cpu"`
	Cost int64 `json:"cost_ns"`
}

// LatencyPart is a part of the latency; the parts sum up to it.
type LatencyPart struct {
	Part string `json:"part"`
	Time int64  `json:"ns"`
}

// StoryStep is a numbered step of the mode's document; Step is "" for what has
// no number there.
type StoryStep struct {
	Step  string `json:"step"`
	Event string `json:"event"`
	At    int64  `json:"at_ns"`
	After int64  `json:"after_arrival_ns"` // negative for what came before
	CPU   *int   `json:"cpu"`

	// Dealing tells the first DPC of rss-single-queue from those of the shares.
	Dealing bool `json:"-"`
}

// WriteExplanationJSON writes x in the schema rssreplay/explain/v1. Errors
// are those of w.
func WriteExplanationJSON(w io.Writer, x *Explanation) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(x); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	out.Write(appendPrintable(nil, b.Bytes()))
	return out.Flush()
}
