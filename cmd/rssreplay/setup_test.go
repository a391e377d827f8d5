//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSetup runs the README's first command where it can't do its work: what it says
// then tells what to do, and it goes no further.
func TestSetup(t *testing.T) {
	setup := filepath.Join(repository(t), ".ci", "setup")
	const missing = "#!/bin/sh\nexit 1\n"
	for _, c := range []struct {
		name     string
		programs map[string]string // in PATH, beside what the script itself needs
		want     string
	}{
		{"no Go", nil, "setup: there is no go in PATH: install Go 1.26 "},
		{"old Go", map[string]string{"go": "#!/bin/sh\necho go version go1.20.3 linux/amd64\n"}, "setup: go1.20 is too old: install Go 1.26 "},
		{"no apt-get", map[string]string{"go": "#!/bin/sh\n", "dpkg-query": missing}, "setup: there is no apt-get: "},
		{"no network", map[string]string{"go": "#!/bin/sh\n", "dpkg-query": missing, "apt-get": missing, "sudo": "#!/bin/sh\nexec \"$@\"\n"},
			"setup: apt-get could not install them, see above; to build without them and libpcap: CGO_ENABLED=0 touch done"},
		{"no sudo", map[string]string{"go": "#!/bin/sh\n", "dpkg-query": missing, "apt-get": missing}, "setup: there is no sudo: as root, run `apt-get install gcc libc6-dev libpcap-dev`, or build without "},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "no sudo" && os.Geteuid() == 0 {
				t.Skip("root needs no sudo")
			}
			path := t.TempDir()
			for _, needed := range []string{"bash", "dirname", "env"} {
				program, err := exec.LookPath(needed)
				if err != nil {
					t.Skip(err)
				}
				if err := os.Symlink(program, filepath.Join(path, needed)); err != nil {
					t.Fatal(err)
				}
			}
			for name, script := range c.programs {
				if err := os.WriteFile(filepath.Join(path, name), []byte(script), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", path)
			out, err := exec.Command(setup, "touch", "done").CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("%v:\n%s\nwant %q", err, out, c.want)
			}
		})
	}
}
