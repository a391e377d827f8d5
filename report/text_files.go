package report

import (
	"fmt"
	"strings"
)

// files lists the capture's files.
func (t *textWriter) files(files []File) {
	var left, leftBytes uint64
	for i := range files {
		f := &files[i]
		if len(files) > manyFiles && i >= fewFiles && i < len(files)-fewFiles && f.Loss == nil && !f.Truncated {
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

func (t *textWriter) leftOut(files, bytes uint64) {
	if files > 0 {
		t.para("", captureLabels, fmt.Sprintf("… %s, %s …", plural(files, "more file", "more files"), byteSize(bytes)), plain)
	}
}

func (t *textWriter) file(f *File) {
	links := strings.Join(f.LinkTypes, ", ")
	if links == "" {
		links = "no link layer"
	}
	t.para("file", captureLabels, fmt.Sprintf("%s (%s, %s, %s)", f.Name, f.formatText(), links, byteSize(f.FileBytes)), plain)
	if f.SHA256 != nil {
		t.para("", captureLabels, "sha256 "+*f.SHA256, plain)
	}
	if loss := f.lossText(); loss != "" {
		t.para("", captureLabels, "READ WITH LOSS: "+loss, hot)
	}
	if skipped := f.skippedText(); skipped != "" {
		t.para("", captureLabels, skipped, plain)
	}
}
