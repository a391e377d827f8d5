//go:build linux

package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The script runs in the shells that there are, with nothing that it asks for missing or
// all of it, and what it gathers is a bundle.
func TestCollect(t *testing.T) {
	if _, err := os.Stat("/sys/class/net/lo"); err != nil {
		t.Skip("no loopback interface here")
	}
	for _, shell := range [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}} {
		t.Run(shell[0], func(t *testing.T) {
			if _, err := exec.LookPath(shell[0]); err != nil {
				t.Skipf("%s is not installed", shell[0])
			}
			c := exec.Command(shell[0], append(shell[1:], "-s", "--", "lo")...)
			c.Stdin = strings.NewReader(collectScript)
			archive, err := c.Output()
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := gzip.NewReader(bytes.NewReader(archive))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for in := tar.NewReader(unpacked); ; {
				header, err := in.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, header.Name)
			}
			for _, want := range []string{"rss-lo/interrupts.txt", "rss-lo/uname.txt", "rss-lo/ethtool-x.txt"} {
				if !slices.Contains(names, want) {
					t.Errorf("no %s in %v", want, names)
				}
			}
			path := filepath.Join(t.TempDir(), "rss-lo.tar.gz")
			if err := os.WriteFile(path, archive, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Files(path); err != nil {
				t.Error(err)
			}
			for _, wrong := range [][]string{{}, {"nosuch0"}, {"lo", "-c", "many"}, {"../lo"}} {
				c := exec.Command(shell[0], append(append(slices.Clone(shell[1:]), "-s", "--"), wrong...)...)
				c.Stdin = strings.NewReader(collectScript)
				if out, err := c.Output(); err == nil || len(out) > 0 {
					t.Errorf("%v: %v, %d bytes", wrong, err, len(out))
				}
			}
		})
	}
}

func TestCollectScriptIsClean(t *testing.T) {
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed")
	}
	if out, err := exec.Command(shellcheck, "collect.sh").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
