package portplan

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// planSteering is a random NIC of so many CPUs.
func planSteering(t *testing.T, r *rand.Rand, cpus int, types hash.Types) *nicmodel.Steering {
	t.Helper()
	c := nicmodel.SteeringConfig{HashTypes: types, Key: make(hash.Key, 40)}
	for i := range c.Key {
		c.Key[i] = byte(r.Uint32())
	}
	for range cpus * (1 + r.IntN(2)) {
		c.QueueCPU = append(c.QueueCPU, len(c.QueueCPU)%cpus)
	}
	for i := range 128 {
		c.Table = append(c.Table, uint16(i%len(c.QueueCPU)))
	}
	r.Shuffle(len(c.Table), func(i, k int) { c.Table[i], c.Table[k] = c.Table[k], c.Table[i] })
	s, err := nicmodel.NewSteering(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func planFlow(src, dst string, protocol uint8, port uint16) pcaps.Header {
	a, b := netip.MustParseAddr(src), netip.MustParseAddr(dst)
	h := pcaps.Header{Version: 4, Protocol: protocol, DstPort: port, Facts: pcaps.HasPorts}
	if a.Is6() {
		h.Version = 6
	}
	copy(h.Src[:], a.AsSlice())
	copy(h.Dst[:], b.AsSlice())
	return h
}

// TestPlan: every planned flow, steered anew, is on the CPU that the plan says,
// each CPU has as many as asked, replies are spread, and no port is used twice.
func TestPlan(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 41))
		cpus, peers := 1+r.IntN(12), 1+r.IntN(12)
		p := &Plan{
			Steering: planSteering(t, r, cpus, hash.DefaultTypes), CPUs: cpus, PerCPU: 1 + r.IntN(3),
			Flow: planFlow("10.0.0.1", "10.0.0.2", pcaps.ProtoTCP, 5201), FirstPort: 32768, LastPort: 60999, ServerPorts: seed%3 == 0,
		}
		if seed%2 == 0 {
			p.Flow = planFlow("2001:db8::1", "2001:db8::2", pcaps.ProtoUDP, 9)
		}
		if seed%4 > 1 {
			p.Peer, p.PeerCPUs = planSteering(t, r, peers, hash.DefaultTypes), peers
		}
		flows, err := p.Make()
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		on, replies, used := make([]int, cpus), make([]int, peers), map[uint16]bool{}
		for k, f := range flows {
			h := f.Flow
			d := p.Steering.Decide(&h, nil)
			if p.Steering.CPU(d.Queue) != f.CPU || d != f.Decision || used[h.SrcPort] || h.SrcPort < p.FirstPort || h.SrcPort > p.LastPort {
				t.Fatalf("seed %d: flow %+v goes to CPU %d, or its port is wrong", seed, f, p.Steering.CPU(d.Queue))
			}
			if want := p.Flow.DstPort; p.ServerPorts && h.DstPort != want+uint16(k) || !p.ServerPorts && h.DstPort != want {
				t.Fatalf("seed %d: flow %d goes to port %d", seed, k, h.DstPort)
			}
			used[h.SrcPort] = true
			on[f.CPU]++
			if p.Peer == nil {
				continue
			}
			h.Src, h.Dst, h.SrcPort, h.DstPort = h.Dst, h.Src, h.DstPort, h.SrcPort
			if cpu := p.Peer.CPU(p.Peer.Decide(&h, nil).Queue); cpu != f.PeerCPU {
				t.Fatalf("seed %d: the reply of %+v goes to CPU %d", seed, f, cpu)
			}
			replies[f.PeerCPU]++
		}
		for cpu, n := range on {
			if n != p.PerCPU {
				t.Fatalf("seed %d: CPU %d has %d flows, not %d", seed, cpu, n, p.PerCPU)
			}
		}
		most := (cpus*p.PerCPU + peers - 1) / peers
		for cpu, n := range replies {
			if n > most {
				t.Fatalf("seed %d: CPU %d of the peer has %d of %d replies, where %d are even", seed, cpu, n, len(flows), most)
			}
		}
		again, err := p.Make()
		if diff := cmp.Diff(flows, again); diff != "" || err != nil {
			t.Fatalf("seed %d: another plan the second time: %v\n%s", seed, err, diff)
		}
	}
}

// With one symmetric key at both ends a flow's reply has its hash: what is
// possible is planned, and no more is asked of the peer.
func TestPlanSymmetric(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 42))
	c := planSteering(t, r, 4, hash.DefaultTypes).Config()
	for i := range c.Key {
		c.Key[i] = [2]byte{0x6d, 0x5a}[i%2]
	}
	s, err := nicmodel.NewSteering(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Table = make(nicmodel.IndirectionTable, 128) // all replies to one CPU
	peer, err := nicmodel.NewSteering(c)
	if err != nil {
		t.Fatal(err)
	}
	p := &Plan{Steering: s, CPUs: 4, PerCPU: 2, Flow: planFlow("10.0.0.1", "10.0.0.2", pcaps.ProtoTCP, 5201), FirstPort: 32768, LastPort: 60999, Peer: s, PeerCPUs: 4}
	flows, err := p.Make()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range flows {
		if f.CPU != f.PeerCPU || f.Decision.Hash != f.Reply.Hash {
			t.Errorf("%+v is not symmetric", f)
		}
	}
	p.Peer = peer
	if flows, err = p.Make(); err != nil || len(flows) != 8 {
		t.Errorf("replies that can't be spread: %d flows, %v", len(flows), err)
	}
}

func TestPlanErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 43))
	s := planSteering(t, r, 4, hash.DefaultTypes)
	plain := planSteering(t, r, 4, hash.TypesOf(hash.IPv4, hash.TCPIPv4))
	none := planSteering(t, r, 4, hash.TypesOf(hash.TCPIPv4))
	udp := planFlow("10.0.0.1", "10.0.0.2", pcaps.ProtoUDP, 5201)
	c := s.Config()
	c.Table = nicmodel.IndirectionTable{0, 1, 2, 2}
	holes, err := nicmodel.NewSteering(c)
	if err != nil {
		t.Fatal(err)
	}
	var notHashed *PortsNotHashed
	var outOfReach *CPUOutOfReach
	_, err = (&Plan{Steering: plain, CPUs: 4, PerCPU: 1, Flow: udp, FirstPort: 1, LastPort: 9}).Make()
	if !errors.As(err, &notHashed) || notHashed.Decision.Type != hash.IPv4 || notHashed.Peer {
		t.Errorf("UDP on its addresses: %v", err)
	}
	_, err = (&Plan{Steering: none, CPUs: 4, PerCPU: 1, Flow: udp, FirstPort: 1, LastPort: 9}).Make()
	if !errors.As(err, &notHashed) || notHashed.Decision.Type != hash.None {
		t.Errorf("UDP without a hash: %v", err)
	}
	_, err = (&Plan{Steering: s, CPUs: 4, PerCPU: 1, Flow: udp, FirstPort: 1, LastPort: 9, Peer: plain, PeerCPUs: 4}).Make()
	if !errors.As(err, &notHashed) || !notHashed.Peer {
		t.Errorf("replies on their addresses: %v", err)
	}
	_, err = (&Plan{Steering: holes, CPUs: 4, PerCPU: 1, Flow: udp, FirstPort: 1, LastPort: 65535}).Make()
	if !errors.As(err, &outOfReach) || outOfReach.CPU != 3 || !outOfReach.NoEntry {
		t.Errorf("a CPU without an entry: %v", err)
	}
	_, err = (&Plan{Steering: s, CPUs: 4, PerCPU: 3, Flow: udp, FirstPort: 1, LastPort: 9}).Make()
	if !errors.As(err, &outOfReach) || outOfReach.NoEntry || outOfReach.Found > 2 {
		t.Errorf("too few ports: %v", err)
	}
}
