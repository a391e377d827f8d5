package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// Where one queue drops all, it is not said twice how many that is.
func TestDroppedBy(t *testing.T) {
	d := &diagnosis{r: &report.Report{}, t: &Traffic{}, mode: &report.Mode{Totals: report.Totals{Drops: 23}}}
	cpu := 6
	for drops, want := range map[uint64]string{23: " by queue 6 on CPU 6", 20: ", 20 of them by queue 6 on CPU 6"} {
		if got := d.droppedBy(&report.Queue{Queue: 6, CPU: &cpu, Drops: drops}); got != want {
			t.Errorf("%d of 23: %q, want %q", drops, got, want)
		}
	}
}

// At another rate than the capture's, nothing follows from what its host took at its own.
func TestDropsAtAnotherRate(t *testing.T) {
	for _, scaled := range []bool{false, true} {
		r := hot(250, 250, 250, 250)
		backlog := uint64(5)
		m := &r.Modes[0]
		m.RPS, m.Totals.Drops, m.Totals.BacklogDrops = &report.RPS{}, 5, &backlog
		m.Queues = report.List[report.Queue]{{Drops: 5, Packets: 250}}
		m.CPUs[0].Backlog = &report.Backlog{BacklogDrops: backlog}
		d := newDiagnosis(r, &Traffic{Scaled: scaled})
		for _, f := range []*report.Finding{d.microburst(), d.backlogOverflow()} {
			if f == nil || strings.Contains(f.Evidence, "If this was taken on the receiver itself") == scaled {
				t.Errorf("scaled: %v: %+v", scaled, f)
			}
		}
	}
}

// A ring that drops is a problem where the costs are the machine's own; if the host itself
// captured these packets, they were not dropped.
func TestDropsOfWhatTheHostTook(t *testing.T) {
	for _, test := range []struct {
		source, taken string
		want          string
	}{
		{"default", "", report.Warning}, {"--packet-cost", "", report.Problem}, {"--packet-cost", "the capture says it", report.Note},
	} {
		r := hot(250, 250, 250, 250)
		r.Parameters = report.Parameters{{Name: "packet-cost", Value: "1µs", Source: test.source}}
		r.Modes[0].Totals.Drops = 5
		r.Modes[0].Queues = report.List[report.Queue]{{Drops: 5, Packets: 250}}
		if f := newDiagnosis(r, &Traffic{TakenOnHost: test.taken}).microburst(); f == nil || f.Severity != test.want {
			t.Errorf("%+v: %+v", test, f)
		}
	}
}

// More CPUs are the remedy as long as RSS reaches them; RPS, where it does not.
func TestMoreCPUsThanQueues(t *testing.T) {
	for most, want := range map[int]string{
		0:  "No CPU stands out: more CPUs; its effect: `rssreplay CAPTURE --cpus 6`.",
		64: "No CPU stands out: more CPUs; its effect: `rssreplay CAPTURE --cpus 6`.",
		4:  "No CPU stands out, and RSS of this NIC reaches at most 4 queues: RPS spreads behind it; its effect: `rssreplay CAPTURE --cpus 6 --rps 0-5`.",
	} {
		r := hot(250, 250, 250, 250)
		r.Table.Size = 128
		for i := range r.Modes[0].CPUs {
			r.Modes[0].CPUs[i].Utilization = 1
		}
		if got := newDiagnosis(r, &Traffic{MostQueues: most}).moreCPUs(); got != want {
			t.Errorf("at most %d queues: %s\nwant %s", most, got, want)
		}
	}
}

// Moderation makes the latency, unless a full ring does.
func TestModerationBesideDrops(t *testing.T) {
	for _, drops := range []uint64{0, 1} {
		r := hot(250, 250, 250, 250)
		r.Parameters = report.Parameters{{Name: "rx-usecs", Value: 1000, Source: "--rx-usecs"}}
		r.Modes[0].CPUs[0].Latency.P99 = new(int64(1_000_000))
		r.Modes[0].Totals.Drops = drops
		if f := newDiagnosis(r, &Traffic{}).longModeration(); (f != nil) != (drops == 0) {
			t.Errorf("%d drops: %+v", drops, f)
		}
	}
}

// More CPUs are named where they help: not for one flow, nor where something else loads the CPU.
func TestMoreCPUsForOneFlow(t *testing.T) {
	heavy := on(0, 700)
	for _, test := range []struct {
		largest *report.Flow
		found   string
		bearing report.Bearing
		want    string
	}{
		{&heavy, "elephant-flow", report.Explains, "More CPUs take no part of the heaviest flow. Split it over several connections."},
		{&heavy, "single-queue", report.Explains, "A more even load: more CPUs alone change little."},
		{nil, "few-flows", report.MayExplain, "A more even load, or more CPUs."},
	} {
		d := newDiagnosis(hot(800, 100, 50, 50), &Traffic{Flows: 100, Largest: test.largest})
		d.found = report.List[report.Finding]{{ID: test.found, Bearing: test.bearing}}
		if got := d.moreCPUs(); got != test.want {
			t.Errorf("%s: %q, want %q", test.found, got, test.want)
		}
	}
}
