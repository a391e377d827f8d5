package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
	"rssreplay/report/text"
)

func written(t testing.TB, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// readWhole reads a report and holds its flows.
func readWhole(stored string) (*report.Report, error) {
	var flows []report.Flow
	r, err := report.ReadJSON(strings.NewReader(stored), func(_ *report.Report, f *report.Flow) { flows = append(flows, *f) })
	if err == nil {
		r.Flows = slices.Values(flows)
	}
	return r, err
}

// What was read is written as it was.
func TestReadJSON(t *testing.T) {
	for name, r := range map[string]*report.Report{
		"cpus8": fixture.New(8, 200, fixture.AllModes...), "affinity": fixture.WithAffinity(fixture.New(4, 30, "rss-msix")), "empty": fixture.Empty(), "sent": fixture.OnlySent(),
		"rps": fixture.WithRPS(fixture.New(4, 30, "rss-msix", "non-rss")),
	} {
		r.Notes, r.Caveats = nil, nil // which are not read
		want := written(t, r)
		read, err := readWhole(want)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, written(t, read)); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
	}
}

func TestReadJSONRefuses(t *testing.T) {
	good := written(t, fixture.New(2, 5, "rss-msix"))
	replaced := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the report has no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for stored, want := range map[string]string{
		"":                 "is no whole report (it ends early)",
		good[:len(good)/2]: "is no whole report (it ends early)",
		"hello":            "is no whole report (it is no JSON: invalid character",
		"{}":               `is of schema "", not "rssreplay/report/v1"`,
		replaced(report.Schema, report.CompareSchema):                  `is of schema "rssreplay/compare/v1"`,
		replaced(`"size": 128`, `"size":9`):                            "table: 128 of 9 entries are there",
		replaced(`"entries": [0,`, `"entries": [-1,`):                  "table: entry 0 is queue -1, of 2 queues",
		replaced(`"entries": [0,`, `"entries": [2,`):                   "table: entry 0 is queue 2, of 2 queues",
		replaced(`"modes": [`, `"modes": [],"was": [`):                 "there is no mode",
		replaced(`"cpus": [`, `"cpus": [],"was": [`):                   "mode rss-msix has no CPU",
		replaced(`"packets": `, `"packets": -`):                        "is no whole report (the number -1036789 before byte ",
		replaced("\n  \"flows\": [", "\n  \"flows\": {}, \"were\": ["): "the flows are no list",
		replaced(`{"protocol":"`, `{"protocol":7,"was":"`):             "flow 1: the number in it is out of place",
		replaced(`"parameters": {`, `"parameters":[],"a":{`):           `"[]" is no object`,
	} {
		_, err := readWhole(stored)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q…: error %v, want %s", stored, err, want)
		}
	}
}

// Another program may have sorted the members, so that the flows come before the modes.
func TestReadJSONSorted(t *testing.T) {
	r := fixture.New(4, 30, "rss-msix", "non-rss")
	r.Notes, r.Caveats = nil, nil // which are not read
	want := written(t, r)
	var members map[string]json.RawMessage // written sorted
	if err := json.Unmarshal([]byte(want), &members); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(sorted); strings.Index(text, `"flows":[{`) > strings.Index(text, `"modes":[`) {
		t.Fatal("the flows come after the modes")
	}
	read, err := readWhole(string(sorted))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, written(t, read)); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

// The flows are not held: a report may list a million.
func TestReadJSONHoldsNoFlows(t *testing.T) {
	const flows = 20000
	in := strings.NewReader(written(t, fixture.New(4, flows, "rss-msix")))
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n := inUse(), 0
	r, err := report.ReadJSON(in, func(r *report.Report, f *report.Flow) {
		if n++; f.Packets == 0 || len(f.Modes) != 1 || f.Modes[0].Mode != r.Modes[0].Mode {
			t.Fatalf("flow %d: %+v", n, f)
		}
		if n == flows {
			if now := inUse(); now > before+10*flows {
				t.Errorf("%d bytes are in use for %d flows", now-before, n)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if n != flows || r.FlowsTotal != flows {
		t.Errorf("%d flows, %d in all, want %d", n, r.FlowsTotal, flows)
	}
}

// Whatever is read can be compared and written.
func FuzzReadJSON(f *testing.F) {
	f.Add(written(f, fixture.New(2, 3, "rss-msix", "non-rss")))
	f.Add(written(f, fixture.Empty()))
	f.Add(`{"flows":[{}],"schema":"` + report.Schema + `"}`)
	f.Fuzz(func(t *testing.T, stored string) {
		flows := uint64(0)
		r, err := report.ReadJSON(strings.NewReader(stored), func(*report.Report, *report.Flow) { flows++ })
		if err != nil {
			return
		}
		if flows != r.FlowsTotal {
			t.Fatalf("%d flows are read, of %d", flows, r.FlowsTotal)
		}
		first := fixture.Compared(1, 2)
		c := &report.Compare{Capture: r.Capture, Scenarios: report.List[report.Scenario]{fixture.ScenarioOf("read", r), first.Scenarios[0]}}
		if err := text.WriteCompare(io.Discard, c, text.Options{}); err != nil {
			t.Fatal(err)
		}
		if err := report.WriteCompareJSON(io.Discard, c); err != nil {
			t.Fatal(err)
		}
	})
}
