package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryCommand runs every command on every sample. Of the captures of others, where they
// lie beside the repository, it runs the main job on some, and the rest on few: on all of
// them each if RSSREPLAY_EVERY_CAPTURE is set, which takes long. Whatever the traffic, what
// holds of all results holds: see checkResult.
func TestEveryCommand(t *testing.T) {
	several := []string{"fragments.pcap", "queues.pcapng", "vxlan.pcap"} // under -short the rest is run on these
	for _, path := range samples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			everyCommand(t, path, !testing.Short() || slices.Contains(several, filepath.Base(path)))
		})
	}
	var others []string
	dir := filepath.Join(repository(t), "..", "shared", "captures")
	err := filepath.WalkDir(dir+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !slices.Contains([]string{".md", ".csv", ".txt"}, filepath.Ext(path)) {
			others = append(others, path)
		}
		return err
	})
	t.Run("others", func(t *testing.T) {
		if err != nil {
			t.Skipf("there are none: %v", err)
		}
		step, all := 8, 160
		if testing.Short() {
			step, all = 40, 800
		}
		if os.Getenv("RSSREPLAY_EVERY_CAPTURE") != "" {
			step, all = 1, 1
		}
		for i := 0; i < len(others); i += step {
			t.Run(filepath.Base(others[i]), func(t *testing.T) {
				t.Parallel()
				everyCommand(t, others[i], i%all == 0)
			})
		}
	})
}

// everyCommand runs the main command on a capture, and the others if all is set.
func everyCommand(t *testing.T, capture string, all bool) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if !slices.Contains([]int{exitDone, exitDamaged}, sameTwice(t, []int{exitDone, exitDamaged, exitFailed}, capture, "--mode", "all", "--format", "json", "--flows", "all")) || !all {
		return
	}
	replays := []int{exitDone, exitDamaged}
	for _, format := range []string{"table", "mail", "markdown", "csv", "html"} {
		sameTwice(t, replays, capture, "--format", format, "--mode", "all")
	}
	sameTwice(t, replays, capture, "--full")
	if err := os.WriteFile(at("key"), []byte(strings.Repeat("0123456789abcdef", 4)), 0o600); err != nil {
		t.Fatal(err)
	}
	sameTwice(t, replays, capture, "--anonymize", "--anonymize-key", at("key"), "--format", "json")
	sameTwice(t, replays, "compare", capture, "--layout", "equal", "--layout", "block", "--format", "json")
	sameTwice(t, replays, "compare", capture, "--layout", "equal", "--scenario", "few: cpus=2")
	sameTwice(t, append(replays, exitUsage), "suggest", capture, "--cpus", "4", "--format", "json")
	sameTwice(t, append(replays, exitUsage), "explain", capture, "--packet", "1", "--format", "json")
	sameTwice(t, append(replays, exitUsage, exitDiffers, exitCantTell), "verify", capture, "--format", "json")
	for name, layout := range map[string]string{"old.json": "equal", "new.json": "block"} {
		sameTwice(t, replays, capture, "--layout", layout, "--flows", "all", "-o", at(name))
	}
	sameTwice(t, replays, "diff", at("old.json"), at("new.json"), "--format", "json")
	var copies [2][]byte
	for i := range copies {
		sameTwice(t, append(replays, exitFailed), capture, "--write", at("copy.pcapng"), "--format", "json")
		copies[i], _ = os.ReadFile(at("copy.pcapng"))
	}
	if !bytes.Equal(copies[0], copies[1]) {
		t.Error("--write: the copies differ")
	}
}

// sameTwice runs a command twice, whose exit status is one of those and whose output the
// same; it is the status.
func sameTwice(t *testing.T, statuses []int, args ...string) int {
	t.Helper()
	var status [2]int
	var stdout, stderr [2]strings.Builder
	for i := range status {
		status[i] = run(append([]string{"rssreplay"}, args...), strings.NewReader(""), &stdout[i], &stderr[i])
	}
	if !slices.Contains(statuses, status[0]) || strings.Contains(stderr[0].String(), "fault of the program") {
		t.Errorf("%q: exit status %d: %s", args, status[0], stderr[0].String())
	}
	if status[0] != status[1] || stdout[0].String() != stdout[1].String() || stderr[0].String() != stderr[1].String() {
		t.Errorf("%q: another result the second time", args)
	}
	text := stdout[0].String()
	if strings.HasPrefix(text, "{") {
		if err := checkResult(text); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	} else if strings.Contains(text, "NaN") || strings.Contains(text, "+Inf") {
		t.Errorf("%q: a number is none", args)
	}
	return status[0]
}

// checkResult checks what holds of every result in JSON: no key comes twice in an object,
// no share and no index of Jain's is above 1 or below 0, no imbalance below 1; and under
// each mode the packets of the CPUs and those dropped are those received.
func checkResult(text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := checkValue(d, "", ""); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more than one value: %v", err)
	}
	type mode struct {
		Mode   string
		CPUs   []struct{ Packets uint64 }
		Totals struct{ Packets, Drops uint64 }
	}
	var r struct {
		Capture   struct{ Received uint64 }
		Modes     []mode
		Scenarios []struct{ Modes []mode }
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return err
	}
	for _, s := range r.Scenarios {
		r.Modes = append(r.Modes, s.Modes...)
	}
	for _, m := range r.Modes {
		sum := m.Totals.Drops
		for _, c := range m.CPUs {
			sum += c.Packets
		}
		if sum != r.Capture.Received {
			return fmt.Errorf("%s: %d packets on CPUs or dropped, %d received", m.Mode, sum, r.Capture.Received)
		}
	}
	return nil
}

// checkValue reads one value, under that key of the object under parent.
func checkValue(d *json.Decoder, parent, key string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		seen := map[string]bool{}
		for d.More() {
			name := key
			if v == '{' {
				token, err := d.Token()
				if err != nil {
					return err
				}
				name = token.(string)
				if seen[name] {
					return fmt.Errorf("%s has two of %q", key, name)
				}
				seen[name] = true
			}
			if err := checkValue(d, key, name); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	case json.Number:
		x, err := v.Float64()
		if err != nil {
			return err
		}
		imbalance := key == "imbalance" || parent == "imbalance" && slices.Contains([]string{"packets", "bytes", "busy"}, key)
		switch {
		case (key == "share" || strings.HasSuffix(key, "_share") || key == "jain") && (x < 0 || x > 1):
			return fmt.Errorf("%s.%s is %s", parent, key, v)
		case imbalance && x < 1:
			return fmt.Errorf("%s.%s is %s", parent, key, v)
		}
	}
	return nil
}

// TestCheckResult: what must not be is found.
func TestCheckResult(t *testing.T) {
	for text, want := range map[string]string{
		`{"capture":{"received":3},"modes":[{"mode":"m","cpus":[{"packets":2}],"totals":{"drops":1}}]}`: "",
		`{"capture":{"received":3},"modes":[{"mode":"m","cpus":[{"packets":2}],"totals":{"drops":0}}]}`: "3 received",
		`{"a":{"raw":1,"raw":2}}`:                   `a has two of "raw"`,
		`{"a":[{"share":1.000001}]}`:                "share is 1.000001",
		`{"imbalance":{"packets":0.9}}`:             "packets is 0.9",
		`{"bound":{"imbalance":0.999999}}`:          "imbalance is 0.999999",
		`{"imbalance":{"jain":0.5,"packets":null}}`: "",
		`{"a":NaN}`: "invalid character",
		`{} {}`:     "more than one value",
	} {
		if err := checkResult(text); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
