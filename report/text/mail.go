package text

import (
	"io"

	"rssreplay/report"
)

// mailWidth is what fits a mail that is quoted.
const mailWidth = 72

// WriteMail writes r for a mailing list: 72 columns of ASCII, but for names from the
// capture; what the screen has, all findings in full, and the parameters that are
// not the defaults. Errors are those of w.
func WriteMail(w io.Writer, r *report.Report) error {
	o := Options{ASCII: true}
	t := newWriter(w, o)
	t.width = mailWidth
	t.opening(&r.Words, nil)
	s := screen{r: r, o: o, width: mailWidth, mostCPUs: screenCPUs, fewerCPUs: screenMost}
	part := func(lines []string) {
		if len(lines) > 0 && t.begun {
			t.line("")
		}
		for _, l := range lines {
			t.line(l)
		}
	}
	part(s.block(s.head))
	s.brief = true
	part(s.block(s.verdict))
	if r.Capture.Received > 0 && len(r.Modes) > 0 {
		part(s.block(s.cpus))
		part(s.block(s.flows))
	}
	t.findings(r.Findings)
	t.heading("PARAMETERS", "those that are not the defaults")
	t.commandAndTool(&r.Head)
	t.setParameters(r.Parameters)
	t.caveats(report.CaveatsOf(&r.Capture, r.Parameters, r.Caveats))
	return t.flush()
}
