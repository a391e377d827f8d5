package report_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
	"rssreplay/report/internal/words"
	"rssreplay/report/markdown"
	"rssreplay/report/page"
	"rssreplay/report/text"
)

func TestSteeringRoles(t *testing.T) {
	cpu := func(number int, handsOn, packets uint64) report.CPU {
		return report.CPU{CPU: number, Packets: packets, Backlog: &report.Backlog{SteeredAway: handsOn}}
	}
	for _, c := range []struct {
		cpus []report.CPU
		want string
	}{
		{[]report.CPU{cpu(0, 9, 0), cpu(1, 0, 9)}, "CPU 0 takes packets from queues and hands them on; CPU 1 does the protocol work."},
		{[]report.CPU{cpu(0, 9, 5), cpu(1, 9, 5), cpu(4, 9, 5), cpu(6, 0, 5)}, "CPUs 0-1,4 take packets from queues and hand them on; CPUs 0-1,4,6 do the protocol work."},
		{[]report.CPU{cpu(0, 9, 0), cpu(1, 0, 0)}, "CPU 0 takes packets from queues and hands them on."}, // a backlog that takes none
	} {
		m := report.Mode{RPS: &report.RPS{Steered: 9}, CPUs: c.cpus}
		if got := m.SteeringRoles(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := (&report.Mode{CPUs: []report.CPU{cpu(0, 9, 0)}}).SteeringRoles(); got != "" {
		t.Errorf("without: %q", got)
	}
}

// A scenario whose backlogs drop is not praised for its rings, and that it works less has that
// reason beside it.
func TestBacklogDropsAreCompared(t *testing.T) {
	c := fixture.Compared(2, 4)
	for i := range c.Scenarios[0].Mode().Queues {
		c.Scenarios[0].Mode().Queues[i].Drops = uint64(i)
	}
	with := c.Scenarios[1].Mode()
	with.RPS, with.CPUs[1].Backlog = &report.RPS{Steered: with.Totals.Packets}, &report.Backlog{BacklogDrops: 9}
	for i := range with.Queues {
		with.Queues[i].Drops = 0
	}
	for i := range c.Scenarios {
		c.Scenarios[i].Mode().Derive()
	}
	for _, f := range report.ComparedFigures(c.Scenarios) {
		if got := c.Marked(&f); f.Metric == "drops" && !slices.Equal(got, []bool{true, false}) {
			t.Errorf("%v drop least: 6 packets are dropped by rings, and 9 by backlogs", got)
		}
	}
	c.Scenarios[1].Parameters = c.Scenarios[0].Parameters
	sentences := strings.Join(c.SteeringSentences(), " ")
	if want := "9 packets ("; !strings.Contains(sentences, want) || !strings.HasSuffix(sentences, "dropped without.") {
		t.Errorf("%q has no %q", sentences, want)
	}
}

// What RPS leaves as it was is not called a change.
func TestSteeringThatChangesNothing(t *testing.T) {
	c := fixture.Compared(2, 4)
	c.Scenarios[1].Modes, c.Scenarios[1].Parameters = slices.Clone(c.Scenarios[0].Modes), c.Scenarios[0].Parameters
	with := c.Scenarios[1].Mode()
	with.RPS = &report.RPS{Steered: with.Totals.Packets}
	busy := words.Percent(report.MaxUtilization(with))
	want := "RPS, under “" + c.Scenarios[1].Name + "”, would leave the busiest CPU " + busy + " busy, and costs 0.0% more"
	if got := c.SteeringSentences(); len(got) != 1 || !strings.HasPrefix(got[0], want) {
		t.Errorf("%q, want one that begins with %q", got, want)
	}
}

// What RPS does is told beside the scenario that has all else alike, and of none where there is
// no such.
func TestSteeringIsToldBesideItsLike(t *testing.T) {
	c := fixture.Compared(3, 4)
	like, with := &c.Scenarios[1], &c.Scenarios[2]
	with.Mode().RPS = &report.RPS{Steered: 9}
	if got := c.SteeringSentences(); len(got) > 0 {
		t.Errorf("%q, though the layouts differ, too", got)
	}
	with.Parameters = append(slices.Clone(like.Parameters),
		report.Parameter{Name: "rps", Value: "0-3"}, report.Parameter{Name: "rps-hash", Value: "nic"}, report.Parameter{Name: "backlog", Value: 9})
	like.Mode().CPUs[0].DPCTime += 1e9
	like.Mode().Derive()
	want := "from " + words.Percent(report.MaxUtilization(like.Mode())) + " to "
	if got := c.SteeringSentences(); len(got) != 1 || !strings.Contains(got[0], want) {
		t.Errorf("%q has no %q, of the second scenario", got, want)
	}
}

// Each format for people has the counters of the second hop, who does what, and the stage
// of each flow; and none of it without.
func TestSteeringIsInAllFormats(t *testing.T) {
	formats := map[string]struct {
		write func(w io.Writer, r *report.Report) error
		want  []string
	}{
		"text": {func(w io.Writer, r *report.Report) error { return text.Write(w, r, text.Options{Width: 200}) },
			[]string{"steered on", "from backlog", "IPIs", "backlog max", "backlog drops", " rps", " rss", "CPU 0 takes packets from queues and hands them on; CPU"}},
		"markdown": {markdown.Write,
			[]string{"| steered on | from backlog | IPIs | backlog max | backlog drops |", "chosen by", "`rps`", "`rss`", "CPU 0 takes packets from queues and hands them on; CPU"}},
		"page": {page.Write,
			[]string{">steered on<", ">from backlog<", ">IPIs<", ">backlog max<", ">backlog drops<", ">0\u00a0↷<", "marks a CPU that hands packets on", "CPU 0 takes packets from queues and hands them on; CPU"}},
	}
	for name, f := range formats {
		var with, without bytes.Buffer
		if err := f.write(&with, fixture.WithRPS(fixture.New(4, 7, "rss-msix"))); err != nil {
			t.Fatal(err)
		}
		if err := f.write(&without, fixture.New(4, 7, "rss-msix")); err != nil {
			t.Fatal(err)
		}
		for _, want := range f.want {
			if !strings.Contains(with.String(), want) {
				t.Errorf("%s has no %q", name, want)
			}
		}
		for _, steering := range []string{"steered on", "from backlog", "protocol work", "↷", "chosen by"} {
			if strings.Contains(without.String(), steering) {
				t.Errorf("%s without receive packet steering has %q", name, steering)
			}
		}
	}
}
