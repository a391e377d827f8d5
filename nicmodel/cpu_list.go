package nicmodel

import (
	"fmt"
	"strconv"
	"strings"

	"rssreplay/nicmodel/internal/quote"
)

// CPUList is CPUs as Linux writes them, "0-3,8-11": what the text says, in its order and
// whatever it would expand to. nil is no list.
type CPUList []CPURange

// CPURange is the CPUs from one to another, both included.
type CPURange struct{ From, To int }

// ParseCPUList reads a list of CPUs below 65536. Source: Linux 6.12, lib/bitmap-str.c
// bitmap_parselist, without strides.
func ParseCPUList(text string) (CPUList, error) {
	var list CPUList
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.ParseUint(from, 10, 16)
		b, errB := strconv.ParseUint(to, 10, 16)
		if errA != nil || errB != nil || b < a {
			return nil, fmt.Errorf("%s is no CPU list: write 0-3,8-11", quote.Short(text))
		}
		list = append(list, CPURange{int(a), int(b)})
	}
	return list, nil
}

// CPUListOf is the shortest list of cpus in their order.
func CPUListOf(cpus []int) CPUList {
	var list CPUList
	for i, cpu := range cpus {
		if i > 0 && cpu == cpus[i-1]+1 {
			list[len(list)-1].To = cpu
		} else {
			list = append(list, CPURange{cpu, cpu})
		}
	}
	return list
}

// Has tells whether a CPU is in the list.
func (l CPUList) Has(cpu int) bool {
	for _, r := range l {
		if r.From <= cpu && cpu <= r.To {
			return true
		}
	}
	return false
}

// Only is the CPU of a list of one.
func (l CPUList) Only() (cpu int, ok bool) {
	if len(l) != 1 || l[0].From != l[0].To {
		return 0, false
	}
	return l[0].From, true
}

// Len is how many CPUs are named. A text of few bytes may name many: look before CPUs.
func (l CPUList) Len() int {
	n := 0
	for _, r := range l {
		n += r.To - r.From + 1
	}
	return n
}

// CPUs are all of them one by one.
func (l CPUList) CPUs() []int {
	cpus := make([]int, 0, l.Len())
	for _, r := range l {
		for cpu := r.From; cpu <= r.To; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// String is the list as ParseCPUList reads it.
func (l CPUList) String() string {
	var b strings.Builder
	for i, r := range l {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(r.From))
		if r.To > r.From {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(r.To))
		}
	}
	return b.String()
}
