package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/pcaps"
	"rssreplay/pcaps/file"
)

// copied is what a report says of the packets that are copied.
type copied struct {
	Capture struct {
		Sent      int
		HashTypes map[string]int `json:"hash_types"`
	}
	Modes []struct {
		CPUs   []struct{ CPU, Packets int }
		Queues []struct{ Queue, Packets, Drops int }
	}
}

// copies runs the program with the arguments, which copy packets, and is its
// report.
func copies(t *testing.T, args ...string) copied {
	t.Helper()
	var stdout, stderr strings.Builder
	if status := run(append([]string{"rssreplay", "--format", "json"}, args...), strings.NewReader(""), &stdout, &stderr); status != exitDone {
		t.Fatalf("%v: exit status %d: %s", args, status, stderr.String())
	}
	var c copied
	if err := json.Unmarshal([]byte(stdout.String()), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func readCapture(t *testing.T, path string) []pcaps.Record {
	t.Helper()
	r, err := file.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []pcaps.Record
	for recs := make([]pcaps.Record, 256); ; {
		n, err := r.Read(recs)
		for _, rec := range recs[:n] {
			rec.Data = bytes.Clone(rec.Data)
			all = append(all, rec)
		}
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A copy has every packet as it was, with its direction, and of the received ones
// the queue and hash that the report counts: no queue where a rule drops them.
func TestWrite(t *testing.T) {
	for _, path := range samples(t) {
		for _, flags := range [][]string{
			{"rss-msix"}, {"non-rss"}, {"rss-single-queue"},
			{"rss-msix", "--rule", "flow-type udp4 action -1"}, {"non-rss", "--rule", "flow-type udp4 action -1"}, {"rss-single-queue", "--rule", "flow-type tcp4 action -1"},
		} {
			mode := flags[0]
			name := filepath.Base(path) + ", " + strings.Join(flags, " ")
			to := filepath.Join(t.TempDir(), "copy.pcapng")
			report := copies(t, append([]string{path, "--write", to, "--cpus", "4", "--mode"}, flags...)...)
			before, after := readCapture(t, path), readCapture(t, to)
			if len(before) != len(after) {
				t.Fatalf("%s: %d packets, %d in the copy", name, len(before), len(after))
			}
			sent, hashed, queues := 0, 0, map[int]int{}
			for i := range after {
				was, is := &before[i], &after[i]
				if is.Direction == pcaps.Outbound {
					sent++
				}
				if is.HasHash {
					hashed++
				}
				if is.Queue >= 0 {
					queues[int(is.Queue)]++
				}
				if was.Direction != pcaps.DirectionUnknown && is.Direction != was.Direction || is.Direction == pcaps.DirectionUnknown {
					t.Fatalf("%s: packet %d: its direction is %d, and was %d", name, i+1, is.Direction, was.Direction)
				}
				if was.Time != is.Time || was.Wire != is.Wire || was.Link != is.Link || !bytes.Equal(was.Data, is.Data) {
					t.Fatalf("%s: packet %d is not the same", name, i+1)
				}
			}
			wantHashed, wantQueues := 0, map[int]int{}
			for _, n := range report.Capture.HashTypes {
				wantHashed += n
			}
			if mode == "non-rss" {
				wantHashed = 0
			}
			for _, q := range report.Modes[0].Queues {
				if q.Packets > 0 {
					wantQueues[q.Queue] = q.Packets
				}
			}
			if sent != report.Capture.Sent || hashed != wantHashed {
				t.Errorf("%s: %d sent and %d hashed, the report has %d and %d", name, sent, hashed, report.Capture.Sent, wantHashed)
			}
			if diff := cmp.Diff(wantQueues, queues); diff != "" {
				t.Errorf("%s: packets of each queue (-report +copy):\n%s", name, diff)
			}
		}
	}
}

// A replay of a copy takes each packet as the first one did, without the flags
// that told the first one.
func TestCopyKeepsDirections(t *testing.T) {
	for _, sample := range []string{"dns.pcap", "directions.pcapng"} {
		for _, flags := range [][]string{
			{"--direction", "in"}, {"--direction", "out"}, {"--direction", "both"},
			{"--local", "none"}, {"--local", "198.51.100.0/24,2001:db8:1::/64"},
		} {
			to := filepath.Join(t.TempDir(), "copy.pcapng")
			want := copies(t, append([]string{filepath.Join(repository(t), "pcaps", "samples", sample), "--cpus", "4", "--write", to}, flags...)...)
			got := copies(t, to, "--cpus", "4")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %v (-capture +copy):\n%s", sample, flags, diff)
			}
		}
	}
}

// forgetPredicted takes from a copy of --write what tells that rssreplay predicted its queues
// and hashes, so that verify compares with them.
func forgetPredicted(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, mark := range []string{"rssreplay", "cpu=", "dropped"} {
		b = bytes.ReplaceAll(b, []byte(mark), []byte("~"+mark[1:]))
	}
	return os.WriteFile(path, b, 0o666)
}

func measured(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: measured FILE")
	}
	ts.Check(forgetPredicted(ts.MkAbs(args[0])))
}

// verify, which reads the queues and hashes that a copy records, would agree with every
// copy under the flags that it was made with, and with none under another key.
func TestVerifyAgreesWithCopies(t *testing.T) {
	if testing.Short() {
		t.Skip("tries all hypotheses, over and over")
	}
	for _, path := range samples(t) {
		for _, flags := range [][]string{
			{"--cpus", "4"}, {"--cpus", "3", "--rx-flow-hash", "udp4=sd"}, {"--cpus", "8", "--inner"},
		} {
			to := filepath.Join(t.TempDir(), "copy.pcapng")
			copies(t, append([]string{path, "--write", to, "--key", "mellanox"}, flags...)...)
			if err := forgetPredicted(to); err != nil {
				t.Fatal(err)
			}
			for key, want := range map[string]int{"mellanox": exitDone, "microsoft": exitDiffers} {
				var stderr strings.Builder
				args := append([]string{"rssreplay", "verify", to, "--key", key}, flags...)
				if status := run(args, strings.NewReader(""), io.Discard, &stderr); status != want {
					t.Errorf("%s %v, verified with --key %s: exit status %d, want %d: %s", filepath.Base(path), flags, key, status, want, stderr.String())
				}
			}
		}
	}
}

// Each CPU's capture has the packets that the report says it took, all of them in
// the order of the capture; also where packets are dropped, and with more CPUs
// than files may be open.
func TestSplit(t *testing.T) {
	path := filepath.Join(repository(t), "pcaps", "samples", "elephant.pcap")
	for _, flags := range [][]string{
		{"--cpus", "4"}, {"--cpus", "3,5", "--mode", "non-rss"}, {"--cpus", "4", "--rx-ring", "2", "--packet-cost", "20us"},
		{"--cpus", "4", "--packets", "1000", "--from", "100ms"}, {"--cpus", "1024", "--base-cpu", "7"},
	} {
		dir := filepath.Join(t.TempDir(), "split")
		if testing.Short() {
			flags = append(flags, "--to", "400ms")
		}
		report := copies(t, append([]string{path, "--split", dir}, flags...)...)
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != len(report.Modes[0].CPUs) {
			t.Fatalf("%v: %d files for %d CPUs, %v", flags, len(files), len(report.Modes[0].CPUs), err)
		}
		total := 0
		for _, cpu := range report.Modes[0].CPUs {
			recs := readCapture(t, filepath.Join(dir, fmt.Sprintf("cpu%d.pcapng", cpu.CPU)))
			if len(recs) != cpu.Packets {
				t.Errorf("%v: %d packets in the capture of CPU %d, want %d", flags, len(recs), cpu.CPU, cpu.Packets)
			}
			total += len(recs)
		}
		if total < 400 {
			t.Errorf("%v: only %d packets", flags, total)
		}
	}
}

// Wireshark's dissectors read a copy: queue, direction and comment of each packet,
// and the comments' CPUs are the report's.
func TestTsharkReadsCopies(t *testing.T) {
	if testing.Short() {
		t.Skip("replays all samples, over and over")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed; .ci/run installs it")
	}
	for _, sample := range []string{"dns.pcap", "directions.pcapng", "cooked.pcap"} {
		to := filepath.Join(t.TempDir(), "copy.pcapng")
		report := copies(t, filepath.Join(repository(t), "pcaps", "samples", sample), "--write", to, "--cpus", "2-5", "--affinity", "2-5")
		recs := readCapture(t, to)
		fields := []string{"frame.time_epoch", "frame.interface_queue", "frame.packet_flags_direction", "frame.len", "frame.cap_len", "frame.comment"}
		args := []string{"-r", to, "-n", "-T", "fields"}
		for _, f := range fields {
			args = append(args, "-e", f)
		}
		out, err := exec.Command("tshark", args...).Output()
		if err != nil {
			t.Fatalf("tshark: %v", err)
		}
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if len(lines) != len(recs) {
			t.Fatalf("%s: tshark reads %d packets of %d", sample, len(lines), len(recs))
		}
		cpus := map[string]int{}
		for i, line := range lines {
			got, rec := strings.Split(line, "\t"), &recs[i]
			queue, direction := "", ""
			if rec.Queue >= 0 {
				queue = strconv.Itoa(int(rec.Queue))
			}
			if rec.Direction != pcaps.DirectionUnknown {
				direction = strconv.Itoa(int(rec.Direction))
			}
			if n, err := strconv.ParseUint(got[2], 0, 32); err == nil {
				got[2] = strconv.FormatUint(n, 10) // versions differ in its base
			}
			want := []string{fmt.Sprintf("%d.%09d", rec.Time/1e9, rec.Time%1e9), queue, direction, strconv.Itoa(int(rec.Wire)), strconv.Itoa(len(rec.Data))}
			if diff := cmp.Diff(want, got[:5]); diff != "" {
				t.Fatalf("%s: packet %d (-written +tshark):\n%s", sample, i+1, diff)
			}
			cpu, rest, _ := strings.Cut(got[5], " ")
			if cpus[cpu]++; rec.HasHash && !strings.Contains(rest, fmt.Sprintf("hash=0x%08x ", rec.Hash)) {
				t.Fatalf("%s: packet %d: comment %q, but hash %#08x", sample, i+1, got[5], rec.Hash)
			}
		}
		want := map[string]int{}
		for _, cpu := range report.Modes[0].CPUs {
			want[fmt.Sprintf("cpu=%d", cpu.CPU)] = cpu.Packets
		}
		if report.Capture.Sent > 0 {
			want["sent"] = report.Capture.Sent
		}
		if diff := cmp.Diff(want, cpus); diff != "" {
			t.Errorf("%s: packets of each CPU (-report +comments):\n%s", sample, diff)
		}
	}
}

// Ctrl-C while the packets are copied leaves nothing of the copy; when it ended the
// replay before, the copy has what was replayed.
func TestInterruptedCopy(t *testing.T) {
	sample := filepath.Join(repository(t), "pcaps", "samples", "dns.pcap")
	for _, flag := range []string{"--write", "--split"} {
		for pass := 1; pass <= 2; pass++ {
			dir := t.TempDir()
			passes := 0
			var stdout, stderr strings.Builder
			e := &cli.Env{Args: []string{"rssreplay", sample, flag, filepath.Join(dir, "copy")}, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr}
			e.Interrupts = func() (<-chan struct{}, func()) {
				interrupted := make(chan struct{})
				if passes++; passes == pass {
					close(interrupted)
				}
				return interrupted, func() {}
			}
			status := execute(e)
			left, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case pass == 1 && (status != exitDamaged || len(left) != 1 || stdout.Len() == 0):
				t.Errorf("%s: the replay was interrupted: exit status %d, %d files; %s", flag, status, len(left), stderr.String())
			case pass == 2 && (status != exitFailed || len(left) != 0 || stdout.Len() > 0 || !strings.HasSuffix(stderr.String(), "/copy: interrupted while it was written: nothing of it was kept\n")):
				t.Errorf("%s: the copying was interrupted: exit status %d, %d files; %s", flag, status, len(left), stderr.String())
			}
		}
	}
}

// The comment on a whole capture (dumpcap --capture-comment) is shown in every format, and in
// none with --anonymize: it may be anything.
func TestCommentOnCapture(t *testing.T) {
	sample, err := os.ReadFile(filepath.Join(repository(t), "pcaps", "samples", "queues.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	little := binary.LittleEndian
	const comment = "Tuned by Zoë " // 14 bytes
	section := little.AppendUint32(nil, 0x0a0d0d0a)
	section = append(section, 48, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 14, 0)
	section = append(append(section, comment...), 0, 0, 48, 0, 0, 0)
	path := filepath.Join(t.TempDir(), "c.pcapng")
	if err := os.WriteFile(path, append(section, sample[48:]...), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"table", "markdown", "json", "html"} {
		for _, flags := range [][]string{nil, {"--anonymize"}} {
			if format == "table" {
				flags = append(slices.Clip(flags), "--full")
			}
			var out, stderr strings.Builder
			if status := run(append([]string{"rssreplay", path, "--cpus", "2", "--format", format}, flags...), strings.NewReader(""), &out, &stderr); status != exitDone {
				t.Fatalf("%s: %s", format, stderr.String())
			}
			if shown := strings.Contains(out.String(), "Tuned by Zoë"); shown == slices.Contains(flags, "--anonymize") {
				t.Errorf("%s %v: the comment is shown: %v", format, flags, shown)
			}
		}
	}
}
