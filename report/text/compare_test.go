package text

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
	"rssreplay/report/internal/words"
)

func compareCases() []struct {
	name    string
	compare *report.Compare
	options Options
} {
	type c = struct {
		name    string
		compare *report.Compare
		options Options
	}
	nothing := fixture.Compared(2, 8)
	nothing.Capture.Received, nothing.Capture.Packets = 0, 0
	return []c{
		{"compare2.txt", fixture.Compared(2, 8), Options{}},
		{"compare4.txt", fixture.Compared(4, 8), Options{}},
		{"compare16.txt", fixture.Compared(16, 64), Options{}},
		{"compare-unlike.txt", fixture.Unlike(), Options{WithoutRSS: true}},
		{"compare-narrow-ascii.txt", fixture.Compared(5, 4), Options{Width: 80, ASCII: true}},
		{"compare-nothing.txt", nothing, Options{}},
	}
}

func compareText(t *testing.T, c *report.Compare, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCompare(&b, c, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCompareTextGolden(t *testing.T) {
	for _, c := range compareCases() {
		t.Run(c.name, func(t *testing.T) { fixture.Golden(t, c.name, []byte(compareText(t, c.compare, c.options))) })
	}
}

func TestCompareTextFitsWidth(t *testing.T) {
	for _, c := range compareCases() {
		for _, width := range []int{80, 100, 137} {
			c.options.Width = width
			for i, l := range strings.Split(compareText(t, c.compare, c.options), "\n") {
				if n := words.DisplayWidth(l); n > width {
					t.Errorf("%s, width %d: line %d has %d columns: %s", c.name, width, i+1, n, l)
				}
				if l != strings.TrimRight(l, " ") {
					t.Errorf("%s, width %d: line %d ends in spaces", c.name, width, i+1)
				}
			}
		}
	}
}

// The best value is bold with colours, and has the mark without.
func TestCompareColors(t *testing.T) {
	with := compareText(t, fixture.Compared(4, 8), Options{Color: true})
	if !regexp.MustCompile(regexp.QuoteMeta(styleCodes[report.Bold]) + `[0-9.]+ \*`).MatchString(with) {
		t.Errorf("the best value of a row is not bold:\n%s", with)
	}
	without := compareText(t, fixture.Compared(4, 8), Options{})
	for _, code := range styleCodes[1:] {
		with = strings.ReplaceAll(with, code, "")
	}
	var lines []string // a colour may end in the place of a mark
	for l := range strings.SplitSeq(strings.ReplaceAll(with, "\x1b[0m", ""), "\n") {
		lines = append(lines, strings.TrimRight(l, " "))
	}
	if diff := cmp.Diff(without, strings.Join(lines, "\n")); diff != "" {
		t.Errorf("colours change more than colours (-without +with):\n%s", diff)
	}
}

// A terminal obeys nothing of a scenario's name.
func TestCompareEscapes(t *testing.T) {
	c := fixture.Compared(3, 4)
	for i := range c.Scenarios {
		c.Scenarios[i].Name = fmt.Sprintf("%d\x1b[31m\u009b31m\u202e/%s", i, strings.Repeat("\x1b]0;x\a", 10*i))
	}
	c.Scenarios[1].HashTypes = nil // so that every section is there
	var b bytes.Buffer
	if err := report.WriteCompareJSON(&b, c); err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"text": compareText(t, c, Options{}), "JSON": b.String()} {
		if strings.ContainsAny(text, "\x1b\u009b\u202e\a") {
			t.Errorf("%s has a terminal's control characters", where)
		}
		if !strings.Contains(text, "31m") {
			t.Errorf("%s does not have the names", where)
		}
	}
}

// Least is best, of equals the earlier, and what has no value is none.
func TestBest(t *testing.T) {
	mode := func(drops uint64, p99 int64) report.List[report.Mode] {
		m := report.Mode{Mode: "rss-msix", Simulated: 100, Serial: &p99, CPUs: []report.CPU{{Packets: 1, Interrupts: 3, Latency: report.Latency{P99: &p99, Max: &p99}}, {}}, Queues: []report.Queue{{Drops: drops}}}
		m.Derive()
		return report.List[report.Mode]{m}
	}
	c := &report.Compare{Scenarios: report.List[report.Scenario]{
		{Name: "a", Compared: "rss-msix", Modes: mode(4, 70), FlowsMoved: new(uint64(0))},
		{Name: "b", Compared: "rss-msix", Modes: mode(3, 50), FlowsMoved: new(uint64(9))},
		{Name: "c", Compared: "rss-msix", Modes: mode(3, 60), FlowsMoved: new(uint64(8))},
		{Name: "d", Compared: "rss-msix", Modes: mode(5, 60)},
	}}
	got, err := json.Marshal(c.Best())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"serial_utilization":"b","imbalance.packets":"a","imbalance.bytes":null,"imbalance.busy":null,"imbalance.busiest_window":null,` +
		`"drops":"b","interrupts":"a","latency_p99_ns":"b","latency_max_ns":"b","flows_moved":"c"}`
	if string(got) != want {
		t.Errorf("best\n%s, want\n%s", got, want)
	}
}

// A scenario of the JSON has the figures of a report, byte for byte the same.
func TestCompareJSON(t *testing.T) {
	c := fixture.Compared(3, 4)
	var b bytes.Buffer
	if err := report.WriteCompareJSON(&b, c); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Schema    string
		Scenarios []struct {
			Name   string
			Modes  []json.RawMessage
			Report *string
		}
		Best map[string]*string
	}
	if err := json.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if read.Schema != report.CompareSchema || len(read.Scenarios) != 3 {
		t.Fatalf("schema %s with %d scenarios", read.Schema, len(read.Scenarios))
	}
	for i, s := range read.Scenarios {
		for k, text := range s.Modes {
			var got bytes.Buffer
			if err := json.Compact(&got, text); err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(c.Scenarios[i].Modes[k])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("scenario %s, mode %d (-want +got):\n%s", s.Name, k, diff)
			}
		}
	}
	for i, l := range strings.Split(b.String(), "\n") {
		if strings.TrimRight(l, " ") != l {
			t.Errorf("line %d ends in spaces", i+1)
		}
	}
	if got := read.Best["latency_p99_ns"]; got == nil || *got != "weight:6,2,1,1,1,1,1,1" {
		t.Errorf("best p99 is %v", got)
	}
}
