package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rssreplay/cmd/rssreplay/internal/cli"
)

// TestLivePipe: a replay goes on while the pipe is open, and ends with it.
func TestLivePipe(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository(t), "pcaps", "samples", "dns.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	in, pipe := io.Pipe()
	go func() {
		for at := 0; at < len(data); at += 10_007 {
			pipe.Write(data[at:min(at+10_007, len(data))])
		}
		pipe.Close()
	}()
	var stdout, stderr strings.Builder
	if status := run([]string{"rssreplay", "-"}, in, &stdout, &stderr); status != exitDone || stderr.Len() > 0 {
		t.Fatalf("exit status %d: %s", status, stderr.String())
	}
	file := runs(t, filepath.Join(repository(t), "pcaps", "samples", "dns.pcap"))
	_, want, _ := strings.Cut(file, "\n  packets ")
	_, got, _ := strings.Cut(stdout.String(), "\n  packets ")
	want, _, _ = strings.Cut(want, "\nPARAMETERS")
	got, _, _ = strings.Cut(got, "\nPARAMETERS")
	if got != want {
		t.Errorf("the pipe's report is\n%s\nthe file's\n%s", got, want)
	}
}

// TestInterrupted: what was replayed before an interrupt is printed, and said to
// be a part; by all commands that replay.
func TestInterrupted(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository(t), "pcaps", "samples", "dns.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args   []string
		said   string
		stdout string
	}{
		{[]string{"-"}, "the report is of what comes before", "packets received"},
		{[]string{"-", "--format", "json"}, "the report is of what comes before", `"truncated":false,"loss":"standard input: after packet `},
		{[]string{"compare", "-", "--layout", "equal", "--layout", "block"}, "the comparison is of what comes before", "SCENARIOS"},
		{[]string{"explain", "-", "--packet", "1"}, "the packet was replayed with what comes before", "MSI-1a"},
	} {
		in, pipe := io.Pipe()
		interrupted := make(chan struct{})
		go func() {
			pipe.Write(data[:len(data)/2])
			time.Sleep(20 * time.Millisecond) // so that some of it is read; whatever part is right
			close(interrupted)
		}()
		var stdout, stderr strings.Builder
		e := &cli.Env{Args: append([]string{"rssreplay"}, test.args...), Stdin: in, Stdout: &stdout, Stderr: &stderr}
		stopped := false
		e.Interrupts = func() (<-chan struct{}, func()) { return interrupted, func() { stopped = true } }
		status := execute(e)
		if status != exitDamaged || !stopped || !strings.Contains(stdout.String(), test.stdout) {
			t.Errorf("%v: exit status %d, printed %d bytes", test.args, status, stdout.Len())
		}
		said := stderr.String()
		if !strings.HasPrefix(said, "rssreplay: standard input: after packet ") || !strings.HasSuffix(said, "): interrupted, the rest was not read; "+test.said+"\n") {
			t.Errorf("%v: %s", test.args, said)
		}
		in.Close()
	}
}

// TestInterruptedBeforePacket: that a packet has not come yet is no fault of who asked for it.
func TestInterruptedBeforePacket(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository(t), "pcaps", "samples", "dns.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	in, pipe := io.Pipe()
	defer in.Close()
	interrupted := make(chan struct{})
	go func() {
		pipe.Write(data[:len(data)/2])
		close(interrupted)
	}()
	var stdout, stderr strings.Builder
	e := &cli.Env{Args: []string{"rssreplay", "explain", "-", "--packet", "1000000"}, Stdin: in, Stdout: &stdout, Stderr: &stderr}
	e.Interrupts = func() (<-chan struct{}, func()) { return interrupted, func() {} }
	status, said := execute(e), stderr.String()
	if status != exitFailed || stdout.Len() > 0 || !strings.HasSuffix(said, "interrupted, the rest was not read, and the packet to explain was not in what comes before\n") {
		t.Errorf("exit status %d: %s", status, said)
	}
}

// TestInterruptedWithoutResult: what needs whole passes over the capture gives nothing
// where one of them is ended.
func TestInterruptedWithoutResult(t *testing.T) {
	for _, test := range []struct {
		args   []string
		passes int // before the one that is ended
		said   string
	}{
		{[]string{"--rate", "1Mpps"}, 0, "interrupted while the rate was measured (--rate): nothing was replayed"},
		{[]string{"suggest"}, 0, "interrupted: nothing is suggested"},
		{[]string{"suggest"}, 1, "interrupted: nothing is suggested"},
		{[]string{"suggest"}, 2, "interrupted: nothing is suggested"},
	} {
		interrupted := make(chan struct{})
		close(interrupted)
		var stdout, stderr strings.Builder
		e := &cli.Env{Args: append(append([]string{"rssreplay"}, test.args...), filepath.Join(repository(t), "pcaps", "samples", "dns.pcap")), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr}
		pass := 0
		e.Interrupts = func() (<-chan struct{}, func()) {
			if pass++; pass <= test.passes {
				return nil, func() {}
			}
			return interrupted, func() {}
		}
		if status := execute(e); status != exitFailed || stdout.Len() > 0 || stderr.String() != "rssreplay: "+test.said+"\n" || pass != test.passes+1 {
			t.Errorf("%v, pass %d: exit status %d: %s", test.args, pass, status, stderr.String())
		}
	}
}
