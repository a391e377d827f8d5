package trace_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"rssreplay/report/trace"
)

// TestTraceBytes writes one event of each phase.
func TestTraceBytes(t *testing.T) {
	var first, second strings.Builder
	s := trace.NewSpool(&first, 1)
	s.NameProcess(0, "non-rss", 10)
	s.NameTrack(7, "CPU \"3\"\x1b", 24)
	for _, e := range []trace.Event{
		{Phase: trace.Begin, Name: "ISR", Track: 7, Time: 1},
		{Phase: trace.Complete, Name: "packet", Track: 7, Time: 1_234_567, Duration: 1000, Args: [4]trace.Arg{{Name: "packet", Value: 812}, {Name: "queue", Value: 0}}},
		{Phase: trace.End, Track: 7, Time: 2_000_010},
		{Phase: trace.Instant, Name: "drop", Track: 1, Time: 100},
	} {
		s.Write(&e)
	}
	other := trace.NewSpool(&second, 12)
	other.Write(&trace.Event{Phase: trace.Counter, Name: "depth", Time: 0, Args: [4]trace.Arg{{Name: "packets", Value: 3}}})
	other.Write(&trace.Event{Phase: trace.FlowStart, Name: "interrupt", Track: 2, ID: 15, Time: 9})
	other.Write(&trace.Event{Phase: trace.FlowEnd, Name: "interrupt", Track: 13, ID: 15, Time: 10})
	for _, s := range []*trace.Spool{s, other} {
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	var got strings.Builder
	err := trace.Write(&got, strings.NewReader(""), strings.NewReader(first.String()), strings.NewReader(""), strings.NewReader(second.String()))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"displayTimeUnit":"ns","traceEvents":[
{"ph":"M","name":"process_name","pid":1,"tid":0,"args":{"name":"non-rss"}},
{"ph":"M","name":"process_sort_index","pid":1,"tid":0,"args":{"sort_index":10}},
{"ph":"M","name":"thread_name","pid":1,"tid":7,"args":{"name":"CPU \"3\"\u001b"}},
{"ph":"M","name":"thread_sort_index","pid":1,"tid":7,"args":{"sort_index":24}},
{"ph":"B","name":"ISR","pid":1,"tid":7,"ts":0.001},
{"ph":"X","name":"packet","pid":1,"tid":7,"ts":1234.567,"dur":1.000,"args":{"packet":812,"queue":0}},
{"ph":"E","pid":1,"tid":7,"ts":2000.010},
{"ph":"i","name":"drop","pid":1,"tid":1,"ts":0.100,"s":"t"},
{"ph":"C","name":"depth","pid":12,"ts":0.000,"args":{"packets":3}},
{"ph":"s","name":"interrupt","pid":12,"tid":2,"ts":0.009,"cat":"interrupt","id":15},
{"ph":"f","name":"interrupt","pid":12,"tid":13,"ts":0.010,"cat":"interrupt","bp":"e","id":15}
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
	s := trace.NewSpool(&brokenWriter{n: 100_000}, 1)
	for range 10_000 {
		s.Write(&trace.Event{Phase: trace.End, Track: 1})
	}
	if err := s.Flush(); err != errBroken {
		t.Errorf("spooling: error %v, want %v", err, errBroken)
	}
	long := strings.NewReader(strings.Repeat(" ", 200_000))
	if err := trace.Write(&brokenWriter{n: 100_000}, io.Reader(long)); err != errBroken {
		t.Errorf("merging: error %v, want %v", err, errBroken)
	}
}
