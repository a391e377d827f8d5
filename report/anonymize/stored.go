package anonymize

import (
	"iter"

	"rssreplay/report"
)

// Stored anonymizes a report that was read, for a comparison. Its words were formed of
// the true addresses: what remains of them is which findings there were. The figures stay
// as they are. One that is anonymized already stays whole.
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
	for i := range r.Parameters {
		a.storedParameter(&r.Parameters[i])
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
	if r.Flows != nil {
		r.Flows = a.flows(r.Flows)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Summary, f.Evidence, f.Remedy = "What it says of the traffic is left out.", "", ""
	}
	r.Command, r.Interface = a.Command(r.Command), ""
	r.Anonymized, r.Notes = a.Done(nil, true)
	r.Caveats, r.Asides, r.Next, r.FlowsNote, r.Trust = nil, nil, nil, "", ""
}

// storedParameter anonymizes a parameter of which it is known by its name what it holds.
func (a *Anonymizer) storedParameter(p *report.Parameter) {
	p.Source = a.File(p.Source)
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

func (a *Anonymizer) flows(flows iter.Seq[report.Flow]) iter.Seq[report.Flow] {
	return func(yield func(report.Flow) bool) {
		for f := range flows {
			if a.Flow(&f); !yield(f) {
				return
			}
		}
	}
}
