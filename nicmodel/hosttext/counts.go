package hosttext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel/internal/quote"
	"rssreplay/nicmodel/nictext"
)

const unchangedProc = "give the files of /proc unchanged"

// titles reads the first line of /proc/softirqs or /proc/interrupts.
func (h *reader) titles(line string) *nictext.TextError {
	cpus, err := nictext.ColumnCPUs(line, cpuBits)
	if err != nil {
		return &nictext.TextError{What: err.Error(), Hint: unchangedProc}
	}
	h.part, h.titleLine, h.titleAt, h.columns = columnsPart, line, h.at, cpus
	return nil
}

// timerNames are the last words of the rows that count a CPU's ticks where no row LOC does:
// Arm's and RISC-V's (drivers/clocksource).
var timerNames = []string{"arch_timer", "riscv-timer"}

// row reads a row of /proc/softirqs or /proc/interrupts.
func (h *reader) row(line string) *nictext.TextError {
	name, rest, ok := strings.Cut(line, ":")
	if !ok {
		h.part = noPart
		return nil
	}
	fields := strings.Fields(rest)
	_, err := strconv.ParseUint(name, 10, 32)
	numbered := err == nil
	if !numbered && name != "NET_RX" && name != "LOC" {
		return nil
	}
	if len(fields) < len(h.columns) {
		return &nictext.TextError{What: fmt.Sprintf("%s has %d counts of %d CPUs", quote.Short(name), len(fields), len(h.columns)), Hint: unchangedProc}
	}
	n, ok := counts(fields[:len(h.columns)], 10)
	if !ok {
		return notCount(name, line)
	}
	h.known = true
	tick := numbered && slices.ContainsFunc(timerNames, func(timer string) bool { return fields[len(fields)-1] == timer })
	numbered = numbered && !tick
	if numbered && len(h.irqs) == 0 {
		h.irqs, h.irqsAt = append(h.irqs, h.titleLine), append(h.irqsAt, h.titleAt)
	}
	if numbered {
		h.irqs, h.irqsAt = append(h.irqs, line), append(h.irqsAt, h.at)
	}
	for i, number := range h.columns {
		cpu := h.snapshot.cpu(number)
		switch {
		case numbered:
			cpu.Interrupts += n[i]
		case name == "LOC" && cpu.HasInterrupts, name == "NET_RX" && cpu.HasSoftIRQs:
			return &nictext.TextError{What: fmt.Sprintf("a second row %s has CPU %d", name, number), Hint: onceHint}
		case tick || name == "LOC":
			cpu.HasInterrupts, cpu.Timer = true, cpu.Timer+n[i]
		default:
			cpu.HasSoftIRQs, cpu.NetRXRuns = true, n[i]
		}
	}
	return nil
}

// stat reads a CPU's line of /proc/stat: "cpu0 user nice system idle iowait irq softirq
// steal guest guest_nice".
func (h *reader) stat(line string) *nictext.TextError {
	fields := strings.Fields(line)
	number, err := strconv.ParseUint(fields[0][len("cpu"):], 10, cpuBits)
	n, ok := counts(fields[1:], 10)
	if err != nil || !ok || len(n) < 8 {
		return notCount("a CPU's times", line)
	}
	cpu := h.snapshot.cpu(int(number))
	if cpu.HasStat {
		return &nictext.TextError{What: fmt.Sprintf("a second /proc/stat has CPU %d", number), Hint: onceHint}
	}
	h.known, h.part, cpu.HasStat = true, noPart, true
	cpu.User, cpu.Nice, cpu.System, cpu.Idle, cpu.IOWait, cpu.IRQ, cpu.SoftIRQ, cpu.Steal = n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]
	return nil
}

// softnet reads a row of softnet_stat. Its CPU is in column 13 since Linux 5.14; before,
// rows are those of the CPUs online, in order.
func (h *reader) softnet(line string) *nictext.TextError {
	n, ok := counts(strings.Fields(line), 16)
	if !ok {
		return notCount("packets", line)
	}
	h.known, h.part = true, noPart
	h.snapshot.softnet = append(h.snapshot.softnet, n)
	return nil
}

func (h *reader) boot(line string) *nictext.TextError {
	boot, err := strconv.ParseInt(line[len("btime "):], 10, 64)
	if err != nil {
		return notCount("btime", line)
	}
	h.known, h.snapshot.BootTime = true, boot
	return nil
}

func (h *reader) kwork(m []string) *nictext.TextError {
	number, err1 := strconv.ParseUint(m[1], 10, cpuBits)
	ms, err2 := strconv.ParseFloat(m[2], 64)
	runs, err3 := strconv.ParseUint(m[3], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return &nictext.TextError{What: quote.Short(m[0]) + " is no row of perf kwork", Hint: "give what `perf kwork -k softirq report` prints, unchanged"}
	}
	cpu := h.snapshot.cpu(int(number))
	h.known, cpu.KworkTime, cpu.KworkRuns = true, ms*1e6, runs
	return nil
}

func (h *reader) ticks(m []string) *nictext.TextError {
	hz, err := strconv.Atoi(m[1])
	if err != nil || hz < 24 || hz > 10000 {
		return &nictext.TextError{What: quote.Short(m[0]) + " is no rate of ticks", Hint: "give the kernel's configuration unchanged"}
	}
	h.known, h.snapshot.HZ = true, hz
	return nil
}

func notCount(what, line string) *nictext.TextError {
	return &nictext.TextError{What: fmt.Sprintf("%s is no count of %s", quote.Short(line), what), Hint: unchangedProc}
}

// counts are a line's fields in a base; ok is false where one is no number.
func counts(fields []string, base int) (numbers []uint64, ok bool) {
	for _, field := range fields {
		n, err := strconv.ParseUint(field, base, 64)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	return numbers, true
}
