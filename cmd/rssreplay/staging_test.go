//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestStagingModes: a new file or folder has the mode that the umask leaves, one that
// replaces another has that one's, whatever the umask.
func TestStagingModes(t *testing.T) {
	for _, test := range []struct{ umask, old, file, folder os.FileMode }{
		{umask: 0o022, file: 0o644, folder: 0o755},
		{umask: 0o027, file: 0o640, folder: 0o750},
		{umask: 0o077, file: 0o600, folder: 0o700},
		{umask: 0, file: 0o666, folder: 0o777},
		{umask: 0o022, old: 0o600, file: 0o600, folder: 0o700},
		{umask: 0o077, old: 0o664, file: 0o664, folder: 0o775},
	} {
		dir := t.TempDir()
		file, folder := filepath.Join(dir, "report.json"), filepath.Join(dir, "split")
		if test.old != 0 {
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			for path, mode := range map[string]os.FileMode{file: test.file, folder: test.folder} {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
			}
		}
		before := syscall.Umask(int(test.umask))
		var s staging
		err := s.write(file, func(w io.Writer) error { _, err := io.WriteString(w, "{}"); return err })
		if err == nil {
			err = s.commit()
		}
		var splitErr error
		var p *splitter
		if p, splitErr = newSplitter(nil, folder, []int{3}); splitErr == nil {
			if splitErr = p.flush(); splitErr == nil {
				splitErr = p.finish()
			}
		}
		syscall.Umask(before)
		if err != nil || splitErr != nil {
			t.Fatal(err, splitErr)
		}
		perCPU := 0o666 &^ test.umask
		for path, want := range map[string]os.FileMode{file: test.file, folder: test.folder, filepath.Join(folder, "cpu3.pcapng"): perCPU} {
			info, err := os.Stat(path)
			if err != nil {
				t.Error(err)
				continue
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("umask %03o, old %03o: %s has mode %03o, want %03o", test.umask, test.old, filepath.Base(path), got, want)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}
