package report

import (
	"encoding/json"
	"net/netip"
	"strconv"
)

// NoHash is the HashType of a flow whose packets have no hash. It is a type,
// and not the hash 0, because a computed hash may well be 0.
const NoHash = "none"

// Flow is one flow of the capture and where each mode indicated its packets.
type Flow struct {
	Protocol        string // IANA keyword in lower case, a number, or "unknown"
	Source          netip.Addr
	Destination     netip.Addr
	HasPorts        bool // without, the ports are null in JSON
	SourcePort      uint16
	DestinationPort uint16
	HashType        string // NoHash: Hash and Index are null in JSON
	Hash            uint32
	Index           int  // into the indirection table
	HashWithheld    bool // Hash and Index are not told: they are null in JSON
	Packets         uint64
	Bytes           uint64
	Modes           []FlowMode // in the order of the report's modes
}

// FlowMode is where one mode indicated a flow's packets.
type FlowMode struct {
	Mode       string
	CPUs       []CPUPackets // by ascending CPU number, none with 0 packets
	Migrations uint64
}

// CPUPackets counts a flow's packets on one CPU.
type CPUPackets struct {
	CPU     int // its number
	Packets uint64
}

// MarshalJSON writes the flow as AppendJSON does.
func (f Flow) MarshalJSON() ([]byte, error) { return f.AppendJSON(nil), nil }

// AppendJSON appends the flow as one line of JSON.
//
// Optimization: equal to encoding/json of a struct with the schema's tags, as
// the tests check; a report may list a million flows.
func (f *Flow) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"protocol":`...)
	dst = appendString(dst, f.Protocol)
	dst = append(dst, `,"source":`...)
	dst = appendEnd(dst, f.Source, `,"source_port":`, f.SourcePort, f.HasPorts)
	dst = append(dst, `,"destination":`...)
	dst = appendEnd(dst, f.Destination, `,"destination_port":`, f.DestinationPort, f.HasPorts)
	if f.HashType == NoHash {
		dst = append(dst, `,"hash":null,"hash_type":"none","index":null`...)
	} else if f.HashWithheld {
		dst = append(dst, `,"hash":null,"hash_type":`...)
		dst = appendString(dst, f.HashType)
		dst = append(dst, `,"index":null`...)
	} else {
		dst = append(dst, `,"hash":"`...)
		dst = appendHash(dst, f.Hash)
		dst = append(dst, `","hash_type":`...)
		dst = appendString(dst, f.HashType)
		dst = append(dst, `,"index":`...)
		dst = appendCount(dst, uint64(f.Index))
	}
	dst = append(dst, `,"packets":`...)
	dst = appendCount(dst, f.Packets)
	dst = append(dst, `,"bytes":`...)
	dst = appendCount(dst, f.Bytes)
	dst = append(dst, `,"modes":{`...)
	for i := range f.Modes {
		m := &f.Modes[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, m.Mode)
		dst = append(dst, `:{"cpus":{`...)
		for j, c := range m.CPUs {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '"')
			dst = appendCount(dst, uint64(c.CPU))
			dst = append(dst, `":`...)
			dst = appendCount(dst, c.Packets)
		}
		dst = append(dst, `},"migrations":`...)
		dst = appendCount(dst, m.Migrations)
		dst = append(dst, '}')
	}
	return append(dst, `}}`...)
}

func appendEnd(dst []byte, addr netip.Addr, portKey string, port uint16, hasPort bool) []byte {
	dst = append(dst, '"')
	dst = addr.WithZone("").AppendTo(dst) // a capture knows no zones
	dst = append(dst, '"')
	dst = append(dst, portKey...)
	if !hasPort {
		return append(dst, "null"...)
	}
	return strconv.AppendUint(dst, uint64(port), 10)
}

// appendCount appends n.
func appendCount(dst []byte, n uint64) []byte {
	if n < 10 { // most of them
		return append(dst, '0'+byte(n))
	}
	return strconv.AppendUint(dst, n, 10)
}

// appendHash appends 0x and eight digits.
func appendHash(dst []byte, hash uint32) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '0', 'x')
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, digits[hash>>shift&15])
	}
	return dst
}

// appendString appends s as JSON. The names in a flow need no escapes; one that
// does goes the long way.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&') {
			quoted, _ := json.Marshal(s) // no error: a string always has a JSON form
			return appendPrintable(dst, quoted)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
