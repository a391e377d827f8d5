package report

import (
	"fmt"
	"slices"
)

// Severities of findings, the gravest first.
const (
	Problem = "problem" // costs the machine something now
	Warning = "warning" // will, or makes the figures mean less than they seem
	Note    = "note"    // matters to some
)

// Traffic is what the findings are drawn from beside the report itself: figures
// over all flows, which the report may not list, and what would be under other
// settings. They are of the received packets, and of the first mode with RSS.
type Traffic struct {
	Largest        *Flow   // the flow with the most packets; nil without packets
	LargestTunnel  string  // the tunnel that it is, by its name in reports; "" for none
	Flows          uint64  // all of them
	EffectiveFlows float64 // 1 ÷ Σ share²: that many flows of equal size would be as uneven

	// Chance is the distribution of imbalance.packets when the flows fall on the
	// table's entries at random; nil where it was not asked for.
	Chance *Chance
	// BestTable is the imbalance.packets of the best table known; Null if unknown.
	BestTable Fraction

	UDPOnAddresses uint64   // UDP packets with ports that are hashed without them
	UDPWithPorts   Fraction // imbalance.packets if they were hashed with them; Null if unknown

	UDPFragments   uint64 // fragments of UDP datagrams, the first ones included
	FragmentsApart uint64 // of these, on another CPU than whole datagrams between the same two addresses

	Tunnelled    uint64   // packets in tunnels whose inner headers can be hashed
	TunnelFlows  uint64   // flows that they are outside
	InnerFlows   uint64   // and inside; 0 if unknown
	InnerBalance Fraction // imbalance.packets if the inner headers were hashed; Null if unknown
	TunnelNames  string   // "vxlan, gre"

	DriverTransform string // of the hash's input, as the NIC's driver sets it; "" if that is not known

	Oversized             uint64 // packets longer than the link carries
	LargestPacket         uint64 // in bytes on the wire
	DirectionUnknown      bool   // no rule told sent packets from received ones
	LeapsAhead, LeapsBack Leaps  // of the timestamps
}

// Leaps are the timestamps that leap one way.
type Leaps struct {
	Packets uint64
	First   uint64 // number of the first of these packets; 0 if it is not known
}

// Chance is a distribution of an imbalance: percentiles.
type Chance struct{ P10, P50, P90, P99 Fraction }

// Thresholds. A finding is for what a reader would act on: below these all is as
// it usually is.
const (
	minPackets  = 200  // received packets, for findings about shares
	unevenFrom  = 1.25 // imbalance.packets: the busiest CPU has a quarter more than the mean
	gainFrom    = 0.15 // of imbalance.packets, that another setting would bring
	busyFrom    = 0.95 // utilization of a CPU
	ofFairShare = 0.5  // of what one CPU's fair share is, that all goes to one queue
	cutFrom     = 0.01 // of the packets, whose ports are cut off
)

// Diagnose finds what is wrong, the gravest first. Each finding rests on its own
// evidence, whose figures are the report's or the traffic's; a healthy capture has
// none.
func Diagnose(r *Report, t *Traffic) List[Finding] {
	d := newDiagnosis(r, t)
	var all List[Finding]
	for _, find := range []func() *Finding{
		d.tunnel, d.singleFlow, d.elephant, d.udpWithoutPorts, d.unhashed, d.noHashType,
		d.oneQueue, d.missedCPUs, d.lopsidedTable, d.unevenTable, d.sharedCPU,
		d.ringOverflow, d.saturated, d.unevenHash, d.fewFlows, d.betterTable,
		d.udpFragments, d.driverTransform, d.asymmetric, d.bothDirections, d.oversized, d.portsCut, d.leap,
	} {
		if f := find(); f != nil {
			all = append(all, *f)
			d.found = append(d.found, f.ID)
		}
	}
	rank := map[string]int{Problem: 0, Warning: 1, Note: 2}
	slices.SortStableFunc(all, func(a, b Finding) int { return rank[a.Severity] - rank[b.Severity] })
	return all
}

// findingIDs are the names of all findings, in the order in which they are looked for.
var findingIDs = []string{
	"tunnel", "single-flow", "elephant-flow", "udp-without-ports", "unhashed", "no-hash-type",
	"one-queue", "cpus-missed", "lopsided-table", "uneven-table", "queues-share-cpu",
	"ring-overflow", "cpu-saturated", "uneven-hash", "few-flows", "better-table",
	"udp-fragments", "driver-transforms", "asymmetric-connections", "both-directions", "coalesced", "ports-cut", "clock-leap",
}

// Uneven tells whether Diagnose would look for why the CPUs are loaded unevenly, and
// so needs to know Traffic.Chance and what other settings would bring.
func Uneven(r *Report) bool { return newDiagnosis(r, nil).uneven() }

// newDiagnosis judges the first mode in which the NIC spreads packets over CPUs.
func newDiagnosis(r *Report, t *Traffic) *diagnosis {
	d := &diagnosis{r: r, t: t}
	for i := range r.Modes {
		if m := &r.Modes[i]; d.mode == nil && m.Mode != "non-rss" {
			d.mode = m
		}
	}
	return d
}

// diagnosis is one report under examination.
type diagnosis struct {
	r     *Report
	t     *Traffic
	mode  *Mode    // the RSS mode that is judged; nil without one
	found []string // the ids so far: what explains an imbalance is said once
}

// judged tells whether there is an RSS mode with packets enough to judge shares.
func (d *diagnosis) judged() bool { return d.mode != nil && d.r.Capture.Received >= minPackets }

func (d *diagnosis) has(ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(d.found, id) })
}

// uneven tells whether the CPUs' packets are worth a finding.
func (d *diagnosis) uneven() bool {
	return d.judged() && !d.mode.Imbalance.Packets.IsNull() && d.mode.Imbalance.Packets >= unevenFrom
}

// fair is the packets of one CPU's fair share.
func (d *diagnosis) fair() float64 {
	return float64(d.r.Capture.Received) / float64(len(d.mode.CPUs))
}

// share is n of the received packets.
func (d *diagnosis) share(n uint64) Fraction { return Ratio(n, d.r.Capture.Received) }

// busiest is the CPU with the most packets, the first of equals.
func (d *diagnosis) busiest() *CPU {
	most := &d.mode.CPUs[0]
	for i := range d.mode.CPUs {
		if c := &d.mode.CPUs[i]; c.Packets > most.Packets {
			most = c
		}
	}
	return most
}

// hottest is the sentence about the busiest CPU.
func (d *diagnosis) hottest() string {
	c := d.busiest()
	return fmt.Sprintf("CPU %d has %s of the packets under %s; imbalance.packets is %s",
		c.CPU, percent(Ratio(c.Packets, d.mode.Totals.Packets)), d.mode.Mode, fixed(d.mode.Imbalance.Packets, 3))
}

// parameter is a parameter in force, nil if the report has none of that name.
func (d *diagnosis) parameter(name string) *Parameter { return d.r.Parameters.named(name) }
