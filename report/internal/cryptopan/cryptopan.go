package cryptopan

import (
	"crypto/aes"
	"crypto/cipher"
	"net/netip"
)

// KeySize is the length of a key in bytes: the first half is AES's key, the
// second, encrypted, the padding.
const KeySize = 32

// Anonymizer replaces addresses under one key. It may be used concurrently.
type Anonymizer struct {
	block cipher.Block
	pad   [aes.BlockSize]byte
}

// New returns the anonymizer of a key.
func New(key [KeySize]byte) *Anonymizer {
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		panic(err) // 16 bytes are a key of AES-128
	}
	a := &Anonymizer{block: block}
	block.Encrypt(a.pad[:], key[16:])
	return a
}

// Addr is the replacement of addr, of the same length and without its zone; an
// invalid address has itself.
func (a *Anonymizer) Addr(addr netip.Addr) netip.Addr {
	if !addr.IsValid() {
		return addr
	}
	original := addr.WithZone("").AsSlice()
	replaced := make([]byte, len(original))
	// The input at each bit is the original's bits before it, and the padding's
	// from there on.
	input := a.pad
	var output [aes.BlockSize]byte
	for bit := range 8 * len(original) {
		a.block.Encrypt(output[:], input[:])
		at, mask := bit/8, byte(0x80)>>(bit%8)
		flip := output[0] >> 7 << 7 >> (bit % 8)
		replaced[at] |= original[at]&mask ^ flip
		input[at] = input[at]&^mask | original[at]&mask
	}
	r, _ := netip.AddrFromSlice(replaced) // as long as the original
	return r
}
