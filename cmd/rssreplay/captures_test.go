package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Every capture of the shared folder either replays or gets its one clear line;
// `go test -v -run TestCaptures` shows the lines.
func TestCaptures(t *testing.T) {
	folder := filepath.Join(repository(t), "..", "shared", "captures")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the folder of shared captures is not here")
	}
	t.Chdir(folder)
	var met, replayed, damaged, refused int
	err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if met++; testing.Short() && met%9 != 0 {
			return nil
		}
		var stdout, stderr strings.Builder
		begin := time.Now()
		status := run([]string{"rssreplay", path, "--mode", "all", "--flows", "all"}, strings.NewReader(""), &stdout, &stderr)
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s takes %v", path, took)
		}
		switch status {
		case exitDone:
			replayed++
			if stderr.Len() > 0 && !strings.HasPrefix(stderr.String(), "rssreplay: warning: no packet was received, ") {
				t.Errorf("%s: exit status 0, but standard error has %q", path, stderr.String())
			}
		case exitDamaged:
			damaged++
			t.Log(strings.TrimSpace(stderr.String()))
		case exitFailed:
			refused++
			t.Log(strings.TrimSpace(stderr.String()))
			if stdout.Len() > 0 {
				t.Errorf("%s: exit status 1, but something was printed", path)
			}
		default:
			t.Errorf("%s: exit status %d: %s", path, status, stderr.String())
		}
		if status == exitDone {
			return nil
		}
		if line := stderr.String(); !strings.HasPrefix(line, "rssreplay: "+path+": ") || strings.Count(line, "\n") != 1 {
			t.Errorf("%s: standard error is not one line that names the file: %q", path, line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d captures replayed, %d with loss, %d refused", replayed, damaged, refused)
	if least := 100; replayed < least && !testing.Short() || replayed < least/3 {
		t.Errorf("only %d captures replayed", replayed)
	}
}
