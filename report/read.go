package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
)

// ReadJSON reads what WriteJSON wrote. What follows from the counters is computed
// anew, so a report that was changed can't disagree with itself. What only the
// text needs (Notes, Caveats, Text of a parameter) is not in it.
//
// The flows are not held, for there may be a million: each is given to visit, with the
// modes of r read before. f is visit's for the call only.
func ReadJSON(in io.Reader, visit func(r *Report, f *Flow)) (*Report, error) {
	var file struct {
		Schema string `json:"schema"`
		Report
	}
	r := &file.Report
	protocols := map[string]string{} // each once, instead of one of every flow
	err := readObject(in, &file, func() bool { return len(r.Modes) > 0 }, func(read *readFlow) {
		if _, ok := protocols[read.Protocol]; !ok {
			protocols[read.Protocol] = read.Protocol
		}
		read.Protocol = protocols[read.Protocol]
		f := read.flow(r.Modes)
		r.FlowsTotal++
		visit(r, &f)
	})
	if unread, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, unread // by the system: it says nothing of the report
	}
	if err != nil {
		what := err.Error()
		if misplaced, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			what = fmt.Sprintf("the %s before byte %d is out of place", misplaced.Value, misplaced.Offset+1)
		} else if _, ok := errors.AsType[*json.SyntaxError](err); ok {
			what = "it is no JSON: " + what
		} else if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			what = "it ends early"
		}
		return nil, fmt.Errorf("is no whole report (%s): give what `rssreplay --format json --output FILE` wrote", what)
	}
	if file.Schema != Schema {
		return nil, fmt.Errorf("is of schema %q, not %q: give what `rssreplay --format json --output FILE` wrote", file.Schema, Schema)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: the report was changed; replay the capture again", err)
	}
	for i := range r.Modes {
		r.Modes[i].Instant = r.Capture.Duration == 0
		r.Modes[i].Derive()
	}
	return r, nil
}

// readObject reads an object into what file points to, but for its flows: they are
// visited, as soon as ready tells that what they need is read.
func readObject(in io.Reader, file any, ready func() bool, visit func(*readFlow)) error {
	d := json.NewDecoder(in)
	switch open, err := d.Token(); {
	case err != nil:
		return err
	case open != json.Delim('{'):
		return errors.New("it is no object")
	}
	var early json.RawMessage // flows: another program may have sorted the members
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if name == "flows" && ready() {
			if err := eachFlow(d, visit); err != nil {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if name == "flows" {
			early = value
			continue
		}
		member := append(AppendString([]byte{'{'}, name.(string)), ':') // a key is a string, or Token had failed
		before := int64(len(member))
		err = json.Unmarshal(append(append(member, value...), '}'), file)
		if misplaced, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			misplaced.Offset += d.InputOffset() - int64(len(value)) - before
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil || early == nil || !ready() { // check tells that there is no mode
		return err
	}
	return eachFlow(json.NewDecoder(bytes.NewReader(early)), visit)
}

// eachFlow visits each flow of the array that d is before.
func eachFlow(d *json.Decoder, visit func(*readFlow)) error {
	switch open, err := d.Token(); {
	case err != nil || open == nil: // null
		return err
	case open != json.Delim('['):
		return errors.New("the flows are no list")
	}
	var f readFlow
	for n := 1; d.More(); n++ {
		clear(f.Modes)
		f = readFlow{Modes: f.Modes} // one map, instead of one of every flow
		err := d.Decode(&f)
		if misplaced, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("flow %d: the %s in it is out of place", n, misplaced.Value)
		}
		if err != nil {
			return err
		}
		visit(&f)
	}
	_, err := d.Token()
	return err
}

// check finds what the rest of the package relies on and a file need not have.
func (r *Report) check() error {
	t := &r.Table
	for _, n := range []int{len(t.Entries), len(t.Packets), len(t.Bytes), len(t.Flows)} {
		if n != t.Size {
			return fmt.Errorf("table: %d of %d entries are there", n, t.Size)
		}
	}
	for i, queue := range t.Entries {
		if queue < 0 || queue >= len(t.QueueCPUs) {
			return fmt.Errorf("table: entry %d is queue %d, of %d queues", i, queue, len(t.QueueCPUs))
		}
	}
	if len(r.Modes) == 0 {
		return errors.New("there is no mode")
	}
	for i := range r.Modes {
		if len(r.Modes[i].CPUs) == 0 {
			return fmt.Errorf("mode %s has no CPU", r.Modes[i].Mode)
		}
	}
	return nil
}

// readFlow is a flow as Flow.AppendJSON writes it.
type readFlow struct {
	Protocol        string     `json:"protocol"`
	Source          netip.Addr `json:"source"`
	SourcePort      *uint16    `json:"source_port"`
	Destination     netip.Addr `json:"destination"`
	DestinationPort *uint16    `json:"destination_port"`
	Hash            *string    `json:"hash"`
	HashType        string     `json:"hash_type"`
	Index           *int       `json:"index"`
	Rule            *int       `json:"rule"`
	Packets         uint64     `json:"packets"`
	Bytes           uint64     `json:"bytes"`
	Modes           map[string]struct {
		CPUs       map[int]uint64 `json:"cpus"`
		Migrations uint64         `json:"migrations"`
		By         string         `json:"by"`
	} `json:"modes"`
}

func (f *readFlow) flow(modes []Mode) Flow {
	flow := Flow{
		Protocol: f.Protocol, Source: f.Source, Destination: f.Destination, HashType: f.HashType, Packets: f.Packets, Bytes: f.Bytes,
		HasPorts: f.SourcePort != nil && f.DestinationPort != nil, Rule: f.Rule,
	}
	if flow.HasPorts {
		flow.SourcePort, flow.DestinationPort = *f.SourcePort, *f.DestinationPort
	}
	if f.Hash != nil && (f.Index != nil || f.Rule != nil) {
		hash, err := strconv.ParseUint(*f.Hash, 0, 32)
		if err == nil {
			flow.Hash = uint32(hash)
		}
		if f.Index != nil {
			flow.Index = *f.Index
		}
	} else {
		flow.HashWithheld = flow.HashType != NoHash
	}
	for i := range modes {
		name := modes[i].Mode
		read, ok := f.Modes[name]
		if !ok {
			continue
		}
		mode := FlowMode{Mode: name, Migrations: read.Migrations, SteeredOn: read.By == "rps"}
		for cpu, packets := range read.CPUs {
			mode.CPUs = append(mode.CPUs, CPUPackets{CPU: cpu, Packets: packets})
		}
		slices.SortFunc(mode.CPUs, func(a, b CPUPackets) int { return a.CPU - b.CPU })
		flow.Modes = append(flow.Modes, mode)
	}
	return flow
}

// UnmarshalJSON reads a number, or null.
func (f *Fraction) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*f = Null
		return nil
	}
	return json.Unmarshal(text, (*float64)(f))
}

// UnmarshalJSON reads the object and keeps its order.
func (c *Counts) UnmarshalJSON(text []byte) error {
	return eachMember(text, func(name string, d *json.Decoder) error {
		count := Count{Name: name}
		err := d.Decode(&count.Packets)
		*c = append(*c, count)
		return err
	})
}

// UnmarshalJSON reads the object and keeps its order; numbers are read as
// json.Number, so that they are written as they were.
func (p *Parameters) UnmarshalJSON(text []byte) error {
	return eachMember(text, func(name string, d *json.Decoder) error {
		parameter := Parameter{Name: name}
		err := d.Decode(&parameter)
		*p = append(*p, parameter)
		return err
	})
}

// eachMember calls read for the value of each member of an object.
func eachMember(text []byte, read func(name string, d *json.Decoder) error) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("%.20q is no object", text)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if err := read(name.(string), d); err != nil { // a key is a string, or Token had failed
			return err
		}
	}
	return nil
}
