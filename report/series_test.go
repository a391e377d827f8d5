package report

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBusiestWindow(t *testing.T) {
	series := Series{Interval: 100, CPUs: []SeriesCPU{{CPU: 4, Packets: []uint64{1, 5, 6}}, {CPU: 5, Packets: []uint64{2, 3, 2, 1}}}}
	want := &Window{Start: 100, Packets: 8, Imbalance: 1.25} // as many as the next, and earlier
	if diff := cmp.Diff(want, busiestWindow(series)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if w := busiestWindow(Series{Interval: 100, CPUs: []SeriesCPU{{Packets: []uint64{0, 0}}}}); w != nil {
		t.Errorf("a window of nothing: %+v", w)
	}
}

func TestPeakWindow(t *testing.T) {
	for _, c := range []struct {
		name string
		cpus []SeriesCPU
		want *Window
	}{
		// The mean window is 5: window 0 (1 packet, 2.0) and window 3 (4 packets, 2.0) don't count.
		{"near-empty windows", []SeriesCPU{{Packets: []uint64{1, 4, 4, 4}}, {Packets: []uint64{0, 4, 3}}}, &Window{Start: 200, Packets: 7, Imbalance: 8.0 / 7}},
		{"exactly the mean", []SeriesCPU{{Packets: []uint64{3, 4}}, {Packets: []uint64{1}}}, &Window{Start: 100, Packets: 4, Imbalance: 2}},
		{"earliest of equals", []SeriesCPU{{Packets: []uint64{3, 0}}, {Packets: []uint64{0, 3}}}, &Window{Start: 0, Packets: 3, Imbalance: 2}},
		{"nothing", []SeriesCPU{{Packets: []uint64{0, 0}}}, nil},
		{"no window", []SeriesCPU{{}, {}}, nil},
		{"no CPU", nil, nil},
	} {
		if diff := cmp.Diff(c.want, PeakWindow(Series{Interval: 100, CPUs: c.cpus})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestHottest(t *testing.T) {
	s := Series{Interval: 100, CPUs: []SeriesCPU{{CPU: 7, Packets: []uint64{2, 3}}, {CPU: 9, Packets: []uint64{2, 5}}, {CPU: 11, Packets: []uint64{2}}}}
	for start, want := range map[int64][2]uint64{0: {7, 2}, 100: {9, 5}, 900: {7, 0}} {
		if cpu, packets := s.hottest(start); uint64(cpu) != want[0] || packets != want[1] {
			t.Errorf("from %d: CPU %d with %d packets, want CPU %d with %d", start, cpu, packets, want[0], want[1])
		}
	}
}

func TestColumns(t *testing.T) {
	s := Series{CPUs: []SeriesCPU{{Packets: []uint64{1, 2, 3, 4, 5, 6, 7}}, {Packets: []uint64{9, 9}}, {}}}
	for _, c := range []struct {
		limit, per int
		want       [][]uint64
	}{
		{7, 1, [][]uint64{{1, 2, 3, 4, 5, 6, 7}, {9, 9, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0}}},
		{6, 2, [][]uint64{{3, 7, 11, 7}, {18, 0, 0, 0}, {0, 0, 0, 0}}},
		{3, 3, [][]uint64{{6, 15, 7}, {18, 0, 0}, {0, 0, 0}}},
		{1, 7, [][]uint64{{28}, {18}, {0}}},
	} {
		rows, per := s.Columns(c.limit)
		if diff := cmp.Diff(c.want, rows); diff != "" || per != c.per {
			t.Errorf("at most %d columns: %d windows each, want %d (-want +got):\n%s", c.limit, per, c.per, diff)
		}
	}
}

// However many windows there are, none of their packets is lost, and the
// columns are as many as fit.
func TestColumnsPreserveTotals(t *testing.T) {
	for windows := 1; windows <= 10_000; windows = windows*5/4 + 1 {
		row := SeriesCPU{}
		for w := range windows {
			row.Packets = append(row.Packets, uint64(w*w%97))
		}
		s := Series{CPUs: []SeriesCPU{row}}
		rows, per := s.Columns(60)
		var sum uint64
		for _, n := range rows[0] {
			sum += n
		}
		if sum != row.Total() || len(rows[0]) > 60 || (len(rows[0])-1)*per >= windows || len(rows[0])*per < windows {
			t.Errorf("%d windows: %d columns of %d hold %d packets of %d", windows, len(rows[0]), per, sum, row.Total())
		}
	}
}

// TestBusyWindows: the windows with the most packets that hold a tenth of all, each
// by its packets.
func TestBusyWindows(t *testing.T) {
	series := func(cpus ...[]uint64) Series {
		var s Series
		for i, packets := range cpus {
			s.CPUs = append(s.CPUs, SeriesCPU{CPU: i, Packets: packets})
		}
		return s
	}
	for _, c := range []struct {
		series Series
		want   Fraction
	}{
		{series([]uint64{50, 0, 8, 5}, []uint64{50, 0, 4, 5}), 1},                                                                         // the first has more than a tenth
		{series(append([]uint64{6, 0}, slices.Repeat([]uint64{2}, 20)...), append([]uint64{0, 6}, slices.Repeat([]uint64{2}, 20)...)), 2}, // two are needed
		{series([]uint64{5, 0, 5, 5, 5, 5, 5, 5, 5, 5}, []uint64{0, 5, 5, 5, 5, 5, 5, 5, 5, 5}), 1},
		{series(slices.Repeat([]uint64{3}, 20), slices.Repeat([]uint64{1}, 20)), 1.5},
	} {
		if got := busyWindows(c.series); !nearly(got, c.want) {
			t.Errorf("%v: %v, want %v", c.series, got, c.want)
		}
	}
	if got := busyWindows(Series{}); !got.IsNull() {
		t.Errorf("of nothing: %v", got)
	}
}

func nearly(a, b Fraction) bool { return a-b < 1e-9 && b-a < 1e-9 }
