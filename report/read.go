package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ReadJSON reads what WriteJSON wrote. What follows from the counters is computed
// anew, so a report that was changed can't disagree with itself. What only the
// text needs (Notes, Caveats, Text of a parameter) is not in it.
//
// Flows reads those of the report anew each time, for there may be a million: in must
// stay as it is until then, or fewer come than FlowsTotal.
func ReadJSON(in Stored) (*Report, error) {
	var file struct {
		Schema string `json:"schema"`
		Report
	}
	flows, total, err := readObject(in, &file)
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
	r := &file.Report
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: the report was changed; replay the capture again", err)
	}
	for i := range r.Modes {
		r.Modes[i].Instant = r.Capture.Duration == 0
		r.Modes[i].Derive()
	}
	r.FlowsTotal = total
	r.Flows = func(yield func(Flow) bool) {
		d := json.NewDecoder(io.MultiReader(strings.NewReader(`{"flows"`), io.NewSectionReader(in, flows, math.MaxInt64-flows)))
		d.Token()
		d.Token()
		protocols := map[string]string{} // each once, instead of one of every flow
		eachFlow(d, func(read *readFlow) bool {
			if _, ok := protocols[read.Protocol]; !ok {
				protocols[read.Protocol] = read.Protocol
			}
			read.Protocol = protocols[read.Protocol]
			return yield(read.flow(r.Modes))
		})
	}
	return r, nil
}

// Stored is a report in JSON that can be read again, such as a file.
type Stored interface {
	io.Reader
	io.ReaderAt
}

// readObject reads an object into what file points to, but for its flows: these are
// checked and counted. They lie behind the colon at that offset.
func readObject(in io.Reader, file any) (flows int64, n uint64, err error) {
	d := json.NewDecoder(in)
	switch open, err := d.Token(); {
	case err != nil:
		return 0, 0, err
	case open != json.Delim('{'):
		return 0, 0, errors.New("it is no object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return 0, 0, err
		}
		if name == "flows" {
			flows, n = d.InputOffset(), 0
			if err := eachFlow(d, func(*readFlow) bool { n++; return true }); err != nil {
				return 0, 0, err
			}
			continue
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return 0, 0, err
		}
		member := append(AppendString([]byte{'{'}, name.(string)), ':') // a key is a string, or Token had failed
		before := int64(len(member))
		err = json.Unmarshal(append(append(member, value...), '}'), file)
		if misplaced, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			misplaced.Offset += d.InputOffset() - int64(len(value)) - before
		}
		if err != nil {
			return 0, 0, err
		}
	}
	_, err = d.Token()
	return flows, n, err
}

// eachFlow calls visit for each flow of the array that d is before, until it returns false.
func eachFlow(d *json.Decoder, visit func(*readFlow) bool) error {
	switch open, err := d.Token(); {
	case err != nil || open == nil: // null
		return err
	case open != json.Delim('['):
		return errors.New("the flows are no list")
	}
	for n := 1; d.More(); n++ {
		var f readFlow
		err := d.Decode(&f)
		if misplaced, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("flow %d: the %s in it is out of place", n, misplaced.Value)
		}
		if err != nil {
			return err
		}
		if !visit(&f) {
			return nil
		}
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
