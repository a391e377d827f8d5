package hosttext

import (
	"cmp"
	"fmt"
	"slices"
	"time"

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

// OtherBoot says why the host has booted since an earlier snapshot; "" where nothing shows it.
func (s *Snapshot) OtherBoot(before *Snapshot) string {
	apart := s.BootTime - before.BootTime
	switch {
	case s.BootTime > 0 && before.BootTime > 0 && (apart < -1 || apart > 1): // a difference of clocks, which rounding changes by 1 s
		return fmt.Sprintf("%s is of another boot than %s (btime %d, before %d)", s.Name, before.Name, s.BootTime, before.BootTime)
	case s.Uptime > 0 && s.Uptime < before.Uptime:
		return fmt.Sprintf("%s was up for %.2f s, %s before it for %.2f s", s.Name, s.Uptime, before.Name, before.Uptime)
	}
	return ""
}

// cpuBits bounds the numbers of CPUs: Linux has at most 8,192 of them (NR_CPUS).
const cpuBits = 13

// cpu is the entry of the CPU's number, made where there is none.
func (s *Snapshot) cpu(number int) *CPU {
	i, found := slices.BinarySearchFunc(s.CPUs, number, func(c CPU, n int) int { return cmp.Compare(c.CPU, n) })
	if !found {
		s.CPUs = slices.Insert(s.CPUs, i, CPU{CPU: number})
	}
	return &s.CPUs[i]
}

// placeOf is the place of a CPU, made where there is none.
func (s *Snapshot) placeOf(cpu int) *Place {
	i, found := slices.BinarySearchFunc(s.Places, cpu, func(p Place, n int) int { return cmp.Compare(p.CPU, n) })
	if !found {
		s.Places = slices.Insert(s.Places, i, Place{CPU: cpu, Core: -1, Socket: -1, Node: -1})
	}
	return &s.Places[i]
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
		case len(online) == 0:
			return fmt.Errorf("%s: softnet_stat has %d rows that don't say their CPU: give /proc/stat, of the same moment, as well", s.Name, len(s.softnet))
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
