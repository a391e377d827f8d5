package input

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/pcaps/direction"
	"rssreplay/report"
	"rssreplay/report/anonymize"
)

// Nothing is why no packet was received, and names the flag that is to blame, "" where
// some were received.
func (in *Input) Nothing(done *Replayed) string {
	r := done.Result
	left := r.Filtered + r.OutOfRange
	switch {
	case r.Received > 0:
		return ""
	case r.Packets > 0 && in.Flags.set.Changed("direction") && in.side == direction.SideOut:
		return "--direction out: " + ofAll(r.Packets, "the only packet was not sent", "none of the %s packets was sent")
	case r.Packets > 0 && done.Directions.Said() == int64(r.Packets):
		return "the capture itself says that " + ofAll(r.Packets, "the only packet was sent: --direction out takes it", "all of the %s packets were sent: --direction out takes them") + " as received by the NIC at the other end"
	case r.Packets > 0:
		return fmt.Sprintf("--local %s: ", in.local) + ofAll(r.Packets, "the only packet comes from there", "all of the %s packets come from there")
	case left == 0 && r.Damage != nil:
		return "the capture ends before its first packet"
	case left == 0:
		return "the capture holds no packet"
	case r.OutOfRange == 0:
		return fmt.Sprintf("--filter %q: ", in.Flags.filter) + ofAll(left, "the only packet does not match", "none of the %s packets matches")
	}
	var why []string
	if in.Flags.from > 0 {
		why = append(why, "--from "+in.Flags.from.String())
	}
	if in.Flags.to > 0 {
		why = append(why, "--to "+in.Flags.to.String())
	}
	of := "of the " + report.Plural(r.OutOfRange, "packet", "packets")
	if r.Filtered > 0 {
		of = fmt.Sprintf("of the %s that --filter %q leaves", report.Plural(r.OutOfRange, "packet", "packets"), in.Flags.filter)
	}
	return fmt.Sprintf("%s: none %s lies there, the last one %s after the capture's first", strings.Join(why, ", "), of, time.Duration(r.Latest))
}

// Warn says on standard error what flags have left nothing of a capture, or name what no
// packet has.
func (in *Input) Warn(stderr io.Writer, done *Replayed) {
	r := done.Result
	if why := in.Nothing(done); why != "" && r.Packets+r.Filtered+r.OutOfRange > 0 {
		fmt.Fprintf(stderr, "rssreplay: warning: no packet was received, so there is nothing to replay: %s\n", why)
	}
	if unmet := done.UnmetLocal(nil); unmet != "" {
		fmt.Fprintf(stderr, "rssreplay: warning: %s\n", unmet)
	}
	if unmet := done.UnmetBundle(); unmet != "" {
		fmt.Fprintf(stderr, "rssreplay: note: %s\n", unmet)
	}
}

// UnmetLocal is the sentence about addresses of --local that no packet has, "" where there
// are none. It is of what shown makes of them.
func (done *Replayed) UnmetLocal(shown *anonymize.Anonymizer) string {
	if done.Directions == nil || done.Result.Packets == 0 {
		return ""
	}
	unmet := done.Directions.Replaced(shown.Prefix).Unmet()
	if len(unmet) == 0 {
		return ""
	}
	return fmt.Sprintf("--local names %s, which no packet comes from or goes to: was another address meant?", strings.Join(unmet, ", "))
}

// UnmetBundle is the sentence about a bundle whose host no packet comes from or goes to, ""
// where one does. It may be no mistake: such a host may have forwarded what others sent.
func (done *Replayed) UnmetBundle() string {
	if done.Directions == nil || done.Result.Packets == 0 {
		return ""
	}
	n := done.Directions.UnmetOfText()
	if n == 0 {
		return ""
	}
	addresses := "the only address"
	if n > 1 {
		addresses = fmt.Sprintf("any of the %d addresses", n)
	}
	return fmt.Sprintf("No packet comes from or goes to %s that the bundle gives its host: the bundle may be of another host, or the traffic forwarded or mirrored. All packets are taken as received, as --direction both does; --local names the host's address.", addresses)
}

// NoteInterval says that a window that was asked for holds the whole capture.
func NoteInterval(stderr io.Writer, f *settings.Flags, r *dispatch.Result) {
	if f.Set.Changed("interval") && r.Span > 0 && int64(f.Interval()) > r.Span {
		fmt.Fprintf(stderr, "rssreplay: note: --interval %s: the packets span %s, so there is one window\n", f.Interval(), time.Duration(r.Span))
	}
}

// ofAll is what is said of n packets: many, with their number, or one.
func ofAll(n uint64, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, report.Exact(n))
}
