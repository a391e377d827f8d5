package csv

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
	"rssreplay/report/markdown"
)

func written(t *testing.T, table string, r *report.Report) string {
	t.Helper()
	tables := Tables()
	i := slices.IndexFunc(tables, func(c Table[report.Report]) bool { return c.Name == table })
	var b strings.Builder
	if err := tables[i].Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCSVGolden(t *testing.T) {
	r := fixture.New(4, 7, "rss-msix", "non-rss")
	var all strings.Builder
	for _, table := range Tables() {
		all.WriteString(table.Name + "\n" + written(t, table.Name, r))
	}
	fixture.Golden(t, "cpus4.csv", []byte(all.String()))
	var b strings.Builder
	for _, table := range CompareTables() {
		b.WriteString(table.Name + "\n")
		if err := table.Write(&b, fixture.Compared(3, 4)); err != nil {
			t.Fatal(err)
		}
	}
	fixture.Golden(t, "compare3.csv", []byte(b.String()))
}

// Every table of every report is well-formed: lines end in CR LF, and each has as
// many cells as the head.
func TestCSVForm(t *testing.T) {
	for name, r := range map[string]*report.Report{
		"fixture": fixture.New(8, 30, fixture.AllModes...), "hostile": fixture.HostileReport(), "empty": fixture.Empty(), "zero": {}, "sent": fixture.OnlySent(),
	} {
		for _, table := range Tables() {
			text := written(t, table.Name, r)
			if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
				t.Errorf("%s, %s: a line does not end in CR LF", name, table.Name)
			}
			if _, err := csv.NewReader(strings.NewReader(text)).ReadAll(); err != nil {
				t.Errorf("%s, %s: %v", name, table.Name, err)
			}
		}
	}
	c := fixture.Compared(2, 4)
	c.Scenarios[1].Name = "=cmd|' /C calc'!A0"
	for _, c := range []*report.Compare{c, {}} {
		for _, table := range CompareTables() {
			var b strings.Builder
			if err := table.Write(&b, c); err != nil {
				t.Fatal(err)
			}
			records, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
			if err != nil {
				t.Errorf("compare, %s: %v", table.Name, err)
			}
			for _, cell := range slices.Concat(records...) {
				if strings.HasPrefix(cell, "=") {
					t.Errorf("compare, %s: the cell %q", table.Name, cell)
				}
			}
		}
	}
}

// Receive packet steering has its columns, which are empty without it, and each flow the
// stage that chose its CPU.
func TestCSVSteering(t *testing.T) {
	rule := fixture.New(4, 7, "rss-msix")
	rule.Rules = report.List[report.Rule]{{Filter: 7, Kind: "tcp4", Action: "queue 2", Queue: new(2), Packets: 5, Bytes: 300, Flows: 1}}
	if got, want := written(t, "rules", rule), "filter,kind,action,queue,context,packets,bytes,flows\r\n7,tcp4,queue 2,2,,5,300,1\r\n"; got != want {
		t.Errorf("rules: %q, want %q", got, want)
	}
	with, without := fixture.WithRPS(fixture.New(4, 7, "rss-msix", "non-rss")), fixture.New(4, 7, "rss-msix", "non-rss")
	for _, c := range []struct {
		table, head       string
		row               int
		with, withoutCell string
	}{
		{"cpus", "steered_away", 1, fmt.Sprint(with.Modes[0].RPS.Steered), ""},
		{"cpus", "from_backlog", 3, fmt.Sprint(with.Modes[0].CPUs[2].Packets), ""},
		{"cpus", "ipis", 2, "101", ""},
		{"cpus", "backlog_max", 4, "13", ""},
		{"cpus", "backlog_drops", 2, "7", ""},
		{"modes", "steered_packets", 1, fmt.Sprint(with.Modes[0].RPS.Steered), ""},
		{"modes", "own_hash_packets", 2, "5", ""},
		{"modes", "backlog_drops", 2, "7", ""},
		{"flows", "rss-msix by", 1, "rss", "rss"},
		{"flows", "rss-msix by", 2, "rps", "rss"},
		{"flows", "rss-msix by", 7, "rps", ""}, // without a hash
		{"flows", "non-rss by", 1, "", ""},
	} {
		for r, want := range map[*report.Report]string{with: c.with, without: c.withoutCell} {
			records, err := csv.NewReader(strings.NewReader(written(t, c.table, r))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			column := slices.Index(records[0], c.head)
			if column < 0 || records[c.row][column] != want {
				t.Errorf("%s, row %d, %q (column %d): %q, want %q", c.table, c.row, c.head, column, records[c.row], want)
			}
		}
	}
}

// No cell is a formula to a spreadsheet, unless it is a number.
func TestCSVFormulas(t *testing.T) {
	for _, s := range []string{"=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "--cpus"} {
		r := fixture.HostileReport()
		r.Parameters = report.Parameters{{Name: s, Value: s, Source: s}}
		r.Findings = []report.Finding{{ID: s, Severity: s, Summary: s, Evidence: s, Remedy: s}}
		r.Modes[0].Mode = s
		r.Flows = slices.Values([]report.Flow{{Protocol: s, HashType: s, Packets: 1, Modes: []report.FlowMode{{Mode: s}}}})
		for _, table := range Tables() {
			records, err := csv.NewReader(strings.NewReader(written(t, table.Name, r))).ReadAll()
			if err != nil {
				t.Fatalf("%s: %v", table.Name, err)
			}
			for _, cell := range slices.Concat(records...) {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("%s: the cell %q", table.Name, cell)
				}
			}
		}
	}
	for in, want := range map[any]string{
		"=1": "'=1", "a=1": "a=1", int64(-5): "-5", uint64(1<<64 - 1): "18446744073709551615", report.Fraction(-0.5): "-0.500000", report.Null: "", "a\nb": `a\nb`, "": "",
	} {
		if got := cellText(in); got != want {
			t.Errorf("the cell of %#v is %q, want %q", in, got, want)
		}
	}
}

func TestCSVWriteErrors(t *testing.T) {
	r := fixture.WithFlows(fixture.New(4, 5, "rss-msix"), 100_000)
	for _, n := range []int{0, 5_000} {
		if err := Tables()[0].Write(&fixture.FailingWriter{N: n}, r); !errors.Is(err, fixture.ErrFull) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// A hash that is withheld is in no format.
func TestWithheldHash(t *testing.T) {
	r := fixture.New(4, 7, "rss-msix")
	flows := slices.Collect(r.Flows)
	for i := range flows {
		flows[i].HashWithheld, flows[i].Hash, flows[i].Index = true, 0, 0
	}
	r.Flows = slices.Values(flows)
	if text := written(t, "flows", r); strings.Contains(text, "0x") || !strings.Contains(text, ",,tcp_ipv4,,") {
		t.Errorf("CSV:\n%s", text)
	}
	if text := inMarkdown(t, r); strings.Contains(text, "0x") || !strings.Contains(text, "| - | `tcp_ipv4` | - |") {
		t.Errorf("Markdown:\n%s", text)
	}
}

// Their CSV tables have as many cells in each row as in the head, and no formula.
func TestSuggestVerifyAndCalibrateCSV(t *testing.T) {
	check := func(name, text string) {
		t.Helper()
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(records) < 2 {
			t.Errorf("%s: %d lines, %v", name, len(records), err)
		}
		for _, cell := range slices.Concat(records...) {
			if strings.HasPrefix(cell, "=") {
				t.Errorf("%s: the cell %q", name, cell)
			}
		}
	}
	for _, table := range CalibrationTables() {
		var b strings.Builder
		if err := table.Write(&b, &report.Calibration{LeftOut: report.List[report.LeftOut]{{Reason: "idle", CPU: 3, Windows: 5, What: "x"}}}); err != nil {
			t.Fatal(err)
		}
		if want := "reason,cpu,windows,what\r\nidle,3,5,x\r\n"; table.Name == "left_out" && b.String() != want {
			t.Errorf("%q, want %q", b.String(), want)
		}
	}
	const formula = "=cmd|' /C calc'!A0"
	for _, table := range SuggestTables() {
		var b strings.Builder
		if err := table.Write(&b, fixture.HostileSuggest(formula)); err != nil {
			t.Fatal(err)
		}
		check(table.Name, b.String())
	}
	v := fixture.HostileVerify(formula)
	v.Fit, v.Null = &report.VerifyFit{Alpha: 0.5, Beta: 7, Queue: 1, Residual: 0.25}, &report.VerifyNull{Trials: 99, Least: 0.125, AsGood: 3}
	for _, table := range VerifyTables() {
		var b strings.Builder
		if err := table.Write(&b, v); err != nil {
			t.Fatal(err)
		}
		check(table.Name, b.String())
		if table.Name == "verdict" && !strings.Contains(b.String(), "\r\nevidence,") {
			t.Errorf("no evidence in %q", b.String())
		}
		if want := "\r\nsource,records\r\nunit,\r\nalpha,0.500000\r\nbeta_packets,7\r\nbeta_queue,1\r\nresidual,0.250000\r\nnull_trials,99\r\nnull_least,0.125000\r\nnull_as_good,3\r\n"; table.Name == "verdict" && !strings.HasSuffix(b.String(), want) {
			t.Errorf("%q does not end in %q", b.String(), want)
		}
	}
}

func inMarkdown(t *testing.T, r *report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := markdown.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
