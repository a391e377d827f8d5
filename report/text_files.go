package report

import (
	"fmt"
	"strings"
)

// Of more than manyFiles files the text names only the first and last few, and
// those that were not read whole.
const (
	manyFiles = 12
	fewFiles  = 4
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

// formatText is the format, with the compression.
func (f *File) formatText() string {
	if f.Compression != nil {
		return f.Format + ", " + *f.Compression
	}
	return f.Format
}

// lossText says what could not be read, "" for nothing.
func (f *File) lossText() string {
	switch {
	case f.Loss != nil:
		return *f.Loss
	case f.Truncated:
		return "the file ends early; what follows is of the part before"
	}
	return ""
}

// skippedText says which blocks were skipped, "" for none.
func (f *File) skippedText() string {
	var skipped []string
	for _, c := range f.SkippedBlocks {
		if c.Packets > 0 {
			skipped = append(skipped, c.Name+" "+exact(c.Packets))
		}
	}
	if skipped == nil {
		return ""
	}
	return "blocks that hold no packets, skipped: " + strings.Join(skipped, ", ")
}
