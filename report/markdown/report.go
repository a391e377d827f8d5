package markdown

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
	"rssreplay/report/text"
)

// Bytes that the parts of a document take at most; what is left is the flows'.
const (
	leadBytes     = 5_000
	findingsBytes = 9_000
	figuresBytes  = 4_000
	comparedBytes = 10_000 // the CPUs of the compared mode
	cpusBytes     = 6_000  // of all other modes together
	queuesBytes   = 2_000
	entriesBytes  = 4_500
	timeBytes     = 4_000
	captureBytes  = 3_500
	parameterSize = 5_500
	caveatsBytes  = 1_500
)

// Write writes r for an issue on GitHub: a summary that stands alone, the
// findings, and the tables folded below them. It is never longer than maxMarkdown:
// of what has no room the largest stay, and it says so. Errors are those of w.
func Write(w io.Writer, r *report.Report) error {
	m := &markdown{limit: maxMarkdown}
	c := &r.Capture
	m.words(&r.Words)
	m.lead(report.TitleOf("RSS replay", c), c, r.Notes, r.Summary(), func(p *markdown) { p.leadFigures(r.Modes) })
	m.findings("Findings", findingsBytes, r.Findings, true)
	tail := m.tail(c, &r.Head, r.Parameters, report.CaveatsOf(c, r.Parameters, r.Caveats))
	if c.Received > 0 {
		m.modes(r)
		m.moves(r)
		m.entries("Indirection table", "table.entries", "", &r.Table)
		m.rules(r)
		m.contexts(r.Contexts)
		m.flows(r)
	}
	return m.flush(w, tail)
}

// lead is the part that stands alone.
func (m *markdown) lead(title string, c *report.Capture, notes, summary []string, table func(p *markdown)) {
	m.part(leadBytes, func(p *markdown) {
		p.para("### " + free(title))
		for _, sentence := range summary {
			p.add(prose(sentence) + "\n")
		}
		p.add("\n")
		table(p)
		for _, note := range notes {
			p.para("> " + prose(note))
		}
		for i := range c.Files {
			if loss := c.Files[i].LossText(); loss != "" {
				p.para("> Read with loss: " + prose(loss))
			}
		}
	})
}

// leadFigures is the short table of the summary.
func (m *markdown) leadFigures(modes []report.Mode) {
	m.figures(report.LeadingFigures(report.ModeFigures(modes)), modes)
	if why := report.SerialSentence(modes); why != "" {
		m.say(why)
	}
}

// figures is a row for each figure and a column for each mode.
func (m *markdown) figures(figures []report.Figure, modes []report.Mode) {
	heads := []string{""}
	for i := range modes {
		head := code(modes[i].Mode)
		if _, short := report.EverydayMode(modes[i].Mode); short != modes[i].Mode {
			head = short + " " + head
		}
		heads = append(heads, "*"+head)
	}
	var rows [][]string
	for _, f := range figures {
		row := []string{figureLabel(f.Label)}
		for i := range modes {
			row = append(row, f.Text(f.Value(nil, &modes[i])))
		}
		rows = append(rows, row)
	}
	m.table("figures", heads, rows, nil)
}

// figureLabel is a figure's label in the first column; blanks at its beginning,
// which make it one of the figure above, would be lost.
func figureLabel(label string) string {
	if rendering, of := strings.CutPrefix(label, words.Indent); of {
		return "… " + rendering
	}
	return label
}

// findings lists what is wrong, whole with evidence and remedy.
func (m *markdown) findings(title string, limit int, findings []report.Finding, whole bool) {
	if len(findings) == 0 {
		return
	}
	m.part(limit, func(p *markdown) {
		p.para("#### " + title)
		for i, f := range findings {
			item := fmt.Sprintf("- **%s** %s %s\n", prose(f.Severity), prose(f.Summary), code(f.ID))
			for _, more := range []string{f.Evidence, f.Remedy} {
				if whole && more != "" {
					item += "  <br>" + prose(more) + "\n"
				}
			}
			if !p.add(item) {
				p.limit += 100 // what comes now is what the cut left out
				p.add(fmt.Sprintf("- %s: see the JSON report\n", words.Plural(uint64(len(findings)-i), "more finding", "more findings")))
				break
			}
		}
		p.add("\n")
	})
}

// modes is the load and the cost of each CPU, mode by mode, and over time.
func (m *markdown) modes(r *report.Report) {
	compared := report.ComparedMode(r.Modes)
	for i := range r.Modes {
		mode, limit := &r.Modes[i], comparedBytes
		if i != compared {
			limit = cpusBytes / (len(r.Modes) - 1)
		}
		m.details(limit, "CPUs under", mode.Mode, func(p *markdown) {
			p.cpus(mode, i == compared)
			p.say(mode.SteeringSentences(r.Capture.Received)...)
		})
		if !report.QueuesAreCPUs(mode) && len(mode.Queues) > 1 {
			m.details(queuesBytes, "Queues under", mode.Mode, func(p *markdown) { p.queues(mode) })
		}
	}
	m.details(figuresBytes, "All figures of the modes", "", func(p *markdown) { p.figures(report.ModeFigures(r.Modes), r.Modes) })
	m.details(timeBytes, "Packets over time under", r.Modes[compared].Mode, func(p *markdown) {
		var timeline bytes.Buffer
		mode := &r.Modes[compared]
		if mode.Series.Windows() >= 2 && len(mode.Series.CPUs) <= text.MaxTimelineCPUs {
			if text.WriteTimeline(&timeline, mode) == nil { // a buffer takes all
				p.fenced(timeline.String())
			}
		}
		p.say(r.WindowSentences(mode)...)
	})
}

// cpus is a row for each CPU; the largest flow is named where a flow has one CPU.
func (m *markdown) cpus(mode *report.Mode, withFlows bool) {
	heads := []string{"*CPU", "*packets", "*share", "", "*flows", "*interrupts", "*DPCs", "*per DPC", "*busy", "*p50", "*p99", "*max"}
	places := mode.PlaceColumns()
	for i, p := range places {
		heads = slices.Insert(heads, 1+i, "*"+p.Head)
	}
	drops := report.QueuesAreCPUs(mode)
	if drops {
		heads = append(heads, "*dropped")
	}
	var counters []report.BacklogColumn
	if mode.RPS != nil {
		counters = report.BacklogColumns()
	}
	for _, c := range counters {
		heads = append(heads, "*"+c.Head)
	}
	if withFlows {
		heads = append(heads, "largest flow, its share of the CPU")
	}
	most := report.Extreme(mode, slices.Max)
	var rows [][]string
	for i := range mode.CPUs {
		c := &mode.CPUs[i]
		l := &c.Latency
		row := []string{
			fmt.Sprint(c.CPU), words.Exact(c.Packets), words.Percent(report.Ratio(c.Packets, mode.Totals.Packets)), words.Bar(c.Packets, most), words.Exact(c.Flows),
			words.Exact(c.Interrupts), words.Exact(c.DPCs), words.Fixed(c.PacketsPerDPCMean, 2), words.Percent(mode.OfTime(c.Utilization)),
			words.NanosecondsOrNone(l.P50), words.NanosecondsOrNone(l.P99), words.NanosecondsOrNone(l.Max),
		}
		for i, p := range places {
			row = slices.Insert(row, 1+i, words.NumberOrNone(p.Of(c)))
		}
		if drops {
			row = append(row, words.Exact(mode.Queues[i].Drops))
		}
		for _, counter := range counters {
			row = append(row, backlogText(c.Backlog, counter))
		}
		if withFlows {
			flow := ""
			if c.Largest != nil {
				flow = report.LargestShare(c, mode.Mode) + " " + code(report.FlowWords(c.Largest))
			}
			row = append(row, flow)
		}
		rows = append(rows, row)
	}
	m.table("CPUs", heads, rows, func(row int) uint64 { return mode.CPUs[row].Packets })
}

// backlogText is a counter of receive packet steering, of a CPU that may have none.
func backlogText(b *report.Backlog, counter report.BacklogColumn) string {
	if b == nil {
		return words.None
	}
	return words.Exact(counter.Of(b))
}

func (m *markdown) queues(mode *report.Mode) {
	var rows [][]string
	for i := range mode.Queues {
		q := &mode.Queues[i]
		rows = append(rows, []string{fmt.Sprint(q.Queue), words.NumberOrNone(q.CPU), words.Exact(q.Packets), words.Exact(q.Bytes), words.Exact(q.DepthMax), words.Exact(q.Drops)})
	}
	m.table("queues", []string{"*queue", "*CPU", "*packets", "*bytes", "*most waiting", "*dropped"}, rows,
		func(row int) uint64 { return mode.Queues[row].Packets })
}

// contexts is the tables of the RSS contexts to which rules lead.
func (m *markdown) contexts(contexts []report.Context) {
	for i := range contexts {
		c := &contexts[i]
		m.entries(c.Title(), "contexts", c.UnhashedSentence(), &c.TableReport)
	}
}

// entries is a table's most loaded entries, after a map of all that has room; inJSON is
// where the JSON report has it.
func (m *markdown) entries(title, inJSON, note string, table *report.TableReport) {
	var total uint64
	for _, n := range table.Packets {
		total += n
	}
	if total == 0 {
		return
	}
	m.details(entriesBytes, title, "", func(p *markdown) {
		if note != "" {
			p.para(note)
		}
		var rendering bytes.Buffer
		if text.WriteEntries(&rendering, title, inJSON, table) == nil && p.fenced(rendering.String()) {
			return
		}
		n := min(len(table.Entries), len(table.Packets), len(table.Bytes), len(table.Flows))
		var rows [][]string
		for i := range n {
			cpu := words.None
			if at, known := table.CPUOf(i); known {
				cpu = fmt.Sprint(at)
			}
			rows = append(rows, []string{
				fmt.Sprint(i), fmt.Sprint(table.Entries[i]), cpu, words.Exact(table.Packets[i]), words.Percent(report.Ratio(table.Packets[i], total)), words.Exact(table.Bytes[i]), words.Exact(table.Flows[i]),
			})
		}
		p.table("entries", []string{"*entry", "*queue", "*CPU", "*packets", "*share", "*bytes", "*flows"}, rows,
			func(row int) uint64 { return table.Packets[row] })
	})
}

// rules is those that are asked before the table.
func (m *markdown) rules(r *report.Report) {
	if len(r.Rules) == 0 {
		return
	}
	m.details(entriesBytes, "Rules before the table", "", func(p *markdown) {
		var rows [][]string
		for _, rule := range r.Rules {
			rows = append(rows, []string{
				fmt.Sprint(rule.Filter), code(rule.Kind), rule.Action, words.Exact(rule.Packets), words.Percent(report.Ratio(rule.Packets, r.Capture.Received)), words.Exact(rule.Bytes), words.Exact(rule.Flows),
			})
		}
		p.table("rules", []string{"*filter", "kind", "leads to", "*packets", "*share", "*bytes", "*flows"}, rows,
			func(row int) uint64 { return r.Rules[row].Packets })
	})
}

// flows is the largest flows, and the CPU with most of each.
func (m *markdown) flows(r *report.Report) {
	if r.Flows == nil || r.FlowsTotal == 0 {
		return
	}
	m.details(m.limit, "Largest flows", "", func(p *markdown) {
		if r.FlowsNote != "" {
			p.say(r.FlowsNote)
		}
		heads := []string{"*#", "protocol", "source", "destination", "*packets", "*bytes", "*share", "hash", "type", "*entry"}
		for i := range r.Modes {
			heads = append(heads, "*CPU under "+code(r.Modes[i].Mode))
			if r.Modes[i].RPS != nil {
				heads = append(heads, "chosen by")
			}
		}
		var rows [][]string
		room := p.limit - p.b.Len() - 2*len(line(heads)) - 200 // for the lines around them
		for f := range r.Flows {
			row := markdownFlow(r, &f, len(rows)+1)
			if room -= len(line(row)); room < 0 {
				break
			}
			rows = append(rows, row)
		}
		p.table("flows", heads, rows, nil)
		if left := r.FlowsTotal - min(uint64(len(rows)), r.FlowsTotal); left > 0 {
			p.para(words.Plural(left, "smaller flow is", "smaller flows are") + " not shown; `--format json --flows all` has all.")
		}
	})
}

func markdownFlow(r *report.Report, f *report.Flow, number int) []string {
	row := []string{
		fmt.Sprint(number), code(f.Protocol), code(report.EndName(f.Source, f.SourcePort, f.HasPorts, 0)), code(report.EndName(f.Destination, f.DestinationPort, f.HasPorts, 0)),
		words.Exact(f.Packets), words.Exact(f.Bytes), words.Percent(report.Ratio(f.Packets, r.Capture.Received)),
	}
	if f.HashType == report.NoHash {
		row = append(row, words.None, report.NoHash)
	} else if f.HashWithheld {
		row = append(row, words.None, code(f.HashType))
	} else {
		row = append(row, code(string(report.AppendHash(nil, f.Hash))), code(f.HashType))
	}
	row = append(row, cmp.Or(f.Entry(), words.None))
	for i := range r.Modes {
		on := f.InMode(r.Modes[i].Mode)
		cpu, share := on.Main()
		if len(on.CPUs) > 1 {
			cpu = fmt.Sprintf("%s (%s; %d CPUs)", cpu, share, len(on.CPUs))
		}
		row = append(row, cpu)
		if r.Modes[i].RPS != nil {
			row = append(row, code(cmp.Or(f.By(&on), words.None)))
		}
	}
	return row
}

// tail is the end of the document, for which room is kept: the capture, with what the report can
// be repeated, and all caveats.
func (m *markdown) tail(c *report.Capture, head *report.Head, parameters report.Parameters, caveats []string) string {
	tail := markdown{limit: captureBytes + parameterSize + caveatsBytes}
	tail.details(captureBytes, "Capture", "", func(p *markdown) {
		var rows [][]string
		for i := range c.Files {
			f := &c.Files[i]
			sum := words.None
			if f.SHA256 != nil {
				sum = code(*f.SHA256)
			}
			rows = append(rows, []string{code(f.Name), code(f.FormatText()), code(strings.Join(f.LinkTypes, ", ")), words.Exact(f.FileBytes), sum})
		}
		p.part(p.limit/2, func(files *markdown) {
			files.table("files", []string{"file", "format", "link types", "*bytes", "SHA-256"}, rows, nil)
		})
		for i := range c.Files {
			if comment := c.Files[i].CommentText(); comment != "" && i < report.ManyFiles {
				p.add("- " + code(c.Files[i].Name) + " " + prose(comment) + "\n")
			}
		}
		for _, f := range c.Facts() {
			rendering := prose(strings.Join(f.Items, ", "))
			if f.Label != "" {
				rendering = prose(f.Label) + ": " + rendering
			}
			p.add("- " + rendering + "\n")
		}
		p.add("\n")
	})
	tail.details(parameterSize, "Command and parameters", "", func(p *markdown) {
		if len(head.Command) > 0 {
			p.fenced(words.CutTo(strings.Join(words.ShellWords(head.Command), " "), maxProse))
		}
		if tool := &head.Tool; tool.Name != "" {
			p.para(code(strings.Join([]string{tool.Name, tool.Version, tool.Go}, " ")))
		}
		var rows [][]string
		for i := range parameters {
			rows = append(rows, []string{code(parameters[i].Name), code(parameters[i].Printed()), code(parameters[i].Source)})
		}
		p.table("parameters", []string{"parameter", "value", "source"}, rows, func(row int) uint64 {
			if parameters[row].Source == report.DefaultSource {
				return 0
			}
			return 1
		})
	})
	tail.details(caveatsBytes, "Caveats", "", func(p *markdown) {
		for _, caveat := range caveats {
			p.add("- " + prose(caveat) + "\n")
		}
		p.add("\n")
	})
	m.limit -= tail.b.Len()
	return tail.b.String()
}
