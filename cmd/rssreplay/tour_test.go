package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTour runs the commands of the README's tour, one after the other in an empty
// folder. Where they need a NIC under load, the sample of one hot CPU and the saved
// outputs of an emulated NIC stand for it: tcpdump reads the one, ethtool prints the
// others.
func TestTour(t *testing.T) {
	for _, program := range []string{"sh", "tcpdump"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s here to make the tour with", program)
		}
	}
	root := repository(t)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## From a capture to a bug report\n")
	_, rest, _ := strings.Cut(section, "```sh\n")
	block, _, found := strings.Cut(rest, "```")
	commands := strings.Split(strings.TrimSpace(block), "\n")
	if !found || len(commands) != 5 {
		t.Fatalf("the README's tour has %d commands, not five", len(commands))
	}
	truth := filepath.Join(root, "nicmodel", "testdata", "groundtruth", "virtio-q4-mskey")
	bin := t.TempDir()
	script := func(name, text string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// What ethtool -x prints is in ethtool-x.txt; -n's are all in one file.
	script("ethtool", `cat "`+truth+`/ethtool$1.txt"`)
	real, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Fatal(err)
	}
	script("tcpdump", `shift 2; exec `+real+` -Z root -r "`+filepath.Join(root, "pcaps", "samples", "elephant.pcap")+`" "$@"`)
	// The host is this machine, and its loopback is called eth0.
	script("ssh", `cd "`+t.TempDir()+`" && sh -s -- lo -c 1 | tar xz && mv rss-lo rss-eth0 && tar cz rss-eth0`)
	t.Chdir(t.TempDir())
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, command := range commands {
		out, err := exec.Command("sh", "-c", command).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		if strings.HasSuffix(command, "capture.pcap --bundle rss-eth0") && !strings.Contains(command, "suggest") && !strings.Contains(string(out), "elephant-flow") {
			t.Errorf("%s does not find the elephant:\n%s", command, out)
		}
	}
	for _, name := range []string{"report.md", "report.html", "report.json"} {
		if text, err := os.ReadFile(name); err != nil || !strings.Contains(string(text), "elephant-flow") {
			t.Errorf("%s: no word of the elephant; %v", name, err)
		}
	}
}
