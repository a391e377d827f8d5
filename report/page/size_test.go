package page

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
)

// besideData is what a page may have beside the data that its script reads; of more scenarios
// than 16 each adds its figures, its table's map and its heads.
func besideData(scenarios int) int { return 300_000 + 2_200*max(0, scenarios-16) }

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

// However many CPUs, windows, entries and scenarios there are, a page is small beside its data.
func TestHTMLSizeBesideData(t *testing.T) {
	check := func(name string, scenarios int, page []byte) {
		t.Helper()
		data := dataOf(page)
		if beside := len(page) - len(data); len(data) == 0 || beside > besideData(scenarios) {
			t.Errorf("%s: %d bytes beside %d of data, want at most %d", name, beside, len(data), besideData(scenarios))
		}
	}
	for i, cpus := range []int{2, 16, 64, 128} {
		r := busy(fixture.WithTable(fixture.New(cpus, 60, fixture.AllModes...), 2048), uint64(i))
		check(fmt.Sprint(cpus, " CPUs"), 1, htmlOf(t, withSteered(fixture.WithFindings(fixture.WithFlows(r, 500)))))
	}
	for _, scenarios := range []int{16, 64} {
		for _, cpus := range []int{16, 128} {
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
				s.Name, s.Modes = fmt.Sprint("layout=equal:8,start:", k), busy(r, uint64(k)).Modes
				s.Table = fixture.WithTable(fixture.New(cpus, 20, report.RSSMSIX), 512).Table
			}
			check(fmt.Sprint(scenarios, " scenarios of ", cpus, " CPUs"), scenarios, compareHTML(t, c))
		}
	}
	check("suggestions", 1, suggestHTML(t, suggested()))
}
