package page

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
)

// reportBody is the body of a report's page.
type reportBody struct {
	*frame
	Tiles    []tile
	Findings []finding // beside the CPUs
	Further  []finding
	Received bool // else there is nothing below the findings
	Spread   *spreadSection
	CPUs     []panel      // of each mode
	Rules    *ruleSection // nil without any
	Figures  table
	Entries  *entrySection // nil without a packet that was hashed
	Time     []timeline
	Latency  []panel
	Queues   []panel
	Flows    *flowSection
	OneMode  bool
	Try      *trySection // nil: there is no table to try
	NoTry    bool        // for it may change while packets arrive

	Unpredicted bool // nor where it is not known which entry a packet meets

	series, tried []byte // data
}

// tile is one figure of the first screen.
type tile struct {
	Name, Value, Title, Note string
	Class                    string // "hot", "warm" or ""
}

// finding is a finding as the page shows it.
type finding struct {
	report.Finding
	Class  string
	Mark   string   // so that severity is not told by colour alone
	Shown  []phrase // its evidence
	Steps  []phrase // its remedy
	Anchor string   // what a link to it ends with; "" for none
}

// phrase is a piece of a sentence, or a command in it.
type phrase struct {
	Text string
	Code bool
}

// Whole tells whether the command can be copied: the reader has nothing to fill in.
func (p phrase) Whole() bool { return !strings.Contains(p.Text, "…") }

// panel is one mode's or scenario's drawing and its table.
type panel struct {
	Name  string
	Title string
	Plot  *plot // nil: nothing to draw
	Table table
	Mode  string // its place among the modes whose flows the page has; "" for none
	Late  bool   // the script draws it, from the page's data
}

// late leaves to the script what would make a section's drawings and their tables take more
// of the page than room, but never the first.
func late(panels []panel, room int) {
	for i := range panels {
		p := &panels[i]
		room -= p.bytes()
		p.Late = i > 0 && room < 0
		p.Table.Late = p.Late
	}
}

// bytes is about what it takes of the page.
func (p *panel) bytes() int {
	n := 500 + 40*len(p.Table.Rows)*len(p.Table.Head) + 45*len(p.Table.Head)
	if p.Plot != nil {
		n += 1_000 + 45*len(p.Plot.Labels) + 55*len(p.Plot.Values)
		for _, part := range p.Plot.Parts {
			n += len(part.Path)
		}
	}
	return n
}

func newReportBody(r *report.Report, page *frame) *reportBody {
	h := &reportBody{frame: page, Received: r.Capture.Received > 0, OneMode: len(r.Modes) == 1}
	for i, f := range r.Findings {
		shown := newFinding(f)
		plain := strings.Trim(f.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" // as ours are
		if plain && !slices.ContainsFunc(r.Findings[:i], func(before report.Finding) bool { return before.ID == f.ID }) {
			shown.Anchor = "finding-" + f.ID
		}
		if i < findingsBeside {
			h.Findings = append(h.Findings, shown)
		} else {
			h.Further = append(h.Further, shown)
		}
	}
	if h.Received {
		if h.Unpredicted = r.Unpredicted; !h.Unpredicted {
			h.Try = newTrySection(r)
		}
		h.NoTry = h.Try == nil && mayMove(r)
	}
	if h.err == nil {
		h.err = h.gather(r)
	}
	if !h.Received {
		return h
	}
	h.Tiles = tiles(r)
	h.Spread = newSpreadSection(r.Modes, r.Capture.Received)
	h.Rules = newRuleSection(r)
	h.Figures = figureTable(r.Modes)
	if h.Entries = newEntrySection("", &r.Table); h.Entries != nil && r.Moves() {
		h.Entries.Lead += draw.FirstTable
	}
	modes := modesOf(r.Modes)
	loads := loadPlots(modes)
	latencies := latencyPlots(modes)
	h.Time = newTimelines(timedModes(r), 1)
	depths := depthPlots(r.Modes, uint64(max(number(r.Parameters, "rx-ring"), 0)))
	for i := range r.Modes {
		m := &r.Modes[i]
		name, title := words.Shown(m.Mode), report.ModeTitle(m.Mode)
		h.CPUs = append(h.CPUs, panel{Name: name, Title: title, Plot: loads[i], Table: cpuTable(fmt.Sprintf("cpus-%d", i), m), Mode: fmt.Sprint(i)})
		h.Latency = append(h.Latency, panel{Name: name, Title: title, Plot: latencies[i]})
		h.Queues = append(h.Queues, panel{Name: name, Title: title, Plot: depths[i], Table: queueTable(fmt.Sprintf("queues-%d", i), m), Mode: fmt.Sprint(i)})
	}
	late(h.CPUs, 55_000)
	late(h.Latency, 25_000)
	late(h.Queues, 15_000)
	return h
}

// findingsBeside are as many findings as have their place beside the CPUs.
const findingsBeside = 3

// spreadSection is the first drawing: the CPUs under the mode that ComparedMode names, and
// beside each what it has without RSS.
type spreadSection struct {
	Mode  int // its place among the modes
	Plot  *plot
	Lines []spreadMode
	Steer []string // what receive packet steering does under that mode, in sentences
}

// spreadMode is a mode in the drawing, and what it costs.
type spreadMode struct{ Class, Name, Text string }

func newSpreadSection(modes []report.Mode, received uint64) *spreadSection {
	at := report.ComparedMode(modes)
	if at < 0 || modes[at].Totals.Packets == 0 {
		return nil
	}
	h := &spreadSection{Mode: at, Lines: []spreadMode{spreadLine("swatch", &modes[at])}, Steer: modes[at].SteeringSentences(received)}
	drawn := []*report.Mode{&modes[at]}
	for i := range modes {
		if i != at && modes[i].Mode == report.NonRSS && modes[i].Totals.Packets > 0 {
			drawn = append(drawn, &modes[i])
			h.Lines = append(h.Lines, spreadLine("swatch other", &modes[i]))
		}
	}
	h.Plot = loadPlots(drawn)[0]
	if len(drawn) > 1 {
		h.Plot.beside(drawn[0], drawn[1])
	}
	return h
}

func spreadLine(class string, m *report.Mode) spreadMode {
	text := fmt.Sprintf("imbalance %s; ", words.Fixed(m.Imbalance.Packets, 2))
	if title, _ := report.EverydayMode(m.Mode); title != m.Mode {
		text = title + "; " + text
	}
	if n := m.Affinity.Migrations; n > 0 {
		text += "flows change their CPU " + words.Plural(n, "time", "times")
	} else {
		text += "no flow changes its CPU"
	}
	if busy := m.OfTime(m.SerialUtilization); !busy.IsNull() {
		text += fmt.Sprintf("; %s %s of the time", serialWork(m), words.Percent(busy))
	}
	return spreadMode{class, words.Shown(m.Mode), text}
}

// serialWork is what the part of the mode does that can't run beside itself, in a few words.
func serialWork(m *report.Mode) string {
	switch {
	case m.TakesTurns():
		return "its CPUs, one at a time, are busy receiving"
	case m.Mode == report.NonRSS && m.RPS != nil:
		return "its one interrupt or its busiest CPU is at work"
	case m.Mode == report.RSSMSIX || m.Mode == report.NonRSS:
		return "its busiest CPU is busy receiving"
	}
	return "its interrupt is masked"
}

// ruleSection is the rules that are asked before the table, what they drop, and the
// tables of the contexts to which they lead.
type ruleSection struct {
	Table    table
	Drops    string // in a sentence, "" for none
	Contexts []contextSection
}

// contextSection is the load of an RSS context's table.
type contextSection struct {
	Title, Unhashed string // Unhashed is a sentence, "" for none
	Name            string // what a search calls it
	Entries         *entrySection
}

func newRuleSection(r *report.Report) *ruleSection {
	if len(r.Rules) == 0 {
		return nil
	}
	h := &ruleSection{Table: table{ID: "rules-table", Caption: "Rules, in the order in which they are asked",
		Head: heads("*filter", "kind", "leads to", "*packets", "*share", "*bytes", "*flows")}}
	for _, rule := range r.Rules {
		h.Table.row(numberHead(rule.Filter), textCell(rule.Kind), textCell(rule.Action), exactCell(rule.Packets),
			shareCell(report.Ratio(rule.Packets, r.Capture.Received)), bytesCell(rule.Bytes), exactCell(rule.Flows))
	}
	if r.RuleDrops != nil && *r.RuleDrops > 0 {
		h.Drops = fmt.Sprintf("Rules dropped %s, or sent them to a virtual function: they take no buffer, and are no drops of a ring.", words.Plural(*r.RuleDrops, "packet", "packets"))
	}
	for i := range r.Contexts {
		c := &r.Contexts[i]
		entries := newEntrySection(fmt.Sprintf("-context-%d", i), &c.TableReport)
		if entries != nil {
			entries.Map.Of = c.Title()
			entries.Heaviest.Label = entries.Heaviest.Caption + " of " + c.Title()
			if entries.All != nil {
				entries.All.Label = entries.All.Caption + " of " + c.Title()
			}
		}
		h.Contexts = append(h.Contexts, contextSection{c.Title(), c.UnhashedSentence(), contextName(c), entries})
	}
	return h
}

// gather makes the data that is not flows, and takes as many of those as there is room for.
func (h *reportBody) gather(r *report.Report) (err error) {
	if h.series, err = seriesJSON(r.Modes); err != nil {
		return err
	}
	h.tried = []byte("null")
	if h.Try != nil {
		if h.tried, err = json.Marshal(h.Try.data); err != nil {
			return err
		}
	}
	if h.Received {
		h.Flows = newFlowSection(r, flowRoom(r, h.series, h.tried))
	}
	if h.Flows == nil && h.Try != nil && h.Try.Hashing != nil { // no flow to hash again
		h.Try.Hashing, h.Try.data.Hashing = nil, nil
		h.tried, err = json.Marshal(h.Try.data)
	}
	return err
}

// writeData writes what the script reads.
func (h *reportBody) writeData(w *bufio.Writer, r *report.Report) error {
	table, err := json.Marshal(tableData{r.Table.Entries, r.Table.QueueCPUs})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, `,"received":%d,"flows_total":%d,"page":%d,"compared":%d,"modes":`, r.Capture.Received, r.FlowsTotal, flowPage, report.ComparedMode(r.Modes))
	w.Write(h.series)
	steering, err := json.Marshal(newSteeringData(r))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, `,"steering":%s`, steering)
	staged := make([]bool, len(r.Modes))
	for i := range r.Modes {
		staged[i] = r.Staged(&r.Modes[i])
	}
	if slices.Contains(staged, true) {
		fmt.Fprintf(w, `,"staged":%s`, strings.ReplaceAll(fmt.Sprint(staged), " ", ","))
	}
	fmt.Fprintf(w, `,"table":%s,"try":%s,"complete":%t`, table, h.tried, h.Flows != nil && uint64(h.Flows.Total) == r.FlowsTotal && r.FlowsNote == "")
	return h.Flows.writeData(w, r.Modes)
}

// tableData is the indirection table.
type tableData struct {
	Entries report.List[int] `json:"entries"`
	CPUs    report.List[int] `json:"cpus"` // of the queues
}

// steeringData is what tells a flow's queue, beside the table.
type steeringData struct {
	Queues   []int            `json:"queues"`  // how many each mode has
	Default  int              `json:"default"` // for packets without a hash
	Moves    bool             `json:"moves"`   // the table does
	Rules    map[int]ruleData `json:"rules"`   // by filter
	Contexts []contextData    `json:"contexts"`
}

// ruleData is where a rule leads: neither is known of one that drops.
type ruleData struct {
	Queue   *int `json:"queue,omitempty"`
	Context *int `json:"context,omitempty"` // its place among the contexts
}

// contextData is an RSS context's table, and what a search calls it.
type contextData struct {
	Name    string           `json:"name"`
	Entries report.List[int] `json:"entries"`
}

func newSteeringData(r *report.Report) steeringData {
	d := steeringData{Queues: []int{}, Moves: r.Moves(), Default: number(r.Parameters, "default-queue"), Rules: map[int]ruleData{}, Contexts: []contextData{}}
	for _, m := range r.Modes {
		d.Queues = append(d.Queues, len(m.Queues))
	}
	for i := range r.Contexts {
		d.Contexts = append(d.Contexts, contextData{contextName(&r.Contexts[i]), r.Contexts[i].Entries})
	}
	for i := range r.Rules {
		rule := ruleData{Queue: r.Rules[i].Queue}
		at := slices.IndexFunc(r.Contexts, func(c report.Context) bool { return c.Title() == r.Rules[i].Action })
		if rule.Queue == nil && at >= 0 {
			rule.Context = &at
		}
		d.Rules[r.Rules[i].Filter] = rule
	}
	return d
}

// contextName is what a search for a context's flows calls it, "context=1+4" where its queues
// begin with 4.
func contextName(c *report.Context) string {
	if c.Base > 0 {
		return fmt.Sprintf("context=%d+%d", c.Context, c.Base)
	}
	return fmt.Sprintf("context=%d", c.Context)
}

// number is a parameter's value; 0 where it is not there, or no number.
func number(parameters report.Parameters, name string) (n int) {
	if p := parameters.Named(name); p != nil {
		n, _ = p.Value.(int)
	}
	return n
}

func modesOf(modes []report.Mode) []*report.Mode {
	of := make([]*report.Mode, len(modes))
	for i := range modes {
		of[i] = &modes[i]
	}
	return of
}

// dropTile is the packets that found no room.
func dropTile(r *report.Report, m *report.Mode) tile {
	drops := m.Overflows()
	t := tile{Name: "dropped", Value: words.Count(drops), Title: words.Exact(drops) + " packets", Note: "no ring ran out of buffers"}
	switch backlogs := m.BacklogDrops(); {
	case drops > 0:
		t.Note, t.Class = report.ShareText(drops, m.Arrived())+" of what came to a queue", "hot"
		if backlogs == drops {
			t.Note += ", all in backlogs of RPS"
		} else if backlogs > 0 {
			t.Note += ", " + words.Count(backlogs) + " in backlogs of RPS"
		}
	case m.RPS != nil:
		t.Note = "no ring and no backlog was full"
	}
	if r.RuleDrops != nil && *r.RuleDrops > 0 {
		t.Note += "; rules dropped " + words.Count(*r.RuleDrops)
	}
	return t
}

// tiles are the figures of the first screen, of the mode that ComparedMode names.
func tiles(r *report.Report) []tile {
	at := report.ComparedMode(r.Modes)
	if at < 0 {
		return nil
	}
	m, c := &r.Modes[at], &r.Capture
	tiles := []tile{{Name: "received packets", Value: words.Count(c.Received), Title: words.Exact(c.Received), Note: words.ByteSize(c.Bytes) + " in the capture"}}
	if r.FlowsNote == "" && r.FlowsTotal > 0 {
		tiles[0].Note = "in " + words.Plural(r.FlowsTotal, "flow", "flows")
	}
	if most := m.MostLoaded(); most != nil && m.Totals.Packets > 0 {
		share := report.Ratio(most.Packets, m.Totals.Packets)
		heat, over := heatClass(m.Imbalance.Packets), "the most loaded CPU ÷ the mean; 1 is even"
		if m.Overflows() > 0 {
			over += "; without dropped packets"
		}
		if heat == "warm" && slices.ContainsFunc(r.Verdict(), func(s report.Statement) bool { return s.Severity == report.Even }) {
			heat = "" // chance makes as much
		}
		tiles = append(tiles, tile{
			Name: "the most loaded CPU", Value: fmt.Sprintf("CPU %d", most.CPU), Title: words.Exact(most.Packets) + " packets",
			Note:  fmt.Sprintf("%s of the packets of %s", words.Percent(share), words.Plural(uint64(len(m.CPUs)), "CPU", "CPUs")),
			Class: heat,
		}, tile{
			Name: "imbalance", Value: words.Fixed(m.Imbalance.Packets, 2) + " ×", Note: over,
			Title: words.Fixed(m.Imbalance.Packets, 6), Class: heat,
		})
	}
	tiles = append(tiles, dropTile(r, m))
	if busy := report.MaxUtilization(m); m.Instant && m.Totals.Packets > 0 {
		tiles = append(tiles, tile{Name: "the busiest CPU", Value: "unknown", Note: "the packets span no time"})
	} else if !busy.IsNull() {
		tiles = append(tiles, tile{
			Name: "the busiest CPU", Value: words.Percent(busy), Title: words.Fixed(busy, 6), Note: "of the time in ISR, DPC or send",
			Class: styleClass(report.UtilizationStyle(busy)),
		})
	}
	if p99 := report.Greatest(m, func(c *report.CPU) *int64 { return c.Latency.P99 }); p99 != nil {
		tiles = append(tiles, tile{Name: "latency, p99", Value: words.Nanoseconds(*p99), Title: words.ExactNanoseconds(*p99), Note: "on the slowest CPU"})
	}
	return tiles
}

// heatClass is the class of a load that is timesMean the mean.
func heatClass(timesMean report.Fraction) string { return styleClass(report.Heat(timesMean)) }

// styleClass is the class of what stands out, "" for other styles.
func styleClass(style report.Style) string {
	switch style {
	case report.Hot:
		return "hot"
	case report.Warm:
		return "warm"
	}
	return ""
}

func newFinding(f report.Finding) finding {
	h := finding{Finding: f, Class: "note", Mark: "●", Shown: phrases(f.Evidence), Steps: phrases(f.Remedy)}
	switch f.Severity {
	case report.Problem:
		h.Class, h.Mark = "hot", "✖"
	case report.Warning:
		h.Class, h.Mark = "warm", "▲"
	}
	return h
}

// phrases parts a sentence from the commands between backticks in it.
func phrases(s string) (parts []phrase) {
	for i, part := range words.MarkedParts(s) {
		if part != "" {
			parts = append(parts, phrase{part, i%2 == 1})
		}
	}
	return parts
}
