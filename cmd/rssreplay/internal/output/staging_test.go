//go:build unix

package output

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestStagingModes: a new file has the mode that the umask leaves, one that
// replaces another has that one's, whatever the umask.
func TestStagingModes(t *testing.T) {
	for _, test := range []struct{ umask, old, want os.FileMode }{
		{umask: 0o022, want: 0o644},
		{umask: 0o027, want: 0o640},
		{umask: 0o077, want: 0o600},
		{umask: 0, want: 0o666},
		{umask: 0o022, old: 0o600, want: 0o600},
		{umask: 0o077, old: 0o664, want: 0o664},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "report.json")
		if test.old != 0 {
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, test.old); err != nil {
				t.Fatal(err)
			}
		}
		before := syscall.Umask(int(test.umask))
		var s staging
		err := s.write(file, func(w io.Writer) error { _, err := io.WriteString(w, "{}"); return err })
		if err == nil {
			err = s.commit()
		}
		syscall.Umask(before)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != test.want {
			t.Errorf("umask %03o, old %03o: mode %03o, want %03o", test.umask, test.old, got, test.want)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// TestStagingLongNames: a file may have a name as long as any; of a longer one is said that
// before anything is written.
func TestStagingLongNames(t *testing.T) {
	dir := t.TempDir()
	for _, length := range []int{240, 241, 252, 255, 256, 300} {
		file := filepath.Join(dir, strings.Repeat("a", length))
		var s staging
		written := false
		err := s.write(file, func(io.Writer) error { written = true; return nil })
		if fits := length <= 255; fits != (err == nil) || fits != written {
			t.Fatalf("%d bytes: %v, written %t", length, err, written)
		}
		if err := s.commit(); err != nil {
			t.Fatal(err)
		}
	}
}
