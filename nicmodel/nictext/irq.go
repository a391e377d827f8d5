package nictext

import (
	"cmp"
	"fmt"
	"io"
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
	cpus  []int              // of the columns of /proc/interrupts; nil without it
	note  string             // what the reader of a result must know of the CPUs

	scripted map[string]int // by interface: how many of the rows set_irq_affinity has printed
	loose    bool           // of Nvidia's scripts, which also have interrupts that are no queue's
	hyperV   bool           // a row counts those of Hyper-V, which the NIC's are among
}

type irqRow struct {
	actions   []string       // what follows the counts: chip, hardware IRQ, names of actions, word by word
	names     []string       // the names of the actions, which may have spaces
	counts    map[int]uint64 // interrupts on each CPU
	unplaced  uint64         // interrupts of which the text does not say the CPU
	affinity  nicmodel.CPUList
	effective nicmodel.CPUList // which of affinity's CPUs the interrupt really goes to
	cut       bool             // lines are left out behind its row
}

var (
	irqHeader    = lazyregexp.New(`^CPU\d+(\s+CPU\d+)*$`)
	irqColumns   = lazyregexp.New(`^\PL*CPU0[\s,|]+CPU1\b`)
	irqLine      = lazyregexp.New(`^(\d+):\s+(\d.*)$`)
	affinityLine = lazyregexp.New(`^\S*/irq/(\d+)/(?:[^/\s]+/\.\./)?(smp|effective)_affinity(_list)?(?::|\s*=|\s)\s*(\S*)$`)
	// What people's loops print: "IRQ 32: smp_affinity = 0x1", "IRQ 32 (eth0-TxRx-0): smp_affinity_list = 0".
	affinityLoop = lazyregexp.New(`^IRQ (\d+)(?: \([^()]*\))?: (smp|effective)_affinity(_list)? = (\S+)$`)
	otherLoop    = lazyregexp.New(`(?i)^irq\W*\d+\b.*\b(?:affinity|cpus?)\b\W*[\da-fx,-]+$`)
	// A command that sets it, as rpsCommand.
	affinityCommand = lazyregexp.New(`^(?:\S*[#$] )?(?:sudo )?echo (?:-n )?["']?([0-9a-fA-F,-]+)["']? *(?:>|\| *(?:sudo )?tee(?: -a)?) *["']?/proc/irq/(\d+)/smp_affinity(_list)?\b`)
	affinityCut     = lazyregexp.New(`^\S*/irq/\d+/(?:smp|effective)_`)
	affinityName    = lazyregexp.New(`^\S*/irq/\d+/(?:smp|effective)_affinity(?:_list)?$`) // in a list of files
	plainCPUs       = lazyregexp.New(`^\d+(-\d+)?(,\d+(-\d+)?)*$`)
	// A mask of CPUs that is no list: it has a letter, or zeros before its number.
	surelyMask = lazyregexp.New(`^(?:0x)?(?:0[0-9a-fA-F]+|[0-9]*[a-fA-F][0-9a-fA-F]*)(?:,[0-9a-fA-F]{8})*$`)
	trigger    = lazyregexp.New(`(?i)^(?:\d+-|-)?(?:edge|level|fasteoi|event)$`)
	rowStart   = lazyregexp.New(`^(?:\w+:(?:\s|$)|/)`) // of a row, or of a file's name
	rowEnd     = lazyregexp.New(`^\d+\s+\S|(?i)\b(?:msix?|apic|pirq|edge|level|fasteoi|event)\b`)
	secondRow  = lazyregexp.New(`^\d+:$`)
	rowsCut    = lazyregexp.New(`^\W*(?:\.\.\.|…)\W*$|(?i)\b(?:snip|omitted|truncated)\b`)
	rowInside  = lazyregexp.New(`\b\d+:\s+(\d+\s.*)$`) // behind something else
	// FreeBSD's `vmstat -ia`, and rows that name the CPU as well.
	freeBSDLine = lazyregexp.New(`^irq(\d+): (\S+:que \d+|\S+)(?: @cpu(\d+)(?:\(domain\d+\))?)?:?\s+(\d+)(?:\s+\d+)?$`)
)

// TitlesCPUs reports whether a line names the CPUs of columns below it, as the first of
// /proc/interrupts and /proc/softirqs does.
func TitlesCPUs(line string) bool { return irqHeader.MatchString(line) }

// ColumnCPUs are the CPUs that such a line names, by column: 0, 1 and 4 of "CPU0 CPU1
// CPU4". The error names the first whose number has more than so many bits.
func ColumnCPUs(line string, bits int) ([]int, error) {
	var cpus []int
	for column := range strings.FieldsSeq(line) {
		cpu, err := strconv.ParseUint(column[len("CPU"):], 10, bits)
		if err != nil {
			return nil, fmt.Errorf("%s is no CPU", quote.Short(column))
		}
		cpus = append(cpus, int(cpu))
	}
	return cpus, nil
}

// ReadIRQs reads /proc/interrupts, the lines of
// `grep . /proc/irq/*/*_affinity_list` (or *_affinity, masks), or both one after the other,
// and commands that set them; or CPU lists alone, one line for each queue in order. Rows of
// /proc/interrupts may come without the line of CPUs above them (`grep eth0`); FreeBSD's `vmstat -ia`, Open vSwitch's
// `pmd-rxq-show`, VPP's `show interface rx-placement` and Hyper-V's `lsvmbus -vv` are read,
// too.
// So is what tools print that set or show affinities (irq_tools.go). Lines that mail or a terminal has
// broken between words become one again.
// Name is the text's name in errors, which are *TextError for what the text says.
//
// Sources: Linux 6.12, kernel/irq/proc.c show_interrupts; FreeBSD, usr.bin/vmstat.
func ReadIRQs(r io.Reader, name string) (*IRQs, error) {
	return readLongText(r, name, MaxInterrupts, ParseIRQs)
}

// ParseIRQs is ReadIRQs of Lines.
func ParseIRQs(lines []string) (*IRQs, error) {
	lines = withoutAlike(lines)
	if slices.ContainsFunc(lines, ovsThread.MatchString) {
		return readPMD(lines)
	}
	if slices.ContainsFunc(lines, vppThread.MatchString) {
		return readRXPlacement(lines)
	}
	if slices.ContainsFunc(lines, saysVMBus) {
		return readVMBus(lines)
	}
	q := &IRQs{rows: map[uint32]*irqRow{}}
	read := irqReader{irqs: q}
	var left leftOut // of lists whose order is all that tells their queues
	for i, line := range Unbroken(titledValues(lines)) {
		before := len(q.plain)
		read.at = i + 1
		if err := read.line(line); err != nil {
			err.Line = i + 1
			return nil, err
		}
		if err := left.line(i, line, len(q.plain) > before); err != nil {
			return nil, err
		}
	}
	if err := read.shownAffinities(); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(lines, namesColumns); i >= 0 && (read.cpus == nil || q.bare > 0) {
		return nil, &TextError{Line: i + 1, What: fmt.Sprintf("%s is not the first line of /proc/interrupts as the kernel prints it", quote.Short(lines[i])), Hint: unchangedInterrupts}
	}
	q.cpus = read.cpus
	if len(q.rows) == 0 && len(q.plain) == 0 {
		if q.hyperV {
			return nil, &TextError{What: "has no interrupt of a NIC", Hint: "give what" + ofHyperV}
		}
		if i := slices.IndexFunc(lines, saysMultiqueue.MatchString); i >= 0 {
			return nil, &TextError{Line: i + 1, What: "is of google_set_multiqueue's log, which does not tell the interrupts of receive queues from others", Hint: bothInterrupts}
		}
		return nil, &TextError{What: "holds no interrupts", Hint: bothInterrupts + "; elsewhere than on Linux, the CPUs with --affinity"}
	}
	return q, nil
}

// CPUs are those that /proc/interrupts has columns of, which are online; nil where it was
// not read.
func (q *IRQs) CPUs() []int { return q.cpus }

// namesColumns reports whether a line is, or was made of, the one that names the CPUs of
// the columns of /proc/interrupts.
func namesColumns(line string) bool {
	return strings.Contains(line, "CPU0") && irqColumns.MatchString(line)
}

// Unbroken is the lines with those of /proc/interrupts whole that were broken between two
// words, each at the place of its first part.
func Unbroken(lines []string) []string {
	out := lines
	for i := 0; i < len(lines); i++ {
		line, end := lines[i], i+1
		for end < len(lines) && goesOn(line, lines[end]) {
			line += " " + lines[end]
			end++
		}
		if end == i+1 {
			continue
		}
		if &out[0] == &lines[0] {
			out = slices.Clone(lines)
		}
		out[i] = line
		clear(out[i+1 : end])
		i = end - 1
	}
	return out
}

// goesOn reports whether the next line is the rest of a row that has no name yet, or of the
// line that names the CPUs.
func goesOn(line, next string) bool {
	if next == "" || rowStart.MatchString(next) {
		return false
	}
	if irqHeader.MatchString(line) {
		return irqHeader.MatchString(next) && cpuNumber(next[:strings.IndexAny(next+" ", " \t")]) > cpuNumber(line[strings.LastIndexByte(line, 'C'):])
	}
	m := irqLine.FindStringSubmatch(line)
	if m == nil || isCut(next) {
		return false
	}
	fields := strings.Fields(m[2])
	words := slices.IndexFunc(fields, func(field string) bool { return strings.Trim(field, "0123456789") != "" })
	if words < 0 {
		return rowEnd.MatchString(next)
	}
	return words == len(fields)-1 || trigger.MatchString(fields[len(fields)-1])
}

// cpuNumber is the number in "CPU12".
func cpuNumber(column string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(column, "CPU")) // one that is too large is 0, and said later
	return n
}

// irqReader reads one text, line by line.
type irqReader struct {
	irqs  *IRQs
	cpus  []int // of the columns of /proc/interrupts; nil before it begins
	shown []shownAffinity
	tuna  bool    // its title was read
	at    int     // the line's number, from 1
	last  *irqRow // of /proc/interrupts, which the line before had
}

const (
	unchangedInterrupts = "give /proc/interrupts unchanged"
	bothInterrupts      = "give /proc/interrupts, what `grep . /proc/irq/*/smp_affinity_list` prints, or both"
	ofHyperV            = " `grep . /sys/class/net/DEV/device/channel_vp_mapping` prints: Hyper-V's own NIC has no rows here"
)

// line reads a line of any of the texts; others are passed over. The error has no line.
func (r *irqReader) line(line string) *TextError {
	if r.last != nil && line != "" {
		r.last.cut = rowsCut.MatchString(line)
		r.last = nil
	}
	if irqHeader.MatchString(line) {
		return r.header(line)
	}
	r.irqs.hyperV = r.irqs.hyperV || strings.HasPrefix(line, "HYP:")
	if saysMultiqueue.MatchString(line) {
		return nil
	}
	if m := affinityLine.FindStringSubmatch(line); m != nil && strings.Count(line, "_affinity") == 1 { // not two lines joined
		return r.affinity(m)
	}
	if m := affinityLoop.FindStringSubmatch(line); m != nil {
		return r.affinity(m)
	}
	if m := affinityCommand.FindStringSubmatch(line); m != nil {
		return r.affinity([]string{line, m[2], "set", m[3], m[1]})
	}
	if affinityCut.MatchString(line) && !affinityName.MatchString(line) {
		return &TextError{What: fmt.Sprintf("%s has not the name of one file, and its value", quote.Short(line)), Hint: "give what `grep . /proc/irq/*/smp_affinity_list` prints, unchanged"}
	}
	if known, err := r.tool(line); known || err != nil {
		return err
	}
	if m := freeBSDLine.FindStringSubmatch(line); m != nil {
		return r.freeBSD(m)
	}
	if otherLoop.MatchString(line) {
		return &TextError{What: fmt.Sprintf("%s tells an interrupt's CPUs in a form that is not known", quote.Short(line)), Hint: unchangedAffinities}
	}
	if m := irqLine.FindStringSubmatch(line); m != nil {
		if isCut(m[2]) {
			return &TextError{What: fmt.Sprintf("IRQ %.10s has columns left out", m[1]), Hint: unchangedInterrupts}
		}
		if r.cpus == nil {
			r.cpus = bareColumns(m[2])
			r.irqs.bare = len(r.cpus)
		}
		if r.cpus != nil {
			return r.counts(m)
		}
	}
	if m := rowInside.FindStringSubmatch(line); m != nil && isQueueRow(m[1]) {
		return &TextError{What: fmt.Sprintf("%s has a row of /proc/interrupts behind something else", quote.Short(line)), Hint: unchangedInterrupts}
	}
	if r.cpus == nil && len(r.irqs.rows) == 0 && surelyMask.MatchString(line) {
		return &TextError{What: fmt.Sprintf("%s is a mask of CPUs rather than a list", quote.Short(line)), Hint: "give lists (smp_affinity_list), or masks with the names of their files, as `grep . /proc/irq/*/smp_affinity` prints them"}
	}
	if r.cpus == nil && len(r.irqs.rows) == 0 && plainCPUs.MatchString(line) {
		set, err := nicmodel.ParseCPUList(line)
		if err != nil {
			return &TextError{What: fmt.Sprintf("%s is no list of CPUs", quote.Short(line)), Hint: "a list is 0-3,8-11"}
		}
		r.irqs.plain = append(r.irqs.plain, set)
	}
	return nil
}

// header reads the first line of /proc/interrupts.
func (r *irqReader) header(line string) *TextError {
	columns := strings.Fields(line)
	if last := len(r.cpus) - 1; last >= 0 && columns[0] == fmt.Sprintf("CPU%d", r.cpus[last]+1) {
		return &TextError{What: "the line of CPUs goes on here", Hint: unchangedInterrupts + ", its long lines not broken"}
	}
	if r.cpus != nil {
		return &TextError{What: "a second /proc/interrupts starts here", Hint: "give one; a second one as a file of its own"}
	}
	cpus, err := ColumnCPUs(line, 16)
	if err != nil {
		return &TextError{What: err.Error(), Hint: unchangedInterrupts}
	}
	r.cpus = cpus
	return nil
}

// affinity reads affinityLine's parts: "/proc/irq/24/smp_affinity_list:0-3", or of the same
// file as a mask "/proc/irq/24/smp_affinity:f". What a command sets takes effect, too.
func (r *irqReader) affinity(m []string) *TextError {
	irq, err := strconv.ParseUint(m[1], 10, 32)
	var set nicmodel.CPUList
	var wrong error
	if m[3] != "" {
		set, wrong = nicmodel.ParseCPUList(m[4])
	} else {
		var cpus []int
		if cpus, wrong = ParseCPUMask(m[4]); wrong == nil {
			set = nicmodel.CPUListOf(cpus)
		}
	}
	if wrong != nil || err != nil {
		return &TextError{What: fmt.Sprintf("%s is no list of CPUs, and no mask", quote.Short(m[4])), Hint: "a list is 0-3,8-11; give what `grep . /proc/irq/*/smp_affinity_list` prints"}
	}
	row := r.irqs.row(uint32(irq))
	switch m[2] {
	case "effective":
		row.effective = set
	case "set":
		row.affinity, row.effective = set, nil
	default:
		row.affinity = set
	}
	return nil
}

// freeBSD reads freeBSDLine's parts: "irq264: ix0:rxq0 12345 12", of all CPUs together, or
// "irq264: ix0:rxq0:264 @cpu3(domain0): 12345 12".
func (r *irqReader) freeBSD(m []string) *TextError {
	irq, err := strconv.ParseUint(m[1], 10, 32)
	n, countErr := strconv.ParseUint(m[4], 10, 64)
	if err != nil || countErr != nil {
		return &TextError{What: fmt.Sprintf("%s is no row of interrupts", quote.Short(m[0])), Hint: "give what `vmstat -ia` prints, unchanged"}
	}
	row := r.irqs.row(uint32(irq))
	row.names = []string{m[2]}
	row.actions = row.names
	row.counts = map[int]uint64{}
	if cpu, err := strconv.ParseUint(m[3], 10, 16); err == nil {
		row.counts[int(cpu)] = n
		row.affinity = nicmodel.CPUListOf([]int{int(cpu)})
	} else {
		row.unplaced = n
	}
	return nil
}

// counts reads irqLine's parts, a numbered row of /proc/interrupts:
// "24: 17 0 PCI-MSIX-0000:3b:00.0 1-edge eth0-TxRx-0".
func (r *irqReader) counts(m []string) *TextError {
	irq, err := strconv.ParseUint(m[1], 10, 32)
	if err != nil {
		return &TextError{What: fmt.Sprintf("%.20s is no IRQ", m[1]), Hint: unchangedInterrupts}
	}
	fields := strings.Fields(m[2])
	if len(fields) < len(r.cpus) {
		return &TextError{What: fmt.Sprintf("IRQ %d has %d fields, but there are %d CPUs", irq, len(fields), len(r.cpus)), Hint: unchangedInterrupts + ", its long lines not broken"}
	}
	row := r.irqs.row(uint32(irq))
	if row.counts != nil {
		return &TextError{What: fmt.Sprintf("IRQ %d comes again", irq), Hint: "give one /proc/interrupts"}
	}
	r.last = row
	row.counts = make(map[int]uint64)
	for c, cpu := range r.cpus {
		n, err := strconv.ParseUint(fields[c], 10, 64)
		if err != nil {
			return &TextError{What: fmt.Sprintf("IRQ %d: the count of CPU %d is %s", irq, cpu, quote.Short(fields[c])), Hint: unchangedInterrupts + ", its long lines not broken"}
		}
		row.counts[cpu] = n
	}
	words := fields[len(r.cpus):]
	if len(words) > 0 && strings.Trim(words[0], "0123456789") == "" {
		return &TextError{What: fmt.Sprintf("IRQ %d has more counts than the %d CPUs", irq, len(r.cpus)), Hint: unchangedInterrupts + ", its long lines not broken"}
	}
	if slices.ContainsFunc(words, secondRow.MatchString) {
		return &TextError{What: fmt.Sprintf("IRQ %d has another row in its line", irq), Hint: unchangedInterrupts}
	}
	for _, action := range words {
		row.actions = append(row.actions, strings.TrimSuffix(action, ","))
	}
	row.names = actionNames(words)
	return nil
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

// bareRow reports whether a line is a row of /proc/interrupts of a receive queue.
func bareRow(line string) bool {
	m := irqLine.FindStringSubmatch(line)
	return m != nil && isQueueRow(m[2])
}

// isQueueRow reports whether what follows an IRQ's number is a row of a receive queue, under
// a name that a driver gives it; the name may be set off by marks.
func isQueueRow(row string) bool {
	return bareColumns(row) != nil && slices.ContainsFunc(actionNames(strings.Fields(row)), func(name string) bool {
		return namesQueue(strings.Trim(name, "*_~|\"'"))
	})
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

// ofQueue names the row as the interrupt of a device's queue would be.
func (r *irqRow) ofQueue(device string, queue int) {
	r.names = []string{fmt.Sprintf("%s-rx-%d", device, queue)}
	r.actions = r.names
}

// Merge adds what other tells. Of two counts of an IRQ, from before and after
// some time, the one with more interrupts stays.
func (q *IRQs) Merge(other *IRQs) {
	for irq, from := range other.rows {
		row := q.row(irq)
		if from.total() >= row.total() && (from.counts != nil || from.names != nil && row.counts == nil) {
			row.counts, row.unplaced, row.actions, row.names, row.cut = from.counts, from.unplaced, from.actions, from.names, from.cut
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
	if len(other.cpus) > len(q.cpus) {
		q.cpus = other.cpus
	}
	q.bare, q.note, q.loose = max(q.bare, other.bare), cmp.Or(q.note, other.note), q.loose || other.loose
}

func (r *irqRow) total() (n uint64) {
	for _, count := range r.counts {
		n += count
	}
	return n + r.unplaced
}
