package nictext

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// RPS is what the kernel's files say of receive packet steering, and of what else
// chooses a CPU or a queue behind a NIC's table.
type RPS struct {
	Interface string
	Masks     map[int][]int // per queue that the text names: the CPUs of its mask, ascending
	All       []int         // the mask of every queue that it does not name, by a command; nil: none
	Written   map[int]bool  // queues whose mask is a command's: what the kernel keeps of it is less
	Online    OnlineCPUs    // where the text tells it, too
	Backlog   int           // net.core.netdev_max_backlog; −1: not said

	SockFlowEntries int  // net.core.rps_sock_flow_entries; 0 without RFS
	FlowCounts      int  // queues with an rps_flow_cnt above 0
	XPS             bool // a transmit queue has a mask

	// Bare is how many masks came without the names of their files: they are taken as those
	// of rx-0, rx-1, and so on.
	Bare int
}

// RFS reports whether receive flow steering is on.
func (r *RPS) RFS() bool { return r.SockFlowEntries > 0 && r.FlowCounts > 0 }

var (
	// A queue's file and its value; its path may be one in a copy of /sys, or that from the
	// interface's folder or the queues', which does not tell the interface.
	rpsFile = lazyregexp.New(`^(?:\S*\bsys/(?:class/net|devices/\S*/net)/([^/\s]+)/queues/|(?:\./)?(?:queues/)?)(rx|tx)-(\d+)/(\w+)(?::|\s*=|\s)\s*(\S+)$`)
	// Commands that set a mask: of one queue, of a range of one-digit ones, of all.
	rpsCommand = lazyregexp.New(`^(?:\S*[#$] )?(?:sudo )?echo (?:-n )?["']?([0-9a-fA-F,]+)["']? *(?:>|\| *(?:sudo )?tee(?: -a)?) *["']?/sys/class/net/([^/\s]+)/queues/rx-(\d+|\*|\[\d-\d\])/(rps_cpus|rps_flow_cnt)\b`)
	rpsSysctl  = lazyregexp.New(`^(?:\S*/net/core/|(?:\S*[:\]])?net\.core\.)(rps_sock_flow_entries|netdev_max_backlog)(?::|\s*=)\s*(\d+)$`)
	rpsWrite   = lazyregexp.New(`(?:>|\btee(?: -a)?) *["']?\S*rps_cpus\b`) // any command that sets a mask
	rpsPath    = lazyregexp.New(`^/sys/(?:class/net|devices)(?:[^:\s]*:?$|.*/queues/r)`)
	rpsBehind  = lazyregexp.New(`\S\s+/sys/\S+/queues/rx-\d+/rps_cpus(?::|\s*=)\s*[0-9a-fA-F,]+$`) // a time, say
	bareMask   = lazyregexp.New(`^(?:0x)?[0-9a-fA-F]{1,8}(?:,[0-9a-fA-F]{1,8})*$`)
	// A kernel thread of an XDP program's CPU map, as ps shows it.
	cpuMapThread = lazyregexp.New(`\[?cpumap/(\d+)/map:(\d+)`)
)

// saysRPS reports whether a line is one of those that ReadRPS reads, a bare mask apart.
func saysRPS(line string) bool {
	return rpsCommand.MatchString(line) || rpsSysctl.MatchString(line) || rpsFile.MatchString(line)
}

// SaysCPUMap tells whether a text shows that an XDP program hands packets to other CPUs
// (cpumap).
func SaysCPUMap(data []byte) bool { return cpuMapThread.MatchString(string(data)) }

// Feature tells whether a feature is on, by what `ethtool -k DEV` prints.
func Feature(data []byte, name string) (on, known bool) {
	if data = data[:min(len(data), maxText)]; !bytes.Contains(data, []byte(name)) {
		return false, false
	}
	for _, line := range Lines(data) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.HasPrefix(value, "on"), true
		}
	}
	return false, false
}

// ParseCPUMask reads a mask as the kernel prints it: hexadecimal groups of up to 8
// digits, commas between, the most significant first. The CPUs ascend.
func ParseCPUMask(text string) ([]int, error) {
	groups := strings.Split(strings.TrimPrefix(text, "0x"), ",")
	if len(groups) > nicmodel.MaxQueues/32 {
		return nil, fmt.Errorf("%s has too many groups", quote.Short(text))
	}
	cpus := []int{}
	for i := range groups {
		group := groups[len(groups)-1-i]
		word, err := strconv.ParseUint(group, 16, 32)
		if err != nil || len(group) > 8 {
			return nil, fmt.Errorf("%s is no mask of CPUs: it is hexadecimal, as ff or 0000,0000ff00", quote.Short(text))
		}
		for ; word != 0; word &= word - 1 {
			cpus = append(cpus, 32*i+bits.TrailingZeros64(word))
		}
	}
	return cpus, nil
}

// ReadRPS reads `grep . /sys/class/net/eth0/queues/*/rps_* /proc/sys/net/core/…`, what
// sysctl prints of these, the commands that set them, or masks alone, one a line in
// the order of the queues; and beside these which CPUs are online. The interface lo is
// skipped. iface is the one to read; "":
// the only one.
func ReadRPS(r io.Reader, name, iface string) (*RPS, error) {
	return readText(r, name, func(lines []string) (*RPS, error) { return readRPS(lines, iface) })
}

func readRPS(lines []string, iface string) (*RPS, error) {
	if iface == "" {
		var err error
		if iface, err = rpsInterface(lines); err != nil {
			return nil, err
		}
	}
	lines = withoutAlike(lines)
	h := rpsReader{rps: &RPS{Interface: iface, Masks: map[int][]int{}, Backlog: -1}}
	var left leftOut
	for i, line := range titledValues(lines) {
		h.at = i + 1
		if err := h.line(line); err != nil {
			return nil, h.wrong(err)
		}
		if err := left.line(i, line, bareMask.MatchString(line) || saysRPS(line)); err != nil {
			return nil, err
		}
	}
	switch {
	case h.unread != nil:
		return nil, h.unread
	case slices.ContainsFunc(lines, rpsBehind.MatchString):
		h.at = 1 + slices.IndexFunc(lines, rpsBehind.MatchString)
		return nil, h.wrong(fmt.Errorf("something stands before the name of a queue's file (%s)", quote.Short(lines[h.at-1])))
	case !h.named && h.rps.Bare == 0:
		return nil, &TextError{What: "holds no masks", Hint: "give what `grep . /sys/class/net/DEV/queues/*/rps_*` prints, or a mask a line in the order of the queues"}
	case h.named && h.rps.Bare > 0:
		return nil, &TextError{What: "holds masks with the names of their files and masks alone", Hint: "give either of them"}
	}
	return h.rps, nil
}

// rpsReader reads a text of RPS line by line.
type rpsReader struct {
	rps    *RPS
	at     int   // the line's number, from 1
	named  bool  // a line says of which file it is
	unread error // of a command that set masks, unless a file was read back after it
}

// wrong is what is wrong with the line.
func (h *rpsReader) wrong(err error) error {
	return &TextError{Line: h.at, What: err.Error(), Hint: "give what `grep . /sys/class/net/DEV/queues/*/rps_*` prints, unchanged"}
}

// line reads a line; one that tells nothing of RPS is passed over.
func (h *rpsReader) line(line string) error {
	if m := rpsSysctl.FindStringSubmatch(line); m != nil {
		h.named = true
		return h.rps.sysctl(m[1], m[2])
	}
	if m := rpsFile.FindStringSubmatch(line); m != nil {
		h.named = true
		if strings.Count(line, "/queues/") > 1 {
			return fmt.Errorf("%s has several files in one line", quote.Short(line))
		}
		if m[1] != h.rps.Interface && m[1] != "" {
			return nil
		}
		if m[4] == "rps_cpus" {
			h.unread = nil
		}
		return h.rps.file(m[2] == "rx", m[3], m[4], m[5])
	}
	if m := rpsCommand.FindStringSubmatch(line); m != nil {
		h.named = true
		if m[2] != h.rps.Interface {
			return nil
		}
		return h.rps.command(m[1], m[3], m[4])
	}
	if is, err := h.rps.Online.Line(line); is {
		return err
	}
	switch {
	case rpsPath.MatchString(line):
		return fmt.Errorf("%s is cut: it has not both a queue's file and its value", quote.Short(line))
	case bareMask.MatchString(line):
		return h.rps.bare(line)
	case rpsWrite.MatchString(line):
		h.unread = h.wrong(fmt.Errorf("%s sets masks, but of which queues and to what can't be read", quote.Short(line)))
	}
	return nil
}

// rpsInterface is the interface that a text has masks of; of several the only one whose
// masks are not 0.
func rpsInterface(lines []string) (string, error) {
	var names, set []string
	note := func(iface string, masked bool) {
		if iface == "lo" || iface == "" {
			return
		}
		if !slices.Contains(names, iface) {
			names = append(names, iface)
		}
		if masked && !slices.Contains(set, iface) {
			set = append(set, iface)
		}
	}
	for _, line := range titledValues(lines) {
		if m := rpsFile.FindStringSubmatch(line); m != nil {
			note(m[1], m[4] == "rps_cpus" && strings.Trim(m[5], "0,") != "")
		} else if m := rpsCommand.FindStringSubmatch(line); m != nil {
			note(m[2], true)
		}
	}
	switch {
	case len(names) == 0:
		return "", nil
	case len(names) == 1:
		return names[0], nil
	case len(set) == 1:
		return set[0], nil
	}
	return "", &TextError{What: "is of " + strings.Join(names, " and "), Hint: "name one with --dev"}
}

// sysctl takes a setting of net.core.
func (r *RPS) sysctl(name, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil {
		return fmt.Errorf("%s is too large", quote.Short(value))
	}
	if name == "netdev_max_backlog" {
		r.Backlog = n
	} else {
		r.SockFlowEntries = n
	}
	return nil
}

// bare takes a mask without the name of its file.
func (r *RPS) bare(mask string) (err error) {
	r.Masks[r.Bare], err = ParseCPUMask(mask)
	r.Bare++
	return err
}

// file takes the value of a queue's file.
func (r *RPS) file(receive bool, queue, file, value string) error {
	q, err := strconv.Atoi(queue)
	if err != nil || q >= nicmodel.MaxQueues {
		return fmt.Errorf("there is no queue %s", quote.Short(queue))
	}
	switch {
	case !receive:
		r.XPS = r.XPS || strings.HasPrefix(file, "xps_") && strings.Trim(value, "0,") != ""
	case file == "rps_flow_cnt":
		if strings.Trim(value, "0") != "" {
			r.FlowCounts++
		}
	case file == "rps_cpus":
		r.Masks[q], err = ParseCPUMask(value)
		delete(r.Written, q)
	}
	return err
}

// command takes what a command sets: of one queue, of a range of them, or of all.
func (r *RPS) command(value, queues, file string) error {
	var from, to int
	switch {
	case queues == "*":
	case strings.HasPrefix(queues, "["):
		from, to = int(queues[1]-'0'), int(queues[3]-'0')
	default:
		var err error
		if from, err = strconv.Atoi(queues); err != nil || from >= nicmodel.MaxQueues {
			return fmt.Errorf("there is no queue %s", quote.Short(queues))
		}
		to = from
	}
	if file == "rps_flow_cnt" {
		if strings.Trim(value, "0") != "" {
			r.FlowCounts++
		}
		return nil
	}
	cpus, err := ParseCPUMask(value)
	if err != nil {
		return err
	}
	if queues == "*" {
		clear(r.Masks)
		r.All = cpus
		return nil
	}
	if r.Written == nil {
		r.Written = map[int]bool{}
	}
	for q := from; q <= to; q++ {
		r.Masks[q], r.Written[q] = cpus, true
	}
	return nil
}

// Of is the mask of a queue; empty without one. written: as a command writes it, of which
// the kernel leaves out the CPUs that are offline at that time; else as it was read back,
// with CPUs that went offline later.
func (r *RPS) Of(queue int) (mask []int, written bool) {
	if mask, ok := r.Masks[queue]; ok {
		return mask, r.Written[queue]
	}
	return r.All, true
}

// Queues is how many receive queues there are, by the names of the files that the text has
// the masks of: 0 if they are not all from rx-0 on, or come of commands.
func (r *RPS) Queues() int {
	if r.Bare > 0 || r.All != nil || len(r.Written) > 0 {
		return 0
	}
	for q := range len(r.Masks) {
		if _, named := r.Masks[q]; !named {
			return 0
		}
	}
	return len(r.Masks)
}

// Merge adds what another text says. Its masks take the place of those here, but for those of
// commands where a mask was read back: which of two texts is older is not known, and a
// command may have been refused, or undone.
func (r *RPS) Merge(other *RPS) {
	if r.Interface == "" {
		r.Interface = other.Interface
	}
	for q, mask := range other.Masks {
		if _, named := r.Masks[q]; named && other.Written[q] && !r.Written[q] {
			continue
		}
		r.Masks[q] = mask
		if delete(r.Written, q); other.Written[q] {
			if r.Written == nil {
				r.Written = map[int]bool{}
			}
			r.Written[q] = true
		}
	}
	r.Bare = max(r.Bare, other.Bare)
	r.Online.Merge(&other.Online)
	if other.All != nil {
		r.All = other.All
	}
	if other.Backlog >= 0 {
		r.Backlog = other.Backlog
	}
	r.SockFlowEntries = max(r.SockFlowEntries, other.SockFlowEntries)
	r.FlowCounts += other.FlowCounts
	r.XPS = r.XPS || other.XPS
}

// CPUs are those of any mask, ascending.
func (r *RPS) CPUs() []int {
	all := slices.Clone(r.All)
	for _, mask := range r.Masks {
		all = append(all, mask...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
