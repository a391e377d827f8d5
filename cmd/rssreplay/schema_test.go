package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rssreplay/report"
)

// closed makes a schema refuse properties that it does not name: the documents that
// this program writes have none.
func closed(schema any) any {
	switch s := schema.(type) {
	case map[string]any:
		if _, named := s["properties"]; named {
			s["additionalProperties"] = false
		}
		for key, v := range s {
			s[key] = closed(v)
		}
	case []any:
		for i := range s {
			s[i] = closed(s[i])
		}
	}
	return schema
}

// schemaOf is the schema of that name in report/schema, closed.
func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), "report", "schema", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name+".json", closed(document)); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(name + ".json")
}

// TestContractSchemas: what the command writes of every sample is what the schemas say,
// and has nothing that they do not name.
func TestContractSchemas(t *testing.T) {
	samples := samples(t)
	snapshots := filepath.Join(repository(t), "dispatch", "calibrate", "testdata")
	cut := filepath.Join(t.TempDir(), "cut.pcap")
	data, err := os.ReadFile(samples[0])
	if err == nil {
		err = os.WriteFile(cut, data[:len(data)/2-1], 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.pcap") // its header alone
	if err := os.WriteFile(empty, []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	table := filepath.Join(t.TempDir(), "table.txt")
	if err := os.WriteFile(table, []byte(strings.Repeat("1 0 2 3 ", 32)), 0o644); err != nil {
		t.Fatal(err)
	}
	unread := filepath.Join(t.TempDir(), "no-table.txt")
	if err := os.WriteFile(unread, []byte("Cannot get RX flow hash indir size and/or key size: Operation not supported\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(t.TempDir(), "stale.txt")
	if err := os.WriteFile(stale, []byte("RX flow hash indirection table for eth0 with 3 RX ring(s):\n    0:      0     1     2     3     4     5     6     7\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	context := filepath.Join(t.TempDir(), "context.txt")
	if err := os.WriteFile(context, []byte("0 2"), 0o644); err != nil {
		t.Fatal(err)
	}
	host := t.TempDir() // a bundle
	for name, text := range map[string]string{"lscpu.txt": "# CPU,Core,Socket,Node\n0,0,0,0\n1,0,0,0\n2,1,0,1\n", "softnet.txt": "00000005 00000001" + strings.Repeat(" 00000000", 11) + "\n"} {
		if err := os.WriteFile(filepath.Join(host, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stackCPUs := filepath.Join(host, "cpus.csv")
	if err := os.WriteFile(stackCPUs, []byte("packet,stack_cpu\n1,0\n2,1\n3,1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	schemas := map[string]*jsonschema.Schema{}
	for _, name := range []string{"report", "compare", "verify", "calibrate"} {
		schemas[name] = schemaOf(t, name)
	}
	for i, sample := range append(samples, cut, empty) {
		for j, test := range []struct {
			schema string
			args   []string
		}{
			{"report", []string{sample, "--mode", "all", "--flows", "3", "--digest", "--title", "A title", "--headroom"}},
			{"report", []string{sample, "--cpus", "2", "--packets", "1", "--anonymize", "--rps", "1"}},
			{"report", []string{sample, "--rate", "4Mpps", "--rebalance", "rsspp", "--rebalance-every", "100us", "--table-at", "0s=" + table}},
			{"compare", []string{"compare", sample, "--rate", "4Mpps", "--scenario", "still:", "--scenario", `moved: rebalance=rsspp rebalance-every=100us "table-at=0s=` + table + `"`}},
			{"compare", []string{"compare", sample, "--layout", "equal", "--layout", "block", "--mode", "all", "--anonymize", "--headroom", "--rps", "0-3"}},
			{"report", []string{sample, "--cpus", "3", "--bundle", host, "--note", table, "--rule", "flow-type udp4 action 1", "--rule", "flow-type tcp6 action -1", "--rule", "flow-type tcp4 context 2", "--context", "2=" + context}},
			{"compare", []string{"compare", sample, "--cpus", "3", "--bundle", host, "--note", table, "--layout", "equal", "--scenario", "ruled: rule=\"flow-type udp4 action 1\" \"rule=flow-type tcp4 context 2\"", "--context", "2=" + context}},
			{"verify", []string{"verify", sample, "--cpus", "4"}},
			{"verify", []string{"verify", sample, "--cpus", "4", "--rps", "0-1", "--stack-cpus", stackCPUs}},
			{"calibrate", []string{"calibrate", "--snapshots", snapshots}},
			{"calibrate", []string{"calibrate", sample, "--cpus", "2", "--snapshots", snapshots}},
			{"report", []string{sample, "--bundle", unread}},                     // findings without figures
			{"report", []string{sample, "--table", stale, "--key", "microsoft"}}, // and one whose figures no sample has
		} {
			if testing.Short() && (i+j)%11 != 0 && (sample != empty || j != 4) && filepath.Base(sample) != "queues.pcapng" { // which has all that verify tells
				continue
			}
			var stdout, stderr bytes.Buffer
			run(append(append([]string{"rssreplay"}, test.args...), "--format", "json"), strings.NewReader(""), &stdout, &stderr)
			if stdout.Len() == 0 {
				if test.schema == "verify" || sample == empty { // most samples record nothing to verify; what is empty has no rate
					continue
				}
				t.Fatalf("%v: %s", test.args, stderr.String())
			}
			document, err := jsonschema.UnmarshalJSON(&stdout)
			if err != nil {
				t.Fatalf("%v: %v", test.args, err)
			}
			if err := schemas[test.schema].Validate(document); err != nil {
				t.Errorf("%v: %v", test.args, err)
			}
		}
	}
}

// TestContractSchemaOfModeration: what no sample has, a fitted moderation, is what the
// schema says, too.
func TestContractSchemaOfModeration(t *testing.T) {
	c := &report.Calibration{Accounting: report.Accounting{Kind: "ticks", HZ: 250}, Moderation: &report.ModerationFit{
		Counted: 30, Wanted: 28, Without: 90, Claimed: "ethtool -c: adaptive-rx on",
		Fits: report.List[report.FittedModeration]{{Parameter: "itr", Value: 48.1, From: 47, To: 49, Interrupts: 28, Flags: "--itr 48.1us"}},
		CPUs: report.List[report.CPUInterrupts]{{CPU: 3, Counted: 30, Model: 28}},
	}}
	var text bytes.Buffer
	if err := report.WriteCalibrationJSON(&text, c); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(&text)
	if err != nil {
		t.Fatal(err)
	}
	if err := schemaOf(t, "calibrate").Validate(document); err != nil {
		t.Error(err)
	}
}

// TestContractSchemasRefuse: a schema refuses what is none; its types and names are not
// empty words.
func TestContractSchemasRefuse(t *testing.T) {
	for _, name := range []string{"report", "compare", "verify", "calibrate"} {
		compiled := schemaOf(t, name)
		for _, text := range []string{`{}`, `{"schema":"rssreplay/` + name + `/v1"}`, `[]`} {
			var document any
			if err := json.Unmarshal([]byte(text), &document); err != nil {
				t.Fatal(err)
			}
			if compiled.Validate(document) == nil {
				t.Errorf("%s takes %s", name, text)
			}
		}
	}
}
