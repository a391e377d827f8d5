package text

import (
	"fmt"
	"strings"
	"testing"

	"rssreplay/report"
)

// TestManyFiles: of thousands of files the text names the first and last, and
// those with a loss.
func TestManyFiles(t *testing.T) {
	var files []report.File
	for i := range 1000 {
		files = append(files, report.File{Name: fmt.Sprintf("c%d.pcap", i), Format: "pcap", LinkTypes: []string{"ethernet"}, FileBytes: 1000})
	}
	files[500].Loss = new("c500.pcap: packet 7: cut")
	r := &report.Report{Capture: report.Capture{Files: files}}
	var b strings.Builder
	if err := Write(&b, r, Options{}); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(b.String(), "CAPTURE\n")
	got, _, _ = strings.Cut(got, "  packets ")
	want := `  file        c0.pcap (pcap, ethernet, 1.00 kB)
  file        c1.pcap (pcap, ethernet, 1.00 kB)
  file        c2.pcap (pcap, ethernet, 1.00 kB)
  file        c3.pcap (pcap, ethernet, 1.00 kB)
              … 496 more files, 496 kB …
  file        c500.pcap (pcap, ethernet, 1.00 kB)
              READ WITH LOSS: c500.pcap: packet 7: cut
              … 495 more files, 495 kB …
  file        c996.pcap (pcap, ethernet, 1.00 kB)
  file        c997.pcap (pcap, ethernet, 1.00 kB)
  file        c998.pcap (pcap, ethernet, 1.00 kB)
  file        c999.pcap (pcap, ethernet, 1.00 kB)
`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
