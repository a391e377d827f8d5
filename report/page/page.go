package page

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
)

// sources are the page's template, style and script.
//
//go:embed html
var sources embed.FS

// Write writes r as one page that needs nothing else: no network, no other
// file. All figures but the flows beyond the first are in its tables and drawings,
// so it reads and prints without JavaScript; the script adds search, order and
// zoom from data at the page's end. A policy in the page's head forbids every
// script and style but its own, and every request. Errors are those of w.
func Write(w io.Writer, r *report.Report) error {
	page, err := newFrame(w, &r.Words, report.TitleOf("RSS replay", &r.Capture))
	if err != nil {
		return err
	}
	page.Lead = newLead(&r.Capture, r.Notes, r.Summary())
	page.Tail = newTail(&r.Capture, &r.Head, r.Parameters, r.Caveats)
	page.execute("head", page)
	body := newReportBody(r, page)
	page.execute("report", body)
	page.data(func() error { return body.writeData(page.w, r) })
	page.execute("foot", page)
	return page.flush()
}

// pattern compiles a regular expression once one is asked for: most runs write no page.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// unitGap is the space between a number and its unit, or what it is times.
var unitGap = pattern(`(\d) (×|(?:ns|µs|ms|s|[kMGT]?B)\b)`)

// Sentence is s as the page shows it, no number parted from its unit.
func Sentence(s string) string { return unitGap().ReplaceAllString(words.Shown(s), "$1\u00a0$2") }

// flag is a flag in a sentence.
var flag = pattern(`--[a-z][a-z0-9-]*`)

// sentence is s as Sentence has it, and no line ends within a flag.
func sentence(s string) template.HTML {
	return template.HTML(flag().ReplaceAllString(template.HTMLEscapeString(Sentence(s)), `<span class="flag">$0</span>`))
}

// command is a command, each word of which stays whole where a line ends; a path too long
// for one ends it after a slash.
func command(s string) template.HTML {
	all := strings.Split(words.Shown(s), " ")
	for i, word := range all {
		if all[i] = string(parted(word)); len(word) <= longWord {
			all[i] = "<span>" + all[i] + "</span>"
		}
	}
	return template.HTML(strings.Join(all, " "))
}

// longWord is the length from which on a word, a mask of a thousand CPUs, takes several lines.
const longWord = 100

// parted is a text whose lines may end after a slash or a comma, as a path's or a list's.
func parted(s string) template.HTML {
	return template.HTML(parts().ReplaceAllString(template.HTMLEscapeString(s), "$1$3<wbr>$2$4"))
}

// parts is where, but not within a number.
var parts = pattern(`(/)(\w)|(,)([a-z])`)

// frame is what every page has, and where it is written.
type frame struct {
	Title  string
	What   string // the page is, where Title is its author's; else ""
	Note   string // its author's
	Ruled  bool   // the note has columns, as ethtool prints them
	Policy string // the Content-Security-Policy
	Style  template.CSS
	Script template.JS
	Lead   *lead
	Tail   *tail

	kept // for the script

	w         *bufio.Writer
	templates *template.Template
	err       error // the first
}

// columns are in a line with two gaps that end no sentence.
var columns = pattern(`[^\s.!?](?: {2,}|\t)\S.*[^\s.!?](?: {2,}|\t)\S`)

func newFrame(w io.Writer, preface *report.Words, title string) (*frame, error) {
	p := &frame{Title: title, Note: strings.Join(preface.NoteLines(), "\n"), w: bufio.NewWriterSize(w, 1<<16)}
	p.Ruled = columns().MatchString(p.Note)
	if preface.Title != "" {
		p.Title, p.What = words.Shown(preface.Title), title
	}
	style := draw.StyleSheet
	code, err := script()
	if err != nil {
		return nil, err
	}
	p.templates, err = template.New("").Funcs(template.FuncMap{"shown": words.Shown, "sentence": sentence, "command": command, "parted": parted, "kept_tips": p.keepTips, "kept_table": p.keepTable, "kept_plot": p.keepPlot}).ParseFS(sources, "html/*.tmpl")
	if err != nil {
		return nil, err
	}
	p.Style, p.Script = template.CSS(style), template.JS(code)
	p.Policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; " +
		"style-src " + digestSource(style) + "; script-src " + digestSource(code)
	return p, nil
}

// scripts are the parts of the page's script, in their order.
var scripts = []string{"base", "state", "flows", "map", "time", "whatif", "try", "click"}

func script() ([]byte, error) {
	var all []byte
	for _, name := range scripts {
		part, err := sources.ReadFile("html/" + name + ".js")
		if err != nil {
			return nil, err
		}
		all = append(all, unread().ReplaceAll(part, nil)...)
	}
	return all, nil
}

// unread is what a browser does not read of a script: lines that are comments, and the space
// before others. No text of it goes over lines.
var unread = pattern(`(?m)^\s*//.*\n|^\s+`)

// digestSource allows one text of a style or script (Content Security Policy
// Level 3, 2.3.1: hash-source).
func digestSource(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (p *frame) execute(name string, data any) {
	if p.err == nil {
		p.err = p.templates.ExecuteTemplate(p.w, name, data)
	}
}

// kept is what the page itself has not, or has no more than in part.
type kept struct {
	Tips   [][]string `json:"tips"` // of drawings and maps
	Tables []*table   `json:"tables"`
	Plots  []*plot    `json:"plots"`
}

// keepTips gives tips a place in the page's data, keepTable and keepPlot likewise.
func (k *kept) keepTips(tips []string) int {
	k.Tips = append(k.Tips, tips)
	return len(k.Tips) - 1
}

func (k *kept) keepTable(t *table) int {
	k.Tables = append(k.Tables, t)
	return len(k.Tables) - 1
}

func (k *kept) keepPlot(p *plot) int {
	k.Plots = append(k.Plots, p)
	return len(k.Plots) - 1
}

// data writes the block of JSON that the script reads: what it keeps, and the members that
// write adds, each after a comma. A browser takes it for text up to the first end tag, so write
// must write no "<".
func (p *frame) data(write func() error) {
	if p.err != nil {
		return
	}
	kept, err := json.Marshal(p.kept)
	if err != nil {
		p.err = err
		return
	}
	p.w.WriteString(`<script type="application/json" id="data">`)
	p.w.Write(kept[:len(kept)-1])
	if p.err = write(); p.err == nil {
		_, p.err = p.w.WriteString("}</script>\n")
	}
}

func (p *frame) flush() error {
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

// lead is the top of a page.
type lead struct {
	First   string // "" without a packet
	Notes   []string
	Summary []string
	Losses  []string
}

func newLead(c *report.Capture, notes, summary []string) *lead {
	lead := &lead{Notes: notes, Summary: summary}
	for _, f := range c.Files {
		if loss := f.LossText(); loss != "" {
			lead.Losses = append(lead.Losses, loss)
		}
	}
	if !c.First.IsZero() {
		lead.First = c.First.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return lead
}

// tail is the end of a page: with what it can be repeated.
type tail struct {
	Files      table
	ManyFiles  bool
	Facts      []fact
	Command    string
	Tool       string
	Parameters table // but the defaults
	Defaults   table
	Caveats    []string
}

// fact is a line of a list of terms, without a name where it goes on.
type fact struct{ Name, Text, Class string }

func newTail(c *report.Capture, of *report.Head, parameters report.Parameters, caveats []string) *tail {
	tail := &tail{
		Command: strings.Join(words.ShellWords(of.Command), " "),
		Tool:    words.Shown(strings.TrimSpace(strings.Join([]string{of.Tool.Name, of.Tool.Version, of.Tool.Go}, " "))),
		Caveats: report.CaveatsOf(c, parameters, caveats),
	}
	tail.Files = table{ID: "files", Caption: "Files", Head: heads("file", "format", "link types", "*size")}
	column := func(name string, of func(f *report.File) string) { // where a file has it
		if !slices.ContainsFunc(c.Files, func(f report.File) bool { return of(&f) != "" }) {
			return
		}
		tail.Files.Head = append(tail.Files.Head, head{Text: name})
		for i := range c.Files {
			cell := textCell(cmp.Or(of(&c.Files[i]), "–"))
			cell.Class = "value"
			tail.Files.Rows[i] = append(tail.Files.Rows[i], cell)
		}
	}
	for i := range c.Files {
		f := &c.Files[i]
		name := headCell(f.Name)
		name.Class = "value"
		tail.Files.row(name, textCell(f.FormatText()), textCell(strings.Join(f.LinkTypes, ", ")), bytesCell(f.FileBytes))
	}
	column("SHA-256", func(f *report.File) string {
		if f.SHA256 == nil {
			return ""
		}
		return *f.SHA256
	})
	column("remarks", func(f *report.File) string {
		return strings.Join(slices.DeleteFunc([]string{f.LossText(), f.CommentText(), f.SkippedText()}, func(s string) bool { return s == "" }), "; ")
	})
	tail.ManyFiles = len(c.Files) > report.ManyFiles
	for _, f := range c.Facts() {
		tail.Facts = append(tail.Facts, fact{f.Label, strings.Join(f.Items, ", "), styleClass(f.Style)})
	}
	tail.Parameters = table{ID: "parameters", Caption: "Parameters in force, and what set each", Head: heads("parameter", "value", "source")}
	tail.Defaults = table{ID: "defaults", Head: heads("parameter", "value")}
	for i := range parameters {
		p := &parameters[i]
		value, source := textCell(p.Printed()), textCell(p.Source)
		value.Class, source.Class = "value", "value"
		if p.Source == report.DefaultSource {
			tail.Defaults.row(headCell(p.Name), value)
			continue
		}
		tail.Parameters.row(headCell(p.Name), value, source)
	}
	tail.Defaults.Caption = words.Plural(uint64(len(tail.Defaults.Rows)), "parameter is", "parameters are") + " at the default"
	return tail
}

// decimal is x with at most three decimals, as a drawing's coordinates have them.
func decimal(x float64) string {
	s := fmt.Sprintf("%.3f", math.Round(x*1000)/1000)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
