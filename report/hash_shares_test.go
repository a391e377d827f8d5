package report

import (
	"slices"
	"testing"
)

// The shares are of what this scenario's report received, whatever the others' captures.
func TestHashShares(t *testing.T) {
	s := &Scenario{
		HashTypes: Counts{{"tcp_ipv4", 20}, {"udp_ipv4", 70}, {"ipv6", 0}},
		Unhashed:  Counts{{"not_ip", 10}},
	}
	want := []string{"udp_ipv4 70 (70.0%)", "tcp_ipv4 20 (20.0%)", "unhashed: not_ip 10 (10.0%)"}
	if got := s.HashShares("unhashed: "); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
