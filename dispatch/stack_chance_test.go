package dispatch

import (
	"encoding/binary"
	"testing"

	"rssreplay/dispatch/engine"
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
		flows  uint64 // 0: not known
	}{
		"flows":                         {tcp, full, rps.OnPorts, 100},
		"by the stack's own hash":       {tcp, full, rps.NoHashes, 100},
		"inside GRE":                    {gre, full, rps.OnPorts, 40},
		"inside GRE, by the NIC's hash": {gre, full, rps.All, 1},
		"GRE beside flows":              {of(tcp, gre, 2), full, rps.OnPorts, 50 + 20},
		"one SPI":                       {esp(1), full, rps.OnPorts, 1},
		"several SPIs":                  {esp(20), full, rps.OnPorts, 0},
		"several SPIs, by the NIC's":    {esp(20), full, rps.All, 1},
		"some ARP":                      {of(tcp, arp, 200), full, rps.OnPorts, 100},
		"more ARP":                      {of(tcp, arp, 20), full, rps.OnPorts, 0},
		"a mask of three":               {tcp, [][]uint16{all, {0, 1, 2}, all, all}, rps.OnPorts, 0},
		"a CPU that is offline":         {tcp, [][]uint16{all, {0, 1, 2, engine.OfflineCPU}, all, all}, rps.OnPorts, 0},
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
		}
	}
}
