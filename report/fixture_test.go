package report

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
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
