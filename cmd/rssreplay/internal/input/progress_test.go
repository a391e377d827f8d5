package input

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestProgressLine(t *testing.T) {
	for _, test := range []struct {
		packets, bytes, size int64
		since                time.Duration
		want                 string
	}{
		{1_500_000, 105_000_000, 420_000_000, 1500 * time.Millisecond, "rssreplay: 25% of 420.0 MB, 1.5 M packets, 1.00 M packets/s, 5s left"},
		{1_500_000, 105_000_000, -1, 1500 * time.Millisecond, "rssreplay: 105.0 MB, 1.5 M packets, 1.00 M packets/s"},
		{0, 0, 420_000_000, time.Second, "rssreplay: 0% of 420.0 MB, 0 packets, 0 packets/s"},
		{12_345, 105_000_000, -1, 1500 * time.Millisecond, "rssreplay: 105.0 MB, 12,345 packets, 8,230 packets/s"},
		{0, 0, 0, time.Second, "rssreplay: 0.0 MB, 0 packets, 0 packets/s"},
		{10, 430, 420, time.Second, "rssreplay: 100% of 0.0 MB, 10 packets, 10 packets/s, 0s left"},
		{10, 1, 92_000_000_000_000, time.Hour, "rssreplay: 0% of 92000000.0 MB, 10 packets, 0 packets/s"},
	} {
		got := progressLine(test.packets, test.bytes, test.size, test.since)
		if got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
	if long := progressLine(math.MaxInt32, 1<<40, 1<<41, 20*time.Second); len(long) >= 80 {
		t.Errorf("%d columns: %s", len(long), long)
	}
}

// TestProgressWipesItself: each line covers the one before, and nothing stays.
func TestProgressWipesItself(t *testing.T) {
	var out strings.Builder
	seen, shown := make(chan bool, 1), 0
	p := &progress{out: &out, read: func() (int64, int64, int64) {
		if shown++; shown == 3 {
			seen <- true
		}
		return int64(shown), 50, 100
	}}
	stop := p.start(time.Millisecond, time.Millisecond)
	<-seen
	stop()
	lines := strings.Split(out.String(), "\r")
	if lines[0] != "" || lines[len(lines)-1] != "" || strings.TrimSpace(lines[len(lines)-2]) != "" {
		t.Errorf("%q", out.String())
	}
	for _, line := range lines[:len(lines)-2] {
		if line != "" && !strings.HasPrefix(line, "rssreplay: 50% of 0.0 MB, ") {
			t.Errorf("%q", line)
		}
	}
	if len(lines[len(lines)-2]) < len(strings.TrimRight(lines[len(lines)-3], " ")) {
		t.Errorf("%q is not wiped away by %q", lines[len(lines)-3], lines[len(lines)-2])
	}

	// No line is as wide as the terminal: it would wrap, and stay.
	out.Reset()
	narrow := &progress{out: &out, width: func() int { return 20 }}
	narrow.show("rssreplay: 50% of 100.0 MB")
	narrow.show("")
	if want := "\rrssreplay: 50% of 1\r" + strings.Repeat(" ", 19); out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}

	out.Reset()
	(&progress{out: &out}).start(time.Hour, time.Hour)()
	if out.Len() > 0 {
		t.Errorf("a short replay shows %q", out.String())
	}
}
