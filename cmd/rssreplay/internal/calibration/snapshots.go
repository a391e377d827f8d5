package calibration

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/bundle"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/nicmodel/hosttext"
)

// snapshotSet is the snapshots of a folder, in their order.
type snapshotSet struct {
	snapshots []*hosttext.Snapshot
	files     []string
	notes     []string // what in the folder was passed over
}

// snapshotNumber is the number in a file's or folder's name, without leading zeros.
func snapshotNumber(name string) (string, bool) {
	number := leadingNumber.FindString(name)
	if m := trailingNumber.FindStringSubmatch(name); number == "" && m != nil {
		number = m[1]
	}
	if number == "" {
		return "", false
	}
	return cmp.Or(strings.TrimLeft(number, "0"), "0"), true
}

// readSnapshots reads the numbered folders of a folder, or where there are none its
// numbered files; files of one number are one snapshot.
func readSnapshots(dir string) (*snapshotSet, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: give a folder with numbered folders or files of /proc (rssreplay help calibrate)", dir, cli.Cause(err))
	}
	folders := slices.ContainsFunc(entries, func(entry os.DirEntry) bool {
		_, ok := snapshotNumber(entry.Name())
		return ok && entry.IsDir()
	})
	set := &snapshotSet{}
	texts := map[string][]string{} // paths, by number
	names := map[string]string{}
	var other []string
	for _, entry := range entries {
		number, ok := snapshotNumber(entry.Name())
		if !ok || entry.IsDir() != folders {
			other = append(other, entry.Name())
			continue
		}
		path := filepath.Join(dir, entry.Name())
		switch _, twice := names[number]; {
		case twice && folders:
			return nil, fmt.Errorf("%s: the folders %s and %s have one number: remove one of them", dir, names[number], entry.Name())
		case !twice:
			names[number] = entry.Name()
		}
		if !folders {
			texts[number] = append(texts[number], path)
			continue
		}
		inside, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, cli.Cause(err))
		}
		texts[number] = nil
		for _, file := range inside {
			texts[number] = append(texts[number], filepath.Join(path, file.Name()))
		}
	}
	var order []string
	for number := range names {
		order = append(order, number)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	for _, number := range order {
		s, unknown, err := readSnapshot(dir, names[number], texts[number])
		if err != nil {
			return nil, err
		}
		other = append(other, unknown...)
		set.snapshots = append(set.snapshots, s)
		set.files = append(set.files, texts[number]...)
	}
	if len(set.snapshots) < 2 {
		return nil, fmt.Errorf("%s holds %d numbered snapshots, and two make the first window: name them 00, 01, … (rssreplay help calibrate)", dir, len(set.snapshots))
	}
	if len(other) > 0 {
		set.notes = append(set.notes, "Left out of --snapshots, as no number is in the name or nothing in it is known: "+cli.Some(other)+".")
	}
	return set, nil
}

// readSnapshot reads one snapshot's texts; unknown are those of which nothing was known, as
// they are called in the folder of all.
func readSnapshot(dir, name string, paths []string) (s *hosttext.Snapshot, unknown []string, err error) {
	s = &hosttext.Snapshot{Name: name}
	for _, path := range paths {
		known := false
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			if known, err = readHostText(s, path); err != nil {
				return nil, nil, err
			}
		}
		if !known {
			below, _ := filepath.Rel(dir, path)
			unknown = append(unknown, below)
		}
	}
	return s, unknown, s.Finish()
}

func readHostText(s *hosttext.Snapshot, path string) (known bool, err error) {
	in, err := bundle.Open(path)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, cli.Cause(err))
	}
	defer in.Close()
	return s.Read(in, path)
}

// Numbers of snapshots: a name begins with one, or ends with one before its ending.
var (
	leadingNumber  = regexp.MustCompile(`^\d+`)
	trailingNumber = regexp.MustCompile(`(\d+)(?:\.[a-z]+)?$`)
)
