package nictext

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
)

// queueActions are the names that drivers give the interrupts of their receive
// queues: what comes before the queue names the device. Sources: Linux 6.12,
// drivers/net, by the file named; FreeBSD 14, sys/net/iflib.c.
var queueActions = []struct {
	name          *lazyregexp.Regexp
	device, queue int  // submatches
	second        bool // the receive queues are the second half
	fromOne       bool // queue 0 may have the number 1
}{
	// Intel's, bnxt, ena, vmxnet3, hns3, idpf, enic, niu, nfp, otx2, thunder, alx,
	// stmmac ("eth0:rx-0"), ionic ("ionic-eth0-L0-rx0"), cxgb4 ("eth0-Rx0").
	{name: lazyregexp.New(`(?i)^(.+?)[-:](?:L\d+-)?(?:TxRx|Tx-Rx|rxtx|rx)-?(\d+)$`), device: 1, queue: 2},
	{name: lazyregexp.New(`^(virtio\d+)-input\.(\d+)$`), device: 1, queue: 2},
	{name: lazyregexp.New(`^mlx5_comp(\d+)@(\S+)$`), device: 2, queue: 1},
	{name: lazyregexp.New(`^mlx4-(\d+)@(\S+)$`), device: 2, queue: 1, fromOne: true},
	{name: lazyregexp.New(`^mana_q(\d+)@(\S+)$`), device: 2, queue: 1},                      // microsoft/mana/gdma_main.c
	{name: lazyregexp.New(`^gve-ntfy-blk(\d+)@(\S+)$`), device: 2, queue: 1, second: true},  // google/gve/gve.h, gve_rx_idx_to_ntfy
	{name: lazyregexp.New(`^(.+)-ntfy-block\.(\d+)$`), device: 1, queue: 2, second: true},   // before 6.5: "eth%d-ntfy-block.0"
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
	otherAction = lazyregexp.New(`(?i)^(?:nvme|ahci|xhci|ehci|uhci|ohci|megasas|megaraid|mpt\d|smartpqi|hpsa|qla|lpfc|ioat|idxd|snd|usb|i2c|mei|pcie|dmar|virtio\d+-(?:req|config|output|control))` +
		`|:(?:fdir|ctrl)-TxRx-\d+$` + // Intel's flow director has a vector beside the queues' (i40e_main.c, ice_main.c)
		`|(?:[-:_]|\b)(?:tx|txc|txq|xdp|sq|aq|adminq|mgmnt|misc|ctrl|async|fdir|err|rbdr|output|event|cmd|mbx|hwc)[-_. ]?\d*$`)
)

// queueIRQs are the rows of one device's receive queues.
type queueIRQs struct {
	device  string
	second  bool
	fromOne bool
	guessed string // the form of the names, where none of queueActions is theirs
	alone   bool   // it has one interrupt, which has the interface's name
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
	return slices.ContainsFunc(d.irqs[0].row.actions, func(word string) bool {
		if place := pciPlace.FindStringSubmatch(word); place != nil {
			return place[0] == bus // a part of one is that of others, too
		}
		return len(bus) >= shortestBus && strings.HasSuffix(word, bus)
	})
}

// shortestBus is the length of the shortest address of a device elsewhere than on PCI that is
// looked for; of a shorter one more was cut off, or it is a kind of device (tap).
const shortestBus = 4

// showsPlace reports whether the interrupts name a place on PCI at all.
func (d *queueIRQs) showsPlace() bool {
	return slices.ContainsFunc(d.irqs[0].row.actions, pciPlace.MatchString)
}

// pciPlace is a PCI device's address, as Linux writes it.
var pciPlace = lazyregexp.New(`[[:xdigit:]]{4,}:[[:xdigit:]]{2}:[[:xdigit:]]{2}\.[[:xdigit:]]$`)

// devices groups the interrupts of receive queues by device, in the order of their
// names. Where no name is one that a driver is known to give, it is any numbered
// family: of a device with several the one with the most interrupts. So it is of the
// interface, if one is given and has no such name; or its only interrupt, which has its name,
// as that of a NIC with one queue.
func (q *IRQs) devices(iface string) []*queueIRQs {
	known, guessed := map[string]*queueIRQs{}, map[string]*queueIRQs{}
	for irq, row := range q.rows {
		for _, name := range row.names {
			if device, number, ok := queueAction(name); ok {
				addQueue(known, device.device, device, queueIRQ{number, irq, row})
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
	if irq := q.only(iface); irq.row != nil && known[iface] == nil && !slices.ContainsFunc(named, func(name string) bool { return strings.HasSuffix(name, "-"+iface) }) {
		known[iface] = &queueIRQs{device: iface, alone: true, irqs: []queueIRQ{irq}}
	}
	sorted := slices.SortedFunc(maps.Values(known), func(a, b *queueIRQs) int { return strings.Compare(a.device, b.device) })
	for _, g := range sorted {
		slices.SortFunc(g.irqs, func(a, b queueIRQ) int { return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.irq, b.irq)) })
	}
	return sorted
}

// only is the interrupt of that name, if one alone has it; its row is nil if not.
func (q *IRQs) only(name string) (found queueIRQ) {
	for irq, row := range q.rows {
		if name != "" && slices.Contains(row.names, name) {
			if found.row != nil {
				return queueIRQ{}
			}
			found = queueIRQ{0, irq, row}
		}
	}
	return found
}

// queueAction takes the name of a receive queue's interrupt apart. Behind a name without
// spaces may stand what somebody has to say of it.
func queueAction(name string) (of queueIRQs, number uint64, ok bool) {
	if of, number, ok = wholeAction(name); !ok {
		if word, _, more := strings.Cut(name, " "); more {
			return wholeAction(word)
		}
	}
	return of, number, ok
}

func wholeAction(name string) (of queueIRQs, number uint64, ok bool) {
	for _, form := range queueActions {
		if m := form.name.FindStringSubmatch(name); m != nil {
			number, err := strconv.ParseUint(m[form.queue], 10, 32)
			return queueIRQs{device: m[form.device], second: form.second, fromOne: form.fromOne}, number, err == nil && !otherAction.MatchString(name)
		}
	}
	return queueIRQs{}, 0, false
}

// receiving is the interrupts of receive queues: all, or the second half, where those of
// transmit queues come before them. Which half a row is of is told by all of them alone.
func (d *queueIRQs) receiving() ([]queueIRQ, error) {
	n := len(d.irqs)
	first, last := d.irqs[0].number, d.irqs[n-1].number
	switch {
	case last-first+1 != uint64(n):
		return nil, fmt.Errorf("the interrupts of %s's receive queues are not one for each of %d to %d; give /proc/interrupts whole, or the CPUs with --affinity", d.device, first, last)
	case !d.second:
		return d.irqs, nil
	case d.irqs[0].number != 0 || n%2 != 0:
		return nil, fmt.Errorf("of %s's interrupts the second half is the receive queues', and not all are here: there are %d to %d; give /proc/interrupts whole, or the CPUs with --affinity", d.device, first, last)
	}
	return d.irqs[n/2:], nil
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
	Shares  []float64 // of each queue's interrupts, that its CPU got; 1 where its affinity tells the CPU, 0 where they are fewer than enoughInterrupts
	Notes   []string  // for the reader of the result
	Guessed string    // the form of the interrupts' names, where no driver that is known names them so; else ""
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
		return q.listed(nic.Interface, queues)
	}
	device, err := nic.pick(devices)
	if err != nil {
		return nil, err
	}
	irqs, err := device.receiving()
	if err != nil {
		return nil, err
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
		share := 1.0
		if byCount {
			counted++
			if share = float64(irq.row.counts[cpu]) / float64(irq.row.total()); share < 1 {
				several++
			}
			if irq.row.total() < enoughInterrupts {
				share = 0
			}
		}
		out.Shares = append(out.Shares, share)
		out.CPUs = append(out.CPUs, cpu)
	}
	if counted > 0 {
		note := fmt.Sprintf("the CPU of %d of %d queues is taken to be the one that got most of the queue's interrupts", counted, len(irqs))
		if several > 0 {
			note += fmt.Sprintf(" (of %d others got some too)", several)
		}
		out.Notes = append(out.Notes, note+"; /proc/irq/*/smp_affinity_list would tell")
	}
	// tg3's first interrupt is that of sending ("eth0-tx-0").
	sending := q.only(device.device + "-tx-0")
	fromOne := device.fromOne || sending.row != nil && sending.irq < irqs[0].irq
	if first := irqs[0].number; first > 0 && !device.second && !(fromOne && first == 1) {
		out.Notes = append(out.Notes, fmt.Sprintf("the first interrupt of %s's receive queues has the number %d, and is taken as that of queue 0: if others came before it, the text is not whole", device.device, first))
	}
	if last := irqs[len(irqs)-1]; last.row.cut && queues == 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("lines are left out behind the interrupt of queue %d: if they have more queues, these are missing; --queues tells how many there are", len(irqs)-1))
	}
	if device.alone {
		out.Notes = append(out.Notes, fmt.Sprintf("%s has one interrupt, which is taken as that of its one receive queue", device.device))
	}
	if q.bare > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("the line CPU0 CPU1 … is not there: the %d columns are taken as CPUs 0 to %d", q.bare, q.bare-1))
	}
	if q.note != "" {
		out.Notes = append(out.Notes, q.note)
	}
	if device.second {
		out.Notes = append(out.Notes, "of gve's interrupts the second half is taken as the receive queues'")
	}
	return out, nil
}

// enoughInterrupts are as many as a queue in use has within a second or so: fewer came while
// it was hardly in use, and its interrupt may have been moved since.
const enoughInterrupts = 100

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
func (q *IRQs) listed(iface string, queues int) (*QueueCPUs, error) {
	sets := q.plain
	if len(sets) == 0 {
		for _, irq := range slices.Sorted(maps.Keys(q.rows)) {
			if row := q.rows[irq]; len(row.actions) > 0 || row.counts != nil {
				return nil, fmt.Errorf("no interrupt is named as drivers name those of receive queues (eth0-TxRx-0 and the like); give the CPUs with --affinity%s", cmp.Or(q.namedAlike(iface, queues), q.byName(iface)))
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
	note := "the CPU lists are taken as those of the queues, in order"
	if q.loose {
		note += "; mlx5's first interrupt is no queue's: if it is among them, all are one queue off, and /proc/interrupts, given as well, would tell"
	}
	out := &QueueCPUs{Notes: []string{note}}
	for i, set := range sets {
		cpu, ok := set.Only()
		if !ok {
			return nil, fmt.Errorf("the interrupt of queue %d may go to several CPUs, and nothing tells which; give /proc/interrupts as well, or the CPUs with --affinity", i)
		}
		out.CPUs = append(out.CPUs, cpu)
	}
	return out, nil
}

// namedAlike tells the CPUs of several interrupts that have one name, as the drivers atlantic
// and mvpp2 give all of a NIC's, queues' or not: the reader knows which these are. It is ""
// where the interface has no such, or, if that is not known, where several devices have.
func (q *IRQs) namedAlike(iface string, queues int) string {
	alike := map[string][]*irqRow{}
	for _, irq := range slices.Sorted(maps.Keys(q.rows)) {
		if row := q.rows[irq]; len(row.names) == 1 && (iface == "" || row.names[0] == iface) {
			alike[row.names[0]] = append(alike[row.names[0]], row)
		}
	}
	maps.DeleteFunc(alike, func(_ string, rows []*irqRow) bool { return len(rows) < 2 })
	if len(alike) != 1 {
		return ""
	}
	var name string
	var cpus []string
	for of, rows := range alike {
		name = of
		for _, row := range rows {
			cpu, _, err := row.cpu()
			if err != nil || queues > 0 && len(cpus) == queues {
				break
			}
			cpus = append(cpus, strconv.Itoa(cpu))
		}
	}
	if len(cpus) < 2 {
		return ""
	}
	return fmt.Sprintf(": of those that are all named %s, as %s if the first are the receive queues'", name, strings.Join(cpus, ","))
}

// byName tells how the one interrupt of a NIC with one queue is found, or the channels of
// Hyper-V's own.
func (q *IRQs) byName(iface string) string {
	switch {
	case q.hyperV:
		return ", or what" + ofHyperV
	case iface != "":
		return ""
	}
	return ", or the interface's name with --dev if it has one interrupt (eth0)"
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
		return nil, fmt.Errorf("the interrupts are those of %s, and nothing tells that the other texts are of the same NIC; give texts of one NIC, or this name with --dev if they are", names[0])
	case len(devices) == 1:
		return nil, fmt.Errorf("the interrupts are those of %s, but the other texts are of %s; give texts of one NIC", names[0], nic.Interface)
	}
	several := strings.Join(names, ", ")
	switch {
	case nic.Interface == "":
		return nil, fmt.Errorf("there are interrupts of several NICs (%s), and nothing tells which one it is; give one of these names with --dev, or only the rows of one (grep eth0)", several)
	case !slices.ContainsFunc(devices, nic.mayHave):
		return nil, fmt.Errorf("the interrupts are those of %s, but the other texts are of %s; give texts of one NIC", several, nic.Interface)
	}
	return nil, fmt.Errorf("there are interrupts of several NICs (%s), and nothing tells which of them %s is; `ethtool -i %[2]s`, with --driver, tells its place, or give only the rows of one", several, nic.Interface)
}

// mayHave tells whether the device, which names neither the interface nor its place, may
// be the NIC's: its name tells no other interface, place or driver.
func (nic *NIC) mayHave(d *queueIRQs) bool {
	switch virtio := strings.HasPrefix(d.device, "virtio"); {
	case strings.HasPrefix(d.device, vmbusName) && nic.Driver != "":
		return nic.Driver == "hv_netvsc"
	case nic.Named, nic.Bus != "" && d.showsPlace(), virtio && nic.Driver != "" && nic.Driver != "virtio_net":
		return false
	case nic.Interface == "":
		return true
	default:
		return virtio || strings.ContainsAny(d.device, ":@%") // a place, or a name that was not made yet
	}
}

// ErrNoQueueNames is that no interrupt is known for one of a receive queue, where how often
// each came is asked for.
var ErrNoQueueNames = errors.New("no interrupt is named as drivers name those of receive queues (eth0-TxRx-0 and the like)")

// QueueInterrupts counts how often each of the NIC's receive queues has interrupted, on
// all CPUs together.
func (q *IRQs) QueueInterrupts(nic NIC) (*QueueCounters, error) {
	devices := q.devices(nic.Interface)
	if len(devices) == 0 {
		return nil, ErrNoQueueNames
	}
	device, err := nic.pick(devices)
	if err != nil {
		return nil, err
	}
	irqs, err := device.receiving()
	if err != nil {
		return nil, err
	}
	counts := &QueueCounters{Form: "the interrupts of " + device.device}
	for _, irq := range irqs {
		counts.Packets = append(counts.Packets, irq.row.total())
	}
	return counts, nil
}
