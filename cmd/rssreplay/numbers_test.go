package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	gfmtext "github.com/yuin/goldmark/text"
)

// TestNumbers reads the numbers of each format back: they are the JSON's.
func TestNumbers(t *testing.T) {
	files := samples(t)
	if testing.Short() {
		files = files[:2]
	}
	for i, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			dir := t.TempDir()
			out := func(name string) string { return filepath.Join(dir, name) }
			more := []string{"--headroom"}
			if i%2 == 1 { // with a second hop
				more = []string{"--rps", "1-2"}
			}
			runs(t, append([]string{file, "--cpus", "4", "--mode", "all"}, append(more, "-o", out("r.json"), "-o", out("r.md"), "-o", out("r.txt"), "-o", dir+"/", "--full")...)...)
			read := func(name string) string {
				data, err := os.ReadFile(out(name))
				if err != nil {
					t.Fatal(err)
				}
				return string(data)
			}
			var report object
			decoded(t, read("r.json"), &report)
			sameInCSV(t, report, func(table string) []map[string]string { return csvTable(t, read(table+".csv")) })
			sameInMarkdown(t, report, read("r.md"))
			sameInText(t, report, read("r.txt"))
		})
	}
}

// csvTable is the table's rows, by the heads of its columns; an empty cell is null.
func csvTable(t *testing.T, text string) (rows []map[string]string) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, cell := range record {
			if cell == "" {
				cell = "null"
			}
			row[records[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// chosenBy is the stage that chose a flow's CPU.
func chosenBy(flow object, mode string) string {
	if by := orNull(flow, "modes."+mode+".by"); by != "null" || mode == "non-rss" {
		return by
	}
	if rule := orNull(flow, "rule"); rule != "null" {
		return "rule:" + rule
	}
	if at(flow, "hash_type") == "none" {
		return "null"
	}
	return "rss"
}

// orNull is the value at a path, "null" where there is none.
func orNull(o object, path string) string {
	before, last := o, path
	for {
		name, rest, deeper := strings.Cut(last, ".")
		value, there := before[name]
		if !there {
			return "null"
		}
		if !deeper {
			return at(before, name)
		}
		before, last = value.(object), rest
	}
}

// sameInCSV compares a report, or what a scenario has of one, with the rows of its
// tables.
func sameInCSV(t *testing.T, report object, rowsOf func(table string) []map[string]string) {
	t.Helper()
	same := func(table string, wants []map[string]string) {
		t.Helper()
		rows := rowsOf(table)
		if diff := cmp.Diff(wants, rows); diff != "" && len(wants)+len(rows) > 0 {
			t.Errorf("%s (-JSON +CSV):\n%s", table, diff)
		}
	}
	var flows, modes, cpus, queues, entries, series, parameters []map[string]string
	listed, _ := report["flows"].([]any) // a scenario has none
	for _, f := range objects(listed) {
		row := map[string]string{}
		for key := range f {
			if key != "modes" {
				row[key] = at(f, key)
			}
		}
		for _, m := range objects(report["modes"]) {
			mode := at(m, "mode")
			on := f["modes"].(object)[mode].(object)["cpus"].(object)
			var places []string
			main, most := "null", 0
			for _, cpu := range slices.SortedFunc(maps.Keys(on), func(a, b string) int { return integer(t, a) - integer(t, b) }) {
				packets := at(on, cpu)
				places = append(places, cpu+"="+packets)
				if n := integer(t, packets); n > most {
					main, most = cpu, n
				}
			}
			row[mode+" cpu"], row[mode+" migrations"] = main, at(f, "modes."+mode+".migrations")
			row[mode+" by"] = chosenBy(f, mode)
			if row[mode+" cpus"] = strings.Join(places, " "); places == nil {
				row[mode+" cpus"] = "null"
			}
		}
		flows = append(flows, row)
	}
	for _, m := range objects(report["modes"]) {
		row := map[string]string{"mode": at(m, "mode"), "simulated_ns": at(m, "simulated_ns"),
			"serial_ns": at(m, "serial_ns"), "serial_utilization": at(m, "serial_utilization"),
			"jain": at(m, "imbalance.jain"), "min_max_percent": at(m, "imbalance.min_max_percent")}
		for _, key := range []string{"packets", "drops", "interrupts", "dpcs", "isr_ns", "dpc_ns", "migration_ns", "migrated_packets", "reordered"} {
			row[key] = at(m, "totals."+key)
		}
		for _, key := range []string{"packets", "bytes", "busy"} {
			row["imbalance_"+key] = at(m, "imbalance."+key)
		}
		for _, key := range []string{"flows", "single_cpu_flows", "migrations", "symmetric_connections", "connections", "send_receive_match"} {
			row[key] = at(m, "affinity."+key)
		}
		headroom, asked := m["headroom"].(object)
		for column, key := range map[string]string{"headroom": "factor", "headroom_limit": "limit", "headroom_cpu": "cpu", "headroom_queue": "queue", "headroom_at_ns": "at_ns"} {
			row[column] = "null"
			if asked {
				row[column] = at(headroom, key)
			}
		}
		for column, path := range map[string]string{"steered_packets": "rps.steered_packets", "own_hash_packets": "rps.own_hash_packets", "backlog_drops": "totals.backlog_drops",

			"chance_p1": "imbalance.chance_p1", "chance_p5": "imbalance.chance_p5", "chance_p95": "imbalance.chance_p95", "chance_p99": "imbalance.chance_p99"} {
			row[column] = orNull(m, path)
		}
		modes = append(modes, row)
		for _, c := range objects(m["cpus"]) {
			row := map[string]string{"mode": at(m, "mode")}
			for key := range c {
				if key != "latency_ns" {
					row[key] = at(c, key)
				}
			}
			for key := range c["latency_ns"].(object) {
				row["latency_"+key+"_ns"] = at(c, "latency_ns."+key)
			}
			for _, key := range []string{"steered_away", "from_backlog", "ipis", "backlog_max", "backlog_drops"} {
				row[key] = orNull(c, key)
			}
			cpus = append(cpus, row)
		}
		for _, q := range objects(m["queues"]) {
			row := map[string]string{"mode": at(m, "mode")}
			for key := range q {
				row[key] = at(q, key)
			}
			queues = append(queues, row)
		}
		rows := objects(m["series"].(object)["cpus"])
		for w := range rows[0]["packets"].([]any) {
			for _, c := range rows {
				series = append(series, map[string]string{
					"mode": at(m, "mode"), "start_ns": fmt.Sprint(int64(w) * int64(integer(t, at(m, "series.interval_ns")))),
					"cpu": at(c, "cpu"), "packets": fmt.Sprint(c["packets"].([]any)[w]),
				})
			}
		}
	}
	table := report["table"].(object)
	column := func(key string, i int) string { return fmt.Sprint(table[key].([]any)[i]) }
	for i := range table["entries"].([]any) {
		entries = append(entries, map[string]string{
			"entry": fmt.Sprint(i), "queue": column("entries", i), "cpu": column("queue_cpus", integer(t, column("entries", i))),
			"packets": column("packets", i), "bytes": column("bytes", i), "flows": column("flows", i),
		})
	}
	if listed != nil {
		same("flows", flows)
	}
	same("modes", modes)
	same("cpus", cpus)
	same("queues", queues)
	same("series", series)
	same("entries", entries)
	for _, row := range rowsOf("parameters") {
		parameters = append(parameters, row)
		want := at(report["parameters"], row["parameter"]+".source")
		if strings.TrimPrefix(row["source"], "'") != want {
			t.Errorf("parameter %s is from %s, in JSON from %s", row["parameter"], row["source"], want)
		}
	}
	if len(parameters) != len(report["parameters"].(object)) {
		t.Errorf("%d parameters, in JSON %d", len(parameters), len(report["parameters"].(object)))
	}
}

// integer is a whole number.
func integer(t *testing.T, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(strings.ReplaceAll(s, ",", ""), &n); err != nil {
		t.Fatalf("%q is no number: %v", s, err)
	}
	return n
}

// markdownTables are a document's tables by the folded part that they are in: rows of
// cells, the head first, with digits not grouped.
func markdownTables(document string) map[string][][]string {
	source := []byte(document)
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(gfmtext.NewReader(source))
	tables := map[string][][]string{}
	part := ""
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		if html, ok := n.(*ast.HTMLBlock); ok {
			part = string(html.Lines().Value(source))
			continue
		}
		if n.Kind() != east.KindTable {
			continue
		}
		for row := n.FirstChild(); row != nil; row = row.NextSibling() {
			var cells []string
			for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
				var text strings.Builder
				ast.Walk(cell, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
					if words, ok := n.(*ast.Text); ok && entering {
						text.Write(words.Value(source))
					}
					return ast.WalkContinue, nil
				})
				cells = append(cells, strings.ReplaceAll(text.String(), ",", ""))
			}
			tables[part] = append(tables[part], cells)
		}
	}
	return tables
}

// folded is the beginning of a folded part, as markdownTables names it.
func folded(title string) string { return "<details>\n<summary>" + title + "</summary>\n" }

// sameInMarkdown compares the tables of CPUs and flows.
func sameInMarkdown(t *testing.T, report object, document string) {
	t.Helper()
	tables := markdownTables(document)
	for _, m := range objects(report["modes"]) {
		var want, got [][]string
		for _, c := range objects(m["cpus"]) {
			want = append(want, []string{at(c, "cpu"), at(c, "packets"), at(c, "flows"), at(c, "interrupts"), at(c, "dpcs")})
		}
		for _, row := range tables[folded("CPUs under <code>"+at(m, "mode")+"</code>")][1:] {
			got = append(got, []string{row[0], row[1], row[4], row[5], row[6]})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-JSON +Markdown):\n%s", at(m, "mode"), diff)
		}
	}
	var want, got [][]string
	for i, f := range objects(report["flows"]) {
		row := []string{fmt.Sprint(i + 1), at(f, "protocol"), at(f, "packets"), at(f, "bytes"), at(f, "hash"), at(f, "hash_type"), at(f, "index")}
		for k := range row {
			if row[k] == "null" {
				row[k] = "-"
			}
		}
		want = append(want, row)
	}
	for i, row := range tables[folded("Largest flows")] {
		if i == 0 { // the head
			continue
		}
		got = append(got, []string{row[0], row[1], row[4], row[5], row[7], row[8], row[9]})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("flows (-JSON +Markdown):\n%s", diff)
	}
}

// sameInText compares the load of the CPUs: below a million, packets are exact.
func sameInText(t *testing.T, report object, text string) {
	t.Helper()
	for _, m := range objects(report["modes"]) {
		_, after, ok := strings.Cut(text, "\n"+strings.ToUpper(at(m, "mode"))+"  ")
		if !ok {
			t.Errorf("%s is not in the text", at(m, "mode"))
			continue
		}
		table, _, _ := strings.Cut(after, "\n\n")
		var want, got []string
		for _, c := range objects(m["cpus"]) {
			want = append(want, at(c, "cpu")+" "+at(c, "packets"))
		}
		for _, row := range regexp.MustCompile(`(?m)^ +(\d+) +([\d,]+) +[\d.<>]+%`).FindAllStringSubmatch(table, -1) {
			got = append(got, row[1]+" "+strings.ReplaceAll(row[2], ",", ""))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-JSON +text):\n%s", at(m, "mode"), diff)
		}
	}
}
