package anonymize

import (
	"iter"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/findings"
	"rssreplay/report/internal/cryptopan"
	"rssreplay/report/internal/words"
)

// KeySize is the length in bytes of the key of Anonymization.
const KeySize = cryptopan.KeySize

// Anonymization says how a report is made fit to be shown to others.
type Anonymization struct {
	Key      [KeySize]byte // the same key gives the same addresses
	Ports    bool          // replace ports, too
	KeepHash bool          // with a known hash key, hash and index narrow an address
	Paths    []string      // of files that were read: texts have their last parts alone
}

// Anonymizer replaces what tells of the capture's hosts in a report.
type Anonymizer struct {
	with  Anonymization
	addr  *cryptopan.Anonymizer
	ports *portCipher // nil: they are kept
}

// New returns the one that does what is asked for.
func New(with Anonymization) *Anonymizer {
	a := &Anonymizer{with: with, addr: cryptopan.New(with.Key)}
	if with.Ports {
		a.ports = newPortCipher(with.Key)
	}
	return a.knowing(nil)
}

// knowing is an Anonymizer of the same key that knows more paths.
func (a *Anonymizer) knowing(paths []string) *Anonymizer {
	more := *a
	// The longest first: of two paths one may begin with the other.
	more.with.Paths = slices.Concat(a.with.Paths, paths)
	slices.SortStableFunc(more.with.Paths, func(x, y string) int { return len(y) - len(x) })
	return &more
}

// Report anonymizes r and t, of which nothing has been written yet. Findings are best
// drawn from what is left; t is nil where they were drawn before, as those of a report
// that was read. The figures stay as they are: they are those of the true addresses. A
// report that is anonymized already stays as it is.
func (a *Anonymizer) Report(r *report.Report, t *findings.Traffic) {
	if r.Anonymized != nil {
		return
	}
	a = a.knowing(pathsOf(r))
	a.capture(&r.Capture)
	r.Parameters = a.parameters(r.Parameters)
	a.changes(r.Changes)
	a.modes(r.Modes)
	if r.Flows != nil {
		r.Flows = a.flows(r.Flows)
	}
	if r.AllFlows != nil {
		r.AllFlows = a.flows(r.AllFlows)
	}
	if t != nil {
		a.traffic(t)
	}
	iface := regexp.MustCompile(`\b` + regexp.QuoteMeta(r.Interface) + `\b`)
	for i := range r.Findings {
		f := &r.Findings[i]
		if r.Interface != "" {
			f.Evidence, f.Remedy = iface.ReplaceAllString(f.Evidence, HiddenInterface), iface.ReplaceAllString(f.Remedy, HiddenInterface)
		}
		a.inPlace(&f.Summary, &f.Evidence, &f.Remedy)
	}
	r.Interface = ""
	r.Command = a.command(r.Command)
	r.Notes, r.Caveats = a.texts(r.Notes), a.texts(r.Caveats)
	r.Asides = a.texts(r.Asides)
	r.Next = slices.Clone(r.Next)
	for i := range r.Next {
		n := &r.Next[i]
		n.Command = a.command(n.Command)
		a.inPlace(&n.Before, &n.What)
	}
	a.inPlace(&r.FlowsNote, &r.Trust)
	r.Anonymized, r.Notes = a.said(r.Notes, true)
}

// traffic anonymizes t in place.
func (a *Anonymizer) traffic(t *findings.Traffic) {
	a.Flow(t.Largest)
	a.Flow(t.LargestBytes)
	for i := range t.Heavy {
		a.Flow(&t.Heavy[i])
	}
	t.OnlySender = a.text(t.OnlySender)
	for i, arg := range t.Command {
		if arg.Value != "" {
			t.Command[i].Value = a.argument(arg.Flag, arg.Value)
		}
	}
}

// said is what a result says of what was done, and its notes with a sentence about it;
// hashes tells whether it has a place for those of flows.
func (a *Anonymizer) said(notes []string, hashes bool) (*report.Anonymized, []string) {
	done := &report.Anonymized{Addresses: "crypto-pan", Ports: a.with.Ports, Hashes: a.with.KeepHash}
	s := done.String() + "; CPUs, queues and all figures are those of the true ones"
	if hashes && !a.with.KeepHash {
		s += "; the flows' hashes and indexes are left out"
	}
	return done, append([]string{s + "."}, notes...)
}

func (a *Anonymizer) capture(c *report.Capture) {
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

// changes anonymizes them in place; nil is none.
func (a *Anonymizer) changes(c *report.Changes) {
	if c == nil {
		return
	}
	for i := range c.Tables {
		a.inPlace(&c.Tables[i].Source)
	}
	for i := range c.Affinities {
		a.inPlace(&c.Affinities[i].Source)
	}
}

// modes anonymizes them in place.
func (a *Anonymizer) modes(all []report.Mode) {
	for i := range all {
		for k := range all[i].CPUs {
			a.Flow(all[i].CPUs[k].Largest)
		}
	}
}

// parameters are clean copies of them: scenarios and suggestions may share them.
func (a *Anonymizer) parameters(all report.Parameters) report.Parameters {
	all = slices.Clone(all)
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
	return all
}

func (a *Anonymizer) flows(flows iter.Seq[report.Flow]) iter.Seq[report.Flow] {
	return func(yield func(report.Flow) bool) {
		for f := range flows {
			if a.Flow(&f); !yield(f) {
				return
			}
		}
	}
}

// Flow anonymizes f in place; nil is none.
func (a *Anonymizer) Flow(f *report.Flow) {
	if f == nil {
		return
	}
	f.Source, f.Destination = a.address(f.Source), a.address(f.Destination)
	if f.HasPorts {
		f.SourcePort, f.DestinationPort = a.port(f.SourcePort), a.port(f.DestinationPort)
	}
	if !a.with.KeepHash {
		f.HashWithheld, f.Hash, f.Index = true, 0, 0
	}
}

func (a *Anonymizer) address(addr netip.Addr) netip.Addr { return a.addr.Addr(addr) }

func (a *Anonymizer) port(port uint16) uint16 {
	if a.ports == nil {
		return port
	}
	return a.ports.replace(port)
}

// inPlace anonymizes texts.
func (a *Anonymizer) inPlace(all ...*string) {
	for _, s := range all {
		*s = a.text(*s)
	}
}

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
	return a.addresses(words.BaseName(path))
}

// text is s with the files' names for their paths, and its addresses replaced.
func (a *Anonymizer) text(s string) string { return a.addresses(a.fileNames(s)) }

// fileNames is s with the files' names for their paths.
func (a *Anonymizer) fileNames(s string) string {
	for _, path := range a.with.Paths {
		if strings.ContainsAny(path, `/\`) {
			s = strings.ReplaceAll(s, path, words.BaseName(path))
		}
	}
	return s
}
