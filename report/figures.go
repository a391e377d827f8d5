package report

// MaxOverMean is the greatest value ÷ the mean: 1 when all are equal, Null when
// there are none or all are 0.
func MaxOverMean[N int64 | uint64](values []N) Fraction {
	var greatest N
	var sum float64
	for _, v := range values {
		greatest = max(greatest, v)
		sum += float64(v)
	}
	if sum == 0 {
		return Null
	}
	return Fraction(float64(greatest) * float64(len(values)) / sum)
}

// jain is Jain's fairness index, (Σx)² ÷ (n × Σx²): 1 when all are equal, 1/n
// when one has everything, Null when there are none or all are 0 (R. Jain,
// D. Chiu, W. Hawe, "A Quantitative Measure of Fairness and Discrimination",
// DEC-TR-301, 1984).
func jain(values []uint64) Fraction {
	var sum, squares float64
	for _, v := range values {
		x := float64(v)
		sum += x
		squares += float64(x * x) // the conversion forbids a fused multiply-add, whose rounding differs by machine
	}
	if squares == 0 {
		return Null
	}
	return Fraction(sum * sum / (float64(len(values)) * squares))
}

// minMaxPercent is (max − min) ÷ min × 100, as RSS++ reports imbalance; Null
// when there are none or the least is 0.
func minMaxPercent(values []uint64) Fraction {
	if len(values) == 0 {
		return Null
	}
	least, greatest := values[0], values[0]
	for _, v := range values[1:] {
		least, greatest = min(least, v), max(greatest, v)
	}
	if least == 0 {
		return Null
	}
	return Fraction(float64(greatest-least) / float64(least) * 100)
}

// Derive computes what follows from the counters: rates, means and utilization
// of each CPU, Totals, and Imbalance. It also makes null what is over nothing.
// Affinity is left alone: SendReceiveMatch is the caller's (see Ratio).
func (m *Mode) Derive() {
	t := Totals{Reordered: m.Totals.Reordered}
	packets := make([]uint64, len(m.CPUs))
	bytes := make([]uint64, len(m.CPUs))
	busy := make([]int64, len(m.CPUs))
	for i := range m.CPUs {
		c := &m.CPUs[i]
		c.PacketsPerSecond, c.BitsPerSecond = Null, Null
		if m.Simulated > 0 {
			seconds := float64(m.Simulated) / 1e9
			c.PacketsPerSecond = Fraction(float64(c.Packets) / seconds)
			c.BitsPerSecond = Fraction(float64(c.Bytes) * 8 / seconds)
		}
		c.Utilization = Ratio(c.busy(), m.Simulated)
		c.PacketsPerDPCMean = Ratio(c.Packets, c.DPCs)
		if c.DPCs == 0 {
			c.PacketsPerDPCMax = nil
		}
		c.Latency.Mean = Ratio(c.Latency.Sum, c.Packets)
		if c.Packets == 0 {
			c.Latency = Latency{Mean: Null, Sum: c.Latency.Sum}
		}

		packets[i], bytes[i], busy[i] = c.Packets, c.Bytes, c.busy()
		t.Packets += c.Packets
		t.Interrupts += c.Interrupts
		t.DPCs += c.DPCs
		t.ISRTime += c.ISRTime
		t.DPCTime += c.DPCTime
		t.MigrationTime += c.MigrationTime
		t.MigratedPackets += c.MigratedPackets
		if c.Backlog != nil {
			if t.BacklogDrops == nil {
				t.BacklogDrops = new(uint64)
			}
			*t.BacklogDrops += c.BacklogDrops
		}
	}
	for i := range m.Queues {
		t.Drops += m.Queues[i].Drops
	}
	m.Totals = t
	m.SerialUtilization = Null
	if m.Serial != nil {
		m.SerialUtilization = Ratio(*m.Serial, m.Simulated)
	}
	m.Imbalance = Imbalance{
		Packets:       MaxOverMean(packets),
		Bytes:         MaxOverMean(bytes),
		Busy:          MaxOverMean(busy),
		Jain:          jain(packets),
		MinMaxPercent: minMaxPercent(packets),
		ChanceP1:      m.Imbalance.ChanceP1, // these follow from the flows
		ChanceP5:      m.Imbalance.ChanceP5,
		ChanceP95:     m.Imbalance.ChanceP95,
		ChanceP99:     m.Imbalance.ChanceP99,
		BusiestWindow: busiestWindow(m.Series),
		Cores:         groupImbalance(m.CPUs, func(c *CPU) *int { return c.Core }),
		Nodes:         groupImbalance(m.CPUs, func(c *CPU) *int { return c.Node }),
	}
}
