//go:build unix

package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "speed: %v\n", err)
		os.Exit(1)
	}
}

// bench is one run of the table.
type bench struct {
	dir    string
	rounds int
	scale  int    // packets are divided by it
	tool   string // the rssreplay measured
	self   string // this program, for decoding with gopacket
	rows   []row
	err    error // the first: after it nothing is made, run or added
}

// row is one line of the table: what was done, in which time, and how that
// compares.
type row struct {
	work       string
	time       time.Duration
	reference  string
	ratio, cpu float64 // to the reference, of the wall times and of the CPU times; 0: none
	goal       string  // of the first, or of the time
	note       string
}

func run(args []string, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("speed", flag.ContinueOnError)
	set.SetOutput(stderr)
	decode := set.String("decode", "", "only decode this pcap with gopacket")
	b := &bench{}
	set.StringVar(&b.dir, "dir", filepath.Join(os.TempDir(), "rssreplay-speed"), "where the captures are made")
	set.StringVar(&b.tool, "tool", "", "the rssreplay to measure (default: built from this tree)")
	set.IntVar(&b.rounds, "n", 9, "rounds; the medians count")
	set.IntVar(&b.scale, "scale", 1, "divide all numbers of packets by this")
	long := set.Bool("long", false, "also a capture ten times as long (4.2 GB)")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *decode != "" {
		n, err := decodeAll(*decode)
		fmt.Fprintln(stdout, n, "packets with ports")
		return err
	}
	if b.rounds < 1 || b.scale < 1 {
		return fmt.Errorf("-n %d, -scale %d: both must be at least 1", b.rounds, b.scale)
	}
	if err := b.prepare(); err != nil {
		return err
	}
	steps := []func(){b.small, b.zipf, b.compressed, b.mixed, b.manyFlows, b.everyPacketAFlow, b.layouts, b.start}
	if *long {
		steps = append(steps, b.long)
	}
	for _, step := range steps {
		if step(); b.err != nil {
			return b.err
		}
	}
	return b.print(stdout)
}

func (b *bench) prepare() error {
	if err := os.MkdirAll(b.dir, 0o777); err != nil {
		return err
	}
	var err error
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.tool != "" {
		return nil
	}
	b.tool = filepath.Join(b.dir, "rssreplay")
	out, err := exec.Command("go", "build", "-o", b.tool, "rssreplay/cmd/rssreplay").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// capture makes a capture, and tells its path; its number of packets is scaled.
func (b *bench) capture(c capture) (path string) {
	c.packets = max(c.packets/b.scale, 1)
	if b.scale > 1 {
		c.name = fmt.Sprintf("%d-%s", b.scale, c.name)
	}
	if b.err == nil {
		path, b.err = c.make(b.dir)
	}
	return path
}

// inTurn runs each command rounds times, at least once; see the function of that name.
func (b *bench) inTurn(rounds int, commands ...[]string) []samples {
	if b.err == nil {
		var all []samples
		if all, b.err = inTurn(max(rounds, 1), commands...); b.err == nil {
			return all
		}
	}
	return make([]samples, len(commands))
}

// add adds what was measured beside what it is compared with; goal is what the ratio
// should not exceed, "" where there is none.
func (b *bench) add(work string, s samples, reference string, of samples, goal, note string) {
	if b.err != nil {
		return
	}
	b.rows = append(b.rows, row{work, s.wall(), reference, s.ratio(of), s.cpuRatio(of), goal, note})
}

// gopacket is what decodes a capture with its DecodingLayerParser, and does no more:
// the same kind of work in the same language.
func (b *bench) gopacket(pcap string) []string { return []string{b.self, "-decode", pcap} }

const asGopacket = "gopacket's DecodingLayerParser"

// small is 5 million small packets: two modes, four, with RPS, a rebalancer and a table that is
// given on the way, as pcapng, and of both directions.
func (b *bench) small() {
	pcap := b.capture(capture{name: "small.pcap", packets: 5_000_000, flows: 100_000})
	ng := b.capture(capture{name: "small.pcapng", packets: 5_000_000, flows: 100_000, pcapng: true})
	host := b.capture(capture{name: "host.pcap", packets: 5_000_000, flows: 100_000, answers: true})
	moved := b.movedAt(2500 * time.Millisecond)
	commands := [][]string{
		{b.tool, pcap},
		b.gopacket(pcap),
		{b.tool, host},
		{b.tool, pcap, "--mode", "all"},
		{b.tool, pcap, "--rps", "0-7"},
		{b.tool, pcap, "--rebalance", "rsspp"},
		{b.tool, pcap, "--table-at", moved},
		{b.tool, ng},
	}
	ours := len(commands)
	for _, other := range [][]string{{"tcpdump", "-r", pcap, "-w", os.DevNull}, {"capinfos", "-c", pcap}} {
		if has(other[0]) {
			commands = append(commands, other)
		}
	}
	all := b.inTurn(b.rounds, commands...)
	two := all[0]
	b.add("5 M packets of 66 bytes, 100,000 even flows", two, asGopacket, all[1], "0.36", memory(two))
	b.add("half of them sent, half received", all[2], "all received", two, "1.5", "")
	b.add("in all four modes", all[3], "two modes", two, "1.6", "")
	b.add("with `--rps 0-7`", all[4], "without", two, "1.6", "")
	b.add("with `--rebalance rsspp`", all[5], "without", two, "1.1", "")
	b.add(withMoved, all[6], "without", two, "1.1", "")
	b.add("as pcapng", all[7], "the pcap", two, "", "")
	for i, c := range commands[ours:] {
		b.add("`"+c[0]+"` of it", all[ours+i], "rssreplay", two, "", "")
	}
	b.conversations()
}

const withMoved = "with `--table-at`, half of the entries moved at half of the time"

// movedAt is a --table-at that moves every second entry to the next queue; its time is scaled
// as the captures are.
func (b *bench) movedAt(at time.Duration) (flag string) {
	var table strings.Builder
	for entry := range 128 {
		fmt.Fprintln(&table, (entry+entry%2)%8)
	}
	file := filepath.Join(b.dir, "moved.txt")
	if b.err == nil {
		b.err = os.WriteFile(file, []byte(table.String()), 0o600)
	}
	return fmt.Sprintf("%v=%s", at/time.Duration(b.scale), file)
}

// zipf is flows as uneven as many networks have them, of both directions too, with RPS, and
// with a table that is given on the way.
func (b *bench) zipf() {
	pcap := b.capture(capture{name: "zipf.pcap", packets: 5_000_000, flows: 100_000, zipf: true})
	host := b.capture(capture{name: "zipf-host.pcap", packets: 5_000_000, flows: 100_000, zipf: true, answers: true})
	moved := b.movedAt(5 * time.Second)
	all := b.inTurn(b.rounds,
		[]string{b.tool, pcap},
		b.gopacket(pcap),
		[]string{b.tool, host},
		[]string{b.tool, pcap, "--rps", "0-7"},
		[]string{b.tool, host, "--rps", "0-7"},
		[]string{b.tool, pcap, "--table-at", moved})
	b.add("5 M packets of 66 bytes, 100,000 Zipf flows", all[0], asGopacket, all[1], "0.46", memory(all[0]))
	b.add("half of them sent, half received", all[2], "all received", all[0], "1.3", "")
	b.add("with `--rps 0-7`", all[3], "without", all[0], "1.6", "")
	b.add("half of them sent, with `--rps 0-7`", all[4], "without", all[2], "1.6", "")
	b.add(withMoved, all[5], "without", all[0], "1.1", "")
}

// compressed is the small capture as zstd has it.
func (b *bench) compressed() {
	if !has("zstd") {
		return
	}
	pcap := b.capture(capture{name: "small.pcap", packets: 5_000_000, flows: 100_000})
	packed := pcap + ".zst"
	if out, err := exec.Command("zstd", "-q", "-f", "-o", packed, pcap).CombinedOutput(); err != nil && b.err == nil {
		b.err = fmt.Errorf("zstd: %w\n%s", err, out)
	}
	all := b.inTurn(b.rounds, []string{b.tool, packed}, []string{"sh", "-c", `zstd -dc "$1" >/dev/null`, "sh", packed})
	b.add("5 M packets of 66 bytes, zstd", all[0], "`zstd -dc X >/dev/null`", all[1], "1.15", memory(all[0]))
}

// conversations is tshark's table of the flows of a tenth of the packets.
func (b *bench) conversations() {
	if !has("tshark") {
		return
	}
	tenth := b.capture(capture{name: "tenth.pcap", packets: 500_000, flows: 100_000})
	all := b.inTurn(1, []string{b.tool, tenth}, []string{"tshark", "-q", "-z", "conv,tcp", "-r", tenth})
	b.add("`tshark -q -z conv,tcp`, a tenth of it, one round", all[1], "rssreplay", all[0], "", "")
}

// mixed is 1.5 GB of packets of all sizes.
func (b *bench) mixed() {
	pcap := b.capture(capture{name: "mixed.pcap", packets: 2_000_000, flows: 100_000, mixed: true})
	ng := b.capture(capture{name: "mixed.pcapng", packets: 2_000_000, flows: 100_000, mixed: true, pcapng: true})
	// cat knows /dev/null and does not copy to it: through a pipe it would be slower.
	all := b.inTurn(b.rounds, []string{b.tool, pcap}, b.gopacket(pcap), []string{b.tool, ng}, []string{"sh", "-c", `cat "$1" >/dev/null`, "sh", pcap})
	b.add("2 M packets of 66 to 1465 bytes", all[0], asGopacket, all[1], "0.40", memory(all[0]))
	b.add("as pcapng", all[2], "the pcap", all[0], "", "")
	b.add("`cat X >/dev/null` of it", all[3], "rssreplay", all[0], "", "")
}

// manyFlows is ten million packets of 700,000 flows, also with all of them as JSON.
func (b *bench) manyFlows() {
	const flows = 700_000
	pcap := b.capture(capture{name: "flows.pcap", packets: 10_000_000, flows: flows})
	uneven := b.capture(capture{name: "zipf-flows.pcap", packets: 10_000_000, flows: flows, zipf: true})
	all := b.inTurn(b.rounds,
		[]string{b.tool, pcap},
		b.gopacket(pcap),
		[]string{b.tool, pcap, "--format", "json", "--flows", "all"},
		[]string{b.tool, uneven},
		b.gopacket(uneven))
	note := fmt.Sprintf("%s: %.0f a flow, and 32 MB", memory(all[0]), float64(all[0].memory()-32<<20)/flows)
	b.add("10 M packets, 700,000 even flows", all[0], asGopacket, all[1], "0.48", note)
	b.add("`--format json --flows all` of it", all[2], "the table", all[0], "", memory(all[2]))
	b.add("10 M packets, 700,000 Zipf flows", all[3], asGopacket, all[4], "0.55", memory(all[3]))
}

// everyPacketAFlow is what a hostile capture can do.
func (b *bench) everyPacketAFlow() {
	hostile := b.capture(capture{name: "hostile.pcap", packets: 2_500_000})
	plain := b.capture(capture{name: "half.pcap", packets: 2_500_000, flows: 100_000})
	all := b.inTurn(b.rounds, []string{b.tool, plain}, []string{b.tool, hostile})
	b.add("2.5 M packets, each a flow of its own", all[1], "100,000 flows", all[0], "", memory(all[1]))
}

// layouts is a comparison of sixteen.
func (b *bench) layouts() {
	pcap := b.capture(capture{name: "small.pcap", packets: 5_000_000, flows: 100_000})
	compare := []string{b.tool, "compare", pcap}
	for n := 1; n <= 8; n++ {
		compare = append(compare, "--layout", fmt.Sprintf("equal:%d", n), "--layout", fmt.Sprintf("weight:%d,1,1,1,1,1,1,1", n+1))
	}
	all := b.inTurn(b.rounds/2, []string{b.tool, pcap}, compare)
	b.add("`compare` of 16 layouts, 5 M packets", all[1], "one replay", all[0], "3.5", memory(all[1]))
}

// start is a hundred packets: what it costs to begin and to end.
func (b *bench) start() {
	tiny := capture{name: "hundred.pcap", packets: 100, flows: 10}
	path, err := tiny.make(b.dir)
	if err != nil {
		b.err = err
		return
	}
	if all := b.inTurn(b.rounds, []string{b.tool, path}); b.err == nil {
		b.rows = append(b.rows, row{work: "100 packets, start to finish", time: all[0].wall(), goal: "12 ms"})
	}
}

// long is ten times the packets of small, of the same flows.
func (b *bench) long() {
	small := b.capture(capture{name: "small.pcap", packets: 5_000_000, flows: 100_000})
	long := b.capture(capture{name: "long.pcap", packets: 50_000_000, flows: 100_000})
	all := b.inTurn(b.rounds/3, []string{b.tool, small}, []string{b.tool, long})
	b.add("50 M packets of the same 100,000 flows", all[1], "5 M", all[0], "", fmt.Sprintf("%s, of 5 M %s", memory(all[1]), memory(all[0])))
}

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func memory(s samples) string { return fmt.Sprintf("%.0f MB", float64(s.memory())/1e6) }

// print writes the rows as a Markdown table whose columns line up.
func (b *bench) print(w io.Writer) error {
	scaled := ""
	if b.scale > 1 {
		scaled = fmt.Sprintf(", all numbers of packets divided by %d", b.scale)
	}
	fmt.Fprintf(w, "Whole processes, in turn, medians of %d rounds%s; %d CPUs, %s/%s, %s.\n\n", b.rounds, scaled, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| work\t| time\t| ratio\t| goal\t| of CPU time\t| to\t| memory\t|")
	fmt.Fprintln(t, "| ---\t| ---:\t| ---:\t| ---:\t| ---:\t| ---\t| ---\t|")
	for _, r := range b.rows {
		ratio, cpu := "", ""
		if r.ratio > 0 {
			ratio, cpu = fmt.Sprintf("%.2f", r.ratio), fmt.Sprintf("%.2f", r.cpu)
		}
		fmt.Fprintf(t, "| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t|\n", r.work, seconds(r.time), ratio, r.goal, cpu, r.reference, strings.TrimSpace(r.note))
	}
	return t.Flush()
}

func seconds(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.3f s", d.Seconds())
}
