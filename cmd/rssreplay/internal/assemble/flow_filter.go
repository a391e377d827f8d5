package assemble

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
)

// FlowFilter is what --on names: the flows to list are those that were there.
type FlowFilter struct {
	text string // as given, "" for everywhere
	what string // "cpu", "queue" or "entry"
	at   int    // for a CPU, its index in Config.CPUs
}

// ParseFlowFilter reads --on: cpu=N, queue=N or entry=N of what the settings have.
func ParseFlowFilter(out string, s *settings.Settings) (FlowFilter, error) {
	if out == "" {
		return FlowFilter{}, nil
	}
	what, value, _ := strings.Cut(out, "=")
	at, err := strconv.Atoi(value)
	if err != nil || at < 0 {
		return FlowFilter{}, cli.Usagef("--on must be cpu=N, queue=N or entry=N, not %q", out)
	}
	switch what {
	case "cpu":
		i := slices.Index(s.Config.CPUs, at)
		if i < 0 {
			return FlowFilter{}, cli.Usagef("--on cpu=%d is not in use: --cpus has %s", at, nicmodel.CPUListOf(s.Config.CPUs))
		}
		at = i
	case "queue":
		if at >= s.Config.Queues {
			return FlowFilter{}, cli.Usagef("--on queue=%d is not below --queues %d", at, s.Config.Queues)
		}
		if at > 0 && oneQueue(s) {
			return FlowFilter{}, cli.Usagef("--on queue=%d is not there: %s has one queue, 0", at, s.Modes[0])
		}
	case "entry":
		if at >= len(s.Config.Table) {
			return FlowFilter{}, cli.Usagef("--on entry=%d is not below the table's size, %d", at, len(s.Config.Table))
		}
	default:
		return FlowFilter{}, cli.Usagef("--on must be cpu=N, queue=N or entry=N, not %q", out)
	}
	return FlowFilter{out, what, at}, nil
}

// oneQueue tells whether the first mode puts all packets into one queue.
func oneQueue(s *settings.Settings) bool {
	return s.Modes[0] == engine.NonRSS || s.Modes[0] == engine.RSSSingleQueue
}

// keep tells the flows that were at the place. Which CPU or queue a packet was on is the
// first mode's word.
func (p FlowFilter) keep(s *settings.Settings, r *dispatch.Result) func(id uint32) bool {
	switch p.what {
	case "cpu":
		return r.OnCPU(0, p.at)
	case "queue":
		if oneQueue(s) {
			return r.OnQueue(func(queue int) bool { return queue >= 0 })
		}
		return r.OnQueue(func(queue int) bool { return queue == p.at })
	}
	return r.OnEntry(func(entry int) bool { return entry == p.at })
}

// note is the sentence about the place before the flow table.
func (p FlowFilter) note(s *settings.Settings) string {
	switch p.what {
	case "cpu":
		return fmt.Sprintf("Only flows with packets on CPU %d under %s.", s.Config.CPUs[p.at], s.Modes[0])
	case "queue":
		moves := len(s.Config.Tables) > 0 || s.Config.Rebalance != nil && s.Modes[0] == engine.RSSMSIX
		if moves && !oneQueue(s) {
			return fmt.Sprintf("Only flows steered to queue %d at first: the table moves.", p.at)
		}
		return fmt.Sprintf("Only flows steered to queue %d under %s.", p.at, s.Modes[0])
	}
	return fmt.Sprintf("Only flows that meet entry %d of the indirection table.", p.at)
}
