package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestIntervals compares the flows and findings of each interval's report with those of a
// report of that part alone: nothing of an interval is left over in the next one.
func TestIntervals(t *testing.T) {
	type part struct {
		Title    string            `json:"title"`
		Flows    []json.RawMessage `json:"flows"`
		Findings []struct{ ID, Summary, Evidence string }
	}
	capture := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	flags := []string{"--cpus", "2", "--format", "json", "--flows", "30", "--local", "192.0.2.1,2001:db8::1"}
	reports := json.NewDecoder(strings.NewReader(runs(t, append([]string{capture, "--every", "1s"}, flags...)...)))
	for i := 0; reports.More(); i++ {
		var got, want part
		if err := reports.Decode(&got); err != nil {
			t.Fatal(err)
		}
		alone := append([]string{capture, "--title", got.Title, "--from", fmt.Sprintf("%ds", i), "--to", fmt.Sprintf("%ds", i+1)}, flags...)
		if err := json.Unmarshal([]byte(runs(t, alone...)), &want); err != nil {
			t.Fatal(err)
		}
		if len(want.Flows) == 0 {
			t.Errorf("%s: no flow is listed", want.Title)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-alone +every)\n%s", got.Title, diff)
		}
	}
}

// TestPartAlone follows what the finding of a hot window says of its part: also where --from
// left out what comes first, the command replays the packets of that window.
func TestPartAlone(t *testing.T) {
	type finding struct {
		ID, Remedy string
		Figures    struct {
			WindowPackets int `json:"window_packets"`
		}
	}
	type result struct {
		Capture  struct{ Received int }
		Findings []finding
	}
	of := func(args ...string) (r result) {
		if err := json.Unmarshal([]byte(runs(t, append(args, "--format", "json")...)), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	capture := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	for _, more := range [][]string{nil, {"--from", "500ms"}, {"--filter", "tcp", "--from", "230ms"}} {
		if len(more) > 2 && !cgo {
			continue // no filter
		}
		r := of(append([]string{capture, "--cpus", "3"}, more...)...)
		i := slices.IndexFunc(r.Findings, func(f finding) bool { return f.ID == "hot-window" })
		if i < 0 {
			t.Fatalf("%v: no window is hot", more)
		}
		f := r.Findings[i]
		command, _, _ := strings.Cut(strings.TrimPrefix(f.Remedy, "That part alone: `rssreplay "), "`")
		if got := of(shellWords(command)...).Capture.Received; got != f.Figures.WindowPackets {
			t.Errorf("%v: %s replays %d packets, want the %d of the window", more, command, got, f.Figures.WindowPackets)
		}
	}
	for _, more := range [][]string{{"--speed", "2x"}, {"--every", "2s"}} {
		if out := runs(t, append([]string{capture, "--cpus", "3", "--format", "json"}, more...)...); strings.Contains(out, "That part alone") {
			t.Errorf("%v: a part is named by --from, which has another clock", more)
		}
	}
}
