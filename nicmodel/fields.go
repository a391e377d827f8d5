package nicmodel

import (
	"errors"
	"fmt"
	"strings"

	"rssreplay/hash"
)

// Fields are some of a hash type's fields, in the letters of `ethtool -N IF
// rx-flow-hash`.
type Fields uint8

const (
	SourceAddress      Fields = 1 << iota // s
	DestinationAddress                    // d
	SourcePort                            // f: bytes 0 and 1 of the TCP or UDP header
	DestinationPort                       // n: bytes 2 and 3
)

const fieldLetters = "sdfn"

// ParseFields reads letters as "sdn", in any order.
func ParseFields(letters string) (Fields, error) {
	var f Fields
	for _, c := range letters {
		i := strings.IndexRune(fieldLetters, c)
		if i < 0 {
			return 0, fmt.Errorf("%q is none of the fields s and d (addresses), f and n (source and destination port)", c)
		}
		f |= 1 << i
	}
	if f == 0 {
		return 0, errors.New("no field is named; s and d are the addresses, f and n the source and destination port")
	}
	return f, nil
}

// String is the letters, in the order in which the NIC packs the fields.
func (f Fields) String() string {
	var b strings.Builder
	for i, c := range fieldLetters {
		if f>>i&1 != 0 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// pack leaves of a type's whole input only the fields.
func (f Fields) pack(input []byte, t hash.Type) []byte {
	address := t.InputLen() / 2
	if t.Ports() {
		address = (t.InputLen() - 4) / 2
	}
	packed := input[:0]
	for i, at := range [...]struct{ from, to int }{
		{0, address}, {address, 2 * address}, {2 * address, 2*address + 2}, {2*address + 2, 2*address + 4},
	} {
		if f>>i&1 != 0 && at.to <= len(input) {
			packed = append(packed, input[at.from:at.to]...)
		}
	}
	return packed
}
