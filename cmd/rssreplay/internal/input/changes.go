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
	late := func(flag, what string, at int64) error {
		return cli.Usagef("%s: %s comes %s after the first packet, and the last one after %s: nothing would meet it", flag, what, time.Duration(at), time.Duration(r.Span))
	}
	if r.Packets == 0 || r.Damage != nil || r.Limited {
		return nil // what is missing may be there
	}
	if n := len(s.Config.Tables); n > 0 && s.Config.Tables[n-1].Time > r.Span {
		return late("--table-at", "a table", s.Config.Tables[n-1].Time)
	}
	if n := len(s.Config.Affinities); n > 0 && s.Config.Affinities[n-1].Time > r.Span {
		return late("--affinity-at", "an affinity", s.Config.Affinities[n-1].Time)
	}
	if b := s.Config.Rebalance; b != nil && b.Every > r.Span {
		fmt.Fprintf(e.Stderr, "rssreplay: note: --rebalance-every %s: the packets span %s, so that no entry is moved: give a shorter one\n", time.Duration(b.Every), time.Duration(r.Span))
	}
	return nil
}
