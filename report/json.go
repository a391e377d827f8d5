package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// WriteJSON writes r in the schema rssreplay/report/v1: keys in its order,
// indented where a person reads, one line for each file, parameter, CPU, queue,
// flow and finding. The same report gives the same bytes. Modes and flows are
// encoded one at a time, so that memory does not grow with their number.
// Errors are those of w.
func WriteJSON(w io.Writer, r *Report) error {
	j := jsonWriter{w: bufio.NewWriterSize(w, 1<<16)}
	j.begin(Schema, &r.Head)
	if r.Interface != "" {
		j.member("interface", r.Interface)
	}
	j.member("capture", r.Capture)
	j.member("parameters", r.Parameters)
	j.member("table", r.Table)
	if r.RuleDrops != nil {
		j.member("rules", r.Rules)
		if len(r.Contexts) > 0 {
			j.member("contexts", r.Contexts)
		}
		j.member("rule_drops", *r.RuleDrops)
	}
	if r.Unpredicted {
		j.member("unpredicted", true)
	}
	optional(&j, "changes", r.Changes)
	optional(&j, "over_time", r.OverTime)
	optional(&j, "host", r.Host)

	writeArray(&j, "modes", r.Modes, "mode")

	if err := j.flows(r); err != nil {
		return err // a closed pipe ends the list, not only the output
	}
	j.member("findings", r.Findings)
	j.said(r.Notes, CaveatsOf(&r.Capture, r.Parameters, r.Caveats))
	optional(&j, "anonymized", r.Anonymized)
	return j.finish()
}

// flows writes a line for each flow.
func (j *jsonWriter) flows(r *Report) error {
	j.key("flows")
	j.w.WriteByte('[')
	flows := 0
	if r.FlowLines != nil {
		for lines := range r.FlowLines(appendElement) {
			if flows == 0 {
				lines = lines[len(","):]
			}
			flows++ // not how many, but that there are
			if _, err := j.w.Write(lines); err != nil {
				return err
			}
		}
	} else if r.Flows != nil {
		for f := range r.Flows {
			j.element(flows)
			flows++
			j.buf = f.AppendJSON(j.buf[:0])
			if _, err := j.w.Write(j.buf); err != nil {
				return err
			}
		}
	}
	j.endArray(flows)
	return nil
}

// appendElement is element and what follows it of a flow that is not the first.
func appendElement(dst []byte, f *Flow) []byte { return f.AppendJSON(append(dst, ",\n    "...)) }

// writeDocument writes a struct in the layout of WriteJSON, its members in the fields' order;
// errors are those of w.
func writeDocument(w io.Writer, document any) error {
	j := jsonWriter{w: bufio.NewWriterSize(w, 1<<16)}
	j.value(document, "", 0)
	j.w.WriteByte('\n')
	return j.flush()
}

// ending is what documents end with: what the text says first and last, on which the numbers
// rest, and what was done to addresses.
type ending struct {
	Notes      List[string] `json:"notes"`
	Caveats    List[string] `json:"caveats"`
	Anonymized *Anonymized  `json:"anonymized,omitempty"` // nil, and not in the JSON, when they are the capture's
}

// jsonWriter writes the members of the top-level object.
type jsonWriter struct {
	w       *bufio.Writer // keeps its first error until Flush
	members int
	buf     []byte
	err     error // of encoding/json: a Parameter's Value that it can't encode
}

// begin writes what every object begins with.
func (j *jsonWriter) begin(schema string, head *Head) {
	j.w.WriteByte('{')
	j.member("schema", schema)
	if head.Title != "" {
		j.member("title", head.Title)
	}
	if head.Note != "" {
		j.member("note", head.Note)
	}
	j.member("tool", head.Tool)
	j.member("command", head.Command)
}

func (j *jsonWriter) key(name string) {
	if j.members > 0 {
		j.w.WriteByte(',')
	}
	j.members++
	j.w.WriteString("\n  \"" + name + "\": ")
}

func (j *jsonWriter) member(name string, v any) {
	j.key(name)
	j.value(v, name, 1)
}

// said is what the text says first and last: what the numbers rest on.
func (j *jsonWriter) said(notes, caveats List[string]) {
	j.member("notes", notes)
	j.member("caveats", caveats)
}

// optional writes a member that is left out where it is nil.
func optional[T any](j *jsonWriter, name string, v *T) {
	if v != nil {
		j.member(name, v)
	}
}

// writeArray writes a member that is an array, each element laid out as path says.
func writeArray[T any](j *jsonWriter, name string, elements []T, path string) {
	j.key(name)
	j.w.WriteByte('[')
	for i := range elements {
		j.element(i)
		j.value(&elements[i], path, 2)
	}
	j.endArray(len(elements))
}

func (j *jsonWriter) element(i int) {
	if i > 0 {
		j.w.WriteByte(',')
	}
	j.w.WriteString("\n    ")
}

func (j *jsonWriter) endArray(n int) {
	if n > 0 {
		j.w.WriteString("\n  ")
	}
	j.w.WriteByte(']')
}

// finish ends the object.
func (j *jsonWriter) finish() error {
	j.w.WriteString("\n}\n")
	return j.flush()
}

// flush writes what is buffered, and returns the first error of all.
func (j *jsonWriter) flush() error {
	if j.err != nil {
		return j.err
	}
	return j.w.Flush()
}

func (j *jsonWriter) value(v any, path string, depth int) {
	var compact bytes.Buffer
	e := json.NewEncoder(&compact)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		if j.err == nil {
			j.err = err
		}
		return
	}
	j.buf, _ = appendLaidOut(j.buf[:0], bytes.TrimSuffix(compact.Bytes(), []byte("\n")), path, depth)
	j.w.Write(j.buf)
}

// oneMemberPerLine reports whether the object or array at path is spread over
// lines; all others are written on one.
func oneMemberPerLine(path string) bool {
	switch path {
	case "", "capture", "capture.files", "parameters", "table", "rules", "findings",
		"mode", "mode.cpus", "mode.queues", "mode.series", "mode.series.cpus",
		"changes", "changes.tables", "changes.affinities", "mode.rebalance", "mode.rebalance.steps",
		"scenario.modes.element.rebalance", "scenario.modes.element.rebalance.steps",
		"scenario", "scenario.parameters", "scenario.table", "scenario.modes", "scenario.modes.element",
		"scenario.modes.element.cpus", "scenario.modes.element.queues", "scenario.modes.element.series",
		"scenario.modes.element.series.cpus", "best",
		"suggestions", "suggestions.element", "suggestions.element.commands", "declined", "table_sizes", "keys", "keys.histogram",
		"peer_parameters", "flows", "left_out", "rows", "queues", "predicted", "warnings":
		return true
	}
	return false
}

// appendLaidOut appends the value at the start of src, compact JSON, with line
// breaks and indentation of depth, and returns what follows it in src.
func appendLaidOut(dst, src []byte, path string, depth int) (_, rest []byte) {
	if src[0] != '{' && src[0] != '[' || src[1] == '}' || src[1] == ']' || !oneMemberPerLine(path) {
		n := valueLen(src)
		return appendPrintable(dst, src[:n]), src[n:]
	}
	object := src[0] == '{'
	dst = append(dst, src[0])
	src = src[1:]
	for {
		dst = appendIndent(dst, depth+1)
		member := path
		if object {
			n := valueLen(src)
			dst = appendPrintable(dst, src[:n])
			dst = append(dst, ": "...)
			member = strings.TrimPrefix(path+"."+string(src[1:n-1]), ".")
			src = src[n+1:]
		} else {
			member += ".element"
		}
		dst, src = appendLaidOut(dst, src, member, depth+1)
		end := src[0] != ','
		if end {
			dst = appendIndent(dst, depth)
		}
		dst = append(dst, src[0])
		src = src[1:]
		if end {
			return dst, src
		}
	}
}

func appendIndent(dst []byte, depth int) []byte {
	dst = append(dst, '\n')
	for range depth {
		dst = append(dst, "  "...)
	}
	return dst
}

// valueLen is the length of the value at the start of src, compact JSON.
func valueLen(src []byte) int {
	depth := 0
	quoted := false
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
			if quoted || depth > 0 {
				continue
			}
			return i + 1
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case c == ',' && depth == 0:
			return i
		}
	}
	return len(src)
}

// appendPrintable appends JSON with what encoding/json leaves raw and a
// terminal may obey written as \u escapes: DEL, C1 controls, marks of
// direction. Only strings hold such bytes, so the value stays the same.
func appendPrintable(dst, src []byte) []byte {
	for len(src) > 0 {
		if c := src[0]; c < 0x7f {
			dst = append(dst, c)
			src = src[1:]
			continue
		}
		r, n := utf8.DecodeRune(src)
		switch {
		case unicode.IsPrint(r):
			dst = append(dst, src[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = appendEscape(appendEscape(dst, high), low)
		default:
			dst = appendEscape(dst, r)
		}
		src = src[n:]
	}
	return dst
}

func appendEscape(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '\\', 'u')
	for shift := 12; shift >= 0; shift -= 4 {
		dst = append(dst, digits[r>>shift&15])
	}
	return dst
}
