package page

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
	"rssreplay/report/csv"
	"rssreplay/report/internal/fixture"
	"rssreplay/report/internal/words"
	"rssreplay/report/page/pagetest"
)

func htmlOf(t *testing.T, r *report.Report) []byte {
	t.Helper()
	return written(t, func(w io.Writer) error { return Write(w, r) })
}

func compareHTML(t *testing.T, c *report.Compare) []byte {
	t.Helper()
	return written(t, func(w io.Writer) error { return WriteCompare(w, c) })
}

func suggestHTML(t *testing.T, s *report.Suggest) []byte {
	t.Helper()
	return written(t, func(w io.Writer) error { return WriteSuggest(w, s) })
}

// written is a page, whose data is JSON.
func written(t *testing.T, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(dataOf(b.Bytes())) {
		t.Fatal("the page's data is no JSON")
	}
	return b.Bytes()
}

// dataOf is what a page's script reads.
func dataOf(page []byte) []byte {
	_, data, _ := bytes.Cut(page, []byte(`id="data">`))
	data, _, _ = bytes.Cut(data, []byte("</script>"))
	return data
}

// suggested is a suggestion to move two entries of a table with loads.
func suggested() *report.Suggest {
	s := fixture.HostileSuggest("plain")
	s.Table = fixture.New(8, 40, "rss-msix").Table
	for i := range s.Curve {
		c := &s.Curve[i]
		c.Trained, c.Judged = c.Whole+0.1, c.Whole+0.2
	}
	s.Judging.Present = 1.6
	var flow report.Flow
	for flow = range fixture.WithFlows(fixture.New(8, 20, "rss-msix"), 1).Flows {
		break
	}
	s.Suggestions[0].Moves = report.List[report.Move]{{Entry: 3, From: 3, To: 5, Flows: 1, Packets: 7, Largest: &flow}, {Entry: 17, From: 1, To: 0, Flows: 2, Packets: 5}}
	return s
}

// Where no largest flow was looked up, there is no column of dashes.
func TestHTMLMovesWithoutFlows(t *testing.T) {
	moves := report.List[report.Move]{{Entry: 3, From: 3, To: 5, Flows: 1, Packets: 7}, {Entry: 17, From: 1, To: 0, Flows: 2, Packets: 5}}
	plain := newSuggestion("moves", &report.Suggestion{Moves: moves}, "").Moves
	moves[1].Largest = &report.Flow{}
	named := newSuggestion("moves", &report.Suggestion{Moves: moves}, "").Moves
	for _, of := range []struct {
		table   *table
		columns int
	}{{plain, 5}, {named, 6}} {
		for _, row := range append(of.table.Rows, make([]cell, len(of.table.Head))) {
			if len(row) != of.columns {
				t.Errorf("a row of %d cells instead of %d", len(row), of.columns)
			}
		}
	}
}

// A page of suggestions has the commands, the entries to move on the map, and the curve.
func TestHTMLSuggest(t *testing.T) {
	s := suggested()
	page := string(suggestHTML(t, s))
	for _, want := range []string{`<code class="run"><span>plain</span></code>`, "tcp 10.0.0.0:1024 → 192.0.2.1:443", "entry 17 goes from queue 1 to queue 0", `class="curve judged"`, "may not last"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if n := strings.Count(page, ` moved">`); n != 2 {
		t.Errorf("%d entries are outlined, want 2", n)
	}
	s.Judging.TooShort = "there is too little"
	if page := string(suggestHTML(t, s)); strings.Contains(page, "may not last") {
		t.Error("of a capture that is too short the page says what may last")
	}
	if err := WriteSuggest(&fixture.FailingWriter{N: 5000}, s); !errors.Is(err, fixture.ErrFull) {
		t.Errorf("WriteSuggest: %v", err)
	}
}

// contrasts lists texts that don't stand out from what is behind them (WCAG 2.2,
// 1.4.3: 4.5 to 1), and how many were looked at.
const contrasts = `(() => {
  const parse = (s) => (s.match(/^rgba?\(([^)]*)\)/)?.[1] ?? "").split(/[ ,/]+/).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const bad = [];
  let seen = 0;
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility({visibilityProperty: true}) || e.closest("script, title, .hidden, .skip")) continue;
    const style = getComputedStyle(e), ink = parse(e instanceof SVGElement ? style.fill : style.color);
    let behind = e;
    while (behind && parse(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const [a, b] = [luminance(ink), luminance(parse(getComputedStyle(behind ?? document.body).backgroundColor))].sort((x, y) => y - x);
    seen++;
    if (!((a + 0.05) / (b + 0.05) >= 4.5)) bad.push(e.tagName + "." + (e.getAttribute("class") ?? "") + " " + e.textContent.trim().slice(0, 40) + ": " + ((a + 0.05) / (b + 0.05)).toFixed(2));
  }
  return JSON.stringify({seen, bad: [...new Set(bad)].slice(0, 10)});
})()`

// overflows lists what makes the page wider than the window.
const overflows = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map((e) => e.tagName + "." + (e.getAttribute("class") ?? ""))`

// styleAndScript is what golden files leave out.
var styleAndScript = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>|sha256-.*?&#39;`)

func TestHTMLGolden(t *testing.T) {
	r := fixture.New(2, 3, "rss-msix", "non-rss")
	r.Table = report.TableReport{Size: 4, Entries: []int{0, 1, 0, 1}, QueueCPUs: []int{0, 1}, Packets: []uint64{5, 0, 200, 1}, Bytes: []uint64{500, 0, 9000, 60}, Flows: []uint64{1, 0, 2, 1}}
	fixture.Golden(t, "report.html", styleAndScript.ReplaceAll(htmlOf(t, fixture.WithFindings(r)), nil))
	fixture.Golden(t, "compare.html", styleAndScript.ReplaceAll(compareHTML(t, fixture.Compared(2, 2)), nil))
	fixture.Golden(t, "empty.html", styleAndScript.ReplaceAll(htmlOf(t, fixture.Empty()), nil))
}

// All that needs a browser is looked at in one.
func TestHTMLInBrowser(t *testing.T) {
	ctx := pagetest.Browser(t)
	for _, check := range []struct {
		name string
		of   func(*testing.T, context.Context)
	}{
		{"looks", checkLooks}, {"without script", checkWithoutJavaScript}, {"flow rows", checkFlowRowsAreTheSame}, {"flow table", checkFlowTable},
		{"clicks and state", checkClicks}, {"steered flows", checkSteeredFlows}, {"without address", checkWithoutAddress}, {"try", checkTry}, {"map", checkMapByKeyboard}, {"comparison", checkCompareMapsAndTime}, {"late", checkLate}, {"zoom", checkZoom}, {"long names", checkLongNames},
		{"scheme", checkScheme}, {"hostile", checkHostile},
	} {
		t.Run(check.name, func(t *testing.T) { check.of(t, ctx) })
	}
}

func checkLooks(t *testing.T, ctx context.Context) {
	pages := []struct {
		name string
		page []byte
	}{
		{"8 CPUs, 20 flows", htmlOf(t, withSteered(fixture.WithFindings(fixture.New(8, 20, fixture.AllModes...))))},
		{"128 CPUs, 500 flows", htmlOf(t, fixture.WithFlows(fixture.WithTable(fixture.WithWindows(fixture.New(128, 60, "rss-msix", "non-rss"), 300), 512), 500))},
		{"a table of 32,768", htmlOf(t, fixture.WithTable(fixture.New(8, 20, "rss-msix"), 32_768))},
		{"empty", htmlOf(t, fixture.Empty())},
		{"zero", htmlOf(t, &report.Report{})},
		{"sent only", htmlOf(t, fixture.OnlySent())},
		{"compared", compareHTML(t, fixture.Compared(4, 8))},
		{"unlike", compareHTML(t, fixture.Unlike())},
		{"moved", htmlOf(t, fixture.Moved())},
		{"moved scenarios", compareHTML(t, fixture.ComparedMoved())},
		{"suggested", suggestHTML(t, suggested())},
	}
	for i, p := range pages {
		views := []pagetest.View{{Width: 400, Scheme: "light"}, {Width: 1600, Scheme: "dark"}}
		if i == 0 {
			views = append(views, pagetest.View{Width: 800, Scheme: "dark", Print: true})
		}
		t.Run(p.name, func(t *testing.T) {
			b := pagetest.Open(t, ctx, p.page, views[0])
			for _, v := range views {
				b.Look(v)
				checkLook(b, v)
			}
			b.Quiet()
		})
	}
	t.Run("without script", func(t *testing.T) {
		v := pagetest.View{Width: 400, Scheme: "dark", Plain: true}
		b := pagetest.Open(t, ctx, pages[0].page, v)
		checkLook(b, v)
		b.Quiet()
	})
}

// checkLook checks what can be seen of a page.
func checkLook(b *pagetest.Tab, v pagetest.View) {
	b.T.Helper()
	if wide := pagetest.Value[[]string](b, overflows); len(wide) > 0 {
		b.T.Errorf("%+v: the page is wider than the window: %q", v, wide)
	}
	var found struct {
		Seen int
		Bad  []string
	}
	if err := json.Unmarshal([]byte(pagetest.Value[string](b, contrasts)), &found); err != nil {
		b.T.Fatal(err)
	}
	if len(found.Bad) > 0 || found.Seen < 10 {
		b.T.Errorf("%+v: of %d texts these have too little contrast: %q", v, found.Seen, found.Bad)
	}
	if !pagetest.Value[bool](b, `document.querySelector("#flow-table thead")?.innerText.includes("packets") ?? true`) {
		b.T.Errorf("%+v: the flow table has no heads", v)
	}
	if v.Width == 400 && !pagetest.Value[bool](b, `((box) => !box || box.scrollWidth <= box.clientWidth)(document.querySelector("#flow-table")?.parentNode)`) {
		b.T.Errorf("%+v: the flows are cut", v)
	}
	if cut := pagetest.Value[[]string](b, `[...document.querySelectorAll("caption")].filter((c) => c.checkVisibility() && c.getBoundingClientRect().right > innerWidth).map((c) => c.textContent)`); !v.Print && len(cut) > 0 {
		b.T.Errorf("%+v: captions go beyond the window: %q", v, cut)
	}
	background := pagetest.Value[string](b, `getComputedStyle(document.body).backgroundColor`)
	if dark := strings.HasPrefix(background, "rgb(20, "); dark != (v.Scheme == "dark" && !v.Print) {
		b.T.Errorf("%+v: the background is %s", v, background)
	}
}

// The name of a scenario may be as long as a list of entries: it is broken, and figures stay in sight.
func checkLongNames(t *testing.T, ctx context.Context) {
	for _, scenarios := range []int{2, 10} {
		c := fixture.Compared(scenarios, 4)
		for i := range c.Scenarios {
			c.Scenarios[i].Name = "list:" + strings.Repeat("0", 190) + fmt.Sprint(i)
		}
		b := pagetest.Open(t, ctx, compareHTML(t, c), pagetest.View{Width: 1000, Scheme: "light"})
		if got := pagetest.Value[float64](b, `document.querySelector("#figures-table tbody tr:last-child td").getBoundingClientRect().right`); got > 1000 {
			t.Errorf("of %d scenarios the first figure ends at %.0f of 1000 pixels", scenarios, got)
		}
		if got := pagetest.Value[float64](b, `document.querySelector(".lines .row").offsetHeight`); got > 60 {
			t.Errorf("a row over time is %.0f pixels high", got)
		}
		b.Look(pagetest.View{Width: 1000, Scheme: "light", Print: true}) // what is wider is printed smaller
		if wide := pagetest.Value[[]string](b, overflows); len(wide) > 0 {
			t.Errorf("on paper these are wider than the page: %q", wide)
		}
		b.Quiet()
	}
}

// withSteered lets a table be tried: all packets came through the table, in one window.
func withSteered(r *report.Report) *report.Report {
	queues := len(r.Table.QueueCPUs)
	window := make([]uint32, r.Table.Size+queues)
	for i, n := range r.Table.Packets {
		window[i] = uint32(n)
	}
	r.Steered = &report.Steered{Rest: make([]uint64, queues), RestFlows: make([]uint64, queues), Interval: 1e9, Windows: [][]uint32{nil, window}}
	r.Steered.Sets = []string{"table", "key"}
	return r
}

// A tried table is in the address, its command can be copied, and what is wrong is said.
func checkTry(t *testing.T, ctx context.Context) {
	r := withSteered(fixture.New(8, 20, "rss-msix"))
	r.Steered.Found = []report.FoundTable{
		{ID: "entries", Layout: "list:0", Imbalance: 1.5}, // no better
		{ID: "weight", Layout: "weight:3,1", Imbalance: 1.125, Judged: 1.25, Present: 1.5, Better: true},
	}
	b := pagetest.Open(t, ctx, htmlOf(t, r), pagetest.View{Width: 1000, Scheme: "light"})
	figure := func(row int) string {
		return pagetest.Value[string](b, fmt.Sprintf(`document.querySelector("#try-figures tbody").rows[%d].innerText.replace(/\s+/g, " ").trim()`, row))
	}
	commands := func() []string {
		return pagetest.Value[[]string](b, `[...document.querySelectorAll("#try-commands code.run")].map((c) => c.textContent)`)
	}
	if got := commands(); len(got) != 0 {
		t.Errorf("of the present table the commands are %q", got)
	}
	pagetest.Value[bool](b, `(() => { const kind = document.getElementById("try-kind"); kind.value = "equal"; kind.dispatchEvent(new Event("change"));
		const n = document.getElementById("try-value"); n.value = "2"; return n.dispatchEvent(new Event("change")); })()`)
	if got := pagetest.Value[string](b, `location.hash`); got != "#layout=equal%3A2" {
		t.Errorf("the address ends in %s", got)
	}
	var even, odd uint64
	for i, n := range r.Table.Packets {
		if i%2 == 0 {
			even += n
		} else {
			odd += n
		}
	}
	want := fmt.Sprintf(" %.3f", 8*float64(max(even, odd))/float64(even+odd))
	if got := figure(0); !strings.Contains(got, want) {
		t.Errorf("the imbalance is %q, want %s", got, want)
	}
	if got, want := commands(), []string{"ethtool -X DEV equal 2", "--layout equal:2"}; !slices.Equal(got, want) {
		t.Errorf("the commands are %q, want %q", got, want)
	}
	pagetest.Value[bool](b, `(() => { document.getElementById("try-entry").value = "5"; document.getElementById("try-queue").value = "7"; document.getElementById("try-move").click(); return true; })()`)
	if got := pagetest.Value[string](b, `location.hash`); got != "#layout=equal%3A2&moves=5%3A7" {
		t.Errorf("the address ends in %s", got)
	}
	pagetest.Value[chromedp.Void](b, `history.back()`)
	b.Await(`location.hash === "#layout=equal%3A2"`)

	pagetest.Value[bool](b, `(() => { const kind = document.getElementById("try-kind"); kind.value = "list"; kind.dispatchEvent(new Event("change"));
		const text = document.getElementById("try-text"); text.value = "RX flow hash indirection table for eth0 with 8 RX ring(s):\n" +
		Array.from({length: 16}, (_, i) => String(8 * i).padStart(5) + ":" + "     3     4".repeat(4)).join("\n") + "\nRSS hash key:\nOperation not supported\n"; return text.dispatchEvent(new Event("input")); })()`)
	if got, want := commands(), []string{"ethtool -X DEV equal 2 start 3", "--layout equal:2,start:3"}; !slices.Equal(got, want) {
		t.Errorf("the commands are %q, want %q", got, want)
	}
	pagetest.Value[bool](b, `(() => { const text = document.getElementById("try-text"); text.value = "0 1 2"; return text.dispatchEvent(new Event("input")); })()`)
	if got := pagetest.Value[string](b, `document.getElementById("try-trouble").checkVisibility() && document.getElementById("try-trouble").textContent`); !strings.HasPrefix(got, "These are 3 entries, and what is known is the load of 128") {
		t.Errorf("of a list of 3 it says %q", got)
	}
	// Commands that suggest gives are read, too.
	for command, want := range map[string]string{
		"ethtool -X eth0 weight 6 2":        "weight:3,1",
		"ethtool -X eth0 equal 3 start 2\n": "equal:3,start:2",
		`ynl --family ethtool --do rss-set --json '{"header":{"dev-name":"eth0"},"indir":[7` + strings.Repeat(",7", 127) + `]}'`: "equal:1,start:7",
	} {
		if got := pagetest.Value[string](b, fmt.Sprintf(`layoutOf(readTable(%q).entries, 8)`, command)); got != want {
			t.Errorf("%s is read as %s, want %s", command, got, want)
		}
	}
	// What was found for the capture is offered, with what is known of it, until it is changed.
	if got, want := pagetest.Value[string](b, `document.querySelector("#try-kind optgroup").innerText.trim()`), "weights: 1.125 ×"; got != want {
		t.Errorf("found are %q, want %q", got, want)
	}
	pagetest.Value[bool](b, `(() => { document.querySelector("#try-form [type=reset]").click(); const kind = document.getElementById("try-kind"); kind.value = "found-0"; return kind.dispatchEvent(new Event("change")); })()`)
	said := func() string {
		return pagetest.Value[string](b, `(document.getElementById("try-found").checkVisibility() ? document.getElementById("try-kind").value + ": " + document.getElementById("try-found").textContent : "")`)
	}
	if got := said(); !strings.HasPrefix(got, "found-0: Found on all packets of this capture") || !strings.HasSuffix(got, ": too little to say that it lasts.") {
		t.Errorf("of what was found it says %q", got)
	}
	if got, want := commands(), []string{"ethtool -X DEV weight 3 1", "--layout weight:3,1"}; !slices.Equal(got, want) {
		t.Errorf("the commands are %q, want %q", got, want)
	}
	pagetest.Value[bool](b, `(() => { document.getElementById("try-entry").value = "5"; document.getElementById("try-queue").value = "7"; document.getElementById("try-move").click(); return true; })()`)
	if got := said(); got != "" {
		t.Errorf("of what was found and changed it says %q", got)
	}
	if got := commands(); len(got) != 2 || !strings.HasPrefix(got[0], "ynl --family ethtool --do rss-set --json '{\"header\":{\"dev-name\":\"DEV\"},\"indir\":[0,0,0,0,0,7,0,") {
		t.Errorf("the commands are %q", got)
	}
	// A link of a page that can try another key leads here, too.
	pagetest.Value[bool](b, `document.getElementById("try-key") === null && (location.hash = "#layout=equal%3A2&key=00ff&types=ipv4") !== ""`)
	b.Await(`document.getElementById("try-trouble").checkVisibility()`)
	if got := pagetest.Value[string](b, `document.getElementById("try-trouble").textContent`); !strings.HasPrefix(got, "The link has another key or other hash fields") {
		t.Errorf("of a link's key it says %q", got)
	}
	if got, want := commands(), []string{"ethtool -X DEV equal 2", "--layout equal:2"}; !slices.Equal(got, want) {
		t.Errorf("the commands are %q, want %q", got, want)
	}
	// Packets that meet no entry need their queue.
	if got := pagetest.Value[string](b, `(() => { data.try.rest[7] = 5; try { tryTable({cpus: "4"}); return ""; } catch (error) { return error.message; } })()`); !strings.HasPrefix(got, "Queue 7 takes packets that meet no entry, and there are 4") {
		t.Errorf("of too few queues it says %q", got)
	}
	b.Quiet()
}

// columnsDrawn is how many columns of drawings have a box.
func columnsDrawn(selector string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].reduce((n, path) => n + path.getAttribute("d").split("M").length - 1, 0)`, selector)
}

func checkWithoutJavaScript(t *testing.T, ctx context.Context) {
	b := pagetest.Open(t, ctx, htmlOf(t, fixture.WithFlows(fixture.New(8, 20, "rss-msix", "non-rss"), 120)), pagetest.View{Width: 1000, Scheme: "light", Plain: true})
	for expression, want := range map[string]int{
		`document.querySelectorAll("#flow-table tbody tr").length`: flowPage,
		columnsDrawn("#cpus .bar"):                                 8,
		columnsDrawn("#figures .bar"):                              16,
		`document.querySelectorAll("#map td").length`:              128,
		`document.querySelectorAll(".timeline path").length`:       2 * 9,
		// Nothing that would do nothing is shown.
		`[...document.querySelectorAll("button, input, select, .script")].filter((e) => e.checkVisibility()).length`: 0,
	} {
		if got := pagetest.Value[int](b, expression); got != want {
			t.Errorf("%s is %d, want %d", expression, got, want)
		}
	}
	b.Quiet()
}

// flowColumn is a column of the rows that the flow table shows.
func flowColumn(b *pagetest.Tab, column int) []string {
	b.T.Helper()
	return pagetest.Value[[]string](b, fmt.Sprintf(`[...document.querySelectorAll("#flow-table tbody tr")].map((row) => row.cells[%d].textContent)`, column))
}

const (
	columnNumber = iota
	columnCPU
	columnPackets
	columnShare
	columnFlow
	columnOtherCPU
	columnBytes
	columnHash
	columnHashType
	columnEntry
	flowColumns
)

// The script's rows are those that the page came with.
func checkFlowRowsAreTheSame(t *testing.T, ctx context.Context) {
	checkFlowRows(t, ctx, fixture.New(8, 40, "rss-msix", "non-rss"), flowColumns)

	// With stages beside the table each mode has a column that says which decided.
	staged := fixture.WithRPS(fixture.New(8, 40, "rss-msix", "non-rss"))
	flows := slices.Collect(staged.Flows)
	rule := 2045
	for i := range flows {
		flows[i].Modes[0].SteeredOn, flows[i].Modes[1].SteeredOn = i%3 == 0, false
		if i%3 == 1 {
			flows[i].Rule = &rule
		}
	}
	staged.Flows = slices.Values(flows)
	came := checkFlowRows(t, ctx, staged, flowColumns+2)
	for i, want := range []string{"rps", "rule:2045", "rss"} {
		if got := came[(i*(flowColumns+2)+2)*4+3]; got != want {
			t.Errorf("flow %d is decided by %q, want %q", i+1, got, want)
		}
	}
}

// checkFlowRows compares the rows of so many columns, and is what they have.
func checkFlowRows(t *testing.T, ctx context.Context, r *report.Report, columns int) []string {
	page := htmlOf(t, r)
	rows := `[...document.querySelectorAll("#flow-table tbody tr")].flatMap((row) => [...row.cells].flatMap((c) => [c.tagName, c.className, c.title, c.textContent]))`
	scripted := pagetest.Value[[]string](pagetest.Open(t, ctx, page, pagetest.View{Width: 1000, Scheme: "light"}), rows)
	plain := pagetest.Open(t, ctx, page, pagetest.View{Width: 1000, Scheme: "light", Plain: true})
	came := pagetest.Value[[]string](plain, rows)
	if len(came) != 40*columns*4 {
		t.Fatalf("%d texts came", len(came))
	}
	for i := range came {
		if i >= len(scripted) || came[i] != scripted[i] {
			t.Fatalf("row %d, cell %d: %q came, and the script made %q", i/4/columns, i/4%columns, came[i:i+4], scripted[i:min(i+4, len(scripted))])
		}
	}
	return came
}

func checkFlowTable(t *testing.T, ctx context.Context) {
	const flows = 50_000
	r := fixture.WithFlows(fixture.New(8, 20, "rss-msix", "non-rss"), flows)
	b := pagetest.Open(t, ctx, htmlOf(t, r), pagetest.View{Width: 1000, Scheme: "light"})
	pagetest.Value[bool](b, `(document.getElementById("flow-more").click(), true)`)
	ordered := func(column int, want ...string) {
		t.Helper()
		if got := flowColumn(b, column); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("column %d begins %q, want %q", column, got[:min(len(got), 5)], want)
		}
	}
	click := func(selector string) { t.Helper(); b.Run(chromedp.Click(chromedp.CSS(selector))) }
	head := func(column int) string { return fmt.Sprintf("#flow-table thead th:nth-child(%d) button", column+1) }

	ordered(columnNumber, "1", "2", "3")
	click(`[data-page=next]`)
	ordered(columnNumber, "51", "52")
	click(`[data-page=last]`)
	ordered(columnNumber, "49,951")
	if got := pagetest.Value[string](b, `document.getElementById("flow-page").textContent`); got != "49,951–50,000 of 50,000" {
		t.Errorf("the page is %q", got)
	}

	started := time.Now()
	click(head(columnPackets)) // the largest first
	ordered(columnPackets, "50,000", "49,999")
	click(head(columnPackets))
	ordered(columnPackets, "1", "2")
	click(head(columnFlow)) // as numbers, not as letters
	ordered(columnFlow, "tcp 10.0.0.0:1024 → 192.0.2.1:443", "tcp 10.0.0.1:1025 → 192.0.2.1:443", "tcp 10.0.0.2:1026 → 192.0.2.1:443")
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("putting %d flows in order three times took %s", flows, took)
	}
	if got := pagetest.Value[string](b, `document.querySelector("#flow-table [aria-sort]").textContent + document.querySelector("#flow-table [aria-sort]").ariaSort`); got != "flowascending" {
		t.Errorf("in order of %q", got)
	}

	counts := func(n int, packets uint64) string {
		return fmt.Sprintf("%s of 50,000 flows, %s packets (%s)", words.Exact(uint64(n)), words.Exact(packets), words.Percent(report.Ratio(packets, r.Capture.Received)))
	}
	search := func(text string, with func(i int) bool) {
		t.Helper()
		var n int
		var packets uint64
		for i := range flows {
			if with(i) {
				n++
				packets += uint64(flows - i)
			}
		}
		pagetest.Value[string](b, `document.getElementById("flow-search").value = ""`)
		b.Run(chromedp.SendKeys(chromedp.CSS("#flow-search"), text))
		b.Await(fmt.Sprintf(`document.getElementById("flow-count").textContent === %q`, counts(n, packets)))
	}
	entry := func(i int) int { return i % r.Table.Size }
	search("10.0.1.44 443", func(i int) bool { return i == 300 })
	ordered(columnFlow, "tcp 10.0.1.44:1324 → 192.0.2.1:443")
	search("cpu=3", func(i int) bool { return entry(i)%8 == 3 })
	ordered(columnCPU, "3", "3", "3")
	search("queue=3", func(i int) bool { return r.Table.Entries[entry(i)] == 3 })
	search("entry=12 tcp", func(i int) bool { return entry(i) == 12 })
	ordered(columnEntry, "12", "12")
	search("entry=126-130", func(i int) bool { return entry(i) >= 126 })
	ordered(columnEntry, "126", "127", "126")
	search("no such flow", func(int) bool { return false })
	if got := flowColumn(b, 0); len(got) != 0 {
		t.Errorf("of no flow, %d rows", len(got))
	}
	click(`#flow-filter [type=reset]`)
	b.Await(`document.getElementById("flow-count").textContent.startsWith("50,000 of 50,000 flows, ")`)

	search("cpu=1", func(i int) bool { return entry(i)%8 == 1 })
	pagetest.Value[bool](b, `(() => { const select = document.querySelector("#flow-mode"); select.value = "1"; return select.dispatchEvent(new Event("change")); })()`)
	b.Await(`document.getElementById("flow-count").textContent.startsWith("49,999 of 50,000 flows, ")`) // under non-rss all but the smallest have packets on CPU 1
	b.Quiet()
}

// Queues and entries of contexts list what rules lead there; what hashes would tell is not
// listed without them.
func checkSteeredFlows(t *testing.T, ctx context.Context) {
	r := fixture.WithFlows(fixture.New(8, 20, "rss-msix", "non-rss"), 400)
	other := r.Table
	other.Size, other.Entries = 4, report.List[int]{7, 6, 5, 5}
	other.Packets, other.Bytes, other.Flows = other.Packets[:4], other.Bytes[:4], other.Flows[:4]
	r.Contexts = []report.Context{{Context: 1, TableReport: other}, {Context: 1, Base: 2, TableReport: other}}
	r.Rules = []report.Rule{{Filter: 7, Action: "RSS context 1", Context: new(1)}, {Filter: 8, Action: "queue 3", Queue: new(3)}, {Filter: 9, Action: "dropped"}}
	queues, entries, plain := map[int]int{}, map[int]int{}, r.Flows
	withheld := false
	r.Flows = func(yield func(report.Flow) bool) {
		at := 0
		for f := range plain {
			switch at++; at % 5 {
			case 0:
				f.HashType = report.NoHash
			case 1, 2, 3:
				f.Rule = new(6 + at%5)
			}
			f.HashWithheld = withheld
			if !yield(f) {
				return
			}
		}
	}
	for f := range r.Flows {
		switch {
		case f.Rule != nil && *f.Rule == 7:
			queues[other.Entries[f.Hash%4]]++
			entries[int(f.Hash%4)]++
		case f.Rule != nil && *f.Rule == 8:
			queues[3]++
		case f.Rule == nil && f.HashType == report.NoHash:
			queues[0]++
		case f.Rule == nil:
			queues[r.Table.Entries[f.Index]]++
		}
	}
	b := pagetest.Open(t, ctx, htmlOf(t, r), pagetest.View{Width: 1000, Scheme: "light"})
	listed := func(search string, want int) {
		t.Helper()
		b.Await(fmt.Sprintf(`document.getElementById("flow-search").value === %q && document.getElementById("flow-count").textContent.startsWith("%d of 400 flows, ")`, search, want))
	}
	for queue := range 8 {
		pagetest.Value[chromedp.Void](b, fmt.Sprintf(`list("queue=%d", "0")`, queue))
		listed(fmt.Sprintf("queue=%d", queue), queues[queue])
	}
	pagetest.Value[chromedp.Void](b, `list("queue=0", "1")`) // all but what a rule drops
	listed("queue=0", 320)
	pagetest.Value[chromedp.Void](b, `list("context=1+2", "0")`)
	listed("context=1+2", 0)
	b.Run(chromedp.Click(chromedp.CSS(`#map-context-0 td:nth-of-type(3)`)))
	listed("context=1 entry=2", entries[2])
	if got := pagetest.Value[int](b, `document.querySelectorAll(".map .chosen").length`); got != 1 {
		t.Errorf("%d entries are marked", got)
	}

	withheld = true
	b = pagetest.Open(t, ctx, htmlOf(t, r), pagetest.View{Width: 1000, Scheme: "light"})
	if got := pagetest.Value[int](b, `document.querySelectorAll("#heaviest button, #heaviest-context-0 button, #queues-0 button, #queues [data-mode='0'] [data-show]").length`); got != 0 {
		t.Errorf("without hashes, %d places list flows", got)
	}
	b.Run(chromedp.Click(chromedp.CSS(`#map td`)))
	if got := pagetest.Value[string](b, `location.hash + document.getElementById("map-readout").textContent`); strings.ContainsAny(got, "#=") {
		t.Errorf("an entry leads to %q without hashes", got)
	}
	pagetest.Value[chromedp.Void](b, `list("entry=3")`)
	b.Await(`document.getElementById("flow-count").textContent.startsWith("This report has no hashes")`)
	b.Quiet()
}

// What is clicked lists its flows, is in the address, and is there again with it; back
// goes back.
func checkClicks(t *testing.T, ctx context.Context) {
	r := fixture.WithFlows(fixture.New(8, 20, "rss-msix", "non-rss"), 400)
	b := pagetest.Open(t, ctx, htmlOf(t, r), pagetest.View{Width: 1000, Scheme: "light"})
	listed := func(search, mode, count string) {
		t.Helper()
		b.Await(fmt.Sprintf(`document.getElementById("flow-search").value === %q && document.getElementById("flow-mode").value === %q && document.getElementById("flow-count").textContent.startsWith(%q)`, search, mode, count))
	}
	marked := func(selector string, want int) {
		t.Helper()
		if got := pagetest.Value[int](b, fmt.Sprintf(`document.querySelectorAll(%q).length`, selector)); got != want {
			t.Errorf("%s: %d are marked, want %d", selector, got, want)
		}
	}
	listed("", "0", "400 of 400 flows, ")
	b.Run(chromedp.Click(chromedp.CSS(`#cpus [data-show="cpu=3"]`)))
	listed("cpu=3", "0", "50 of 400 flows, ")
	if got := pagetest.Value[string](b, `location.hash`); got != "#flows&search=cpu%3D3" {
		t.Errorf("the address ends in %s", got)
	}
	marked("#map .chosen", 16)
	marked(".timeline .row.chosen", 2)
	marked("#cpus .chosen", 1)
	b.Run(chromedp.Click(chromedp.CSS(`#flow-table tbody tr:first-child td:nth-child(6) button`))) // its CPU without RSS
	listed("cpu=1", "1", "399 of 400 flows, ")
	b.Run(chromedp.Click(chromedp.CSS(`#heaviest tbody tr:first-child button`)))
	heaviest := slices.Index(r.Table.Packets, slices.Max(r.Table.Packets))
	listed(fmt.Sprintf("entry=%d", heaviest), "1", "")
	marked("#map .chosen", 1)
	pagetest.Value[chromedp.Void](b, `history.back()`)
	listed("cpu=1", "1", "399 of 400 flows, ")
	pagetest.Value[chromedp.Void](b, `history.back()`)
	listed("cpu=3", "0", "50 of 400 flows, ")
	b.Run(chromedp.Reload())
	listed("cpu=3", "0", "50 of 400 flows, ")
	b.Run(chromedp.Click(chromedp.CSS(`.finding .id a`))) // a link to a finding keeps what is listed
	if got := pagetest.Value[string](b, `location.hash`); got != "#finding-"+r.Findings[0].ID+"&search=cpu%3D3" {
		t.Errorf("the address of a finding ends in %s", got)
	}

	b.Run(chromedp.Focus(chromedp.CSS(`#cpus [data-show="cpu=0"]`)))
	b.Key(kb.ArrowRight)
	b.Await(`!document.getElementById("tip").hidden && document.getElementById("tip").textContent.startsWith("CPU 1: ")`)
	b.Key(kb.Enter)
	listed("cpu=1", "0", "50 of 400 flows, ")

	// What it would download is the program's own CSV.
	pagetest.Value[chromedp.Void](b, `{ const create = URL.createObjectURL; URL.createObjectURL = (blob) => { blob.text().then((text) => { window.saved = text; }); return create(blob); }; document.getElementById("flow-csv").click(); }`)
	b.Await(`window.saved !== undefined`)
	var all bytes.Buffer
	tables := csv.Tables()
	at := slices.IndexFunc(tables, func(t csv.Table[report.Report]) bool { return t.Name == "flows" })
	if err := tables[at].Write(&all, r); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i, line := range strings.SplitAfter(all.String(), "\r\n") {
		if i == 0 || line != "" && (i-1)%128%8 == 1 {
			want = append(want, line)
		}
	}
	if got := pagetest.Value[string](b, `window.saved`); got != strings.Join(want, "") {
		t.Errorf("the CSV begins %.300q, want %.300q", got, strings.Join(want, ""))
	}
}

func checkMapByKeyboard(t *testing.T, ctx context.Context) {
	r := fixture.New(8, 60, "rss-msix")
	b := pagetest.Open(t, ctx, htmlOf(t, r), pagetest.View{Width: 1000, Scheme: "light"})
	b.Run(chromedp.Focus(chromedp.CSS(`#map td[tabindex="0"]`)))
	at := func(entry int) {
		t.Helper()
		if got := pagetest.Value[string](b, `document.activeElement.dataset.entry`); got != fmt.Sprint(entry) {
			t.Errorf("the focus is on entry %s, want %d", got, entry)
		}
		want := fmt.Sprintf("entry %d: queue %d, CPU %d: %s (%s), %s bytes, %s", entry, r.Table.Entries[entry], r.Table.Entries[entry],
			words.Plural(r.Table.Packets[entry], "packet", "packets"), words.Percent(report.Ratio(r.Table.Packets[entry], sumOf(r.Table.Packets))),
			words.Exact(r.Table.Bytes[entry]), words.Plural(r.Table.Flows[entry], "flow", "flows"))
		if got := pagetest.Value[string](b, `document.getElementById("map-readout").textContent`); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	at(0)
	b.Key(kb.ArrowRight)
	at(1)
	b.Key(kb.ArrowDown)
	at(17)
	b.Key(kb.End)
	at(31)
	b.Key(kb.ArrowRight) // on to the next row
	at(32)
	b.Key(kb.ArrowLeft)
	at(31)
	b.Key(kb.Home)
	b.Key(kb.ArrowUp)
	at(0)
	b.Key(kb.ArrowUp) // there is none
	at(0)
	if got := pagetest.Value[int](b, `document.querySelectorAll('#map td[tabindex="0"]').length`); got != 1 {
		t.Errorf("%d cells are in the order of Tab", got)
	}

	used := slices.Index(r.Table.Packets, slices.Max(r.Table.Packets))
	pagetest.Value[chromedp.Void](b, fmt.Sprintf(`document.querySelector('#map [data-entry="%d"]').focus()`, used))
	at(used)
	b.Key(kb.Enter)
	b.Await(fmt.Sprintf(`document.getElementById("flow-search").value === "entry=%d"`, used))
	for _, entry := range flowColumn(b, columnEntry-1) {
		if entry != fmt.Sprint(used) {
			t.Errorf("Enter lists a flow of entry %s, want %d alone", entry, used)
		}
	}
	b.Quiet()
}

// Each scenario has its map and its drawing over time, which do what a report's do.
func checkCompareMapsAndTime(t *testing.T, ctx context.Context) {
	c := fixture.Compared(3, 8)
	b := pagetest.Open(t, ctx, compareHTML(t, c), pagetest.View{Width: 1000, Scheme: "light"})
	for expression, want := range map[string]int{
		`document.querySelectorAll(".map").length`:                                                                         3,
		`document.querySelectorAll("#map-2 td").length`:                                                                    c.Scenarios[2].Table.Size,
		`document.querySelectorAll(".timeline").length`:                                                                    3,
		`document.querySelectorAll('.timeline[data-mode="1"] path').length`:                                                9,
		`new Set([...document.querySelectorAll("[id]")].map((e) => e.id)).size - document.querySelectorAll("[id]").length`: 0,
	} {
		if got := pagetest.Value[int](b, expression); got != want {
			t.Errorf("%s is %d, want %d", expression, got, want)
		}
	}
	b.Run(chromedp.Focus(chromedp.CSS(`#map-1 td[tabindex="0"]`)))
	b.Key(kb.ArrowRight)
	b.Key(kb.Enter) // there are no flows to list
	want := newMapCell(&c.Scenarios[1].Table, 1, 2, c.Scenarios[1].Table.Packets[1], 0, sumOf(c.Scenarios[1].Table.Packets)).Tip
	if got := pagetest.Value[string](b, `document.getElementById("map-1-readout").textContent`); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	const root = `document.querySelector('.timeline[data-mode="1"]')`
	windows := int64(c.Scenarios[1].Mode().Series.Windows()) * c.Scenarios[1].Mode().Series.Interval
	if got := pagetest.Value[string](b, root+".dataset.to"); got != fmt.Sprint(windows) {
		t.Errorf("the drawing ends at %s ns, want %d", got, windows)
	}
	b.Run(chromedp.Click(chromedp.CSS(`.timeline[data-mode="1"] [data-do=in]`)))
	if got := pagetest.Value[string](b, root+".dataset.to"); got == fmt.Sprint(windows) {
		t.Error("the drawing does not zoom")
	}
	b.Quiet()

	// The rows of imbalance show the same time, and what moved then.
	b = pagetest.Open(t, ctx, compareHTML(t, fixture.ComparedMoved()), pagetest.View{Width: 1000, Scheme: "light"})
	const rows = `(() => { const root = document.querySelector(".lines"), svg = root.querySelector(".row:nth-child(2) svg"), box = svg.viewBox.baseVal;
		return [box.x, box.width, ...[...root.querySelectorAll(".moves line")].filter((l) => l.style.display === "").map((l) => l.getAttribute("x1")), root.querySelector(".ticks").textContent].join(" "); })()`
	for _, shown := range []struct{ hash, want string }{
		{"", "0 5 20% 50% 60% 80% 0 s0.1 s0.2 s0.3 s0.4 s"},
		{"#from=200000000&to=400000000", "2 2 25% 50% 100% 0.2 s0.25 s0.3 s0.35 s"},
		{"#", "0 5 20% 50% 60% 80% 0 s0.1 s0.2 s0.3 s0.4 s"},
	} {
		pagetest.Value[bool](b, fmt.Sprintf(`(location.hash = %q, true)`, shown.hash))
		b.Await(fmt.Sprintf(`%s === %q`, rows, shown.want))
	}
	b.Quiet()
}

// What the script draws and lists from the page's data is what the page itself has of an
// equal scenario.
func checkLate(t *testing.T, ctx context.Context) {
	for _, cpus := range []int{8, 20} {
		c := fixture.Compared(1, cpus)
		for len(c.Scenarios) < 20 {
			c.Scenarios = append(c.Scenarios, c.Scenarios[0])
		}
		page := compareHTML(t, c)
		if !bytes.Contains(page, []byte(`class="late" data-plot`)) || !bytes.Contains(page, []byte(`<p class="late"></p></details>`)) {
			t.Fatal("nothing is left to the script")
		}
		b := pagetest.Open(t, ctx, page, pagetest.View{Width: 1000, Scheme: "light"})
		pagetest.Value[bool](b, `document.querySelectorAll("#cpus details").forEach((d) => { d.open = true; }) === undefined`)
		b.Await(`document.querySelectorAll("#cpus .late:empty").length === 0`)
		for _, what := range []string{"#cpus figure .plot", "#latency figure .plot", "#cpus table", "#time .rows"} {
			nodes := fmt.Sprintf(`((all) => [all[0], all[all.length - 1]].map((root) => [...root.querySelectorAll("*:not(.cursor, .brush)")].map((e) =>
				[e.tagName, ...[...e.attributes].filter((a) => !["id", "class", "data-tips", "data-lists", "aria-label", "role", "aria-hidden"].includes(a.name)).map((a) => a.name + "=" + a.value).sort(),
				[...e.classList].join(" "), e.children.length ? "" : e.textContent].join(" "))))(document.querySelectorAll(%q))`, what)
			got := pagetest.Value[[][]string](b, nodes)
			if diff := cmp.Diff(got[0], got[1]); diff != "" || len(got[0]) < 20 {
				t.Errorf("%d CPUs, %s, %d elements (-page +script):\n%s", cpus, what, len(got[0]), diff)
			}
		}
		b.Quiet()
	}
}

// The drawings of many scenarios have as much room in the page as those of few.
func TestHTMLCompareIsBounded(t *testing.T) {
	few, many := fixture.Compared(4, 8), fixture.Compared(4, 8)
	for i := range few.Scenarios {
		few.Scenarios[i].Table = fixture.WithTable(fixture.New(8, 20, "rss-msix"), 2048).Table
	}
	for len(many.Scenarios) < 64 {
		s := few.Scenarios[0]
		s.Name = fmt.Sprint("scenario ", len(many.Scenarios))
		many.Scenarios = append(many.Scenarios, s)
	}
	size := func(c *report.Compare, section string) int {
		page := string(compareHTML(t, c))
		_, after, _ := strings.Cut(page, `<section id="`+section+`"`)
		part, _, _ := strings.Cut(after, "</section>")
		return len(part)
	}
	for _, section := range []string{"table", "time"} {
		for name, c := range map[string]*report.Compare{"few": few, "many": many} {
			if n := size(c, section); n == 0 || n > 350_000 {
				t.Errorf("%s scenarios: the section %s has %d bytes", name, section, n)
			}
		}
	}
}

func sumOf(values []uint64) (sum uint64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

func checkZoom(t *testing.T, ctx context.Context) {
	short := fixture.New(8, 30, "rss-msix") // ticks of less than a millisecond, of page and script
	short.Modes[0].Series.Interval = 100
	want := ticksText(newTimelines(timedModes(short), 1)[0].Ticks)
	if got := pagetest.Value[string](pagetest.Open(t, ctx, htmlOf(t, short), pagetest.View{Width: 1000, Scheme: "light"}), `document.querySelector(".ticks").textContent + "; " + moment(700)`); got != want+"; 700 ns" || !strings.HasPrefix(want, "0 ns") {
		t.Errorf("the times are %q, want %q", got, want)
	}

	const windows = 137
	for _, cpus := range []int{8, 20} { // areas, and a heat map
		r := fixture.WithWindows(fixture.New(cpus, 30, "rss-msix", "non-rss"), windows)
		b := pagetest.Open(t, ctx, htmlOf(t, r), pagetest.View{Width: 1000, Scheme: "light"})
		for i, drawn := range newTimelines(timedModes(r), 1) { // what the page came with is what the script draws
			var paths []string
			for _, row := range drawn.Rows {
				for _, path := range row.Paths {
					paths = append(paths, path.Class+" "+path.Path)
				}
			}
			root := fmt.Sprintf(`document.querySelector('.timeline[data-mode="%d"]')`, i)
			got := pagetest.Value[[]string](b, `[...`+root+`.querySelectorAll(".row path")].map((p) => (p.getAttribute("class") ?? "") + " " + p.getAttribute("d"))`)
			if diff := cmp.Diff(paths, got); diff != "" {
				t.Errorf("%d CPUs, the rows (-page +script):\n%s", cpus, diff)
			}
			for expression, want := range map[string]string{`.querySelector(".note span").textContent`: drawn.Note, `.querySelector(".ticks").textContent`: ticksText(drawn.Ticks)} {
				if got := pagetest.Value[string](b, root+expression); got != want {
					t.Errorf("%d CPUs, %s is %q, want %q", cpus, expression, got, want)
				}
			}
		}
		b.Quiet()
	}
	r := fixture.WithWindows(fixture.New(20, 30, "rss-msix", "non-rss"), windows)
	interval := r.Modes[0].Series.Interval
	b := pagetest.Open(t, ctx, htmlOf(t, r), pagetest.View{Width: 1000, Scheme: "light"})
	const root = `document.querySelector('.timeline[data-mode="0"]')`
	shows := func(from, to int64) {
		t.Helper()
		got := pagetest.Value[string](b, root+`.dataset.from + " " + `+root+`.dataset.to`)
		if want := fmt.Sprint(from*interval, " ", to*interval); got != want {
			t.Errorf("the drawing shows %s, want %s", got, want)
		}
	}
	columns := func(want int) {
		t.Helper()
		if got := pagetest.Value[string](b, root+`.querySelector(".row svg").getAttribute("viewBox")`); got != fmt.Sprintf("0 0 %d 100", want) {
			t.Errorf("the drawing is %q, want %d columns", got, want)
		}
	}
	shows(0, windows)
	columns(windows)
	b.Run(chromedp.Focus(chromedp.CSS(`.timeline[data-mode="0"] .rows`)))
	b.Key("+")
	shows(34, 34+69)
	columns(69)
	b.Key(kb.ArrowRight)
	shows(51, 51+69)
	b.Key("0")
	shows(0, windows)
	b.Run(chromedp.Click(chromedp.CSS(`.timeline[data-mode="0"] [data-do=in]`)))
	shows(34, 34+69)
	b.Key("-") // the focus is on the button, which takes no such key
	shows(34, 34+69)
	b.Run(chromedp.Click(chromedp.CSS(`.timeline[data-mode="0"] [data-do=all]`)))
	shows(0, windows)

	// Dragging from a quarter to a half.
	var box struct{ Left, Top, Width float64 }
	if err := json.Unmarshal([]byte(pagetest.Value[string](b, `(() => { const rows = `+root+`.querySelector(".rows"); rows.scrollIntoView({block: "center"});
		const {left, top, width} = rows.querySelector(".row:nth-child(2) svg").getBoundingClientRect(); return JSON.stringify({left, top, width}); })()`)), &box); err != nil {
		t.Fatal(err)
	}
	mouse := func(kind input.DispatchMouseEventType, share float64, buttons int64) {
		t.Helper()
		event := input.DispatchMouseEventParams{Type: kind, X: box.Left + share*box.Width, Y: box.Top + 5, Buttons: buttons}
		if buttons > 0 {
			event.Button, event.ClickCount = "left", 1
		}
		b.Run(pagetest.Send(input.DispatchMouseEvent, event))
	}
	mouse("mousePressed", 0.25, 1)
	mouse("mouseMoved", 0.4, 1)
	mouse("mouseMoved", 0.5, 1)
	mouse("mouseReleased", 0.5, 1)
	shows(34, 69)
	mouse("mouseMoved", 0.5/35, 0)
	var sum uint64
	for _, c := range r.Modes[0].Series.CPUs {
		sum += c.At(34)
	}
	want = fmt.Sprintf("from %s s: %s", words.ExactSeconds(34*interval), words.Plural(sum, "packet", "packets"))
	if got := pagetest.Value[string](b, root+`.querySelector(".readout").textContent`); !strings.HasPrefix(got, want) {
		t.Errorf("the pointer reads %q, want %q", got, want)
	}
	if got, want := pagetest.Value[string](b, `document.querySelector('.timeline[data-mode="1"]').dataset.from + location.hash`), fmt.Sprintf("%d#from=%d&to=%d", 34*interval, 34*interval, 69*interval); got != want {
		t.Errorf("the other drawing and the address show %s, want %s", got, want)
	}
	b.Quiet()
}

func ticksText(ticks []plotText) (all string) {
	for _, tick := range ticks {
		all += tick.Text
	}
	return all
}

func checkScheme(t *testing.T, ctx context.Context) {
	b := pagetest.Open(t, ctx, htmlOf(t, fixture.New(2, 5, "rss-msix")), pagetest.View{Width: 1000, Scheme: "light"})
	for _, scheme := range []struct{ name, background string }{{"dark", "rgb(20, 23, 27)"}, {"light", "rgb(250, 250, 248)"}} {
		b.Run(chromedp.Click(chromedp.CSS(fmt.Sprintf(`.scheme [value=%s]`, scheme.name))))
		if got := pagetest.Value[string](b, `getComputedStyle(document.body).backgroundColor`); got != scheme.background {
			t.Errorf("%s has the background %s", scheme.name, got)
		}
	}
	b.Quiet()
}

// A preview of an attachment has the page in a frame without an address of its own.
func checkWithoutAddress(t *testing.T, ctx context.Context) {
	page := htmlOf(t, fixture.WithFlows(fixture.New(8, 20, "rss-msix"), 400))
	b := pagetest.Open(t, ctx, []byte(`<!DOCTYPE html><iframe srcdoc="`+html.EscapeString(string(page))+`"></iframe>`), pagetest.View{Width: 1000, Scheme: "light"})
	count := `document.querySelector("iframe").contentDocument?.getElementById("flow-count")?.textContent`
	b.Await(count + `?.startsWith("400 of 400 flows, ") === true`)
	pagetest.Value[chromedp.Void](b, `document.querySelector("iframe").contentDocument.querySelector("#cpus-0 tbody button").click()`)
	b.Await(count + `.startsWith("50 of 400 flows, ")`)
	pagetest.Value[chromedp.Void](b, `document.querySelector("iframe").contentDocument.querySelector("#flow-filter [type=reset]").click()`)
	b.Await(count + `.startsWith("400 of 400 flows, ")`)
	b.Quiet()
}

// Nothing from a capture or a command line runs, or is more than text.
func checkHostile(t *testing.T, ctx context.Context) {
	for name, hostile := range map[string]string{
		"short": "\u202egnp.exe\u2066\u200f\x1b[31m\x00\xff\u2028" + `{{.Title}}</style><style>*{display:none}</style><a href="javascript:window.ran=1">x</a>` +
			`"'><script>window.ran=1</script><img src=x onerror="window.ran=1"></script><!--<script>`,
		"long": strings.Repeat("<script>window.ran=1</script>", 1<<15),
	} {
		t.Run(name, func(t *testing.T) {
			r := fixture.WithHostile(hostile)
			for kind, page := range map[string][]byte{"report": htmlOf(t, r), "comparison": compareHTML(t, fixture.HostileCompare(hostile)), "suggestions": suggestHTML(t, fixture.HostileSuggest(hostile))} {
				if len(page) > 500_000 {
					t.Errorf("%s: %d bytes", kind, len(page))
				}
				b := pagetest.Open(t, ctx, page, pagetest.View{Width: 1000, Scheme: "light"})
				if pagetest.Value[bool](b, `window.ran !== undefined || document.querySelector("img, a[href^=javascript], iframe, object") !== null`) {
					t.Errorf("%s: something ran, or is there", kind)
				}
				if got := pagetest.Value[int](b, `document.scripts.length`); got > 2 {
					t.Errorf("%s: %d scripts", kind, got)
				}
				if pagetest.Value[bool](b, `/[\u0000-\u0008\u001b\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.outerHTML)`) {
					t.Errorf("%s: a control character is in the page", kind)
				}
				if !pagetest.Value[bool](b, `document.body.checkVisibility() && document.querySelectorAll("h2").length > 3`) {
					t.Errorf("%s: the page is not seen", kind)
				}
				b.Quiet()
			}
		})
	}
}

// Asked for a page, a writer that takes nothing is an error.
func TestHTMLWriteErrors(t *testing.T) {
	if err := Write(&fixture.FailingWriter{N: 5000}, fixture.New(2, 5, "rss-msix")); !errors.Is(err, fixture.ErrFull) {
		t.Errorf("WriteHTML: %v", err)
	}
	if err := WriteCompare(&fixture.FailingWriter{N: 5000}, fixture.Compared(2, 4)); !errors.Is(err, fixture.ErrFull) {
		t.Errorf("WriteCompareHTML: %v", err)
	}
}

// A page has as many flows as it has room for, and says which.
func TestHTMLFlowRoom(t *testing.T) {
	for _, of := range []struct{ cpus, flows, fewest int }{{8, 100, 100}, {128, 60_000, 20_000}} {
		r := fixture.New(of.cpus, 20, "rss-msix", "non-rss")
		if of.cpus > 8 {
			r = withSteered(busy(fixture.WithTable(r, 512), 1))
		}
		r = fixture.WithFlows(r, of.flows)
		if of.cpus == 8 { // else the flows were asked for
			r.AllFlows, r.Flows = r.Flows, nil
		}
		page := htmlOf(t, r)
		var data struct {
			Flows    [][]any
			Complete bool
		}
		if err := json.Unmarshal(dataOf(page), &data); err != nil {
			t.Fatal(err)
		}
		n := len(data.Flows)
		lead := fmt.Sprintf("%s flows, the largest first: ", words.Exact(uint64(n)))
		if n < of.flows {
			lead = fmt.Sprintf("The %s largest of %s flows: ", words.Exact(uint64(n)), words.Exact(uint64(of.flows)))
		}
		switch {
		case len(page) > 5_000_000:
			t.Errorf("of %d flows, the page has %d bytes", of.flows, len(page))
		case n < of.fewest || n < of.flows && len(page) < 4_500_000:
			t.Errorf("of %d flows, the page has %d, in %d bytes", of.flows, n, len(page))
		case !bytes.Contains(page, []byte(lead)) || data.Complete != (n == of.flows):
			t.Errorf("the page has %d flows of %d, and does not say %q", n, of.flows, lead)
		}
	}
}

// A page of two reports tells the direction of each change, the findings that came and
// went, and the flows that moved.
// A note with columns keeps them, in a font of one width; prose is wrapped.
func TestHTMLNote(t *testing.T) {
	for note, class := range map[string]string{
		"As it was:\n    0:      0     1     2     3\n    8:      4     5     6     7": "words ruled",
		"CPU\tpackets\tshare\n0\t17\t3%":                                               "words ruled",
		"After the change.  Two spaces.  They end sentences.\n  - an item":             "words",
	} {
		r := fixture.New(2, 4, "rss-msix")
		r.Words.Note = note
		if page := string(htmlOf(t, r)); !strings.Contains(page, `<p class="`+class+`">`) {
			t.Errorf("%q is not of class %q", note, class)
		}
	}
}

func TestHTMLDiff(t *testing.T) {
	c := fixture.Compared(2, 8)
	finding := func(id string) report.Finding {
		return report.Finding{ID: id, Severity: report.Warning, Summary: "It is about " + id + "."}
	}
	before, after := &report.Report{Findings: report.List[report.Finding]{finding("gone")}}, &report.Report{Findings: report.List[report.Finding]{finding("came")}}
	var flow report.Flow
	for flow = range fixture.WithFlows(fixture.New(8, 20, "rss-msix"), 1).Flows {
		break
	}
	c.Diff = report.NewDiff(before, after, []report.MovedFlow{{Flow: flow, Was: 3, Now: 5}}, 17, false)
	page := string(compareHTML(t, c))
	for _, want := range []string{
		"<h1>Diff of RSS reports ", "It is about gone.", "It is about came.", "Findings that are gone", "Findings that are new", "the largest of 17", "tcp 10.0.0.0:1024 → 192.0.2.1:443",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	imbalance := report.ComparedFigures(c.Scenarios)
	for i := range imbalance {
		f := &imbalance[i]
		was, now := f.Of(&c.Scenarios[0]), f.Of(&c.Scenarios[1])
		switch d := delta(f, &c.Scenarios[0], &c.Scenarios[1], false); {
		case d != "" && (was == now || (now > was) != strings.HasPrefix(d, "▲")):
			t.Errorf("%s from %v to %v is %q", f.Label, was, now, d)
		case d == "" && f.Metric == "imbalance.packets" && was != now:
			t.Errorf("%s from %v to %v is no change", f.Label, was, now)
		}
	}
}

// Many scenarios are listed one below the other, and drawn are the first of them.
func TestHTMLManyScenarios(t *testing.T) {
	c := fixture.Compared(4, 8)
	for len(c.Scenarios) < drawnScenarios+4 {
		s := c.Scenarios[1]
		s.Name = fmt.Sprint("scenario ", len(c.Scenarios))
		c.Scenarios = append(c.Scenarios, s)
	}
	page := string(compareHTML(t, c))
	_, after, _ := strings.Cut(page, `<table id="figures-table"`)
	list, after, _ := strings.Cut(after, "</table>")
	for what, of := range map[string]struct{ got, want int }{
		"rows of the list":     {strings.Count(list, `<th scope="row"`), len(c.Scenarios) + 1}, // without RSS, too
		"deltas in it":         {min(strings.Count(list, `class="delta"`), 1), 1},
		"tables left to fold":  {strings.Count(after, "<summary>All figures</summary>"), 1},
		"drawings":             {strings.Count(page, `<h3>scenario `), 4 * (drawnScenarios - 4)}, // CPUs, maps, time and latency
		"maps":                 {strings.Count(page, `<table id="map-`), drawnScenarios},
		"drawings over time":   {strings.Count(page, `class="timeline`), drawnScenarios},
		"sentences about that": {strings.Count(page, "Drawn are the first 16 of 20 scenarios; the figures are of all."), 2},
	} {
		if of.got != of.want {
			t.Errorf("%s: %d, want %d", what, of.got, of.want)
		}
	}
	var data struct {
		Tables []struct {
			ID   string
			Rows [][]any
		}
	}
	if err := json.Unmarshal(dataOf([]byte(page)), &data); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(data.Tables, func(t struct {
		ID   string
		Rows [][]any
	}) bool {
		return t.ID == "all-figures"
	})
	if at < 0 || len(data.Tables[at].Rows) < 15 || len(data.Tables[at].Rows[0]) != len(c.Scenarios)+2 {
		t.Errorf("the data does not have all figures of all scenarios")
	}
}

// Of a table of many rows the page has the first, and says so; the script has all.
func TestHTMLFirstRows(t *testing.T) {
	table := table{ID: "x", Caption: "What moved when", Head: heads("*at")}
	for i := range 1000 {
		table.row(numberCell(i))
	}
	table.first(listedRows)
	text, err := json.Marshal(&table)
	if err != nil || len(table.Rows) != listedRows || table.Part != "the first 32 of 1,000" || bytes.Count(text, []byte(`],[`)) != 999 {
		t.Errorf("%d rows, %q, and as data %.100s: %v", len(table.Rows), table.Part, text, err)
	}
}

// What spans one window has no drawing over time: it would show the totals once more.
func TestHTMLOneWindow(t *testing.T) {
	r := fixture.WithWindows(fixture.New(4, 20, report.RSSMSIX, report.NonRSS), 1)
	for _, c := range []struct {
		span int64
		want string
	}{
		{108_000, `The packets span 108&nbsp;µs, in one window of 100&nbsp;ms: <span class="flag">--interval</span> 10us draws them over time.`},
		{72_000_000, `The packets span 72.0&nbsp;ms, in one window of 100&nbsp;ms: <span class="flag">--interval</span> 5ms draws them over time.`},
		{0, `All packets have the same time.`},
	} {
		r.Capture.Duration = c.span
		page := string(htmlOf(t, r))
		if n := strings.Count(page, strings.ReplaceAll(c.want, "&nbsp;", "\u00a0")); n != 2 || strings.Contains(page, `class="timeline`) || strings.Contains(page, "Drag over") {
			t.Errorf("of %d ns the page says it %d times, or draws it", c.span, n)
		}
	}
}

// Times reach over most of the height, but where they are nearly equal.
func TestLatencyScale(t *testing.T) {
	for _, c := range []struct {
		least, most int64
		reach       float64 // px
	}{{0, 0, 0}, {4190, 4190, 0}, {4190, 4300, 5}, {4000, 6500, 150}, {12_190, 17_200, 140}, {4190, 8690, 150}, {3_900, 30_000, 150}, {1_000, 1_000_000_000, 150}} {
		s := newLatencyScale(float64(c.least), float64(c.most))
		bottom, top := s.y(c.least), s.y(c.most)
		if top < latencyTop || bottom > plotHeight || bottom-top < c.reach || bottom-top > c.reach+25 {
			t.Errorf("%d to %d ns are drawn from %g to %g px", c.least, c.most, bottom, top)
		}
		if lines := len(s.grid()); c.most > 1 && lines < 3 {
			t.Errorf("%d to %d ns have %d lines", c.least, c.most, lines)
		}
	}
}

// A path or a list ends its lines where it has parts, a number does not.
func TestParted(t *testing.T) {
	if got, want := parted("/tmp/<a>/b.pcap rss-msix,non-rss 1,514 --"), "/<wbr>tmp/&lt;a&gt;/<wbr>b.pcap rss-msix,<wbr>non-rss 1,514 --"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// No line ends within a flag or between a number and its unit, and nothing is markup.
// A command that the reader must complete is not one to be copied.
func TestWholeCommands(t *testing.T) {
	parts := phrases("Use `ethtool -N DEV …`, then `ethtool -X DEV equal 8`.")
	if len(parts) != 5 || parts[1].Whole() || !parts[3].Whole() {
		t.Errorf("the parts are %v", parts)
	}
	if parts := phrases("Use `ls`; a`b.pcap has it."); len(parts) != 3 || parts[2] != (phrase{"; a`b.pcap has it.", false}) {
		t.Errorf("with a backtick of the text's own the parts are %v", parts)
	}
}

// A command is set apart wherever a finding has it.
func TestHTMLFindingCommands(t *testing.T) {
	r := fixture.New(2, 3, "rss-msix")
	r.Findings = []report.Finding{{ID: "x", Severity: report.Note, Summary: "This.", Evidence: "`ls -l` says so.", Remedy: "Use `rm`."}}
	page := string(htmlOf(t, r))
	for _, want := range []string{`<code class="run"><span>ls</span> <span>-l</span></code> says so.`, `Use <code class="run"><span>rm</span></code>.`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

func TestSentence(t *testing.T) {
	got := sentence("Give --rx-ring <4096> for 12 µs, or --key.")
	if want := "Give <span class=\"flag\">--rx-ring</span> &lt;4096&gt; for 12\u00a0µs, or <span class=\"flag\">--key</span>."; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A word too long for a line is part of its command's ground on each of its lines; others
// stay whole.
func TestCommandWords(t *testing.T) {
	mask := strings.Repeat("ffffffff,", 32)
	if got, want := string(command("echo "+mask+" >rps")), "<span>echo</span> "+string(parted(mask))+" <span>&gt;rps</span>"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Packets that the table did not steer stand behind its entries, as -1 and below by queue.
func TestSparseRest(t *testing.T) {
	interval, windows := sparse(&report.Steered{Interval: 10, Rest: []uint64{1, 8}, Windows: [][]uint32{{3, 0, 5, 1, 0}, {0, 0, 0, 0, 0}, {0, 2, 0, 0, 8}}})
	if want := [][]int64{{0, 0, 3, 2, 5, -1, 1}, {2, 1, 2, -2, 8}}; interval != 10 || !cmp.Equal(windows, want) {
		t.Errorf("every %d: %v, want %v", interval, windows, want)
	}
}

// The entries of a large table have colours alone.
func TestSmallEntriesHaveNoText(t *testing.T) {
	for page, text := range map[string]bool{
		string(htmlOf(t, fixture.New(8, 20, "rss-msix"))):                          true,
		string(htmlOf(t, fixture.WithTable(fixture.New(8, 20, "rss-msix"), 1024))): false,
	} {
		if cells := regexp.MustCompile(`<td class="h[0-9]">[0-9]`).MatchString(page); cells != text || !strings.Contains(page, `<td class="h0">`) {
			t.Errorf("a number in a cell is %v, want %v", cells, text)
		}
	}
}
