package nictext

import (
	"fmt"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// Tables that programs other than ethtool and PowerShell print.
var (
	// DPDK 24.11, app/test-pmd/config.c, port_rss_reta_info; older ones have the same.
	testpmdEntry = lazyregexp.New(`^RSS RETA configuration: hash index=(\d+), queue=(\d+)$`)
	testpmdStart = lazyregexp.New(`\bshow port \d+ rss reta (\d+)\b`) // its command, with the entries that it asks for
	// FreeBSD 14, sys/net/rss_config.c: sysctl net.inet.rss.
	freeBSDBuckets = lazyregexp.New(`^net\.inet\.rss\.bucket_mapping[:=]\s*(.*)$`)
	freeBSDBucket  = lazyregexp.New(`^(\d+):(\d+)$`)
	freeBSDSize    = lazyregexp.New(`^net\.inet\.rss\.buckets[:=]\s*(\d+)$`)
	freeBSDEnabled = lazyregexp.New(`^net\.inet\.rss\.enabled[:=]\s*0$`)
	// FreeBSD 14, sys/dev/ena/ena_rss.h, ena_rss_copy_indir_buf: the queue of each entry.
	enaTable = lazyregexp.New(`^dev\.ena\.(\d+)\.rss\.indir_table[:=]\s*(.*)$`)
	enaSize  = lazyregexp.New(`^dev\.ena\.\d+\.rss\.indir_table_size[:=]\s*(\d+)$`)
	enaKey   = lazyregexp.New(`^dev\.ena\.\d+\.rss\.key[:=]\s*(\S+)$`)
	// Open vSwitch 3.x, lib/dpif-netdev.c, pmd_info_show_rxq: the core of each queue.
	ovsThread = lazyregexp.New(`^pmd thread numa_id (\d+) core_id (\d+):$`)
	ovsQueue  = lazyregexp.New(`^port:\s*(\S+)\s+queue-id:\s*(\d+)\b`)
	// Linux 6.12, tools/hv/lsvmbus, with -vv, and drivers/hv/vmbus_drv.c,
	// channel_vp_mapping_show: the CPU of each channel of a Hyper-V device.
	vmbusDevice  = lazyregexp.New(`^VMBUS ID +(\d+): Class_ID = \S+ - (.*)$`)
	vmbusChannel = lazyregexp.New(`^Rel_ID=(\d+), target_cpu=(\d+)$`)
	vmbusFile    = lazyregexp.New(`^\S*/net/([^/\s]+)/device/channel_vp_mapping:(\d+):(\d+)$`)
	vmbusCut     = lazyregexp.New(`^Rel_ID\b|^\S*/net/[^/\s]+/device/channel_vp_mapping:[\d:]*$`)
	// VPP 25.02, src/vnet/interface_cli.c, show_interface_rx_placement_fn: the thread of
	// each queue; src/vlib/threads_cli.c, show_threads_fn: the lcore of each thread.
	vppThread = lazyregexp.New(`^Thread (\d+) \((\S*)\):$`)
	vppNode   = lazyregexp.New(`^node (\S+):$`)
	vppQueue  = lazyregexp.New(`^(\S+) queue (\d+) \((?:polling|interrupt|adaptive|unknown|default)\)`)
	vppCut    = lazyregexp.New(`^Thread \d+ *(?:\(\S*)?$|^\S+ queue( \d+ *)?(?:\(\w*)?$`)
	vppLcore  = lazyregexp.New(`^(\d+)\s+(?:\S+\s+)?(?:\S+\s+)?\d+\s+[a-z]+ \((?:-?\d+|n/a)\)\s+(\d+)\s+\d+\s+\d+$`)
)

// readTestpmd reads `show port 0 rss reta 128 (…)`, and the key that `show port 0
// rss-hash key` has printed beside it.
func readTestpmd(lines []string) (*ImportedTable, error) {
	t := &ImportedTable{Format: Testpmd, Function: FunctionToeplitz}
	const unchanged = "give what `show port 0 rss reta` prints, unchanged"
	size, last := "", 0 // the entries that were asked for, and the line of the last one
	for i, line := range lines {
		if m := testpmdStart.FindStringSubmatch(line); m != nil {
			size = m[1]
			continue
		}
		if m := testpmdEntry.FindStringSubmatch(line); m != nil {
			index, err := strconv.Atoi(m[1])
			queue, queueErr := parseEntry(m[2])
			switch {
			case queueErr != nil:
				return nil, &TextError{Line: i + 1, What: queueErr.Error(), Hint: unchanged}
			case err != nil || index != len(t.Table):
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("the entry after %d is %s", len(t.Table)-1, m[1]), Hint: "give all entries of one port: `show port 0 rss reta 128 (0xffffffffffffffff,0xffffffffffffffff)`"}
			}
			t.Table, last = append(t.Table, queue), i+1
			continue
		}
		if isCut(line) {
			return nil, cutError(i)
		}
		if strings.HasPrefix(line, "RSS RETA") {
			return nil, &TextError{Line: i + 1, What: quote.Short(line) + " is no entry", Hint: unchanged}
		}
		key, err := keyOf(line)
		switch {
		case err != nil:
			return nil, &TextError{Line: i + 1, What: err.Error(), Hint: "copy the whole line below RSS key:"}
		case key != nil:
			t.Key = key
		}
	}
	if size != "" && size != strconv.Itoa(len(t.Table)) {
		return nil, &TextError{Line: last, What: fmt.Sprintf("the table ends with entry %d, and %.20s entries were asked for", len(t.Table)-1, size), Hint: "give all entries: the command's masks have a bit for each of 64"}
	}
	return t, checkSize(len(t.Table))
}

// readFreeBSD reads `sysctl net.inet.rss`: the CPU of each bucket. A NIC's own table
// repeats the buckets, so that they are the table; each CPU counts as a queue.
func readFreeBSD(lines []string) (*ImportedTable, error) {
	t := &ImportedTable{Format: FreeBSD, Function: FunctionToeplitz}
	cpus := map[uint64]uint16{} // their queues
	size, last := "", 0         // the number of buckets, and the line of their mapping
	for i, line := range lines {
		if freeBSDEnabled.MatchString(line) {
			return nil, &TextError{Line: i + 1, What: "RSS is switched off in the kernel, so that this mapping is not in use", Hint: "give the NIC's own settings with --cpus, --table-size, --layout and --key"}
		}
		if m := freeBSDSize.FindStringSubmatch(line); m != nil {
			size = m[1]
			continue
		}
		if m := freeBSDBuckets.FindStringSubmatch(line); m != nil {
			last = i + 1
			for field := range strings.FieldsSeq(m[1]) {
				of := freeBSDBucket.FindStringSubmatch(field)
				if of == nil {
					return nil, &TextError{Line: i + 1, What: fmt.Sprintf("%s is no bucket and its CPU", quote.Short(field)), Hint: "give what `sysctl net.inet.rss` prints, unchanged"}
				}
				cpu, err := strconv.ParseUint(of[2], 10, 16)
				if bucket, bucketErr := strconv.Atoi(of[1]); err != nil || bucketErr != nil || bucket != len(t.Table) {
					return nil, &TextError{Line: i + 1, What: fmt.Sprintf("%s comes after bucket %d", quote.Short(field), len(t.Table)-1), Hint: "give what `sysctl net.inet.rss` prints, unchanged"}
				}
				queue, known := cpus[cpu]
				if !known {
					queue = uint16(len(cpus))
					cpus[cpu] = queue
					t.Affinity = append(t.Affinity, int(cpu))
				}
				t.Table = append(t.Table, queue)
			}
			continue
		}
		key, err := keyOf(line)
		switch {
		case err != nil:
			return nil, &TextError{Line: i + 1, What: err.Error(), Hint: "give what `sysctl net.inet.rss` prints, unchanged"}
		case key != nil:
			t.Key = key
		}
	}
	if size != "" && size != strconv.Itoa(len(t.Table)) {
		return nil, &TextError{Line: last, What: fmt.Sprintf("%d buckets are mapped here, and there are %.20s", len(t.Table), size), Hint: "give what `sysctl net.inet.rss` prints, whole"}
	}
	t.Rings = len(t.Affinity)
	return t, checkSize(len(t.Table))
}

// readENA reads `sysctl dev.ena.0.rss` of FreeBSD without the kernel's own RSS: entries and
// their queues, and the key.
func readENA(lines []string) (*ImportedTable, error) {
	t := &ImportedTable{Format: FreeBSDENA}
	const unchanged = "give what `sysctl dev.ena.0.rss` prints, unchanged, of one interface"
	size, last := "", 0 // the number of entries, and the line of the table
	for i, line := range lines {
		wrong := func(what string) error { return &TextError{Line: i + 1, What: what, Hint: unchanged} }
		if m := enaSize.FindStringSubmatch(line); m != nil {
			size = m[1]
			continue
		}
		if m := enaTable.FindStringSubmatch(line); m != nil {
			if last > 0 {
				return nil, wrong("a second table starts here")
			}
			last, t.Interface = i+1, "ena"+m[1]
			for field := range strings.FieldsSeq(m[2]) {
				index, queue, _ := strings.Cut(field, ":")
				of, err := parseEntry(queue)
				if err != nil || index != strconv.Itoa(len(t.Table)) {
					return nil, wrong(fmt.Sprintf("%s is not entry %d and its queue", quote.Short(field), len(t.Table)))
				}
				t.Table = append(t.Table, of)
			}
			continue
		}
		if m := enaKey.FindStringSubmatch(line); m != nil {
			key, err := wholeKey(m[1])
			if err != nil {
				return nil, wrong(err.Error())
			}
			t.Key = key
		}
	}
	if size != "" && size != strconv.Itoa(len(t.Table)) {
		return nil, &TextError{Line: last, What: fmt.Sprintf("the table has %d entries here, and there are %.20s", len(t.Table), size), Hint: unchanged}
	}
	return t, checkSize(len(t.Table))
}

// readPMD reads Open vSwitch's `ovs-appctl dpif-netdev/pmd-rxq-show`: the core of each
// receive queue, of each port.
func readPMD(lines []string) (*IRQs, error) {
	q := &IRQs{rows: map[uint32]*irqRow{}}
	const unchanged = "give what `ovs-appctl dpif-netdev/pmd-rxq-show` prints, unchanged"
	core, begun := -1, false
	for i, line := range lines {
		if isolated := strings.HasPrefix(line, "isolated"); isolated && begun {
			return nil, &TextError{Line: i + 1, What: "no pmd thread stands above this line", Hint: unchanged}
		} else if isolated {
			begun = true
		} else if m := ovsThread.FindStringSubmatch(line); m != nil {
			begun = false
			n, err := strconv.ParseUint(m[2], 10, 16)
			if err != nil {
				return nil, &TextError{Line: i + 1, What: m[2] + " is no core", Hint: unchanged}
			}
			core = int(n)
		} else if m := ovsQueue.FindStringSubmatch(line); m != nil {
			if core < 0 {
				return nil, &TextError{Line: i + 1, What: "no pmd thread stands above this queue", Hint: "give what `ovs-appctl dpif-netdev/pmd-rxq-show` prints, from its first line on"}
			}
			n, err := strconv.ParseUint(m[2], 10, 16)
			if err != nil || n >= nicmodel.MaxQueues {
				return nil, &TextError{Line: i + 1, What: m[2] + " is no queue", Hint: unchanged}
			}
			row := q.row(uint32(len(q.rows)))
			row.ofQueue(m[1], int(n))
			row.affinity = nicmodel.CPUListOf([]int{core})
		} else if strings.HasPrefix(line, "pmd thread") || strings.HasPrefix(line, "port:") {
			return nil, &TextError{Line: i + 1, What: quote.Short(line) + " is no whole line of a thread or a queue", Hint: unchanged}
		}
	}
	if len(q.rows) == 0 { // of pmd-stats-show, say
		return nil, &TextError{What: "no pmd thread has a receive queue here", Hint: "give what `ovs-appctl dpif-netdev/pmd-rxq-show` prints"}
	}
	return q, nil
}

// readVMBus reads `lsvmbus -vv`, or `grep . /sys/class/net/*/device/channel_vp_mapping`: the
// CPU of each channel of Hyper-V's network adapters, which have no rows in
// /proc/interrupts. Channels are queues, in their order.
func readVMBus(lines []string) (*IRQs, error) {
	q := &IRQs{rows: map[uint32]*irqRow{}, note: "the channels of the Hyper-V network adapter are taken as its queues, in their order"}
	const unchanged = "give what `lsvmbus -vv` prints, unchanged"
	device, queues := "", map[string]int{}
	seen := map[string]bool{}
	begun := false // the device has its number
	for i, line := range lines {
		if m := vmbusDevice.FindStringSubmatch(line); m != nil {
			if device, begun = "", false; m[2] == "Synthetic network adapter" {
				device = vmbusName + m[1]
			}
			continue
		}
		if strings.HasPrefix(line, "Device_ID =") {
			if begun { // of another, whose title is not here
				device = ""
			}
			begun = true
		}
		of, m := device, vmbusChannel.FindStringSubmatch(line)
		if file := vmbusFile.FindStringSubmatch(line); file != nil {
			of, m = file[1], file[1:]
		}
		if m == nil && vmbusCut.MatchString(line) {
			return nil, &TextError{Line: i + 1, What: quote.Short(line) + " is no whole line of a channel", Hint: unchanged}
		}
		if m == nil || of == "" {
			continue
		}
		channel := of + " " + m[1]
		if seen[channel] {
			return nil, &TextError{Line: i + 1, What: fmt.Sprintf("channel %s comes again", m[1]), Hint: unchanged + ", once"}
		}
		seen[channel] = true
		cpu, err := strconv.ParseUint(m[2], 10, 16)
		if err != nil {
			return nil, &TextError{Line: i + 1, What: m[2] + " is no CPU", Hint: unchanged}
		}
		row := q.row(1<<31 + uint32(len(q.rows))) // no interrupt's number
		row.ofQueue(of, queues[of])
		row.affinity = nicmodel.CPUListOf([]int{int(cpu)})
		queues[of]++
	}
	if len(queues) == 0 {
		return nil, &TextError{What: "no synthetic network adapter has a channel here", Hint: unchanged}
	}
	return q, nil
}

// saysVMBus reports whether a line tells the CPU of a channel of Hyper-V's.
func saysVMBus(line string) bool {
	return vmbusChannel.MatchString(line) || vmbusFile.MatchString(line)
}

// vmbusName begins the name of a device that only its number on Hyper-V's bus tells.
const vmbusName = "vmbus:"

// readRXPlacement reads VPP's `show interface rx-placement`: the thread of each receive
// queue, of each interface. The thread's lcore is the queue's CPU where `show threads`
// stands beside it, for each thread that has a queue; else a thread counts as the CPU of
// its number.
func readRXPlacement(lines []string) (*IRQs, error) {
	q := &IRQs{rows: map[uint32]*irqRow{}}
	const unchanged = "give what `vppctl show interface rx-placement` prints, unchanged"
	lcores := map[string]int{}
	var threads []string // of the rows, in their order
	thread, node := "", ""
	for i, line := range lines {
		switch m := vppThread.FindStringSubmatch(line); {
		case m != nil:
			thread, node = m[1], ""
			continue
		case vppNode.MatchString(line):
			if line == node { // VPP prints it where the node is another, or the thread
				return nil, &TextError{Line: i + 1, What: quote.Short(line) + " comes again under one thread: the line of the next thread is missing", Hint: unchanged}
			}
			node = line
			continue
		case vppLcore.MatchString(line):
			m = vppLcore.FindStringSubmatch(line)
			lcore, err := strconv.ParseUint(m[2], 10, 16)
			if err != nil {
				return nil, &TextError{Line: i + 1, What: m[2] + " is no lcore", Hint: "give what `vppctl show threads` prints, unchanged"}
			}
			lcores[m[1]] = int(lcore)
			continue
		}
		m := vppQueue.FindStringSubmatch(line)
		if m == nil && vppCut.MatchString(line) {
			return nil, &TextError{Line: i + 1, What: quote.Short(line) + " is no whole line of a thread or a queue", Hint: unchanged}
		}
		if m == nil {
			continue
		}
		if thread == "" {
			return nil, &TextError{Line: i + 1, What: "no thread stands above this queue", Hint: unchanged + ", from its first line on"}
		}
		n, err := strconv.ParseUint(m[2], 10, 16)
		if err != nil || n >= nicmodel.MaxQueues {
			return nil, &TextError{Line: i + 1, What: m[2] + " is no queue", Hint: unchanged}
		}
		q.row(uint32(len(q.rows))).ofQueue(m[1], int(n))
		threads = append(threads, thread)
	}
	if len(threads) == 0 {
		return nil, &TextError{What: "VPP's threads have no receive queue here", Hint: unchanged}
	}
	for i, thread := range threads {
		cpu, known := lcores[thread]
		if !known { // one without: none has
			return q, q.threadsAsCPUs(threads)
		}
		q.rows[uint32(i)].affinity = nicmodel.CPUListOf([]int{cpu})
	}
	return q, nil
}

// threadsAsCPUs puts each row on the CPU of its thread's number.
func (q *IRQs) threadsAsCPUs(threads []string) error {
	q.note = "VPP's threads stand for CPUs, by their numbers; `vppctl show threads`, pasted below, tells their lcores"
	for i, thread := range threads {
		cpu, err := strconv.ParseUint(thread, 10, 16)
		if err != nil {
			return &TextError{What: thread + " is no thread", Hint: "give what `vppctl show interface rx-placement` prints, unchanged"}
		}
		q.rows[uint32(i)].affinity = nicmodel.CPUListOf([]int{int(cpu)})
	}
	return nil
}

// labelsKey reports whether the line is the title above testpmd's key, or FreeBSD's key.
func labelsKey(line string) bool {
	return line == "RSS key:" || strings.HasPrefix(line, "net.inet.rss.key")
}
