package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
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
