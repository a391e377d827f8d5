package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/dispatch"
)

// place is what --on names: the flows to list are those that were there.
type place struct {
	text string // as given, "" for everywhere
	what string // "cpu", "queue" or "entry"
	at   int    // for a CPU, its index in Config.CPUs
}

func parseOn(out string, s *settings) (place, error) {
	if out == "" {
		return place{}, nil
	}
	what, value, _ := strings.Cut(out, "=")
	at, err := strconv.Atoi(value)
	if err != nil || at < 0 {
		return place{}, usagef("--on must be cpu=N, queue=N or entry=N, not %q", out)
	}
	switch what {
	case "cpu":
		i := slices.Index(s.config.CPUs, at)
		if i < 0 {
			return place{}, usagef("--on cpu=%d is not in use: --cpus has %s", at, formatCPUList(s.config.CPUs))
		}
		at = i
	case "queue":
		if at >= s.config.Queues {
			return place{}, usagef("--on queue=%d is not below --queues %d", at, s.config.Queues)
		}
	case "entry":
		if at >= len(s.config.Table) {
			return place{}, usagef("--on entry=%d is not below the table's size, %d", at, len(s.config.Table))
		}
	default:
		return place{}, usagef("--on must be cpu=N, queue=N or entry=N, not %q", out)
	}
	return place{out, what, at}, nil
}

// keep tells the flows that were at the place. Which CPU a packet was on is the
// first mode's word.
func (p place) keep(s *settings, r *dispatch.Result) func(id uint32) bool {
	switch p.what {
	case "cpu":
		return r.OnCPU(0, p.at)
	case "queue":
		return r.OnEntry(func(entry int) bool {
			if entry < 0 {
				return p.at == s.config.DefaultQueue
			}
			return int(s.config.Table[entry]) == p.at
		})
	}
	return r.OnEntry(func(entry int) bool { return entry == p.at })
}

// note is the sentence about the place before the flow table.
func (p place) note(s *settings) string {
	switch p.what {
	case "cpu":
		return fmt.Sprintf("Only flows with packets on CPU %d under %s.", s.config.CPUs[p.at], s.modes[0])
	case "queue":
		return fmt.Sprintf("Only flows steered to queue %d.", p.at)
	}
	return fmt.Sprintf("Only flows that meet entry %d of the indirection table.", p.at)
}
