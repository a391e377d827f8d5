package anonymize

import (
	"path"
	"strings"

	"rssreplay/report"
)

// Stored anonymizes a report that was read, for a comparison. Its words were formed of
// the true addresses: what remains of them is which findings there were. The figures stay
// as they are. One that is anonymized already stays whole. Its flows are not in it: those that
// were visited are for Flow.
func (a *Anonymizer) Stored(r *report.Report) {
	if a == nil || r.Anonymized != nil {
		return
	}
	c := &r.Capture
	c.DirectionRule = Withheld
	for i := range c.Files {
		f := &c.Files[i]
		f.Name = a.File(f.Name)
		if f.Loss != nil {
			f.Loss = new("part of it could not be read; why is left out")
		}
		f.Comment = ""
		for k := range f.Interfaces {
			f.Interfaces[k].Name = nil // it may be anything: a host's, or a user's
		}
	}
	bundle := bundleOf(r.Command)
	for i := range r.Parameters {
		a.storedParameter(&r.Parameters[i], bundle)
	}
	if c := r.Changes; c != nil {
		for i := range c.Tables {
			c.Tables[i].Source = a.timed(c.Tables[i].Source)
		}
		for i := range c.Affinities {
			c.Affinities[i].Source = a.timed(c.Affinities[i].Source)
		}
	}
	for i := range r.Modes {
		for k := range r.Modes[i].CPUs {
			r.Modes[i].CPUs[k].Largest = nil
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Summary, f.Evidence, f.Remedy = "What it says of the traffic is left out.", "", ""
	}
	r.Command, r.Interface = a.Command(r.Command), ""
	r.Anonymized, r.Notes = a.Done(nil, true)
	r.Caveats, r.Asides, r.Next, r.FlowsNote, r.Trust = nil, nil, nil, "", ""
}

// bundleOf is the bundle that a command line gives, or empty.
func bundleOf(command []string) string {
	for i, arg := range command {
		switch flag, value, given := strings.Cut(arg, "="); {
		case flag != "--bundle":
		case given:
			return value
		case i+1 < len(command):
			return command[i+1]
		}
	}
	return ""
}

// isIn reports whether what a parameter is from is a bundle, or a file in it.
func isIn(source, bundle string) bool {
	slashed := func(s string) string { return path.Clean(strings.ReplaceAll(s, `\`, "/")) }
	source, bundle = slashed(source), slashed(bundle)
	if bundle == "." { // "default", "--cpus" and "profile mlx5" are no files
		return strings.ContainsAny(source, "./") && !path.IsAbs(source)
	}
	return source == bundle || strings.HasPrefix(source, strings.TrimSuffix(bundle, "/")+"/")
}

// storedParameter anonymizes a parameter of which it is known by its name what it holds, of a
// report that had a bundle, or none if that is empty.
func (a *Anonymizer) storedParameter(p *report.Parameter, bundle string) {
	if bundle != "" && isIn(p.Source, bundle) {
		p.Source = a.Bundle(p.Source)
	} else {
		p.Source = a.File(p.Source)
	}
	clean := func(s string) string { return a.value(p.Name, s) }
	switch p.Name {
	case "filter":
		clean = a.Filter
	case "local", "table-at", "affinity-at":
		clean = func(string) string { return Withheld }
	}
	if p.Text != "" {
		p.Text = clean(p.Text)
	}
	if s, ok := p.Value.(string); ok && s != "" {
		p.Value = clean(s)
	}
}
