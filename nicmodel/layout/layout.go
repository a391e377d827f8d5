package layout

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/quote"
)

// Layout is a rule that fills an indirection table of any size. The zero value
// is `equal`: entry i holds queue i mod queues.
type Layout struct {
	kind    layoutKind
	queues  int    // equal, reversed: over so many queues, 0 for all
	start   int    // equal, weight: the first queue
	weights []int  // weight: of queue start, start+1, …
	entries []int  // list: the queues, over and over unless size is set
	cpus    []int  // cpus: the CPUs, likewise
	size    int    // list, cpus: the table's size, 0 for any
	spec    string // as it was given
}

type layoutKind uint8

const (
	layoutEqual layoutKind = iota
	layoutReversed
	layoutBlock
	layoutWeight
	layoutList
	layoutCPUs    // On makes it a list
	layoutWindows // likewise
)

const knownLayouts = "known are equal, equal:N, equal:N,start:S, reversed, reversed:N, block, weight:W0,W1,…, weight:W0,W1,…,start:S, list:Q0,Q1,…, file:PATH, cpus:0-3,8-11, windows:PROFILE and default"

// Parse reads the value of --layout:
//
//	equal              entry i holds queue i mod queues
//	equal:N            i mod N, as `ethtool -X equal N`
//	equal:N,start:S    S + i mod N, as `ethtool -X equal N start S`
//	reversed           (i XOR 3) mod queues: DPDK's i40e before 19.02
//	reversed:N         (i XOR 3) mod N
//	block              i × queues ÷ size, rounded down (Linux igb and igc)
//	weight:6,2         runs in proportion to the weights, as `ethtool -X weight 6 2`
//	weight:6,2,start:S the same from queue S on
//	list:0,1,2,3       the entries themselves
//	file:PATH          the entries of a file that ReadTable reads
//	cpus:0-3,8-11      entry i on the i-th of these CPUs, round robin
//	windows:NUMAStatic as Windows' profile of that name fills it
//
// Of these, file opens the file. It, cpus and windows may name CPUs, and not
// queues: such a layout is to be placed with On.
func Parse(spec string) (Layout, error) {
	l := Layout{spec: spec}
	name, args, hasArgs := strings.Cut(spec, ":")
	var err error
	switch name {
	case "equal":
		err = l.readEqual(args, hasArgs)
	case "reversed":
		l.kind = layoutReversed
		err = l.readQueues(name, args, hasArgs)
	case "block":
		l.kind = layoutBlock
		if hasArgs {
			err = errors.New("block takes no numbers; its queues are those of --queues")
		}
	case "weight":
		err = l.readWeights(args)
	case "list":
		l.kind = layoutList
		l.entries, err = parseSmallList(args)
		l.size = len(l.entries)
	case "file":
		return l.readFile(args)
	case "cpus":
		err = l.readCPUs(args)
	case "windows":
		l.kind = layoutWindows
		err = checkWindowsProfile(args)
	default:
		err = errors.New("unknown layout; " + knownLayouts)
	}
	if err != nil {
		return Layout{}, fmt.Errorf("--layout %s: %w", quote.Short(spec), err)
	}
	return l, nil
}

// readEqual reads "N,start:S", or nothing.
func (l *Layout) readEqual(args string, hasArgs bool) error {
	args, err := l.readStart(args)
	if err != nil {
		return err
	}
	return l.readQueues("equal", args, hasArgs)
}

// readStart reads the first queue off the end of "…,start:S", if it is there, and returns
// what stands before it.
func (l *Layout) readStart(args string) (string, error) {
	rest, start, ok := strings.Cut(args, ",start:")
	if !ok {
		return args, nil
	}
	var err error
	if l.start, err = parseSmall(start); err != nil {
		return "", fmt.Errorf("start: %w", err)
	}
	return rest, nil
}

// readQueues reads the number of queues behind the layout's name; all, where none is given.
func (l *Layout) readQueues(name, args string, given bool) (err error) {
	if !given {
		return nil
	}
	if l.queues, err = parseSmall(args); err == nil && l.queues == 0 {
		err = errors.New("needs at least one queue; give " + name + ":1 or more")
	}
	return err
}

// readWeights reads "6,2" or "6,2,start:S".
func (l *Layout) readWeights(args string) error {
	l.kind = layoutWeight
	args, err := l.readStart(args)
	if err != nil {
		return err
	}
	if l.weights, err = parseSmallList(args); err != nil {
		return err
	}
	if !slices.ContainsFunc(l.weights, func(w int) bool { return w > 0 }) {
		return errors.New("all weights are 0; give at least one queue a weight above 0")
	}
	return nil
}

// readCPUs reads "0-3,8-11".
func (l *Layout) readCPUs(args string) error {
	l.kind = layoutCPUs
	list, err := nicmodel.ParseCPUList(args)
	switch {
	case err != nil:
		return err
	case list.Len() > nicmodel.MaxTableSize:
		return fmt.Errorf("more than %d CPUs", nicmodel.MaxTableSize)
	}
	l.cpus = list.CPUs()
	return nil
}

// parseSmall reads a number of a queue, weight or size.
func parseSmall(s string) (int, error) {
	v, err := strconv.ParseUint(strings.TrimSpace(s), 10, 32)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s is no whole number from 0 to %d", quote.Short(s), nicmodel.MaxQueues)
	case v > nicmodel.MaxQueues:
		return 0, fmt.Errorf("%d is more than the largest possible, %d", v, nicmodel.MaxQueues)
	}
	return int(v), nil
}

// parseSmallList reads numbers with commas between.
func parseSmallList(s string) ([]int, error) {
	if strings.Count(s, ",") >= nicmodel.MaxTableSize {
		return nil, fmt.Errorf("more than %d numbers", nicmodel.MaxTableSize)
	}
	var list []int
	for part := range strings.SplitSeq(s, ",") {
		v, err := parseSmall(part)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// String is the layout as Parse read it; "equal" for the zero value.
func (l Layout) String() string {
	if l.spec == "" {
		return "equal"
	}
	return l.spec
}

// Size is the number of entries that the layout itself sets, a list's or a
// file's length; 0 if it fits tables of any size.
func (l Layout) Size() int { return l.size }

// Fill makes the table of the given size for the given number of queues. A layout
// that names CPUs must have been placed with On. Its errors name the flag at
// fault: --table-size, --queues or --layout.
func (l Layout) Fill(size, queues int) (nicmodel.IndirectionTable, error) {
	if size < 1 || size > nicmodel.MaxTableSize || bits.OnesCount(uint(size)) != 1 {
		if l.size > 0 && size == l.size { // nobody gave a --table-size
			below := 1 << (bits.Len(uint(size)) - 1)
			return nil, fmt.Errorf("--layout %s: has %d entries, which is no power of two; a table has %d or %d, say", l, size, below, below*2)
		}
		return nil, nicmodel.TableSizeError(size)
	}
	if queues < 1 || queues > nicmodel.MaxQueues {
		return nil, fmt.Errorf("--queues %d: give a number from 1 to %d", queues, nicmodel.MaxQueues)
	}
	table := make(nicmodel.IndirectionTable, size)
	var err error
	switch l.kind {
	case layoutEqual:
		err = l.fillEqual(table, queues, 0)
	case layoutReversed:
		err = l.fillEqual(table, queues, 3)
	case layoutBlock:
		for i := range table {
			table[i] = uint16(i * queues / size)
		}
	case layoutWeight:
		err = l.fillWeight(table, queues)
	case layoutList:
		err = l.fillList(table, queues)
	default:
		err = errors.New("names CPUs, and here nothing says which queues are on them; give the entries with list:Q0,Q1,… instead")
	}
	if err != nil {
		return nil, fmt.Errorf("--layout %s: %w", l, err)
	}
	return table, nil
}

// fillEqual fills the table round robin. Where swap is 3 each four entries are in the
// reverse order: DPDK's i40e up to 18.11 (i40e_ethdev.c, i40e_pf_config_rss), its rules
// up to 20.11 and i40evf up to 20.11 wrote a word of four entries with the first in
// its highest byte.
func (l Layout) fillEqual(table nicmodel.IndirectionTable, queues, swap int) error {
	n := l.queues
	if n == 0 {
		n = queues // Parse gives no start without N
	}
	if err := l.fits(n, queues); err != nil {
		return err
	}
	for i := range table {
		table[i] = uint16(l.start + (i^swap)%n)
	}
	return nil
}

// fits checks that n queues from the layout's start on are all below queues.
func (l Layout) fits(n, queues int) error {
	if n > 0 && l.start+n <= queues {
		return nil
	}
	return fmt.Errorf("needs %d queues from queue %d on, but there are only %d; use fewer here, or raise --queues", max(n, 1), l.start, queues)
}

// fillWeight is ethtool.c's fill_indir_table: each queue gets a run of entries,
// whose end is the size times the sum of the weights so far ÷ the sum of all.
func (l Layout) fillWeight(table nicmodel.IndirectionTable, queues int) error {
	if err := l.fits(len(l.weights), queues); err != nil {
		return err
	}
	sum := 0
	for _, w := range l.weights {
		sum += w
	}
	if sum > len(table) {
		return fmt.Errorf("the weights add up to %d, more than the table's %d entries; give smaller weights in the same proportion", sum, len(table))
	}
	queue, partial := -1, 0
	for i := range table {
		for i >= len(table)*partial/sum {
			queue++
			partial += l.weights[queue]
		}
		table[i] = uint16(l.start + queue)
	}
	return nil
}

func (l Layout) fillList(table nicmodel.IndirectionTable, queues int) error {
	if l.size > 0 && l.size != len(table) {
		return fmt.Errorf("the list has %d entries, the table %d; a list is the whole table: give %d, or leave out --table-size and the list's length sets it", l.size, len(table), len(table))
	}
	for i := range table {
		queue := l.entries[i%len(l.entries)]
		if queue >= queues {
			return fmt.Errorf("entry %d is queue %d, but there are only queues 0 to %d; change it, or raise --queues", i, queue, queues-1)
		}
		table[i] = uint16(queue)
	}
	return nil
}
