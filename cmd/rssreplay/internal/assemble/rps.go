package assemble

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/pcaps"
	"rssreplay/report"
)

// sayRPS says what receive packet steering did in the mode that is compared, and what the
// CPU numbers are worth where the stack's own hash chose them.
func (a *ReportBuilder) sayRPS(r *report.Report) {
	at := report.ComparedMode(r.Modes)
	if at < 0 || r.Modes[at].RPS == nil || r.Capture.Received == 0 {
		return
	}
	rps := r.Modes[at].RPS
	r.Asides = append(slices.Clone(r.Asides), rps.Sentence(r.Capture.Received))
	ofKey := strings.HasSuffix(r.Trust, report.SpreadIsTypical) // that is its doubt
	switch n := rps.Illustrative(); {
	case n == 0 || a.Settings.Doubt != "" && !(ofKey && r.Unkeyed()):
	case 2*n > r.Capture.Received:
		r.Trust = "Queues are the NIC's. CPU numbers are illustrative (no --rps-secret)" + report.SpreadIsTypical
	default:
		r.Trust = strings.TrimSuffix(r.Trust, ".") + ", but for those that the kernel's own hash chose."
	}
}

// stackCaveats are what else chooses a packet's CPU in the stack and is not replayed, by
// the texts, and how many packets that may concern.
func (a *ReportBuilder) stackCaveats() []string {
	unseen := a.Settings.Unseen
	if unseen.None() {
		return nil
	}
	var tcp, udp uint64
	for id := range uint32(a.Result.NumFlows) {
		switch f := a.Result.Flow(id); f.Protocol {
		case pcaps.ProtoTCP:
			tcp += f.Packets
		case pcaps.ProtoUDP:
			udp += f.Packets
		}
	}
	share := func(packets uint64) string { return report.ShareText(packets, a.Result.Received) }
	var caveats []string
	if unseen.RFS {
		caveats = append(caveats, fmt.Sprintf("%s: RFS is on (rps_flow_cnt, rps_sock_flow_entries). It moves packets to the CPU on which their application reads, which no capture shows, and is not replayed: that may concern TCP, %s of the packets received, and UDP of connected sockets, at most %s.", unseen.From, share(tcp), share(udp)))
		if unseen.ARFS {
			caveats = append(caveats, "With ntuple-filters on, the driver ("+unseen.Driver+") has the NIC follow RFS, too (aRFS): then these packets are on other queues than the table's.")
		}
	}
	if unseen.XPS {
		caveats = append(caveats, unseen.From+": XPS chooses the transmit queues. Sends are charged to their connection's home CPU here, whatever the queue; what is received does not depend on it.")
	}
	if unseen.CPUMap != "" {
		caveats = append(caveats, fmt.Sprintf("%s: an XDP program hands packets to other CPUs (cpumap), which no text tells of: the CPUs of all packets, %s, may be others. Queues are not.", unseen.CPUMap, share(a.Result.Received)))
	}
	return caveats
}
