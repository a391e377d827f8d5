package dispatch_test

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// Queueing theory as an oracle: one CPU, no overheads, DMA batches of one and
// Poisson arrivals make each mode the queue M/D/1, and with a ring of K whose
// buffers come back one by one M/D/1/K, the packet in service included.

const (
	service  = 1000 // ns: packet-cost
	arrivals = 200_000
)

func queueConfig(t *testing.T) (*engine.Config, *nicmodel.Steering) {
	t.Helper()
	c := &engine.Config{
		Config: nicmodel.Config{Queues: 1, RxRing: 1 << 20, DMABatch: 1, RxFrames: 1},
		CPUs:   []int{0}, QueueCPU: []int{0}, Table: nicmodel.IndirectionTable{0},
		PacketCost: service, Interval: 1e9,
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c, steering(t, c, hash.DefaultTypes)
}

// poisson is packets of one flow at a rate of rho per service time, stamped in ns.
func poisson(seed uint64, rho float64) *records {
	r := rand.New(rand.NewPCG(seed, 2))
	data := frame(end{netip.MustParseAddr("192.0.2.1"), 1}, end{netip.MustParseAddr("192.0.2.2"), 80}, pcaps.ProtoTCP, netip.Addr{})
	c := &records{recs: make([]pcaps.Record, arrivals)}
	var time float64
	for i := range c.recs {
		c.recs[i] = pcaps.Record{Time: 1_700_000_000_000_000_000 + int64(time), Wire: 60, Link: pcaps.LinkEthernet, Queue: -1, Data: data}
		time += r.ExpFloat64() * service / rho
	}
	return c
}

// fifo is the same queue without a NIC, exactly: one server, room for k packets
// with the one in service, and a departure before an arrival at its instant. It
// returns each packet's wait in ns, -1 for one that is lost.
func fifo(c *records, k int) []float64 {
	waits := make([]float64, len(c.recs))
	departures := make([]int64, 0, k) // of those in the system
	var last int64
	for i := range c.recs {
		now := c.recs[i].Time
		for len(departures) > 0 && departures[0] <= now {
			departures = departures[1:]
		}
		if len(departures) == k {
			waits[i] = -1
			continue
		}
		start := max(last, now)
		waits[i] = float64(start - now)
		last = start + service
		departures = append(departures, last)
	}
	return waits
}

// standardError is that of the mean of x, whose neighbours depend on each other,
// by the method of batch means: the means of batches far longer than the memory
// of the queue are as good as independent.
func standardError(x []float64) (mean, err float64) {
	const batches = 50
	var sum, squares float64
	for b := range batches {
		var batch float64
		part := x[b*len(x)/batches : (b+1)*len(x)/batches]
		for _, v := range part {
			batch += v
		}
		batch /= float64(len(part))
		sum += batch
		squares += batch * batch
	}
	mean = sum / batches
	return mean, math.Sqrt((squares/batches - mean*mean) / (batches - 1))
}

// TestMD1: the mean wait is ρ ÷ (2 (1 − ρ)) service times, and in every mode the
// very waits are the queue's.
func TestMD1(t *testing.T) {
	for _, test := range []struct{ rho, wait float64 }{{0.3, 214.3}, {0.6, 750}, {0.9, 4500}} {
		capture := poisson(1, test.rho)
		cfg, s := queueConfig(t)
		waits := fifo(capture, cfg.RxRing)
		exact, stderr := standardError(waits)
		var sum int64
		for _, w := range waits {
			sum += int64(w) + service
		}
		r := replay(t, capture, dispatch.Options{Config: cfg, Steering: s, Modes: allModes})
		for i, mode := range allModes {
			latency := r.Modes[i].CPUs[0].Latency.Sum
			if latency != sum {
				t.Errorf("%v, load %v: sum of latencies %d ns, the queue's is %d", mode, test.rho, latency, sum)
			}
			wait := float64(latency)/arrivals - service
			if math.Abs(wait-test.wait) > 4*stderr {
				t.Errorf("%v, load %v: mean wait %.1f ns, want %v ± %.1f", mode, test.rho, wait, test.wait, 4*stderr)
			}
		}
		t.Logf("load %v: mean wait %.1f ns, in theory %v, standard error %.1f", test.rho, exact, test.wait, stderr)
		// A bound that lets everything pass would prove nothing.
		if stderr > test.wait/20 {
			t.Errorf("load %v: a standard error of %.1f ns is too much", test.rho, stderr)
		}
	}
}

// TestMD1K: M/D/1/4 at a load of 0.9 loses 0.0914 of its packets, where buffers
// come back one by one.
func TestMD1K(t *testing.T) {
	const rho, ring, want = 0.9, 4, 0.0914
	capture := poisson(3, rho)
	lost := fifo(capture, ring)
	var drops uint64
	for i, w := range lost {
		lost[i] = 0
		if w < 0 {
			lost[i] = 1
			drops++
		}
	}
	exact, stderr := standardError(lost)
	t.Logf("loss %.5f, in theory %v, standard error %.5f", exact, want, stderr)
	if stderr > want/50 {
		t.Errorf("a standard error of %.5f is too much", stderr)
	}
	for _, test := range []struct {
		name   string
		drain  engine.Drain
		budget int
	}{
		{"drain poll", engine.Poll, 0},
		{"drain poll, dpc-budget 1", engine.Poll, 1},
		{"dpc-budget 1", engine.Snapshot, 1},
	} {
		cfg, s := queueConfig(t)
		cfg.RxRing, cfg.Drain, cfg.DPCBudget = ring, test.drain, test.budget
		modes := allModes[:engine.RSSSingleQueue] // where neither applies
		r := replay(t, capture, dispatch.Options{Config: cfg, Steering: s, Modes: modes})
		for i, mode := range modes {
			got := r.Modes[i].Queues[0].Drops
			if got != drops {
				t.Errorf("%v, %s: %d drops, the queue's are %d", mode, test.name, got, drops)
			}
			if loss := float64(got) / arrivals; math.Abs(loss-want) > 4*stderr {
				t.Errorf("%v, %s: loss %.5f, want %v ± %.5f", mode, test.name, loss, want, 4*stderr)
			}
		}
	}
}
