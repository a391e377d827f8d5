package draw

import (
	"slices"
	"testing"
	"time"
)

// Ticks of a second are in seconds, of an hour, days and weeks as a clock and a calendar have them.
func TestTimeTicks(t *testing.T) {
	for _, c := range []struct {
		length time.Duration
		want   []string
	}{
		{1300 * time.Nanosecond, []string{"0 ns", "500 ns", "1 µs"}},
		{700 * time.Microsecond, []string{"0 ns", "200 µs", "400 µs", "600 µs"}},
		{2 * time.Millisecond, []string{"0 s", "0.0005 s", "0.001 s", "0.0015 s"}},
		{1400 * time.Millisecond, []string{"0 s", "0.5 s", "1 s"}},
		{140 * time.Second, []string{"0 s", "50 s", "100 s"}},
		{10 * time.Minute, []string{"0 min", "2 min", "4 min", "6 min", "8 min"}},
		{time.Hour, []string{"0 min", "15 min", "30 min", "45 min"}},
		{79 * time.Hour, []string{"0 min", "1 d", "2 d", "3 d"}},
		{40 * 24 * time.Hour, []string{"0 min", "10 d", "20 d", "30 d"}},
		{30 * time.Hour, []string{"0 min", "6 h", "12 h", "18 h", "1 d"}},
	} {
		var got []string
		for _, tick := range TimeTicks(int64(c.length), float64(c.length)/5) {
			got = append(got, tick.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("of %s: %q, want %q", c.length, got, c.want)
		}
	}
}
