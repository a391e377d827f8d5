package hash

import (
	"fmt"
	"math/bits"
)

// Difference says how the solved key differs from the claimed one, as drivers have
// been caught at: "" if the claimed key obeys all that is known.
func (s *Solution) Difference(claimed Key) string {
	if s.Agrees(claimed) {
		return ""
	}
	for late := 1; late <= 8; late++ {
		// The bytes that come in at one end are not known.
		if moved := append(make(Key, late), claimed...); s.agreesIn(moved, late*8, len(claimed)*8) {
			return fmt.Sprintf("the NIC has the claimed key %s late", byteCount(late))
		}
		if late < len(claimed) && s.agreesIn(claimed[late:], 0, (len(claimed)-late)*8) {
			return fmt.Sprintf("the NIC has the claimed key %s early: without its first ones", byteCount(late))
		}
	}
	for _, way := range reorderings {
		if other := way.of(claimed); s.agreesIn(other, 0, len(other)*8) {
			return "the NIC has the claimed key " + way.what
		}
	}
	solved := s.Key(len(claimed), claimed)
	n, first := 0, -1
	for _, bit := range s.Determined {
		if bit >= len(claimed)*8 {
			break
		}
		if (solved[bit/8]^claimed[bit/8])<<(bit%8)&0x80 != 0 {
			if n++; first < 0 {
				first = bit
			}
		}
	}
	if first < 0 {
		return "it agrees with the claimed key in each determined bit, but not in sums of bits that are known"
	}
	return fmt.Sprintf("%d of %d determined bits differ from the claimed key, the first one in byte %d", n, len(s.Determined), first/8)
}

// A MistreatedKey is a key as a driver may have given it to its NIC by mistake.
type MistreatedKey struct {
	What string
	Key  Key
}

// Mistreated is a key moved by bytes, where zeros come in, and with its bytes or
// words in other orders.
func Mistreated(key Key) []MistreatedKey {
	var all []MistreatedKey
	for by := 1; by <= 4 && by < len(key); by++ {
		all = append(all,
			MistreatedKey{fmt.Sprintf("the NIC has the claimed key %s late", byteCount(by)), append(make(Key, by), key[:len(key)-by]...)},
			MistreatedKey{fmt.Sprintf("the NIC has the claimed key %s early", byteCount(by)), append(append(Key(nil), key[by:]...), make(Key, by)...)})
	}
	for _, way := range reorderings {
		all = append(all, MistreatedKey{"the NIC has the claimed key " + way.what, way.of(key)})
	}
	return all
}

// reorderings are what byte orders do to a key.
var reorderings = []struct {
	what string
	of   func(Key) Key
}{
	{"with the bytes of each 32-bit word in reverse order", wordsReversed},
	{"with all its bytes in reverse order", bytesReversed},
	{"with the bits of each byte in reverse order", bitsReversed},
	{"with its 32-bit words in reverse order", func(k Key) Key { return wordsReversed(bytesReversed(k)) }},
}

// agreesIn tells whether the determined bits from one to before another one, of
// which there are enough to tell keys apart, are those of key.
func (s *Solution) agreesIn(key Key, from, to int) bool {
	solved := s.Key(len(key), nil)
	compared := 0
	for _, bit := range s.Determined {
		if bit < from || bit >= to {
			continue
		}
		compared++
		if (solved[bit/8]^key[bit/8])<<(bit%8)&0x80 != 0 {
			return false
		}
	}
	return compared >= 32
}

func byteCount(n int) string {
	if n == 1 {
		return "one byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

func wordsReversed(key Key) Key {
	other := append(Key(nil), key...)
	for i := 0; i+4 <= len(other); i += 4 {
		other[i], other[i+1], other[i+2], other[i+3] = other[i+3], other[i+2], other[i+1], other[i]
	}
	return other
}

func bytesReversed(key Key) Key {
	other := make(Key, len(key))
	for i, b := range key {
		other[len(key)-1-i] = b
	}
	return other
}

func bitsReversed(key Key) Key {
	other := make(Key, len(key))
	for i, b := range key {
		other[i] = bits.Reverse8(b)
	}
	return other
}
