package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// dashes are what mail and word processors make of hyphens.
const dashes = "‐‑‒–—―−"

// Captures are the captures that the command line names. A pattern that no
// shell has expanded, as Windows' does not, stands for the files that match it.
func Captures(args []string) ([]string, error) {
	var captures []string
	for _, arg := range args {
		_, err := os.Lstat(arg)
		missing := errors.Is(err, fs.ErrNotExist)
		if missing && strings.IndexAny(arg, dashes) == 0 {
			return nil, Usagef("%s: there is no such file, and a flag begins with hyphens: --%s", arg, strings.TrimLeft(arg, dashes+"-"))
		}
		if arg == "-" || !strings.ContainsAny(arg, "*?[") || !missing {
			captures = append(captures, arg)
			continue
		}
		matches, err := filepath.Glob(arg)
		if err != nil || len(matches) == 0 {
			return nil, fmt.Errorf("%s: no file matches: check the pattern and its folder", arg)
		}
		captures = append(captures, matches...)
	}
	if i := slices.Index(captures, "-"); i >= 0 && slices.Contains(captures[i+1:], "-") {
		return nil, Usagef("- is given twice, but standard input can be read only once")
	}
	seen := map[string]bool{}
	for _, name := range captures {
		if name = filepath.Clean(name); seen[name] {
			return nil, Usagef("%s is named twice, and each of its packets would count twice: name it once", name)
		}
		seen[name] = true
	}
	return captures, nil
}

// CheckTwice refuses a flag for which captures are read twice, where one can't be.
func CheckTwice(flag string, captures []string) error {
	return CheckAgain(flag, "twice", captures)
}

// CheckAgain is CheckTwice for other numbers of times.
func CheckAgain(flag, times string, captures []string) error {
	switch name := ReadableOnce(captures); name {
	case "":
		return nil
	case "-":
		return Usagef("%s reads a capture %s, which standard input can't be: save it to a file first", flag, times)
	default:
		return Usagef("%s reads a capture %s, which %s can't be, as it is a pipe or device: save it to a file first", flag, times, name)
	}
}

// ReadableOnce is the first of the captures that can't be read again; "" if all can.
func ReadableOnce(captures []string) string {
	for _, name := range captures {
		if name == "-" {
			return name
		}
		if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
			return name
		}
	}
	return ""
}

// Reads is what a command reads.
type Reads struct {
	Captures []string // - is standard input
	Others   []string // files: tables, counters, reports …
}
