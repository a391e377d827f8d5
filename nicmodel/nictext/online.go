package nictext

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// OnlineCPUs is what texts tell of the CPUs that the kernel runs on.
type OnlineCPUs struct {
	Online  []int // ascending; nil: no text lists them
	Offline []int // ascending: those that a text calls so
}

// maxCPUs bounds a list of CPUs: Linux has at most so many (NR_CPUS).
const maxCPUs = 8192

var (
	onlineFile  = lazyregexp.New(`^\S*/devices/system/cpu/(on|off)line(?::|\s*=|\s)\s*(\S+)$`)
	onlineOne   = lazyregexp.New(`^\S*/devices/system/cpu/cpu(\d+)/online(?::|\s*=|\s)\s*([01])$`)
	onlineLSCPU = lazyregexp.New(`^(On|Off)-line CPU\(s\) (list|mask):\s*(\S+)$`)
)

// SaysOnline reports whether a line is one of those that OnlineCPUs.Line takes.
func SaysOnline(line string) bool {
	return strings.Contains(line, "line") && (onlineFile.MatchString(line) || onlineOne.MatchString(line) || onlineLSCPU.MatchString(line))
}

// Line takes what a line says: of `grep . /sys/devices/system/cpu/o*line`, of the same of
// each CPU (cpu*/online), or of lscpu. It reports whether it is one of these.
func (o *OnlineCPUs) Line(line string) (known bool, err error) {
	state, value, mask := "", "", false
	if m := onlineFile.FindStringSubmatch(line); m != nil {
		state, value = m[1], m[2]
	} else if m := onlineLSCPU.FindStringSubmatch(line); m != nil {
		state, value, mask = m[1], m[3], m[2] == "mask"
	} else if m := onlineOne.FindStringSubmatch(line); m != nil {
		if state, value = "off", m[1]; m[2] == "1" {
			return true, nil
		}
	} else {
		return false, nil
	}
	var cpus []int
	if mask {
		cpus, err = ParseCPUMask(value)
	} else {
		var list nicmodel.CPUList
		if list, err = nicmodel.ParseCPUList(value); err == nil && list.Len() > maxCPUs {
			err = fmt.Errorf("%s names %d CPUs; Linux has at most %d", quote.Short(value), list.Len(), maxCPUs)
		}
		if err == nil {
			cpus = list.CPUs()
		}
	}
	if err != nil {
		return true, err
	}
	if state == "on" || state == "On" {
		o.Online = ascending(cpus)
	} else {
		o.Merge(&OnlineCPUs{Offline: cpus})
	}
	return true, nil
}

// Merge takes over what another text tells: the CPUs online only where this one does not
// list them.
func (o *OnlineCPUs) Merge(other *OnlineCPUs) {
	if o.Online == nil {
		o.Online = other.Online
	}
	if other.Offline != nil {
		o.Offline = ascending(slices.Concat(o.Offline, other.Offline))
	}
}

// ascending is the CPUs in their order, each once.
func ascending(cpus []int) []int {
	slices.Sort(cpus)
	return slices.Compact(cpus)
}

// Off reports whether the kernel does not run on a CPU, by these texts.
func (o *OnlineCPUs) Off(cpu int) bool {
	return slices.Contains(o.Offline, cpu) || o.Online != nil && !slices.Contains(o.Online, cpu)
}

// First is the first n CPUs that are online, or all if there are fewer.
func (o *OnlineCPUs) First(n int) []int {
	first := make([]int, 0, n)
	for i := 0; len(first) < n && (o.Online == nil || i < len(o.Online)); i++ {
		cpu := i
		if o.Online != nil {
			cpu = o.Online[i]
		}
		if !slices.Contains(o.Offline, cpu) {
			first = append(first, cpu)
		}
	}
	return first
}
