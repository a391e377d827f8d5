package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCompareNumbers reads the numbers of each format of a comparison back, and of diff,
// which has the same: they are the JSON's.
func TestCompareNumbers(t *testing.T) {
	sample := func(name string) string { return filepath.Join(repository(t), "pcaps", "samples", name) }
	dir := t.TempDir()
	out := func(name string) string { return filepath.Join(dir, name) }
	runs(t, sample("elephant.pcap"), "--cpus", "4", "--mode", "all", "--flows", "all", "-o", out("old.json"))
	runs(t, sample("elephant.pcap"), "--cpus", "3", "--layout", "block", "--rx-ring", "4", "--flows", "all", "-o", out("new.json"))
	for name, args := range map[string][]string{
		"compare": {"compare", sample("web.pcap"), "--cpus", "4", "--mode", "all", "--layout", "equal", "--scenario", "few: cpus=2 rx-ring=4"},
		"earlier": {"compare", sample("elephant.pcap"), "--report", out("old.json"), "--layout", "weight:1,2,3"},
		"diff":    {"diff", out("old.json"), out("new.json")},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			out := func(name string) string { return filepath.Join(dir, name) }
			runs(t, append(args, "-o", out("c.json"), "-o", out("c.md"), "-o", out("c.txt"), "-o", out("c.html"), "-o", out("c.csv"), "-o", dir+"/", "--width", "200")...)
			read := func(name string) string {
				data, err := os.ReadFile(out(name))
				if err != nil {
					t.Fatal(err)
				}
				return string(data)
			}
			if read("c.csv") != read("figures.csv") {
				t.Error("the first table is not that of the figures")
			}
			var compare object
			decoded(t, read("c.json"), &compare)
			scenarios := objects(compare["scenarios"])
			for _, s := range scenarios {
				sameInCSV(t, s, func(table string) (rows []map[string]string) {
					for _, row := range csvTable(t, read(table+".csv")) {
						if row["scenario"] == at(s, "name") {
							delete(row, "scenario")
							rows = append(rows, row)
						}
					}
					return rows
				})
			}
			for _, row := range csvTable(t, read("best.csv")) {
				if want := compare["best"].(object)[row["metric"]]; row["scenario"] != "null" && row["scenario"] != want || row["scenario"] == "null" && want != nil {
					t.Errorf("best %s is %s, in JSON %v", row["metric"], row["scenario"], want)
				}
			}
			shown := map[string]map[string][]string{ // by format and label, of each scenario
				"CSV": csvFigures(csvTable(t, read("figures.csv"))), "HTML": pageFigures(readPage(t, read("c.html")), scenarios),
				"Markdown": cellFigures(markdownTables(read("c.md"))[folded("All figures of the scenarios")]), "text": textFigures(read("c.txt")),
			}
			for format, figures := range shown {
				sameFigures(t, format, figures, scenarios)
			}
		})
	}
}

// TestSuggestAndVerifyNumbers reads CSV and Markdown of the two back.
func TestSuggestAndVerifyNumbers(t *testing.T) {
	dir := t.TempDir()
	sample := func(name string) string { return filepath.Join(repository(t), "pcaps", "samples", name) }
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	out := func(name string) string { return "--output=" + filepath.Join(dir, name) }
	runs(t, "suggest", sample("web.pcap"), "--cpus", "4", "--layout", "equal:3", out("s.json"), out("s.md"), out("s.csv"))
	var found object
	decoded(t, read("s.json"), &found)
	type row = [4]string
	want := []row{{"present", at(found["present"], "imbalance.packets"), at(found["judging"], "present"), "null"}}
	for _, s := range objects(found["suggestions"]) {
		want = append(want, row{at(s, "id"), at(s["predicted"], "imbalance.packets"), at(s["gate"], "judged"), at(s, "flows_moved")})
	}
	var table []row
	for _, r := range csvTable(t, read("s.csv")) {
		table = append(table, row{r["id"], r["imbalance_packets"], r["judged"], r["flows_moved"]})
	}
	if diff := cmp.Diff(want, table); diff != "" || len(want) < 2 {
		t.Errorf("suggestions (-JSON +CSV):\n%s", diff)
	}
	rows := markdownTables(read("s.md"))[""][1:]
	for i, w := range want {
		for k, column := range map[int]int{1: 1, 2: 3} {
			if exact, err := strconv.ParseFloat(w[k], 64); err != nil || rows[i][0] != w[0] || rows[i][column] != strconv.FormatFloat(exact, 'f', 3, 64) {
				t.Errorf("suggestions: in Markdown %v, in JSON %v", rows[i], w)
			}
		}
	}

	runs(t, "verify", sample("queues.pcapng"), "--cpus", "4", "--key", "mellanox", out("v.json"), out("v.md"), out("v.csv"))
	var verified object
	decoded(t, read("v.json"), &verified)
	cells := markdownTables(read("v.md"))[""]
	cells = cells[len(cells)-len(objects(verified["queues"]))-5:] // before the key's table of five lines
	for i, r := range csvTable(t, read("v.csv")) {
		q := objects(verified["queues"])[i]
		want := []string{at(q, "queue"), at(q, "predicted"), at(q, "seen")}
		if got := []string{r["queue"], r["predicted"], r["seen"]}; !slices.Equal(got, want) || !slices.Equal(cells[i][:3], want) {
			t.Errorf("queue %d: in CSV %v, in Markdown %v, in JSON %v", i, got, cells[i], want)
		}
	}
}

// sameFigures compares figures as they are shown, in however many digits.
func sameFigures(t *testing.T, format string, figures map[string][]string, scenarios []object) {
	t.Helper()
	for i, s := range scenarios {
		modes := objects(s["modes"])
		m := modes[slices.IndexFunc(modes, func(m object) bool { return at(m, "mode") == at(s, "compared") })]
		var most int
		for _, c := range objects(m["cpus"]) {
			most = max(most, integer(t, at(c, "packets")))
		}
		for label, want := range map[string]string{
			"imbalance of packets, max ÷ mean": at(m, "imbalance.packets"), "imbalance of bytes": at(m, "imbalance.bytes"),
			"imbalance of busy time": at(m, "imbalance.busy"), "imbalance in the busiest window": at(m, "imbalance.busiest_window.imbalance"),
			"packets on the most loaded CPU": fmt.Sprint(most), "packets dropped": at(m, "totals.drops"), "interrupts": at(m, "totals.interrupts"),
			"flows moved to another CPU": at(s, "flows_moved"),
		} {
			cells := figures[strings.ReplaceAll(label, ",", "")]
			if len(cells) <= i {
				t.Errorf("%s has no %q of scenario %d", format, label, i)
				continue
			}
			if want == "null" && (cells[i] == "-" || cells[i] == "null") {
				continue
			}
			got, err := strconv.ParseFloat(cells[i], 64)
			_, decimals, _ := strings.Cut(cells[i], ".")
			exact, wantErr := strconv.ParseFloat(want, 64)
			if err != nil || wantErr != nil || math.Abs(got-exact) > 0.5000001*math.Pow10(-len(decimals)) {
				t.Errorf("%s: %s of scenario %d is %q, in JSON %s", format, label, i, cells[i], want)
			}
		}
	}
}

// csvFigures, pageFigures, cellFigures and textFigures are figures of scenarios, by their
// labels without commas.
func csvFigures(rows []map[string]string) map[string][]string {
	figures := map[string][]string{}
	for _, row := range rows {
		for label, value := range row {
			label = strings.ReplaceAll(label, ",", "")
			figures[label] = append(figures[label], value)
		}
	}
	return figures
}

func pageFigures(p htmlPage, scenarios []object) map[string][]string {
	figures := map[string][]string{}
	for _, row := range p.tables["figures-table"] {
		for _, s := range scenarios {
			label := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(row["figure"], " ‡"), " †"), ",", "")
			value, ok := row[at(s, "name")]
			if !ok { // a page names files without their folders where these are the same
				value = row[filepath.Base(at(s, "name"))]
			}
			figures[label] = append(figures[label], value)
		}
	}
	return figures
}

func cellFigures(rows [][]string) map[string][]string {
	figures := map[string][]string{}
	for _, row := range rows {
		figures[strings.TrimSuffix(strings.TrimSuffix(row[0], " ‡"), " †")] = row[1:]
	}
	return figures
}

func textFigures(text string) map[string][]string {
	marks := strings.NewReplacer(" *", "", " †", "", " ‡", "") // of rows that need a word
	figures := map[string][]string{}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, ",", ""), "\n") {
		cells := regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(marks.Replace(line)), -1)
		if len(cells) > 1 && figures[cells[0]] == nil {
			figures[cells[0]] = cells[1:]
		}
	}
	return figures
}
