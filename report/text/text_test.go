package text

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
	"rssreplay/report/internal/words"
)

func text(t *testing.T, r *report.Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func cases() []struct {
	name    string
	report  *report.Report
	options Options
} {
	type c = struct {
		name    string
		report  *report.Report
		options Options
	}
	return []c{
		{"cpus8.txt", fixture.New(8, 500, "rss-msix", "non-rss"), Options{}},
		{"cpus64.txt", fixture.New(64, 500, fixture.AllModes...), Options{}},
		{"empty.txt", fixture.Empty(), Options{}},
		{"sent.txt", fixture.OnlySent(), Options{}},
		{"narrow-ascii.txt", fixture.New(8, 500, fixture.AllModes...), Options{Width: 80, ASCII: true, Flows: 8}},
		{"wide.txt", fixture.New(8, 500, "rss-msix", "non-rss"), Options{Width: 200, Flows: 8}},
		{"affinity.txt", fixture.WithAffinity(fixture.New(8, 30, "rss-msix")), Options{Flows: 3}},
		{"time.txt", fixture.WithWindows(fixture.New(20, 30, "rss-msix", "non-rss"), 137), Options{Flows: 3}},
		{"table512.txt", fixture.WithTable(fixture.New(8, 30, "rss-msix"), 512), Options{Flows: 3}},
	}
}

func TestTextGolden(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) { fixture.Golden(t, c.name, []byte(text(t, c.report, c.options))) })
	}
}

func TestTextFitsWidth(t *testing.T) {
	for _, c := range cases() {
		for _, width := range []int{0, 1, 80, 93, 100, 140, 250} {
			o := c.options
			o.Width = width
			limit := max(width, 80)
			if width == 0 {
				limit = 100
			}
			for i, l := range strings.Split(text(t, c.report, o), "\n") {
				if n := words.DisplayWidth(l); n > limit {
					t.Errorf("%s, width %d: line %d has %d columns: %s", c.name, width, i+1, n, l)
				}
				if l != strings.TrimRight(l, " ") {
					t.Errorf("%s, width %d: line %d ends in spaces", c.name, width, i+1)
				}
			}
		}
	}
}

// section is the lines from a heading to the next.
func section(t *testing.T, s, heading string) []string {
	t.Helper()
	var lines []string
	in := false
	for l := range strings.Lines(s) {
		l = strings.TrimSuffix(l, "\n")
		if l != "" && l[0] != ' ' {
			in = strings.HasPrefix(l, heading)
		}
		if in {
			lines = append(lines, l)
		}
	}
	if lines == nil {
		t.Fatalf("no section %s", heading)
	}
	return lines
}

// rowsOf are the rows with the given first cell below a header with all of heads, split.
func rowsOf(lines []string, first string, heads ...string) (rows [][]string) {
	in := false
	for i, l := range lines {
		if i+1 < len(lines) && strings.Contains(lines[i+1], "───") {
			in = true
			for _, h := range heads {
				in = in && strings.Contains(l, h)
			}
		}
		if fields := regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(l), -1); in && fields[0] == first {
			rows = append(rows, fields)
		}
	}
	return rows
}

func TestTextAgreesWithReport(t *testing.T) {
	r := fixture.New(8, 500, "rss-msix", "non-rss")
	out := text(t, r, Options{})
	side := section(t, out, "MODES SIDE BY SIDE")
	for label, value := range map[string]func(m *report.Mode) string{
		"packets indicated":                func(m *report.Mode) string { return words.Exact(m.Totals.Packets) },
		"packets dropped":                  func(m *report.Mode) string { return words.Exact(m.Totals.Drops) },
		"interrupts":                       func(m *report.Mode) string { return words.Exact(m.Totals.Interrupts) },
		"DPCs":                             func(m *report.Mode) string { return words.Exact(m.Totals.DPCs) },
		"imbalance of packets, max ÷ mean": func(m *report.Mode) string { return words.Fixed(m.Imbalance.Packets, 3) },
		"Jain's index of packets":          func(m *report.Mode) string { return words.Fixed(m.Imbalance.Jain, 3) },
		"flows":                            func(m *report.Mode) string { return words.Exact(m.Affinity.Flows) },
		"that stayed on one CPU":           func(m *report.Mode) string { return words.Exact(m.Affinity.SingleCPUFlows) },
		"migrations from CPU to CPU":       func(m *report.Mode) string { return words.Exact(m.Affinity.Migrations) },
		"connections received both ways":   func(m *report.Mode) string { return words.Exact(m.Affinity.Connections) },
		"with both ways on one CPU":        func(m *report.Mode) string { return words.Exact(m.Affinity.SymmetricConnections) },
		"sends on the CPU that last received": func(m *report.Mode) string {
			return words.Percent(m.Affinity.SendReceiveMatch)
		},
	} {
		want := [][]string{{label, value(&r.Modes[0]), value(&r.Modes[1])}}
		if diff := cmp.Diff(want, rowsOf(side, label, "rss-msix", "non-rss")); diff != "" {
			t.Errorf("side by side (-want +got):\n%s", diff)
		}
	}

	for i := range r.Modes {
		m := &r.Modes[i]
		lines := section(t, out, strings.ToUpper(m.Mode))
		for j := range m.CPUs {
			c := &m.CPUs[j]
			load := rowsOf(lines, fmt.Sprint(c.CPU), "packets", "share", "flows")
			if len(load) != 1 || len(load[0]) != 8 {
				t.Fatalf("%s: rows of CPU %d: %q", m.Mode, c.CPU, load)
			}
			want := []string{fmt.Sprint(c.CPU), words.Count(c.Packets), words.Percent(report.Ratio(c.Packets, m.Totals.Packets)), words.Rate(c.PacketsPerSecond), words.Rate(c.BitsPerSecond), words.Count(c.Flows)}
			if diff := cmp.Diff(want, slices.Delete(slices.Clone(load[0][:7]), 3, 4)); diff != "" {
				t.Errorf("%s: load of CPU %d (-want +got):\n%s", m.Mode, c.CPU, diff)
			}
			if named := fmt.Sprintf("#%d %s ", *c.TopFlow+1, c.Largest.Protocol); !strings.Contains(load[0][7], named) {
				t.Errorf("%s: largest flow of CPU %d is %q, not %q", m.Mode, c.CPU, load[0][7], named)
			}
			want = []string{fmt.Sprint(c.CPU), words.Count(c.Interrupts), words.Count(c.DPCs), words.Fixed(c.PacketsPerDPCMean, 2), words.Count(*c.PacketsPerDPCMax),
				words.Percent(c.Utilization), words.Nanoseconds(*c.Latency.P50), words.Nanoseconds(*c.Latency.P99), words.Nanoseconds(*c.Latency.Max), words.Count(c.SendPackets)}
			if len(m.Queues) > 1 {
				want = append(want, words.Count(m.Queues[j].DepthMax), words.Count(m.Queues[j].Drops))
			}
			if diff := cmp.Diff([][]string{want}, rowsOf(lines, fmt.Sprint(c.CPU), "interrupts", "busy")); diff != "" {
				t.Errorf("%s: dispatch of CPU %d (-want +got):\n%s", m.Mode, c.CPU, diff)
			}
		}
	}

	flows := section(t, out, "FLOWS")
	i := 0
	for f := range r.Flows {
		if i++; i > 20 {
			break
		}
		rss, non := f.Modes[0], f.Modes[1]
		cpu, share := non.Main()
		want := []string{fmt.Sprint(i), string(report.AppendHash(nil, f.Hash)), f.HashType, fmt.Sprint(f.Index), fmt.Sprint(rss.CPUs[0].CPU),
			fmt.Sprint(len(non.CPUs)), cpu, share, words.Count(non.Migrations)}
		if f.HashType == report.NoHash {
			want[1], want[3] = words.None, words.None
		}
		if diff := cmp.Diff([][]string{want}, rowsOf(flows, fmt.Sprint(i), "entry", "migrations")); diff != "" {
			t.Errorf("flow %d (-want +got):\n%s", i, diff)
		}
		want = []string{fmt.Sprint(i), f.Protocol, report.EndName(f.Source, f.SourcePort, f.HasPorts, 0), report.EndName(f.Destination, f.DestinationPort, f.HasPorts, 0),
			words.Count(f.Packets), words.Percent(report.Ratio(f.Packets, r.Capture.Received))}
		if diff := cmp.Diff([][]string{want}, rowsOf(flows, fmt.Sprint(i), "source", "destination")); diff != "" {
			t.Errorf("flow %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestTextNamesTheModeOfEachFlowColumn(t *testing.T) {
	for _, width := range []int{80, 100, 250} {
		flows := strings.Join(section(t, text(t, fixture.New(64, 500, fixture.AllModes...), Options{Width: width}), "FLOWS"), "\n")
		for _, mode := range fixture.AllModes {
			if n := strings.Count(flows, mode); n != 1 {
				t.Errorf("width %d: %s is named %d times above the flows' columns", width, mode, n)
			}
		}
	}
}

func TestTextQueuesOnSharedCPUs(t *testing.T) {
	r := fixture.WithAffinity(fixture.New(8, 30, "rss-msix"))
	lines := section(t, text(t, r, Options{}), "RSS-MSIX")
	for _, q := range r.Modes[0].Queues {
		want := [][]string{{fmt.Sprint(q.Queue), fmt.Sprint(*q.CPU), words.Count(q.Packets), words.ByteSize(q.Bytes), words.Count(q.DepthMax), words.Count(q.Drops)}}
		if diff := cmp.Diff(want, rowsOf(lines, fmt.Sprint(q.Queue), "queue", "depth", "drops")); diff != "" {
			t.Errorf("queue %d (-want +got):\n%s", q.Queue, diff)
		}
	}
}

func TestTextColorOnlyAddsColor(t *testing.T) {
	escapes := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, c := range cases() {
		o := c.options
		o.Color = true
		colored := text(t, c.report, o)
		if !escapes.MatchString(colored) {
			t.Errorf("%s: no colour", c.name)
		}
		var stripped strings.Builder
		for l := range strings.Lines(escapes.ReplaceAllString(colored, "")) {
			stripped.WriteString(strings.TrimRight(l, " \n") + "\n")
		}
		if diff := cmp.Diff(text(t, c.report, c.options), stripped.String()); diff != "" {
			t.Errorf("%s (-plain +stripped):\n%s", c.name, diff)
		}
	}
}

func TestTextASCII(t *testing.T) {
	for _, c := range cases() {
		o := c.options
		o.ASCII = true
		if strings.Contains(strings.Join(c.report.Command, ""), "µ") {
			t.Fatal("the fixture has names outside ASCII")
		}
		if i := strings.IndexFunc(text(t, c.report, o), func(r rune) bool { return r > '~' }); i >= 0 {
			t.Errorf("%s: %q is not ASCII", c.name, text(t, c.report, o)[i:i+3])
		}
	}
}

func TestTextIgnoresLocale(t *testing.T) {
	r := fixture.New(8, 30, "rss-msix", "non-rss")
	want := text(t, r, Options{})
	twwidth.SetEastAsian(true) // what the table package takes from LANG=ja_JP at its start
	defer twwidth.SetEastAsian(false)
	if diff := cmp.Diff(want, text(t, r, Options{})); diff != "" {
		t.Errorf("(-narrow +wide):\n%s", diff)
	}
}

func TestNothingReachesTheTerminal(t *testing.T) {
	var j bytes.Buffer
	if err := report.WriteJSON(&j, fixture.HostileReport()); err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"text": text(t, fixture.HostileReport(), Options{}), "JSON": j.String()} {
		for i, r := range out {
			if r != '\n' && !unicode.IsPrint(r) || r == unicode.ReplacementChar && name == "text" {
				t.Errorf("%s: %U at %d, after %q", name, r, i, out[max(0, i-20):i])
			}
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"capture.pcap":     "capture.pcap",
		"日本 größe µs":      "日本 größe µs",
		`C:\dir\x.pcap`:    `C:\dir\x.pcap`,
		"a\x1b[0m\n\x00":   `a\x1b[0m\n\x00`,
		"a\u202eb\u009bc":  `a\u202eb\u009bc`,
		"\xff\xc3":         `\xff\xc3`,
		"\U000e0041\u00a0": `\U000e0041\u00a0`,
		"\ufffd":           "\ufffd",
	} {
		if got := words.Clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  []string
	}{
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 13, []string{"one two three"}},
		{"", 5, []string{""}},
		{"6d:5a:6d:5a end", 7, []string{"6d:5a:", "6d:5a", "end"}},
		{"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"日本日本", 5, []string{"日本", "日本"}},
		{"日本", 1, []string{"日", "本"}},
	} {
		if diff := cmp.Diff(c.want, words.Wrap(strings.Split(c.in, " "), c.width)); diff != "" {
			t.Errorf("wrap(%q, %d) (-want +got):\n%s", c.in, c.width, diff)
		}
	}
}

func TestTextOfLittle(t *testing.T) {
	if out := text(t, &report.Report{}, Options{}); !strings.Contains(out, "holds no packet") {
		t.Errorf("zero Report: %s", out)
	}
	for name, r := range map[string]*report.Report{"empty": fixture.Empty(), "sent": fixture.OnlySent()} {
		out := text(t, r, Options{})
		for _, bad := range []string{"NaN", "Inf", "%!", "null", "nil"} {
			if strings.Contains(out, bad) {
				t.Errorf("%s has %q:\n%s", name, bad, out)
			}
		}
	}
	// Lists of unequal length come from a bug; the text must survive it.
	r := fixture.New(8, 30, "rss-msix")
	r.Table.Packets = r.Table.Packets[:100]
	r.Table.QueueCPUs = r.Table.QueueCPUs[:2]
	r.Table.Entries[3] = -1
	r.Modes[0].CPUs = r.Modes[0].CPUs[:0]
	r.Modes[0].Series.CPUs = []report.SeriesCPU{{Packets: []uint64{0, 0}}, {}} // and a busiest window all the same
	text(t, r, Options{})
	r.Modes[0].Series = report.Series{}
	text(t, r, Options{})
}

func TestTextAllFlows(t *testing.T) {
	r := fixture.New(2, 1200, "rss-msix")
	out := text(t, r, Options{Flows: -1})
	if n := strings.Count(out, "destination"); n != 3 {
		t.Errorf("1200 flows are in %d tables, want 3", n)
	}
	if !strings.Contains(out, "  1200  ") || strings.Contains(out, "not shown") {
		t.Error("not all of the flows are shown")
	}
}

func TestWriteErrors(t *testing.T) {
	for _, n := range []int{0, 5000, 70_000} {
		r := fixture.New(8, 2000, "rss-msix")
		yielded := 0
		flows := r.Flows
		r.Flows = func(yield func(report.Flow) bool) {
			for range 1000 {
				for f := range flows {
					if yielded++; !yield(f) {
						return
					}
				}
			}
		}
		if err := report.WriteJSON(&fixture.FailingWriter{N: n}, r); !errors.Is(err, fixture.ErrFull) {
			t.Errorf("WriteJSON, %d bytes: %v", n, err)
		}
		if err := Write(&fixture.FailingWriter{N: n}, r, Options{Flows: -1}); !errors.Is(err, fixture.ErrFull) {
			t.Errorf("WriteText, %d bytes: %v", n, err)
		}
		if yielded > 10_000 {
			t.Errorf("%d flows were read for an output that took %d bytes", yielded, n)
		}
	}
}

// Yellow and green are hard to read on white: of what is said only marks and labels have them.
func TestNoSentenceIsYellow(t *testing.T) {
	r := fixture.WithFindings(fixture.New(8, 30, "rss-msix", "non-rss"))
	r.Capture.Snapped = 5
	for i := range r.Findings {
		r.Findings[i].Severity = report.Warning
	}
	marked := regexp.MustCompile(`\x1b\[3[23]m([^\x1b]*)\x1b`)
	sentence := regexp.MustCompile(`\pL+ \pL+`)
	for name, write := range map[string]func(io.Writer, *report.Report, Options) error{"screen": WriteScreen, "all": Write} {
		var b strings.Builder
		if err := write(&b, r, Options{Color: true}); err != nil {
			t.Fatal(err)
		}
		found := marked.FindAllStringSubmatch(b.String(), -1)
		for _, m := range found {
			if sentence.MatchString(m[1]) {
				t.Errorf("%s: this is yellow or green: %q", name, m[1])
			}
		}
		if len(found) == 0 {
			t.Errorf("%s: nothing has a colour", name)
		}
	}
}
