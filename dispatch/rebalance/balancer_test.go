package rebalance

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/nicmodel"
)

// Four CPUs in use, 1 without a queue; queues 0 and 3 on CPU 0, 1 on CPU 3, 2 on
// CPU 2. Loads 0.9, 0.1 and 0.5; entry 1 has two thirds of CPU 0's packets. Pass 1
// can't move it (0.6 against a room of 0.4), so entry 2 goes, to CPU 3's queue.
func TestTick(t *testing.T) {
	b := New(Options{Every: 1000, Max: 4000, Threshold: 0.02}, 4)
	table := nicmodel.IndirectionTable{2, 0, 3, 1}
	period := Period{
		Busy:     []int64{900, 1_000_000, 500, 100}, // CPU 1 has no queue: it does not count
		Packets:  []uint64{7, 200, 100, 7},
		QueueCPU: []int{0, 3, 2, 0},
	}
	if got := b.Next(); got != 1000 {
		t.Fatalf("the first tick is at %d", got)
	}
	step := b.Tick(period, table)
	if diff := cmp.Diff([]Move{{Entry: 2, From: 3, To: 1}}, step.Moves); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(nicmodel.IndirectionTable{2, 0, 1, 1}, table); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	// Left: −0.4 + 0.3 and 0.4 − 0.3, together 0.2 or, as floats are, a hair more.
	if fmt.Sprintf("%.9f", step.ImbalanceLeft) != "0.200000000" || step.Time != 1000 {
		t.Errorf("%+v", step)
	}

	// CPU 3 received, so it rests, though it is idle: the moves go to CPU 2 or nowhere.
	next := b.Next()
	period.Busy = []int64{next - 1000, 0, next - 1000, 0}
	step = b.Tick(period, table)
	for _, m := range step.Moves {
		if m.To == 1 {
			t.Errorf("a resting core received: %+v", step)
		}
	}
}

// The period goes by the imbalance left: above 0.4 the shortest, above 0.2 half,
// else double if nothing moved. One entry a core has packets, so nothing moves.
func TestPeriod(t *testing.T) {
	b := New(Options{Every: 1000, Max: 7000, Threshold: 0.02}, 2)
	table := nicmodel.IndirectionTable{0, 1}
	at := int64(0)
	for i, tick := range []struct {
		apart float64 // of the loads of the two cores: what is left
		next  int64   // period
	}{
		{0, 2000}, {0, 4000}, {0, 7000}, {0.2, 7000}, {0.3, 3500}, {0.3, 1750}, {0.3, 1000}, {0, 2000}, {0, 4000}, {0.5, 1000}, {0.125, 2000},
	} {
		period := float64(b.Next() - at)
		at = b.Next()
		step := b.Tick(Period{
			Busy:     []int64{int64(0.25 * period), int64((0.25 + tick.apart) * period)},
			Packets:  []uint64{5, 5},
			QueueCPU: []int{0, 1},
		}, table)
		if len(step.Moves) != 0 || step.Time != at {
			t.Fatalf("tick %d: %+v", i, step)
		}
		if got := b.Next() - at; got != tick.next {
			t.Errorf("tick %d, %v left: the next one %d ns later, want %d", i, step.ImbalanceLeft, got, tick.next)
		}
	}
}

func TestValidate(t *testing.T) {
	good := Options{Every: 1, Max: 1}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, o := range []Options{{}, {Every: 2, Max: 1}, {Every: -1, Max: 1}, {Every: 1, Max: 1, Threshold: -0.1}, {Every: 1, Max: 1, Threshold: 2}, {Every: 1, Max: 1 << 62}} {
		if o.Validate() == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
