package hosttext

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/nictext"
)

// maxText bounds a text in bytes: /proc/interrupts of a machine with many CPUs has
// some MB.
const maxText = 16 << 20

// part is the text that a line stands in.
type part uint8

const (
	noPart part = iota
	columnsPart
	countersPart
	coalescePart
	topologyPart
	widePart
	tapsPart
)

var (
	softnetRow = lazyregexp.New(`^[0-9a-f]{8}(?:\s+[0-9a-f]{8}){8,}$`)
	uptimeLine = lazyregexp.New(`^(\d+\.\d\d) \d+\.\d\d$`)
	kworkRow   = lazyregexp.New(`^\(s\)NET_RX:3\s*\|\s*(\d+)\s*\|\s*([\d.]+) ms\s*\|\s*(\d+)\s*\|`)
	statRow    = lazyregexp.New(`^cpu(\d+)\s+\d+(?:\s+\d+)+$`)
	sysfsLine  = lazyregexp.New(`^\S*/net/([^/\s]+)/(threaded|napi_defer_hard_irqs|device/numa_node):\s*(-?\d+)$`)
	// lscpu -e, which has columns instead of commas.
	lscpuWideTitle = lazyregexp.New(`^CPU\s+(?:\S+\s+)*(?:NODE|SOCKET|CORE|ONLINE)\b`)
	lscpuWideRow   = lazyregexp.New(`^\d+(?:\s+\S+)+$`)
	numaCPUs       = lazyregexp.New(`^node (\d+) cpus:((?: \d+)*)$`)
	// A row of lscpu's summary, which is translated: each language says NUMA and one of these
	// words, and the node's number is the only one. Source: util-linux 2.38, po/*.po.
	lscpuNode     = lazyregexp.New(`^[^\d:]*(\d+)[^\d:]*:\s*(0x[0-9a-f,]+|\d[\d,-]*)$`)
	lscpuNodeCPUs = lazyregexp.New(`NUMA.*(?:CPU|proces|işlemci)|(?:CPU|Proces|Процес).*NUMA`)
	busyLine      = lazyregexp.New(`^\S*net[./]core[./]busy_(?:poll|read)\s*[=:]\s*(\d+)$`)
	configHZ      = lazyregexp.New(`^CONFIG_HZ=(\d+)$`)
	tapsTitle     = lazyregexp.New(`^sk +RefCnt Type Proto +Iface `)
	tapsRow       = lazyregexp.New(`^[0-9a-fK]+ +\d+ +\d+ +0003 +\d+ `) // ETH_P_ALL
)

// Read adds what a text tells. Lines that are of none of the texts known are passed
// over; known reports whether any was. Name is the text's name in errors, which are
// *nictext.TextError for what the text says.
//
// Sources: Linux 6.12, fs/proc/{stat,softirqs,uptime}.c, net/core/net-procfs.c
// softnet_seq_show, net/core/net-sysfs.c, net/packet/af_packet.c
// packet_seq_show, arch/x86/kernel/irq.c; perf 6.1,
// builtin-kwork.c; util-linux 2.38, lscpu.c print_cpus_parsable; numactl 2.0.16,
// numactl.c hardware.
func (s *Snapshot) Read(r io.Reader, name string) (known bool, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxText {
		return false, &nictext.TextError{Name: name, What: "longer than 16 MiB", Hint: "give copies of /proc/stat, /proc/softirqs and so on"}
	}
	read := reader{snapshot: s}
	for i, line := range nictext.Unbroken(nictext.Lines(data)) {
		read.at = i + 1
		if err := read.line(line); err != nil {
			err.Name, err.Line = name, i+1
			return false, err
		}
	}
	return read.known, read.finish(name)
}

// reader reads one text, line by line.
type reader struct {
	snapshot  *Snapshot
	known     bool
	at        int // the line's number, from 1
	part      part
	columns   []int    // the CPUs of the columns
	titleLine string   // that names them
	titleAt   int      // and its number
	irqs      []string // rows of /proc/interrupts, after the line of their CPUs
	irqsAt    []int    // the number of each
	counters  []string // of ethtool -S
	coalesce  []string
	topology  []string // the names of lscpu's columns, in lower case
}

const onceHint = "give each snapshot in a file or folder of its own"

// line reads a line: most tell by themselves what they are, the rest by the title above.
func (h *reader) line(line string) *nictext.TextError {
	switch {
	case line == "", h.title(line):
		return nil
	case nictext.TitlesCPUs(line):
		return h.titles(line)
	case statRow.MatchString(line):
		return h.stat(line)
	case softnetRow.MatchString(line):
		return h.softnet(line)
	case strings.HasPrefix(line, "btime "):
		return h.boot(line)
	case uptimeLine.MatchString(line):
		h.known = true
		h.snapshot.Uptime, _ = strconv.ParseFloat(uptimeLine.FindStringSubmatch(line)[1], 64) // its form is checked
		return nil
	case kworkRow.MatchString(line):
		return h.kwork(kworkRow.FindStringSubmatch(line))
	case sysfsLine.MatchString(line):
		return h.sysfs(sysfsLine.FindStringSubmatch(line))
	case nictext.SaysOnline(line):
		return h.online(line)
	case numaCPUs.MatchString(line):
		return h.node(numaCPUs.FindStringSubmatch(line))
	case strings.Contains(line, "NUMA") && lscpuNodeCPUs.MatchString(line) && lscpuNode.MatchString(line):
		return h.listedNode(lscpuNode.FindStringSubmatch(line))
	case busyLine.MatchString(line):
		h.known = true
		h.snapshot.BusyPolling = h.snapshot.BusyPolling || busyLine.FindStringSubmatch(line)[1] != "0"
		return nil
	case configHZ.MatchString(line):
		return h.ticks(configHZ.FindStringSubmatch(line))
	}
	return h.below(line)
}

// title notes of which text the lines below are, and reports whether the line is a title
// that tells.
func (h *reader) title(line string) bool {
	switch {
	case strings.HasPrefix(line, "NIC statistics:"):
		h.part = countersPart
	case nictext.TitlesCoalesce(line):
		h.part, h.coalesce = coalescePart, append(h.coalesce, line)
	case nictext.TitlesPlaces(line):
		h.part, h.topology = topologyPart, strings.Split(strings.ToLower(line[len("# "):]), ",")
	case lscpuWideTitle.MatchString(line):
		h.part, h.topology = widePart, strings.Fields(strings.ToLower(line))
	case tapsTitle.MatchString(line):
		h.part, h.snapshot.HasTaps = tapsPart, true
	default:
		return false
	}
	h.known = true
	return true
}

// below reads a line that only the title above it explains.
func (h *reader) below(line string) *nictext.TextError {
	switch h.part {
	case columnsPart:
		return h.row(line)
	case countersPart:
		h.counters = append(h.counters, line)
	case coalescePart:
		h.coalesce = append(h.coalesce, line)
	case topologyPart:
		if nictext.SaysPlace(line) {
			return h.place(strings.Split(line, ","), line)
		}
	case widePart:
		if lscpuWideRow.MatchString(line) {
			return h.place(strings.Fields(line), line)
		}
	case tapsPart:
		if tapsRow.MatchString(line) {
			h.snapshot.Taps++
		}
	}
	return nil
}

// finish reads what needs all of its lines.
func (h *reader) finish(name string) (err error) {
	s := h.snapshot
	if len(h.irqs) > 0 {
		if s.IRQs, err = nictext.ParseIRQs(h.irqs); err != nil {
			if wrong, ok := errors.AsType[*nictext.TextError](err); ok && wrong.Line > 0 {
				wrong.Name, wrong.Line = name, h.irqsAt[wrong.Line-1]
			}
			return err
		}
	}
	if len(h.counters) > 0 {
		// A driver without counters by queue has nothing to tell here.
		s.Queues, _ = nictext.ReadQueueCounters(strings.Join(h.counters, "\n"))
	}
	if len(h.coalesce) > 0 {
		s.Coalesce, _ = nictext.ReadCoalesce(strings.NewReader(strings.Join(h.coalesce, "\n")), name) // told beside, no more
	}
	return nil
}
