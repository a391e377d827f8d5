package nictext

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// IRQs is what texts tell of a host's interrupts: how often each CPU got them
// (/proc/interrupts), and which CPUs they may go to (smp_affinity_list).
type IRQs struct {
	rows  map[uint32]*irqRow // by IRQ
	plain []nicmodel.CPUList // CPU lists without their IRQ, in the text's order
	bare  int                // columns of rows without the line that names their CPUs; 0: it is there
	note  string             // what the reader of a result must know of the CPUs
}

type irqRow struct {
	actions   []string       // what follows the counts: chip, hardware IRQ, names of actions, word by word
	names     []string       // the names of the actions, which may have spaces
	counts    map[int]uint64 // interrupts on each CPU
	unplaced  uint64         // interrupts of which the text does not say the CPU
	affinity  nicmodel.CPUList
	effective nicmodel.CPUList // which of affinity's CPUs the interrupt really goes to
}

var (
	irqHeader    = lazyregexp.New(`^CPU\d+(\s+CPU\d+)*$`)
	irqLine      = lazyregexp.New(`^(\d+):\s+(\d.*)$`)
	affinityLine = lazyregexp.New(`^\S*/irq/(\d+)/(smp|effective)_affinity_list:\s*(\S*)$`)
	plainCPUs    = lazyregexp.New(`^\d+(-\d+)?(,\d+(-\d+)?)*$`)
	trigger      = lazyregexp.New(`(?i)^(?:\d+-|-)?(?:edge|level|fasteoi|event)$`)
	// FreeBSD's `vmstat -ia`, and rows that name the CPU as well.
	freeBSDLine = lazyregexp.New(`^irq(\d+): (\S+)(?: @cpu(\d+)(?:\(domain\d+\))?)?:?\s+(\d+)(?:\s+\d+)?$`)
)

// TitlesCPUs reports whether a line names the CPUs of columns below it, as the first of
// /proc/interrupts and /proc/softirqs does.
func TitlesCPUs(line string) bool { return irqHeader.MatchString(line) }

// ReadIRQs reads /proc/interrupts, the lines of
// `grep . /proc/irq/*/*_affinity_list`, or both one after the other; or CPU lists
// alone, one line for each queue in order. Rows of /proc/interrupts may come without
// the line of CPUs above them (`grep eth0`); FreeBSD's `vmstat -ia`, Open vSwitch's
// `pmd-rxq-show` and VPP's `show interface rx-placement` are read, too.
// Name is the text's name in errors, which are *TextError for what the text says.
//
// Sources: Linux 6.12, kernel/irq/proc.c show_interrupts; FreeBSD, usr.bin/vmstat.
func ReadIRQs(r io.Reader, name string) (*IRQs, error) {
	return readText(r, name, ParseIRQs)
}

// ParseIRQs is ReadIRQs of Lines.
func ParseIRQs(lines []string) (*IRQs, error) {
	if slices.ContainsFunc(lines, ovsThread.MatchString) {
		return readPMD(lines)
	}
	if slices.ContainsFunc(lines, vppThread.MatchString) {
		return readRXPlacement(lines)
	}
	q := &IRQs{rows: map[uint32]*irqRow{}}
	var cpus []int // of the columns
	const unchanged = "give /proc/interrupts unchanged"
	for i, line := range lines {
		if irqHeader.MatchString(line) {
			if cpus != nil {
				return nil, &TextError{Line: i + 1, What: "a second /proc/interrupts starts here", Hint: "give one; a second one as a file of its own"}
			}
			for _, column := range strings.Fields(line) {
				cpu, err := strconv.ParseUint(column[len("CPU"):], 10, 16)
				if err != nil {
					return nil, &TextError{Line: i + 1, What: fmt.Sprintf("%s is no CPU", quote.Short(column)), Hint: unchanged}
				}
				cpus = append(cpus, int(cpu))
			}
			continue
		}
		if m := affinityLine.FindStringSubmatch(line); m != nil {
			set, wrong := nicmodel.ParseCPUList(m[3])
			irq, err := strconv.ParseUint(m[1], 10, 32)
			if wrong != nil || err != nil {
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("%s is no list of CPUs", quote.Short(m[3])), Hint: "a list is 0-3,8-11; give what `grep . /proc/irq/*/smp_affinity_list` prints"}
			}
			row := q.row(uint32(irq))
			if m[2] == "effective" {
				row.effective = set
			} else {
				row.affinity = set
			}
			continue
		}
		if m := freeBSDLine.FindStringSubmatch(line); m != nil {
			irq, err := strconv.ParseUint(m[1], 10, 32)
			n, countErr := strconv.ParseUint(m[4], 10, 64)
			if err != nil || countErr != nil {
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("%s is no row of interrupts", quote.Short(line)), Hint: "give what `vmstat -ia` prints, unchanged"}
			}
			row := q.row(uint32(irq))
			row.names = []string{m[2]}
			row.actions = row.names
			row.counts = map[int]uint64{}
			if cpu, err := strconv.ParseUint(m[3], 10, 16); err == nil {
				row.counts[int(cpu)] = n
				row.affinity = nicmodel.CPUListOf([]int{int(cpu)})
			} else {
				row.unplaced = n
			}
			continue
		}
		if m := irqLine.FindStringSubmatch(line); m != nil && cpus == nil {
			if cpus = bareColumns(m[2]); cpus != nil {
				q.bare = len(cpus)
			}
		}
		if m := irqLine.FindStringSubmatch(line); m != nil && cpus != nil {
			irq, err := strconv.ParseUint(m[1], 10, 32)
			if err != nil {
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("%.20s is no IRQ", m[1]), Hint: unchanged}
			}
			fields := strings.Fields(m[2])
			if len(fields) < len(cpus) {
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("IRQ %d has %d fields, but there are %d CPUs", irq, len(fields), len(cpus)), Hint: unchanged + ", its long lines not broken"}
			}
			row := q.row(uint32(irq))
			if row.counts != nil {
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("IRQ %d comes again", irq), Hint: "give one /proc/interrupts"}
			}
			row.counts = make(map[int]uint64)
			for c, cpu := range cpus {
				n, err := strconv.ParseUint(fields[c], 10, 64)
				if err != nil {
					return nil, &TextError{Line: i + 1, What: fmt.Sprintf("IRQ %d: the count of CPU %d is %s", irq, cpu, quote.Short(fields[c])), Hint: unchanged + ", its long lines not broken"}
				}
				row.counts[cpu] = n
			}
			for _, action := range fields[len(cpus):] {
				row.actions = append(row.actions, strings.TrimSuffix(action, ","))
			}
			row.names = actionNames(fields[len(cpus):])
			continue
		}
		if cpus == nil && len(q.rows) == 0 && plainCPUs.MatchString(line) {
			set, err := nicmodel.ParseCPUList(line)
			if err != nil {
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("%s is no list of CPUs", quote.Short(line)), Hint: "a list is 0-3,8-11"}
			}
			q.plain = append(q.plain, set)
		}
	}
	if len(q.rows) == 0 && len(q.plain) == 0 {
		return nil, &TextError{What: "holds no interrupts", Hint: "give /proc/interrupts, what `grep . /proc/irq/*/smp_affinity_list` prints, or both"}
	}
	return q, nil
}

// bareColumns are the CPUs of a row whose line of CPUs was not copied: its leading
// numbers, from CPU 0 on. What follows them, the chip, is no number.
func bareColumns(row string) []int {
	fields := strings.Fields(row)
	var cpus []int
	for i, field := range fields {
		if _, err := strconv.ParseUint(field, 10, 64); err != nil {
			return cpus
		}
		cpus = append(cpus, i)
	}
	return nil // numbers alone
}

// actionNames are the names behind the chip, the hardware IRQ and its trigger; without
// a trigger the last word.
func actionNames(words []string) []string {
	from := len(words) - 1
	for i, word := range words {
		if trigger.MatchString(word) {
			from = i + 1
		}
	}
	if from < 0 || from >= len(words) {
		return nil
	}
	return strings.Split(strings.Join(words[from:], " "), ", ")
}

func (q *IRQs) row(irq uint32) *irqRow {
	row := q.rows[irq]
	if row == nil {
		row = &irqRow{}
		q.rows[irq] = row
	}
	return row
}

// Merge adds what other tells. Of two counts of an IRQ, from before and after
// some time, the one with more interrupts stays.
func (q *IRQs) Merge(other *IRQs) {
	for irq, from := range other.rows {
		row := q.row(irq)
		if from.total() >= row.total() && from.counts != nil {
			row.counts, row.unplaced, row.actions, row.names = from.counts, from.unplaced, from.actions, from.names
		}
		if from.affinity != nil {
			row.affinity = from.affinity
		}
		if from.effective != nil {
			row.effective = from.effective
		}
	}
	if len(other.plain) > 0 {
		q.plain = other.plain
	}
	q.bare, q.note = max(q.bare, other.bare), cmp.Or(q.note, other.note)
}

func (r *irqRow) total() (n uint64) {
	for _, count := range r.counts {
		n += count
	}
	return n + r.unplaced
}

// queueActions are the names that drivers give the interrupts of their receive
// queues: what comes before the queue names the device. Sources: Linux 6.12,
// drivers/net, by the file named; FreeBSD 14, sys/net/iflib.c.
var queueActions = []struct {
	name          *lazyregexp.Regexp
	device, queue int  // submatches
	second        bool // the receive queues are the second half
}{
	// Intel's, bnxt, ena, vmxnet3, hns3, idpf, enic, niu, nfp, otx2, thunder, alx,
	// stmmac ("eth0:rx-0"), ionic ("ionic-eth0-L0-rx0"), cxgb4 ("eth0-Rx0").
	{name: lazyregexp.New(`(?i)^(.+?)[-:](?:L\d+-)?(?:TxRx|Tx-Rx|rxtx|rx)-?(\d+)$`), device: 1, queue: 2},
	{name: lazyregexp.New(`^(virtio\d+)-input\.(\d+)$`), device: 1, queue: 2},
	{name: lazyregexp.New(`^mlx5_comp(\d+)@(\S+)$`), device: 2, queue: 1},
	{name: lazyregexp.New(`^mlx4-(\d+)@(\S+)$`), device: 2, queue: 1},
	{name: lazyregexp.New(`^mana_q(\d+)@(\S+)$`), device: 2, queue: 1}, // microsoft/mana/gdma_main.c
	{name: lazyregexp.New(`^gve-ntfy-blk(\d+)@(\S+)$`), device: 2, queue: 1, second: true},
	{name: lazyregexp.New(`^(.+)-fp-(\d+)$`), device: 1, queue: 2},                          // bnx2x_cmn.c, qede_main.c
	{name: lazyregexp.New(`^(.+) \(queue (\d+)\)$`), device: 1, queue: 2},                   // chelsio/cxgb, and its kin
	{name: lazyregexp.New(`^(.+)-q(\d+)(?:-rx)?$`), device: 1, queue: 2},                    // benet/be_main.c, xen-netfront.c
	{name: lazyregexp.New(`^(.+) CQ (\d+)$`), device: 1, queue: 2},                          // brocade/bna
	{name: lazyregexp.New(`^(.+):slice-(\d+)$`), device: 1, queue: 2},                       // myri10ge.c
	{name: lazyregexp.New(`^(.+)_(?:rxq|int)(\d+)$`), device: 1, queue: 2},                  // hinic_rx.c, rtase_main.c
	{name: lazyregexp.New(`^(\w+):(?:rxq|rx|que ?|q)(\d+)(?::\d+)?$`), device: 1, queue: 2}, // FreeBSD
}

// anyAction is a number behind a separator at the end of a name: a family of interrupts
// that no driver above names so, as aquantia's "eth0-0".
var (
	anyAction = lazyregexp.New(`^(.+?)((?:[-:._ #(]+[A-Za-z_]+)*?[-:._ #(]+[A-Za-z_]*)(\d+)\)?$`)
	// What is surely none of a network card's, or not of its receive queues.
	otherAction = lazyregexp.New(`(?i)^(?:nvme|ahci|xhci|ehci|megasas|megaraid|mpt\d|smartpqi|hpsa|qla|lpfc|ioat|idxd|snd|usb|i2c|mei|pcie|dmar|virtio\d+-(?:req|config|output|control))` +
		`|(?:[-:_]|\b)(?:tx|txc|txq|sq|aq|adminq|mgmnt|misc|ctrl|async|fdir|err|rbdr|output|event|cmd|mbx|hwc)[-_. ]?\d*$`)
)

// queueIRQs are the rows of one device's receive queues.
type queueIRQs struct {
	device  string
	second  bool
	guessed string // the form of the names, where none of queueActions is theirs
	irqs    []queueIRQ
}

type queueIRQ struct {
	number uint64 // of the queue, as its action has it
	irq    uint32
	row    *irqRow
}

// on reports whether the interrupts name the bus address: in the action, or in
// the chip of newer kernels ("PCI-MSIX-0000:3b:00.0").
func (d *queueIRQs) on(bus string) bool {
	return slices.ContainsFunc(d.irqs[0].row.actions, func(word string) bool { return strings.HasSuffix(word, bus) })
}

// showsPlace reports whether the interrupts name a place on PCI at all.
func (d *queueIRQs) showsPlace() bool {
	return slices.ContainsFunc(d.irqs[0].row.actions, pciPlace.MatchString)
}

// pciPlace is a PCI device's address, as Linux writes it.
var pciPlace = lazyregexp.New(`[[:xdigit:]]{4,}:[[:xdigit:]]{2}:[[:xdigit:]]{2}\.[[:xdigit:]]$`)

// devices groups the interrupts of receive queues by device, in the order of their
// names. Where no name is one that a driver is known to give, it is any numbered
// family: of a device with several the one with the most interrupts. So it is of the
// interface, if one is given and has no such name.
func (q *IRQs) devices(iface string) []*queueIRQs {
	known, guessed := map[string]*queueIRQs{}, map[string]*queueIRQs{}
	for irq, row := range q.rows {
		for _, name := range row.names {
			if device, number, second, ok := queueAction(name); ok {
				addQueue(known, device, queueIRQs{device: device, second: second}, queueIRQ{number, irq, row})
			} else if m := anyAction.FindStringSubmatch(name); m != nil && !otherAction.MatchString(name) {
				if number, err := strconv.ParseUint(m[3], 10, 32); err == nil {
					form := m[1] + m[2] + "N"
					addQueue(guessed, form, queueIRQs{device: m[1], guessed: form}, queueIRQ{number, irq, row})
				}
			}
		}
	}
	named := slices.Collect(maps.Keys(known))
	for form, family := range guessed {
		if len(named) == 0 || family.device == iface && !slices.Contains(named, iface) {
			if best := known[family.device]; best == nil || family.total() > best.total() || family.total() == best.total() && form < best.guessed {
				known[family.device] = family
			}
		}
	}
	sorted := slices.SortedFunc(maps.Values(known), func(a, b *queueIRQs) int { return strings.Compare(a.device, b.device) })
	for _, g := range sorted {
		slices.SortFunc(g.irqs, func(a, b queueIRQ) int { return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.irq, b.irq)) })
		if g.second {
			g.irqs = g.irqs[len(g.irqs)/2:]
		}
	}
	return sorted
}

// queueAction takes the name of a receive queue's interrupt apart.
func queueAction(name string) (device string, number uint64, second, ok bool) {
	for _, form := range queueActions {
		if m := form.name.FindStringSubmatch(name); m != nil {
			number, err := strconv.ParseUint(m[form.queue], 10, 32)
			return m[form.device], number, form.second, err == nil && !otherAction.MatchString(name)
		}
	}
	return "", 0, false, false
}

func addQueue(to map[string]*queueIRQs, key string, group queueIRQs, irq queueIRQ) {
	if to[key] == nil {
		to[key] = &group
	}
	to[key].irqs = append(to[key].irqs, irq)
}

// total is all interrupts of the queues.
func (d *queueIRQs) total() (n uint64) {
	for _, irq := range d.irqs {
		n += irq.row.total()
	}
	return n
}

// QueueCPUs is the CPU of each of a NIC's receive queues, and how it is known.
type QueueCPUs struct {
	CPUs    []int
	Notes   []string // for the reader of the result
	Guessed string   // the form of the interrupts' names, where no driver that is known names them so; else ""
}

// NIC is what tells a NIC's interrupts from those of others; each empty if not known.
type NIC struct {
	Interface string // "eth0"
	Driver    string // "virtio_net"
	Bus       string // its place, "0000:3b:00.0"

	// Named: only interrupts that name the interface or its place are its own. Else the
	// only ones that there are may be, where nothing speaks against it.
	Named bool
}

// QueueCPUs finds the interrupts of the NIC's receive queues and the CPU of
// each: its affinity if that is one CPU, else the CPU that got most of its
// interrupts. Queues is how many it has, 0 if not known.
func (q *IRQs) QueueCPUs(nic NIC, queues int) (*QueueCPUs, error) {
	devices := q.devices(nic.Interface)
	if len(devices) == 0 {
		return q.listed(queues)
	}
	device, err := nic.pick(devices)
	if err != nil {
		return nil, err
	}
	irqs := device.irqs
	if first := irqs[0].number; !device.second && irqs[len(irqs)-1].number-first+1 != uint64(len(irqs)) {
		return nil, fmt.Errorf("the interrupts of %s's receive queues are not one for each of %d to %d; give /proc/interrupts whole, or the CPUs with --affinity", device.device, first, irqs[len(irqs)-1].number)
	}
	if len(irqs) < queues {
		return nil, fmt.Errorf("%s has interrupts of %d receive queues, but there are %d queues; give texts that belong together, or the CPUs with --affinity", device.device, len(irqs), queues)
	}
	if queues > 0 {
		irqs = irqs[:queues]
	}
	out := &QueueCPUs{Guessed: device.guessed}
	counted, several := 0, 0
	for i, irq := range irqs {
		cpu, byCount, err := irq.row.cpu()
		if err != nil {
			return nil, fmt.Errorf("IRQ %d, of %s's queue %d: %w", irq.irq, device.device, i, err)
		}
		if byCount {
			counted++
			if irq.row.counts[cpu] < irq.row.total() {
				several++
			}
		}
		out.CPUs = append(out.CPUs, cpu)
	}
	if counted > 0 {
		note := fmt.Sprintf("the CPU of %d of %d queues is taken to be the one that got most of the queue's interrupts", counted, len(irqs))
		if several > 0 {
			note += fmt.Sprintf(" (of %d others got some too)", several)
		}
		out.Notes = append(out.Notes, note+"; /proc/irq/*/smp_affinity_list would tell")
	}
	if q.bare > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("the line CPU0 CPU1 … is not there: the %d columns are taken as CPUs 0 to %d", q.bare, q.bare-1))
	}
	if q.note != "" {
		out.Notes = append(out.Notes, q.note)
	}
	if device.second {
		out.Notes = append(out.Notes, "of gve's interrupts the second half is taken as the receive queues' (unverified)")
	}
	return out, nil
}

// cpu is the CPU that the interrupt goes to, and whether only its counts tell.
func (r *irqRow) cpu() (cpu int, byCount bool, err error) {
	for _, set := range []nicmodel.CPUList{r.effective, r.affinity} {
		if cpu, ok := set.Only(); ok {
			return cpu, false, nil
		}
	}
	best := uint64(0)
	for _, c := range slices.Sorted(maps.Keys(r.counts)) {
		if n := r.counts[c]; n > best && (r.affinity == nil || r.affinity.Has(c)) {
			cpu, best = c, n
		}
	}
	switch {
	case best > 0:
		return cpu, true, nil
	case r.unplaced > 0:
		return 0, false, fmt.Errorf("the text counts its interrupts, and does not say on which CPU; give the CPUs with --affinity (`cpuset -g -x IRQ` tells one)")
	case r.affinity != nil:
		return 0, false, fmt.Errorf("it may go to several CPUs, and no count tells which; give effective_affinity_list as well, or the CPUs with --affinity")
	}
	return 0, false, fmt.Errorf("it has not been raised yet, so its CPU is not known; give smp_affinity_list as well, or the CPUs with --affinity")
}

// listed is the CPUs where no text names the queues' interrupts: one list for
// each queue, in order.
func (q *IRQs) listed(queues int) (*QueueCPUs, error) {
	sets := q.plain
	if len(sets) == 0 {
		for _, irq := range slices.Sorted(maps.Keys(q.rows)) {
			if row := q.rows[irq]; len(row.actions) > 0 {
				return nil, fmt.Errorf("no interrupt is named as drivers name those of receive queues (eth0-TxRx-0 and the like); give the CPUs with --affinity")
			} else if row.effective != nil {
				sets = append(sets, row.effective)
			} else {
				sets = append(sets, row.affinity)
			}
		}
	}
	if queues > 0 && len(sets) != queues {
		return nil, fmt.Errorf("there are CPU lists of %d interrupts and %d queues, and nothing tells which belong together; give /proc/interrupts as well, or only the queues' lists", len(sets), queues)
	}
	out := &QueueCPUs{Notes: []string{"the CPU lists are taken as those of the queues, in order"}}
	for i, set := range sets {
		cpu, ok := set.Only()
		if !ok {
			return nil, fmt.Errorf("the interrupt of queue %d may go to several CPUs, and nothing tells which; give /proc/interrupts as well, or the CPUs with --affinity", i)
		}
		out.CPUs = append(out.CPUs, cpu)
	}
	return out, nil
}

// pick is the NIC's device, or the only one there is if it may be the NIC's.
func (nic *NIC) pick(devices []*queueIRQs) (*queueIRQs, error) {
	var names []string
	var named []*queueIRQs
	for _, d := range devices {
		names = append(names, d.device)
		if nic.Interface != "" && (d.device == nic.Interface || strings.HasSuffix(d.device, "-"+nic.Interface)) || nic.Bus != "" && d.on(nic.Bus) {
			named = append(named, d)
		}
	}
	switch {
	case len(named) == 1:
		return named[0], nil
	case len(devices) == 1 && nic.mayHave(devices[0]):
		return devices[0], nil
	case len(devices) == 1 && nic.Interface == "":
		return nil, fmt.Errorf("the interrupts are those of %s, and nothing tells that the other texts are of the same NIC; give texts of one NIC", names[0])
	case len(devices) == 1:
		return nil, fmt.Errorf("the interrupts are those of %s, but the other texts are of %s; give texts of one NIC", names[0], nic.Interface)
	}
	return nil, fmt.Errorf("there are interrupts of several NICs (%s), and nothing tells which one it is; give one of these names with --dev, or only the rows of one (grep eth0)", strings.Join(names, ", "))
}

// mayHave tells whether the device, which names neither the interface nor its place, may
// be the NIC's: its name tells no other interface, place or driver.
func (nic *NIC) mayHave(d *queueIRQs) bool {
	switch virtio := strings.HasPrefix(d.device, "virtio"); {
	case nic.Named, nic.Bus != "" && d.showsPlace(), virtio && nic.Driver != "" && nic.Driver != "virtio_net":
		return false
	case nic.Interface == "":
		return true
	default:
		return virtio || strings.ContainsAny(d.device, ":@")
	}
}

// QueueInterrupts is how often each of the NIC's receive queues has interrupted, on
// all CPUs together.
func (q *IRQs) QueueInterrupts(nic NIC) ([]uint64, error) {
	devices := q.devices(nic.Interface)
	if len(devices) == 0 {
		return nil, fmt.Errorf("no interrupt is named as drivers name those of receive queues (eth0-TxRx-0 and the like); give /proc/interrupts unchanged")
	}
	device, err := nic.pick(devices)
	if err != nil {
		return nil, err
	}
	counts := make([]uint64, len(device.irqs))
	for i, irq := range device.irqs {
		counts[i] = irq.row.total()
	}
	return counts, nil
}
