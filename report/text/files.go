package text

import (
	"fmt"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// files lists the capture's files.
func (t *writer) files(files []report.File) {
	var left, leftBytes uint64
	for i := range files {
		f := &files[i]
		if len(files) > report.ManyFiles && i >= report.FewFiles && i < len(files)-report.FewFiles && f.Loss == nil && !f.Truncated {
			left++
			leftBytes += f.FileBytes
			continue
		}
		t.leftOut(left, leftBytes)
		left, leftBytes = 0, 0
		t.file(f)
	}
	t.leftOut(left, leftBytes)
}

func (t *writer) leftOut(files, bytes uint64) {
	if files > 0 {
		t.para("", captureLabels, fmt.Sprintf("… %s, %s …", words.Plural(files, "more file", "more files"), words.ByteSize(bytes)), report.Plain)
	}
}

func (t *writer) file(f *report.File) {
	links := strings.Join(f.LinkTypes, ", ")
	if links == "" {
		links = "no link layer"
	}
	t.para("file", captureLabels, fmt.Sprintf("%s (%s, %s, %s)", f.Name, f.FormatText(), links, words.ByteSize(f.FileBytes)), report.Plain)
	if comment := f.CommentText(); comment != "" {
		t.para("", captureLabels, comment, report.Plain)
	}
	if f.SHA256 != nil {
		t.para("", captureLabels, "sha256 "+*f.SHA256, report.Plain)
	}
	if loss := f.LossText(); loss != "" {
		t.para("", captureLabels, "READ WITH LOSS: "+loss, report.Hot)
	}
	if skipped := f.SkippedText(); skipped != "" {
		t.para("", captureLabels, skipped, report.Plain)
	}
}
