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

// Whoever asks for an interface that stands above others, or may not capture, is told at once.
func TestCollectSays(t *testing.T) {
	const setUp = "mount -t sysfs s /sys && ip link add a0 type bridge && ip link add b0 type veth peer name b1 && ip link set b0 master a0"
	if out, err := exec.Command("unshare", "-rnm", "sh", "-c", setUp).CombinedOutput(); err != nil {
		t.Skipf("no bridge can be made here: %v, %s", err, out)
	}
	c := exec.Command("unshare", "-rnm", "sh", "-c", setUp+` && PATH="$1:$PATH" && sh -s -- a0 -c 1 | tar xzf - -O rss-a0/missing.txt`, "sh", t.TempDir())
	noCapture := filepath.Join(c.Args[len(c.Args)-1], "tcpdump")
	if err := os.WriteFile(noCapture, []byte("#!/bin/sh\necho 'tcpdump: a0: no permission' >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.Stdin = strings.NewReader(collectScript)
	var noted, said strings.Builder
	c.Stdout, c.Stderr = &noted, &said
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	for _, want := range []string{
		"collect: packets of a0 come through b0: run this for the NIC among these, too\n",
		"collect: there is no capture: tcpdump: a0: no permission\n",
	} {
		if !strings.Contains(noted.String(), want) || !strings.Contains(said.String(), want) {
			t.Errorf("%q is not in both of:\n%s\n%s", want, noted.String(), said.String())
		}
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
