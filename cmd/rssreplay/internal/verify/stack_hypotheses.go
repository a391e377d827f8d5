package verify

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/cmd/rssreplay/internal/verify/judge"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
	"rssreplay/nicmodel/rps"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// This file finds why the stack worked on other CPUs than was predicted.

// cpuHypothesis is another way in which the stack may choose CPUs.
type cpuHypothesis struct {
	id, summary string
	claim       stackClaim
	flags       []findings.Argument // that say it; nil where none do
}

// explainCPUs names the change of the claim that leads fewest packets elsewhere than was
// recorded, of several the first: at most 5 % of those that it can tell of, which have to be
// most; and fewer than random keys in its place, where no hash tells the key.
func (v *verification) explainCPUs(r *report.Verify, groups []group, s score) {
	sample, all := v.cpuSample(groups)
	var best *report.VerifyExplanation
	least := s.packets.all - s.packets.equal
	for _, h := range v.cpuHypotheses(groups, s) {
		n, wrong := v.explainedBy(groups, &h.claim)
		if float64(n) < judge.MostExplained*float64(n+wrong) || 2*n < s.packets.all || wrong >= least {
			continue
		}
		if s.hash.all == 0 && !keylessCPUs(sample, &h.claim) {
			null := judge.NullOf(wrongCPUs(sample, all, &h.claim), func(n int) float64 { return wrongCPUs(sample, all, underKey(&h.claim, n)) })
			if null.AsGood > 0 {
				continue
			}
		}
		best, least = explanation(h.id, h.summary, n), wrong
		v.means(best, h.flags)
	}
	if r.Explanation = best; best == nil {
		v.movedByRFS(r, groups, s)
	}
}

// explainedBy is how many of the packets that the claim was compared by have all that is
// recorded of them under another one, and how many have not; of the others the stack's own
// hash chooses the CPU under it.
func (v *verification) explainedBy(groups []group, c *stackClaim) (explained, wrong uint64) {
	for i := range groups {
		g := &groups[i]
		_, compared := v.stack.cpu(g)
		if compared = compared && g.cpu >= 0; !compared && !g.hasHash && g.queue < 0 {
			continue
		}
		d, arrives := g.under(c.steering)
		cpu, known := c.cpu(g)
		switch {
		case g.hasHash && g.hash != d.Hash, g.queue >= 0 && !(arrives && int32(d.Queue) == g.queue), compared && known && cpu != g.cpu:
			wrong += g.packets
		case known || !compared:
			explained += g.packets
		}
	}
	return explained, wrong
}

// cpuHypotheses are the changes of the claim that are tried, the simplest first: those that
// fit any record come last.
func (v *verification) cpuHypotheses(groups []group, s score) (all []cpuHypothesis) {
	add := func(id, summary string, flags []findings.Argument, change func(c *stackClaim)) {
		h := cpuHypothesis{id, summary, *v.stack, flags}
		change(&h.claim)
		all = append(all, h)
	}
	if v.stack.masks != nil {
		add("rps-off", "RPS is off: each packet is on the CPU of its queue's interrupt", withoutRPS, func(c *stackClaim) { c.masks = nil })
		for _, other := range []struct {
			passed rps.Hashes
			what   string
			flags  []findings.Argument
		}{
			{rps.NoHashes, "none of the NIC's hashes", []findings.Argument{{Flag: "--rps-hash", Value: "software"}}},
			{rps.OnPorts, "the NIC's hashes of ports", []findings.Argument{{Flag: "--rps-hash", Value: "mixed"}}},
			{rps.All, "all hashes of the NIC's", []findings.Argument{{Flag: "--rps-hash", Value: "nic"}}},
			{rps.ByPacket, "the NIC's hashes of TCP, UDP, SCTP and ICMP", nil},
		} {
			if other.passed != v.stack.passed {
				add("rps-hash", "the driver passes up "+other.what+" as those of layer 4", other.flags, func(c *stackClaim) { c.passed = other.passed })
			}
		}
		add("rps-rx-0", "the mask of rx-0 decides for the packets of all queues, as where no queue is recorded (XDP, cpumap)", v.maskedTo(v.stack.masks[0]), func(c *stackClaim) {
			masks := make([][]int, len(c.masks))
			for q := range masks {
				masks[q] = c.masks[0]
			}
			c.masks = masks
		})
		var masked []int
		for _, mask := range v.stack.masks {
			masked = append(masked, mask...)
		}
		slices.Sort(masked)
		for _, cpu := range slices.Compact(masked) {
			if cpu != offline {
				add("rps-offline", fmt.Sprintf("CPU %d of the masks is offline: what chooses it stays on the CPU of its interrupt", cpu), v.withoutCPU(cpu), func(c *stackClaim) {
					c.masks = replaced(c.masks, cpu, offline)
				})
			}
		}
	}
	if s.hash.all == 0 && s.queue.all == 0 {
		config := v.claimed.Config()
		for _, h := range slices.Concat(profile.TableHypotheses(config, len(config.QueueCPU)), profile.Hypotheses(config)) {
			if steering, err := nicmodel.NewSteering(h.Config); err == nil {
				add(h.ID, h.Summary, v.flagsTo(h.Config), func(c *stackClaim) { c.steering = steering })
			}
		}
	}
	return append(all, v.fittedCPUs(groups)...)
}

// withoutRPS are the flags that turn RPS off; others about it would then say nothing.
var withoutRPS = []findings.Argument{{Flag: "--rps", Value: "off"}, {Flag: "--rps-hash"}, {Flag: "--rps-secret"}, {Flag: "--offline-cpus"}, {Flag: "--rps-cost"}, {Flag: "--backlog"}}

// withoutCPU are the flags that say that a CPU of masks which were read back is offline, too.
func (v *verification) withoutCPU(cpu int) []findings.Argument {
	offline := fmt.Sprint(cpu)
	for _, a := range v.given {
		if a.Flag == "--offline-cpus" {
			offline = a.Value + "," + offline
		}
	}
	online := slices.DeleteFunc(slices.Clone(v.settings.Config.CPUs), func(c int) bool { return c == cpu })
	return append(v.inUse(online), findings.Argument{Flag: "--offline-cpus", Value: offline})
}

// inUse are the flags that say which CPUs there are; nil where these are the claimed ones.
func (v *verification) inUse(cpus []int) []findings.Argument {
	if slices.Equal(cpus, v.settings.Config.CPUs) {
		return nil
	}
	return []findings.Argument{{Flag: "--cpus", Value: settings.ListOfCPUs(cpus)}, {Flag: "--base-cpu"}}
}

// andCPUs are the CPUs in use, and others.
func (v *verification) andCPUs(others []int) []int {
	all := slices.Concat(v.settings.Config.CPUs, others)
	slices.Sort(all)
	return slices.Compact(all)
}

// onCPUs are the flags that say the CPU of each queue.
func (v *verification) onCPUs(cpus []int) []findings.Argument {
	return append(v.inUse(v.andCPUs(cpus)), findings.Argument{Flag: "--affinity", Value: nicmodel.CPUListOf(cpus).String()},
		findings.Argument{Flag: "--irq"}, findings.Argument{Flag: "--napi-cpu"})
}

// maskedTo are the flags that give all queues one mask.
func (v *verification) maskedTo(cpus []int) []findings.Argument {
	switch {
	case slices.Contains(cpus, offline): // which a text alone says
		return nil
	case len(cpus) == 0:
		return withoutRPS
	}
	return append(v.inUse(v.andCPUs(cpus)), findings.Argument{Flag: "--rps", Value: nicmodel.CPUListOf(cpus).String()})
}

// replaced is masks with another CPU in the place of one.
func replaced(masks [][]int, cpu, by int) [][]int {
	var all [][]int
	for _, mask := range masks {
		mask = slices.Clone(mask)
		for i := range mask {
			if mask[i] == cpu {
				mask[i] = by
			}
		}
		all = append(all, mask)
	}
	return all
}

// recordedOn is the packets of each queue by the CPU that is recorded, and whether packets of it
// are elsewhere than predicted.
func (v *verification) recordedOn(groups []group) (met []map[int]uint64, elsewhere []bool) {
	met, elsewhere = make([]map[int]uint64, len(v.stack.queueCPU)), make([]bool, len(v.stack.queueCPU))
	for q := range met {
		met[q] = map[int]uint64{}
	}
	for i := range groups {
		g := &groups[i]
		d, arrives := g.under(v.stack.steering)
		if g.cpu < 0 || !arrives {
			continue
		}
		met[d.Queue][int(g.cpu)] += g.packets
		if cpu, known := v.stack.cpu(g); known && cpu != g.cpu {
			elsewhere[d.Queue] = true
		}
	}
	return met, elsewhere
}

// fittedCPUs are hypotheses that are made of the record: the interrupt of a queue is on the
// CPU that most of its packets have, and each queue's mask has all CPUs that packets have, or a
// queue's, where packets of it are elsewhere than predicted, those that its own have.
func (v *verification) fittedCPUs(groups []group) (all []cpuHypothesis) {
	met, elsewhere := v.recordedOn(groups)
	var moved, masked []string
	var cpusMet []int
	cpus, masks := slices.Clone(v.stack.queueCPU), make([][]int, len(met))
	for q, on := range met {
		for cpu := range on {
			masks[q] = append(masks[q], cpu)
			if on[cpu] > on[cpus[q]] || on[cpu] == on[cpus[q]] && cpu < cpus[q] {
				cpus[q] = cpu
			}
		}
		slices.Sort(masks[q])
		cpusMet = append(cpusMet, masks[q]...)
		if cpus[q] != v.stack.queueCPU[q] {
			moved = append(moved, fmt.Sprintf("queue %d is on CPU %d", q, cpus[q]))
		}
		if elsewhere[q] {
			masked = append(masked, fmt.Sprintf("rx-%d has %s", q, nicmodel.CPUListOf(masks[q])))
		} else if v.stack.masks != nil {
			masks[q] = v.stack.masks[q]
		}
	}
	if len(moved) > 0 {
		h := cpuHypothesis{"affinity", "interrupts are on other CPUs: " + firstOf(moved), *v.stack, v.onCPUs(cpus)}
		h.claim.queueCPU = cpus
		if h.claim.masks != nil {
			h.claim.masks, h.summary = nil, "RPS is off, and "+h.summary
			h.flags = append(h.flags, withoutRPS...)
		}
		all = append(all, h)
	}
	if len(masked) > 0 {
		what, claim := "the masks of RPS are others: ", *v.stack
		if v.stack.masks == nil {
			what, claim.passed = "RPS steers packets on: ", rps.OnPorts
			if p := v.settings.Profile; p != nil {
				claim.passed = p.LayerFour
			}
		}
		slices.Sort(cpusMet)
		cpusMet = slices.Compact(cpusMet)
		same := cpuHypothesis{"rps-mask", what + "all have " + nicmodel.CPUListOf(cpusMet).String(), claim, v.maskedTo(cpusMet)}
		same.claim.masks = slices.Repeat([][]int{cpusMet}, len(masks))
		each := cpuHypothesis{"rps-mask", what + firstOf(masked), claim, nil}
		each.claim.masks = masks
		all = append(all, same, each)
	}
	return all
}

// firstOf is a few of them in words.
func firstOf(all []string) string {
	const shown = 4
	if len(all) > shown+1 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:shown], ", "), len(all)-shown)
	}
	return strings.Join(all, ", ")
}

// movedByRFS says that receive flow steering may be why, where a text says that it is on and
// TCP and UDP alone are elsewhere: to where their application reads, which nothing here
// predicts.
func (v *verification) movedByRFS(r *report.Verify, groups []group, s score) {
	u := &v.settings.Unseen
	if !u.RFS || s.hash.equal < s.hash.all || s.queue.equal < s.queue.all && !u.ARFS { // what the NIC does it leaves as it is
		return
	}
	var moved uint64
	for i := range groups {
		g := &groups[i]
		if g.cpu < 0 {
			continue
		}
		if cpu, known := v.stack.cpu(g); !known || cpu == g.cpu {
			continue
		}
		if whole := g.header.Facts == pcaps.HasPorts; !whole || g.header.Protocol != pcaps.ProtoTCP && g.header.Protocol != pcaps.ProtoUDP {
			return
		}
		moved += g.packets
	}
	if moved != s.packets.all-s.packets.equal { // something else differs, too
		return
	}
	r.Explanation = explanation("rfs", fmt.Sprintf("RFS, which %s says is on, moved %s of TCP and UDP to the CPU on which their application reads, and all else is as predicted", u.From, report.Plural(moved, "packet", "packets")), s.packets.all)
}
