package findings

import (
	"fmt"
	"strings"

	"rssreplay/report/internal/words"
)

// CPUs in words, and as commands take them.

// byRPS is the command that steers the packets of a queue on to all CPUs in use, and
// what replays that for all queues.
func (d *diagnosis) byRPS(queue string) string {
	s := fmt.Sprintf("`echo %s >/sys/class/net/DEV/queues/rx-%s/rps_cpus`", d.cpuMask(), queue)
	if d.mode.Mode != "rss-msix" { // the others run as without
		return s
	}
	return s + d.effect(nil, Argument{"--rps", d.cpuList()})
}

// cpus are the numbers of the CPUs in use.
func (d *diagnosis) cpus() []int {
	cpus := make([]int, len(d.mode.CPUs))
	for i := range d.mode.CPUs {
		cpus[i] = d.mode.CPUs[i].CPU
	}
	return cpus
}

// cpuList is the CPUs in use as a list: 0-7,9.
func (d *diagnosis) cpuList() string { return listOf(d.cpus()) }

// listOf is a list of CPUs in order.
func listOf(cpus []int) string { return strings.Join(words.Ranges(cpus), ",") }

// cpuMask is the CPUs in use as rps_cpus takes them: hexadecimal, with a comma
// between each 32.
func (d *diagnosis) cpuMask() string { return maskOf(d.cpus()) }

// maskOf is a mask of CPUs as the kernel writes it.
func maskOf(cpus []int) string {
	var groups []uint32
	for _, cpu := range cpus {
		for len(groups) <= cpu/32 {
			groups = append(groups, 0)
		}
		groups[cpu/32] |= 1 << (cpu % 32)
	}
	mask := fmt.Sprintf("%x", groups[len(groups)-1])
	for i := len(groups) - 2; i >= 0; i-- {
		mask += fmt.Sprintf(",%08x", groups[i])
	}
	return mask
}

// nameCPUs names CPUs, the first ones of many.
func nameCPUs(cpus []int) string {
	if len(cpus) == 1 {
		return fmt.Sprintf("CPU %d", cpus[0])
	}
	parts := words.Ranges(cpus)
	if len(parts) > 12 {
		parts = append(parts[:12:12], "…")
	}
	return "CPUs " + strings.Join(parts, ",")
}
