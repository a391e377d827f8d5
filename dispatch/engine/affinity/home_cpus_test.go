package affinity

import "testing"

// TestTakesOutOfOrder: with a vector for each CPU the takes are told CPU after
// CPU. A connection's home is still the CPU of the first one in time, its last
// CPU that of the latest; at one instant the lowest CPU takes first.
func TestTakesOutOfOrder(t *testing.T) {
	type take struct {
		flow uint32
		at   int64
		cpu  int
	}
	tests := []struct {
		name       string
		takes      []take
		home, last int
	}{
		{"in order", []take{{0, 10, 1}, {0, 20, 2}, {1, 30, 3}}, 1, 3},
		{"a flow on two CPUs, the second told later", []take{{0, 90, 0}, {0, 50, 1}}, 1, 0},
		{"the other one", []take{{0, 50, 0}, {0, 90, 1}, {0, 60, 2}}, 0, 1},
		{"both directions", []take{{0, 90, 0}, {1, 50, 1}, {1, 95, 2}}, 1, 2},
		{"at one instant", []take{{0, 7, 2}, {0, 7, 1}, {1, 7, 3}}, 1, 3},
		{"at the first instant", []take{{0, 0, 1}, {0, 0, 0}}, 0, 1},
	}
	for _, test := range tests {
		var x HomeCPUs
		x.flows.Grow(2)
		if _, _, ok := x.Connection(0, 1); ok {
			t.Errorf("%s: a home before any take", test.name)
		}
		for _, k := range test.takes {
			x.Took(k.flow, k.at, k.cpu)
		}
		home, last, ok := x.Connection(0, 1)
		if !ok || home != test.home || last != test.last {
			t.Errorf("%s: home %d, last %d, %v, want %d and %d", test.name, home, last, ok, test.home, test.last)
		}
		if same, latest, _ := x.Connection(1, NoFlow, 0); same != home || latest != last {
			t.Errorf("%s: home %d, last %d with the flows the other way round", test.name, same, latest)
		}
	}
}

// TestTakesInOrder: where the order is kept, a flow's first CPU and its latest one are those of
// the first and the last take that was told.
func TestTakesInOrder(t *testing.T) {
	var x HomeCPUs
	x.KeepOrder()
	x.Grow(2)
	for _, cpu := range []int{3, 1, 2} {
		if _, _, ok := x.Connection(1, NoFlow); ok {
			t.Error("a home of another flow's takes")
		}
		x.Took(0, 5, cpu)
		if home, last, ok := x.Connection(0, NoFlow); !ok || home != 3 || last != cpu {
			t.Errorf("home %d, last %d, %v, want 3 and %d", home, last, ok, cpu)
		}
	}
	if _, _, ok := x.Connection(NoFlow, NoFlow); ok {
		t.Error("a home without a flow")
	}
}
