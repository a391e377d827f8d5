package hosttext

import (
	"path"
	"slices"
	"strings"

	"rssreplay/nicmodel/internal/lazyregexp"
)

// maxOneValue bounds the files of /sys and /proc that hold one value, in bytes.
const maxOneValue = 256

// queueFile matches the path of a file of /sys that has a setting of a queue, or of /proc
// one of the kernel for all of them, wherever a support tool has put it.
var queueFile = lazyregexp.New(`(?:^|/)((?:sys/(?:class/net|devices/\S*/net)/[^/]+/queues/[rt]x-\d+/(?:rps_cpus|rps_flow_cnt|xps_cpus|xps_rxqs))|proc/sys/net/core/(?:rps_sock_flow_entries|netdev_max_backlog))$`)

// cpuFile matches the paths of the files that list the CPUs online and offline, or say of
// one which it is.
var cpuFile = lazyregexp.New(`(?:^|/)sys/devices/system/cpu/(?:cpu\d+/)?(?:on|off)line$`)

// OfQueues reports whether a file is one whose path NameValue needs to know: those of one
// NIC belong together.
func OfQueues(name string) bool { return queueFile.MatchString(name) }

// NameValue is the text of a file of /sys or /proc that holds one value, and is known by
// its path alone, with that path before it, as grep prints it. Other texts stay.
func NameValue(name string, data []byte) []byte {
	line := strings.TrimSpace(string(data[:min(len(data), maxOneValue)]))
	if len(data) > maxOneValue || line == "" || strings.ContainsAny(line, "\n:") {
		return data
	}
	if m := queueFile.FindStringSubmatch(name); m != nil {
		return []byte("/" + m[1] + ":" + line)
	}
	if cpuFile.MatchString(name) {
		return []byte("/" + name + ":" + line)
	}
	switch path.Base(name) {
	case "threaded", "napi_defer_hard_irqs", "numa_node", "rps_cpus", "busy_poll", "busy_read", "smp_affinity_list", "effective_affinity_list", "smp_affinity", "effective_affinity":
		return []byte("/" + name + ":" + line)
	}
	return data
}

// Merge takes over what another text told of the machine, and of what is there already
// nothing: the texts of a bundle. Interrupts, the NIC's own counters and its moderation are
// no part of that.
func (s *Snapshot) Merge(o *Snapshot) {
	if s.BootTime == 0 {
		s.BootTime = o.BootTime
	}
	if s.Uptime == 0 {
		s.Uptime = o.Uptime
	}
	has := func(part func(*CPU) bool) bool {
		return slices.ContainsFunc(s.CPUs, func(c CPU) bool { return part(&c) })
	}
	stat, softIRQs := has(func(c *CPU) bool { return c.HasStat }), has(func(c *CPU) bool { return c.HasSoftIRQs })
	for i := range o.CPUs {
		from := &o.CPUs[i]
		if from.HasStat && !stat {
			c := s.cpu(from.CPU)
			c.HasStat = true
			c.User, c.Nice, c.System, c.Idle, c.IOWait, c.IRQ, c.SoftIRQ, c.Steal = from.User, from.Nice, from.System, from.Idle, from.IOWait, from.IRQ, from.SoftIRQ, from.Steal
		}
		if from.HasSoftIRQs && !softIRQs {
			c := s.cpu(from.CPU)
			c.HasSoftIRQs, c.NetRXRuns = true, from.NetRXRuns
		}
	}
	if len(s.softnet) == 0 {
		s.softnet = o.softnet
	}
	for _, p := range o.Places {
		to := s.placeOf(p.CPU)
		for _, part := range []struct{ to, from *int }{{&to.Core, &p.Core}, {&to.Socket, &p.Socket}, {&to.Node, &p.Node}} {
			if *part.to < 0 {
				*part.to = *part.from
			}
		}
	}
	s.Online.Merge(&o.Online)
	for device, node := range o.NICNodes {
		if s.NICNodes == nil {
			s.NICNodes = map[string]int{}
		}
		s.NICNodes[device] = node
	}
	for _, list := range []struct{ to, from *[]string }{{&s.Threaded, &o.Threaded}, {&s.Deferred, &o.Deferred}} {
		for _, device := range *list.from {
			if !slices.Contains(*list.to, device) {
				*list.to = append(*list.to, device)
			}
		}
	}
	s.BusyPolling = s.BusyPolling || o.BusyPolling
}
