package anonymize

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
)

// This file anonymizes the results of the other commands, by what a report of a replay
// consists of.

// Compare anonymizes c. What it has of earlier reports was to be anonymized when these
// were read: their texts stay as they are.
func (a *Anonymizer) Compare(c *report.Compare) {
	if c.CaptureOf == "" {
		a.capture(&c.Capture)
	}
	c.Notes, c.Caveats = a.texts(c.Notes), a.texts(c.Caveats)
	c.CaptureOf = a.text(c.CaptureOf)
	var names []string
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		s.Name = a.unlike(names, s.Name)
		names = append(names, s.Name)
		if o := c.OverTime; o != nil && i < len(o.Scenarios) {
			o.Scenarios[i].Name = s.Name
		}
		if s.Report != nil {
			path := a.path(*s.Report)
			s.Report = &path
			continue
		}
		s.Parameters = a.parameters(s.Parameters)
		a.changes(s.Changes)
		a.modes(s.Modes)
	}
	c.Command = a.command(c.Command)
	c.Anonymized, c.Notes = a.said(c.Notes, false)
}

// unlike is a scenario's name as it may be seen, and none of those before: two files may
// differ in their folders alone.
func (a *Anonymizer) unlike(before []string, name string) string {
	clean := a.text(name)
	unique := clean
	for n := 2; slices.Contains(before, unique); n++ {
		unique = fmt.Sprintf("%s (%d)", clean, n)
	}
	return unique
}

// Suggest anonymizes s.
func (a *Anonymizer) Suggest(s *report.Suggest) {
	a.capture(&s.Capture)
	s.Parameters = a.parameters(s.Parameters)
	a.Flow(s.Bound.LargestFlow)
	a.inPlace(&s.Judging.TooShort)
	for i := range s.Suggestions {
		of := &s.Suggestions[i]
		of.Parameters = a.parameters(of.Parameters)
		for k := range of.Parameters {
			if words, ok := of.Parameters[k].Value.(string); ok && of.Parameters[k].Name == "rule" {
				of.Parameters[k].Value = a.portsOf(words)
			}
		}
		commands := make(report.List[string], len(of.Commands))
		for k, command := range of.Commands {
			commands[k] = a.portsOf(a.text(command))
		}
		of.Commands = commands
		a.inPlace(&of.Summary, &of.Note, &of.Needs)
		of.Summary = a.portsOf(of.Summary)
		for k := range of.Moves {
			if largest := of.Moves[k].Largest; largest != nil { // suggestions share them
				flow := *largest
				a.Flow(&flow)
				of.Moves[k].Largest = &flow
			}
		}
	}
	for i := range s.Declined {
		s.Declined[i].Summary = a.portsOf(a.text(s.Declined[i].Summary))
	}
	s.Notes, s.Caveats = a.texts(s.Notes), a.texts(s.Caveats)
	s.Command = a.command(s.Command)
	s.Anonymized, s.Notes = a.said(s.Notes, false)
}

// Verify anonymizes v. The solved key stays: it tells nothing of a host without a hash,
// and of these none is in v.
func (a *Anonymizer) Verify(v *report.Verify) {
	a.capture(&v.Capture)
	v.Parameters = a.parameters(v.Parameters)
	a.inPlace(&v.Verdict)
	if v.Explanation != nil {
		a.inPlace(&v.Explanation.Summary)
	}
	for i := range v.Others {
		a.inPlace(&v.Others[i].Summary)
	}
	v.Evidence = a.texts(v.Evidence)
	if k := v.Recovered; k != nil && k.Difference != nil {
		a.inPlace(k.Difference)
	}
	v.Notes, v.Caveats = a.texts(v.Notes), a.texts(v.Caveats)
	v.Command = a.command(v.Command)
	v.Anonymized, v.Notes = a.said(v.Notes, false)
}

// Explanation anonymizes x. The bytes that are hashed are left out, even where the hash
// is kept: they are the true addresses.
func (a *Anonymizer) Explanation(x *report.Explanation) {
	p := &x.Packet
	for _, end := range []*string{p.Source, p.Destination} {
		if end != nil {
			a.inPlace(end)
		}
	}
	for _, port := range []*uint16{p.SourcePort, p.DestinationPort} {
		if port != nil {
			*port = a.port(*port)
		}
	}
	if s := x.Steering; s != nil {
		for i := range s.Input {
			in := &s.Input[i]
			in.Bytes = nil
			if strings.HasSuffix(in.Field, " address") {
				in.Value = a.addresses(in.Value)
			} else if a.ports != nil {
				in.Value = withheld
			}
		}
		s.Hashed = nil
		if !a.with.KeepHash {
			s.Hash, s.Index = nil, nil
		}
		if s.Moved != nil {
			a.inPlace(s.Moved)
		}
	}
	for i := range x.Modes {
		if c := x.Modes[i].RPS; c != nil && !a.with.KeepHash {
			c.Hash = nil
		}
	}
	x.Parameters = a.parameters(x.Parameters)
	x.Notes = a.texts(x.Notes)
	x.Command = a.command(x.Command)
	x.Anonymized, x.Notes = a.said(x.Notes, true)
}
