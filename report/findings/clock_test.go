package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// Sorting mends leaps back, and a part of the capture has no leap ahead.
func TestRemedyForLeaps(t *testing.T) {
	for _, test := range []struct {
		ahead, back uint64
		sort, part  bool
	}{{1, 0, false, true}, {0, 1, true, false}, {1, 1, true, true}} {
		d := newDiagnosis(&report.Report{}, &Traffic{LeapsAhead: Leaps{Packets: test.ahead}, LeapsBack: Leaps{Packets: test.back}})
		remedy := d.leap().Remedy
		if strings.Contains(remedy, "reordercap") != test.sort || strings.Contains(remedy, "--from") != test.part {
			t.Errorf("%d leaps ahead, %d back: %s", test.ahead, test.back, remedy)
		}
	}
}

// The parts before and after a leap ahead are commands to paste, where it is known where
// it is.
func TestPartsAroundLeap(t *testing.T) {
	d := newDiagnosis(&report.Report{}, &Traffic{
		Command:    []Argument{{Value: "a b.pcap"}, {"--cpus", "8"}, {"--from", "1s"}},
		LeapsAhead: Leaps{Packets: 1, First: 5, FirstAt: 157e15 + 3},
	})
	want := "What came before it: `rssreplay 'a b.pcap' --cpus 8 --to 43611h6m40.000000003s`; what came after: `rssreplay 'a b.pcap' --cpus 8 --from 43611h6m40.000000003s`."
	if got := d.leap().Remedy; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNoClock(t *testing.T) {
	for _, test := range []struct {
		packets, back uint64
		want          string
	}{
		{2, 0, "Both packets have the same timestamp: the capture has no clock."},
		{3000, 0, "All 3,000 packets have the same timestamp: the capture has no clock."},
		{2, 1, "No packet has a later timestamp than the first: the capture has no clock."},
	} {
		d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: test.packets, TimestampRegressions: test.back}}, &Traffic{})
		if f := d.clockStill(); f == nil || f.Summary != test.want {
			t.Errorf("%d packets, %d back: %v, want %q", test.packets, test.back, f, test.want)
		}
	}
}

// TestClockOfNoLink has packets that come faster than any link carries them; as fast as one
// does, as GRO makes them of a whole DPC; and in a capture with a damaged length.
func TestClockOfNoLink(t *testing.T) {
	for _, test := range []struct {
		packets, bytes, largest uint64
		duration, span          int64
		want                    string
	}{
		{3000, 3000 * 1500, 0, 3000, 3000, "3,000 packets come within 3.00 µs, at 12.0 Tbit/s: no link carries as much, so their timestamps are no clock's."},
		{3000, 3000 * 1500, 0, 3000, 3600e3, ""}, // by --rate
		{3000, 3000 * 1500, 0, 3600e3, 3000, ""}, // likewise
		{3000, 3000 * 1500, 0, 36000, 36000, ""},
		{3000, 3000 * 65000, 65226, 2000e3, 2000e3, ""}, // 780 Gbit/s
		{3000, 3000*1500 + 1<<30, 1 << 30, 3e6, 3e6, ""},
		{199, 199 * 1500, 0, 199, 199, ""},
	} {
		d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: test.packets, Bytes: test.bytes, Duration: test.duration}, Span: test.span}, &Traffic{Grain: 1, LargestPacket: test.largest})
		switch f := d.clockStill(); {
		case f == nil && test.want != "", f != nil && f.Summary != test.want:
			t.Errorf("%+v: %+v", test, f)
		}
	}
}

// What comes at one instant fills the rings: that the shares are of the rest is said, and how
// to see those of all.
func TestNoClockDrops(t *testing.T) {
	const drops, room = " 400 packets are dropped here, as the rings are full at once, and count for no CPU.", "Rings that have room for all show the shares of all: `rssreplay a.pcap --rx-ring 1048576`. "
	for _, test := range []struct {
		drops  uint64
		ring   int
		drop   bool
		remedy bool
	}{{0, 512, false, false}, {400, 512, true, true}, {400, 1 << 20, true, false}} {
		m := report.Mode{Mode: "rss-msix", Totals: report.Totals{Drops: test.drops}}
		r := &report.Report{Capture: report.Capture{Packets: 3000, Received: 3000}, Modes: report.List[report.Mode]{m}, Parameters: report.Parameters{{Name: "rx-ring", Value: test.ring}}}
		f := newDiagnosis(r, &Traffic{Command: []Argument{{Value: "a.pcap"}}}).clockStill()
		if f == nil || strings.HasSuffix(f.Evidence, drops) != test.drop || strings.HasPrefix(f.Remedy, room) != test.remedy {
			t.Errorf("%+v: %+v", test, f)
		}
	}
}

// A clock of 1 ms is one where packets share its steps: 1,000 packets, each a step after the
// last, share none.
func TestClockOfWholeSteps(t *testing.T) {
	for duration, found := range map[int64]bool{999e6: false, 998e6: true, 2000e6: false} {
		d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: 1000, Received: 1000, Duration: duration}}, &Traffic{Grain: 1e6})
		if f := d.clockStill(); (f != nil) != found {
			t.Errorf("1,000 packets in %d ns: found %v", duration, f)
		}
	}
}

// Many packets far back arrive with others at one instant: their burst is no traffic's. Those of
// several queues lie back by less.
func TestManyBack(t *testing.T) {
	for _, test := range []struct {
		packets     uint64 // of each CPU
		regressions uint64
		behind      int64
		overlaps    uint64
		found       bool
	}{{250, 300, 300e6, 0, true}, {250, 300, 50e3, 0, false}, {250, 3, 300e6, 0, false}, {250, 300, 300e6, 1, false}, {40, 30, 300e6, 0, false}} {
		r := hot(test.packets, test.packets, test.packets, test.packets)
		r.Capture.TimestampRegressions, r.Capture.Overlaps = test.regressions, test.overlaps
		r.Modes[0].Totals.Drops = 5
		r.Modes[0].Queues = report.List[report.Queue]{{Drops: 5, Packets: 250}}
		all := Diagnose(r, &Traffic{Behind: test.behind, WithPorts: report.Null, InnerBalance: report.Null})
		var clock, drops bool
		for _, f := range all {
			clock = clock || f.ID == "clock-leap" && strings.HasPrefix(f.Summary, "300 of 1,000 packets lie before an earlier one, by up to 300 ms") && strings.Contains(f.Remedy, "`reordercap CAPTURE sorted.pcap`")
			drops = drops || f.ID == "microburst"
		}
		if test.overlaps > 0 && !strings.Contains(all[0].Evidence, " 300 of 1,000 packets lie back") {
			t.Errorf("%+v: %+v", test, all[0])
		}
		if clock != test.found || drops == (test.found || test.overlaps > 0) {
			t.Errorf("%+v: %+v", test, all)
		}
	}
}

// The parts before and after the one leap back are commands to paste; several parts, or a leap
// ahead beside it, take more than two.
func TestPartsAroundLeapBack(t *testing.T) {
	want := "What came before it: `rssreplay CAPTURE --to 2s`; and after it: `rssreplay CAPTURE --from 2.000000001s`."
	for _, test := range []struct {
		back, ahead Leaps
		restarts    uint64
		parts       bool
	}{
		{Leaps{Packets: 1, First: 9, FirstAt: 2e9}, Leaps{}, 1, true},
		{Leaps{Packets: 2, First: 9, FirstAt: 2e9}, Leaps{}, 2, false},
		{Leaps{Packets: 1, First: 9, FirstAt: 2e9}, Leaps{}, 0, false}, // a single packet that lies back
		{Leaps{Packets: 1, First: 9, FirstAt: 2e9}, Leaps{Packets: 1, First: 20, FirstAt: 3e9}, 1, false},
	} {
		got := newDiagnosis(&report.Report{}, &Traffic{LeapsBack: test.back, LeapsAhead: test.ahead, Restarts: test.restarts}).leap().Remedy
		if strings.Contains(got, want) != test.parts || strings.Contains(got, "reordercap") == test.parts {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
