package dispatch_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/rebalance"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
)

// numbers are the numeric parameters of a configuration, by their fields' names.
func numbers(c *engine.Config) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	for _, of := range []reflect.Value{reflect.ValueOf(c).Elem(), reflect.ValueOf(&c.Config).Elem()} {
		for i := range of.NumField() {
			if field := of.Field(i); field.CanInt() {
				found[of.Type().Field(i).Name] = field
			}
		}
	}
	return found
}

// TestExtremes: whatever number a parameter has, 0, 1, its limit, one above that or
// the greatest of its type, Validate refuses it, or all modes count the same in every
// engine, and no sum leaves its type.
func TestExtremes(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	base := func(cpus int) (*records, *engine.Config, *nicmodel.Steering) {
		for {
			cfg, s := randomConfig(random)
			if random.IntN(2) == 0 {
				toClosedForm(cfg)
			}
			cfg.PacketCost = max(cfg.PacketCost, 1) // as in compareCase
			if len(cfg.CPUs) > 1 && len(cfg.CPUs) <= cpus {
				return traffic{packets: 300, hosts: 8, sends: random.IntN(2) == 0, scale: 3000}.capture(random), cfg, s
			}
		}
	}
	_, cfg, _ := base(4)
	for _, name := range slices.Sorted(maps.Keys(numbers(cfg))) {
		t.Run(name, func(t *testing.T) {
			accepted := 0
			for range rounds {
				most := 64
				if name == "Interval" {
					most = 4 // 10,000 windows of each are compared
				}
				capture, cfg, s := base(most)
				if name == "RxFrames" {
					cfg.RxUsecs = max(cfg.RxUsecs, 1)
				}
				field := numbers(cfg)[name]
				try := func(n int64) bool {
					if field.OverflowInt(n) { // of 32 bits
						return false
					}
					field.SetInt(n)
					return cfg.Validate() == nil
				}
				was := field.Int()
				limit := was + int64(sort.Search(62, func(bits int) bool { return !try(was + 1<<bits) }))
				for step := int64(1) << 61; step > 0; step >>= 1 {
					if limit <= math.MaxInt64-step && try(limit+step) {
						limit += step
					}
				}
				if limit == math.MaxInt64 {
					t.Fatal("there is no limit")
				}
				for _, n := range []int64{math.MinInt64, -1, 0, 1, limit, limit + 1, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64} {
					if !try(n) || name == "PacketCost" && n == 0 {
						continue
					}
					if accepted++; n > limit {
						t.Errorf("%d is accepted, and %d is not", n, limit+1)
					}
					if err := compare(capture, cfg, s); err != nil {
						t.Fatalf("%d: %v", n, err)
					}
				}
			}
			if accepted < rounds {
				t.Errorf("only %d values were accepted", accepted)
			}
		})
	}
}

// TestWorkIsBounded: what no sum of times can hold is refused before it is counted,
// by the flag that is to blame; just below that, all is counted.
func TestWorkIsBounded(t *testing.T) {
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	const packets = 2000
	replay := func(wire uint32, change func(*engine.Config)) (*dispatch.Result, error) {
		capture := traffic{packets: packets, hosts: 8, sends: true, scale: 3}.capture(rand.New(rand.NewPCG(3, 3)))
		for i := range capture.recs {
			capture.recs[i].Wire = wire
		}
		cfg, s := defaultConfig(2)
		change(cfg)
		if err := cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		return dispatch.Replay(capture, dispatch.Options{Config: cfg, Steering: s, Modes: allModes, Directions: direction.NewDirections(local)})
	}
	large := func(c *engine.Config) { c.ByteCost, c.RxRing = engine.MaxByteCost, nicmodel.MaxBuffers }
	// 2000 packets of 4 GB at 1 µs a byte are 99 days of work, and a packet waits half of
	// it in the mean.
	r, err := replay(math.MaxUint32, large)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Modes {
		for _, c := range m.CPUs {
			if c.Latency.Sum < 0 || c.DPCTime < 0 || c.Latency.Max < c.Latency.P999 || float64(c.Latency.Sum) > float64(c.Latency.Max)*float64(c.Packets) {
				t.Errorf("%v: %+v", m.Mode, c)
			}
		}
	}
	if testing.Short() {
		return
	}
	// And so many that they may be too long, or their latencies too much in sum.
	for _, test := range []struct {
		n    int
		says string
	}{{150_000, "the latencies of the "}, {600_000, "give a smaller --byte-cost"}} {
		capture := &records{}
		one := traffic{packets: 1, hosts: 2, scale: 3}.capture(rand.New(rand.NewPCG(3, 3))).recs[0]
		one.Wire = math.MaxUint32
		for range test.n {
			capture.recs = append(capture.recs, one)
		}
		cfg, s := defaultConfig(2)
		large(cfg)
		_, err := dispatch.Replay(capture, dispatch.Options{Config: cfg, Steering: s, Modes: allModes, Directions: direction.NewDirections(local)})
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%d packets: %v, want %s", test.n, err, fmt.Sprintf("%q", test.says))
		}
	}
}

// TestTicksAreBounded: packets before which a rebalancer would act more often than is kept are
// refused, also where none but the first were handed on; just as often is not too often.
func TestTicksAreBounded(t *testing.T) {
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	cfg, s := defaultConfig(2)
	cfg.Rebalance = &rebalance.Options{Every: 1000, Max: 1000}
	one := traffic{packets: 1, hosts: 2, scale: 3}.capture(rand.New(rand.NewPCG(3, 3))).recs[0]
	for _, test := range []struct {
		last int64 // ns after the first
		says string
	}{{cfg.MaxTickTime(), ""}, {cfg.MaxTickTime() + 1, "packet 2 comes 4 s after the first, and RSS++ would look at the loads 4,000,000 times"}} {
		late := one
		late.Time += test.last
		_, err := dispatch.Replay(&records{recs: []pcaps.Record{one, late}}, dispatch.Options{
			Config: cfg, Steering: s, Modes: []engine.Mode{engine.NonRSS}, Directions: direction.NewDirections(local),
		})
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("at %d: %v, want %q", test.last, err, test.says)
		}
	}
}
