package anonymize

import (
	"net/netip"

	"rssreplay/report"
	"rssreplay/report/findings"
	"rssreplay/report/internal/cryptopan"
)

// KeySize is the length in bytes of a Config's key.
const KeySize = cryptopan.KeySize

// Config says what is replaced.
type Config struct {
	Key      [KeySize]byte // the same key gives the same addresses
	Ports    bool          // replace ports, too
	KeepHash bool          // with a known hash key, hash and index narrow an address
}

// Anonymizer gives what may be shown for what tells of a host; nil gives everything as it
// is. It may be used concurrently.
type Anonymizer struct {
	keepHash bool
	addr     *cryptopan.Anonymizer
	ports    *portCipher // nil: they are kept
}

// New returns the one that does what c says.
func New(c Config) *Anonymizer {
	a := &Anonymizer{keepHash: c.KeepHash, addr: cryptopan.New(c.Key)}
	if c.Ports {
		a.ports = newPortCipher(c.Key)
	}
	return a
}

// Withheld stands for what can't be shown.
const Withheld = "(withheld)"

// Interface stands for an interface's name, which may be anything: a host's, or a user's.
const Interface = "DEV"

// Addr is an address for addr, of the same version and without a zone.
func (a *Anonymizer) Addr(addr netip.Addr) netip.Addr {
	if a == nil {
		return addr
	}
	return a.addr.Addr(addr)
}

// Prefix is a prefix for p: it covers what stands for the addresses that p covers.
func (a *Anonymizer) Prefix(p netip.Prefix) netip.Prefix {
	if a == nil {
		return p
	}
	return netip.PrefixFrom(a.Addr(p.Masked().Addr()), p.Bits()).Masked()
}

// Port is a port for port, of its own.
func (a *Anonymizer) Port(port uint16) uint16 {
	if a == nil || a.ports == nil {
		return port
	}
	return a.ports.replace(port)
}

// Words is a text of unknown content, or instead of it another.
func (a *Anonymizer) Words(text, instead string) string {
	if a == nil {
		return text
	}
	return instead
}

// HidesHashes tells whether the hash of a packet, and its index into the table, are not to
// be shown.
func (a *Anonymizer) HidesHashes() bool { return a != nil && !a.keepHash }

// Flow replaces in f what tells of its ends.
func (a *Anonymizer) Flow(f *report.Flow) {
	if a == nil {
		return
	}
	f.Source, f.Destination = a.Addr(f.Source), a.Addr(f.Destination)
	if f.HasPorts {
		f.SourcePort, f.DestinationPort = a.Port(f.SourcePort), a.Port(f.DestinationPort)
	}
	if a.HidesHashes() {
		f.HashWithheld, f.Hash, f.Index = true, 0, 0
	}
}

// Command is a command line, of which the name alone is shown.
func (a *Anonymizer) Command(args report.List[string]) report.List[string] {
	if a == nil {
		return args
	}
	return report.List[string]{"rssreplay", Withheld}
}

// Arguments are those of commands that findings name.
func (a *Anonymizer) Arguments(args []findings.Argument) []findings.Argument {
	if a == nil {
		return args
	}
	shown := make([]findings.Argument, len(args))
	for i, arg := range args {
		if shown[i] = arg; arg.Value == "" {
			continue
		}
		switch arg.Flag {
		case "--local", "--filter", "--rule", "--dev", "--rps-secret": // addresses and names, as the user writes them
			shown[i].Value = Withheld
		case "--bundle":
			shown[i].Value = "BUNDLE"
		default:
			shown[i].Value = a.value(arg.Flag[min(len(arg.Flag), len("--")):], arg.Value)
		}
	}
	return shown
}

// Done is what a result says of what was done, and its notes with a sentence about it
// before them; hashes tells whether the result has a place for those of flows.
func (a *Anonymizer) Done(notes []string, hashes bool) (*report.Anonymized, []string) {
	if a == nil {
		return nil, notes
	}
	done := &report.Anonymized{Addresses: "crypto-pan", Ports: a.ports != nil, Hashes: a.keepHash}
	s := done.String() + "; CPUs, queues and all figures are those of the true ones"
	if hashes && !a.keepHash {
		s += "; the flows' hashes and indexes are left out"
	}
	return done, append([]string{s + "; the command line is left out."}, notes...)
}
