package output

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
)

// staging writes files so that all of them are there in the end, or none: each
// beside its place first, then all are renamed. What a rename has put in place
// stays if a later one can't be done.
type staging struct {
	scratch *cli.Scratch
	files   []stagedFile
	dirs    []string // that were made
}

// stagedFile is a file that is written and not yet in its place.
type stagedFile struct {
	temporary, path string
}

// write calls write for the file to be at path. A device or a pipe, /dev/null
// say, is written to at once, and never replaced; nor is a file that the caller has
// open, and names as /dev/stderr, say: what is in it stays.
func (s *staging) write(path string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && (!info.Mode().IsRegular() || isOpen(path)) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		return writeAll(f, write)
	}
	path, err = linked(path) // the link stays
	if err != nil {
		return err
	}
	var tmp *os.File
	err = s.scratch.Add(func() (name string, err error) {
		if tmp, err = createBeside(path); err != nil {
			return "", err
		}
		return tmp.Name(), nil
	})
	if err != nil {
		return fmt.Errorf("no file can be made in %s: %w", filepath.Dir(path), cli.Cause(err))
	}
	s.files = append(s.files, stagedFile{tmp.Name(), path})
	if err := writeAll(tmp, write); err != nil {
		tmp.Close()
		return err
	}
	return tmp.Close()
}

// isOpen tells whether a path names what the process was started with open files for.
func isOpen(path string) bool {
	path = filepath.ToSlash(filepath.Clean(path))
	return path == "/dev/stderr" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/")
}

// linked is where a path leads through links, the last of which may lead to a file that is
// not there yet.
func linked(path string) (string, error) {
	for range 40 { // as many as the kernel follows
		if target, err := filepath.EvalSymlinks(path); err == nil {
			return target, nil
		}
		link, err := os.Readlink(path)
		if err != nil {
			return path, nil // no link
		}
		if !filepath.IsAbs(link) {
			dir, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return path, nil // nothing can be made there, which is told then
			}
			link = filepath.Join(dir, link)
		}
		path = link
	}
	return "", errors.New("is a link that leads back to itself: name another file")
}

// createBeside makes a new file in the folder of path, so that a rename to path stays
// on one file system.
func createBeside(path string) (*os.File, error) {
	var file *os.File
	_, err := beside(path, 0o666, func(name string, mode os.FileMode) (err error) {
		file, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		return err
	})
	if err != nil && file != nil {
		file.Close()
	}
	return file, err
}

// MakeDirBeside makes a new folder in that of path, likewise.
func MakeDirBeside(path string) (string, error) {
	return beside(path, 0o777, os.Mkdir)
}

// beside calls create for a name in the folder of path that nothing has. What it makes
// has the mode of what is at path; where nothing is, the umask decides, as for every
// other program. (os.CreateTemp makes files that only their owner may read, and the
// umask can't be asked for without setting it.)
func beside(path string, mode os.FileMode, create func(name string, mode os.FileMode) error) (string, error) {
	info, statErr := os.Stat(path)
	if statErr == nil {
		mode = info.Mode().Perm()
	}
	base := filepath.Base(path)
	if len(base) > 240 { // one of 255 bytes, the longest there is, has room for no more
		base = base[:len(base)-len("..1234567890")]
	}
	for {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%010d", base, rand.Uint32()))
		switch err := create(name, mode); {
		case errors.Is(err, os.ErrExist):
			continue
		case err != nil || statErr != nil:
			return name, err
		}
		if err := os.Chmod(name, mode); err != nil { // of which the umask may have taken some
			os.Remove(name)
			return "", err
		}
		return name, nil
	}
}

// makeDir makes a folder that is not there yet.
func (s *staging) makeDir(path string) error {
	err := s.scratch.AddFolder(path)
	switch {
	case err == nil:
		s.dirs = append(s.dirs, path)
	case !errors.Is(err, os.ErrExist):
		return err
	}
	return nil
}

// makeDirs makes a folder, and those above it, where they are not there yet.
func (s *staging) makeDirs(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if above := filepath.Dir(path); above != path {
		if err := s.makeDirs(above); err != nil {
			return err
		}
	}
	return s.makeDir(path)
}

// WriteTexts writes texts to their paths so that all of them are there in the end, or none.
// Folders are made for them.
func WriteTexts(scratch *cli.Scratch, texts map[string]string) error {
	s := staging{scratch: scratch}
	defer s.drop()
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		err := s.makeDirs(filepath.Dir(path))
		if err == nil {
			err = s.write(path, func(w io.Writer) error {
				_, err := io.WriteString(w, texts[path])
				return err
			})
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, cli.Cause(err))
		}
	}
	return s.commit()
}

// commit puts the files in their places.
func (s *staging) commit() error {
	return s.scratch.Settle(func() error {
		for len(s.files) > 0 {
			f := s.files[0]
			if err := os.Rename(f.temporary, f.path); err != nil {
				return fmt.Errorf("%s: %w", f.path, errors.Unwrap(err))
			}
			s.files, s.dirs = s.files[1:], nil
		}
		return nil
	}, s.made()...)
}

// drop removes what was not put in place; after commit there is nothing.
func (s *staging) drop() {
	s.scratch.Settle(func() error {
		for _, f := range s.files {
			os.Remove(f.temporary)
		}
		for _, dir := range slices.Backward(s.dirs) {
			os.Remove(dir)
		}
		return nil
	}, s.made()...)
}

// made is what write and makeDir have made and commit has not put in place.
func (s *staging) made() []string {
	made := slices.Clone(s.dirs)
	for _, f := range s.files {
		made = append(made, f.temporary)
	}
	return made
}

func writeAll(w io.Writer, write func(io.Writer) error) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	if err := write(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}
