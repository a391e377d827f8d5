package profile

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/quote"
	"rssreplay/nicmodel/rps"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
)

// Profile is what is known of one NIC under one driver, as data: the values
// that the driver sets when nobody has changed them. The sources are the
// drivers of Linux 6.12 and DPDK, the NIC models of QEMU 10.0, and Microsoft's
// documentation.
type Profile struct {
	Name string // "igb"
	NIC  string // the NICs it is about, in words
	// Drivers are the names under which `ethtool -i` shows the driver. Of several
	// profiles with one driver the first is taken for it.
	Drivers []string

	// MaxQueues bounds the receive queues that RSS uses, which are otherwise as
	// many as the CPUs; 0 if nothing near bounds them.
	MaxQueues        int
	PowerOfTwoQueues bool // the driver rounds them down to a power of two
	// RSSQueues: of more queues, RSS reaches only the first so many; 0: all.
	RSSQueues int

	TableSize TableSize
	Layout    string // for layout.Parse
	KeyLen    int    // bytes; 0 without RSS
	// Key is the name of a fixed key; empty if the driver draws a random one,
	// so that only the NIC's own tells which CPU a flow goes to.
	Key       string
	KeyAt     string // where the key is that neither ethtool nor netdev_rss_key has
	HashTypes hash.Types
	Transform hash.Transform
	Rules     nicmodel.Rules
	// Unpredicted is what the NIC does other than hash as the specification has it, after "the
	// NIC": which CPU gets a flow is not known then. UntilToeplitz: ethtool -x shows whether that
	// is so, as it does not where it shows toeplitz.
	Unpredicted   string
	UntilToeplitz bool

	// RXRing is the number of buffers of a queue; 0 if the driver takes it from
	// the device.
	RXRing     int
	Moderation Moderation
	Usecs      UsecsMeaning // of ethtool's rx-usecs
	// UsecsModes: rx-usecs from 1 to this are numbers of adaptive modes, no times.
	UsecsModes int
	// PacksFields: of a kind of packet any of addresses and ports may be hashed, and the
	// NIC hashes these one behind the other.
	PacksFields bool
	// HashesSPI and HashesTEID: IPsec is hashed on its SPI, GTP on its TEID as well. No
	// source tells where that stands in the input, so that these packets go by their
	// addresses here, and by another entry in the NIC.
	HashesSPI, HashesTEID bool
	// MayHashInner are the tunnels of which the driver asks the device to hash the inner
	// headers, too. Whether the device does, or which headers count, no source tells.
	MayHashInner []pcaps.Encapsulation
	// FirstEntry: what the NIC does not hash goes to the queue of the table's first
	// entry, and not to queue 0.
	FirstEntry bool
	// FlowHashUntrue: what `ethtool -n` shows is not what the NIC hashes.
	FlowHashUntrue bool
	// Fixed is what ethtool can't set, as the driver does not take it; of
	// SetTransform, SetsTransform tells.
	Fixed Settings
	// SetsTransform: the driver takes `ethtool -X IF xfrm symmetric-xor`.
	SetsTransform bool
	// EqualPowers: the driver takes a table that is equal over 1, 2, 4, 8 … queues, from queue 0,
	// and no other.
	EqualPowers bool
	// KeyResetsTable: setting the key or the transformation alone makes the table equal.
	KeyResetsTable bool
	// NAPI: the receive loop is Linux's, that is `drain poll`, `dpc-budget 64`
	// and a fixed `isr-cpu`.
	NAPI bool

	NTuple NTuple // what is known of its rules (ethtool -N)
	// LayerFour are the NIC's hashes that the driver gives the stack as such of layer 4,
	// so that RPS steers by them; by the stack's own hash otherwise.
	LayerFour rps.Hashes

	Source     string   // where the values stand
	Notes      []string // what else a reader must know
	Unverified []Doubt  // values or rules that no source or measurement confirms
}

// NTuple is what a driver makes of the rules of `ethtool -N`.
type NTuple struct {
	steer.Options
	Kinds     []steer.Kind  // that it takes; nil if that is not known, empty if it takes none
	Locations int           // of rules; 0 if that is not known
	Places    bool          // the driver chooses the locations, and takes no rule that has one
	Whole     bool          // fields are compared whole, or not at all
	Lacks     []steer.Field // that its rules can't compare
	Has       []steer.Field // of extended, that they are known to compare
	Protocols []uint8       // that rules of IP may compare; nil: all
	Masks     Masks         // how far rules may differ in what they compare
	Contexts  bool          // rules may lead to RSS contexts
	Adds      bool          // and add a queue to those of one
	NoDrops   bool          // rules lead to queues alone
	// ATR: the driver moves TCP connections to the queue of the CPU that sends on them
	// (application targeted routing), unless that is turned off.
	ATR bool
	// OffATR turns ATR off for a test.
	OffATR string
}

// Masks is how far the rules of a NIC may differ in the bits that they compare.
type Masks uint8

const (
	MasksUnknown Masks = iota // is not known
	AnyMasks                  // as they like
	MaskPerKind               // rules of one kind all compare the same
	MaskPerPort               // all rules do; those of IP compare no protocol, and go with no others
)

// Clash is the location of a rule beside which the driver does not take r, as all would
// have to compare the same, and why; ok is false if there is none, as far as is known.
func (n *NTuple) Clash(r *steer.Rule, rules []steer.Rule) (location int, why string, ok bool) {
	for i := range rules {
		o := &rules[i]
		if o.Location == r.Location {
			continue
		}
		switch {
		case n.Masks == MaskPerKind && o.Kind == r.Kind && !r.SameMask(o):
			return o.Location, "has all rules of a kind compare the same bits", true
		case n.Masks == MaskPerPort && (!r.SameMask(o) || (o.Kind == steer.IP4) != (r.Kind == steer.IP4)):
			return o.Location, "has all rules compare the same bits (those of ip4 no protocol)", true
		}
	}
	return 0, "", false
}

// Takes reports whether the driver takes rules of the kind, as far as is known.
func (n *NTuple) Takes(k steer.Kind) bool { return n.Kinds == nil || slices.Contains(n.Kinds, k) }

// Refuses says why the driver takes no such rule, as far as is known: "takes no rules of
// flow-type tcp6"; "" if it takes it.
func (n *NTuple) Refuses(r *steer.Rule) string {
	switch {
	case n.Kinds != nil && len(n.Kinds) == 0:
		return "takes no rules"
	case !n.Takes(r.Kind):
		return "takes no rules of flow-type " + r.Kind.String()
	case n.Kinds != nil && r.Action == steer.ToContext && !n.Contexts:
		return "takes no rules that lead to RSS contexts"
	case n.Kinds != nil && r.Action == steer.ToContext && r.Queue > 0 && !n.Adds: // Linux: cap_rss_rxnfc_adds
		return "takes no rules that add a queue to those of an RSS context"
	case n.NoDrops && r.Action == steer.Drop:
		return "takes no rules that drop packets"
	case n.Places && r.Location > 0:
		return "takes no rules with loc, and chooses their locations itself"
	case n.Locations > 0 && r.Location >= n.Locations:
		return fmt.Sprintf("takes no rules at location %d, only from 0 to %d", r.Location, n.Locations-1)
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		switch word := f.Field.Word(r.Kind); {
		case slices.Contains(n.Lacks, f.Field):
			return "takes no rules with " + word
		case f.Field == steer.Protocol && n.Protocols != nil && !slices.Contains(n.Protocols, f.Value[0]):
			return fmt.Sprintf("takes no rules with %s %d", word, f.Value[0])
		case n.Whole && f.Field != steer.Tag && f.Field != steer.UserData && !f.Whole(r.Kind): // of a tag the id alone may be
			return fmt.Sprintf("takes no rules that compare only a part of a field, as of %s here", word)
		}
	}
	return ""
}

// extended are fields that ethtool adds to rules of any kind; few drivers take them.
var extended = []steer.Field{steer.TagType, steer.Tag, steer.UserData}

// TakersOf are the names of the profiles whose drivers are known to take such a rule.
func TakersOf(r *steer.Rule) []string {
	var names []string
	for _, p := range All() {
		unknown := func(f steer.Compare) bool {
			added := slices.Contains(extended, f.Field) || f.Field == steer.DestinationMAC && r.Kind != steer.Ether
			return added && !slices.Contains(p.NTuple.Has, f.Field)
		}
		if p.NTuple.Kinds != nil && p.NTuple.Refuses(r) == "" && !slices.ContainsFunc(r.Fields, unknown) && !strings.HasPrefix(p.Name, "dpdk") {
			names = append(names, p.Name)
		}
	}
	return names
}

// Settings are things that ethtool sets on a NIC.
type Settings uint8

const (
	SetTable     Settings = 1 << iota // its indirection table, by weights or otherwise
	SetKey                            // its hash key
	SetFields                         // the hashed fields of kinds of packets
	SetTransform                      // what is done to the hash's input
)

// Unsettable are those of the settings that ethtool can't set on the NIC, as far
// as is known.
func (p *Profile) Unsettable(s Settings) Settings {
	fixed := p.Fixed
	if p.FlowHashUntrue {
		fixed |= SetFields
	}
	if !p.SetsTransform {
		fixed |= SetTransform
	}
	return s & fixed
}

// Takes reports whether the driver takes a table, as far as is known.
func (p *Profile) Takes(table nicmodel.IndirectionTable) bool {
	if !p.EqualPowers || len(table) == 0 {
		return true
	}
	n := int(slices.Max(table)) + 1
	return n&(n-1) == 0 && IsEqual(table, n)
}

// IsEqual reports whether a table leads to n queues in turn, from queue 0.
func IsEqual(table nicmodel.IndirectionTable, n int) bool {
	for i, queue := range table {
		if int(queue) != i%n {
			return false
		}
	}
	return true
}

// Doubt is something that a profile has and nothing confirms.
type Doubt struct {
	// Of is the parameter that it is about, which is in doubt as long as its value
	// is the profile's; empty if it is none of them.
	Of   string
	What string
}

// UsecsMeaning is what a driver makes of ethtool's rx-usecs.
type UsecsMeaning uint8

const (
	UsecsDelay    UsecsMeaning = iota // from the first packet to its interrupt, as ethtool says
	UsecsInterval                     // from interrupt to interrupt, the model's itr (Intel)
)

// Moderation is a driver's default interrupt moderation in the model's terms.
// Of an adaptive one it is the value that the driver starts with.
type Moderation struct {
	ITR      time.Duration // least gap between two interrupts
	RXDelay  time.Duration // delay after the first packet
	RXFrames int           // packets that end the delay; 0: only the time does
	Adaptive bool          // the driver changes it with the traffic
}

// TableSize says how many entries a driver's table has.
type TableSize struct {
	Entries int       // if Rule is TableFixed; else the least number
	Rule    TableRule // how it depends on the queues
}

// TableRule is how a table's size depends on the number of queues.
type TableRule uint8

const (
	TableFixed     TableRule = iota // it does not
	TableQueues                     // the largest power of two not above the queues (mlx4)
	TableTwice                      // the smallest not below 2 × queues (mlx5)
	TableQueuesOr                   // as many as the queues if these are a power of two, else Entries (DPDK's mlx5)
	TablePer64Ring                  // 64 × the smallest power of two not below queues ÷ 64 (bnxt P5)
)

// For is the table's size in entries with the given number of queues.
func (s TableSize) For(queues int) int {
	queues = min(max(queues, 1), nicmodel.MaxTableSize/2)
	n := s.Entries
	switch s.Rule {
	case TableQueues:
		n = floorPowerOfTwo(queues)
	case TableQueuesOr:
		if floorPowerOfTwo(queues) == queues {
			return queues
		}
	case TableTwice:
		n = ceilPowerOfTwo(2 * queues)
	case TablePer64Ring:
		n = 64 * ceilPowerOfTwo((queues+63)/64)
	}
	return max(n, s.Entries)
}

func floorPowerOfTwo(n int) int { return 1 << (bits.Len(uint(n)) - 1) }

func ceilPowerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

// Tool is what changes a NIC's table, key and hashed fields.
type Tool uint8

const (
	Ethtool     Tool = iota // under Linux
	PowerShell              // Set-NetAdapterRss, under Windows
	Application             // the one that has the NIC to itself, under DPDK
)

// Tool is the one for the profile's NIC.
func (p *Profile) Tool() Tool {
	switch {
	case p.NAPI:
		return Ethtool
	case p.Name == "ndis":
		return PowerShell
	}
	return Application
}

// Queues is the number of receive queues that RSS uses on a machine with the
// given number of CPUs.
func (p *Profile) Queues(cpus int) int {
	n := max(cpus, 1)
	if p.MaxQueues > 0 {
		n = min(n, p.MaxQueues)
	}
	if p.PowerOfTwoQueues {
		n = floorPowerOfTwo(n)
	}
	return n
}

// LayoutFor is the layout of the table with the given number of queues.
func (p *Profile) LayoutFor(queues int) string {
	if p.RSSQueues > 0 && queues > p.RSSQueues {
		return fmt.Sprintf("%s:%d", p.Layout, p.RSSQueues)
	}
	return p.Layout
}

// Named is the profile of that name, or of the driver of that name. The
// error lists the known names.
func Named(name string) (*Profile, error) {
	var names []string
	for _, p := range All() {
		if p.Name == name {
			return &p, nil
		}
		names = append(names, p.Name)
	}
	if p := OfDriver(name, 0, 0); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("--nic %s: no such profile; known are %s (rssreplay nics shows them)", quote.Short(name), strings.Join(names, ", "))
}

// OfDriver is the profile of the driver that `ethtool -i` shows under the
// name: of several the first one whose table has as many entries as the NIC's
// own, with the NIC's rings, if these are known (not 0). It is nil if there is none.
func OfDriver(driver string, entries, rings int) *Profile {
	var first *Profile
	for _, p := range All() {
		if !slices.Contains(p.Drivers, driver) {
			continue
		}
		if first == nil {
			first = &p
		}
		if entries > 0 && p.TableSize.For(rings) == entries {
			return &p
		}
	}
	return first
}

// UnverifiedOf reports whether the profile's value of the parameter is in doubt.
func (p *Profile) UnverifiedOf(parameter string) bool {
	return slices.ContainsFunc(p.Unverified, func(d Doubt) bool { return d.Of == parameter })
}

// ruleFacts are the facts that rules are about, in words.
var ruleFacts = []struct {
	fact pcaps.Facts
	text string
}{
	{pcaps.Extended, "an IPv6 extension header"},
	{pcaps.Atomic, "an IPv6 atomic fragment"},
	{pcaps.TwoTags8100, "two 0x8100 tags"},
}

// RuleTexts are the rules in words, one for each kind of packet.
func RuleTexts(r nicmodel.Rules) []string {
	var texts []string
	for _, f := range ruleFacts {
		if r.AddressesOnly&f.fact != 0 {
			texts = append(texts, f.text+": hashed on the addresses only")
		}
		if r.NoHash&f.fact != 0 {
			texts = append(texts, f.text+": no hash, to the default queue")
		}
	}
	return texts
}

// FitKey is the part of a key that a NIC under this profile uses: of the 52 or
// 256 bytes of netdev_rss_key the first KeyLen. Another length than the NIC's is
// an error.
func (p *Profile) FitKey(key hash.Key) (hash.Key, error) {
	switch {
	case p.KeyLen == 0 || len(key) == p.KeyLen:
		return key, nil
	case len(key) > p.KeyLen && (len(key) == 52 || len(key) == 256):
		return key[:p.KeyLen], nil
	}
	return nil, fmt.Errorf("key of %d bytes, but %s has one of %d; give all of them, or the 52 or 256 of /proc/sys/net/core/netdev_rss_key, which begin with them", len(key), p.Name, p.KeyLen)
}
