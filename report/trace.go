package report

import (
	"bufio"
	"io"
	"strconv"
)

// TracePhase is a kind of event of the Trace Event format, which Perfetto and
// chrome://tracing open ("Trace Event Format", ph).
type TracePhase byte

const (
	TraceBegin     TracePhase = 'B' // a slice of a track begins
	TraceEnd       TracePhase = 'E' // the track's latest open slice ends
	TraceComplete  TracePhase = 'X' // a slice with its duration
	TraceCounter   TracePhase = 'C' // a value, drawn as a track of the counter's name
	TraceFlowStart TracePhase = 's' // an arrow starts at the track's open slice
	TraceFlowEnd   TracePhase = 'f' // and ends at that of another track
	TraceInstant   TracePhase = 'i' // a mark on a track
	TraceMetadata  TracePhase = 'M' // a name or a place in the order, of a process or track
)

// TraceEvent is one event. Which fields count depends on the phase.
type TraceEvent struct {
	Phase    TracePhase
	Name     string
	Track    int    // tid; not of a counter
	Time     int64  // ns
	Duration int64  // ns, TraceComplete
	ID       uint64 // of an arrow, the same at both ends
	Args     [3]TraceArg
}

// TraceArg is a named value; none with an empty name. Text, unless empty, goes
// before Value.
type TraceArg struct {
	Name  string
	Value int64
	Text  string
}

// TraceSpool writes the events of one process, in the order in which they come.
// Several spools become one trace with WriteTrace. It keeps the first error for
// Flush.
type TraceSpool struct {
	w       *bufio.Writer
	process int
	begun   bool
	buf     []byte
}

// NewTraceSpool writes the events of the process with that number (pid) to w.
func NewTraceSpool(w io.Writer, process int) *TraceSpool {
	return &TraceSpool{w: bufio.NewWriterSize(w, 64<<10), process: process}
}

// Write writes one event.
func (s *TraceSpool) Write(e *TraceEvent) {
	b := s.buf[:0]
	if s.begun {
		b = append(b, ",\n"...)
	}
	s.begun = true
	b = append(b, `{"ph":"`...)
	b = append(b, byte(e.Phase), '"')
	if e.Name != "" {
		b = AppendString(append(b, `,"name":`...), e.Name)
	}
	b = strconv.AppendInt(append(b, `,"pid":`...), int64(s.process), 10)
	if e.Phase != TraceCounter {
		b = strconv.AppendInt(append(b, `,"tid":`...), int64(e.Track), 10)
	}
	if e.Phase != TraceMetadata {
		b = appendMicroseconds(append(b, `,"ts":`...), e.Time)
	}
	switch e.Phase {
	case TraceComplete:
		b = appendMicroseconds(append(b, `,"dur":`...), e.Duration)
	case TraceInstant:
		b = append(b, `,"s":"t"`...)
	case TraceFlowStart:
		b = strconv.AppendUint(append(b, `,"cat":"interrupt","id":`...), e.ID, 10)
	case TraceFlowEnd:
		b = strconv.AppendUint(append(b, `,"cat":"interrupt","bp":"e","id":`...), e.ID, 10)
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
		b = append(AppendString(b, a.Name), ':')
		if a.Text != "" {
			b = AppendString(b, a.Text)
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

// Flush writes what is buffered, and returns the first error of all writes.
func (s *TraceSpool) Flush() error { return s.w.Flush() }

// appendMicroseconds appends a time of ns ≥ 0 in µs, exactly: three decimals.
func appendMicroseconds(b []byte, ns int64) []byte {
	b = strconv.AppendInt(b, ns/1000, 10)
	rest := ns % 1000
	return append(b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
}

// WriteTrace writes the spools, read from their beginnings, one after the other
// as one trace: an object with traceEvents. Errors are those of w and of the
// spools.
func WriteTrace(w io.Writer, spools ...io.Reader) error {
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
