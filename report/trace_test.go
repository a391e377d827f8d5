package report_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"rssreplay/report"
)

// TestTraceBytes writes one event of each phase.
func TestTraceBytes(t *testing.T) {
	var first, second strings.Builder
	s := report.NewTraceSpool(&first, 1)
	for _, e := range []report.TraceEvent{
		{Phase: report.TraceMetadata, Name: "thread_name", Track: 7, Args: [3]report.TraceArg{{Name: "name", Text: "CPU \"3\"\x1b"}}},
		{Phase: report.TraceBegin, Name: "ISR", Track: 7, Time: 1},
		{Phase: report.TraceComplete, Name: "packet", Track: 7, Time: 1_234_567, Duration: 1000, Args: [3]report.TraceArg{{Name: "packet", Value: 812}, {Name: "queue", Value: 0}}},
		{Phase: report.TraceEnd, Track: 7, Time: 2_000_010},
		{Phase: report.TraceInstant, Name: "drop", Track: 1, Time: 100},
	} {
		s.Write(&e)
	}
	other := report.NewTraceSpool(&second, 2)
	other.Write(&report.TraceEvent{Phase: report.TraceCounter, Name: "depth", Time: 0, Args: [3]report.TraceArg{{Name: "packets", Value: 3}}})
	other.Write(&report.TraceEvent{Phase: report.TraceFlowStart, Name: "interrupt", Track: 2, ID: 5, Time: 9})
	other.Write(&report.TraceEvent{Phase: report.TraceFlowEnd, Name: "interrupt", Track: 3, ID: 5, Time: 10})
	for _, s := range []*report.TraceSpool{s, other} {
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	var got strings.Builder
	err := report.WriteTrace(&got, strings.NewReader(""), strings.NewReader(first.String()), strings.NewReader(""), strings.NewReader(second.String()))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"displayTimeUnit":"ns","traceEvents":[
{"ph":"M","name":"thread_name","pid":1,"tid":7,"args":{"name":"CPU \"3\"\u001b"}},
{"ph":"B","name":"ISR","pid":1,"tid":7,"ts":0.001},
{"ph":"X","name":"packet","pid":1,"tid":7,"ts":1234.567,"dur":1.000,"args":{"packet":812,"queue":0}},
{"ph":"E","pid":1,"tid":7,"ts":2000.010},
{"ph":"i","name":"drop","pid":1,"tid":1,"ts":0.100,"s":"t"},
{"ph":"C","name":"depth","pid":2,"ts":0.000,"args":{"packets":3}},
{"ph":"s","name":"interrupt","pid":2,"tid":2,"ts":0.009,"cat":"interrupt","id":5},
{"ph":"f","name":"interrupt","pid":2,"tid":3,"ts":0.010,"cat":"interrupt","bp":"e","id":5}
]}
`
	if got.String() != want {
		t.Errorf("got\n%s, want\n%s", got.String(), want)
	}
}

// brokenWriter takes n bytes.
type brokenWriter struct{ n int }

var errBroken = errors.New("no space left on device")

func (b *brokenWriter) Write(p []byte) (int, error) {
	if b.n -= len(p); b.n < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

// TestTraceErrors fills a disk, while spooling and while merging.
func TestTraceErrors(t *testing.T) {
	s := report.NewTraceSpool(&brokenWriter{n: 100_000}, 1)
	for range 10_000 {
		s.Write(&report.TraceEvent{Phase: report.TraceEnd, Track: 1})
	}
	if err := s.Flush(); err != errBroken {
		t.Errorf("spooling: error %v, want %v", err, errBroken)
	}
	long := strings.NewReader(strings.Repeat(" ", 200_000))
	if err := report.WriteTrace(&brokenWriter{n: 100_000}, io.Reader(long)); err != errBroken {
		t.Errorf("merging: error %v, want %v", err, errBroken)
	}
}
