package text

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// A screen of a terminal. The flow table is the last thing to shrink.
const (
	screenLines = 40
	screenWidth = 80
	screenFlows = 10
	screenCPUs  = 8 // with more, the most loaded screenMost and a line for the rest
	screenMost  = 6
)

// WriteScreen writes the answer before the data: what was captured, whether the
// load is even and why not, the modes beside one another, the largest flows in
// each, and what to do next. With two modes and o.Flows 0 it is at most 40 lines,
// besides the author's own words. o.Width 0 is 80 columns, o.Flows 0 the 10 largest
// flows. Errors are those of w.
func WriteScreen(w io.Writer, r *report.Report, o Options) error {
	if o.Width == 0 {
		o.Width = screenWidth
	}
	t := newWriter(w, o)
	t.opening(&r.Words, nil)
	if t.begun {
		t.line("")
	}
	s := screen{r: r, o: o}
	for _, l := range s.lines() {
		t.line(l)
	}
	return t.flush()
}

// screen is the first screen in the making.
type screen struct {
	r     *report.Report
	o     Options
	width int  // instead of o.Width, if it is narrower than a terminal; 0 is none
	brief bool // the findings stand elsewhere in full

	// What is given up where there is no room, in this order.
	others    int  // lines of each finding but the first at most, else one that is cut
	tight     int  // blank lines that are left out: before the commands, then before the flows
	folded    bool // one line for all findings but the first, and
	kept      int  // as many behind it as there is room for
	details   int  // lines of the first statement's at most
	mostCPUs  int  // rows, from which on fewerCPUs and a line for the rest are shown
	fewerCPUs int

	// Optimization: what does not hang on what was given up is written once.
	cpuLines, flowLines []string

	tables tables // of all blocks
}

// lines is the screen, as wide as it may be.
func (s *screen) lines() []string {
	s.others, s.details, s.mostCPUs, s.fewerCPUs = 3, screenLines, screenCPUs, screenMost
	shrink := []func(){
		func() { s.others = 1 },
		func() { s.details = 5 },
		func() { s.tight = 1 },
		func() { s.tight = 2 },
		func() { s.folded = true },
		func() { s.details = 4 },
		func() { s.details = 3 },
		func() { s.mostCPUs, s.fewerCPUs = 7, 6 },
		func() { s.mostCPUs, s.fewerCPUs = 5, 4 },
		func() { s.details = 1 },
		func() { s.mostCPUs, s.fewerCPUs = 3, 2 },
	}
	lines := s.all()
	for _, step := range shrink {
		if len(lines) <= screenLines || len(s.r.Modes) > 2 || s.o.Flows != 0 {
			break
		}
		rows := s.fewerCPUs
		if step(); s.fewerCPUs != rows {
			s.cpuLines = nil
		}
		lines = s.all()
	}
	for s.folded && len(lines) < screenLines {
		s.kept++
		more := s.all()
		if len(more) <= len(lines) || len(more) > screenLines {
			s.kept--
			break
		}
		lines = more
	}
	if room := screenLines - len(lines); room > 0 && s.details < screenLines { // the last step gave up more than it had to
		for s.details += room; ; s.details-- {
			if lines = s.all(); len(lines) <= screenLines {
				break
			}
		}
	}
	return lines
}

func (s *screen) all() []string {
	lines := s.block(s.head)
	add := func(block []string, part bool) {
		if part && len(block) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, block...)
	}
	add(s.block(s.verdict), true)
	if s.r.Capture.Received > 0 && len(s.r.Modes) > 0 {
		if s.cpuLines == nil {
			s.cpuLines = s.block(s.cpus)
		}
		if s.flowLines == nil {
			s.flowLines = s.block(s.flows)
		}
		add(s.cpuLines, true)
		add(s.flowLines, s.tight < 2)
		if s.o.Time {
			add(s.block(s.time), true)
		}
	}
	add(s.block(s.next), s.tight < 1)
	return lines
}

// block is the lines that fill writes.
func (s *screen) block(fill func(t *writer)) []string {
	var b bytes.Buffer
	t := newWriter(&b, s.o)
	t.compact, t.tables = true, &s.tables
	if s.width > 0 {
		t.width = s.width
	}
	fill(t)
	if t.w.Flush() != nil || b.Len() == 0 { // a buffer takes all
		return nil
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// head names the capture, and says whether its CPU numbers can be trusted.
func (s *screen) head(t *writer) {
	c := &s.r.Capture
	name := ""
	if len(c.Files) > 0 {
		name = words.Clean(words.BaseName(c.Files[0].Name))
		if n := len(c.Files); n > 1 {
			name += fmt.Sprintf(" and %d more", n-1)
		}
	}
	traffic := s.r.Traffic()
	if room := t.width - words.DisplayWidth(traffic) - len(gap); words.DisplayWidth(name) > room {
		t.line(t.paint(shorten(name, t.width), report.Bold))
		t.say(traffic)
	} else {
		t.line(t.paint(name, report.Bold) + gap + traffic)
	}
	if s.r.Anonymized != nil {
		t.sentence(s.r.Anonymized.String() + ".")
	}
	if s.r.Trust != "" && c.Received > 0 {
		t.sentence(s.r.Trust)
	}
}

// verdict is what was found, the rest of the findings in a sentence each.
func (s *screen) verdict(t *writer) {
	c := &s.r.Capture
	statements := s.r.Verdict()
	if c.Received == 0 {
		statements = []report.Statement{{Severity: report.Problem, Text: strings.Join(s.r.Summary(), " ")}}
		if c.Packets > 0 && c.DirectionRule != "" {
			statements[0].More = []string{"Direction: " + c.DirectionRule + "."}
		}
	}
	for _, loss := range c.Losses() {
		statements = append(statements, report.Statement{Severity: report.Warning, Text: loss})
	}
	for _, note := range s.r.Asides {
		statements = append(statements, report.Statement{Text: note})
	}
	folded := 0 // statements for which there is no room
	for i, st := range statements {
		if i > 0 && !st.Load {
			folded++
		}
	}
	if folded -= s.kept; !s.folded || folded < 2 {
		folded = 0
	}
	others, gravest := 0, "" // of those folded
	for i := range statements {
		st := &statements[i]
		if i == 0 {
			s.firstStatement(t, st)
			continue
		}
		if s.brief && st.ID != "" {
			continue
		}
		if !st.Load {
			if others++; folded > 0 && others > s.kept {
				if gravest == "" || st.Severity == report.Problem || st.Severity == report.Warning && gravest == report.Note {
					gravest = st.Severity
				}
				continue
			}
		}
		s.otherStatement(t, st)
	}
	if folded > 0 {
		t.line(t.paint(report.Mark(gravest), severityStyle(gravest)) + fmt.Sprintf(" %d more, for which there is no room here: --show findings,capture", folded))
	}
}

// firstStatement is the one that answers, with what there is to say besides.
func (s *screen) firstStatement(t *writer, st *report.Statement) {
	margin := t.paint(report.Mark(st.Severity), severityStyle(st.Severity)) + " "
	for _, l := range words.Wrap(strings.Split(t.clean(st.WithID()), " "), t.width-2) {
		t.line(margin + t.paint(l, report.Bold))
		margin = words.Indent
	}
	if s.brief {
		return
	}
	room := s.details
	for _, more := range st.More {
		lines := cutText(t.clean(more), t.width-len(words.Indent), room)
		if len(lines) == 1 && strings.Trim(lines[0], t.clean("→ …")) == "" { // nothing but a command, for which there is no room
			continue
		}
		for _, l := range lines {
			t.line(words.Indent + l)
		}
		room -= len(lines)
	}
}

// otherStatement is one behind it, in the lines that there are for it.
func (s *screen) otherStatement(t *writer, st *report.Statement) {
	lines := words.Wrap(strings.Split(t.clean(st.WithID()), " "), t.width-2)
	switch {
	case s.brief: // a mail has room
	case st.ID == "":
		lines = cutText(t.clean(st.Text), t.width-2, 2)
	case len(lines) > s.others:
		lines = []string{cutSentence(t.clean(st.WithID()), t.width-2)}
	}
	t.line(t.paint(report.Mark(st.Severity), severityStyle(st.Severity)) + " " + lines[0])
	for _, l := range lines[1:] {
		t.line(words.Indent + l)
	}
}

// flows is the table of the largest flows: which CPU takes each under RSS, and over
// how many it goes without.
func (s *screen) flows(t *writer) {
	r := s.r
	if r.Flows == nil || r.FlowsTotal == 0 {
		return
	}
	rows := s.o.Flows
	if rows == 0 {
		rows = screenFlows
	}
	if r.FlowsNote != "" {
		t.sentence(r.FlowsNote)
	}
	for before, flows := range flowBlocks(r.Flows, rows) {
		s.flowTable(t, flows, before+len(flows))
	}
}

// flowTable is a block of flows, of which the last has that number.
func (s *screen) flowTable(t *writer, flows []report.Flow, last int) {
	r := s.r
	head := words.Plural(r.FlowsTotal, "flow", "flows")
	if uint64(last) < r.FlowsTotal {
		head = fmt.Sprintf("the %d largest of %s flows", last, words.Exact(r.FlowsTotal))
	}
	g := grid{keys: 1, columns: []column{{head: head, left: true}, {head: "packets"}, {head: "share"}}}
	single := oneCPU(r.Modes, flows)
	for i, m := range r.Modes {
		_, short := report.EverydayMode(m.Mode)
		if single[i] {
			g.columns = append(g.columns, column{group: short, head: "CPU"})
		} else {
			g.columns = append(g.columns, column{group: short, head: "CPUs"}, column{group: short, head: "moves"})
		}
	}
	for i := range flows {
		f := &flows[i]
		cells := []cell{{}, plainCell(words.Count(f.Packets)), plainCell(words.Percent(report.Ratio(f.Packets, r.Capture.Received)))}
		for j, m := range r.Modes {
			on := f.InMode(m.Mode)
			if single[j] {
				cpu, _ := on.Main()
				cells = append(cells, plainCell(cpu))
			} else {
				cells = append(cells, plainCell(fmt.Sprint(len(on.CPUs))), plainCell(words.Count(on.Migrations)))
			}
		}
		g.row(cells...)
	}
	all := t.width - len(words.Indent)
	left := all - columnsWidth(g.columns[1:]) - len(gap)
	longest := 0
	for i := range flows {
		longest = max(longest, words.DisplayWidth(report.FlowWords(&flows[i])))
	}
	share := g.columns[2].width() + len(gap)
	switch {
	case s.width == 0 && len(r.Modes) <= 2 && left < longest && longest <= left+share: // a whole name tells more
		g.columns = slices.Delete(g.columns, 2, 3)
		left += share
	case s.width > 0 && left < longest: // a mail has room for more tables, the first of one mode
		left = min(longest, all-columnsWidth(g.columns[1:4])-len(gap))
	case left < screenFlowWidth: // many modes: they get tables of their own
		left = all - screenFlowWidth
	}
	for i := range flows {
		g.columns[0].cells[i].text = words.Clean(report.FlowName(&flows[i], left))
	}
	if words.DisplayWidth(head) > left {
		g.columns[0].head = "largest flows"
	}
	t.grid(&g)
}

// screenFlowWidth is the least in which a flow can be read.
const screenFlowWidth = 30

// time is each mode over time.
func (s *screen) time(t *writer) {
	for i := range s.r.Modes {
		m := &s.r.Modes[i]
		title, _ := report.EverydayMode(m.Mode)
		t.heading(words.UpperFirst(title), "over time")
		t.compact = false
		t.time(s.r, m, false)
	}
}

// next is what to do now.
func (s *screen) next(t *writer) {
	const label, between = "Next: ", "    "
	room := t.width - len(label)
	margin := label
	put := func(line string) {
		if words.DisplayWidth(line) > room { // see commandLines
			t.line(line)
			return
		}
		t.line(margin + line)
		margin = strings.Repeat(" ", len(label))
	}
	var short []string // the same command, with more
	for _, n := range s.r.Next {
		list := words.ShellWords(n.Command)
		if n.Command[0] == report.Again {
			list[0] = report.Again
			short = append(short, strings.TrimRight(words.Clean(strings.Join(list, " "))+gap+n.What, " "))
			continue
		}
		if n.Before != "" {
			list = append(strings.Split(n.Before, " "), list...)
		}
		lines := commandLines(list, room, t.width)
		for _, l := range lines[:len(lines)-1] {
			put(l)
		}
		last := lines[len(lines)-1]
		if left := room - words.DisplayWidth(last) - words.DisplayWidth(n.What); left >= len(between) {
			last += between + t.paint(n.What, report.Faint)
		}
		put(last)
	}
	line := ""
	for _, item := range short {
		switch {
		case line == "":
			line = item
		case words.DisplayWidth(line)+len(between)+words.DisplayWidth(item) <= room:
			line += between + item
		default:
			put(line)
			line = item
		}
	}
	if line != "" {
		put(line)
	}
}
