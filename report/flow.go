package report

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"rssreplay/report/internal/words"
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
	Index           int  // into the indirection table; of no meaning with a Rule
	Rule            *int // the filter that took its first packet; nil: none
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
	SteeredOn  bool // receive packet steering chose the CPU of its first packet
}

// CPUPackets counts a flow's packets on one CPU.
type CPUPackets struct {
	CPU     int // its number
	Packets uint64
}

// AppendFlow appends to dst what a format writes of a flow.
type AppendFlow func(dst []byte, f *Flow) []byte

// MarshalJSON writes the flow as AppendJSON does.
func (f Flow) MarshalJSON() ([]byte, error) { return f.AppendJSON(nil), nil }

// AppendJSON appends the flow as one line of JSON.
//
// Optimization: equal to encoding/json of a struct with the schema's tags, as
// the tests check; a report may list a million flows.
func (f *Flow) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"protocol":`...)
	dst = AppendString(dst, f.Protocol)
	dst = append(dst, `,"source":`...)
	dst = appendEnd(dst, f.Source, `,"source_port":`, f.SourcePort, f.HasPorts)
	dst = append(dst, `,"destination":`...)
	dst = appendEnd(dst, f.Destination, `,"destination_port":`, f.DestinationPort, f.HasPorts)
	if f.HashType == NoHash {
		dst = append(dst, `,"hash":null,"hash_type":"none","index":null`...)
		dst = f.appendRule(dst)
	} else if f.HashWithheld {
		dst = append(dst, `,"hash":null,"hash_type":`...)
		dst = AppendString(dst, f.HashType)
		dst = append(dst, `,"index":null`...)
		dst = f.appendRule(dst)
	} else {
		dst = append(dst, `,"hash":"`...)
		dst = AppendHash(dst, f.Hash)
		dst = append(dst, `","hash_type":`...)
		dst = AppendString(dst, f.HashType)
		if f.Rule != nil {
			dst = append(dst, `,"index":null`...)
			dst = f.appendRule(dst)
		} else {
			dst = append(dst, `,"index":`...)
			dst = appendCount(dst, uint64(f.Index))
		}
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
		dst = AppendString(dst, m.Mode)
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
		switch by := f.By(m); { // nothing is said where it is the table as ever
		case by == "rps":
			dst = append(dst, `,"by":"rps"`...)
		case f.Rule != nil && by != "":
			dst = append(appendCount(append(dst, `,"by":"rule:`...), uint64(*f.Rule)), '"')
		}
		dst = append(dst, '}')
	}
	return append(dst, `}}`...)
}

// appendRule appends the rule that took the flow, if one did.
func (f *Flow) appendRule(dst []byte) []byte {
	if f.Rule == nil {
		return dst
	}
	return appendCount(append(dst, `,"rule":`...), uint64(*f.Rule))
}

// Entry says which entry of the table the flow met, "120", or who took it before,
// "rule 2045"; "" where there is neither, or it is withheld.
func (f *Flow) Entry() string {
	switch {
	case f.Rule != nil:
		return "rule " + strconv.Itoa(*f.Rule)
	case f.HashType == NoHash || f.HashWithheld:
		return ""
	}
	return strconv.Itoa(f.Index)
}

// By is the stage that chose a flow's CPU in a mode, by its first packet: "rps",
// "rule:2045", "rss", or "" where none did, as of a packet without a hash or without RSS.
func (f *Flow) By(on *FlowMode) string {
	switch {
	case on.SteeredOn:
		return "rps"
	case on.Mode == NonRSS:
		return ""
	case f.Rule != nil:
		return "rule:" + strconv.Itoa(*f.Rule)
	case f.HashType == NoHash:
		return ""
	}
	return "rss"
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

// AppendHash appends 0x and eight digits.
func AppendHash(dst []byte, hash uint32) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '0', 'x')
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, digits[hash>>shift&15])
	}
	return dst
}

// unescaped tells the bytes that encoding/json and appendPrintable write as they are.
var unescaped = func() (is [256]bool) {
	for c := ' '; c <= '~'; c++ {
		is[c] = !strings.ContainsRune("\"\\<>&", c)
	}
	return is
}()

// AppendString appends s as JSON. The names in a flow need no escapes; one that
// does goes the long way.
func AppendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if !unescaped[s[i]] {
			quoted, _ := json.Marshal(s) // no error: a string always has a JSON form
			return appendPrintable(dst, quoted)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// InMode is where the mode indicated the flow's packets; none when it did not.
func (f *Flow) InMode(mode string) FlowMode {
	for _, m := range f.Modes {
		if m.Mode == mode {
			return m
		}
	}
	return FlowMode{}
}

// Main is the CPU with the most of the flow's packets, the lowest of equals,
// and their share.
func (m *FlowMode) Main() (cpu, share string) {
	if len(m.CPUs) == 0 {
		return words.None, words.None
	}
	var total uint64
	for _, c := range m.CPUs {
		total += c.Packets
	}
	most := m.Most()
	return fmt.Sprint(most.CPU), words.Percent(Ratio(most.Packets, total))
}

// Most is the CPU with the most of the flow's packets, the lowest of equals; there
// must be one.
func (m *FlowMode) Most() CPUPackets {
	most := m.CPUs[0]
	for _, c := range m.CPUs {
		if c.Packets > most.Packets {
			most = c
		}
	}
	return most
}

// FlowName is a flow in one word group of at most width columns.
func FlowName(f *Flow, width int) string {
	left := width - words.DisplayWidth(words.Clean(f.Protocol)) - len(" ") - words.DisplayWidth(" → ")
	source := EndName(f.Source, f.SourcePort, f.HasPorts, 0)
	destination := EndName(f.Destination, f.DestinationPort, f.HasPorts, 0)
	sourceWidth, destinationWidth := SplitWidth(len(source), len(destination), left)
	return f.Protocol + " " + EndName(f.Source, f.SourcePort, f.HasPorts, sourceWidth) +
		" → " + EndName(f.Destination, f.DestinationPort, f.HasPorts, destinationWidth)
}

// SplitWidth divides total columns between two that would like a and b.
func SplitWidth(a, b, total int) (int, int) {
	half := total / 2
	switch {
	case a+b <= total:
		return a, b
	case a <= half:
		return a, total - a
	case b <= half:
		return total - b, b
	}
	return half, total - half
}

// EndName is an address with its port, as net/netip writes it, in at most width
// columns; 0 is no limit. What is too long loses the middle of the address, for
// its ends tell hosts apart, and never its port.
func EndName(addr netip.Addr, port uint16, hasPort bool, width int) string {
	address := addr.WithZone("").String()
	before, after := "", ""
	if hasPort {
		after = fmt.Sprintf(":%d", port)
		if addr.Is6() {
			before, after = "[", "]"+after
		}
	}
	if room := width - len(before) - len(after); width > 0 && room < len(address) {
		room = max(room, 5)
		tail := (room - 1) / 2
		head := room - 1 - tail
		if head+tail < len(address) {
			address = address[:head] + "…" + address[len(address)-tail:]
		}
	}
	return before + address + after
}

// FlowWords is a flow's protocol and ends, whole.
func FlowWords(f *Flow) string {
	return FlowName(f, math.MaxInt32)
}
