package report

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fixture is a report made by hand whose numbers agree with one another:
// flows of Zipf's sizes, spread by a table of 128 entries; in non-rss each
// packet goes to any CPU. The same arguments give the same report.
func fixture(cpus, flows int, modes ...string) *Report {
	random := rand.New(rand.NewPCG(1, 2))
	const size = 128
	r := &Report{
		Tool:    Tool{Name: "rssreplay", Version: "v0.1.0", Go: "go1.26"},
		Command: []string{"rssreplay", "web.pcapng", "--cpus", fmt.Sprint(cpus)},
		Notes:   []string{"CPU numbers are illustrative until the NIC's own key and table are given; the spread is typical."},
		Capture: Capture{
			Files: []File{
				{Name: "web-1.pcapng", Format: "pcapng", LinkTypes: []string{"ethernet"}, FileBytes: 1_234_567_890,
					Interfaces:    []Interface{{Name: new("eth0"), LinkType: "ethernet", SnapLength: 128, Received: new(uint64(70_000)), Dropped: new(uint64(17))}},
					SkippedBlocks: Counts{{"name_resolution", 1}, {"decryption_secrets", 0}, {"custom", 0}, {"other", 2}}},
				{Name: "web-2.pcap", Format: "pcap", LinkTypes: []string{"ethernet"}, FileBytes: 98_765, Truncated: true,
					Loss: new("packet 812: the file ends inside the record, 41 of 1,514 bytes are there")},
			},
			First:                Time{time.Date(2024, 5, 17, 9, 30, 0, 1_000, time.UTC)},
			Duration:             10_023_456_789,
			DirectionRule:        "--local auto: 10.0.0.5 and 2001:db8::5 occur in every packet",
			TimestampRegressions: 3,
			Snapped:              12,
			InterfaceDrops:       new(uint64(17)),
			PacketDrops:          3,
		},
		Table: TableReport{Size: size, Packets: make([]uint64, size), Bytes: make([]uint64, size), Flows: make([]uint64, size)},
		Parameters: Parameters{
			{Name: "cpus", Value: cpus, Source: "--cpus"},
			{Name: "base-cpu", Value: 0, Source: DefaultSource},
			{Name: "queues", Value: cpus, Source: DefaultSource},
			{Name: "affinity", Value: []int{0, 1, 2, 3, 4, 5, 6, 7}, Text: "queue i on CPU i", Source: DefaultSource},
			{Name: "mode", Value: "rss-msix,non-rss", Source: DefaultSource},
			{Name: "key", Value: "6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa", Source: "ethtool-x.txt"},
			{Name: "table-size", Value: size, Source: DefaultSource},
			{Name: "rx-ring", Value: 512, Source: "--nic igb"},
			{Name: "rx-usecs", Value: "3µs", Source: "--nic igb"},
			{Name: "interrupt-latency", Value: "1µs", Source: DefaultSource},
			{Name: "isr-cost", Value: "1µs", Source: DefaultSource},
			{Name: "packet-cost", Value: "1µs", Source: DefaultSource},
			{Name: "interval", Value: "100ms", Source: DefaultSource},
		},
		Findings: []Finding{
			{ID: "elephant-flow", Severity: "warning", Summary: "One flow alone carries more than a CPU's fair share.",
				Evidence: "Flow #1 has more packets than the mean of a CPU.", Remedy: "No table can split it: spread it over more connections."},
		},
	}
	for i := range size {
		r.Table.Entries = append(r.Table.Entries, i%cpus)
	}
	for cpu := range cpus {
		r.Table.QueueCPUs = append(r.Table.QueueCPUs, cpu)
	}

	types := map[string]uint64{}
	var rows []Flow
	for i := range flows {
		f := Flow{Protocol: "tcp", HasPorts: true, HashType: "tcp_ipv4", DestinationPort: 443, SourcePort: uint16(32768 + random.IntN(28000)),
			Hash: random.Uint32(), Packets: uint64(400_000 / (i + 1))}
		f.Source = netip.AddrFrom4([4]byte{192, 168, byte(random.IntN(256)), byte(random.IntN(256))})
		f.Destination = netip.AddrFrom4([4]byte{10, 0, 0, 5})
		switch i % 7 {
		case 2:
			var a [16]byte
			copy(a[:], []byte{0x20, 0x01, 0x0d, 0xb8, 0x85, 0xa3, 0x08, 0xd3, 0x13, 0x19, 0x8a, 0x2e, 0x03, 0x70, 0x73, byte(i)})
			f.Source, f.Destination, f.HashType = netip.AddrFrom16(a), netip.MustParseAddr("2001:db8::5"), "tcp_ipv6"
		case 4:
			f.Protocol, f.HashType, f.DestinationPort = "udp", "udp_ipv4", 53
		case 5:
			f.Protocol, f.HashType, f.HasPorts, f.SourcePort, f.DestinationPort = "icmp", "ipv4", false, 0, 0
		case 6:
			f.Source, f.Destination = netip.MustParseAddr("fe80::1"), netip.MustParseAddr("ff02::1")
			f.Protocol, f.HashType, f.Hash, f.HasPorts, f.SourcePort, f.DestinationPort = "ipv6-icmp", NoHash, 0, false, 0, 0
		}
		f.Bytes = f.Packets * uint64(60+random.IntN(1400))
		if f.HashType != NoHash {
			f.Index = int(f.Hash % size)
			r.Table.Packets[f.Index] += f.Packets
			r.Table.Bytes[f.Index] += f.Bytes
			r.Table.Flows[f.Index]++
		}
		types[f.HashType] += f.Packets
		r.Capture.Received += f.Packets
		r.Capture.Bytes += f.Bytes
		for _, mode := range modes {
			on := FlowMode{Mode: mode}
			if mode != "non-rss" {
				on.CPUs = []CPUPackets{{CPU: f.Index % cpus, Packets: f.Packets}}
			} else {
				left := f.Packets
				for cpu := range cpus {
					n := f.Packets / uint64(cpus)
					if cpu == cpus-1 {
						n = left
					}
					if n > 0 {
						on.CPUs = append(on.CPUs, CPUPackets{CPU: cpu, Packets: n})
						left -= n
					}
				}
				on.Migrations = f.Packets * uint64(len(on.CPUs)-1) / uint64(len(on.CPUs))
			}
			f.Modes = append(f.Modes, on)
		}
		rows = append(rows, f)
	}
	r.Capture.Sent = 123_456
	r.Capture.Packets = r.Capture.Received + r.Capture.Sent
	for _, t := range []string{"tcp_ipv4", "udp_ipv4", "ipv4", "tcp_ipv6", "udp_ipv6", "ipv6"} {
		r.Capture.HashTypes = append(r.Capture.HashTypes, Count{t, types[t]})
	}
	r.Capture.Unhashed = Counts{{"arp", 0}, {"type not enabled", types[NoHash]}, {"not ip", 0}}

	for _, mode := range modes {
		m := Mode{Mode: mode, Simulated: r.Capture.Duration + 4_321,
			Affinity: Affinity{Flows: uint64(flows), Connections: 40, SymmetricConnections: 12, SendReceiveMatch: 1},
			Series:   Series{Interval: 100e6}}
		if mode == "non-rss" {
			m.Affinity.SendReceiveMatch = Ratio(15_432, 123_456)
		}
		for cpu := range cpus {
			c := CPU{CPU: cpu, SendPackets: 123_456 / uint64(cpus)}
			largest := uint64(0)
			for i := range rows {
				for _, fm := range rows[i].Modes {
					for _, on := range fm.CPUs {
						if fm.Mode == mode && on.CPU == cpu {
							c.Packets += on.Packets
							c.Bytes += on.Packets * (rows[i].Bytes / rows[i].Packets)
							c.Flows++
							if on.Packets > largest {
								largest, c.Largest, c.TopFlow = on.Packets, &rows[i], new(i)
							}
						}
					}
				}
			}
			c.SendTime = int64(c.SendPackets) * 500
			c.Interrupts = c.Packets * 4 / 5
			c.DPCs = c.Interrupts
			c.ISRTime, c.DPCTime = int64(c.Interrupts)*1000, int64(c.DPCs+c.Packets)*1000
			if c.Packets > 0 {
				c.PacketsPerDPCMax = new(uint64(64))
				c.Latency = Latency{P50: new(int64(3_000 + cpu)), P90: new(int64(8_500)), P99: new(int64(27_300)), P999: new(int64(90_100)), Max: new(int64(1_234_567)),
					Sum: int64(c.Packets) * 4_321}
			}
			s := SeriesCPU{CPU: cpu}
			for w := range uint64(5) {
				s.Packets = append(s.Packets, c.Packets*(w+1)/15)
			}
			m.Series.CPUs = append(m.Series.CPUs, s)
			m.CPUs = append(m.CPUs, c)
			if mode == "rss-msix" || mode == "rss-hw-queues" {
				q := Queue{Queue: cpu, CPU: new(cpu), Packets: c.Packets, Bytes: c.Bytes, DepthMax: uint64(17 + cpu)}
				if cpu == 3 {
					q.DepthMax, q.Drops, q.Packets = 512, 4_321, q.Packets+4_321
				}
				m.Queues = append(m.Queues, q)
			}
		}
		if len(m.Queues) == 0 {
			m.Queues = []Queue{{Packets: r.Capture.Received, Bytes: r.Capture.Bytes, DepthMax: 88}}
		}
		for i := range rows {
			for _, fm := range rows[i].Modes {
				if fm.Mode == mode {
					m.Affinity.Migrations += fm.Migrations
					if len(fm.CPUs) == 1 {
						m.Affinity.SingleCPUFlows++
					}
				}
			}
		}
		serial := int64(0)
		for i := range m.CPUs {
			c := &m.CPUs[i]
			if mode == "non-rss" {
				c.MigratedPackets = c.Packets / 3
				c.MigrationTime = int64(c.MigratedPackets) * 500
				serial += c.ISRTime + c.DPCTime
			} else {
				serial = max(serial, c.ISRTime+c.DPCTime)
			}
		}
		m.Serial = &serial
		m.Derive()
		r.Modes = append(r.Modes, m)
	}
	r.Flows = slices.Values(rows)
	r.FlowsTotal = uint64(flows)
	return r
}

// empty is the report of a capture without a packet.
func empty() *Report {
	m := Mode{Mode: "rss-msix", CPUs: []CPU{{CPU: 0}, {CPU: 1}}, Queues: []Queue{{Queue: 0, CPU: new(0)}, {Queue: 1, CPU: new(1)}},
		Affinity: Affinity{SendReceiveMatch: Null}, Series: Series{Interval: 100e6, CPUs: []SeriesCPU{{CPU: 0}, {CPU: 1}}}}
	m.Derive()
	return &Report{
		Tool:    Tool{Name: "rssreplay", Version: "v0.1.0", Go: "go1.26"},
		Command: []string{"rssreplay", "empty.pcap"},
		Capture: Capture{Files: []File{{Name: "empty.pcap", Format: "pcap", LinkTypes: []string{"ethernet"}, FileBytes: 24}}},
		Table: TableReport{Size: 4, Entries: []int{0, 1, 0, 1}, QueueCPUs: []int{0, 1},
			Packets: make([]uint64, 4), Bytes: make([]uint64, 4), Flows: make([]uint64, 4)},
		Modes: []Mode{m},
	}
}

// golden compares got with the file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if _, err := os.Stat("testdata"); err != nil { // a package below report
		path = filepath.Join("..", path)
	}
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: go test -update writes it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

var allModes = []string{"rss-msix", "non-rss", "rss-hw-queues", "rss-single-queue"}

// withAffinity moves the queues of a fixture to other CPUs, two to each.
func withAffinity(r *Report) *Report {
	for i := range r.Table.QueueCPUs {
		r.Table.QueueCPUs[i] = 10 + i/2
	}
	for i := range r.Modes {
		for j := range r.Modes[i].Queues {
			if q := &r.Modes[i].Queues[j]; q.CPU != nil {
				q.CPU = new(10 + j/2)
			}
		}
	}
	return r
}

// onlySent is a capture in which nothing was received.
func onlySent() *Report {
	r := empty()
	r.Capture.Packets, r.Capture.Sent, r.Capture.Bytes, r.Capture.Duration = 10, 10, 1000, 5e9
	return r
}

// withTable gives a report a table of size entries with a few hot ones.
func withTable(r *Report, size int) *Report {
	r.Table.Size = size
	r.Table.Entries, r.Table.Packets, r.Table.Bytes, r.Table.Flows = nil, make([]uint64, size), make([]uint64, size), make([]uint64, size)
	for i := range size {
		r.Table.Entries = append(r.Table.Entries, i*8/size)
		r.Table.Packets[i] = uint64(i % 7)
	}
	r.Table.Packets[77], r.Table.Packets[300] = 60, 30
	return r
}

// hostile holds what must reach neither a terminal nor the layout: colour,
// a title, the C1 form of an escape, marks of direction and of nothing, DEL, a
// line break, a byte that is no UTF-8, a tag character.
const hostile = "a\x1b[31m\x1b]0;t\x07\u009b1m\u202eb\u200f\u2066\ufeff\x7f\r\n\tc\xff\U000e0041"

func hostileReport() *Report { return withHostile(hostile) }

// withHostile is a report whose every string is hostile.
func withHostile(hostile string) *Report {
	r := fixture(8, 30, hostile, "non-rss")
	r.Words = Words{hostile, hostile}
	r.Tool = Tool{hostile, hostile, hostile}
	r.Command = []string{"rssreplay", hostile}
	r.Notes, r.FlowsNote, r.Caveats = []string{hostile}, hostile, []string{hostile}
	r.Capture.Files = []File{{Name: hostile, Format: hostile, LinkTypes: []string{hostile}, SHA256: new(hostile), Loss: new(hostile)}}
	r.Capture.DirectionRule = hostile
	r.Capture.HashTypes, r.Capture.Unhashed = Counts{{hostile, 1}}, Counts{{hostile, 1}}
	r.Parameters = Parameters{{Name: hostile, Value: hostile, Source: hostile}, {Name: "x", Value: hostile, Source: DefaultSource}}
	r.Findings = []Finding{{ID: hostile, Severity: hostile, Summary: hostile, Evidence: hostile, Remedy: hostile}}
	for i := range r.Modes[0].CPUs {
		r.Modes[0].CPUs[i].Largest = &Flow{Protocol: hostile}
	}
	flow := Flow{Protocol: hostile, HashType: hostile, Packets: 1, Modes: []FlowMode{{Mode: hostile}}}
	r.Flows = slices.Values([]Flow{flow})
	return r
}

// failingWriter fails after n bytes.
type failingWriter struct{ n int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

var errFull = errors.New("disk full")

// scenarioOf is a report as a scenario.
func scenarioOf(name string, r *Report) Scenario {
	moved := uint64(len(name)) * 1000
	return Scenario{
		Name: name, Parameters: r.Parameters, Unhashed: r.Capture.Unhashed, HashTypes: r.Capture.HashTypes,
		FlowsMoved: &moved, PacketsMoved: &moved, Table: r.Table, Modes: r.Modes, Compared: r.Modes[ComparedMode(r.Modes)].Mode,
	}
}

// compared is a comparison of n scenarios made by hand, whose CPUs' packets go
// round and whose tables differ in a block.
func compared(n, cpus int) *Compare {
	c := &Compare{
		Tool: Tool{Name: "rssreplay", Version: "v0.1.0", Go: "go1.26"}, Command: []string{"rssreplay", "compare", "web.pcapng"},
		Notes:   []string{"CPU numbers are illustrative until the NIC's own key and table are given; the spread is typical."},
		Caveats: []string{"block: a caveat of one scenario."},
	}
	names := []string{"equal", "block", "weight:6,2,1,1,1,1,1,1", "saved/eth0/ethtool-x.txt", "four words of name, or five"}
	for i := range n {
		r := fixture(cpus, 60, "rss-msix", "non-rss")
		name := fmt.Sprintf("scenario %d", i)
		if i < len(names) {
			name = names[i]
		}
		m := &r.Modes[0]
		for k := range m.CPUs {
			m.CPUs[k].Packets += uint64(i) * 10_000 * uint64(k%3)
			m.CPUs[k].Latency.P99 = new(int64(27_300 - 100*(i%5)))
		}
		m.Queues[cpus-1].Drops += uint64(i % 3)
		m.Derive()
		for entry := range 32 * (i % 4) {
			r.Table.Entries[entry+8] = (1 + entry/32) % cpus
		}
		r.Parameters = append(r.Parameters, Parameter{Name: "layout", Value: name, Source: "--layout"})
		if i%2 == 1 {
			r.Parameters = append(r.Parameters, Parameter{Name: "itr-of-odd-ones", Value: 1000 * i, Text: fmt.Sprintf("%dµs", i), Source: "--itr"})
		}
		if i == 0 {
			c.Capture = r.Capture
		}
		s := scenarioOf(name, r)
		if i == 0 {
			s.FlowsMoved, s.PacketsMoved = new(uint64), new(uint64)
		}
		c.Scenarios = append(c.Scenarios, s)
	}
	return c
}

// unlike is scenarios of other modes, other CPUs, other hash types and another
// table size, the last one an earlier report.
func unlike() *Compare {
	c := compared(2, 4)
	eight := scenarioOf("eight", withTable(fixture(8, 60, "rss-hw-queues", "non-rss"), 512))
	eight.HashTypes = Counts{{"ipv4", c.Capture.Received}}
	old := scenarioOf("old.json", withAffinity(fixture(4, 60, "rss-msix", "non-rss")))
	old.Report, old.FlowsMoved, old.PacketsMoved = new("old.json"), nil, nil
	c.Scenarios = append(c.Scenarios, eight, old)
	return c
}

// withFlows lists n flows, all on their own address, spread over the table.
func withFlows(r *Report, n int) *Report {
	cpus := len(r.Modes[0].CPUs)
	r.FlowsTotal = uint64(n)
	r.Flows = func(yield func(Flow) bool) {
		for i := range n {
			f := Flow{
				Protocol: "tcp", Source: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), Destination: netip.MustParseAddr("192.0.2.1"),
				HasPorts: true, SourcePort: uint16(1024 + i), DestinationPort: 443, HashType: "tcp_ipv4", Hash: uint32(i) * 2654435761, Index: i % r.Table.Size,
				Packets: uint64(n - i), Bytes: uint64(n-i) * 1000,
			}
			for _, m := range r.Modes {
				on := FlowMode{Mode: m.Mode, CPUs: []CPUPackets{{CPU: f.Index % cpus, Packets: f.Packets}}}
				if m.Mode == nonRSS && f.Packets > 1 {
					on = FlowMode{Mode: m.Mode, Migrations: 1, CPUs: []CPUPackets{{CPU: 0, Packets: 1}, {CPU: 1, Packets: f.Packets - 1}}}
				}
				f.Modes = append(f.Modes, on)
			}
			if !yield(f) {
				return
			}
		}
	}
	return r
}

// withFindings are as many as a bad day brings.
func withFindings(r *Report) *Report {
	for i, severity := range []string{Problem, Warning, Warning, Note, Note, Note, "unheard-of"} {
		r.Findings = append(r.Findings, Finding{
			ID: fmt.Sprintf("finding-%d", i), Severity: severity,
			Summary:  "UDP is hashed on its addresses alone, and 93.1% of its packets share 4 pairs of addresses: 1 of 8 CPUs gets them.",
			Evidence: "udp_ipv4 has 0 packets, ipv4 120,345; with ports they would spread over 8 CPUs, the imbalance would be 1.08 and not 7.21.",
			Remedy:   "Hash the ports, too: `ethtool -N eth0 rx-flow-hash udp4 sdfn`; fragments then part from their flow.",
		})
	}
	return r
}

// hostileCompare is a comparison whose every string is hostile.
func hostileCompare(hostile string) *Compare {
	r := withHostile(hostile)
	s := scenarioOf(hostile, r)
	other := s
	other.Parameters, other.HashTypes = Parameters{{Name: hostile, Value: 1, Source: hostile}}, Counts{{hostile, 2}}
	return &Compare{Words: r.Words, Tool: r.Tool, Command: r.Command, Capture: r.Capture, Scenarios: []Scenario{s, other}, Notes: r.Notes, Caveats: r.Caveats}
}

// hugeReport has more of everything than a document takes.
func hugeReport() *Report {
	r := withFlows(withTable(withWindows(fixture(1024, 60, allModes...), 300), 32_768), 50_000)
	for range 5 {
		withFindings(r)
	}
	for i := range 3000 {
		r.Capture.Files = append(r.Capture.Files, File{Name: fmt.Sprintf("trace_%05d.pcap", i), Format: "pcap"})
		r.Parameters = append(r.Parameters, Parameter{Name: fmt.Sprintf("parameter-%d", i), Value: strings.Repeat("0123,", 1000), Source: "--flag"})
		r.Caveats = append(r.Caveats, "Nothing is certain.")
		r.Notes = append(r.Notes, "Nothing is certain.")
		r.Command = append(r.Command, "--flag")
	}
	return r
}

func hugeCompare() *Compare {
	c := compared(2, 1024)
	for i := range 64 {
		if i > 1 {
			c.Scenarios = append(c.Scenarios, c.Scenarios[i%2])
			c.Scenarios[i].Name = fmt.Sprint("scenario ", i)
		}
		c.Scenarios[i].Parameters = append(slices.Clone(c.Scenarios[i].Parameters), Parameter{Name: "layout", Value: fmt.Sprint(i, strings.Repeat(",1", 30_000)), Source: "--layout"})
	}
	return c
}

// rising are n values, step apart.
func rising(from, step float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = from + float64(i)*step
	}
	return values
}

// withWindows gives the modes of a fixture a series of windows of 100 ms: the
// load of each CPU rises and falls, window 5 is nearly empty, and in windows 90
// to 109 the third CPU is hot.
func withWindows(r *Report, windows int) *Report {
	for i := range r.Modes {
		m := &r.Modes[i]
		for j := range m.Series.CPUs {
			row := &m.Series.CPUs[j]
			row.Packets = make([]uint64, windows)
			for w := range row.Packets {
				switch {
				case w == 5:
					row.Packets[w] = uint64(1 - min(j, 1))
				case w >= 90 && w < 110 && j == 2:
					row.Packets[w] = 1500
				default:
					row.Packets[w] = uint64((w*(j+3)*7 + 50*j) % (200 + 90*(j%5)))
				}
			}
		}
		m.Derive()
	}
	return r
}

// hostileSuggest has s wherever a string may come from outside.
func hostileSuggest(s string) *Suggest {
	r := withHostile(s)
	figures := Figures{Imbalance: Imbalance{Packets: 1.5}, Packets: 7, Connections: 3}
	return &Suggest{
		Words: r.Words, Tool: r.Tool, Command: r.Command, Capture: r.Capture, Parameters: r.Parameters, Notes: r.Notes, Caveats: r.Caveats,
		Objective: "packets", Mode: s, Judging: Judging{Folds: 8, Packets: 800, Known: 0.5},
		Present: Placement{figures, 1.1}, Curve: List[CurvePoint]{{Moves: 1, Whole: 1.2, Flows: 3}, {Moves: 2, Whole: 1.1, Flows: 4, Passed: true}}, Bound: Bound{Imbalance: 1.2, FlowImbalance: 1.1, LargestFlow: &Flow{Protocol: s}},
		Suggestions: List[Suggestion]{
			{ID: s, Goal: GoalBalance, Summary: s, Note: s, Commands: List[string]{s, s}, Needs: s, Predicted: figures, Gate: &Gate{Passed: true, Present: 1.5, Judged: 1.2}, Moves: List[Move]{{Entry: 3, Flows: 1}}},
			{ID: "none", Goal: GoalOrder, Summary: "Nothing to set."},
		},
		Declined: List[Declined]{{s, s, nil}}, TableSizes: List[TableSize]{{Size: 64}, {Size: 128, Present: true}},
		Keys: NewKeyTrials(rising(1, 0.01, 20), 1.05, 1),
	}
}

// hostileVerify likewise.
func hostileVerify(s string) *Verify {
	r := withHostile(s)
	return &Verify{
		Words: r.Words, Tool: r.Tool, Command: r.Command, Capture: r.Capture, Parameters: r.Parameters, Notes: r.Notes, Caveats: r.Caveats,
		Source: "records", Packets: Checked{10, 3, 7, 4, 9}, Queues: List[VerifiedQueue]{{0, 5, 6}, {1, 5, 4}},
		Explanation: &VerifyExplanation{ID: s, Summary: s, Explained: 9}, Others: List[VerifyExplanation]{{ID: s, Summary: s}}, Evidence: List[string]{s}, Recovered: &RecoveredKey{Key: s, Difference: &s}, Verdict: s,
	}
}
