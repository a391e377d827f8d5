package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asProgram is the path under which this test's own executable is rssreplay.
func asProgram(t testing.TB) string {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rssreplay")
	if err := os.Symlink(self, path); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	return path
}

// memoryPeak is the most memory that a running process had in use, in bytes, as
// Linux tells it; 0 where that is not known. What wait(2) tells of a child counts
// its parent's memory, too.
func memoryPeak(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	var kilobytes int64
	if _, after, ok := strings.Cut(string(status), "VmHWM:"); ok {
		fmt.Sscan(after, &kilobytes)
	}
	return kilobytes << 10
}

// watchMemory looks at memoryPeak until the function that it returns is called.
func watchMemory(pid int) (peak func() int64) {
	stop, seen := make(chan struct{}), make(chan int64)
	go func() {
		most := int64(0)
		for {
			most = max(most, memoryPeak(pid))
			select {
			case <-stop:
				seen <- most
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-seen
	}
}

// TestMalformed runs the program on each malformed capture of the shared folder:
// results, or one line; within ten seconds, in little memory.
func TestMalformed(t *testing.T) {
	folder := filepath.Join(repository(t), "..", "shared", "captures", "malformed")
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Skip("the folder of shared captures is not here")
	}
	if testing.Short() {
		t.Skip("TestCaptures replays them, too; this starts a hundred processes")
	}
	program := asProgram(t)
	var most int64
	for _, file := range files {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		var stdout, stderr strings.Builder
		c := exec.CommandContext(ctx, program, filepath.Join(folder, file.Name()), "--mode", "all")
		c.Stdout, c.Stderr = &stdout, &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		peak := watchMemory(c.Process.Pid)
		err := c.Wait()
		cancel()
		most = max(most, peak())
		status := exitDone
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			status = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		said := stderr.String()
		switch status {
		case exitDone:
			if said != "" && !strings.HasPrefix(said, "rssreplay: warning: no packet was received") {
				t.Errorf("%s: exit status 0, but it said %s", file.Name(), said)
			}
		case exitFailed, exitDamaged:
			if strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "rssreplay: ") || (status == exitFailed) != (stdout.Len() == 0) {
				t.Errorf("%s: exit status %d, %d bytes of report, said %s", file.Name(), status, stdout.Len(), said)
			}
		default:
			t.Errorf("%s: exit status %d: %s", file.Name(), status, said)
		}
	}
	t.Logf("%d files, at most %d bytes of memory", len(files), most)
	if limit := int64(256 << 20); most > limit {
		t.Errorf("%d bytes of memory, more than %d", most, limit)
	}
}

// TestCutReplays cuts samples in their first kilobyte and at random places: the
// report is of the packets before the cut, or one line says what is
// wrong.
func TestCutReplays(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	path := filepath.Join(t.TempDir(), "cut.pcap")
	for _, sample := range []string{"vlan.pcap", "directions.pcapng"} {
		data, err := os.ReadFile(filepath.Join(repository(t), "pcaps", "samples", sample))
		if err != nil {
			t.Fatal(err)
		}
		step := 13 // the pcaps package tries every place
		if testing.Short() {
			step = 61
		}
		var cuts []int
		for i := 0; i < 1024; i += step {
			cuts = append(cuts, i, random.IntN(len(data)))
		}
		for _, cut := range cuts {
			if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr strings.Builder
			status := run([]string{"rssreplay", path, "--flows", "0", "--mode", "rss-msix"}, strings.NewReader(""), &stdout, &stderr)
			said := stderr.String()
			switch {
			case cut < 24 && status == exitFailed, cut >= 24 && status == exitDamaged:
				if !strings.HasPrefix(said, "rssreplay: "+path+": ") || strings.Count(said, "\n") != 1 {
					t.Errorf("%s cut after %d: %s", sample, cut, said)
				}
			case cut >= 24 && status == exitDone && said == "": // between two records
			default:
				t.Errorf("%s cut after %d: exit status %d: %s", sample, cut, status, said)
			}
			if (status == exitFailed) != (stdout.Len() == 0) {
				t.Errorf("%s cut after %d: exit status %d, and %d bytes of report", sample, cut, status, stdout.Len())
			}
		}
	}
}

// TestBombs runs the program on standard input that never ends, made of little:
// memory stays bounded, and an interrupt ends it.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	program := asProgram(t)
	for _, name := range []string{"records", "blocks"} {
		header, more := bomb(t, name)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		c := exec.CommandContext(ctx, program, "-")
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		end := time.Now().Add(time.Second)
		if _, err := in.Write(header); err != nil {
			t.Error(err)
		}
		for time.Now().Before(end) {
			if _, err := in.Write(more); err != nil {
				t.Errorf("%s: %v: %s", name, err, stderr.String())
				break
			}
		}
		most := memoryPeak(c.Process.Pid)
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Skipf("no interrupts here: %v", err)
		}
		err = c.Wait()
		cancel()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitDamaged || !strings.Contains(stderr.String(), "interrupted, the rest was not read") {
			t.Errorf("%s: %v: %s", name, err, stderr.String())
		}
		t.Logf("%s: %d bytes of memory", name, most)
		if limit := int64(256 << 20); most > limit {
			t.Errorf("%s: %d bytes of memory, more than %d", name, most, limit)
		}
	}
}

// bomb is the beginning of an endless capture, and what is to follow it as often
// as one likes: a MB that compresses to a thousandth.
func bomb(t testing.TB, name string) (header, more []byte) {
	var begin, unit []byte
	little := binary.LittleEndian
	switch name {
	case "records": // without bytes
		begin = little.AppendUint32([]byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00"), 1)
		unit = make([]byte, 16)
	case "blocks": // that are skipped
		for _, word := range []uint32{0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, 0, 28} {
			begin = little.AppendUint32(begin, word)
		}
		for _, word := range []uint32{0xbad, 16, 7, 16} {
			unit = little.AppendUint32(unit, word)
		}
	default:
		t.Fatalf("no bomb %s", name)
	}
	return zipped(t, begin), zipped(t, bytes.Repeat(unit, 1<<20/len(unit)))
}

func zipped(t testing.TB, data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
