package text

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
)

func screenOf(t *testing.T, r *report.Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteScreen(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// withScreen adds to a fixture what only the screen has.
func withScreen(r *report.Report) *report.Report {
	r.Trust = "CPU numbers are illustrative (default key); the spread is typical."
	r.Evenness = &report.Evenness{Chance: 1.31}
	for f := range r.Flows {
		r.Evenness.Largest = f.Packets
		break
	}
	r.Next = []report.Next{
		{Before: "ethtool -x eth0 |", Command: []string{"rssreplay", "web 1.pcapng", "--table", "-"}, What: "your NIC's key and table"},
		{Command: []string{"rssreplay", "suggest", strings.Repeat("a/very/long/way/to/", 6) + "web-1.pcapng"}, What: "a better table"},
		{Command: []string{report.Again, "--on", "cpu=3"}, What: "its flows"},
		{Command: []string{report.Again, "--full"}, What: "everything"},
	}
	return r
}

func TestScreenGolden(t *testing.T) {
	fixture.Golden(t, "screen-cpus8.txt", []byte(screenOf(t, withScreen(fixture.New(8, 300, "rss-msix", "non-rss")), Options{})))
	fixture.Golden(t, "screen-cpus64.txt", []byte(screenOf(t, withScreen(fixture.New(64, 300, "rss-msix", "non-rss")), Options{ASCII: true})))
	fixture.Golden(t, "screen-modes.txt", []byte(screenOf(t, withScreen(fixture.New(2, 30, fixture.AllModes...)), Options{Width: 132, Flows: 3})))
}

// The screen is one however many findings, notes and files there are, and however
// long their texts; nothing of it is wider than it may be.
func TestScreenFits(t *testing.T) {
	counts := []int{1, 2, 7, 8, 9, 64, 128}
	if testing.Short() {
		counts = []int{1, 9, 128}
	}
	for _, cpus := range counts {
		for _, findings := range []int{0, 1, 2, 30} {
			for _, modes := range [][]string{{"rss-msix", "non-rss"}, {"rss-msix"}, {"non-rss"}, {"rss-hw-queues", "rss-single-queue"}} {
				r := withScreen(fixture.New(cpus, 300, modes...))
				r.Findings = nil
				for i := range findings {
					long := strings.Repeat("CPU 3 is not what it was before, and nobody knows why that is so. ", 1+i)
					r.Findings = append(r.Findings, report.Finding{ID: fmt.Sprintf("finding-%d", i), Severity: []string{report.Problem, report.Warning, report.Note}[i%3], Summary: long, Evidence: long, Remedy: long})
				}
				r.Trust = strings.Repeat("CPU numbers hold for this key. ", 20)
				r.Asides = []string{strings.Repeat("A note. ", 100), "Another note."}
				name := fmt.Sprintf("%d CPUs, %d findings, %v", cpus, findings, modes)
				got := screenOf(t, r, Options{})
				lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
				if len(lines) > 40 {
					t.Errorf("%s: %d lines:\n%s", name, len(lines), got)
				}
				for _, l := range lines {
					if w := twwidth.Width(l); w > 80 {
						t.Errorf("%s: %d columns: %s", name, w, l)
					}
				}
				if n := strings.Count(got, " → ") - strings.Count(got, "  → "); n < 10 {
					t.Errorf("%s: %d flows are shown", name, n)
				}
			}
		}
	}
}

// A note that has no room says that it goes on.
func TestScreenCutsNotes(t *testing.T) {
	r := withScreen(fixture.New(8, 300, "rss-msix", "non-rss"))
	r.Findings = nil
	r.Asides = []string{strings.Repeat("A note of several words. ", 20)}
	if got := screenOf(t, r, Options{}); !strings.Contains(got, "\n• A note of") || !strings.Contains(got, "words. …\n") {
		t.Errorf("the note is cut unseen:\n%s", got)
	}
}

// A remedy is whole where there is room, and cut where there is none.
func TestScreenWholeRemedy(t *testing.T) {
	r := withScreen(fixture.New(2, 300, "rss-msix", "non-rss"))
	r.Findings = []report.Finding{{ID: "tunnel", Severity: report.Problem, Summary: "CPU 3 has all.", Remedy: strings.Repeat("Say why it is so. ", 24) + "At last."}}
	if got := screenOf(t, r, Options{}); !strings.Contains(got, "At last.\n") {
		t.Errorf("there is room, and the remedy is cut:\n%s", got)
	}
	r.Findings[0].Remedy = strings.Repeat("Say why it is so. ", 96) + "At last."
	if got := screenOf(t, r, Options{}); strings.Contains(got, "At last.") || !strings.Contains(got, "…\n") {
		t.Errorf("there is no room, and the remedy is whole:\n%s", got)
	}
}

// What a step gave up beyond need comes back: where the remedy is cut, no line is free.
func TestScreenHasNoRoomLeft(t *testing.T) {
	for notes := range 16 {
		r := withScreen(fixture.New(8, 300, "rss-msix", "non-rss"))
		r.Findings = []report.Finding{{ID: "tunnel", Severity: report.Problem, Summary: "CPU 3 has all.", Remedy: strings.Repeat("why ", 300) + "at last."}}
		r.Asides = slices.Repeat([]string{"A note."}, notes)
		if got := screenOf(t, r, Options{}); strings.Count(got, "\n") != 40 {
			t.Errorf("%d notes: %d lines:\n%s", notes, strings.Count(got, "\n"), got)
		}
	}
}

// A finding after the first is a whole sentence where there is room, else a line.
func TestScreenOtherFindings(t *testing.T) {
	r := withScreen(fixture.New(2, 300, "rss-msix", "non-rss"))
	r.Findings = []report.Finding{
		{ID: "tunnel", Severity: report.Problem, Summary: "CPU 3 has all."},
		{ID: "hot-window", Severity: report.Note, Summary: strings.Repeat("For a while it had more than that. ", 3) + "At last."},
	}
	if got := screenOf(t, r, Options{}); !strings.Contains(got, "At last. [hot-window]\n") {
		t.Errorf("there is room, and the finding is cut:\n%s", got)
	}
	r.Asides = slices.Repeat([]string{"A note."}, 8)
	if got := screenOf(t, r, Options{}); strings.Contains(got, "At last.") || !strings.Contains(got, " … [hot-window]\n") {
		t.Errorf("there is no room, and the finding is whole:\n%s", got)
	}
}

// Of more findings than there is room for the first ones stand there, as many as fit; the
// line for the rest is marked by the gravest.
func TestScreenKeepsWhatFits(t *testing.T) {
	seen := map[string]bool{}
	for others := range 24 {
		r := withScreen(fixture.New(8, 300, "rss-msix", "non-rss"))
		r.Findings = []report.Finding{{ID: "tunnel", Severity: report.Problem, Summary: "CPU 3 has all.", Remedy: "Know it."}}
		for i := range others {
			r.Findings = append(r.Findings, report.Finding{ID: fmt.Sprintf("one-%d", i), Severity: report.Warning, Summary: "It is so."})
		}
		got := screenOf(t, r, Options{})
		shown := strings.Count(got, "[one-") // besides what the capture lost
		_, line, folded := strings.Cut(got, "▲ "+fmt.Sprint(others-shown+1)+" more, for which there is no room here")
		switch {
		case folded != (shown < others), folded && !strings.Contains(got, "[one-0]"):
			t.Errorf("%d other findings: %d are shown:\n%s", others, shown, got)
		case folded && strings.Count(got, "\n") < 39: // the last ones have two lines
			t.Errorf("%d other findings: room for more:\n%s", others, got)
		case folded && strings.Contains(line, "[one-"):
			t.Errorf("%d other findings: more behind the line for the rest:\n%s", others, got)
		}
		seen[fmt.Sprint(folded)] = true
	}
	if len(seen) != 2 {
		t.Errorf("folded: %v", seen)
	}
}

// One move is no moves.
func TestScreenOneMove(t *testing.T) {
	r := withScreen(fixture.New(4, 30, "rss-msix", "non-rss"))
	for n, want := range map[uint64]string{0: "", 1: ": 1 move\n", 2: ": 2 moves\n"} {
		r.Modes[1].Affinity.Migrations = n
		_, row, _ := strings.Cut(screenOf(t, r, Options{}), "flows on one CPU")
		row, _, _ = strings.Cut(row, "\n")
		if _, moves, found := strings.Cut(row+"\n", ": "); found != (want != "") || found && ": "+moves != want {
			t.Errorf("%d moves: %q", n, row)
		}
	}
}

// What follows from timestamps that are no clock is not judged, and drops are said to.
func TestScreenWithoutClock(t *testing.T) {
	for id, word := range map[string]string{"clock-still": "no clock", "captures-overlap": "overlap", "clock-leap": "clock leaps", "elephant-flow": ""} {
		r := withScreen(fixture.New(8, 300, "rss-msix", "non-rss"))
		r.Modes[0].Totals.Drops = 5000
		r.Findings = report.List[report.Finding]{{ID: id, Severity: report.Warning, Summary: "So it is."}}
		screen := screenOf(t, r, Options{})
		if word == "" {
			word = "assumed"
		} else if !strings.Contains(screen, "unknown: "+word) {
			t.Errorf("%s: its load is judged:\n%s", id, screen)
		}
		if !strings.Contains(screen, "  dropped ("+word+") ") {
			t.Errorf("%s: its drops are not said to be %s:\n%s", id, word, screen)
		}
	}
}

// A terminal that is wide gets the flows in full.
func TestScreenWide(t *testing.T) {
	r := withScreen(fixture.New(8, 300, "rss-msix", "non-rss"))
	if strings.Contains(screenOf(t, r, Options{Width: 160}), "…f") {
		t.Error("an address is cut on 160 columns")
	}
}

func TestVerdict(t *testing.T) {
	made := func(packets ...uint64) *report.Report {
		m := report.Mode{Mode: "rss-msix"}
		r := &report.Report{Evenness: &report.Evenness{Chance: 1.2, Largest: 10}}
		for i, n := range packets {
			m.CPUs = append(m.CPUs, report.CPU{CPU: i, Packets: n})
			r.Capture.Received += n
		}
		m.Derive()
		r.Modes = []report.Mode{m}
		return r
	}
	elephant := report.Finding{ID: "elephant-flow", Severity: report.Problem, Summary: "One flow has 70%.", Remedy: "Split it."}
	note := report.Finding{ID: "clock-leap", Bearing: report.Unsure, Severity: report.Note, Summary: "The clock leaps."}
	for name, test := range map[string]struct {
		r      *report.Report
		change func(r *report.Report)
		want   []string // mark and text
	}{
		"even":              {made(1000, 1100), nil, []string{"✔ Even: the busiest of 2 CPUs has 1.05 × its share (by chance: up to 1.20)."}},
		"even, with a note": {made(1000, 1100), func(r *report.Report) { r.Findings = []report.Finding{note} }, []string{"✔ Even: the busiest of 2 CPUs has 1.05 × its share (by chance: up to 1.20).", "• The clock leaps. [clock-leap]"}},
		"even, and a fault": {made(1000, 1100), func(r *report.Report) { r.Findings = []report.Finding{elephant} }, []string{"✖ One flow has 70%. [elephant-flow] | → Split it.", "✔ Even: the busiest of 2 CPUs has 1.05 × its share (by chance: up to 1.20)."}},
		"beyond chance":     {made(1000, 1600), nil, []string{"• The busiest of 2 CPUs has 1.23 × its share (by chance: up to 1.20)."}},
		"a heavy flow":      {made(1000, 1100), func(r *report.Report) { r.Evenness.Largest = 700 }, []string{"• The busiest of 2 CPUs has 1.05 × its share, and one flow alone 0.67 of it."}},
		"a table on one queue": {made(1000, 0), func(r *report.Report) {
			r.Evenness.Chance = 2
			r.Table.Entries, r.Table.QueueCPUs = report.List[int]{0, 0}, report.List[int]{0, 1}
			r.Table.Packets = report.List[uint64]{600, 400}
		}, []string{"• CPU 0 takes 100.0% of the packets, 2.00 × its fair share."}},
		"half of it by a rule": {made(700, 300), func(r *report.Report) {
			r.Evenness.Chance = 1.5
			r.Table.Entries, r.Table.QueueCPUs, r.Table.Packets = report.List[int]{0, 1}, report.List[int]{0, 1}, report.List[uint64]{200, 300}
			r.Modes[0].Queues = report.List[report.Queue]{{Packets: 700}, {Queue: 1, Packets: 300}}
		}, []string{"• CPU 0 takes 70.0% of the packets, 1.40 × its fair share."}},
		"chance is not known":    {made(1000, 1100), func(r *report.Report) { r.Evenness = nil }, []string{"• The busiest of 2 CPUs has 1.05 × its share."}},
		"uneven":                 {made(1000, 9000), func(r *report.Report) { r.Findings = []report.Finding{elephant} }, []string{"✖ CPU 1 takes 90.0% of the packets, 1.80 × its fair share. | One flow has 70%. [elephant-flow] | → Split it."}},
		"uneven, nobody says so": {made(1000, 9000), nil, []string{"• CPU 1 takes 90.0% of the packets, 1.80 × its fair share."}},
		"few packets":            {made(10, 90), nil, []string{"• 100 packets are too few to judge the spread: CPU 1 takes 90.0% of the packets, 1.80 × its fair share."}},
		"one packet":             {made(0, 1), nil, []string{"• 1 packet is too few to judge the spread: CPU 1 takes 100.0% of the packets, 2.00 × its fair share."}},
		"uneven, and the clock": {made(1000, 9000), func(r *report.Report) {
			leap := note
			leap.Severity, leap.Remedy = report.Warning, "Cut it."
			r.Findings = []report.Finding{leap, elephant}
		}, []string{"▲ The clock leaps. [clock-leap] | → Cut it.", "• CPU 1 takes 90.0% of the packets, 1.80 × its fair share.", "✖ One flow has 70%. [elephant-flow]"}},
		"uneven, and what is beside": {made(1000, 9000), func(r *report.Report) {
			r.Findings = []report.Finding{{ID: "ring-overflow", Bearing: report.Beside, Severity: report.Problem, Summary: "A ring is full.", Remedy: "More."}, elephant}
		}, []string{"✖ CPU 1 takes 90.0% of the packets, 1.80 × its fair share. | One flow has 70%. [elephant-flow] | → Split it.", "✖ A ring is full. [ring-overflow]"}},
		"unhashed on another CPU": {made(1000, 9000), func(r *report.Report) {
			r.Table.QueueCPUs = report.List[int]{0, 1}
			r.Findings = []report.Finding{{ID: "unhashed", Bearing: report.ExplainsItsQueue, Severity: report.Warning, Summary: "No hash.", Remedy: "RPS.", Figures: report.Numbers{"queue": 0}}}
		}, []string{"▲ No hash. [unhashed] | → RPS.", "• CPU 1 takes 90.0% of the packets, 1.80 × its fair share."}},
		"unhashed on that CPU": {made(1000, 9000), func(r *report.Report) {
			r.Table.QueueCPUs = report.List[int]{0, 1}
			r.Findings = []report.Finding{{ID: "unhashed", Bearing: report.ExplainsItsQueue, Severity: report.Warning, Summary: "No hash.", Figures: report.Numbers{"queue": 1}}}
		}, []string{"▲ CPU 1 takes 90.0% of the packets, 1.80 × its fair share. | No hash. [unhashed]"}},
		"so few flows": {made(1000, 2600), func(r *report.Report) {
			r.Evenness.Chance = 1.5
			r.Findings = []report.Finding{{ID: "few-flows", Severity: report.Warning, Summary: "Few flows.", Remedy: "More flows."}}
		}, []string{"▲ Few flows. [few-flows] | → More flows.", "• The busiest of 2 CPUs has 1.44 × its share: so few flows make up to 1.50 by chance."}},
		"much, as chance has it": {made(1000, 9000), func(r *report.Report) { r.Evenness.Chance = 2 }, []string{"✔ As even as chance: the busiest of 2 CPUs has 1.80 × its share (up to 2.00)."}},
		"much, of two inputs": {made(1000, 9000), func(r *report.Report) {
			r.Evenness.Chance = 2
			r.Findings = []report.Finding{{ID: "few-inputs", Severity: report.Warning, Summary: "2 pairs of addresses.", Remedy: "sdfn."}}
		}, []string{"▲ CPU 1 takes 90.0% of the packets, 1.80 × its fair share. | 2 pairs of addresses. [few-inputs] | → sdfn."}},
		"chance, and two that collide": {made(1000, 2600), func(r *report.Report) {
			r.Evenness.Chance = 1.5
			r.Findings = []report.Finding{{ID: "colliding-flows", Severity: report.Warning, Summary: "They meet.", Remedy: "Ports."}}
		}, []string{"▲ They meet. [colliding-flows] | → Ports.", "• The busiest of 2 CPUs has 1.44 × its share (by chance: up to 1.50)."}},
		"one CPU": {made(9000), nil, nil},
		"one instant": {made(1000, 1000), func(r *report.Report) {
			r.Modes[0].Totals.Drops = 5
			r.Findings = []report.Finding{note}
		}, []string{"• The clock leaps. [clock-leap]"}},
		"no RSS": {made(1000, 9000), func(r *report.Report) { r.Modes[0].Mode = "non-rss" }, nil},
	} {
		if test.change != nil {
			test.change(test.r)
		}
		var got []string
		for _, s := range test.r.Verdict() {
			got = append(got, strings.Join(append([]string{report.Mark(s.Severity) + " " + s.WithID()}, s.More...), " | "))
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, test.want)
		}
	}
}

// A mail is what every reader's program shows: 72 columns of ASCII, all findings in
// full, and no default.
func TestMail(t *testing.T) {
	var b bytes.Buffer
	if err := WriteMail(&b, withScreen(fixture.New(8, 300, "rss-msix", "non-rss"))); err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, "mail.txt", b.Bytes())
	for l := range strings.Lines(b.String()) {
		if w := len(strings.TrimSuffix(l, "\n")); w > 72 {
			t.Errorf("%d columns: %s", w, l)
		}
		if at := strings.IndexFunc(l, func(r rune) bool { return r > 126 }); at >= 0 {
			t.Errorf("no ASCII: %s", l)
		}
	}
	if strings.Contains(b.String(), "interval") {
		t.Error("it has a default")
	}
	b.Reset()
	r := withScreen(fixture.New(8, 300, "rss-msix", "non-rss"))
	r.Words.Title = "eth0 before"
	r.Trust = strings.Repeat("A sentence of several words ", 20)
	r.Notes = []string{"A note … of words."}
	r.Findings = report.List[report.Finding]{
		{ID: "first", Severity: report.Warning, Summary: "First … of two.", Evidence: "a, b …", Remedy: "A rule (`ethtool -N DEV …`) or a key (`hkey 6d:5a:…`)."},
		{ID: "second", Severity: report.Note, Summary: "Second … of two."},
	}
	if err := WriteMail(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"eth0 before\n", "First ... of two.", "a, b ...", "`ethtool -N DEV ...`", "`hkey 6d:5a:...`", "Second ... of two.", " of several ...\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q:\n%s", want, &b)
		}
	}
	for l := range strings.Lines(b.String()) {
		if len(strings.TrimSuffix(l, "\n")) > 72 || strings.Contains(l, "~") && !strings.Contains(l, "[2001:db8~") {
			t.Errorf("too wide, or cut by a sign of cells: %s", l)
		}
	}
	b.Reset()
	r = withScreen(fixture.New(8, 300, "rss-msix", "non-rss"))
	r.Asides = []string{strings.Repeat("A note of several words. ", 20) + "At last."}
	if err := WriteMail(&b, r); err != nil || !strings.Contains(b.String(), "At last.\n") {
		t.Errorf("a note is cut, though a mail has room (%v):\n%s", err, &b)
	}
}

// The longest names of IPv4 flows are whole: they tell more than shares.
func TestScreenWholeNames(t *testing.T) {
	r := withScreen(fixture.New(8, 300, "rss-msix", "non-rss"))
	var flows []report.Flow
	for f := range r.Flows {
		f.Protocol, f.HasPorts = "tcp", true
		f.Source, f.SourcePort = netip.MustParseAddr("192.168.100.101"), 40001
		f.Destination, f.DestinationPort = netip.MustParseAddr("192.168.200.201"), 50001
		flows = append(flows, f)
	}
	r.Flows = slices.Values(flows)
	got := screenOf(t, r, Options{})
	if n := strings.Count(got, "  tcp 192.168.100.101:40001 → 192.168.200.201:50001  "); n != 10 {
		t.Errorf("%d whole names:\n%s", n, got)
	}
	for _, l := range strings.Split(got, "\n") {
		if twwidth.Width(l) > 80 {
			t.Errorf("%d columns: %s", twwidth.Width(l), l)
		}
	}
}

// Of a remedy that begins with a command no arrow is left behind where there is no room for it.
func TestScreenLeavesNoArrow(t *testing.T) {
	for remedy, want := range map[string]int{
		"→ `reordercap " + strings.Repeat("long/", 12) + "web.pcap sorted.pcap` sorts the packets by time.": 1,
		"→ Sort the packets by time: `reordercap " + strings.Repeat("long/", 12) + "web.pcap sorted.pcap`.": 2,
	} {
		s := screen{r: &report.Report{}, o: Options{Width: 80}, details: 1}
		got := s.block(func(t *writer) {
			s.firstStatement(t, &report.Statement{Text: "Time leaps.", More: []string{remedy}})
		})
		if len(got) != want {
			t.Errorf("%q", got)
		}
	}
}
