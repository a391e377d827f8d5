package report

import (
	"math"
	"net/netip"
	"testing"

	"rssreplay/report/internal/words"
)

func TestScaled(t *testing.T) {
	for _, c := range []struct {
		x      float64
		digits int
		want   string
	}{
		{0, 3, "0"}, {1, 3, "1.00"}, {0.5, 3, "0.50"}, {0.004, 3, "0.00"}, {12.34, 3, "12.3"}, {99.96, 3, "100"}, {999.4, 3, "999"},
		{999.6, 3, "1.00k"}, {1000, 3, "1.00k"}, {12_345, 3, "12.3k"}, {999_499, 3, "999k"}, {999_500, 3, "1.00M"},
		{1_234_567, 4, "1.235M"}, {1.2e9, 3, "1.20G"}, {1.5e12, 3, "1.50T"}, {1.5e15, 3, "1.50P"}, {1.5e18, 3, "1.50E"}, {1.8e19, 3, "18.0E"}, {1e22, 3, "10,000E"},
	} {
		if got := words.Scaled(c.x, c.digits, words.DecimalPrefixes); got != c.want {
			t.Errorf("scaled(%v, %d) = %q, want %q", c.x, c.digits, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{words.Exact(0), "0"}, {words.Exact(999), "999"}, {words.Exact(1000), "1,000"}, {words.Exact(1234567), "1,234,567"}, {words.Exact(math.MaxUint64), "18,446,744,073,709,551,615"},
		{words.Count(999_999), "999,999"}, {words.Count(1_000_000), "1.000M"}, {words.Count(math.MaxUint64), "18.45E"},
		{words.Nanoseconds(0), "0 ns"}, {words.Nanoseconds(999), "999 ns"}, {words.Nanoseconds(1000), "1.00 µs"}, {words.Nanoseconds(12_345), "12.3 µs"},
		{words.Nanoseconds(999_999), "1.00 ms"}, {words.Nanoseconds(1e9), "1.00 s"}, {words.Nanoseconds(600e9), "600 s"}, {words.Nanoseconds(3600e9), "60.0 min"},
		{words.Nanoseconds(7200e9), "2.00 h"}, {words.Nanoseconds(48 * 3600e9), "2.00 days"}, {words.Nanoseconds(157e15), "4.98 years"}, {words.Nanoseconds(math.MaxInt64), "292 years"},
		{words.WholePercent(49.6), "50%"}, {words.WholePercent(1738.2), "1,738%"},
		{words.NanosecondsOrNone(nil), "-"},
		{words.ByteSize(24), "24 B"}, {words.ByteSize(98_765), "98.8 kB"}, {words.ByteSize(1_234_567_890), "1.23 GB"},
		{words.Percent(0.0), "0.0%"}, {words.Percent(0.0001), "<0.1%"}, {words.Percent(0.0005), "0.1%"}, {words.Percent(0.1234), "12.3%"}, {words.Percent(0.99999), ">99.9%"},
		{words.Percent(1.0), "100.0%"}, {words.Percent(2.5), "250.0%"}, {words.Percent(41.412), "4,141.2%"}, {words.Percent(Null), "-"},
		{words.Rate(Null), "-"}, {words.Rate(787_654_321.0), "788M"}, {words.Fixed(Null, 2), "-"}, {words.Fixed(1.23456, 2), "1.23"}, {words.Fixed(4141.15, 1), "4,141.1"}, {words.Fixed(-1234567.0, 0), "-1,234,567"}, {words.Fixed(-999.5, 1), "-999.5"},
		{words.ExactSeconds(0), "0"}, {words.Clock(59e9), "0 min"}, {words.Clock(36 * 3600e9), "1 d 12 h"}, {words.Clock(86_460e9 + 1), "1 d 1 min"},
		{words.Moment(0), "0 s"}, {words.Moment(700), "700 ns"}, {words.Moment(1_000_000), "0.001 s"}, {words.Moment(599_900_000_000), "599.9 s"}, {words.Moment(14_540_800_000_000), "14,540.8 s (4 h 2 min)"}, {words.ExactSeconds(10_023_456_789), "10.023456789"}, {words.ExactSeconds(1_500_000_000_000), "1,500"}, {words.ExactSeconds(100_000_000), "0.1"},
		{words.WithGap("788M"), "788 M"}, {words.WithGap("788"), "788 "},
		{words.Plural(1, "packet", "packets"), "1 packet"}, {words.Plural(0, "packet", "packets"), "0 packets"}, {words.Plural(1500, "packet", "packets"), "1,500 packets"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestBarAndLevel(t *testing.T) {
	for _, c := range []struct {
		n, most uint64
		bar     string
		level   int
	}{
		{0, 0, "", 0}, {0, 10, "", 0}, {1, math.MaxUint64, "▏", 1}, {1, 2, "███", 4}, {9, 16, "███▍", 5},
		{math.MaxUint64 - 1, math.MaxUint64, "██████", 8}, {48, 48, "██████", 8}, {47, 48, "█████▉", 8}, {6, 48, "▊", 1}, {7, 48, "▉", 2},
	} {
		if got := words.Bar(c.n, c.most); got != c.bar {
			t.Errorf("bar(%d, %d) = %q, want %q", c.n, c.most, got, c.bar)
		}
		if got := words.Level(c.n, c.most); got != c.level {
			t.Errorf("level(%d, %d) = %d, want %d", c.n, c.most, got, c.level)
		}
	}
}

func TestEndName(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.168.100.200"), netip.MustParseAddr("2001:db8:85a3:8d3:1319:8a2e:370:7348")
	for _, c := range []struct {
		addr  netip.Addr
		ports bool
		width int
		want  string
	}{
		{v4, true, 0, "192.168.100.200:443"}, {v4, false, 0, "192.168.100.200"}, {v4, true, 19, "192.168.100.200:443"},
		{v4, true, 18, "192.168…00.200:443"}, {v4, true, 3, "19…00:443"},
		{v6, true, 0, "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:443"}, {v6, false, 0, "2001:db8:85a3:8d3:1319:8a2e:370:7348"},
		{v6, true, 30, "[2001:db8:85a…2e:370:7348]:443"}, {v6, false, 20, "2001:db8:8…:370:7348"},
		{netip.Addr{}, true, 0, "invalid IP:443"},
	} {
		got := EndName(c.addr, 443, c.ports, c.width)
		if c.width >= 10 && words.DisplayWidth(got) > c.width {
			t.Errorf("endName(%v, %d) = %q is wider", c.addr, c.width, got)
		}
		if got != c.want {
			t.Errorf("endName(%v, %d) = %q, want %q", c.addr, c.width, got, c.want)
		}
	}
}

func TestSplitWidth(t *testing.T) {
	for _, c := range [][5]int{ // a, b, total, want a, want b
		{10, 10, 30, 10, 10}, {10, 30, 30, 10, 20}, {30, 10, 30, 20, 10}, {30, 30, 31, 15, 16}, {5, 40, 8, 4, 4},
	} {
		if a, b := SplitWidth(c[0], c[1], c[2]); a != c[3] || b != c[4] {
			t.Errorf("splitWidth(%d, %d, %d) = %d, %d, want %d, %d", c[0], c[1], c[2], a, b, c[3], c[4])
		}
	}
}

func TestTableRule(t *testing.T) {
	for _, c := range []struct {
		entries []int
		want    string
	}{
		{[]int{0, 1, 2, 0}, "4 entries, entry i is queue i mod 3"}, {[]int{0, 0, 1, 1}, "4 entries, entry i is queue i × 2 ÷ 4"},
		{[]int{0, 1, 1, 0}, "4 entries"}, {[]int{0}, "1 entry, entry i is queue i mod 1"}, {nil, "0 entries"},
	} {
		table := TableReport{Size: len(c.entries), Entries: c.entries}
		if got := table.InWords(); got != c.want {
			t.Errorf("%v is in words %q, want %q", c.entries, got, c.want)
		}
	}
}

func TestExactDuration(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0 ns", 1: "1 ns", 999: "999 ns", 1000: "1 µs", 819_200: "819.2 µs", 100e6: "100 ms", 999_999_999: "999.999999 ms",
		1e9: "1 s", 1_024e8: "102.4 s", 599_999e6: "599.999 s", 600e9: "600 s (10 min)", 3_276_800e6: "3,276.8 s (54 min)", 3_600e9: "3,600 s (1 h)",
		1<<63 - 1: "9,223,372,036.854775807 s (106,751 d 23 h 47 min)",
	} {
		if got := words.ExactDuration(ns); got != want {
			t.Errorf("exactDuration(%d) = %q, want %q", ns, got, want)
		}
	}
}
