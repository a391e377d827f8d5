package report

import (
	"strings"

	"rssreplay/report/internal/words"
)

// FormatText is the format, with the compression.
func (f *File) FormatText() string {
	if f.Compression != nil {
		return f.Format + ", " + *f.Compression
	}
	return f.Format
}

// LossText says what could not be read, "" for nothing.
func (f *File) LossText() string {
	switch {
	case f.Loss != nil:
		return *f.Loss
	case f.Truncated:
		return "the file ends early; what follows is of the part before"
	}
	return ""
}

// SkippedText says which blocks were skipped, "" for none.
func (f *File) SkippedText() string {
	var skipped []string
	for _, c := range f.SkippedBlocks {
		if c.Packets > 0 {
			skipped = append(skipped, c.Name+" "+words.Exact(c.Packets))
		}
	}
	if skipped == nil {
		return ""
	}
	return "blocks that hold no packets, skipped: " + strings.Join(skipped, ", ")
}

// Of more than ManyFiles files the text names only the first and last few, and
// those that were not read whole.
const (
	ManyFiles = 12
	FewFiles  = 4
)
