package hash

import (
	"encoding/binary"
	"fmt"
)

// Function is how a NIC makes a hash of its input.
type Function uint8

const (
	FunctionToeplitz Function = iota // Toeplitz, under a key
	// FunctionSimpleXOR is Intel's E810's "simple_xor": all 32-bit words of the input
	// XORed, without a key. What it makes of ports is not published.
	FunctionSimpleXOR

	NumFunctions = iota
)

var functionNames = [NumFunctions]string{"toeplitz", "simple-xor"}

// String is the function's name, "toeplitz".
func (f Function) String() string {
	if int(f) < len(functionNames) {
		return functionNames[f]
	}
	return fmt.Sprintf("function(%d)", uint8(f))
}

// ParseFunction reads a name as String prints it.
func ParseFunction(name string) (Function, error) {
	for f, known := range functionNames {
		if name == known {
			return Function(f), nil
		}
	}
	return 0, fmt.Errorf("%q is no hash function whose rule is known: toeplitz, and simple-xor (Intel E810)", name)
}

// SimpleXOR is all 32-bit words of the input XORed. Its length is a multiple of 4.
func SimpleXOR(input []byte) uint32 {
	var sum uint32
	for ; len(input) >= 4; input = input[4:] {
		sum ^= binary.BigEndian.Uint32(input)
	}
	return sum
}
