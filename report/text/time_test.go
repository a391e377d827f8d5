package text

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
)

// withSeries is a report of one mode with the given packets per CPU and window of 100 ms.
func withSeries(rows ...[]uint64) *report.Report {
	m := report.Mode{Mode: "rss-msix", Series: report.Series{Interval: 100e6}}
	for i, row := range rows {
		m.Series.CPUs = append(m.Series.CPUs, report.SeriesCPU{CPU: i, Packets: row})
		m.CPUs = append(m.CPUs, report.CPU{CPU: i, Packets: m.Series.CPUs[i].Total()})
	}
	m.Derive()
	return &report.Report{Capture: report.Capture{Packets: m.Totals.Packets, Received: m.Totals.Packets}, Modes: []report.Mode{m}}
}

// overTime is the part of the first mode's section below its tables.
func overTime(t *testing.T, r *report.Report, o Options) string {
	t.Helper()
	lines := section(t, text(t, r, o), "RSS-MSIX")
	blank := 0
	for i, l := range lines {
		if l == "" {
			blank = i + 1
		}
		if strings.HasSuffix(l, "over time") {
			return strings.Join(lines[blank:], "\n")
		}
	}
	return strings.Join(lines[slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  Busiest") }):], "\n")
}

func TestTimeline(t *testing.T) {
	ramp := []uint64{0, 1, 100, 101, 200, 300, 400, 500, 600, 700, 701, 800}
	// The mean window is 5603 ÷ 12 packets, so window 6 with 400, all of them on
	// CPU 0, is too small to be the peak.
	uneven := withSeries(ramp, []uint64{400, 399, 0, 0, 0, 0, 0, 0, 400, 1})
	for _, c := range []struct {
		name    string
		report  *report.Report
		options Options
		want    string
	}{
		{"eighths of the mode's fullest column, rounded up", uneven, Options{}, `
       packets
  CPU      max  over time
  ───  ───────  ────────────
    0      800   ▁▁▂▂▃▄▅▆▇██
    1      400  ▄▄      ▄▁
                0 s    1.2 s

  Packets by time of arrival: a column is 100 ms, █ is 800 packets, blank is none.
  Busiest 100 ms: from 0.8 s, 1,000 packets, imbalance 1.200, CPU 0 took 60.0%.
  Peak imbalance: from 0.7 s, 500 packets, imbalance 2.000, CPU 0 took 100.0%; among the windows
  with at least the mean of 467 packets.
`},
		{"in ASCII", uneven, Options{ASCII: true}, `
       packets
  CPU      max  over time
  ---  -------  ------------
    0      800   ..::-=+*%##
    1      400  ==      =.
                0 s    1.2 s

  Packets by time of arrival: a column is 100 ms, # is 800 packets, blank is none.
  Busiest 100 ms: from 0.8 s, 1,000 packets, imbalance 1.200, CPU 0 took 60.0%.
  Peak imbalance: from 0.7 s, 500 packets, imbalance 2.000, CPU 0 took 100.0%; among the windows
  with at least the mean of 467 packets.
`},
		{"two windows", withSeries([]uint64{3, 1}, []uint64{1, 1}), Options{}, `
       packets
  CPU      max  over time
  ───  ───────  ─────────
    0        3  █▃
    1        1  ▃▃
                0 s to 0.2 s

  Packets by time of arrival: a column is 100 ms, █ is 3 packets, blank is none.
  Busiest 100 ms: from 0 s, 4 packets, imbalance 1.500, CPU 0 took 75.0%.
  Peak imbalance: in the same window, among the windows with at least the mean of 3 packets.
`},
		{"fewer packets than CPUs", withSeries([]uint64{0, 1}, []uint64{0, 0}, []uint64{2, 0}), Options{}, `
       packets
  CPU      max  over time
  ───  ───────  ─────────
    0        1   ▄
    1        0
    2        2  █
                0 s to 0.2 s

  Packets by time of arrival: a column is 100 ms, █ is 2 packets, blank is none.
  Busiest 100 ms: from 0 s, 2 packets, imbalance 3.000, CPU 2 took 100.0%.
  Peak imbalance: in the same window, among the windows with at least the mean of 1.5 packets.
  The mean window has less than a packet for each CPU, so its imbalance says little: a longer
  --interval shows more.
`},
		{"one window", withSeries([]uint64{3}, []uint64{1}), Options{}, `
  Busiest 100 ms: from 0 s, 4 packets, imbalance 1.500, CPU 0 took 75.0%.
`},
		{"one CPU", withSeries([]uint64{3, 0, 4}), Options{}, `
       packets
  CPU      max  over time
  ───  ───────  ─────────
    0        4  ▆ █
                0 s to 0.3 s

  Packets by time of arrival: a column is 100 ms, █ is 4 packets, blank is none.
  Busiest 100 ms: from 0.2 s, 4 packets, imbalance 1.000, CPU 0 took 100.0%.
`},
		{"two windows to a column", withSeries(slices.Repeat([]uint64{2}, 61), slices.Repeat([]uint64{0, 3}, 30)), Options{}, `
       packets
  CPU      max  over time
  ───  ───────  ───────────────────────────────
    0        4  ██████████████████████████████▄
    1        3  ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆
                0 s           3 s         6.1 s

  Packets by time of arrival: a column is 200 ms, the last 100 ms, █ is 4 packets, blank is none.
  Busiest 100 ms: from 0.1 s, 5 packets, imbalance 1.200, CPU 1 took 60.0%.
  Peak imbalance: in the same window, among the windows with at least the mean of 3.5 packets.
`},
		{"a row as wide as it may be", withSeries(slices.Repeat([]uint64{999_950}, 60*7+1)), Options{Width: 80}, `
       packets
  CPU      max  over time
  ───  ───────  ─────────────────────────────────────────────────────
    0   8.000M  ████████████████████████████████████████████████████▅
                0 s                    20.8 s                  42.1 s

  Packets by time of arrival: a column is 800 ms, the last 500 ms, █ is
  7,999,600 packets, blank is none.
  Busiest 100 ms: from 0 s, 999,950 packets, imbalance 1.000, CPU 0 took 100.0%.
`},
	} {
		got := overTime(t, c.report, c.options)
		if diff := cmp.Diff(strings.Trim(c.want, "\n"), strings.TrimRight(got, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestTimelineOfManyCPUs(t *testing.T) {
	for _, c := range []struct{ cpus, rows int }{{16, 16}, {17, 16}, {64, 16}, {65, 0}} {
		rows := make([][]uint64, c.cpus)
		for i := range rows {
			rows[i] = []uint64{uint64(i + 1), uint64(i + 1)} // the last are the most loaded
		}
		out := overTime(t, withSeries(rows...), Options{})
		lines := strings.Split(out, "\n")
		for cpu := range c.cpus {
			want := 0
			if cpu >= c.cpus-c.rows {
				want = 1
			}
			if n := len(rowsOf(lines, fmt.Sprint(cpu), "CPU", "over time")); n != want {
				t.Errorf("%d CPUs: CPU %d has %d rows, want %d", c.cpus, cpu, n, want)
			}
		}
		if said := strings.Contains(out, "of the 16 most loaded of "+fmt.Sprint(c.cpus)+" CPUs by time"); said != (c.rows > 0 && c.rows < c.cpus) {
			t.Errorf("%d CPUs: that only 16 are shown is said: %t", c.cpus, said)
		}
		if !strings.Contains(out, "  Busiest 100 ms: from 0 s") || !strings.Contains(out, "  Peak imbalance: in the same window") {
			t.Errorf("%d CPUs: no sentence about the windows:\n%s", c.cpus, out)
		}
	}
}

func TestTimelineSaysThatWindowsGrew(t *testing.T) {
	const said = "Windows are 819.2 µs: with --interval 100 ns there would be too many."
	r := withSeries([]uint64{1, 2}, []uint64{3, 4})
	r.Modes[0].Series.Interval = 819_200
	for _, c := range []struct {
		asked any
		want  bool
	}{{int64(100), true}, {int64(819_200), false}, {"100ns", false}} {
		r.Parameters = report.Parameters{{Name: "rx-usecs", Value: int64(3)}, {Name: "interval", Value: c.asked}}
		if got := strings.Contains(overTime(t, r, Options{}), said); got != c.want {
			t.Errorf("asked for %v: said %t", c.asked, got)
		}
	}
}

func TestAxis(t *testing.T) {
	for _, c := range []struct {
		columns     int
		column, end int64
		want        string
	}{
		{30, 100e6, 2_950e6, "0 s          1.5 s      2.95 s"},
		{17, 100e6, 1_700e6, "0 s   0.8 s 1.7 s"},
		{14, 100e6, 1_400e6, "0 s      1.4 s"},
		{20, 100, 1_900, "0 ns    1 µs  1.9 µs"},
		{9, 100e6, 900e6, "0 s 0.9 s"},
		{8, 100e6, 800e6, "0 s to 0.8 s"},
		{60, 60e9, 3_541e9, "0 min                      30 min                     59 min"},
		{60, 4_812_800e6, 285_798_400e6, "0 min                  1 d 16 h 6 min         3 d 7 h 23 min"},
		{20, 10e9, 599e9, "0 s     100 s  599 s"},
	} {
		if got := axis(c.columns, c.column, c.end); got != c.want {
			t.Errorf("%d columns:\n%q, want\n%q", c.columns, got, c.want)
		}
	}
}
