package hosttext

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
	"rssreplay/nicmodel/nictext"
)

// UserHZ is how many units of /proc/stat's times a second has. Linux has shown them
// in this unit since 2.6, whatever its CONFIG_HZ is.
const UserHZ = 100

// Snapshot is what a Linux host said of its CPUs at one moment. Read adds one text
// after the other: whole files of /proc in any order, each in a text of its own or all
// in one.
type Snapshot struct {
	Name     string
	BootTime int64   // seconds since 1970, /proc/stat's btime; 0 if not shown
	Uptime   float64 // seconds, /proc/uptime; 0 if not shown
	HZ       int     // ticks a second, a kernel configuration's CONFIG_HZ; 0 if not shown
	CPUs     []CPU

	IRQs   *nictext.IRQs          // /proc/interrupts; nil if not shown
	Queues *nictext.QueueCounters // ethtool -S; nil if not shown

	// Devices of /sys/class/net whose NAPI has threads of its own, or whose interrupts
	// are deferred; BusyPolling is a net.core.busy_poll or busy_read above 0.
	Threaded, Deferred []string
	BusyPolling        bool

	// Taps are the packet sockets that see every packet, as tcpdump's: of /proc/net/packet,
	// where that is shown.
	HasTaps bool
	Taps    int

	Places   []Place // lscpu -p, numactl -H: by CPU
	Online   nictext.OnlineCPUs
	NICNodes map[string]int // NUMA node of each device of /sys/class/net that says it

	Coalesce *nictext.Coalesce // ethtool -c; nil if not shown

	softnet [][]uint64 // rows of /proc/net/softnet_stat in their order
}

// Place is where a CPU is; -1 where it is not shown. Threads of one core, SMT
// siblings, have its number, which no other socket's core has.
type Place struct{ CPU, Core, Socket, Node int }

// CPU is what the texts tell of one CPU since it booted. The Has fields say which
// texts there were.
type CPU struct {
	CPU int

	// /proc/stat, in 1/UserHZ s.
	HasStat                                               bool
	User, Nice, System, Idle, IOWait, IRQ, SoftIRQ, Steal uint64

	// /proc/softirqs and /proc/interrupts: 32 bits in the kernel.
	HasSoftIRQs, HasInterrupts bool
	NetRXRuns                  uint64
	Timer                      uint64 // LOC, local timer interrupts
	Interrupts                 uint64 // of devices: the numbered rows

	// /proc/net/softnet_stat: 32 bits in the kernel.
	HasSoftnet                            bool
	Processed, Dropped, Squeezed, FromRPS uint64

	// `perf kwork -k softirq report`: what it saw of NET_RX while it recorded. KworkRuns 0
	// if not shown.
	KworkTime float64 // ns
	KworkRuns uint64
}

// cpuBits bounds the numbers of CPUs: Linux has at most 8,192 of them (NR_CPUS).
const cpuBits = 13

// maxText bounds a text in bytes: /proc/interrupts of a machine with many CPUs has
// some MB.
const maxText = 16 << 20

// cpu is the entry of the CPU's number, made where there is none.
func (s *Snapshot) cpu(number int) *CPU {
	i, found := slices.BinarySearchFunc(s.CPUs, number, func(c CPU, n int) int { return cmp.Compare(c.CPU, n) })
	if !found {
		s.CPUs = slices.Insert(s.CPUs, i, CPU{CPU: number})
	}
	return &s.CPUs[i]
}

// Taken is when the snapshot was taken, to a second or so: the time of boot and how long
// the host was up, which its busiest-counted CPU tells where no uptime is shown. Zero if
// the time of boot is not shown.
func (s *Snapshot) Taken() time.Time {
	if s.BootTime == 0 {
		return time.Time{}
	}
	up := s.Uptime
	for i := range s.CPUs {
		if c := &s.CPUs[i]; s.Uptime == 0 {
			up = max(up, float64(c.User+c.Nice+c.System+c.Idle+c.IOWait+c.IRQ+c.SoftIRQ+c.Steal)/UserHZ)
		}
	}
	return time.Unix(s.BootTime+int64(up), 0).UTC()
}

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
	softnetRow = lazyregexp.New(`^[0-9a-f]{8}(?: [0-9a-f]{8}){8,}$`)
	uptimeLine = lazyregexp.New(`^(\d+\.\d\d) \d+\.\d\d$`)
	kworkRow   = lazyregexp.New(`^\(s\)NET_RX:3\s*\|\s*(\d+)\s*\|\s*([\d.]+) ms\s*\|\s*(\d+)\s*\|`)
	statRow    = lazyregexp.New(`^cpu(\d+)\s+\d+(?:\s+\d+)+$`)
	sysfsLine  = lazyregexp.New(`^\S*/net/([^/\s]+)/(threaded|napi_defer_hard_irqs|device/numa_node):\s*(-?\d+)$`)
	lscpuTitle = lazyregexp.New(`(?i)^# CPU,[a-z0-9,]*$`)
	lscpuRow   = lazyregexp.New(`^\d+(?:,[0-9:YN]*)+$`)
	// lscpu -e, which has columns instead of commas.
	lscpuWideTitle = lazyregexp.New(`^CPU +(?:\S+ +)*(?:NODE|SOCKET|CORE|ONLINE)\b`)
	lscpuWideRow   = lazyregexp.New(`^\d+(?: +\S+)+$`)
	numaCPUs       = lazyregexp.New(`^node (\d+) cpus:((?: \d+)*)$`)
	busyLine       = lazyregexp.New(`^\S*net[./]core[./]busy_(?:poll|read)\s*[=:]\s*(\d+)$`)
	configHZ       = lazyregexp.New(`^CONFIG_HZ=(\d+)$`)
	tapsTitle      = lazyregexp.New(`^sk +RefCnt Type Proto +Iface `)
	tapsRow        = lazyregexp.New(`^[0-9a-fK]+ +\d+ +\d+ +0003 +\d+ `) // ETH_P_ALL
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
	for i, line := range nictext.Lines(data) {
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
	part      part
	columns   []int    // the CPUs of the columns
	titleLine string   // that names them
	irqs      []string // rows of /proc/interrupts, after the line of their CPUs
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
	case lscpuTitle.MatchString(line):
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
		if lscpuRow.MatchString(line) {
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

const unchangedProc = "give the files of /proc unchanged"

// titles reads the first line of /proc/softirqs or /proc/interrupts.
func (h *reader) titles(line string) *nictext.TextError {
	cpus, err := nictext.ColumnCPUs(line, cpuBits)
	if err != nil {
		return &nictext.TextError{What: err.Error(), Hint: unchangedProc}
	}
	h.part, h.titleLine, h.columns = columnsPart, line, cpus
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

func (h *reader) online(line string) *nictext.TextError {
	if _, err := h.snapshot.Online.Line(line); err != nil {
		return &nictext.TextError{What: err.Error(), Hint: "give what lscpu or /sys/devices/system/cpu/online says, unchanged"}
	}
	h.known, h.part = true, noPart
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

// placeOf is the place of a CPU, made where there is none.
func (s *Snapshot) placeOf(cpu int) *Place {
	i, found := slices.BinarySearchFunc(s.Places, cpu, func(p Place, n int) int { return cmp.Compare(p.CPU, n) })
	if !found {
		s.Places = slices.Insert(s.Places, i, Place{CPU: cpu, Core: -1, Socket: -1, Node: -1})
	}
	return &s.Places[i]
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
	node, err := strconv.ParseUint(m[1], 10, 16)
	cpus, ok := counts(strings.Fields(m[2]), 10)
	if err != nil || !ok {
		return &nictext.TextError{What: fmt.Sprintf("%s is no node's list of CPUs", quote.Short(m[0])), Hint: "give what `numactl -H` prints, unchanged"}
	}
	h.known, h.part = true, noPart
	for _, cpu := range cpus {
		if cpu >= 1<<cpuBits {
			return &nictext.TextError{What: fmt.Sprintf("%d is no CPU", cpu), Hint: "give what `numactl -H` prints, unchanged"}
		}
		h.snapshot.placeOf(int(cpu)).Node = int(node)
	}
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
	if numbered && len(h.irqs) == 0 {
		h.irqs = append(h.irqs, h.titleLine)
	}
	if numbered {
		h.irqs = append(h.irqs, line)
	}
	for i, number := range h.columns {
		cpu := h.snapshot.cpu(number)
		switch {
		case numbered:
			cpu.Interrupts += n[i]
		case name == "LOC" && cpu.HasInterrupts, name == "NET_RX" && cpu.HasSoftIRQs:
			return &nictext.TextError{What: fmt.Sprintf("a second row %s has CPU %d", name, number), Hint: onceHint}
		case name == "LOC":
			cpu.HasInterrupts, cpu.Timer = true, n[i]
		default:
			cpu.HasSoftIRQs, cpu.NetRXRuns = true, n[i]
		}
	}
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

// finish reads what needs all of its lines.
func (h *reader) finish(name string) (err error) {
	s := h.snapshot
	if len(h.irqs) > 0 {
		if s.IRQs, err = nictext.ParseIRQs(h.irqs); err != nil {
			return fmt.Errorf("%s: %w", name, err)
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

// PlaceSoftnet gives the rows of softnet_stat their CPUs, once all texts are read.
func (s *Snapshot) PlaceSoftnet() error {
	var online []int
	for i := range s.CPUs {
		if s.CPUs[i].HasStat {
			online = append(online, s.CPUs[i].CPU)
		}
	}
	for i, row := range s.softnet {
		number := 0
		switch {
		case len(row) > 12:
			if number = int(min(row[12], 1<<cpuBits)); number == 1<<cpuBits {
				return fmt.Errorf("%s: softnet_stat has a CPU %d: give the files of /proc unchanged", s.Name, row[12])
			}
		case len(s.softnet) == len(online):
			number = online[i]
		default:
			return fmt.Errorf("%s: softnet_stat has %d rows that don't say their CPU, and /proc/stat has %d CPUs: give texts of one moment", s.Name, len(s.softnet), len(online))
		}
		cpu := s.cpu(number)
		if cpu.HasSoftnet {
			return fmt.Errorf("%s: two softnet_stat have CPU %d: %s", s.Name, number, onceHint)
		}
		cpu.HasSoftnet = true
		cpu.Processed, cpu.Dropped, cpu.Squeezed = row[0], row[1], row[2]
		if len(row) > 9 {
			cpu.FromRPS = row[9]
		}
	}
	s.softnet = nil
	return nil
}

// Finish is PlaceSoftnet, and asks for the texts that costs are fitted by.
func (s *Snapshot) Finish() error {
	if err := s.PlaceSoftnet(); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		has  func(*CPU) bool
	}{
		{"/proc/stat", func(c *CPU) bool { return c.HasStat }},
		{"/proc/softirqs", func(c *CPU) bool { return c.HasSoftIRQs }},
		{"/proc/net/softnet_stat", func(c *CPU) bool { return c.HasSoftnet }},
	} {
		if !slices.ContainsFunc(s.CPUs, func(c CPU) bool { return part.has(&c) }) {
			return fmt.Errorf("%s: it has no text of %s: nothing can be fitted without it", s.Name, part.name)
		}
	}
	return nil
}
