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
	steps := []func() error{b.small, b.zipf, b.compressed, b.mixed, b.manyFlows, b.everyPacketAFlow, b.layouts, b.start}
	if *long {
		steps = append(steps, b.long)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
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

// capture makes a capture; its number of packets is scaled.
func (b *bench) capture(c capture) (string, error) {
	c.packets = max(c.packets/b.scale, 1)
	if b.scale > 1 {
		c.name = fmt.Sprintf("%d-%s", b.scale, c.name)
	}
	return c.make(b.dir)
}

// add adds what was measured beside what it is compared with; goal is what the ratio
// should not exceed, "" where there is none.
func (b *bench) add(work string, s samples, reference string, of samples, goal, note string) {
	b.rows = append(b.rows, row{work, s.wall(), reference, s.ratio(of), s.cpuRatio(of), goal, note})
}

// gopacket is what decodes a capture with its DecodingLayerParser, and does no more:
// the same kind of work in the same language.
func (b *bench) gopacket(pcap string) []string { return []string{b.self, "-decode", pcap} }

const asGopacket = "gopacket's DecodingLayerParser"

// small is 5 million small packets: two modes, four, with RPS, a rebalancer and a table that is
// given on the way, as pcapng, and of both directions.
func (b *bench) small() error {
	pcap, err := b.capture(capture{name: "small.pcap", packets: 5_000_000, flows: 100_000})
	if err != nil {
		return err
	}
	ng, err := b.capture(capture{name: "small.pcapng", packets: 5_000_000, flows: 100_000, pcapng: true})
	if err != nil {
		return err
	}
	host, err := b.capture(capture{name: "host.pcap", packets: 5_000_000, flows: 100_000, answers: true})
	if err != nil {
		return err
	}
	moved, err := b.movedAt(2500 * time.Millisecond)
	if err != nil {
		return err
	}
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
	others := []string{"tcpdump", "capinfos"}
	for _, program := range others {
		switch {
		case !has(program):
		case program == "tcpdump":
			commands = append(commands, []string{program, "-r", pcap, "-w", os.DevNull})
		default:
			commands = append(commands, []string{program, "-c", pcap})
		}
	}
	all, err := inTurn(b.rounds, commands...)
	if err != nil {
		return err
	}
	two := all[0]
	b.add("5 M packets of 66 bytes, 100,000 even flows", two, asGopacket, all[1], "0.36", memory(two))
	b.add("half of them sent, half received", all[2], "all received", two, "1.5", "")
	b.add("in all four modes", all[3], "two modes", two, "1.6", "")
	b.add("with `--rps 0-7`", all[4], "without", two, "1.6", "")
	b.add("with `--rebalance rsspp`", all[5], "without", two, "1.1", "")
	b.add(withMoved, all[6], "without", two, "1.1", "")
	b.add("as pcapng", all[7], "the pcap", two, "", "")
	for i, c := range commands[8:] {
		b.add("`"+c[0]+"` of it", all[8+i], "rssreplay", two, "", "")
	}
	return b.conversations()
}

const withMoved = "with `--table-at`, half of the entries moved at half of the time"

// movedAt is a --table-at that moves every second entry to the next queue; its time is scaled
// as the captures are.
func (b *bench) movedAt(at time.Duration) (flag string, err error) {
	var table strings.Builder
	for entry := range 128 {
		fmt.Fprintln(&table, (entry+entry%2)%8)
	}
	file := filepath.Join(b.dir, "moved.txt")
	return fmt.Sprintf("%v=%s", at/time.Duration(b.scale), file), os.WriteFile(file, []byte(table.String()), 0o600)
}

// zipf is flows as uneven as many networks have them, of both directions too, with RPS, and
// with a table that is given on the way.
func (b *bench) zipf() error {
	pcap, err := b.capture(capture{name: "zipf.pcap", packets: 5_000_000, flows: 100_000, zipf: true})
	if err != nil {
		return err
	}
	host, err := b.capture(capture{name: "zipf-host.pcap", packets: 5_000_000, flows: 100_000, zipf: true, answers: true})
	if err != nil {
		return err
	}
	moved, err := b.movedAt(5 * time.Second)
	if err != nil {
		return err
	}
	all, err := inTurn(b.rounds,
		[]string{b.tool, pcap},
		b.gopacket(pcap),
		[]string{b.tool, host},
		[]string{b.tool, pcap, "--rps", "0-7"},
		[]string{b.tool, host, "--rps", "0-7"},
		[]string{b.tool, pcap, "--table-at", moved})
	if err != nil {
		return err
	}
	b.add("5 M packets of 66 bytes, 100,000 Zipf flows", all[0], asGopacket, all[1], "0.46", memory(all[0]))
	b.add("half of them sent, half received", all[2], "all received", all[0], "1.3", "")
	b.add("with `--rps 0-7`", all[3], "without", all[0], "1.6", "")
	b.add("half of them sent, with `--rps 0-7`", all[4], "without", all[2], "1.6", "")
	b.add(withMoved, all[5], "without", all[0], "1.1", "")
	return nil
}

// compressed is the small capture as zstd has it.
func (b *bench) compressed() error {
	if !has("zstd") {
		return nil
	}
	pcap, err := b.capture(capture{name: "small.pcap", packets: 5_000_000, flows: 100_000})
	if err != nil {
		return err
	}
	packed := pcap + ".zst"
	if out, err := exec.Command("zstd", "-q", "-f", "-o", packed, pcap).CombinedOutput(); err != nil {
		return fmt.Errorf("zstd: %w\n%s", err, out)
	}
	all, err := inTurn(b.rounds, []string{b.tool, packed}, []string{"sh", "-c", `zstd -dc "$1" >/dev/null`, "sh", packed})
	if err != nil {
		return err
	}
	b.add("5 M packets of 66 bytes, zstd", all[0], "`zstd -dc X >/dev/null`", all[1], "1.15", memory(all[0]))
	return nil
}

// conversations is tshark's table of the flows of a tenth of the packets.
func (b *bench) conversations() error {
	if !has("tshark") {
		return nil
	}
	tenth, err := b.capture(capture{name: "tenth.pcap", packets: 500_000, flows: 100_000})
	if err != nil {
		return err
	}
	all, err := inTurn(1, []string{b.tool, tenth}, []string{"tshark", "-q", "-z", "conv,tcp", "-r", tenth})
	if err != nil {
		return err
	}
	b.add("`tshark -q -z conv,tcp`, a tenth of it, one round", all[1], "rssreplay", all[0], "", "")
	return nil
}

// mixed is 1.5 GB of packets of all sizes.
func (b *bench) mixed() error {
	pcap, err := b.capture(capture{name: "mixed.pcap", packets: 2_000_000, flows: 100_000, mixed: true})
	if err != nil {
		return err
	}
	ng, err := b.capture(capture{name: "mixed.pcapng", packets: 2_000_000, flows: 100_000, mixed: true, pcapng: true})
	if err != nil {
		return err
	}
	// cat knows /dev/null and does not copy to it: through a pipe it would be slower.
	all, err := inTurn(b.rounds, []string{b.tool, pcap}, b.gopacket(pcap), []string{b.tool, ng}, []string{"sh", "-c", `cat "$1" >/dev/null`, "sh", pcap})
	if err != nil {
		return err
	}
	b.add("2 M packets of 66 to 1465 bytes", all[0], asGopacket, all[1], "0.40", memory(all[0]))
	b.add("as pcapng", all[2], "the pcap", all[0], "", "")
	b.add("`cat X >/dev/null` of it", all[3], "rssreplay", all[0], "", "")
	return nil
}

// manyFlows is ten million packets of 700,000 flows, also with all of them as JSON.
func (b *bench) manyFlows() error {
	const flows = 700_000
	pcap, err := b.capture(capture{name: "flows.pcap", packets: 10_000_000, flows: flows})
	if err != nil {
		return err
	}
	uneven, err := b.capture(capture{name: "zipf-flows.pcap", packets: 10_000_000, flows: flows, zipf: true})
	if err != nil {
		return err
	}
	all, err := inTurn(b.rounds,
		[]string{b.tool, pcap},
		b.gopacket(pcap),
		[]string{b.tool, pcap, "--format", "json", "--flows", "all"},
		[]string{b.tool, uneven},
		b.gopacket(uneven))
	if err != nil {
		return err
	}
	note := fmt.Sprintf("%s: %.0f a flow, and 32 MB", memory(all[0]), float64(all[0].memory()-32<<20)/flows)
	b.add("10 M packets, 700,000 even flows", all[0], asGopacket, all[1], "0.48", note)
	b.add("`--format json --flows all` of it", all[2], "the table", all[0], "", memory(all[2]))
	b.add("10 M packets, 700,000 Zipf flows", all[3], asGopacket, all[4], "0.55", memory(all[3]))
	return nil
}

// everyPacketAFlow is what a hostile capture can do.
func (b *bench) everyPacketAFlow() error {
	hostile, err := b.capture(capture{name: "hostile.pcap", packets: 2_500_000})
	if err != nil {
		return err
	}
	plain, err := b.capture(capture{name: "half.pcap", packets: 2_500_000, flows: 100_000})
	if err != nil {
		return err
	}
	all, err := inTurn(b.rounds, []string{b.tool, plain}, []string{b.tool, hostile})
	if err != nil {
		return err
	}
	b.add("2.5 M packets, each a flow of its own", all[1], "100,000 flows", all[0], "", memory(all[1]))
	return nil
}

// layouts is a comparison of sixteen.
func (b *bench) layouts() error {
	pcap, err := b.capture(capture{name: "small.pcap", packets: 5_000_000, flows: 100_000})
	if err != nil {
		return err
	}
	compare := []string{b.tool, "compare", pcap}
	for n := 1; n <= 8; n++ {
		compare = append(compare, "--layout", fmt.Sprintf("equal:%d", n), "--layout", fmt.Sprintf("weight:%d,1,1,1,1,1,1,1", n+1))
	}
	all, err := inTurn(max(b.rounds/2, 1), []string{b.tool, pcap}, compare)
	if err != nil {
		return err
	}
	b.add("`compare` of 16 layouts, 5 M packets", all[1], "one replay", all[0], "3.5", memory(all[1]))
	return nil
}

// start is a hundred packets: what it costs to begin and to end.
func (b *bench) start() error {
	tiny := capture{name: "hundred.pcap", packets: 100, flows: 10}
	path, err := tiny.make(b.dir)
	if err != nil {
		return err
	}
	all, err := inTurn(b.rounds, []string{b.tool, path})
	if err != nil {
		return err
	}
	b.rows = append(b.rows, row{work: "100 packets, start to finish", time: all[0].wall(), goal: "12 ms"})
	return nil
}

// long is ten times the packets of small, of the same flows.
func (b *bench) long() error {
	small, err := b.capture(capture{name: "small.pcap", packets: 5_000_000, flows: 100_000})
	if err != nil {
		return err
	}
	long, err := b.capture(capture{name: "long.pcap", packets: 50_000_000, flows: 100_000})
	if err != nil {
		return err
	}
	all, err := inTurn(max(b.rounds/3, 1), []string{b.tool, small}, []string{b.tool, long})
	if err != nil {
		return err
	}
	b.add("50 M packets of the same 100,000 flows", all[1], "5 M", all[0], "", fmt.Sprintf("%s, of 5 M %s", memory(all[1]), memory(all[0])))
	return nil
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
