package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// The first screen is one screen for every sample, however many CPUs there are: 40
// lines of 80 columns, with the ten largest flows where there are so many, and the
// modes that were replayed.
func TestFirstScreen(t *testing.T) {
	cpus := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 31, 64, 100, 128, 129, 256, 500, 1000, 1023, 1024}
	if testing.Short() {
		cpus = []int{1, 1024}
	}
	for _, file := range samples(t) {
		for _, n := range cpus {
			got := runs(t, file, "--cpus", fmt.Sprint(n))
			name := fmt.Sprintf("%s --cpus %d", filepath.Base(file), n)
			lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
			if len(lines) > 40 {
				t.Errorf("%s: %d lines:\n%s", name, len(lines), got)
			}
			for _, l := range lines {
				if w := twwidth.Width(l); w > 80 {
					t.Errorf("%s: %d columns: %s", name, w, l)
				}
			}
			if n > 1 && !strings.Contains(got, "illustrative") { // one CPU takes all, whatever the key
				t.Errorf("%s does not say what its CPU numbers are", name)
			}
			for _, want := range []string{filepath.Base(file), "RSS, an interrupt per queue", "without RSS, one interrupt", "flows on one CPU", "--full"} {
				if !strings.Contains(got, want) {
					t.Errorf("%s: no %q", name, want)
				}
			}
			if flows := strings.Count(got, " → ") - strings.Count(got, "  → "); flows < 10 && !strings.Contains(got, fmt.Sprintf("\n  %d flows ", flows)) {
				t.Errorf("%s: %d flows are shown:\n%s", name, flows, got)
			}
		}
	}
}
