package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rssreplay/dispatch"
	"rssreplay/pcaps/direction"
)

// nothing is why no packet was received, and names the flag that is to blame, "" where
// some were received.
func (in *input) nothing(done *replayed) string {
	r := done.result
	left := r.Filtered + r.OutOfRange
	switch {
	case r.Received > 0:
		return ""
	case r.Packets > 0 && in.flags.set.Changed("direction") && in.side == direction.SideOut:
		return fmt.Sprintf("--direction out: none of the %s was sent", plural(r.Packets, "packet", "packets"))
	case r.Packets > 0 && done.directions.Said() == int64(r.Packets):
		return fmt.Sprintf("the capture itself says that all of the %s were sent: --direction out takes them as received by the NIC at the other end", plural(r.Packets, "packet", "packets"))
	case r.Packets > 0:
		return fmt.Sprintf("--local %s: all of the %s come from there", in.local, plural(r.Packets, "packet", "packets"))
	case left == 0 && r.Damage != nil:
		return "the capture ends before its first packet"
	case left == 0:
		return "the capture holds no packet"
	case r.OutOfRange == 0:
		return fmt.Sprintf("--filter %q: none of the %s matches", in.flags.filter, plural(left, "packet", "packets"))
	}
	var why []string
	if in.flags.from > 0 {
		why = append(why, "--from "+in.flags.from.String())
	}
	if in.flags.to > 0 {
		why = append(why, "--to "+in.flags.to.String())
	}
	of := "of the " + plural(r.OutOfRange, "packet", "packets")
	if r.Filtered > 0 {
		of = fmt.Sprintf("of the %s that --filter %q leaves", plural(r.OutOfRange, "packet", "packets"), in.flags.filter)
	}
	return fmt.Sprintf("%s: none %s lies there, the last one %s after the capture's first", strings.Join(why, ", "), of, time.Duration(r.Latest))
}

// warn says on standard error what flags have left nothing of a capture, or name what no
// packet has.
func (in *input) warn(stderr io.Writer, done *replayed) {
	r := done.result
	if why := in.nothing(done); why != "" && r.Packets+r.Filtered+r.OutOfRange > 0 {
		fmt.Fprintf(stderr, "rssreplay: warning: no packet was received, so there is nothing to replay: %s\n", why)
	}
	if unmet := done.unmetLocal(); unmet != "" {
		fmt.Fprintf(stderr, "rssreplay: warning: %s\n", unmet)
	}
}

// unmetLocal is the sentence about addresses of --local that no packet has, "" where there
// are none.
func (done *replayed) unmetLocal() string {
	if done.directions == nil || done.result.Packets == 0 {
		return ""
	}
	unmet := done.directions.Unmet()
	if len(unmet) == 0 {
		return ""
	}
	return fmt.Sprintf("--local names %s, which no packet comes from or goes to: was another address meant?", strings.Join(unmet, ", "))
}

// noteInterval says that a window that was asked for holds the whole capture.
func noteInterval(stderr io.Writer, f *modelFlags, r *dispatch.Result) {
	if f.set.Changed("interval") && r.Span > 0 && int64(f.interval) > r.Span {
		fmt.Fprintf(stderr, "rssreplay: note: --interval %s: the packets span %s, so there is one window\n", &f.interval, time.Duration(r.Span))
	}
}
