package nictext

import (
	"fmt"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// What tools print that set or show the CPUs of interrupts.
var (
	// Intel's set_irq_affinity, in scripts/ of its drivers' archives (ixgbe 5.x, i40e 2.x,
	// ice 1.x): what it writes, or with -s finds. A queue has a line.
	setAffinity = lazyregexp.New(`^(?:ACTUAL\s+)?(\S+) \d+ ([0-9a-fA-F,]+) (?:->|<-) \S*/irq/(\d+)/smp_affinity$`)
	// rss-ladder (netutils-linux): what it writes.
	ladder = lazyregexp.New(`^(?:- )?\S+: queue (\S+) \(irq (\d+)\) bound to CPU(\d+)$`)
	// Nvidia's show_irq_affinity.sh (mlnx-tools), and loops like it: a mask, or a list.
	showAffinity = lazyregexp.New(`^(\d+):\s*([0-9a-fA-F]+(?:[,-][0-9a-fA-F]+)*)$`)
	// Nvidia's set_irq_affinity.sh, and its kin (mlnx-tools, MLNX_OFED): what they write.
	assigned    = lazyregexp.New(`^Assign irq (\d+) (?:core_id (\d+)|(?:mask 0x|to its affinity_hint )([0-9a-f,]+))$`)
	notAssigned = lazyregexp.New(`^irq \d+: Error\b`)
	// Google's log (guest-configs): of virtio, gve and idpf, by IRQs in the order of their digits.
	saysMultiqueue = lazyregexp.New(`/smp_affinity_list: real affinity \d|^Setting smp_affinity on \S*/irq/\d+ to |^Setting irq binding for \S+ to core |\d bind to \d+ \s*rx: irq \d+ bind to `)
	// tuna's --show_irqs, and show_irqs (tuna-cmd.py): up to 4 CPUs, or a mask; and the driver.
	tunaTitle = lazyregexp.New(`^# +users +affinity$`)
	tunaLine  = lazyregexp.New(`^(\d+) (\S.*?)\s+(\d+(?:,\d+)*|0x[0-9a-f]+(?:,0x[0-9a-f]+)*)(?:\s+[a-z]\w+)?$`)
)

// shownAffinity is an interrupt's CPUs, of which one line alone may not tell whether they
// are a list or a mask.
type shownAffinity struct {
	irq  uint32
	text string
	line int // from 1
}

// tool reads a line that a tool has printed.
func (r *irqReader) tool(line string) (known bool, err *TextError) {
	if m := setAffinity.FindStringSubmatch(line); m != nil {
		return true, r.set(m)
	}
	if m := ladder.FindStringSubmatch(line); m != nil {
		return true, r.tunaRow([]string{line, m[2], m[1], m[3]})
	}
	if m := assigned.FindStringSubmatch(line); m != nil {
		return true, r.assign(m)
	}
	if notAssigned.MatchString(line) {
		return true, &TextError{What: fmt.Sprintf("%s: this interrupt stays where it was", quote.Short(line)), Hint: unchangedAffinities}
	}
	if r.cpus != nil {
		return false, nil
	}
	if tunaTitle.MatchString(line) {
		r.tuna = true
		return true, nil
	}
	if m := tunaLine.FindStringSubmatch(line); m != nil && (r.tuna || namesQueue(m[2])) {
		return true, r.tunaRow(m)
	}
	if m := showAffinity.FindStringSubmatch(line); m != nil {
		irq, err := strconv.ParseUint(m[1], 10, 32)
		if err != nil {
			return true, &TextError{What: fmt.Sprintf("%.20s is no IRQ", m[1]), Hint: unchangedAffinities}
		}
		r.shown = append(r.shown, shownAffinity{uint32(irq), m[2], r.at})
		return true, nil
	}
	return false, nil
}

const unchangedAffinities = "give what `grep . /proc/irq/*/smp_affinity_list` prints"

// namesQueue reports whether a name is one that a driver gives a receive queue's interrupt,
// and no kernel thread's ("irq/28-eth0-TxRx-0").
func namesQueue(name string) bool {
	_, _, ok := queueAction(name)
	return ok && !strings.HasPrefix(name, "irq/")
}

// set reads setAffinity's parts: "eth0 3 8 -> /proc/irq/134/smp_affinity".
func (r *irqReader) set(m []string) *TextError {
	irq, err := strconv.ParseUint(m[3], 10, 32)
	cpus, wrong := ParseCPUMask(m[2])
	if err != nil || wrong != nil {
		return &TextError{What: fmt.Sprintf("%s is no mask of an IRQ's CPUs", quote.Short(m[0])), Hint: unchangedAffinities}
	}
	row := r.irqs.row(uint32(irq))
	row.affinity = nicmodel.CPUListOf(cpus)
	if row.names == nil {
		if r.irqs.scripted == nil {
			r.irqs.scripted = map[string]int{}
		}
		row.ofQueue(m[1], r.irqs.scripted[m[1]])
		r.irqs.scripted[m[1]]++
	}
	return nil
}

// assign reads assigned's parts: "Assign irq 155 core_id 4", or with a mask, "0x1000000000" say.
func (r *irqReader) assign(m []string) *TextError {
	irq, err := strconv.ParseUint(m[1], 10, 32)
	mask := m[3]
	for i := len(mask) - 8; i > 0 && !strings.Contains(m[3], ","); i -= 8 {
		mask = mask[:i] + "," + mask[i:]
	}
	set, wrong := affinityOf(m[2]+mask, mask != "")
	if err != nil || wrong != nil {
		return &TextError{What: fmt.Sprintf("%s names no CPU", quote.Short(m[0])), Hint: unchangedAffinities}
	}
	r.irqs.row(uint32(irq)).affinity = set
	r.irqs.loose = true
	return nil
}

// tunaRow reads tunaLine's parts, "28 eth0-TxRx-0 3 igb", or ladder's in their order.
func (r *irqReader) tunaRow(m []string) *TextError {
	irq, err := strconv.ParseUint(m[1], 10, 32)
	set, wrong := affinityOf(m[3], strings.HasPrefix(m[3], "0x"))
	if err != nil || wrong != nil {
		return &TextError{What: fmt.Sprintf("%s is no row of interrupts", quote.Short(m[0])), Hint: "give what the tool prints, unchanged"}
	}
	row := r.irqs.row(uint32(irq))
	row.affinity, row.names = set, strings.Split(m[2], ",")
	row.actions = row.names
	return nil
}

// shownAffinities takes the CPUs that shown tells, where nothing else does: all of them
// together tell whether they are masks.
func (r *irqReader) shownAffinities() error {
	if len(r.shown) == 0 || len(r.irqs.rows) > 0 || len(r.irqs.plain) > 0 {
		return nil
	}
	masks, lists := false, false
	for _, a := range r.shown {
		mask := surelyMask.MatchString(a.text)
		masks, lists = masks || mask, lists || !mask && strings.ContainsAny(a.text, ",-")
	}
	first := r.shown[0]
	if masks == lists {
		return &TextError{Line: first.line, What: fmt.Sprintf("%s may be a list of CPUs or a mask", quote.Short(first.text)), Hint: unchangedAffinities}
	}
	for _, a := range r.shown {
		set, err := affinityOf(a.text, masks)
		if err != nil {
			return &TextError{Line: a.line, What: err.Error(), Hint: unchangedAffinities}
		}
		r.irqs.row(a.irq).affinity = set
	}
	r.irqs.loose = true
	return nil
}

// affinityOf is a list of CPUs, or a mask.
func affinityOf(text string, mask bool) (nicmodel.CPUList, error) {
	if !mask {
		return nicmodel.ParseCPUList(text)
	}
	cpus, err := ParseCPUMask(strings.ReplaceAll(text, ",0x", ","))
	return nicmodel.CPUListOf(cpus), err
}
