package markdown

import (
	"io"
	"strings"
)

// WriteFenced writes text as a fenced code block of Markdown, in which nothing
// of it has a meaning: the fence is longer than any run of backticks in it.
// Errors are those of w.
func WriteFenced(w io.Writer, text string) error {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", max(3, longest+1))
	_, err := io.WriteString(w, fence+"\n"+strings.TrimSuffix(text, "\n")+"\n"+fence+"\n")
	return err
}
