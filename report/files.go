package report

import "strings"

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

// Of more than manyFiles files the text names only the first and last few, and
// those that were not read whole.
const (
	manyFiles = 12
	fewFiles  = 4
)
