package hash

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Transform is what a NIC does to the Toeplitz hash's input, key and result otherwise
// than the NDIS documentation states: so that both directions of a flow hash alike, or
// because its hardware was made so.
type Transform uint8

const (
	NoTransform Transform = iota // the input as it lies on the wire

	// ethtool's names ("RSS input transformation"); the formulas are those of Linux's
	// Documentation/networking/scaling.rst.
	SymmetricXOR   // SIP^DIP, SIP^DIP, SP^DP, SP^DP (ice, iavf)
	SymmetricOrXOR // SIP|DIP, SIP^DIP, SP|DP, SP^DP (mlx5)

	// Amazon's ENA, as users of it have compared hashes with what they computed
	// (amzn-drivers issues 109, 136, 169, 235, 353; its toeplitz_calc.py).
	ENA     // Linux with a driver above 2.6, or with a key set by hand; Windows
	ENAOld  // Linux with a driver up to 2.6 and its default key
	ENAGen4 // instances of generation 4, whose key is fixed

	// ProtocolFirst is Intel's E810 under DPDK's iavf: inputs with ports begin with
	// the IP protocol.
	ProtocolFirst

	NumTransforms = iota
)

// mixing is what becomes of two fields that belong together: the addresses, the ports.
type mixing uint8

const (
	unmixed mixing = iota
	xored          // a^b, a^b
	orXored        // a|b, a^b
	sorted         // the smaller first
)

// transforms says of each transformation what it does.
var transforms = [NumTransforms]struct {
	name string
	what string // in words, of a NIC's hash

	mix           mixing
	protocolFirst bool   // a 16-bit word with the protocol comes before an input with ports
	reverseKey    bool   // the key's last byte is its first
	initial       uint32 // what the result begins from
	foldLow       bool   // its low 16 bits stand for the high ones, too
}{
	NoTransform:    {name: "none", what: "is the specification's"},
	SymmetricXOR:   {name: "symmetric-xor", what: "is of source XOR destination", mix: xored},
	SymmetricOrXOR: {name: "symmetric-or-xor", what: "is of source OR destination, and source XOR destination", mix: orXored},
	ENA:            {name: "ena", what: "reads the key from its last byte on, and begins from 0xffffffff", reverseKey: true, initial: 0xffffffff},
	ENAOld:         {name: "ena-old", what: "reads the key from its last byte on", reverseKey: true},
	ENAGen4:        {name: "ena-gen4", what: "is of the smaller address and port first, begins from 0xffffffff, and has 16 bits, doubled", mix: sorted, initial: 0xffffffff, foldLow: true},
	ProtocolFirst:  {name: "protocol-first", what: "has the IP protocol before the addresses where it has ports", protocolFirst: true},
}

// String is the transformation's name, "symmetric-xor"; "none" for none.
func (x Transform) String() string {
	if int(x) < len(transforms) {
		return transforms[x].name
	}
	return fmt.Sprintf("transform(%d)", uint8(x))
}

// Shown reports whether ethtool shows and sets the transformation. A vendor's hardware
// does the others whatever ethtool shows.
func (x Transform) Shown() bool { return x <= SymmetricOrXOR }

// Symmetric tells whether the transformation makes both directions of a connection hash
// alike, whatever the key.
func (x Transform) Symmetric() bool { return transforms[x].mix != unmixed }

// What says in words what the hash then is, as the end of a sentence that begins with
// "the hash".
func (x Transform) What() string { return transforms[x].what }

// ParseTransform reads a name as String prints it.
func ParseTransform(name string) (Transform, error) {
	var names []string
	for x, known := range transforms {
		if name == known.name {
			return Transform(x), nil
		}
		names = append(names, known.name)
	}
	return 0, fmt.Errorf("unknown input transformation %q: known are %s", name, strings.Join(names, ", "))
}

// protocolBytes is the length of what ProtocolFirst adds to an input.
const protocolBytes = 2

// MaxInputLen is the length of the longest input in bytes: two IPv6 addresses, two
// ports, and what a transformation adds.
const MaxInputLen = 36 + protocolBytes

// InputLen is how long an input of n bytes is then.
func (x Transform) InputLen(n int) int {
	if transforms[x].protocolFirst && withPorts(n) {
		return n + protocolBytes
	}
	return n
}

// withPorts reports whether an input of that length ends in two ports.
func withPorts(n int) bool { return n == 12 || n == 36 }

// Apply transforms a hash input in place, and returns it: it may be longer then. The
// input is two addresses of one length, in the inputs with ports (12 and 36 bytes)
// followed by the two ports, of a packet of the IP protocol. Inputs of other lengths
// than 8, 12, 32 and 36 bytes are no hash type's and stay as they are.
func (x Transform) Apply(input []byte, protocol uint8) []byte {
	if x == NoTransform {
		return input
	}
	of := &transforms[x]
	switch n := len(input); n {
	case 8, 32:
		of.mix.apply(input)
	case 12, 36:
		of.mix.apply(input[:n-4])
		of.mix.apply(input[n-4:])
		if of.protocolFirst {
			input = slices.Insert(input, 0, 0, protocol)
		}
	}
	return input
}

// Key is the key as Toeplitz is to read it.
func (x Transform) Key(key Key) Key {
	if !transforms[x].reverseKey {
		return key
	}
	key = slices.Clone(key)
	slices.Reverse(key)
	return key
}

// ReversesKey reports whether the NIC reads the key from its last byte on.
func (x Transform) ReversesKey() bool { return transforms[x].reverseKey }

// KeyBits is the numbers of bits of the key of n bytes that Key makes, as bits of the
// key given to it; those beyond its end are left out. They are in rising order.
func (x Transform) KeyBits(bits []int, n int) []int {
	if !x.ReversesKey() {
		return bits
	}
	var all []int
	for _, bit := range bits {
		if bit < n*8 {
			all = append(all, (n-1-bit/8)*8+bit%8)
		}
	}
	slices.Sort(all)
	return all
}

// Result is what the NIC gives out of a sum that began from 0.
func (x Transform) Result(sum uint32) uint32 {
	of := &transforms[x]
	sum ^= of.initial
	if of.foldLow {
		sum = sum&0xffff | sum<<16
	}
	return sum
}

// Sum is the sum that Result made this of; where folded, its low 16 bits alone are told,
// and the others are 0. A result that the transformation can't make gives what its low
// bits say.
func (x Transform) Sum(result uint32) (sum uint32, folded bool) {
	of := &transforms[x]
	sum = result ^ of.initial
	if of.foldLow {
		sum &= 0xffff
	}
	return sum, of.foldLow
}

// apply mixes the two fields of equal length that fields consists of.
func (m mixing) apply(fields []byte) {
	a, b := fields[:len(fields)/2], fields[len(fields)/2:]
	switch m {
	case unmixed:
	case sorted:
		if bytes.Compare(a, b) > 0 {
			for i := range a {
				a[i], b[i] = b[i], a[i]
			}
		}
	default:
		for i := range a {
			or, xor := a[i]|b[i], a[i]^b[i]
			a[i], b[i] = xor, xor
			if m == orXored {
				a[i] = or
			}
		}
	}
}
