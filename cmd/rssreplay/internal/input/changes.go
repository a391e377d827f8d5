package input

import (
	"fmt"
	"time"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
)

// CheckChanges refuses changes that come after the last packet, and notes a rebalancer
// whose period is longer than the capture.
func CheckChanges(e *cli.Env, s *settings.Settings, r *dispatch.Result) error {
	late := func(flag, given string) error {
		return cli.Usagef("%s %s: the last packet comes %s after the first, and nothing would meet it: give a TIME up to then", flag, given, time.Duration(r.Span))
	}
	if r.Packets == 0 || r.Damage != nil || r.Limited {
		return nil // what is missing may be there
	}
	if n := len(s.Config.Tables); n > 0 && s.Config.Tables[n-1].Time > r.Span {
		return late("--table-at", s.Sources[n-1])
	}
	if n := len(s.Config.Affinities); n > 0 && s.Config.Affinities[n-1].Time > r.Span {
		return late("--affinity-at", s.Sources[len(s.Sources)-1])
	}
	if b := s.Config.Rebalance; b != nil && b.Every > r.Span {
		fmt.Fprintf(e.Stderr, "rssreplay: note: --rebalance-every %s: the packets span %s, so that no entry is moved: give a shorter one\n", time.Duration(b.Every), time.Duration(r.Span))
	}
	return nil
}
