package verify

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/cmd/rssreplay/internal/verify/judge"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
	"rssreplay/pcaps"
	"rssreplay/report"
)

// This file compares the CPUs on which the stack worked, packet by packet: where the
// interrupt of the queue is, or where RPS steers to.

// readStackCPUs reads a CSV whose first line names its columns: packet, the number in the
// capture, and stack_cpu or cpu, empty for a packet that did not come to the stack. Numbers
// begin at 1, as Wireshark has them, or at 0 where there is a packet 0. The packets are by
// their numbers from 1.
func readStackCPUs(path string) (cpus map[int64]int32, err error) {
	in, err := os.Open(path)
	if err == nil {
		defer in.Close()
		cpus, err = parseStackCPUs(in)
	}
	if err != nil {
		return nil, fmt.Errorf("--stack-cpus: %s: %w: give a CSV with the columns packet and stack_cpu", path, cli.Cause(err))
	}
	return cpus, nil
}

// parseStackCPUs reads what the file holds.
func parseStackCPUs(in io.Reader) (map[int64]int32, error) {
	text := bufio.NewReader(in)
	if mark, err := text.Peek(3); err == nil && string(mark) == "\ufeff" { // spreadsheets write it
		_, _ = text.Discard(3)
	}
	rows := csv.NewReader(text)
	rows.FieldsPerRecord, rows.ReuseRecord, rows.TrimLeadingSpace = -1, true, true
	head, err := rows.Read()
	if err == io.EOF {
		return nil, errors.New("it is empty")
	}
	if err != nil {
		return nil, err
	}
	packetAt, cpuAt := slices.Index(head, "packet"), slices.Index(head, "stack_cpu")
	if cpuAt < 0 {
		cpuAt = slices.Index(head, "cpu")
	}
	if packetAt < 0 || cpuAt < 0 {
		return nil, errors.New("its first line does not name them")
	}
	cpus, fromZero := map[int64]int32{}, false
	for {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := rows.FieldPos(0)
		if max(packetAt, cpuAt) >= len(row) {
			return nil, fmt.Errorf("line %d is cut off", line)
		}
		packet, errPacket := strconv.ParseInt(row[packetAt], 10, 64)
		fromZero = fromZero || packet == 0
		if row[cpuAt] == "" && errPacket == nil {
			continue
		}
		cpu, errCPU := strconv.ParseInt(row[cpuAt], 10, 32)
		if errPacket != nil || errCPU != nil || packet < 0 || cpu < 0 || cpu > engine.MaxCPUNumber {
			return nil, fmt.Errorf("line %d is no packet and its CPU", line)
		}
		if _, twice := cpus[packet]; twice {
			return nil, fmt.Errorf("line %d has packet %d again", line, packet)
		}
		cpus[packet] = int32(cpu)
	}
	if len(cpus) == 0 {
		return nil, errors.New("it has no packet")
	}
	if !fromZero {
		return cpus, nil
	}
	later := make(map[int64]int32, len(cpus))
	for packet, cpu := range cpus {
		later[packet+1] = cpu
	}
	return later, nil
}

// stackRecord notes what is recorded of the packet's CPU, and the hash that the stack makes
// of it.
func (v *verification) stackRecord(o *observed, a *dispatch.Arrival) {
	cpu, recorded := v.stackCPUs[a.Frame]
	if !recorded {
		return
	}
	o.cpu = cpu
	own, known := v.settings.Secret.OfFrame(a.Record.Link, a.Record.Data)
	if !known {
		var t pcaps.Tuple
		t.Set(a.Outer)
		own = v.settings.Secret.OfFlow(&t)
	}
	o.own = own
}

// stackClaim is how the stack is said to choose the CPU of a packet.
type stackClaim struct {
	steering *nicmodel.Steering
	queueCPU []int   // of the interrupt, by queue
	masks    [][]int // of RPS, by queue; offline in the place of a CPU that is; nil: none
	passed   rps.Hashes
	secret   bool   // the stack's own hashes are known
	random   uint64 // not 0: they are others, as under another secret
}

const offline = -1

func claimOf(s *settings.Settings) *stackClaim {
	c := &stackClaim{steering: s.Steering, secret: s.SecretGiven}
	for _, i := range s.Config.QueueCPU {
		c.queueCPU = append(c.queueCPU, s.Config.CPUs[i])
	}
	steers := s.Config.RPS
	if steers == nil {
		return c
	}
	c.passed = steers.Passed
	for q, mask := range steers.CPUs {
		cpus := slices.Clone(s.Masks[q])
		for i, cpu := range mask {
			if cpu == engine.OfflineCPU {
				cpus[i] = offline
			}
		}
		c.masks = append(c.masks, cpus)
	}
	return c
}

// with is the claim with another way of steering to the queues; nil of nil.
func (c *stackClaim) with(s *nicmodel.Steering) *stackClaim {
	if c == nil {
		return nil
	}
	other := *c
	other.steering = s
	return &other
}

// cpu is where the stack works on the group's packets; offline where a rule drops them. It
// is not known where the stack's own hash chooses, and its secret is not known.
func (c *stackClaim) cpu(g *group) (cpu int32, known bool) {
	d, arrives := g.under(c.steering)
	if !arrives {
		return offline, true
	}
	irq := int32(c.queueCPU[d.Queue])
	if c.masks == nil || len(c.masks[d.Queue]) == 0 {
		return irq, true
	}
	mask, value := c.masks[d.Queue], d.Hash
	if c.passed&rps.KindOf(d.Type, g.header.Protocol, g.header.Facts) == 0 {
		if value = g.own; c.random != 0 {
			value = mixed(uint64(g.own) ^ c.random)
		}
		if !c.secret && len(mask) > 1 {
			return 0, false
		}
	}
	if value == 0 {
		return irq, true
	}
	if cpu := mask[rps.Choose(value, len(mask))]; cpu != offline {
		return int32(cpu), true
	}
	return irq, true
}

// mixed is 32 bits that depend on all of x (splitmix64's last step).
func mixed(x uint64) uint32 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return uint32((x ^ x>>31) >> 32)
}

// judgeCPUs tells of the recorded CPUs, beside what hashes and queues tell. s is the claim's
// score.
func (v *verification) judgeCPUs(r *report.Verify, groups []group, s score) {
	recorded := v.recordedCPUs(r, groups)
	if left := judge.Total(recorded) - s.cpu.all; left > 0 {
		r.Caveats = append(r.Caveats, fmt.Sprintf("The CPUs of %s are left out: the kernel's own hash chose them, with a secret that --rps-secret does not tell.", report.Plural(left, "packet", "packets")))
	}
	switch {
	case s.cpu.all == 0 && s.hash.all == 0 && s.queue.all == 0:
		r.Agrees, r.Verdict = nil, "Recorded CPUs can't tell: the kernel's own hash chose all of them, whose secret is not known; give --rps-secret."
	case s.cpu.equal < s.cpu.all:
		r.Agrees = new(false)
		if r.Explanation == nil {
			v.explainCPUs(r, groups, s)
		}
	case s.cpu.all > 0 && s.hash.all == 0 && !(r.Agrees != nil && !*r.Agrees):
		j := v.cpuChance(groups)
		r.Null, r.Evidence = verifyNull(&j.Null), append(r.Evidence, recordsEvidence(j, "CPUs"))
		switch {
		case j.Null.AsGood == 0:
			r.Agrees, r.Verdict = new(true), agreesWith(s)
		case s.queue.all == 0 || r.Agrees == nil:
			r.Agrees, r.Verdict = nil, fmt.Sprintf("Recorded CPUs can't tell: %d of %s %s; record hashes, or use more flows.", j.Null.AsGood, trials(&j.Null), fitAsWell(j))
		}
	}
}

// recordedCPUs sets the rows of the CPUs, of those packets whose CPU is predictable, and
// counts all packets that have one.
func (v *verification) recordedCPUs(r *report.Verify, groups []group) (all []uint64) {
	rows := map[int32]*report.VerifiedCPU{}
	at := func(cpu int32) *report.VerifiedCPU {
		if rows[cpu] == nil {
			rows[cpu] = &report.VerifiedCPU{CPU: int(cpu)}
		}
		return rows[cpu]
	}
	for i := range groups {
		g := &groups[i]
		if g.cpu < 0 {
			continue
		}
		all = append(all, g.packets)
		if cpu, predictable := v.stack.cpu(g); predictable {
			at(g.cpu).Seen += g.packets
			if cpu != offline {
				at(cpu).Predicted += g.packets
			}
		}
	}
	for _, row := range rows {
		r.CPUs = append(r.CPUs, *row)
	}
	slices.SortFunc(r.CPUs, func(a, b report.VerifiedCPU) int { return cmp.Compare(a.CPU, b.CPU) })
	return all
}

// cpuSample is the groups of a recorded and predictable CPU, the heaviest, that random keys
// are compared by.
func (v *verification) cpuSample(groups []group) (sample []*group, all uint64) {
	for i := range groups {
		if g := &groups[i]; g.cpu >= 0 {
			if _, predictable := v.stack.cpu(g); predictable {
				sample = append(sample, g)
			}
		}
	}
	slices.SortStableFunc(sample, func(a, b *group) int { return cmp.Compare(b.packets, a.packets) })
	sample = sample[:min(len(sample), judge.Sampled)]
	for _, g := range sample {
		all += g.packets
	}
	return sample, all
}

// underKey is a claim with the n-th random key, and the stack's own hashes under a random
// secret.
func underKey(c *stackClaim, n int) *stackClaim {
	config := c.steering.Config()
	config.Key = judge.RandomKey(n, config)
	other := *c
	if s, err := nicmodel.NewSteering(config); err == nil {
		other.steering = s
	}
	other.random = uint64(n+1) << 32
	return &other
}

// wrongCPUs is the share of a sample that a claim leads to other CPUs than were recorded.
func wrongCPUs(sample []*group, all uint64, c *stackClaim) float64 {
	var n uint64
	for _, g := range sample {
		if cpu, known := c.cpu(g); known && cpu != g.cpu {
			n += g.packets
		}
	}
	return float64(n) / float64(max(all, 1))
}

// keylessCPUs reports whether each key leads the sample where the claim does.
func keylessCPUs(sample []*group, c *stackClaim) bool {
	for n := range 20 {
		other := underKey(c, n)
		for _, g := range sample {
			a, _ := c.cpu(g)
			if b, known := other.cpu(g); known && a != b {
				return false
			}
		}
	}
	return true
}

// cpuChance is how well random keys lead to the recorded CPUs; where no key changes
// anything, how well even spreads over the CPUs in use do.
func (v *verification) cpuChance(groups []group) *judge.Judgement {
	sample, all := v.cpuSample(groups)
	wrong := wrongCPUs(sample, all, v.stack)
	if !keylessCPUs(sample, v.stack) {
		return &judge.Judgement{Null: judge.NullOf(wrong, func(n int) float64 { return wrongCPUs(sample, all, underKey(v.stack, n)) })}
	}
	cpus := v.settings.Config.CPUs
	return &judge.Judgement{Keyless: true, Null: judge.NullOf(wrong, func(n int) float64 {
		var apart uint64
		for i, g := range sample {
			if int32(cpus[mixed(uint64(n+1)<<32|uint64(i))%uint32(len(cpus))]) != g.cpu {
				apart += g.packets
			}
		}
		return float64(apart) / float64(max(all, 1))
	})}
}
