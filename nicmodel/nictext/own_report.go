package nictext

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rssreplay/hash"
)

// ownSchema is the schema of the JSON report that a table may come from.
const ownSchema = "rssreplay/report/v1"

const wholeReport = "give a whole report, as --format json --output FILE writes it"

// ownReport is the parts of a report that say where a packet goes.
type ownReport struct {
	Schema     string
	Parameters struct {
		Key       ownParameter `json:"key"`
		Transform ownParameter `json:"xfrm"`
		HashTypes ownParameter `json:"hash-types"`
		Function  ownParameter `json:"hash-function"` // where it is not Toeplitz
		FlowHash  ownParameter `json:"rx-flow-hash"`  // where hash-types does not tell all
	}
	Table struct {
		Entries   []uint16 `json:"entries"`
		QueueCPUs []uint16 `json:"queue_cpus"`
	}
}

type ownParameter struct {
	Value  string `json:"value"`
	Source string `json:"source"`
}

// readOwnReport reads a JSON report of this tool.
func readOwnReport(lines []string) (*ImportedTable, error) {
	report, err := decodeOwnReport(lines)
	if err != nil {
		return nil, err
	}
	if report.Schema != ownSchema || len(report.Table.Entries) == 0 || len(report.Table.QueueCPUs) == 0 {
		return nil, &TextError{What: "a report without a table", Hint: wholeReport}
	}
	t, err := report.imported()
	if err != nil {
		return nil, &TextError{What: err.Error(), Hint: wholeReport}
	}
	return t, checkSize(len(t.Table))
}

// decodeOwnReport decodes the text up to the table: what follows may be longer than what
// was read.
func decodeOwnReport(lines []string) (*ownReport, error) {
	first := max(0, slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "{") }))
	text := strings.Join(lines[first:], "\n")
	decoder := json.NewDecoder(strings.NewReader(text))
	var report ownReport
	_, err := decoder.Token()
	for err == nil && len(report.Table.Entries) == 0 && decoder.More() {
		var member json.Token
		if member, err = decoder.Token(); err != nil {
			break
		}
		var other json.RawMessage
		var to any = &other
		switch member {
		case "schema":
			to = &report.Schema
		case "parameters":
			to = &report.Parameters
		case "table":
			to = &report.Table
		}
		err = decoder.Decode(to)
	}
	if err != nil {
		line := first + 1 + strings.Count(text[:decoder.InputOffset()], "\n")
		return nil, &TextError{Line: line, What: fmt.Sprintf("the report can't be read: %v", err), Hint: wholeReport}
	}
	return &report, nil
}

// imported is the report's table, and what goes with it.
func (r *ownReport) imported() (t *ImportedTable, err error) {
	t = &ImportedTable{
		Format: OwnReport, DefaultKey: r.Parameters.Key.Source == "default", Table: r.Table.Entries, Rings: len(r.Table.QueueCPUs),
		Function: FunctionToeplitz, TransformShown: true, OrXORShown: true, FlowHash: r.Parameters.FlowHash.Value,
	}
	for _, cpu := range r.Table.QueueCPUs {
		t.Affinity = append(t.Affinity, int(cpu))
	}
	for i, queue := range t.Table {
		if int(queue) >= t.Rings {
			return nil, fmt.Errorf("entry %d is queue %d, but there are %d queues", i, queue, t.Rings)
		}
	}
	if t.Key, err = hash.ParseKey(r.Parameters.Key.Value); err != nil {
		return nil, err
	}
	if t.Transform, err = hash.ParseTransform(r.Parameters.Transform.Value); err != nil {
		return nil, err
	}
	types, err := hash.ParseTypes(r.Parameters.HashTypes.Value)
	if err != nil {
		return nil, err
	}
	t.HashTypes = &types
	if f := r.Parameters.Function.Value; f != "" {
		if t.OwnFunction, err = hash.ParseFunction(f); err != nil {
			return nil, err
		}
	}
	return t, nil
}
