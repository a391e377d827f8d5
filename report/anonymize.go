package report

import (
	"crypto/sha256"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"rssreplay/report/internal/cryptopan"
)

// AnonymizeKeySize is the length in bytes of the key of Anonymization.
const AnonymizeKeySize = cryptopan.KeySize

// Anonymization says how a report is made fit to be shown to others.
type Anonymization struct {
	Key      [AnonymizeKeySize]byte // the same key gives the same addresses
	Ports    bool                   // replace ports, too
	KeepHash bool                   // with a known hash key, hash and index narrow an address
	Paths    []string               // of files that were read: texts have their last parts alone
}

// Anonymized is what the report says of it.
type Anonymized struct {
	Addresses string `json:"addresses"` // "crypto-pan"
	Ports     bool   `json:"ports"`     // replaced
	Hashes    bool   `json:"hashes"`    // kept
}

// Anonymizer replaces what tells of the capture's hosts in a report.
type Anonymizer struct {
	with  Anonymization
	addr  *cryptopan.Anonymizer
	ports *portCipher // nil: they are kept
}

// NewAnonymizer returns the one that does what is asked for.
func NewAnonymizer(with Anonymization) *Anonymizer {
	a := &Anonymizer{with: with, addr: cryptopan.New(with.Key)}
	if with.Ports {
		a.ports = newPortCipher(with.Key)
	}
	// The longest first: of two paths one may begin with the other.
	a.with.Paths = slices.Clone(with.Paths)
	slices.SortFunc(a.with.Paths, func(x, y string) int { return len(y) - len(x) })
	return a
}

// Report anonymizes r and t, of which nothing has been written and no finding
// drawn yet: findings are to be drawn from what is left. The figures stay as they
// are: they are those of the true addresses.
func (a *Anonymizer) Report(r *Report, t *Traffic) {
	a.capture(&r.Capture)
	r.Parameters = slices.Clone(r.Parameters)
	a.parameters(r.Parameters)
	for i := range r.Modes {
		for k := range r.Modes[i].CPUs {
			a.flow(r.Modes[i].CPUs[k].Largest)
		}
	}
	if r.Flows != nil {
		r.Flows = a.flows(r.Flows)
	}
	a.flow(t.Largest)
	r.Notes, r.Caveats = a.texts(r.Notes), a.texts(r.Caveats)
	r.Anonymized = &Anonymized{Addresses: "crypto-pan", Ports: a.with.Ports, Hashes: a.with.KeepHash}
	r.Notes = append([]string{a.note()}, r.Notes...)
}

// note says what was done.
func (a *Anonymizer) note() string {
	what := "Addresses are replaced (Crypto-PAn)"
	if a.with.Ports {
		what = "Addresses (Crypto-PAn) and ports are replaced"
	}
	s := what + "; CPUs, queues and all figures are those of the true ones"
	if !a.with.KeepHash {
		s += "; the flows' hashes and indexes are left out"
	}
	return s + "."
}

func (a *Anonymizer) capture(c *Capture) {
	c.DirectionRule = a.text(c.DirectionRule)
	for i := range c.Files {
		f := &c.Files[i]
		if f.Loss != nil {
			loss := a.text(*f.Loss)
			f.Loss = &loss
		}
		f.Name = a.path(f.Name)
		for k := range f.Interfaces {
			f.Interfaces[k].Name = nil // it may be anything: a host's, or a user's
		}
	}
}

// parameters anonymizes them in place.
func (a *Anonymizer) parameters(all Parameters) {
	for i := range all {
		p := &all[i]
		p.Source = a.text(p.Source)
		clean := a.text
		if p.Name == "filter" {
			clean = a.filter
		}
		p.Text = clean(p.Text)
		if s, ok := p.Value.(string); ok {
			p.Value = clean(s)
		}
	}
}

func (a *Anonymizer) flows(flows iter.Seq[Flow]) iter.Seq[Flow] {
	return func(yield func(Flow) bool) {
		for f := range flows {
			if a.flow(&f); !yield(f) {
				return
			}
		}
	}
}

// flow anonymizes f in place; nil is none.
func (a *Anonymizer) flow(f *Flow) {
	if f == nil {
		return
	}
	f.Source, f.Destination = a.address(f.Source), a.address(f.Destination)
	if a.ports != nil && f.HasPorts {
		f.SourcePort, f.DestinationPort = a.ports.replace(f.SourcePort), a.ports.replace(f.DestinationPort)
	}
	if !a.with.KeepHash {
		f.HashWithheld, f.Hash, f.Index = true, 0, 0
	}
}

func (a *Anonymizer) address(addr netip.Addr) netip.Addr { return a.addr.Addr(addr) }

func (a *Anonymizer) texts(all []string) []string {
	clean := make([]string, len(all))
	for i, s := range all {
		clean[i] = a.text(s)
	}
	return clean
}

// path is a file's name without its folders.
func (a *Anonymizer) path(path string) string {
	if path == "-" || path == "" {
		return path
	}
	return a.addresses(baseName(path))
}

// text is s with the files' names for their paths, and its addresses replaced.
func (a *Anonymizer) text(s string) string {
	for _, path := range a.with.Paths {
		if strings.ContainsAny(path, `/\`) {
			s = strings.ReplaceAll(s, path, baseName(path))
		}
	}
	return a.addresses(s)
}

// portCipher is a keyed permutation of the ports: a Feistel network over the two
// bytes, whose round function is SHA-256.
type portCipher struct{ rounds [8][256]byte }

func newPortCipher(key [AnonymizeKeySize]byte) *portCipher {
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
