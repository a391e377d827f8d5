package page

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
)

// besideData is what a page may have beside the data that its script reads.
const besideData = 300_000

// busy gives every window of every CPU another load, the least that a drawing can shorten.
func busy(r *report.Report, seed uint64) *report.Report {
	random := rand.New(rand.NewPCG(seed, 120))
	fixture.WithWindows(r, 120)
	for i := range r.Modes {
		for k := range r.Modes[i].Series.CPUs {
			for w := range r.Modes[i].Series.CPUs[k].Packets {
				r.Modes[i].Series.CPUs[k].Packets[w] = random.Uint64N(1 << random.IntN(16))
			}
		}
		r.Modes[i].Derive()
	}
	return r
}

// However many CPUs, windows, entries, flows and scenarios there are, a page is small beside
// its data, and has no more of that than a browser likes.
func TestHTMLSize(t *testing.T) {
	check := func(name string, page []byte) {
		t.Helper()
		data := dataOf(page)
		if beside := len(page) - len(data); len(data) == 0 || beside > besideData || len(page) > pageRoom {
			t.Errorf("%s: %d bytes beside %d of data, want at most %d, and %d in all", name, beside, len(data), besideData, pageRoom)
		}
	}
	for i, cpus := range []int{2, 16, 64, 128} {
		r := busy(fixture.WithTable(fixture.New(cpus, 60, fixture.AllModes...), 2048), uint64(i))
		check(fmt.Sprint(cpus, " CPUs"), htmlOf(t, withSteered(fixture.WithFindings(fixture.WithFlows(r, 500)))))
	}
	const cpus = 128
	table := fixture.WithTable(fixture.New(cpus, 20, report.RSSMSIX), 512).Table
	for _, scenarios := range []int{16, 64} {
		c := fixture.Compared(4, cpus)
		for k := len(c.Scenarios); k < scenarios; k++ {
			c.Scenarios = append(c.Scenarios, c.Scenarios[k%4])
		}
		for k := range c.Scenarios {
			s := &c.Scenarios[k]
			r := &report.Report{Modes: append([]report.Mode(nil), s.Modes...)}
			for i := range r.Modes {
				r.Modes[i].Series.CPUs = append([]report.SeriesCPU(nil), r.Modes[i].Series.CPUs...)
			}
			s.Name, s.Modes, s.Table = fmt.Sprint("layout=equal:8,start:", k), busy(r, uint64(k)).Modes, table
		}
		check(fmt.Sprint(scenarios, " scenarios of ", cpus, " CPUs"), compareHTML(t, c))
	}
	check("suggestions", suggestHTML(t, suggested()))
}
