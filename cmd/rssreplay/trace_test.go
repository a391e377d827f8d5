package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// traced is an event of a trace with every key that the format allows here.
type traced struct {
	Phase    string      `json:"ph"`
	Name     string      `json:"name"`
	Category string      `json:"cat"`
	Process  int         `json:"pid"`
	Track    *int        `json:"tid"`
	Time     json.Number `json:"ts"`
	Duration json.Number `json:"dur"`
	ID       *uint64     `json:"id"`
	Binding  string      `json:"bp"`
	Scope    string      `json:"s"`
	Args     struct {
		Name      string `json:"name"`
		SortIndex *int   `json:"sort_index"`
		Packet    int64  `json:"packet"`
		Queue     *int   `json:"queue"`
		From      *int   `json:"migrated from CPU"`
		Packets   *int64 `json:"packets"`
	} `json:"args"`
}

var microseconds = regexp.MustCompile(`^(0|[1-9][0-9]*)\.[0-9]{3}$`)

// nanoseconds is a time of the trace, which has exactly three decimals.
func nanoseconds(n json.Number) (int64, error) {
	if !microseconds.MatchString(string(n)) {
		return 0, fmt.Errorf("%q is no number of µs with three decimals", n)
	}
	return strconv.ParseInt(strings.Replace(string(n), ".", "", 1), 10, 64)
}

// tracedMode is what a mode's part of a trace comes to.
type tracedMode struct {
	interrupts, isrs, dpcs, packets, drops, sends, changes int64
	depths                                                 map[string]*tracedDepth
}

type tracedDepth struct{ now, max, time int64 }

// track is a track's open slices: the times at which they began.
type track struct {
	process int
	open    []int64
	last    int64 // time of the latest event
	busy    int64 // end of the latest complete slice
	named   bool
}

// readTrace checks a trace against the format's rules, and counts.
func readTrace(trace []byte) (map[string]*tracedMode, error) {
	var file struct {
		Unit   string   `json:"displayTimeUnit"`
		Events []traced `json:"traceEvents"`
	}
	d := json.NewDecoder(bytes.NewReader(trace))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	if d.More() || file.Unit != "ns" {
		return nil, fmt.Errorf("unit %q, or more than one value", file.Unit)
	}
	modes := map[string]*tracedMode{}
	processes := map[int]*tracedMode{}
	tracks := map[int]*track{}
	arrows := map[uint64]int64{}
	for i, e := range file.Events {
		wrong := func(format string, args ...any) error {
			return fmt.Errorf("event %d, %s %q at %s: %s", i, e.Phase, e.Name, e.Time, fmt.Sprintf(format, args...))
		}
		if e.Phase == "M" {
			switch e.Name {
			case "process_name":
				m := &tracedMode{depths: map[string]*tracedDepth{}}
				processes[e.Process], modes[e.Args.Name] = m, m
			case "thread_name":
				if tracks[*e.Track] != nil {
					return nil, wrong("track %d is named twice", *e.Track)
				}
				tracks[*e.Track] = &track{process: e.Process, named: e.Args.Name != ""}
			case "process_sort_index", "thread_sort_index":
				if e.Args.SortIndex == nil {
					return nil, wrong("no index")
				}
			default:
				return nil, wrong("unknown metadata")
			}
			continue
		}
		at, err := nanoseconds(e.Time)
		if err != nil {
			return nil, wrong("%v", err)
		}
		m := processes[e.Process]
		if m == nil {
			return nil, wrong("process %d has no name", e.Process)
		}
		if e.Phase == "C" {
			m.changes++
			q := m.depths[e.Name]
			if q == nil {
				q = &tracedDepth{}
				m.depths[e.Name] = q
			}
			if e.Args.Packets == nil || *e.Args.Packets < 0 || at < q.time {
				return nil, wrong("value %v after %d at %d", e.Args.Packets, q.now, q.time)
			}
			q.now, q.time = *e.Args.Packets, at
			q.max = max(q.max, q.now)
			continue
		}
		tr := tracks[*e.Track]
		if tr == nil || !tr.named || tr.process != e.Process {
			return nil, wrong("track %d of process %d has no name there", *e.Track, e.Process)
		}
		if at < tr.last {
			return nil, wrong("after %d ns on its track", tr.last)
		}
		tr.last = at
		switch e.Phase {
		case "B":
			tr.open = append(tr.open, at)
			switch e.Name {
			case "ISR":
				m.isrs++
			case "DPC":
				m.dpcs++
			case "masked":
			default:
				return nil, wrong("unknown slice")
			}
			if len(tr.open) > 1 {
				return nil, wrong("inside another slice")
			}
		case "E":
			if len(tr.open) == 0 || at < tr.busy {
				return nil, wrong("ends %d open slices, packets until %d", len(tr.open), tr.busy)
			}
			tr.open = tr.open[:len(tr.open)-1]
		case "X":
			duration, err := nanoseconds(e.Duration)
			if err != nil {
				return nil, wrong("%v", err)
			}
			if len(tr.open) == 0 || at < tr.busy || e.Name != "packet" || e.Args.Packet < 1 || e.Args.Queue == nil {
				return nil, wrong("%d open slices, packets until %d", len(tr.open), tr.busy)
			}
			tr.busy = at + duration
			m.packets++
		case "s":
			if _, again := arrows[*e.ID]; again || len(tr.open) == 0 || e.Category != "interrupt" {
				return nil, wrong("starts again, or at no slice")
			}
			arrows[*e.ID] = at
			m.interrupts++
		case "f":
			from, started := arrows[*e.ID]
			if !started || from > at || e.Binding != "e" || len(tr.open) == 0 || tr.open[0] != at {
				return nil, wrong("ends without a start, or not where a slice starts")
			}
			arrows[*e.ID] = -1 // not again
			if from < 0 {
				return nil, wrong("ends twice")
			}
		case "i":
			if e.Scope != "t" {
				return nil, wrong("scope %q", e.Scope)
			}
			switch e.Name {
			case "drop":
				m.drops++
			case "send":
				m.sends++
			default:
				return nil, wrong("unknown mark")
			}
		default:
			return nil, wrong("unknown phase")
		}
	}
	for id, tr := range tracks {
		if len(tr.open) > 0 {
			return nil, fmt.Errorf("track %d: %d slices never end", id, len(tr.open))
		}
	}
	for id, at := range arrows {
		if at >= 0 {
			return nil, fmt.Errorf("arrow %d never ends", id)
		}
	}
	return modes, nil
}

// traceOf runs the command with --trace, and gives its report and its trace.
func traceOf(t *testing.T, args ...string) (stdout, trace []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace.json")
	var out, errs bytes.Buffer
	args = append([]string{"rssreplay", "--mode", "all", "--format", "json", "--trace", path}, args...)
	if status := run(args, strings.NewReader(""), &out, &errs); status != exitDone || errs.Len() > 0 {
		t.Fatalf("%v: exit status %d, %s", args, status, &errs)
	}
	trace, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if rest, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(rest) != 1 {
		t.Errorf("files left: %v", rest)
	}
	if rest, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(rest) != 0 {
		t.Errorf("files left: %v", rest)
	}
	return out.Bytes(), trace
}

func sample(name string) string { return filepath.Join("..", "..", "pcaps", "samples", name) }

// traceCases are replays in which every kind of event occurs.
var traceCases = map[string][]string{
	"snapshot": {"--speed", "100x", "--rx-ring", "8", "--dma-batch", "3"},
	"poll":     {"--speed", "100x", "--rx-ring", "8", "--drain", "poll", "--dpc-budget", "4", "--cpus", "3", "--queues", "5"},
	"budget":   {"--speed", "100x", "--dpc-budget", "2", "--rx-usecs", "10", "--rx-frames", "6", "--itr", "20us", "--cpus", "4-7"},
	"no costs": {"--speed", "10x", "--interrupt-latency", "0s", "--isr-cost", "0s", "--dpc-cost", "0s", "--packet-cost", "0s", "--migration-cost", "0s", "--ipi-latency", "0s", "--distribute-cost", "0s", "--dma-timeout", "0s"},
}

func TestTrace(t *testing.T) {
	to := "300ms"
	if testing.Short() {
		to = "100ms"
	}
	for name, args := range traceCases {
		t.Run(name, func(t *testing.T) {
			args := append([]string{sample("web.pcap"), "--to", to}, args...)
			out, trace := traceOf(t, args...)
			modes, err := readTrace(trace)
			if err != nil {
				t.Fatal(err)
			}
			var rep struct {
				Modes []struct {
					Mode string
					CPUs []struct {
						Packets, Interrupts, DPCs int64
						Sends                     int64 `json:"send_packets"`
					}
					Queues []struct {
						Queue    int
						Drops    int64
						DepthMax int64 `json:"depth_max"`
					}
				}
			}
			if err := json.Unmarshal(out, &rep); err != nil {
				t.Fatal(err)
			}
			if len(rep.Modes) != 4 || len(modes) != 4 {
				t.Fatalf("%d modes in the report, %d in the trace", len(rep.Modes), len(modes))
			}
			for _, want := range rep.Modes {
				got := modes[want.Mode]
				sum := tracedMode{}
				for _, c := range want.CPUs {
					sum.interrupts += c.Interrupts
					sum.dpcs += c.DPCs
					sum.packets += c.Packets
					sum.sends += c.Sends
				}
				for _, q := range want.Queues {
					sum.drops += q.Drops
					name := fmt.Sprintf("depth of queue %d", q.Queue)
					if len(want.Queues) == 1 {
						name = "depth of the hardware queue"
					}
					if d := got.depths[name]; d == nil && q.DepthMax > 0 || d != nil && (d.max != q.DepthMax || d.now != 0) {
						t.Errorf("%s: %s: %+v in the trace, want at most %d", want.Mode, name, d, q.DepthMax)
					}
				}
				if got.interrupts != sum.interrupts || got.isrs != sum.interrupts || got.dpcs != sum.dpcs || got.packets != sum.packets ||
					got.drops != sum.drops || got.sends != sum.sends {
					t.Errorf("%s: %+v in the trace, %+v in the report", want.Mode, *got, sum)
				}
				if name == "snapshot" && (sum.drops == 0 || sum.sends == 0) {
					t.Errorf("%s: the case has %d drops, %d sends", want.Mode, sum.drops, sum.sends)
				}
			}

			before := runtime.GOMAXPROCS(1)
			_, again := traceOf(t, args...)
			runtime.GOMAXPROCS(before)
			if !bytes.Equal(trace, again) {
				t.Error("the same replay gave another trace")
			}
		})
	}
}

// TestTraceRange cuts a trace at a moment: the two parts hold together what the
// whole does, each cycle in one of them.
func TestTraceRange(t *testing.T) {
	if testing.Short() {
		t.Skip("replays all samples, over and over")
	}
	for name, args := range traceCases {
		t.Run(name, func(t *testing.T) {
			var parts [3]map[string]*tracedMode
			for i, bounds := range [][]string{nil, {"--trace-to", "1ms"}, {"--trace-from", "1ms"}} {
				_, trace := traceOf(t, append(append([]string{sample("web.pcap"), "--to", "300ms"}, args...), bounds...)...)
				var err error
				if parts[i], err = readTrace(trace); err != nil {
					t.Fatal(err)
				}
			}
			for mode, whole := range parts[0] {
				a, b := parts[1][mode], parts[2][mode]
				for _, n := range []struct {
					what                 string
					whole, before, after int64
				}{
					{"interrupts", whole.interrupts, a.interrupts, b.interrupts},
					{"DPCs", whole.dpcs, a.dpcs, b.dpcs},
					{"packets", whole.packets, a.packets, b.packets},
					{"drops", whole.drops, a.drops, b.drops},
					{"sends", whole.sends, a.sends, b.sends},
				} {
					if n.before+n.after != n.whole || n.what == "packets" && (n.before == 0 || n.after == 0) {
						t.Errorf("%s: %d %s before and %d after are not %d", mode, n.before, n.what, n.after, n.whole)
					}
				}
				// The second part says first how deep the queues are.
				if more := a.changes + b.changes - whole.changes; more < 0 || more > int64(len(whole.depths)) {
					t.Errorf("%s: %d + %d changes of depth, %d in all", mode, a.changes, b.changes, whole.changes)
				}
			}
		})
	}
}
