// Package trace writes events of a replay in the Trace Event format, which Perfetto and
// chrome://tracing open: each process into a Spool of its own, as its events come, and the
// spools into one trace in the end (Write).
package trace

import (
	"bufio"
	"io"
	"strconv"

	"rssreplay/report"
)

// Phase is a kind of event: ph in the format.
type Phase byte

const (
	Begin     Phase = 'B' // a slice of a track begins
	End       Phase = 'E' // the track's latest open slice ends
	Complete  Phase = 'X' // a slice with its duration
	Counter   Phase = 'C' // a value, drawn as a track of the counter's name
	FlowStart Phase = 's' // an arrow starts at the track's open slice
	FlowEnd   Phase = 'f' // and ends at that of another track
	Instant   Phase = 'i' // a mark on a track
	Metadata  Phase = 'M' // a name or a place in the order, of a process or track
)

// Event is one event. Which fields count depends on the phase.
type Event struct {
	Phase    Phase
	Name     string
	Track    int    // tid; not of a counter
	Time     int64  // ns
	Duration int64  // ns, Complete
	ID       uint64 // of an arrow, the same at both ends
	Args     [4]Arg
}

// Arg is a named value; none with an empty name. Value counts where Text is empty.
type Arg struct {
	Name  string
	Value int64
	Text  string
}

// Spool writes the events of one process, in the order in which they come.
// Several spools become one trace with Write. It keeps the first error for
// Flush.
type Spool struct {
	w       *bufio.Writer
	process int
	begun   bool
	buf     []byte
}

// NewSpool writes the events of the process with that number (pid) to w.
func NewSpool(w io.Writer, process int) *Spool {
	return &Spool{w: bufio.NewWriterSize(w, 64<<10), process: process}
}

// Write writes one event.
func (s *Spool) Write(e *Event) {
	b := s.buf[:0]
	if s.begun {
		b = append(b, ",\n"...)
	}
	s.begun = true
	b = append(b, `{"ph":"`...)
	b = append(b, byte(e.Phase), '"')
	if e.Name != "" {
		b = report.AppendString(append(b, `,"name":`...), e.Name)
	}
	b = strconv.AppendInt(append(b, `,"pid":`...), int64(s.process), 10)
	if e.Phase != Counter {
		b = strconv.AppendInt(append(b, `,"tid":`...), int64(e.Track), 10)
	}
	if e.Phase != Metadata {
		b = appendMicroseconds(append(b, `,"ts":`...), e.Time)
	}
	switch e.Phase {
	case Complete:
		b = appendMicroseconds(append(b, `,"dur":`...), e.Duration)
	case Instant:
		b = append(b, `,"s":"t"`...) // scope: the track (thread), not all of them
	case FlowStart:
		b = strconv.AppendUint(append(b, `,"cat":"interrupt","id":`...), e.ID, 10)
	case FlowEnd:
		b = strconv.AppendUint(append(b, `,"cat":"interrupt","bp":"e","id":`...), e.ID, 10) // bound to the enclosing slice, not to the next one
	}
	for i, a := range e.Args {
		if a.Name == "" {
			break
		}
		if i == 0 {
			b = append(b, `,"args":{`...)
		} else {
			b = append(b, ',')
		}
		b = append(report.AppendString(b, a.Name), ':')
		if a.Text != "" {
			b = report.AppendString(b, a.Text)
		} else {
			b = strconv.AppendInt(b, a.Value, 10)
		}
	}
	if e.Args[0].Name != "" {
		b = append(b, '}')
	}
	s.buf = append(b, '}')
	s.w.Write(s.buf)
}

// NameProcess names the process, and gives it its place among the others, on a track that has
// no other events.
func (s *Spool) NameProcess(track int, name string, place int) {
	s.describe("process", track, name, place)
}

// NameTrack names a track, and gives it its place among the process's.
func (s *Spool) NameTrack(track int, name string, place int) {
	s.describe("thread", track, name, place)
}

func (s *Spool) describe(what string, track int, name string, place int) {
	s.Write(&Event{Phase: Metadata, Name: what + "_name", Track: track, Args: [4]Arg{{Name: "name", Text: name}}})
	s.Write(&Event{Phase: Metadata, Name: what + "_sort_index", Track: track, Args: [4]Arg{{Name: "sort_index", Value: int64(place)}}})
}

// Flush writes what is buffered, and returns the first error of all writes.
func (s *Spool) Flush() error { return s.w.Flush() }

// appendMicroseconds appends a time of ns ≥ 0 in µs, exactly: three decimals.
func appendMicroseconds(b []byte, ns int64) []byte {
	b = strconv.AppendInt(b, ns/1000, 10)
	rest := ns % 1000
	return append(b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
}

// Write writes the spools, read from their beginnings, one after the other
// as one trace: an object with traceEvents. Errors are those of w and of the
// spools.
func Write(w io.Writer, spools ...io.Reader) error {
	out := bufio.NewWriterSize(w, 64<<10)
	out.WriteString("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")
	written := int64(0)
	for _, spool := range spools {
		in := bufio.NewReaderSize(spool, 64<<10)
		if _, err := in.Peek(1); err == io.EOF {
			continue
		}
		if written > 0 {
			out.WriteString(",\n")
		}
		n, err := io.Copy(out, in)
		if err != nil {
			return err
		}
		written += n
	}
	out.WriteString("\n]}\n")
	return out.Flush()
}
