package nictext

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// Format is the form in which a table was given.
type Format uint8

const (
	EthtoolText       Format = iota // ethtool -x
	EthtoolJSON                     // ethtool --json -x
	WindowsNetAdapter               // Get-NetAdapterRss
	PlainList                       // numbers alone
	OwnReport                       // rssreplay --format json
	Testpmd                         // testpmd's show port N rss reta
	FreeBSD                         // sysctl net.inet.rss
	YNL                             // ynl --family ethtool --dump rss-get
	FreeBSDENA                      // sysctl dev.ena.0.rss

	NumFormats = iota
)

var formatNames = [NumFormats]string{
	EthtoolText: "ethtool -x", EthtoolJSON: "ethtool --json -x", WindowsNetAdapter: "Get-NetAdapterRss", PlainList: "list of numbers",
	OwnReport: "rssreplay --format json", Testpmd: "testpmd's show port rss reta", FreeBSD: "sysctl net.inet.rss", YNL: "ynl's rss-get",
	FreeBSDENA: "sysctl dev.ena.N.rss",
}

// String is the command that prints the form, "ethtool -x"; "list of numbers"
// for a plain list.
func (f Format) String() string {
	if int(f) < len(formatNames) {
		return formatNames[f]
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// HashFunction is the function that the NIC says it hashes with. Toeplitz alone is known
// well enough to be predicted: the caller refuses the others by name.
type HashFunction uint8

const (
	FunctionNotShown HashFunction = iota // the text says nothing of it: nearly always Toeplitz
	FunctionToeplitz
	FunctionXOR
	FunctionCRC32
	FunctionUnknown // one that the text does not name

	NumHashFunctions = iota
)

var functionNames = [NumHashFunctions]string{"not shown", "toeplitz", "xor", "crc32", "unknown"}

// String is ethtool's name of the function; "not shown" or "unknown" without one.
func (f HashFunction) String() string {
	if int(f) < len(functionNames) {
		return functionNames[f]
	}
	return fmt.Sprintf("function(%d)", uint8(f))
}

// functionNamed is the function of ethtool's name.
func functionNamed(name string) HashFunction {
	for f := FunctionToeplitz; f <= FunctionCRC32; f++ {
		if name == functionNames[f] {
			return f
		}
	}
	return FunctionUnknown
}

// Processor is a CPU as Windows numbers them: within a group of at most 64.
type Processor struct{ Group, Number uint16 }

// String is the processor in Windows' form, "1:38".
func (p Processor) String() string { return fmt.Sprintf("%d:%d", p.Group, p.Number) }

// CPU is a number of its own for each processor: 64 × group + number.
func (p Processor) CPU() int { return 64*int(p.Group) + int(p.Number) }

// ProcessorOf is the processor of that CPU.
func ProcessorOf(cpu int) Processor { return Processor{uint16(cpu / 64), uint16(cpu % 64)} }

// ImportedTable is what a text tells of a NIC's receive side scaling. What it
// does not show has the zero value.
type ImportedTable struct {
	Format    Format
	Interface string // the interface's name
	Rings     int    // receive queues; 0 if not shown. The table may lead to more: it is stale then

	// Spare are processors that Windows' text names besides those of the table, as
	// many as Rings and MaxProcessors leave room for: RSS could use them, too.
	Spare []Processor
	// Near and Far are the processors of Windows' RssProcessorArray, by its NUMA distance: 0, on the
	// NIC's node, or more.
	Near, Far []Processor

	// Table is nil if the driver shows none (the text then has a key). Of
	// Windows, whose entries are CPUs and not queues, it holds for each entry
	// the index of its CPU in Processors.
	Table nicmodel.IndirectionTable
	// Processors are the different CPUs of the entries, in the order of their
	// first one; nil unless EntriesAreCPUs.
	Processors []Processor

	// Hashed is what is hashed of a kind of packet, by ethtool's words for it ("TCP over IPV4"):
	// "sdfn", "sd" or "" for nothing; nil unless of YNL.
	Hashed map[string]string

	Affinity  []int       // the CPU of each queue; nil unless of OwnReport or FreeBSD
	HashTypes *hash.Types // the enabled ones; nil unless of OwnReport

	// What only a report of this tool tells: its function, and the words of
	// --rx-flow-hash where HashTypes does not hold all that they say.
	OwnFunction hash.Function
	FlowHash    string

	Key            hash.Key // nil if not shown
	DefaultKey     bool     // OwnReport's is this program's default, and no NIC's own
	Function       HashFunction
	Transform      hash.Transform
	TransformShown bool // false: an older ethtool; mlx5 transforms all the same
	OrXORShown     bool // false: an ethtool before 6.15, which does not know SymmetricOrXOR

	Context int    // the RSS context that the text is of, where it says so; 0: the main one
	Note    string // what may be missing, for the reader of the result
	Profile string // Get-NetAdapterRss': how Windows chooses processors, NUMAStatic, say; "" if unknown
}

// EntriesAreCPUs reports whether the text's entries are CPUs (Windows) and not
// queues: each CPU then counts as a queue, with the affinity QueueCPU.
func (t *ImportedTable) EntriesAreCPUs() bool { return t.Format == WindowsNetAdapter }

// HashedFields is what the text tells of the fields that are hashed, nil if nothing.
func (t *ImportedTable) HashedFields() *FlowHash {
	if len(t.Hashed) == 0 {
		return nil
	}
	return &FlowHash{fields: t.Hashed}
}

// QueueCPU is the CPU of each queue where the text tells it, of Windows and of
// this tool's own report; else nil.
func (t *ImportedTable) QueueCPU() []int {
	cpus := slices.Clone(t.Affinity)
	for _, p := range t.Processors {
		cpus = append(cpus, p.CPU())
	}
	return cpus
}

// ReadTable reads a table in whichever of the known forms it has: the output of
// `ethtool -x`, `ethtool --json -x` or `Get-NetAdapterRss`, also pasted with a
// shell prompt, indentation or mail quoting, a plain list of numbers, or the JSON
// report of this tool. Name
// is the text's name in errors, which are *TextError for what the text says.
//
// Sources: ethtool 3.15 to 6.15 (print_indir_table, netlink/rss.c) and the
// documented output of Get-NetAdapterRss.
func ReadTable(r io.Reader, name string) (*ImportedTable, error) {
	return readText(r, name, readTable)
}

func readTable(lines []string) (*ImportedTable, error) {
	read := findForm(lines)
	if read == nil {
		return nil, knownOther(lines)
	}
	table, err := read(lines)
	if err != nil {
		return nil, err
	}
	switch {
	case table.Table != nil:
		return table, nil
	case table.Format == WindowsNetAdapter:
		return nil, &TextError{What: "the indirection table is empty", Hint: "RSS is off, or the adapter is a team: see Enable-NetAdapterRss, and take the adapters that it consists of"}
	case table.Key == nil:
		return nil, &TextError{What: "the driver shows neither a table nor a key", Hint: "without them give --table-size, --layout and --key"}
	}
	return table, nil
}

// knownOther says what a text is that holds no table, and what to give.
func knownOther(lines []string) error {
	if i := slices.IndexFunc(lines, saysNoTable); i >= 0 {
		return &TextError{
			Line: i + 1, What: "the driver shows no indirection table and no key: RSS can't be read there, or there is none",
			Hint: "leave it out, and give `--queues 1` if the NIC has one queue, or --nic if its driver is known (rssreplay nics); of virtio without VIRTIO_NET_F_RSS the host chooses the queues, which can't be predicted",
		}
	}
	if i := withoutHeader(lines); i >= 0 {
		return &TextError{
			Line: i + 1, What: "rows of ethtool -x begin here, and its first line is not above them (RX flow hash indirection table for IF with N RX ring(s):)",
			Hint: wholeEthtool + " IF, that line included",
		}
	}
	if i := slices.IndexFunc(lines, windowsVMQ.MatchString); i >= 0 {
		return &TextError{
			Line: i + 1, What: "is of Get-NetAdapterVmq or Get-NetAdapterVmqQueue: VMQ chooses a queue by the MAC address of the virtual machine, and not by a hash",
			Hint: "for vRSS give what Get-NetAdapterRss prints within the virtual machine",
		}
	}
	if i := slices.IndexFunc(lines, windowsOther.MatchString); i >= 0 {
		return &TextError{
			Line: i + 1, What: "is of Get-NetAdapterRss, in a form that leaves the indirection table out, or has it otherwise (| ft, | fl * of some versions, ConvertTo-Json, Export-Csv)",
			Hint: "give what Get-NetAdapterRss -Name NIC prints, with nothing behind it",
		}
	}
	if _, err := ReadQueueCounters(strings.Join(lines, "\n")); err == nil {
		return &TextError{
			What: "holds what the queues counted (ethtool -S), and no table",
			Hint: "give the output of ethtool -x here; `rssreplay verify CAPTURE --counters-before FILE --counters-after FILE` compares counters with the prediction",
		}
	}
	return &TextError{
		What: "holds none of the known forms of a table",
		Hint: "give the whole output, its first line included, of ethtool -x IF, ethtool --json -x IF, Get-NetAdapterRss -Name IF, testpmd's show port 0 rss reta or FreeBSD's sysctl net.inet.rss, or the entries as a list of numbers",
	}
}

// saysNoTable reports whether the line is ethtool's answer of a driver without a table:
// evidence, too. Source: ethtool 7.2, ethtool.c do_grxfh, do_grxfhindir and netlink/rss.c.
func saysNoTable(line string) bool {
	return strings.HasPrefix(line, "Cannot get RX ring count") || strings.HasPrefix(line, "Cannot get RX flow hash indir") ||
		strings.HasPrefix(line, "Cannot get RX flow hash configuration") || strings.HasPrefix(line, anyRefusal)
}

// anyRefusal is what ethtool says of all that the driver has not, a table or else.
const anyRefusal = "netlink error: Operation not supported"

// namesTable is in the name of a file that has the text of `ethtool -x`, as support tools
// and people write it.
var namesTable = lazyregexp.New(`(?i)-x(?:\W|_|$)|rxfh|rss|indir`)

// NoTable reports whether the text, of a file of that name, says that the driver shows
// neither a table nor a key: by an error, or by ethtool's title with nothing below it. An
// error that may be about anything counts where the file's name says that it was asked for
// the table.
func NoTable(name string, data []byte) bool {
	lines := Lines(data[:min(len(data), maxText)])
	for i, line := range lines {
		if saysNoTable(line) && (!strings.HasPrefix(line, anyRefusal) || namesTable.MatchString(path.Base(name))) {
			return true
		}
		if ethtoolHeader.MatchString(line) && i+1 < len(lines) && lines[i+1] == notSupported {
			return !slices.ContainsFunc(lines, keyLine.MatchString)
		}
	}
	return false
}

// findForm is the reader of the lines' form, nil if it is none.
func findForm(lines []string) func([]string) (*ImportedTable, error) {
	for _, line := range lines {
		switch {
		case ethtoolHeader.MatchString(line):
			return readEthtool
		case windowsTable.MatchString(line):
			return readWindows
		case strings.Contains(line, ownSchema):
			return readOwnReport
		case testpmdEntry.MatchString(line):
			return readTestpmd
		case freeBSDBuckets.MatchString(line):
			return readFreeBSD
		case enaTable.MatchString(line):
			return readENA
		case strings.Contains(line, `"ifname"`), strings.Contains(line, `"rss-indirection-table"`):
			return readEthtoolJSON
		}
	}
	switch {
	case isYNL(lines):
		return readYNL
	case isPlainList(lines):
		return readPlainList
	}
	return nil
}

// isCut reports whether the line stands for lines left out: "[...snip...]", "<omitted>", a
// dot alone.
func isCut(line string) bool {
	return line != "" && strings.Trim(line, ".: ") == "" || slices.ContainsFunc(cutMarks, func(mark string) bool { return strings.Contains(line, mark) })
}

var cutMarks = []string{"...", "…", "snip", "Snip", "SNIP", "omitted", "truncated", "<cut>", "[cut]", "8<", ">8", "✂"}

// cutError says that line i, counted from 0, stands for rows left out.
func cutError(i int) *TextError {
	return &TextError{Line: i + 1, What: "rows are left out here", Hint: "give the text whole"}
}

// leftOut watches for what stands for lines left out between two that are read.
type leftOut struct {
	after bool // the last line, but for those, was read
	at    int  // what stands for others after it, from 1; 0 without one
}

// line is told of line i, counted from 0, and whether it was read.
func (l *leftOut) line(i int, line string, read bool) error {
	switch {
	case read && l.at > 0:
		return &TextError{Line: l.at, What: "lines are left out here", Hint: "give the text whole"}
	case read:
		l.after = true
	case isCut(line) && l.after:
		l.at = i + 1
	case line != "":
		l.after, l.at = false, 0
	}
	return nil
}

// parseEntry reads one entry's queue.
func parseEntry(field string) (uint16, error) {
	v, err := strconv.ParseUint(field, 10, 16)
	if err != nil || v >= nicmodel.MaxQueues {
		return 0, fmt.Errorf("%s is no queue from 0 to %d", quote.Short(field), nicmodel.MaxQueues-1)
	}
	return uint16(v), nil
}

// listFields are the numbers of a line, as a list in C, Python or JSON has them, too.
func listFields(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(", \t[]{}();", r) })
}

// isPlainList reports whether the first line that is neither blank nor a
// comment has nothing but numbers.
func isPlainList(lines []string) bool {
	for _, line := range lines {
		if line == "" || line[0] == '#' {
			continue
		}
		fields := listFields(line)
		if len(fields) == 0 {
			continue // a bracket alone
		}
		for _, field := range fields {
			if _, err := strconv.ParseUint(field, 10, 64); err != nil {
				return false
			}
		}
		return true
	}
	return false
}

// readPlainList reads queue numbers with spaces, commas or line ends between;
// lines that start with # are comments.
func readPlainList(lines []string) (*ImportedTable, error) {
	t := &ImportedTable{Format: PlainList}
	if numberedPairs(lines) {
		return nil, &TextError{What: "each line has two numbers, of which the first count on: they may be an entry and its queue", Hint: "give the queues alone, or the list in one line"}
	}
	for i, line := range lines {
		if line == "" || line[0] == '#' {
			continue
		}
		if isCut(line) {
			return nil, cutError(i)
		}
		for _, field := range listFields(line) {
			queue, err := parseEntry(field)
			if err != nil {
				return nil, &TextError{Line: i + 1, What: err.Error(), Hint: "a list has one number for each entry, comments on lines that start with #"}
			}
			t.Table = append(t.Table, queue)
		}
	}
	return t, checkSize(len(t.Table))
}

// numberedPairs reports whether each line, of four at least, has two numbers, and the first
// ones count on.
func numberedPairs(lines []string) bool {
	last, n := uint64(0), 0
	for _, line := range lines {
		fields := listFields(line)
		if len(fields) == 0 || line[0] == '#' {
			continue
		}
		first, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil || len(fields) != 2 || n > 0 && first != last+1 {
			return false
		}
		last, n = first, n+1
	}
	return n >= 4
}

func checkSize(entries int) error {
	if entries > nicmodel.MaxTableSize {
		return &TextError{What: fmt.Sprintf("%d entries are more than the %d that a table can have", entries, nicmodel.MaxTableSize), Hint: "give one table"}
	}
	return nil
}
