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
		if len(files) > manyFiles && i >= fewFiles && i < len(files)-fewFiles && f.Loss == "" && !f.Truncated {
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
	format := f.Format
	if f.Compression != nil {
		format += ", " + *f.Compression
	}
	t.para("file", captureLabels, fmt.Sprintf("%s (%s, %s, %s)", f.Name, format, links, byteSize(f.FileBytes)), plain)
	if f.SHA256 != nil {
		t.para("", captureLabels, "sha256 "+*f.SHA256, plain)
	}
	if f.Loss != "" {
		t.para("", captureLabels, "READ WITH LOSS: "+f.Loss, hot)
	} else if f.Truncated {
		t.para("", captureLabels, "READ WITH LOSS: the file ends early; what follows is of the part before", hot)
	}
	var skipped []string
	for _, c := range f.SkippedBlocks {
		if c.Packets > 0 {
			skipped = append(skipped, c.Name+" "+exact(c.Packets))
		}
	}
	if skipped != nil {
		t.para("", captureLabels, "blocks that hold no packets, skipped: "+strings.Join(skipped, ", "), plain)
	}
}

// order says how several files were put together, where that is no matter of
// course.
func (t *textWriter) order(c *Capture) {
	switch c.Order {
	case OrderFirstTimestamp:
		t.para("order", captureLabels, "by the files' first timestamps, which is not the order given", plain)
	case OrderMerged:
		if len(c.Files) > 1 {
			t.para("order", captureLabels, "merged by time", plain)
		}
	}
	if c.Overlaps > 0 {
		t.para("overlap", captureLabels, fmt.Sprintf("%s before an earlier one ends, by up to %s: --merge goes by time",
			plural(c.Overlaps, "file begins", "files begin"), exactDuration(c.Overlap)), warm)
	}
}

// drops says what the capturing machine dropped, by the capture itself.
func (t *textWriter) drops(c *Capture) {
	var parts []string
	if c.InterfaceDrops != nil && *c.InterfaceDrops > 0 {
		parts = append(parts, fmt.Sprintf("%s by the interfaces' statistics", exact(*c.InterfaceDrops)))
	}
	if c.PacketDrops > 0 {
		parts = append(parts, fmt.Sprintf("%s by the packets' own counts", exact(c.PacketDrops)))
	}
	if parts != nil {
		t.para("drops", captureLabels, "packets that the capturing machine dropped, and that are in no number here: "+strings.Join(parts, ", "), warm)
	}
}
