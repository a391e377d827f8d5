package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rssreplay/report/internal/words"
)

// RPS is what receive packet steering did in a mode.
type RPS struct {
	Steered uint64 `json:"steered_packets"` // that vectors' DPCs gave to a backlog, their own CPU's included
	// OwnHash are those that were steered by the hash that the stack makes itself, to one
	// of several CPUs: which one is only known with the kernel's secret.
	OwnHash     uint64 `json:"own_hash_packets"`
	SecretGiven bool   `json:"secret_given"`
}

// Backlog is what a CPU gave to backlogs, and what became of its own, under receive
// packet steering.
type Backlog struct {
	SteeredAway  uint64 `json:"steered_away"`
	FromBacklog  uint64 `json:"from_backlog"`
	BacklogMax   uint64 `json:"backlog_max"` // most that waited
	BacklogDrops uint64 `json:"backlog_drops"`
	IPIs         uint64 `json:"ipis"` // that woke it
}

// Illustrative is the packets whose CPU is not the real one, only how evenly they are
// spread.
func (r *RPS) Illustrative() uint64 {
	if r == nil || r.SecretGiven {
		return 0
	}
	return r.OwnHash
}

// Sentence says how many of the packets were steered, and of how many it is not known
// where to.
func (r *RPS) Sentence(received uint64) string {
	s := fmt.Sprintf("RPS steered on %s of the packets", ShareText(r.Steered, received))
	switch own := ShareText(r.OwnHash, r.Steered); {
	case r.Illustrative() > 0:
		return s + fmt.Sprintf(", %s of these by the kernel's own hash: their CPUs can't be predicted without its secret, their spread can.", own)
	case r.OwnHash > 0:
		return s + fmt.Sprintf(", %s of these by the kernel's own hash and the secret that was given.", own)
	}
	return s + ", by the NIC's hash or to the only CPU of a mask."
}

// SteeringRoles says which CPUs hand packets on and which do the protocol work, "" in a
// mode without receive packet steering or a steered packet.
func (m *Mode) SteeringRoles() string {
	if m.RPS == nil || m.RPS.Steered == 0 {
		return ""
	}
	from := m.cpusThat("takes packets from queues and hands them on", "take packets from queues and hand them on", (*CPU).HandsOn)
	to := m.cpusThat("does the protocol work", "do the protocol work", func(c *CPU) bool { return c.Packets > 0 })
	if to == "" { // all were dropped
		return from + "."
	}
	return from + "; " + to + "."
}

// SteeringSentences say what receive packet steering did in a mode, none in one without.
func (m *Mode) SteeringSentences(received uint64) (sentences []string) {
	if roles := m.SteeringRoles(); roles != "" {
		sentences = append(sentences, roles)
	}
	if m.RPS != nil {
		sentences = append(sentences, m.RPS.Sentence(received))
	}
	return sentences
}

// HandsOn reports whether the CPU gave packets to a backlog.
func (c *CPU) HandsOn() bool { return c.Backlog != nil && c.SteeredAway > 0 }

// cpusThat says what the CPUs do of which is is true, "CPUs 0-3,8 do"; "" without one.
func (m *Mode) cpusThat(does, do string, is func(c *CPU) bool) string {
	var cpus []int
	for i := range m.CPUs {
		if is(&m.CPUs[i]) {
			cpus = append(cpus, m.CPUs[i].CPU)
		}
	}
	switch list := strings.Join(words.Ranges(cpus), ","); len(cpus) {
	case 0:
		return ""
	case 1:
		return "CPU " + list + " " + does
	default:
		return "CPUs " + list + " " + do
	}
}

// BacklogColumn is a counter of receive packet steering, of a CPU.
type BacklogColumn struct {
	Head  string // of a table that people read
	Of    func(b *Backlog) uint64
	Drops bool
}

// BacklogColumns are all counters of Backlog, in the order of the reports.
func BacklogColumns() []BacklogColumn {
	return []BacklogColumn{
		{Head: "steered on", Of: func(b *Backlog) uint64 { return b.SteeredAway }},
		{Head: "from backlog", Of: func(b *Backlog) uint64 { return b.FromBacklog }},
		{Head: "IPIs", Of: func(b *Backlog) uint64 { return b.IPIs }},
		{Head: "backlog max", Of: func(b *Backlog) uint64 { return b.BacklogMax }},
		{Head: "backlog drops", Of: func(b *Backlog) uint64 { return b.BacklogDrops }, Drops: true},
	}
}

// ShareText is packets of so many as a share, "12.3%".
func ShareText(packets, of uint64) string { return words.Percent(Ratio(packets, of)) }

// RPSChoice is how receive packet steering chose a packet's CPU.
type RPSChoice struct {
	Queue   int       `json:"queue"`                 // whose mask it is
	Mask    List[int] `json:"mask"`                  // its CPUs
	Hash    *string   `json:"hash"`                  // null without a mask
	OwnHash bool      `json:"own_hash"`              // it is the stack's, not the NIC's
	CPU     *int      `json:"cpu"`                   // null: not steered
	Offline *int      `json:"offline_cpu,omitempty"` // the CPU that was chosen in vain; nil: none was

	SecretGiven bool `json:"-"`
}

// String is the choice in a line: "(0x51ccc178 × 4) >> 32 = 1: CPU 1".
func (c *RPSChoice) String() string {
	switch {
	case len(c.Mask) == 0:
		return fmt.Sprintf("rx-%d has no mask: it is not steered", c.Queue)
	case c.CPU == nil && c.Offline == nil:
		return "the hash is 0: it is not steered"
	}
	chosen, offline := cmp.Or(c.CPU, c.Offline), ""
	if c.CPU == nil {
		offline = ", which is offline: it is not steered"
	}
	if c.Hash == nil {
		return fmt.Sprintf("CPU %d of the mask's %d%s, by a hash that is left out", *chosen, len(c.Mask), offline)
	}
	s := fmt.Sprintf("(%s × %d) >> 32 = %d: CPU %d%s", *c.Hash, len(c.Mask), slices.Index(c.Mask, *chosen), *chosen, offline)
	switch {
	case c.OwnHash && c.SecretGiven:
		s += ", by the kernel's own hash"
	case c.OwnHash && len(c.Mask) > 1:
		s += ", illustrative: by the kernel's own hash with a secret of zeros"
	}
	return s
}
