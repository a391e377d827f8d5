package output

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/nicmodel/nictext"
	"rssreplay/report"
)

// wordsFlags are the author's own words about a result.
type wordsFlags struct {
	title string
	note  string // the path of a file
}

// AddWords adds what lets the author say something.
func (f *Flags) AddWords() {
	f.set.StringVar(&f.words.title, "title", "", "")
	f.set.StringVar(&f.words.note, "note", "", "")
}

// inputs are the files that are read.
func (f *wordsFlags) inputs() []string {
	if f.note == "" || f.note == "-" {
		return nil
	}
	return []string{f.note}
}

// read reads the note, and checks the title. captures and others are all that is
// read besides, of which one may be standard input.
func (f *wordsFlags) read(e *cli.Env, captures, others []string) (report.Words, error) {
	words := report.Words{Title: strings.TrimSpace(f.title)}
	if strings.ContainsFunc(words.Title, unicode.IsControl) {
		return words, cli.Usagef("--title is one line of text: give what has several as --note FILE")
	}
	if n := utf8.RuneCountInString(words.Title); n > report.MaxTitle {
		return words, cli.Usagef("--title has %d characters, and %d at most: give the rest as --note FILE", n, report.MaxTitle)
	}
	var err error
	switch {
	case f.note == "":
		return words, nil
	case f.note != "-":
		words.Note, err = readNote(f.note)
		return words, err
	case slices.Contains(captures, "-"):
		return words, cli.BothStdin("the capture", "--note")
	case slices.Contains(others, "-"):
		return words, cli.BothStdin("another file", "--note")
	}
	words.Note, err = noteOf(e.Stdin, "standard input")
	return words, err
}

func readNote(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", cli.Usagef("--note %s: %w: give a file of text, or - for standard input", path, cli.Cause(err))
	}
	defer file.Close()
	return noteOf(file, path)
}

func noteOf(in io.Reader, name string) (string, error) {
	read, err := io.ReadAll(io.LimitReader(in, 2*report.MaxNote+4)) // in UTF-16 it is twice as long, and has a mark
	if err != nil {
		return "", fmt.Errorf("--note %s: %w", name, cli.Cause(err))
	}
	text := []byte(nictext.Decode(read))
	if len(text) > report.MaxNote {
		text = text[:report.MaxNote+1]
	}
	short := len(text) <= report.MaxNote
	for cut := 1; !short && cut < utf8.UTFMax && !utf8.Valid(text); cut++ {
		text = text[:len(text)-1] // of a character that goes on
	}
	switch {
	case bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text):
		return "", cli.Usagef("--note %s is no text in UTF-8: convert it, or name another file", name)
	case !short:
		return "", cli.Usagef("--note %s is longer than %d KiB: a note is a page or two; attach what is longer as a file of its own", name, report.MaxNote>>10)
	}
	return string(text), nil
}
