package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
)

func jsonOf(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestJSONGolden(t *testing.T) {
	r := fixture.New(8, 12, "rss-msix", "non-rss")
	r.Capture.Files[0].SHA256 = new(strings.Repeat("0f", 32))
	fixture.Golden(t, "cpus8.json", jsonOf(t, r))
	fixture.Golden(t, "empty.json", jsonOf(t, fixture.Empty()))
	fixture.Golden(t, "zero.json", jsonOf(t, &report.Report{}))
}

// contract is the report contract of rssreplay/report/v1: every key, in its
// order, the objects' own keys between braces.
const contract = `{schema tool{name version go} command capture{files{name format compression link_types file_bytes truncated loss sha256 interfaces{name link_type snap_length_bytes received filter_accepted delivered dropped os_dropped} skipped_blocks{*}} order overlaps overlap_ns packets bytes first duration_ns
received sent direction_rule direction_said timestamp_regressions clock_restarts snapped interface_drops packet_drops unhashed{*} hash_types{*}
captured_bytes cut link_layers{*} encapsulations{*}
tunnels{name packets bytes outer_flows inner_packets inner_flows outer_cpus inner_cpus outer_imbalance inner_imbalance}
long_frames{packets bytes received largest_bytes largest_packets tcp_packets mss_multiples segments kind}
timestamp_leaps{packets first{packet step_ns}}} parameters{*{value source}}
table{size entries queue_cpus packets bytes flows}
modes{mode simulated_ns serial_ns serial_utilization
cpus{cpu packets bytes packets_per_second bits_per_second flows top_flow interrupts dpcs packets_per_dpc_mean packets_per_dpc_max isr_ns dpc_ns migration_ns migrated_packets send_packets send_ns utilization
latency_ns{mean p50 p90 p99 p999 max sum}}
queues{queue cpu packets bytes drops depth_max burst_50us burst_500us}
totals{packets drops interrupts dpcs isr_ns dpc_ns migration_ns migrated_packets reordered}
imbalance{packets bytes busy jain min_max_percent busiest_window{start_ns packets imbalance}}
affinity{flows single_cpu_flows migrations symmetric_connections connections send_receive_match}
series{interval_ns cpus{cpu packets}}}
flows{protocol source source_port destination destination_port hash hash_type index packets bytes modes{*{cpus{*} migrations}}}
findings{id severity summary evidence remedy} notes caveats}`

// keysOf is the keys of the value that d reads next, in their order: of an
// array, those of its elements, which must be the same. The keys of objects
// that are maps are data: "*" stands for them.
func keysOf(t *testing.T, d *json.Decoder, path string) string {
	t.Helper()
	token, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	switch token {
	case json.Delim('['):
		keys := ""
		for i := 0; d.More(); i++ {
			k := keysOf(t, d, path)
			if i > 0 && k != keys {
				t.Errorf("%s: element %d has keys %s, others %s", path, i, k, keys)
			}
			keys = k
		}
		d.Token()
		return keys
	case json.Delim('{'):
		isMap := slices.Contains([]string{".capture.files.skipped_blocks", ".capture.unhashed", ".capture.hash_types", ".capture.link_layers", ".capture.encapsulations", ".parameters", ".flows.modes", ".flows.modes.*.cpus"}, path)
		var keys []string
		for d.More() {
			token, err := d.Token()
			if err != nil {
				t.Fatal(err)
			}
			name := token.(string)
			if isMap {
				name = "*"
			}
			if key := name + keysOf(t, d, path+"."+name); !isMap || !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
		d.Token()
		return "{" + strings.Join(keys, " ") + "}"
	}
	return ""
}

func TestJSONKeepsTheContract(t *testing.T) {
	r := fixture.New(8, 12, "rss-msix", "non-rss")
	r.Capture.Files = r.Capture.Files[:1] // that of pcapng: the other has no interfaces
	r.Parameters[3].Value = "a scalar, since an array has no keys"
	c := &r.Capture
	c.LinkLayers, c.Encapsulations = report.Counts{{Name: "ethernet", Packets: 5}}, report.Counts{{Name: "vxlan", Packets: 5}}
	c.Tunnels, c.LongFrames = report.List[report.Tunnel]{{}}, &report.LongFrames{}
	c.TimestampLeaps.First = report.List[report.TimestampLeap]{{}}
	d := json.NewDecoder(bytes.NewReader(jsonOf(t, r)))
	if diff := cmp.Diff(strings.Join(strings.Fields(contract), " "), keysOf(t, d, "")); diff != "" {
		t.Errorf("keys (-contract +report):\n%s", diff)
	}
	if token, err := d.Token(); err != io.EOF {
		t.Errorf("after the report: %v, %v", token, err)
	}
}

// TestJSONLayoutChangesNothing compares the value with what encoding/json alone makes of the structs.
func TestJSONLayoutChangesNothing(t *testing.T) {
	for name, r := range map[string]*report.Report{"fixture": fixture.New(4, 5, "rss-msix", "non-rss"), "empty": fixture.Empty(), "hostile": fixture.HostileReport()} {
		flows := []report.Flow{}
		if r.Flows != nil {
			flows = slices.Collect(r.Flows)
		}
		whole, err := json.Marshal(struct {
			Schema string `json:"schema"`
			report.Report
			Flows   []report.Flow       `json:"flows"`
			Notes   report.List[string] `json:"notes"`
			Caveats report.List[string] `json:"caveats"`
		}{report.Schema, *r, flows, r.Notes, report.CaveatsOf(&r.Capture, r.Parameters, r.Caveats)})
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := json.Unmarshal(whole, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(jsonOf(t, r), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-encoding/json +WriteJSON):\n%s", name, diff)
		}
	}
}

func TestJSONRejectsWhatItCannotEncode(t *testing.T) {
	r := fixture.Empty()
	r.Parameters = report.Parameters{{Name: "cpus", Value: math.Inf(1)}}
	if err := report.WriteJSON(io.Discard, r); err == nil {
		t.Error("an infinite parameter has no JSON form, but there was no error")
	}
}

// flowContract has the schema's tags, as encoding/json understands them.
type flowContract struct {
	Protocol        string                      `json:"protocol"`
	Source          string                      `json:"source"`
	SourcePort      *uint16                     `json:"source_port"`
	Destination     string                      `json:"destination"`
	DestinationPort *uint16                     `json:"destination_port"`
	Hash            *string                     `json:"hash"`
	HashType        string                      `json:"hash_type"`
	Index           *int                        `json:"index"`
	Packets         uint64                      `json:"packets"`
	Bytes           uint64                      `json:"bytes"`
	Modes           map[string]flowModeContract `json:"modes"`
}

type flowModeContract struct {
	CPUs       cpuMap `json:"cpus"`
	Migrations uint64 `json:"migrations"`
}

// cpuMap has numeric keys in numeric order, where a Go map has them as text.
type cpuMap map[int]uint64

func (m cpuMap) MarshalJSON() ([]byte, error) {
	var cpus []int
	for cpu := range m {
		cpus = append(cpus, cpu)
	}
	slices.Sort(cpus)
	b := []byte("{")
	for i, cpu := range cpus {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, fmt.Sprintf(`"%d":%d`, cpu, m[cpu])...)
	}
	return append(b, '}'), nil
}

func TestFlowAppendJSONEqualsEncodingJSON(t *testing.T) {
	flows := slices.Collect(fixture.New(16, 40, "non-rss", "rss-msix").Flows)
	flows = append(flows, report.Flow{Protocol: `"<&>\` + "\u2028é\x01\xff", Source: netip.MustParseAddr("::ffff:1.2.3.4"), Destination: netip.MustParseAddr("fe80::1%eth0"),
		HashType: "tcp_ipv6", Index: 2047, Packets: math.MaxUint64, Bytes: math.MaxUint64}, report.Flow{HashType: report.NoHash},
		report.Flow{Protocol: "tcp", HasPorts: true, HashType: "tcp_ipv4", Hash: 0, Modes: []report.FlowMode{{Mode: "rss-msix"}}})
	for _, f := range flows {
		c := flowContract{Protocol: f.Protocol, HashType: f.HashType, Packets: f.Packets, Bytes: f.Bytes, Modes: map[string]flowModeContract{}}
		if f.Source.IsValid() {
			c.Source, c.Destination = f.Source.String(), f.Destination.WithZone("").String()
		}
		if f.HasPorts {
			c.SourcePort, c.DestinationPort = &f.SourcePort, &f.DestinationPort
		}
		if f.HashType != report.NoHash {
			c.Hash, c.Index = new(fmt.Sprintf("0x%08x", f.Hash)), &f.Index
		}
		for _, m := range f.Modes {
			cpus := cpuMap{}
			for _, on := range m.CPUs {
				cpus[on.CPU] = on.Packets
			}
			c.Modes[m.Mode] = flowModeContract{cpus, m.Migrations}
		}
		want, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(f.AppendJSON(nil))); diff != "" {
			t.Errorf("(-encoding/json +AppendJSON):\n%s", diff)
		}
	}
}

func TestFlowAppendJSONDoesNotAllocate(t *testing.T) {
	f := slices.Collect(fixture.New(8, 3, "rss-msix", "non-rss").Flows)[2]
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buf = f.AppendJSON(buf[:0]) }); n != 0 {
		t.Errorf("%v allocations per flow", n)
	}
}

// countingWriter counts the bytes that came out.
type countingWriter int

func (w *countingWriter) Write(p []byte) (int, error) {
	*w += countingWriter(len(p))
	return len(p), nil
}

func TestJSONFlowsAreNotCollected(t *testing.T) {
	r := fixture.New(8, 3, "rss-msix", "non-rss")
	f := slices.Collect(r.Flows)[0]
	line := len(f.AppendJSON(nil))
	var out countingWriter
	const flows = 100_000
	r.Flows = func(yield func(report.Flow) bool) {
		start := int(out)
		for i := range flows {
			// All flows but what fits the buffer are out before the next is asked for.
			if held := i*line - (int(out) - start); held > 1<<17 {
				t.Fatalf("%d bytes are held back at flow %d", held, i)
			}
			if !yield(f) {
				return
			}
		}
	}
	if err := report.WriteJSON(&out, r); err != nil {
		t.Fatal(err)
	}
	if int(out) < flows*line {
		t.Errorf("%d bytes for %d flows of %d", out, flows, line)
	}
}

// TestJSONFlowLines gives the flows by blocks, as several goroutines write them.
func TestJSONFlowLines(t *testing.T) {
	r := fixture.New(8, 3, "rss-msix", "non-rss")
	all := slices.Collect(r.Flows)
	for n := range len(all) + 1 {
		r.Flows, r.FlowLines = slices.Values(all[:n]), nil
		want := jsonOf(t, r)
		r.Flows, r.FlowLines = nil, func(line report.AppendFlow) iter.Seq[[]byte] {
			return func(yield func([]byte) bool) {
				for block := range slices.Chunk(all[:n], 2) {
					var lines []byte
					for i := range block {
						lines = line(lines, &block[i])
					}
					if !yield(lines) {
						return
					}
				}
			}
		}
		if diff := cmp.Diff(string(want), string(jsonOf(t, r))); diff != "" {
			t.Errorf("%d flows (-one by one +blocks):\n%s", n, diff)
		}
	}
}

// closedWriter is a pipe that nobody reads.
type closedWriter struct{}

func (closedWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestJSONFlowLinesEndWithTheWriter(t *testing.T) {
	r := fixture.New(8, 3, "rss-msix")
	f := slices.Collect(r.Flows)[0]
	r.FlowLines = func(line report.AppendFlow) iter.Seq[[]byte] {
		return func(yield func([]byte) bool) {
			for yield(line(nil, &f)) { // for ever
			}
		}
	}
	if err := report.WriteJSON(closedWriter{}, r); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v", err)
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{report.Fraction(0), "0.000000"}, {report.Fraction(1.0 / 3), "0.333333"}, {report.Fraction(2.0 / 3), "0.666667"}, {report.Fraction(1e15), "1000000000000000.000000"},
		{report.Null, "null"}, {report.Fraction(math.Inf(1)), "null"}, {report.Ratio(1, 0), "null"}, {report.Ratio(int64(3), uint64(4)), "0.750000"},
		{report.Time{}, "null"}, {report.Time{Time: time.Unix(0, 0)}, `"1970-01-01T00:00:00.000000000Z"`},
		{report.Time{Time: time.Date(2024, 5, 17, 9, 30, 0, 120, time.FixedZone("", 7200))}, `"2024-05-17T07:30:00.000000120Z"`},
		{report.List[int](nil), "[]"}, {report.List[int]{1, 2}, "[1,2]"}, {report.Counts(nil), "{}"}, {report.Counts{{Name: "b", Packets: 2}, {Name: "a", Packets: 1}}, `{"b":2,"a":1}`},
		{report.Parameters{{Name: "queues", Value: 8, Source: "default"}, {Name: "cpus", Value: "0-3", Source: "--cpus"}},
			`{"queues":{"value":8,"source":"default"},"cpus":{"value":"0-3","source":"--cpus"}}`},
	} {
		got, err := json.Marshal(c.value)
		if err != nil || string(got) != c.want {
			t.Errorf("%#v: %s, %v, want %s", c.value, got, err, c.want)
		}
	}
}

func BenchmarkWriteJSON(b *testing.B) {
	r := fixture.New(8, 3, "rss-msix", "non-rss")
	f := slices.Collect(r.Flows)[2]
	for _, flows := range []int{1000, 100_000} {
		r.Flows = func(yield func(report.Flow) bool) {
			for range flows {
				if !yield(f) {
					return
				}
			}
		}
		b.Run("flows="+strconv.Itoa(flows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := report.WriteJSON(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
