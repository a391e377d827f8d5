package nicmodel

import (
	"bytes"
	"testing"

	"rssreplay/hash"
)

func TestKeyStrength(t *testing.T) {
	oneBit := func(bit int) hash.Key {
		k := make(hash.Key, 40)
		k[bit/8] = 0x80 >> (bit % 8)
		return k
	}
	microsoft, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	symmetric, err := hash.ParseKey("symmetric")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name                string
		key                 hash.Key
		transform           hash.Transform
		kind                hash.Type
		size                int
		rank, wanted, heard int
	}{
		{"zeros", make(hash.Key, 40), hash.NoTransform, hash.TCPIPv4, 128, 0, 7, 0},
		{"ones", bytes.Repeat([]byte{0xff}, 40), hash.NoTransform, hash.TCPIPv4, 128, 1, 7, 96},
		{"first bit", oneBit(0), hash.NoTransform, hash.TCPIPv4, 128, 0, 7, 0},
		// The index is the hash's last 7 bits, which bit 104 reaches from input bits 73 to 79.
		{"one bit", oneBit(104), hash.NoTransform, hash.TCPIPv4, 128, 7, 7, 7},
		{"one bit, larger table", oneBit(104), hash.NoTransform, hash.TCPIPv4, 512, 9, 9, 9},
		{"one bit, IPv4 alone", oneBit(104), hash.NoTransform, hash.IPv4, 128, 0, 7, 0},
		{"microsoft", microsoft, hash.NoTransform, hash.TCPIPv4, 128, 7, 7, 96},
		{"symmetric", symmetric, hash.NoTransform, hash.TCPIPv6, 128, 7, 7, 288},
		// The same pattern twice is nothing where source and destination are combined.
		{"symmetric twice", symmetric, hash.SymmetricXOR, hash.TCPIPv4, 128, 0, 7, 0},
		{"one entry", microsoft, hash.NoTransform, hash.TCPIPv4, 1, 0, 0, 0},
	} {
		table := make(IndirectionTable, test.size)
		s, err := NewSteering(SteeringConfig{HashTypes: hash.DefaultTypes, Key: test.key, Transform: test.transform, Table: table, QueueCPU: []int{0}})
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		packets := [hash.NumTypes]uint64{hash.None: 9, hash.UDPIPv6: 1}
		packets[test.kind] = 2
		k := s.KeyStrength(&packets)
		if k.Type != test.kind || k.Rank != test.rank || k.Wanted != test.wanted || k.Heard != test.heard || k.Bits != 8*test.kind.InputLen() {
			t.Errorf("%s: %+v, want rank %d of %d, %d bits heard", test.name, k, test.rank, test.wanted, test.heard)
		}
	}
	without, err := NewSteering(SteeringConfig{HashTypes: hash.TypesOf(hash.IPv4), Function: hash.FunctionSimpleXOR, Table: make(IndirectionTable, 128), QueueCPU: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	if k := without.KeyStrength(&[hash.NumTypes]uint64{hash.IPv4: 2}); k != (KeyStrength{}) {
		t.Errorf("without a key: %+v", k)
	}
}
