package findings

import (
	"fmt"
	"strings"

	"rssreplay/report"
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

// cpuList is the CPUs in use as a list: 0-7,9.
func (d *diagnosis) cpuList() string {
	return listOf(d.mode.CPUs, func(c report.CPU) int { return c.CPU })
}

// listOf is a list of CPUs in order, which number gives of each.
func listOf[T any](cpus []T, number func(T) int) string {
	var list []string
	for i := 0; i < len(cpus); i++ {
		first := number(cpus[i])
		for i+1 < len(cpus) && number(cpus[i+1]) == number(cpus[i])+1 {
			i++
		}
		if last := number(cpus[i]); last > first {
			list = append(list, fmt.Sprintf("%d-%d", first, last))
		} else {
			list = append(list, fmt.Sprint(first))
		}
	}
	return strings.Join(list, ",")
}

// cpuMask is the CPUs in use as rps_cpus takes them: hexadecimal, with a comma
// between each 32.
func (d *diagnosis) cpuMask() string {
	return maskOf(d.mode.CPUs, func(c report.CPU) int { return c.CPU })
}

// maskOf is a mask of CPUs as the kernel writes it, which number gives of each.
func maskOf[T any](cpus []T, number func(T) int) string {
	var words []uint32
	for i := range cpus {
		cpu := number(cpus[i])
		for len(words) <= cpu/32 {
			words = append(words, 0)
		}
		words[cpu/32] |= 1 << (cpu % 32)
	}
	mask := fmt.Sprintf("%x", words[len(words)-1])
	for i := len(words) - 2; i >= 0; i-- {
		mask += fmt.Sprintf(",%08x", words[i])
	}
	return mask
}

// nameCPUs names CPUs, the first ones of many.
func nameCPUs(cpus []int) string {
	if len(cpus) == 1 {
		return fmt.Sprintf("CPU %d", cpus[0])
	}
	var parts []string
	for i := 0; i < len(cpus); {
		end := i
		for end+1 < len(cpus) && cpus[end+1] == cpus[end]+1 {
			end++
		}
		switch {
		case end == i:
			parts = append(parts, fmt.Sprint(cpus[i]))
		case end == i+1:
			parts = append(parts, fmt.Sprintf("%d,%d", cpus[i], cpus[end]))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", cpus[i], cpus[end]))
		}
		i = end + 1
	}
	if len(parts) > 12 {
		parts = append(parts[:12:12], "…")
	}
	return "CPUs " + strings.Join(parts, ",")
}
