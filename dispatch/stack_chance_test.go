package dispatch

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
	"rssreplay/pcaps"
)

// packetOf is a packet of a protocol between two hosts, in a frame.
func packetOf(protocol byte, payload []byte) []byte {
	b := make([]byte, 14+20, 34+len(payload))
	b[12], b[13] = 8, 0
	b[14], b[23] = 0x45, protocol
	binary.BigEndian.PutUint16(b[16:], uint16(20+len(payload)))
	binary.BigEndian.PutUint32(b[26:], 0xc0000202)
	binary.BigEndian.PutUint32(b[30:], 0xc0000203)
	return append(b, payload...)
}

// The hash of RPS tells flows apart, and those inside a tunnel that the stack looks into;
// what else it reads makes no flow that is known.
func TestStackInputs(t *testing.T) {
	const packets = 4000
	gre := func(i int) []byte { return packetOf(47, append([]byte{0, 0, 8, 0}, frameTo(i % 40)[14:]...)) }
	esp := func(spis int) func(i int) []byte {
		return func(i int) []byte {
			payload := make([]byte, 100)
			payload[3] = byte(1 + i%spis)
			return packetOf(50, payload)
		}
	}
	labelled := func(i int) []byte { // ESP of one SPI over IPv6, whose flow labels part it
		b := make([]byte, 14+40+20)
		b[12], b[13] = 0x86, 0xdd
		b[14], b[17], b[19], b[20] = 0x60, byte(1+i%20), 20, 50
		b[14+39], b[14+43] = 1, 9
		return b
	}
	arp := func(i int) []byte {
		b := make([]byte, 60)
		b[12], b[13] = 8, 6
		return b
	}
	of := func(one, other func(i int) []byte, each int) func(i int) []byte {
		return func(i int) []byte {
			if i%each == 0 {
				return other(i)
			}
			return one(i)
		}
	}
	tcp := func(i int) []byte { return frameTo(i % 100) }
	all := []uint16{0, 1, 2, 3}
	full := [][]uint16{all, all, all, all}
	for name, test := range map[string]struct {
		frame  func(i int) []byte
		masks  [][]uint16
		passed rps.Hashes
		flows  uint64  // 0: not known
		even   float64 // imbalance of even traffic
	}{
		"flows":                         {tcp, full, rps.OnPorts, 100, 1},
		"by the stack's own hash":       {tcp, full, rps.NoHashes, 100, 1},
		"inside GRE":                    {gre, full, rps.OnPorts, 40, 1},
		"inside GRE, by the NIC's hash": {gre, full, rps.All, 1, 1},
		"GRE beside flows":              {of(tcp, gre, 2), full, rps.OnPorts, 50 + 20, 1},
		"one SPI":                       {esp(1), full, rps.OnPorts, 1, 1},
		"several SPIs":                  {esp(20), full, rps.OnPorts, 20, 1},
		"several SPIs, by the NIC's":    {esp(20), full, rps.All, 1, 1},
		"one SPI, flow labels":          {labelled, full, rps.OnPorts, 0, 1},
		"some ARP":                      {of(tcp, arp, 200), full, rps.OnPorts, 100, 1},
		"more ARP":                      {of(tcp, arp, 20), full, rps.OnPorts, 0, 1},
		"ESP beside flows":              {of(tcp, esp(20), 2), full, rps.OnPorts, 50 + 10, 1},
		"a mask of three":               {tcp, [][]uint16{all, {0, 1, 2}, all, all}, rps.OnPorts, 100, 4 * (3./16 + 1./12)},
		"all of two":                    {tcp, [][]uint16{{1, 2}, {1, 2}, {1, 2}, {1, 2}}, rps.OnPorts, 100, 2},
		"each queue's own":              {tcp, [][]uint16{{0, 1}, {0, 1}, {2, 3}, {2, 3}}, rps.OnPorts, 100, 1},
		"none of one queue":             {tcp, [][]uint16{nil, {1, 2, 3}, {1, 2, 3}, {1, 2, 3}}, rps.OnPorts, 100, 1},
		"a CPU that is offline":         {tcp, [][]uint16{all, {0, 1, 2, engine.OfflineCPU}, all, all}, rps.OnPorts, 100, 4 * (3./16 + 2./16)},
		"masks apart, GRE":              {gre, [][]uint16{{0, 1}, {0, 1}, {2, 3}, {2, 3}}, rps.OnPorts, 0, 1},
		"masks alike, GRE":              {gre, [][]uint16{{0, 1}, {0, 1}, {0, 1}, {0, 1}}, rps.OnPorts, 40, 2},
	} {
		var recs []pcaps.Record
		for i := range packets {
			recs = append(recs, recordOf(test.frame(i), int64(i)*10_000))
		}
		r := replayOf(t, Options{Config: &engine.Config{RPS: &engine.RPS{Cost: 100, Backlog: 1000, CPUs: test.masks, Passed: test.passed}}}, recs)
		in := r.StackInputs(0)
		switch {
		case in == nil && test.flows > 0:
			t.Errorf("%s: not known, want %d", name, test.flows)
		case in != nil && in.Distinct != test.flows:
			t.Errorf("%s: %d, want %d", name, in.Distinct, test.flows)
		case in != nil && math.Abs(in.Even()-test.even) > 1e-9:
			t.Errorf("%s: even traffic has %v, want %v", name, in.Even(), test.even)
		}
	}
}

// The chance of masks is what drawing each flow's entry, and a CPU of that queue's mask, makes.
func TestStackChanceOfMasks(t *testing.T) {
	const flows, packets, draws = 100, 4000, 3000
	for _, masks := range [][][]uint16{
		{{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}},
		{{0, 1}, {0, 1}, {2, 3}, {2, 3}},
		{{1, 2, 3}, {0}, nil, {0, engine.OfflineCPU}},
	} {
		var recs []pcaps.Record
		for i := range packets {
			recs = append(recs, recordOf(frameTo(i%flows), int64(i)*10_000))
		}
		r := replayOf(t, Options{Config: &engine.Config{RPS: &engine.RPS{Cost: 100, Backlog: 1000, CPUs: masks, Passed: rps.OnPorts}}}, recs)
		in := r.StackInputs(0)
		if in == nil {
			t.Fatalf("%v: not known", masks)
		}
		cpus := make([]uint64, len(r.cfg.CPUs))
		for i, c := range r.Modes[0].CPUs {
			cpus[i] = c.Packets
		}
		random, drawn := rand.New(rand.NewPCG(3, 4)), make([]float64, draws)
		for i := range drawn {
			loads := make([]float64, len(cpus))
			for range flows {
				queue := r.cfg.Table[random.IntN(len(r.cfg.Table))]
				cpu := r.cfg.QueueCPU[queue]
				if mask := masks[queue]; len(mask) > 0 {
					if to := mask[random.IntN(len(mask))]; to != engine.OfflineCPU {
						cpu = int(to)
					}
				}
				loads[cpu]++
			}
			drawn[i] = slices.Max(loads) * float64(len(cpus)) / flows
		}
		slices.Sort(drawn)
		trials := in.Chance(cpus).Trials
		for _, part := range []float64{0.1, 0.5, 0.95} {
			got, want := trials[int(part*float64(len(trials)-1))], drawn[int(part*(draws-1))]
			if math.Abs(got/want-1) > 0.05 {
				t.Errorf("%v: %v of the trials are below %.3f, want %.3f", masks, part, got, want)
			}
		}
	}
}

// Masks that are alike are known whatever the size of the table; those that differ, as long as
// their places are not too many.
func TestRPSPlacesOfLargeTables(t *testing.T) {
	const cpus, entries = 64, 2048
	cfg := &engine.Config{RPS: &engine.RPS{CPUs: make([][]uint16, cpus)}, Table: make(nicmodel.IndirectionTable, entries), QueueCPU: make([]int, cpus)}
	for i := range cfg.Table {
		cfg.Table[i] = uint16(i % cpus)
	}
	for queue := range cpus {
		cfg.QueueCPU[queue] = queue
		for cpu := range uint16(cpus) {
			cfg.RPS.CPUs[queue] = append(cfg.RPS.CPUs[queue], cpu)
		}
	}
	r := &Result{Replayed: Replayed{cfg: cfg}}
	if place, alike := r.rpsPlaces(); len(place) != cpus || !alike {
		t.Errorf("masks alike: %d places, %v", len(place), alike)
	}
	cfg.RPS.CPUs[0] = cfg.RPS.CPUs[0][:1]
	if place, alike := r.rpsPlaces(); place != nil || alike {
		t.Errorf("masks apart: %d places, %v", len(place), alike)
	}
	cfg.Table = cfg.Table[:cpus]
	if place, alike := r.rpsPlaces(); len(place) != cpus*cpus || alike {
		t.Errorf("a small table: %d places, %v", len(place), alike)
	}
}
