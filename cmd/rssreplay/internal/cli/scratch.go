package cli

import (
	"os"
	"slices"
	"sync"
)

// Scratch is what a run has made and neither put in its place nor removed yet: what must
// not be left behind, however the run ends. Any goroutine may use it; nil keeps no account.
type Scratch struct {
	mu   sync.Mutex
	made []scratchPath // in the order of making
}

// scratchPath is a file or folder. Of a folder for results that remains whatever else is
// there; one of our own goes with all that it holds.
type scratchPath struct {
	path string
	own  bool
}

// Add takes note of the file or folder that create makes, which goes with all that it
// holds. Both are one step for Sweep.
func (s *Scratch) Add(create func() (path string, err error)) error {
	return s.add(true, create)
}

// AddFolder makes a folder for results, and takes note of it: it goes only if it is empty.
func (s *Scratch) AddFolder(path string) error {
	return s.add(false, func() (string, error) { return path, os.Mkdir(path, 0o777) })
}

func (s *Scratch) add(own bool, create func() (path string, err error)) error {
	if s == nil {
		_, err := create()
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	path, err := create()
	if err == nil {
		s.made = append(s.made, scratchPath{path, own})
	}
	return err
}

// Settle does what puts paths in their places or removes them, as one step for Sweep, and
// forgets them if it was done.
func (s *Scratch) Settle(do func() error, paths ...string) error {
	if s == nil {
		return do()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := do(); err != nil {
		return err
	}
	s.made = slices.DeleteFunc(s.made, func(p scratchPath) bool { return slices.Contains(paths, p.path) })
	return nil
}

// Sweep removes all, the last first. From then on Add and Settle wait for ever: the caller
// ends the program.
func (s *Scratch) Sweep() {
	s.mu.Lock()
	for _, p := range slices.Backward(s.made) {
		os.Remove(p.path)
		for range 100 { // where a file is still being made in it, until it is gone
			if _, err := os.Lstat(p.path); err != nil || !p.own || os.RemoveAll(p.path) == nil {
				break
			}
		}
	}
}
