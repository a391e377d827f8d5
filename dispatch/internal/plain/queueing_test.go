package plain

import (
	"math"
	"math/rand/v2"
	"testing"

	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
)

// Queueing theory as an oracle: one CPU, no overhead and a fixed packet-cost is
// the queue M/D/1; with a ring of K buffers that come back one by one, M/D/1/K.

const service = 1000 // ns: packet-cost

func queueConfig() *engine.Config {
	return &engine.Config{
		Config:     nicmodel.Config{Queues: 1, RxRing: 1 << 20, DMABatch: 1, RxFrames: 1},
		CPUs:       []int{0},
		QueueCPU:   []int{0},
		Table:      nicmodel.IndirectionTable{0},
		PacketCost: service,
		Interval:   1e9,
	}
}

// poisson is n arrivals at a rate of rho per service time.
func poisson(seed uint64, rho float64, n int) []Packet {
	r := rand.New(rand.NewPCG(seed, 2))
	packets := make([]Packet, n)
	var time float64
	for p := range packets {
		packets[p] = Packet{Time: int64(time), Length: 60, Flow: none, Conn: none, Entry: 0}
		time += r.ExpFloat64() * service / rho
	}
	return packets
}

// fifo is the same queue without a NIC, exactly: one server, room for k packets
// with the one in service, and a departure before an arrival at its instant.
func fifo(packets []Packet, k int) (latencySum int64, drops uint64) {
	var departures []int64 // of those in the system
	var last int64
	for _, p := range packets {
		for len(departures) > 0 && departures[0] <= p.Time {
			departures = departures[1:]
		}
		if len(departures) == k {
			drops++
			continue
		}
		last = max(last, p.Time) + service
		departures = append(departures, last)
		latencySum += last - p.Time
	}
	return latencySum, drops
}

// Mean wait: ρ ÷ (2 (1 − ρ)) service times. The tolerances are four standard
// errors of 200,000 packets, measured over 40 seeds. The modes cannot differ
// without overhead, so the others than rss-msix run on fewer packets.
func TestMD1(t *testing.T) {
	tests := []struct {
		rho, wait, tolerance float64 // ns
	}{
		{0.3, 214.3, 8},
		{0.6, 750, 36},
		{0.9, 4500, 680},
	}
	if testing.Short() {
		tests = tests[1:2]
	}
	for _, test := range tests {
		packets := poisson(1, test.rho, 200000)
		for mode := range engine.Mode(engine.NumModes) {
			if mode != engine.RSSMSIX {
				packets = packets[:5000]
			}
			cfg := queueConfig()
			counters := Run(Setup{Config: cfg, Mode: mode, Packets: packets}).Counters
			sum := counters.CPUs[0].Latency.Sum
			if want, _ := fifo(packets, cfg.RxRing); sum != want {
				t.Errorf("%v, load %v: latency sum %d ns, want %d", mode, test.rho, sum, want)
			}
			if mode == engine.RSSMSIX {
				wait := float64(sum)/float64(len(packets)) - service
				t.Logf("load %v: mean wait %.1f ns", test.rho, wait)
				if math.Abs(wait-test.wait) > test.tolerance {
					t.Errorf("load %v: mean wait %.1f ns, want %v ± %v", test.rho, wait, test.wait, test.tolerance)
				}
			}
		}
	}
}

// md1kLoss is the share of packets that an M/D/1/K queue loses (K with the one in
// service), from the chain of the numbers left behind: π_j of K − 1 states, with
// a_i the chance of i arrivals in a service time. The loss is 1 − 1 ÷ (π_0 + ρ).
func md1kLoss(rho float64, k int) float64 {
	a := func(i int) float64 {
		gamma, _ := math.Lgamma(float64(i + 1))
		return math.Exp(-rho + float64(i)*math.Log(rho) - gamma)
	}
	pi := make([]float64, k)
	pi[0] = 1
	sum := 1.0
	for j := 1; j < k; j++ {
		// π_{j−1} = π_0 a_{j−1} + Σ_{i=1..j} π_i a_{j−i}
		next := pi[j-1] - pi[0]*a(j-1)
		for i := 1; i < j; i++ {
			next -= pi[i] * a(j-i)
		}
		pi[j] = next / a(0)
		sum += pi[j]
	}
	return 1 - 1/(1/sum+rho)
}

func TestMD1K(t *testing.T) {
	const rho, ring = 0.9, 4
	want := md1kLoss(rho, ring)
	if math.Abs(want-0.0914) > 0.0001 {
		t.Fatalf("loss of M/D/1/4 at load 0.9 is %.5f, not the 0.0914 of the tables", want)
	}
	const tolerance = 0.0042 // four standard errors of 200,000 packets, over 40 seeds
	packets := poisson(3, rho, 200000)
	for mode := range engine.RSSSingleQueue { // there no drain applies
		for _, test := range []struct {
			name   string
			drain  engine.Drain
			budget int
		}{
			{"poll", engine.Poll, 0},
			{"poll of 1", engine.Poll, 1},
			{"snapshot of 1", engine.Snapshot, 1},
		} {
			cfg := queueConfig()
			cfg.RxRing = ring
			cfg.Drain, cfg.DPCBudget = test.drain, test.budget
			counters := Run(Setup{Config: cfg, Mode: mode, Packets: packets}).Counters
			drops := counters.Queues[0].Drops
			if _, want := fifo(packets, ring); drops != want {
				t.Errorf("%v, %s: %d drops, want %d", mode, test.name, drops, want)
			}
			if len(packets) == 200000 {
				loss := float64(drops) / float64(len(packets))
				t.Logf("%v, %s: loss %.5f", mode, test.name, loss)
				if math.Abs(loss-want) > tolerance {
					t.Errorf("%v, %s: loss %.5f, want %.5f ± %v", mode, test.name, loss, want, tolerance)
				}
			}
			packets = packets[:5000]
		}
	}
}
