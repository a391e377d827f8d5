package hosttext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/quote"
	"rssreplay/nicmodel/nictext"
)

// sysfs reads a line of `grep . /sys/class/net/DEV/…`: sysfsLine's parts.
func (h *reader) sysfs(m []string) *nictext.TextError {
	h.known = true
	switch device, file, value := m[1], m[2], m[3]; {
	case file == "device/numa_node":
		return h.nicNode(device, value)
	case value == "0":
	case file == "threaded":
		h.snapshot.Threaded = append(h.snapshot.Threaded, device)
	default:
		h.snapshot.Deferred = append(h.snapshot.Deferred, device)
	}
	return nil
}

// nicNode notes the NUMA node of a device: -1 on a machine that has one only.
func (h *reader) nicNode(device, number string) *nictext.TextError {
	node, err := strconv.ParseInt(number, 10, 16)
	if err != nil {
		return notCount("a NUMA node", number)
	}
	if h.snapshot.NICNodes == nil {
		h.snapshot.NICNodes = map[string]int{}
	}
	h.snapshot.NICNodes[device] = int(node)
	return nil
}

func (h *reader) online(line string) *nictext.TextError {
	if _, err := h.snapshot.Online.Line(line); err != nil {
		return &nictext.TextError{What: err.Error(), Hint: "give what lscpu or /sys/devices/system/cpu/online says, unchanged"}
	}
	h.known, h.part = true, noPart
	return nil
}

// place reads a row of `lscpu -p` or `lscpu -e`, whose columns its title names.
func (h *reader) place(fields []string, line string) *nictext.TextError {
	cpu, err := strconv.ParseUint(fields[0], 10, cpuBits)
	if err != nil || len(fields) > len(h.topology) {
		return &nictext.TextError{What: fmt.Sprintf("%s is no row of CPUs", quote.Short(line)), Hint: "give what `lscpu -p=CPU,CORE,SOCKET,NODE` prints, unchanged"}
	}
	if i := slices.Index(h.topology, "online"); i > 0 && i < len(fields) && strings.EqualFold(fields[i][:min(1, len(fields[i]))], "n") {
		h.snapshot.Online.Merge(&nictext.OnlineCPUs{Offline: []int{int(cpu)}})
		return nil
	}
	place := h.snapshot.placeOf(int(cpu))
	for i, field := range fields {
		n, err := strconv.ParseUint(field, 10, 16)
		if err != nil {
			continue // not shown, or no number
		}
		switch h.topology[i] {
		case "core":
			place.Core = int(n)
		case "socket":
			place.Socket = int(n)
		case "node":
			place.Node = int(n)
		}
	}
	return nil
}

// node reads a line of `numactl -H`: "node 0 cpus: 0 1 2 3".
func (h *reader) node(m []string) *nictext.TextError {
	cpus, ok := counts(strings.Fields(m[2]), 10)
	if !ok || slices.ContainsFunc(cpus, func(cpu uint64) bool { return cpu >= 1<<cpuBits }) {
		return notNode(m[0], "numactl -H")
	}
	list := make([]int, len(cpus))
	for i, cpu := range cpus {
		list[i] = int(cpu)
	}
	return h.onNode(m[1], list, m[0], "numactl -H")
}

// listedNode reads a line of lscpu in any language: "NUMA node0 CPU(s): 0-7,16-23", or with
// a mask (-x).
func (h *reader) listedNode(m []string) *nictext.TextError {
	if strings.HasPrefix(m[2], "0x") {
		cpus, err := nictext.ParseCPUMask(m[2])
		if err != nil {
			return notNode(m[0], "lscpu")
		}
		return h.onNode(m[1], cpus, m[0], "lscpu")
	}
	list, err := nicmodel.ParseCPUList(m[2])
	if err != nil {
		return notNode(m[0], "lscpu")
	}
	return h.onNode(m[1], list.CPUs(), m[0], "lscpu")
}

// onNode notes the CPUs of a NUMA node, which the line of that command's text names.
func (h *reader) onNode(number string, cpus []int, line, command string) *nictext.TextError {
	node, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return notNode(line, command)
	}
	h.known, h.part = true, noPart
	for _, cpu := range cpus {
		h.snapshot.placeOf(cpu).Node = int(node)
	}
	return nil
}

func notNode(line, command string) *nictext.TextError {
	return &nictext.TextError{What: fmt.Sprintf("%s is no node's list of CPUs", quote.Short(line)), Hint: "give what `" + command + "` prints, unchanged"}
}
