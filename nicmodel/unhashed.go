package nicmodel

import (
	"fmt"

	"rssreplay/pcaps"
)

// Unhashed is why a packet has no hash. The list is closed: each is reported,
// also when zero. It begins with the reasons of pcaps, under their names.
type Unhashed uint8

// The reasons of pcaps, and that there is none.
const (
	Hashed       = Unhashed(pcaps.IP) // it has one
	NotIP        = Unhashed(pcaps.NotIP)
	LLC          = Unhashed(pcaps.LLC)
	ShortLink    = Unhashed(pcaps.ShortLink)
	ShortIP      = Unhashed(pcaps.ShortIP)
	BadIPVersion = Unhashed(pcaps.BadIPVersion)
	BadIHL       = Unhashed(pcaps.BadIHL)
	UnknownLink  = Unhashed(pcaps.UnknownLink)
)

const (
	// NoHashType: IP, but no enabled hash type fits the packet.
	NoHashType Unhashed = pcaps.NumReasons + iota
	// NICRule: the NIC's parser gives packets of this kind no hash (Rules).
	NICRule

	NumUnhashed = pcaps.NumReasons + iota
)

// String is the reason's name in reports, "no_enabled_hash_type"; "hashed" for
// Hashed.
func (u Unhashed) String() string {
	switch {
	case u == Hashed:
		return "hashed"
	case u == NoHashType:
		return "no_enabled_hash_type"
	case u == NICRule:
		return "nic_parser_rule"
	case int(u) < pcaps.NumReasons:
		return pcaps.Reason(u).String()
	}
	return fmt.Sprintf("unhashed(%d)", uint8(u))
}

// Reasons lists every reason but Hashed, in the order of reports.
func Reasons() []Unhashed {
	var all []Unhashed
	for u := Hashed + 1; u < NumUnhashed; u++ {
		all = append(all, u)
	}
	return all
}
