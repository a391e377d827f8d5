// Package portplan finds source ports that put equally many test flows on each CPU.
package portplan

import (
	"fmt"
	"slices"

	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// Plan asks for test flows that load every CPU alike.
type Plan struct {
	Steering *nicmodel.Steering // of the host that the flows go to
	CPUs     int                // that are to be reached: 0 to CPUs−1, as Steering numbers them
	PerCPU   int                // flows for each
	Flow     pcaps.Header       // of a packet; its source port is free
	// FirstPort to LastPort are the source ports to choose from.
	FirstPort, LastPort uint16
	// ServerPorts: flow k goes to the k-th port from Flow.DstPort on.
	ServerPorts bool

	Peer     *nicmodel.Steering // of the host that replies go to; nil: replies are left to chance
	PeerCPUs int
}

// Flow is one flow of a plan.
type Flow struct {
	Flow     pcaps.Header
	Decision nicmodel.Decision
	CPU      int               // −1: a rule drops it, as no planned flow is
	Reply    nicmodel.Decision // where the plan has a peer
	PeerCPU  int               // likewise; −1 without a peer, or where a rule drops it
}

// PortsNotHashed says that no choice of ports changes where a flow goes.
type PortsNotHashed struct {
	Decision nicmodel.Decision // of every flow
	CPU      int
	Peer     bool // it is the peer that does not hash them
}

func (e *PortsNotHashed) Error() string {
	return fmt.Sprintf("the ports are not hashed (%s), so that every flow goes to CPU %d", e.Decision.Type, e.CPU)
}

// CPUOutOfReach says that no flow of the plan reaches a CPU.
type CPUOutOfReach struct {
	CPU     int
	NoEntry bool // no entry of the table leads there; else none of the ports does
	Found   int  // flows that were found for it
	Ruled   int  // of the ports, those with which a rule decides and not the table
}

func (e *CPUOutOfReach) Error() string {
	if e.NoEntry {
		return fmt.Sprintf("no entry of the table leads to CPU %d", e.CPU)
	}
	return fmt.Sprintf("%d ports lead to CPU %d", e.Found, e.CPU)
}

// Make finds the flows, in the order of their CPUs and source ports: PerCPU for
// each CPU. With a peer replies are spread over its CPUs as evenly as can be. The
// same plan gives the same flows. Errors are *PortsNotHashed and *CPUOutOfReach;
// their CPUs are the Steering's.
func (p *Plan) Make() ([]Flow, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	pairs, ruled := p.pairs()
	planned, err := p.assign(pairs)
	if err != nil {
		err.Ruled = ruled
		return nil, err
	}
	var flows []Flow
	used := map[uint16]bool{}
	for cpu := range p.CPUs {
		for peerCPU, n := range planned[cpu] {
			for range n {
				flow, ok := p.find(cpu, peerCPU, len(flows), used)
				if !ok {
					return nil, &CPUOutOfReach{CPU: cpu, Found: countOn(flows, cpu), Ruled: ruled}
				}
				used[flow.Flow.SrcPort] = true
				flows = append(flows, flow)
			}
		}
	}
	if !p.ServerPorts {
		slices.SortFunc(flows, func(a, b Flow) int {
			if a.CPU != b.CPU {
				return a.CPU - b.CPU
			}
			return int(a.Flow.SrcPort) - int(b.Flow.SrcPort)
		})
	}
	return flows, nil
}

func countOn(flows []Flow, cpu int) int {
	n := 0
	for _, f := range flows {
		if f.CPU == cpu {
			n++
		}
	}
	return n
}

// check finds what makes a plan impossible, whatever the ports. Rules may tell by ports
// what the hash does not, and reach what the table does not: where there are any, each
// port is asked.
func (p *Plan) check() error {
	f := p.at(p.FirstPort, 0)
	if !f.Decision.Type.Ports() && !hasRules(p.Steering) {
		return &PortsNotHashed{Decision: f.Decision, CPU: f.CPU}
	}
	if p.Peer != nil && !f.Reply.Type.Ports() && !hasRules(p.Peer) {
		return &PortsNotHashed{Decision: f.Reply, CPU: f.PeerCPU, Peer: true}
	}
	if hasRules(p.Steering) {
		return nil
	}
	reached := make([]bool, p.CPUs)
	for _, queue := range p.Steering.Config().Table {
		reached[p.Steering.CPU(queue)] = true
	}
	if cpu := slices.Index(reached, false); cpu >= 0 {
		return &CPUOutOfReach{CPU: cpu, NoEntry: true}
	}
	return nil
}

// at is the k-th flow from the source port.
func (p *Plan) at(port uint16, k int) Flow {
	f := Flow{Flow: p.Flow, PeerCPU: -1}
	f.Flow.SrcPort = port
	if p.ServerPorts {
		f.Flow.DstPort += uint16(k)
	}
	f.Decision = p.Steering.Decide(&f.Flow, nil)
	f.CPU = cpuOf(p.Steering, &f.Decision)
	if p.Peer != nil {
		reply := f.Flow
		reply.Src, reply.Dst = f.Flow.Dst, f.Flow.Src
		reply.SrcPort, reply.DstPort = f.Flow.DstPort, f.Flow.SrcPort
		f.Reply = p.Peer.Decide(&reply, nil)
		f.PeerCPU = cpuOf(p.Peer, &f.Reply)
	}
	return f
}

// peers is how many CPUs replies are told apart by: 1 without a peer.
func (p *Plan) peers() int {
	if p.Peer == nil {
		return 1
	}
	return p.PeerCPUs
}

// arrives: neither the flow nor its reply is one that a rule drops.
func (p *Plan) arrives(f *Flow) bool { return f.CPU >= 0 && (p.Peer == nil || f.PeerCPU >= 0) }

func hasRules(s *nicmodel.Steering) bool { return len(s.NTuple().All()) > 0 }

// cpuOf is the CPU that a decision leads to; −1: a rule drops the packet.
func cpuOf(s *nicmodel.Steering, d *nicmodel.Decision) int {
	if d.Rule != 0 && d.Target < 0 {
		return -1
	}
	return s.CPU(d.Queue)
}

// pairs counts the source ports that lead to each CPU, by the peer's, and those with
// which a rule decides at either end.
func (p *Plan) pairs() (pairs [][]int, ruled int) {
	pairs = make([][]int, p.CPUs)
	for cpu := range pairs {
		pairs[cpu] = make([]int, p.peers())
	}
	for port := int(p.FirstPort); port <= int(p.LastPort); port++ {
		f := p.at(uint16(port), 0)
		if f.Decision.Rule != 0 || f.Reply.Rule != 0 {
			ruled++
		}
		if p.arrives(&f) {
			pairs[f.CPU][max(f.PeerCPU, 0)]++
		}
	}
	return pairs, ruled
}

// assign is how many flows are to go to each CPU, by the peer's CPU: PerCPU to
// each, and no more to a CPU of the peer than must be.
func (p *Plan) assign(pairs [][]int) ([][]int, *CPUOutOfReach) {
	for cpu, ports := range pairs {
		n := 0
		for _, of := range ports {
			n += of
		}
		if n < p.PerCPU {
			return nil, &CPUOutOfReach{CPU: cpu, Found: n}
		}
	}
	flows := p.CPUs * p.PerCPU
	for most := (flows + p.peers() - 1) / p.peers(); ; most++ {
		m := portMatching{pairs: pairs, most: most, loads: make([]int, p.peers())}
		for range pairs {
			m.planned = append(m.planned, make([]int, p.peers()))
		}
		if m.all(p.PerCPU) {
			return m.planned, nil
		}
	}
}

// portMatching gives flows of CPUs to CPUs of the peer, of which each takes at
// most so many: a bipartite matching, by augmenting paths.
type portMatching struct {
	pairs   [][]int // ports that there are
	planned [][]int // of these
	loads   []int   // flows of each of the peer's CPUs
	most    int
}

func (m *portMatching) all(perCPU int) bool {
	for range perCPU {
		for cpu := range m.pairs {
			if !m.add(cpu, make([]bool, len(m.loads))) {
				return false
			}
		}
	}
	return true
}

// add plans one flow more for the CPU, and moves others to make room for it.
func (m *portMatching) add(cpu int, tried []bool) bool {
	for i := range m.loads {
		peer := (cpu + i) % len(m.loads)
		if tried[peer] || m.planned[cpu][peer] == m.pairs[cpu][peer] {
			continue
		}
		tried[peer] = true
		if m.loads[peer] < m.most {
			m.loads[peer]++
			m.planned[cpu][peer]++
			return true
		}
		for other := range m.pairs {
			if m.planned[other][peer] == 0 || other == cpu {
				continue
			}
			if m.add(other, tried) { // it has one more elsewhere, so here one less
				m.planned[other][peer]--
				m.planned[cpu][peer]++
				return true
			}
		}
	}
	return false
}

// find is flow k: the first unused port that leads to both CPUs.
func (p *Plan) find(cpu, peerCPU, k int, used map[uint16]bool) (Flow, bool) {
	for port := int(p.FirstPort); port <= int(p.LastPort); port++ {
		if used[uint16(port)] {
			continue
		}
		if f := p.at(uint16(port), k); p.arrives(&f) && f.CPU == cpu && max(f.PeerCPU, 0) == peerCPU {
			return f, true
		}
	}
	return Flow{}, false
}
