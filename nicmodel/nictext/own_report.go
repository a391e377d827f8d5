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

// readOwnReport reads the parts of a JSON report of this tool that say where a
// packet goes.
func readOwnReport(lines []string) (*ImportedTable, error) {
	first := max(0, slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "{") }))
	type text struct {
		Value  string `json:"value"`
		Source string `json:"source"`
	}
	var report struct {
		Schema     string
		Parameters struct {
			Key       text `json:"key"`
			Transform text `json:"xfrm"`
			HashTypes text `json:"hash-types"`
			Function  text `json:"hash-function"` // where it is not Toeplitz
			FlowHash  text `json:"rx-flow-hash"`  // where hash-types does not tell all
		}
		Table struct {
			Entries   []uint16 `json:"entries"`
			QueueCPUs []uint16 `json:"queue_cpus"`
		}
	}
	const whole = "give a whole report, as --format json --output FILE writes it"
	// Only to the table: what follows may be longer than what was read.
	decoder := json.NewDecoder(strings.NewReader(strings.Join(lines[first:], "\n")))
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
		line := first + 1 + strings.Count(strings.Join(lines[first:], "\n")[:decoder.InputOffset()], "\n")
		return nil, &TextError{Line: line, What: fmt.Sprintf("the report can't be read: %v", err), Hint: whole}
	}
	if report.Schema != ownSchema || len(report.Table.Entries) == 0 || len(report.Table.QueueCPUs) == 0 {
		return nil, &TextError{What: "a report without a table", Hint: whole}
	}
	t := &ImportedTable{
		Format: OwnReport, DefaultKey: report.Parameters.Key.Source == "default", Table: report.Table.Entries, Rings: len(report.Table.QueueCPUs),
		Function: FunctionToeplitz, TransformShown: true, OrXORShown: true,
	}
	for _, cpu := range report.Table.QueueCPUs {
		t.Affinity = append(t.Affinity, int(cpu))
	}
	for i, queue := range t.Table {
		if int(queue) >= t.Rings {
			return nil, &TextError{What: fmt.Sprintf("entry %d is queue %d, but there are %d queues", i, queue, t.Rings), Hint: whole}
		}
	}
	if t.Key, err = hash.ParseKey(report.Parameters.Key.Value); err != nil {
		return nil, &TextError{What: err.Error(), Hint: whole}
	}
	if t.Transform, err = hash.ParseTransform(report.Parameters.Transform.Value); err != nil {
		return nil, &TextError{What: err.Error(), Hint: whole}
	}
	types, err := hash.ParseTypes(report.Parameters.HashTypes.Value)
	if err != nil {
		return nil, &TextError{What: err.Error(), Hint: whole}
	}
	t.HashTypes = &types
	if f := report.Parameters.Function.Value; f != "" {
		if t.OwnFunction, err = hash.ParseFunction(f); err != nil {
			return nil, &TextError{What: err.Error(), Hint: whole}
		}
	}
	t.FlowHash = report.Parameters.FlowHash.Value
	return t, checkSize(len(t.Table))
}
