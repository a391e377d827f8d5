package anonymize

import "crypto/sha256"

// portCipher is a keyed permutation of the ports: a Feistel network over the two
// bytes, whose round function is SHA-256.
type portCipher struct{ rounds [8][256]byte }

func newPortCipher(key [KeySize]byte) *portCipher {
	p := new(portCipher)
	for round := range p.rounds {
		for b := range p.rounds[round] {
			sum := sha256.Sum256(append([]byte{'p', 'o', 'r', 't', byte(round), byte(b)}, key[:]...))
			p.rounds[round][b] = sum[0]
		}
	}
	return p
}

func (p *portCipher) replace(port uint16) uint16 {
	left, right := byte(port>>8), byte(port)
	for round := range p.rounds {
		left, right = right, left^p.rounds[round][right]
	}
	return uint16(left)<<8 | uint16(right)
}
