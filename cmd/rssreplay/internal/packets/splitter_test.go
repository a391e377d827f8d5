//go:build unix

package packets

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestSplitModes: a new folder and the files in it have the modes that the umask leaves,
// a folder that replaces another has that one's, whatever the umask.
func TestSplitModes(t *testing.T) {
	for _, test := range []struct{ umask, old, want os.FileMode }{
		{umask: 0o022, want: 0o755},
		{umask: 0o027, want: 0o750},
		{umask: 0o077, want: 0o700},
		{umask: 0, want: 0o777},
		{umask: 0o022, old: 0o700, want: 0o700},
		{umask: 0o077, old: 0o775, want: 0o775},
	} {
		dir := t.TempDir()
		folder := filepath.Join(dir, "split")
		if test.old != 0 {
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(folder, test.old); err != nil {
				t.Fatal(err)
			}
		}
		before := syscall.Umask(int(test.umask))
		p, err := newSplitter(nil, folder, []int{3})
		if err == nil {
			if err = p.flush(); err == nil {
				err = p.finish()
			}
		}
		syscall.Umask(before)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]os.FileMode{folder: test.want, filepath.Join(folder, "cpu3.pcapng"): 0o666 &^ test.umask} {
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
