package nicmodel

import (
	"math/bits"
	"math/rand/v2"

	"rssreplay/hash"
	"rssreplay/pcaps"
)

// KeyStrength is what a key can do with inputs of one hash type. What the traffic's
// own addresses and ports leave unused is not looked at.
type KeyStrength struct {
	Type hash.Type // None: no packet is hashed, or without a key
	// Rank is how many bits of the table's index can differ on their own, of Wanted
	// that reach every entry. A key of zeros has rank 0, and sends all to one entry; one
	// of ones has rank 1.
	Rank, Wanted int
	// Heard is how many of the input's Bits change the index at all. One set bit in a
	// key hears as many as the index has.
	Heard, Bits int
}

// rankInputs are as many random inputs as KeyStrength looks at: their differences span
// what the hash of any can reach, but for one chance in 2²⁰⁰.
const rankInputs = 256

// KeyStrength judges the key for inputs of the hash type that most packets have; of equals
// it is the first one.
func (s *Steering) KeyStrength(packets *[hash.NumTypes]uint64) KeyStrength {
	t := hash.None
	for of := hash.IPv4; of < hash.NumTypes; of++ {
		if packets[of] > 0 && (t == hash.None || packets[of] > packets[t]) {
			t = of
		}
	}
	if t == hash.None || s.config.Function != hash.FunctionToeplitz {
		return KeyStrength{}
	}
	k := KeyStrength{Type: t, Wanted: bits.Len(uint(len(s.config.Table) - 1)), Bits: 8 * t.InputLen()}
	mask := s.mask
	if s.config.Modulo {
		mask = ^uint32(0)
	}
	protocol := uint8(pcaps.ProtoTCP)
	if t == hash.UDPIPv4 || t == hash.UDPIPv6 || t == hash.UDPIPv6Ex {
		protocol = pcaps.ProtoUDP
	}
	var buffer [hash.MaxInputLen]byte
	index := func(fill func(input []byte)) uint32 {
		input := buffer[:t.InputLen()]
		clear(input)
		fill(input)
		return s.Sum(s.Hashed(input, t, protocol)) & mask
	}
	nothing := index(func([]byte) {})
	for i := range k.Bits {
		if index(func(input []byte) { input[i/8] = 0x80 >> (i % 8) }) != nothing {
			k.Heard++
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	var basis [32]uint32 // by highest bit
	for range rankInputs {
		v := nothing ^ index(func(input []byte) {
			for i := range input {
				input[i] = byte(random.Uint32())
			}
		})
		for v != 0 {
			top := bits.Len32(v) - 1
			if basis[top] == 0 {
				basis[top] = v
				k.Rank++
				break
			}
			v ^= basis[top]
		}
	}
	k.Rank = min(k.Rank, k.Wanted)
	return k
}
