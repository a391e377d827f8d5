package markdown

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
)

func markdownOf(t *testing.T, r *report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func compareMarkdown(t *testing.T, c *report.Compare) string {
	t.Helper()
	var b strings.Builder
	if err := WriteCompare(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdownGolden(t *testing.T) {
	fixture.Golden(t, "cpus8.md", []byte(markdownOf(t, fixture.WithFindings(fixture.New(8, 12, "rss-msix", "non-rss")))))
	fixture.Golden(t, "empty.md", []byte(markdownOf(t, fixture.Empty())))
	fixture.Golden(t, "compare4.md", []byte(compareMarkdown(t, fixture.Compared(4, 8))))
}

// What an earlier report found stands apart from what the later one does.
func TestDiffFindings(t *testing.T) {
	c := fixture.Compared(2, 4)
	c.Diff = &report.Diff{
		Gone: []report.Finding{{ID: "drops", Severity: report.Problem, Summary: "The ring was full."}},
		Came: []report.Finding{{ID: "churn", Severity: report.Note, Summary: "Flows are short."}},
	}
	_, gone, _ := strings.Cut(compareMarkdown(t, c), "Findings that are gone")
	gone, came, _ := strings.Cut(gone, "Findings that are new")
	if !strings.Contains(gone, "The ring was full.") || !strings.Contains(came, "Flows are short.") {
		t.Errorf("gone: %s\nnew: %.300s", gone, came)
	}
}

// Whatever the report, an issue takes the document, and what was cut off is said.
func TestMarkdownIsBounded(t *testing.T) {
	all := "\x00" + strings.Repeat("`|<details>@all ", 1<<16) + "|"
	hostile := fixture.HostileReport()
	for i := range hostile.Parameters {
		hostile.Parameters[i].Value = all
	}
	hostile.Capture.DirectionRule, hostile.Capture.Files[0].Name = all, all
	huge := markdownOf(t, fixture.HugeReport())
	for name, document := range map[string]string{
		"report": huge, "comparison": compareMarkdown(t, fixture.HugeCompare()), "hostile": markdownOf(t, hostile),
	} {
		if len(document) > maxMarkdown {
			t.Errorf("%s: %d bytes", name, len(document))
		}
		fixture.CheckMarkdown(t, name, document)
	}
	for _, said := range []string{
		"largest 1", "of 1,024 CPUs", "of 32,768 entries", "smaller flows are not shown", "more findings", "of 3,002 files", " parameters; the JSON report has all",
	} {
		if !strings.Contains(huge, said) {
			t.Errorf("the document does not say %q", said)
		}
	}
	if strings.Count(huge, "<details>") != strings.Count(huge, "</details>") {
		t.Error("not every <details> has an end")
	}
}

func TestMarkdownIsGFM(t *testing.T) {
	for name, document := range map[string]string{
		"8 CPUs":    markdownOf(t, fixture.WithFindings(fixture.New(8, 30, fixture.AllModes...))),
		"64 CPUs":   markdownOf(t, fixture.WithTable(fixture.WithWindows(fixture.New(64, 60, "rss-msix", "non-rss"), 300), 512)),
		"empty":     markdownOf(t, fixture.Empty()),
		"zero":      markdownOf(t, &report.Report{}),
		"sent only": markdownOf(t, fixture.OnlySent()),
		"hostile":   markdownOf(t, fixture.HostileReport()),
		"compared":  compareMarkdown(t, fixture.Compared(4, 8)),
		"unlike":    compareMarkdown(t, fixture.Unlike()),
		"nothing":   compareMarkdown(t, &report.Compare{}),
	} {
		fixture.CheckMarkdown(t, name, document)
	}
}

// Strings from outside have no meaning, wherever they stand.
func TestMarkdownHostile(t *testing.T) {
	for _, s := range []string{
		"<script>alert(1)</script>", "</details><b>", "a|b", `a\|b`, `\`, "`", "``a`|`", "*a* _b_ ~~c~~", "# a", "- a", "1. a", "> a", "=", "---",
		"@octocat", "(@octocat)", "octo/cat#1", "#1", "GH-1", "https://example.com", "www.example.com", "a@example.com", ":100:", "2001:db8:100::1",
		"0123456789abcdef0123456789abcdef01234567", "[a](b)", "![a](b)", "[a]", "&amp;", "$x$", "a\nb", "a\r\n\r\nb", "\u202eb", "\x1b[31m", " ", "", "a`@b`c",
	} {
		r := fixture.HostileReport()
		r.Words = report.Words{Title: s, Note: s}
		r.Tool, r.Command, r.Notes, r.FlowsNote, r.Caveats = report.Tool{Name: s, Version: s, Go: s}, []string{s, s}, []string{s}, s, []string{s}
		r.Capture.Files = []report.File{{Name: s, Format: s, LinkTypes: []string{s}, SHA256: &s, Loss: &s}}
		r.Capture.DirectionRule = s
		r.Capture.HashTypes = report.Counts{{Name: s, Packets: 1}}
		r.Parameters = report.Parameters{{Name: s, Value: s, Source: s}}
		r.Findings = []report.Finding{{ID: s, Severity: s, Summary: s, Evidence: s, Remedy: s}}
		for i := range r.Modes {
			r.Modes[i].Mode = s
		}
		r.Flows = slices.Values([]report.Flow{{Protocol: s, HashType: s, Packets: 1, Modes: []report.FlowMode{{Mode: s}}}})
		r.FlowsTotal = 1
		fixture.CheckMarkdown(t, fmt.Sprintf("report, %q", s), markdownOf(t, r))
		fixture.CheckMarkdown(t, fmt.Sprintf("comparison, %q", s), compareMarkdown(t, fixture.HostileCompare(s)))
		diff := fixture.HostileCompare(s)
		diff.Diff = &report.Diff{Gone: fixture.WithHostile(s).Findings, Came: fixture.WithHostile(s).Findings, Moved: []report.MovedFlow{{Flow: report.Flow{Protocol: s}, Was: 1, Now: 2}}, MovedTotal: 1}
		fixture.CheckMarkdown(t, fmt.Sprintf("diff, %q", s), compareMarkdown(t, diff))
	}
}

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"CPU 3 has 45.1% of 1,234 packets (max ÷ mean).": "CPU 3 has 45.1% of 1,234 packets (max ÷ mean).",
		"less than <0.1% (<0.1%)":                        "less than <0.1% (<0.1%)",
		"udp_ipv4, ipv6_ex.":                             "`udp_ipv4`, `ipv6_ex`.",
		"see `ethtool -N eth0 rx-flow-hash udp4 sdfn`.":  "see `ethtool -N eth0 rx-flow-hash udp4 sdfn`.",
		"from [2001:db8::1]:443":                         "from `[2001:db8::1]:443`",
		"(@octocat) said":                                "(`@octocat`) said",
		"- no list":                                      "`-` no list",
		"commit 0123abc":                                 "commit `0123abc`",
		"an “#a” name":                                   "an “`#a`” name",
		"`ethtool -x` shows it":                          "`ethtool -x` shows it",
		"wow! (yes)":                                     "wow! (yes)",
		"rule: auto":                                     "rule: auto",
		"of a|`b` **c**":                                 "of `a|` `b` `**c**`",
		"Report of we`ird.pcap":                          "Report of ``we`ird.pcap``",
		"see `ls`, then a`b.pcap":                        "see `ls`, then ``a`b.pcap``",
	} {
		if got := prose(in); got != want {
			t.Errorf("prose(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMarkdownWriteErrors(t *testing.T) {
	if err := Write(&fixture.FailingWriter{N: 10}, fixture.New(8, 20, "rss-msix")); err != fixture.ErrFull {
		t.Errorf("WriteMarkdown: %v", err)
	}
	if err := WriteCompare(&fixture.FailingWriter{N: 10}, fixture.Compared(2, 4)); err != fixture.ErrFull {
		t.Errorf("WriteCompareMarkdown: %v", err)
	}
	var b bytes.Buffer
	if err := WriteFenced(&b, "a"); err != nil {
		t.Error(err)
	}
}

// A title is the user's own, or has the name of a file: no backtick of it marks a command.
func TestMarkdownTitle(t *testing.T) {
	r := fixture.New(2, 1, "rss-msix")
	r.Words.Title = "eth0`s queue, before `x"
	want := "### ``eth0`s`` queue, before `` `x ``\n"
	if got := markdownOf(t, r); !strings.Contains(got, want) {
		t.Errorf("the title is not %q:\n%.200s", want, got)
	}

	v := fixture.HostileVerify("x")
	v.Words = r.Words
	if got := verifyMarkdown(t, v); !strings.Contains(got, want) {
		t.Errorf("of a verification the title is not %q:\n%.200s", want, got)
	}

	r.Words.Title, r.Capture.Files[0].Name = "", "a`b`c.pcap"
	want = "### RSS replay of ``a`b`c.pcap`` and 1 other file\n"
	if got := markdownOf(t, r); !strings.Contains(got, want) {
		t.Errorf("the title is not %q:\n%.200s", want, got)
	}
}
