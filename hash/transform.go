package hash

import (
	"fmt"
	"strings"
)

// Transform is what a NIC does to the hash input first, so that both directions
// of a flow hash alike. The names are ethtool's ("RSS input transformation"),
// the formulas those of Linux's Documentation/networking/scaling.rst.
type Transform uint8

const (
	NoTransform    Transform = iota // the input as it lies on the wire
	SymmetricXOR                    // SIP^DIP, SIP^DIP, SP^DP, SP^DP (ice, iavf)
	SymmetricOrXOR                  // SIP|DIP, SIP^DIP, SP|DP, SP^DP (mlx5)

	NumTransforms = iota
)

var transformNames = [NumTransforms]string{"none", "symmetric-xor", "symmetric-or-xor"}

// String is the transformation's name, "symmetric-xor"; "none" for none.
func (x Transform) String() string {
	if int(x) < len(transformNames) {
		return transformNames[x]
	}
	return fmt.Sprintf("transform(%d)", uint8(x))
}

// ParseTransform reads a name as String prints it.
func ParseTransform(name string) (Transform, error) {
	for x, known := range transformNames {
		if name == known {
			return Transform(x), nil
		}
	}
	return 0, fmt.Errorf("unknown input transformation %q: known are %s", name, strings.Join(transformNames[:], ", "))
}

// Apply transforms a hash input in place. The input is two addresses of one
// length, in the inputs with ports (12 and 36 bytes) followed by the two ports.
// Inputs of other lengths than 8, 12, 32 and 36 bytes are no hash type's and
// stay as they are.
func (x Transform) Apply(input []byte) {
	if x == NoTransform {
		return
	}
	switch len(input) {
	case 8, 32:
		x.pair(input)
	case 12, 36:
		x.pair(input[:len(input)-4])
		x.pair(input[len(input)-4:])
	}
}

// pair transforms the two fields of equal length that fields consists of.
func (x Transform) pair(fields []byte) {
	a, b := fields[:len(fields)/2], fields[len(fields)/2:]
	for i := range a {
		or, xor := a[i]|b[i], a[i]^b[i]
		a[i], b[i] = xor, xor
		if x == SymmetricOrXOR {
			a[i] = or
		}
	}
}
