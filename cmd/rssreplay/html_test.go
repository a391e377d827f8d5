package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// htmlPage is a page's tables by id, and its data.
type htmlPage struct {
	tables map[string][]map[string]string // each row: the exact number, or the text, by the column's head
	data   string
}

func readPage(t *testing.T, text string) htmlPage {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	p := htmlPage{tables: make(map[string][]map[string]string)}
	for n := range root.Descendants() {
		switch {
		case n.Data == "script" && attribute(n, "id") == "data":
			p.data = n.FirstChild.Data
		case n.Data == "table":
			var head []string
			rows := []map[string]string{}
			for row := range n.Descendants() {
				if row.Data != "tr" {
					continue
				}
				cells := map[string]string{}
				i := 0
				for cell := row.FirstChild; cell != nil; cell = cell.NextSibling {
					if cell.Data != "th" && cell.Data != "td" {
						continue
					}
					if row.Parent.Data == "thead" {
						head = append(head, content(cell))
						continue
					}
					cells[head[i]] = content(cell)
					i++
				}
				if row.Parent.Data == "tbody" {
					rows = append(rows, cells)
				}
			}
			p.tables[attribute(n, "id")] = rows
		}
	}
	if p.data != "" {
		maps.Copy(p.tables, keptTables(t, p.data))
	}
	return p
}

// keptTables are the tables that the page's script makes.
func keptTables(t *testing.T, data string) map[string][]map[string]string {
	t.Helper()
	var kept struct {
		Tables []struct {
			ID   string
			Head []any
			Rows [][]any
		}
	}
	decoded(t, data, &kept)
	parts := func(cell any) (text, exact string) {
		if list, several := cell.([]any); several {
			return list[0].(string), list[1].(string)
		}
		return cell.(string), ""
	}
	tables := map[string][]map[string]string{}
	for _, table := range kept.Tables {
		for _, cells := range table.Rows {
			row := map[string]string{}
			for i, cell := range cells {
				head, _ := parts(table.Head[i])
				text, exact := parts(cell)
				if row[head] = exact; exact == "" {
					row[head] = exactNumber(text)
				}
			}
			tables[table.ID] = append(tables[table.ID], row)
		}
	}
	return tables
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// content is a cell's exact number, or its text.
func content(cell *html.Node) string {
	var text strings.Builder
	for n := range cell.Descendants() {
		if n.Data == "data" {
			return attribute(n, "value")
		}
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
	}
	return exactNumber(text.String())
}

// exactNumber is a text without the commas of a number, "null" for none.
func exactNumber(text string) string {
	if text == "–" {
		return "null"
	}
	if plain := strings.ReplaceAll(text, ",", ""); strings.Trim(plain, "0123456789") == "" {
		return plain
	}
	return text
}

// column is a column's values, of rows that need not be there.
func column[T any](rows []T, value func(T) string) []string {
	var values []string
	for _, row := range rows {
		values = append(values, value(row))
	}
	return values
}

// object is one of JSON whose numbers are as they are written.
type object = map[string]any

// at is a value of an object by its path, as JSON has it.
func at(v any, path string) string {
	for key := range strings.SplitSeq(path, ".") {
		v = v.(object)[key]
	}
	if v == nil {
		return "null"
	}
	return fmt.Sprint(v)
}

func objects(v any) (list []object) {
	for _, one := range v.([]any) {
		list = append(list, one.(object))
	}
	return list
}

func decoded(t *testing.T, text string, v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}

// The page's numbers are those of the JSON report, on every sample.
func TestHTMLAgreesWithJSON(t *testing.T) {
	if testing.Short() {
		t.Skip("replays all samples, over and over")
	}
	samples, err := filepath.Glob(filepath.Join(repository(t), "pcaps", "samples", "*.pcap*"))
	if err != nil || len(samples) == 0 {
		t.Fatalf("samples: %q, %v", samples, err)
	}
	for _, sample := range samples {
		t.Run(filepath.Base(sample), func(t *testing.T) {
			args := []string{sample, "--cpus", "4", "--mode", "all", "--flows", "all", "--rx-ring", "4"}
			p := readPage(t, runs(t, append(args, "--format", "html")...))
			var report object
			decoded(t, runs(t, append(args, "--format", "json")...), &report)
			same := func(table, head, path string, of []object) {
				t.Helper()
				got := column(p.tables[table], func(row map[string]string) string { return row[head] })
				want := column(of, func(o object) string { return at(o, path) })
				if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
					t.Errorf("%s, %s (-JSON's %s +page's):\n%s", table, head, path, diff)
				}
			}
			for i, mode := range objects(report["modes"]) {
				for head, path := range map[string]string{
					"CPU": "cpu", "packets": "packets", "bytes": "bytes", "packets/s": "packets_per_second", "bit/s": "bits_per_second", "flows": "flows",
					"interrupts": "interrupts", "DPCs": "dpcs", "packets per DPC": "packets_per_dpc_mean", "max per DPC": "packets_per_dpc_max",
					"ISR time": "isr_ns", "DPC time": "dpc_ns", "busy": "utilization", "sent": "send_packets", "send time": "send_ns",
					"latency mean": "latency_ns.mean", "p50": "latency_ns.p50", "p90": "latency_ns.p90", "p99": "latency_ns.p99",
					"p99.9": "latency_ns.p999", "max": "latency_ns.max",
				} {
					same(fmt.Sprintf("cpus-%d", i), head, path, objects(mode["cpus"]))
				}
				for head, path := range map[string]string{
					"queue": "queue", "CPU": "cpu", "packets": "packets", "bytes": "bytes", "most waiting": "depth_max", "dropped": "drops",
				} {
					same(fmt.Sprintf("queues-%d", i), head, path, objects(mode["queues"]))
				}
				figures := map[string]string{}
				for _, row := range p.tables["modes"] {
					if _, has := figures[row["figure"]]; !has { // "their share" is of several
						figures[row["figure"]] = strings.TrimSuffix(row[at(mode, "mode")], ".000000")
					}
				}
				for figure, path := range map[string]string{
					"packets indicated": "totals.packets", "packets dropped": "totals.drops", "interrupts": "totals.interrupts", "DPCs": "totals.dpcs",
					"imbalance of packets, max ÷ mean": "imbalance.packets", "imbalance of busy time": "imbalance.busy", "Jain's index of packets": "imbalance.jain",
					"flows": "affinity.flows", "that stayed on one CPU": "affinity.single_cpu_flows", "migrations from CPU to CPU": "affinity.migrations",
				} {
					if want := strings.TrimSuffix(at(mode, path), ".000000"); figures[figure] != want {
						t.Errorf("%s, %s: the page has %q, JSON %q", at(mode, "mode"), figure, figures[figure], want)
					}
				}
			}

			table := report["table"].(object)
			var entries []object
			for i := range table["entries"].([]any) {
				entry := object{"entry": i}
				for _, name := range []string{"entries", "packets", "bytes", "flows"} {
					entry[name] = table[name].([]any)[i]
				}
				entries = append(entries, entry)
			}
			for head, path := range map[string]string{"entry": "entry", "queue": "entries", "packets": "packets", "bytes": "bytes", "flows": "flows"} {
				same("entries", head, path, entries)
			}

			listed := report["flows"].([]any)
			same("flow-table", "packets", "packets", objects(listed[:min(50, len(listed))]))
			same("flow-table", "bytes", "bytes", objects(listed[:min(50, len(listed))]))
			checkPageData(t, p.data, report)
		})
	}
}

// checkPageData compares what the page's script reads.
func checkPageData(t *testing.T, text string, report object) {
	t.Helper()
	var data struct {
		Received json.Number
		Modes    []object
		Table    object
		Flows    [][]any
		Words    []string
	}
	decoded(t, text, &data)
	if got, want := data.Received.String(), at(report, "capture.received"); got != want {
		t.Errorf("received: %s, JSON has %s", got, want)
	}
	modes := objects(report["modes"])
	for i, mode := range modes {
		want := object{"mode": mode["mode"], "interval_ns": mode["series"].(object)["interval_ns"], "exact": true, "cpus": mode["series"].(object)["cpus"]}
		if diff := cmp.Diff(want, data.Modes[i]); diff != "" {
			t.Errorf("the series of %s (-JSON +page):\n%s", mode["mode"], diff)
		}
	}
	for name, want := range map[string]any{"entries": report["table"].(object)["entries"], "cpus": report["table"].(object)["queue_cpus"]} {
		if diff := cmp.Diff(want, data.Table[name]); diff != "" {
			t.Errorf("the table's %s (-JSON +page):\n%s", name, diff)
		}
	}
	flows := objects(report["flows"])
	if len(flows) != len(data.Flows) {
		t.Fatalf("%d flows, JSON has %d", len(data.Flows), len(flows))
	}
	word := func(v any) any {
		if n, ok := v.(json.Number); ok {
			at, err := n.Int64()
			if err != nil {
				t.Fatal(err)
			}
			return data.Words[at]
		}
		return v
	}
	port := func(v any) any {
		if v == json.Number("-1") {
			return nil
		}
		return v
	}
	for i, flow := range flows {
		got := data.Flows[i]
		has := object{
			"protocol": word(got[0]), "source": word(got[1]), "source_port": port(got[2]), "destination": word(got[3]), "destination_port": port(got[4]),
			"hash": nil, "hash_type": word(got[6]), "index": got[7], "packets": got[8], "bytes": got[9],
		}
		if n, ok := got[5].(json.Number); ok {
			hash, err := n.Int64()
			if err != nil {
				t.Fatal(err)
			}
			has["hash"] = fmt.Sprintf("0x%08x", hash)
		}
		on := object{}
		for k, mode := range modes {
			where, several := got[10+k].([]any)
			if !several {
				where = []any{json.Number("0"), got[10+k], got[8]}
			}
			cpus := object{}
			for k := 1; k < len(where); k += 2 {
				cpus[where[k].(json.Number).String()] = where[k+1]
			}
			on[mode["mode"].(string)] = object{"cpus": cpus, "migrations": where[0]}
		}
		has["modes"] = on
		if diff := cmp.Diff(flow, has); diff != "" {
			t.Errorf("flow %d (-JSON +page):\n%s", i, diff)
		}
	}
}

// The comparison's figures are those of its JSON.
func TestCompareHTMLAgreesWithJSON(t *testing.T) {
	args := []string{"compare", filepath.Join(repository(t), "pcaps", "samples", "web.pcap"), "--cpus", "4", "--layout", "equal", "--layout", "block"}
	p := readPage(t, runs(t, append(args, "--format", "html")...))
	var compare object
	decoded(t, runs(t, append(args, "--format", "json")...), &compare)
	for i, s := range objects(compare["scenarios"]) {
		mode := objects(s["modes"])[0]
		for figure, want := range map[string]string{
			"imbalance of packets, max ÷ mean": at(mode, "imbalance.packets"), "imbalance of bytes": at(mode, "imbalance.bytes"),
			"imbalance of busy time": at(mode, "imbalance.busy"), "interrupts": at(mode, "totals.interrupts") + ".000000",
			"flows moved to another CPU": at(s, "flows_moved") + ".000000", "their packets": at(s, "packets_moved") + ".000000",
		} {
			at := slices.IndexFunc(p.tables["figures-table"], func(row map[string]string) bool { return row["figure"] == figure })
			if at < 0 || p.tables["figures-table"][at][s["name"].(string)] != want {
				t.Errorf("scenario %d, %s: the page has %v, JSON %s", i, figure, p.tables["figures-table"][max(at, 0)], want)
			}
		}
		got := column(p.tables[fmt.Sprintf("cpus-%d", i)], func(row map[string]string) string { return row["packets"] })
		want := column(objects(mode["cpus"]), func(o object) string { return at(o, "packets") })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scenario %d, packets of the CPUs (-JSON +page):\n%s", i, diff)
		}
	}
}
