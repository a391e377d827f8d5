package nictext

import (
	"fmt"
	"strconv"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// The dump of per-queue statistics, as Python or as JSON: objects without others in
// them. Source: Linux, Documentation/netlink/specs/netdev.yaml, qstats-get.
var (
	queueStats     = lazyregexp.New(`\{[^{}]*\}`)
	queueStatsType = lazyregexp.New(`['"]queue-type['"]:\s*['"]rx['"]`)
	queueStatsOf   = map[string]*lazyregexp.Regexp{
		"interface": lazyregexp.New(`['"]ifindex['"]:\s*(\d+)`), "queue": lazyregexp.New(`['"]queue-id['"]:\s*(\d+)`),
		"packets": lazyregexp.New(`['"]rx-packets['"]:\s*(\d+)`), "bytes": lazyregexp.New(`['"]rx-bytes['"]:\s*(\d+)`),
	}
)

// readQueueStats reads the dump of `ynl --family netdev --dump qstats-get --json
// '{"scope": "queue"}'`.
func readQueueStats(text string) (*QueueCounters, error) {
	found := map[string]*counted{}
	for _, object := range queueStats.FindAllString(text, -1) {
		if !queueStatsType.MatchString(object) {
			continue
		}
		value := func(name string) (string, uint64, bool) {
			m := queueStatsOf[name].FindStringSubmatch(object)
			if m == nil {
				return "", 0, false
			}
			n, err := strconv.ParseUint(m[1], 10, 64)
			return m[1], n, err == nil
		}
		device, _, _ := value("interface")
		_, queue, ok := value("queue")
		if !ok || queue >= nicmodel.MaxQueues {
			return nil, fmt.Errorf("%s has no number of a queue", quote.Short(object))
		}
		form := "qstats-get of interface " + device
		if found[form] == nil {
			found[form] = newCounted()
		}
		of := found[form]
		_, again := of.packets[int(queue)]
		if _, more := of.bytes[int(queue)]; again || more {
			return nil, fmt.Errorf("queue %d of interface %s comes again: the text has more than one output: give each as a file of its own", queue, device)
		}
		if _, n, ok := value("packets"); ok {
			of.packets[int(queue)] = n
		}
		if _, n, ok := value("bytes"); ok {
			of.bytes[int(queue)] = n
		}
	}
	c := &QueueCounters{}
	return c, c.take(found)
}
