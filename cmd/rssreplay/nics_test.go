package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"rssreplay/nicmodel/profile"
	"rssreplay/report/text"
)

// The profiles fit the terminal: what is left out is said, and each profile is there.
func TestNICsFitTheTerminal(t *testing.T) {
	r := nicsReport{CPUs: nicsCPUs}
	profiles := profile.All()
	for i := range profiles {
		r.NICs = append(r.NICs, showProfile(&profiles[i]))
	}
	for _, width := range []int{80, 100, 120, 160, 200} {
		var table, each strings.Builder
		if err := writeProfileTable(&table, &r, text.Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		if err := writeProfiles(&each, &r, text.Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(table.String() + each.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns of %d: %s", n, width, line)
			}
		}
		for i := range profiles {
			if n := strings.Count(table.String(), "\n"+profiles[i].Name+" "); n != 2 {
				t.Errorf("%d columns: %s begins %d lines, not those of the table and of the sources", width, profiles[i].Name, n)
			}
		}
		for _, name := range narrowOrder {
			head, _, _ := strings.Cut(table.String(), "\n")
			_, left, _ := strings.Cut(table.String(), "Left out to fit ")
			left, _, _ = strings.Cut(left, "\n")
			if strings.Contains(head, name) == strings.Contains(left, name) {
				t.Errorf("%d columns: %s is a column and left out, or neither: %s; %s", width, name, head, left)
			}
		}
	}
}
