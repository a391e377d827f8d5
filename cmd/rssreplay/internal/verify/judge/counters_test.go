package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
	"rssreplay/pcaps"
)

// traffic is so many TCP flows to one server over IPv4, a fifth of them UDP, and their
// packets: equal on average, or of a few large flows and many small ones.
func traffic(random *rand.Rand, flows, packets int, skewed bool) []Group {
	groups := make([]Group, flows)
	weights := make([]float64, flows)
	sum := 0.0
	for i := range groups {
		h := &groups[i].Header
		h.Version, h.Protocol, h.Facts, h.Reason = 4, pcaps.ProtoTCP, pcaps.HasPorts, pcaps.IP
		if i%5 == 4 {
			h.Protocol = pcaps.ProtoUDP
		}
		for b := range 4 {
			h.Src[b] = byte(random.Uint32())
		}
		h.Dst[0], h.Dst[3] = 192, 1
		h.SrcPort, h.DstPort = uint16(random.Uint32()), 443
		weights[i] = 1
		if skewed {
			weights[i] = 1 / float64(i+1)
		}
		sum += weights[i]
	}
	for i := range groups {
		mean := float64(packets) * weights[i] / sum
		groups[i].Load = uint64(max(1, mean*(0.5+random.Float64())))
	}
	return groups
}

func drawKey(random *rand.Rand) hash.Key {
	key := make(hash.Key, 40)
	for i := range key {
		key[i] = byte(random.Uint32())
	}
	return key
}

// nic is a NIC with that key, and the default fields and table.
func nic(key hash.Key, queues int) nicmodel.SteeringConfig {
	c := nicmodel.SteeringConfig{HashTypes: hash.DefaultTypes, Key: key, Table: make(nicmodel.IndirectionTable, 128), QueueCPU: make([]int, queues)}
	for i := range c.Table {
		c.Table[i] = uint16(i % queues)
	}
	return c
}

func steering(t testing.TB, c nicmodel.SteeringConfig) *nicmodel.Steering {
	t.Helper()
	s, err := nicmodel.NewSteering(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counted is what the NIC counts of the groups.
func counted(t testing.TB, groups []Group, c nicmodel.SteeringConfig) []uint64 {
	loads, unhashed := entries(groups, steering(t, c))
	return spread(loads, unhashed, &c)
}

// noisy is the counters of a window that is not the capture's: 5 % less, unevenly, and 2 %
// of other packets on queue 0.
func noisy(random *rand.Rand, seen []uint64) []uint64 {
	other := make([]uint64, len(seen))
	for q, n := range seen {
		other[q] = uint64(float64(n) * (0.949 + 0.002*random.Float64()))
	}
	other[0] += Total(seen) / 50
	return other
}

func judge(t testing.TB, groups []Group, claim nicmodel.SteeringConfig, seen []uint64) Judgement {
	t.Helper()
	c := Counters{Claimed: steering(t, claim), Groups: groups, Seen: seen, Unit: "packets"}
	return c.Judge()
}

// eachTraffic calls try with traffic of all kinds, and two NICs that differ in their keys.
func eachTraffic(t *testing.T, seed uint64, try func(t *testing.T, random *rand.Rand, groups []Group, a, b nicmodel.SteeringConfig)) {
	runs, most, all := 4, 1500, []int{2, 3, 4, 8, 16, 64}
	if testing.Short() {
		runs, most, all = 1, 300, []int{3, 16}
	}
	for _, queues := range all {
		for _, flows := range []int{3, 60, most} {
			t.Run(fmt.Sprintf("queues=%d/flows=%d", queues, flows), func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, uint64(queues*flows)))
				for run := range runs {
					groups := traffic(random, flows, 20*flows, run%2 == 1)
					try(t, random, groups, nic(drawKey(random), queues), nic(drawKey(random), queues))
				}
			})
		}
	}
}

// What was counted beside the prediction, on the default queue, makes no other window of it.
func TestWindowWithOthers(t *testing.T) {
	random := rand.New(rand.NewPCG(19, 1))
	groups, claim := traffic(random, 300, 60_000, false), nic(drawKey(random), 8)
	for beta, why := range map[float64]Why{0.05: 0, 0.09: 0, 0.2: OtherWindow} {
		seen := counted(t, groups, claim)
		for q := range seen {
			seen[q] = seen[q] * 148 / 100
		}
		seen[0] += uint64(float64(Total(seen)) * beta / (1 - beta))
		if j := judge(t, groups, claim, seen); j.Why != why || (j.Verdict == Agrees) != (why == 0) {
			t.Errorf("a share of %g beside: verdict %d, why %d, want %d", beta, j.Verdict, j.Why, why)
		}
	}
}

// The fewest entries that lead elsewhere, and how many choices of as many there are, are what
// trying each choice gives: also of chains, in which an entry leads to a queue that another
// leaves.
func TestFewestMovesByTrying(t *testing.T) {
	found, chains := map[int]int{}, 0
	for seed := range uint64(600) {
		random := rand.New(rand.NewPCG(seed, 23))
		queues := 3 + random.IntN(3)
		loads := make([]uint64, 4+random.IntN(6))
		table := make(nicmodel.IndirectionTable, len(loads))
		for i := range loads {
			loads[i], table[i] = random.Uint64N(9), uint16(random.IntN(queues))
		}
		m := newMover(table, loads)
		left := make([]int64, queues)
		for _, entry := range random.Perm(len(m.loads))[:random.IntN(4)] {
			left[m.table[entry]] -= int64(m.loads[entry])
			left[random.IntN(queues)] += int64(m.loads[entry])
		}
		moves, others := m.fewest(left, maxMoved)
		want := 0
		for n := 1; n <= maxMoved && want == 0 && slices.ContainsFunc(left, func(n int64) bool { return n != 0 }); n++ {
			want = choicesOf(m, slices.Clone(left), 0, n)
		}
		switch {
		case len(moves) == 0:
			if want != 0 {
				t.Errorf("seed %d: nothing is found, and there are %d choices", seed, want)
			}
		case others+1 != want:
			t.Errorf("seed %d: %v and %d others, want %d choices", seed, moves, others, want)
		}
		if m.through(moves) > 0 {
			chains++
		}
		if some := newMover(table, loads).some(left, maxMoved); some != (len(moves) > 0) {
			t.Errorf("seed %d: some %t, and %d moves", seed, some, len(moves))
		}
		found[len(moves)]++
	}
	for n := range maxMoved + 1 {
		if found[n] == 0 {
			t.Errorf("no case of %d moves", n)
		}
	}
	if chains == 0 {
		t.Error("no chain")
	}
}

// choicesOf counts the choices of n entries, from one on, that leave nothing if they lead
// elsewhere.
func choicesOf(m *mover, left []int64, from, n int) (count int) {
	if n == 0 {
		if slices.ContainsFunc(left, func(n int64) bool { return n != 0 }) {
			return 0
		}
		return 1
	}
	for entry := from; entry < len(m.loads); entry++ {
		queue, load := int(m.table[entry]), int64(m.loads[entry])
		for to := range left {
			if to == queue || load == 0 {
				continue
			}
			left[queue] += load
			left[to] -= load
			count += choicesOf(m, left, entry+1, n-1)
			left[queue] -= load
			left[to] += load
		}
	}
	return count
}

// With a wrong key nothing is called right, and no cause is made up.
func TestWrongKey(t *testing.T) {
	accepted := 0
	eachTraffic(t, 11, func(t *testing.T, random *rand.Rand, groups []Group, a, b nicmodel.SteeringConfig) {
		for _, seen := range [][]uint64{counted(t, groups, a), noisy(random, counted(t, groups, a))} {
			if j := judge(t, groups, b, seen); j.Verdict != CantTell {
				accepted++
				t.Logf("verdict %d, %v", j.Verdict, j.Explanations)
			}
		}
	})
	if accepted > 1 { // one in 1,000 passes by chance
		t.Errorf("%d wrong claims have a verdict", accepted)
	}
}

// The right key is not called wrong, nor is it where the window was another one; and
// where there are many queues, it is called right.
func TestRightKey(t *testing.T) {
	eachTraffic(t, 12, func(t *testing.T, random *rand.Rand, groups []Group, a, _ nicmodel.SteeringConfig) {
		seen := counted(t, groups, a)
		j := judge(t, groups, a, seen)
		if j.Verdict == Differs || !j.Fit.Exact || len(groups) >= 60 && len(seen) >= 8 && j.Verdict != Agrees {
			t.Errorf("verdict %d, fit %+v, null %+v", j.Verdict, j.Fit, j.Null)
		}
		j = judge(t, groups, a, noisy(random, seen))
		if j.Verdict == Differs || len(groups) >= 60 && len(seen) >= 8 && j.Verdict != Agrees {
			t.Errorf("noisy: verdict %d, fit %+v, null %+v", j.Verdict, j.Fit, j.Null)
		}
		if len(groups) >= 60 && j.Verdict == Agrees && (j.Fit.Alpha < 0.9 || j.Fit.Alpha > 1 || j.Fit.Beta < 0.01*float64(Total(seen)) || j.Fit.Beta > 0.04*float64(Total(seen))) {
			t.Errorf("fit %+v of 5 %% fewer, and 2 %% more on queue 0", j.Fit)
		}
	})
}

// What is other than claimed is named, whether the key is known or not.
func TestExplanations(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 13))
	table := func(c nicmodel.SteeringConfig, queue func(i int) int) nicmodel.SteeringConfig {
		c.Table = make(nicmodel.IndirectionTable, len(c.Table))
		for i := range c.Table {
			c.Table[i] = uint16(queue(i))
		}
		return c
	}
	all, flows := []int{5, 16}, 300
	if testing.Short() {
		all, flows = all[1:], 120
	}
	for _, queues := range all {
		groups := traffic(random, flows, 30000, false)
		a, b := nic(drawKey(random), queues), nic(drawKey(random), queues)
		known, fields, ena := a, a, a
		known.Key, _ = hash.ParseKey("mellanox")
		fields.HashTypes &^= hash.TypesOf(hash.UDPIPv4)
		ena.Transform = hash.ENA
		for _, test := range []struct {
			name    string
			truth   nicmodel.SteeringConfig
			id      string
			mention string
		}{
			{"known key", known, "key", "mellanox"},
			{"fields", fields, "hash-fields", "UDP is hashed on addresses alone"},
			{"ENA", ena, "xfrm", "ena"},
			{"block", table(a, func(i int) int { return i * queues / 128 }), "table", "block"},
			{"reversed", table(a, func(i int) int { return (i ^ 3) % queues }), "table", "groups of four"},
			{"fewer", table(a, func(i int) int { return 1 + i%(queues-2) }), "table", fmt.Sprintf("equal:%d,start:1", queues-2)},
			{"fewer, another key", table(b, func(i int) int { return i % (queues / 2) }), "fewer-queues", fmt.Sprintf("queues 0 to %d alone", queues/2-1)},
			{"RSS off", table(b, func(int) int { return 0 }), "rss-off", "on queue 0"},
		} {
			j := judge(t, groups, a, counted(t, groups, test.truth))
			if j.Verdict != Differs || j.Explanations[0].ID != test.id || !strings.Contains(j.Explanations[0].Summary, test.mention) {
				t.Errorf("%s, %d queues: verdict %d, %+v, fit %+v, null %+v", test.name, queues, j.Verdict, j.Explanations, j.Fit, j.Null)
			}
		}
		// All UDP is of IPv4: that UDP is hashed so, and that UDP over IPv4 is, are one here.
		if j := judge(t, groups, a, counted(t, groups, fields)); len(j.Explanations) != 1 {
			t.Errorf("fields, %d queues: %+v", queues, j.Explanations)
		}
		// More queues than the claimed table reaches, whatever the key.
		half := table(a, func(i int) int { return i % (queues / 2) })
		if j := judge(t, groups, half, counted(t, groups, b)); j.Verdict != Differs || j.Explanations[0].ID != "more-queues" {
			t.Errorf("more queues of %d: verdict %d, %+v", queues, j.Verdict, j.Explanations)
		}
		// Nothing is hashed, as claimed, and all is on one queue; or it is hashed all the same, by another key.
		none := a
		none.HashTypes = 0
		if j := judge(t, groups, none, counted(t, groups, none)); j.Verdict != Agrees || !j.Keyless {
			t.Errorf("no hash of %d: verdict %d, %+v", queues, j.Verdict, j.Null)
		}
		if j := judge(t, groups, none, counted(t, groups, b)); j.Verdict != Differs || j.Explanations[0].ID != "more-queues" || !strings.Contains(j.Explanations[0].Summary, "nothing is hashed") {
			t.Errorf("no hash claimed of %d: verdict %d, %+v", queues, j.Verdict, j.Explanations)
		}
		// RSS off under a noisy window.
		if j := judge(t, groups, a, noisy(random, counted(t, groups, table(a, func(int) int { return 0 })))); j.Verdict != Differs || j.Explanations[0].ID != "rss-off" {
			t.Errorf("RSS off, noisy, %d queues: verdict %d, %+v", queues, j.Verdict, j.Explanations)
		}
	}
}

// A queue that a few entries lead to is used: where the capture has all that was counted, and
// all of it has a hash, the default queue's packets are RSS's; and none is called unused that
// counted something.
func TestFewerQueues(t *testing.T) {
	random := rand.New(rand.NewPCG(29, 5))
	groups := traffic(random, 2000, 30000, false)
	for _, test := range []struct {
		name     string
		queues   int
		queue    func(i int) int
		beside   uint64 // counted on queue 0, and not captured
		mentions []string
	}{
		{"few entries for the default queue", 4, func(i int) int { return min(i/5, 1+i%3) }, 0, nil},
		{"none for it, packets without a hash", 8, func(i int) int { return 1 + i%7 }, 300, []string{"queues 1 to 7 nearly alone", ", the others on queue 0"}},
		{"none for it", 8, func(i int) int { return 1 + i%7 }, 0, []string{"queues 1 to 7 alone, whatever the key: all packets are there"}},
		{"one entry for a queue", 16, func(i int) int { return map[bool]int{true: 15, false: i % 15}[i == 1] }, 0, []string{"queues 0 to 14 nearly alone", ", the others on queue 15"}},
		{"all but one entry on one queue", 4, func(i int) int { return map[bool]int{true: 3, false: 1}[i == 1] }, 0, []string{"on queue 1, the others on queue 3"}},
	} {
		a, b := nic(drawKey(random), test.queues), nic(drawKey(random), test.queues)
		for i := range b.Table {
			b.Table[i] = uint16(test.queue(i))
		}
		seen := counted(t, groups, b)
		seen[0] += test.beside
		j := judge(t, groups, a, seen)
		if test.mentions == nil {
			if len(j.Explanations) > 0 {
				t.Errorf("%s: %s, of %d", test.name, j.Explanations[0].Summary, seen)
			}
			continue
		}
		if len(j.Explanations) == 0 {
			t.Errorf("%s: nothing is found in %d", test.name, seen)
			continue
		}
		for _, mention := range test.mentions {
			if !strings.Contains(j.Explanations[0].Summary, mention) {
				t.Errorf("%s: %q lacks %q, of %d", test.name, j.Explanations[0].Summary, mention, seen)
			}
		}
	}
	if got := (&Counters{Unit: "packets"}).shareOf(9999, 10000); got != "more than 99.9% of the packets" {
		t.Errorf("all but one packet: %q", got)
	}
}

// Where UDP of few addresses is hashed without its ports, few queues are used: that is said
// first, though of so few inputs some random keys do as well. Fewer queues in the table are
// not taken for it. So few inputs can't be on more queues than they are.
func TestFewQueuesOfFewAddresses(t *testing.T) {
	likely := 0
	for run := range uint64(8) {
		random := rand.New(rand.NewPCG(run, 83))
		groups := traffic(random, 200, 30000, false)
		from := [][4]byte{{10, 1, 0, 1}, {10, 1, 0, 2}, {10, 1, 0, 3}}
		for i := range groups {
			h := &groups[i].Header
			h.Protocol = pcaps.ProtoUDP
			copy(h.Src[:], from[min(i%7, 2)][:])
		}
		a, fewer := nic(drawKey(random), 16), nic(drawKey(random), 16)
		truth := a
		truth.HashTypes &^= hash.TypesOf(hash.UDPIPv4)
		seen := counted(t, groups, truth)
		used := usedQueues(seen, 0, 0)
		seen[used[0]] += 20 // not captured: none is exact
		for i := range fewer.Table {
			fewer.Table[i] = uint16(used[i%len(used)])
		}
		if j := judge(t, groups, a, counted(t, groups, fewer)); len(j.Explanations) != 1 || j.Explanations[0].ID != "fewer-queues" {
			t.Errorf("run %d, fewer queues: %+v", run, j.Explanations)
		}
		ports := counted(t, groups, a)
		if j := judge(t, groups, truth, ports); j.Verdict != Differs || !strings.Contains(j.Explanations[0].Summary, "other fields are hashed") && j.Explanations[0].ID != "hash-fields" {
			t.Errorf("run %d: 3 inputs for %d: %+v", run, ports, j.Explanations)
		}
		if j := judge(t, groups, truth, counted(t, groups, truth)); j.Verdict == Differs {
			t.Errorf("run %d: as claimed, and differs: %+v", run, j.Explanations)
		}
		switch j := judge(t, groups, a, seen); {
		case len(j.Explanations) == 0:
			t.Errorf("run %d: nothing is found in %d", run, seen)
		case strings.Contains(j.Explanations[0].Summary, "% of random keys do as well"):
			if likely++; j.Explanations[0].ID != "hash-fields" || j.Explanations[len(j.Explanations)-1].ID != "fewer-queues" {
				t.Errorf("run %d: %+v", run, j.Explanations)
			}
		}
	}
	if likely < 3 {
		t.Errorf("only %d runs tell the fields", likely)
	}
}

// A few entries that lead elsewhere are named, and more of them are no agreement; a wrong
// key is not explained by them.
func TestMovedEntries(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 3))
	runs := 18
	if testing.Short() {
		runs = 6
	}
	for run := range runs {
		groups := traffic(random, 40+random.IntN(100), 6000, run%2 == 1)
		a, b := nic(drawKey(random), 8), nic(drawKey(random), 8)
		loads, _ := entries(groups, steering(t, a))
		truth, moves := a, 1+run%3
		truth.Table = slices.Clone(a.Table)
		for left := moves; left > 0; {
			if entry := random.IntN(128); loads[entry] >= 20 && truth.Table[entry] == a.Table[entry] {
				truth.Table[entry] = uint16((int(truth.Table[entry]) + 1 + random.IntN(7)) % 8)
				left--
			}
		}
		j := judge(t, groups, a, counted(t, groups, truth))
		if j.Left < outlyingShare {
			if j.Verdict == Differs {
				t.Errorf("run %d: %+v of what is left, %g", run, j.Explanations, j.Left)
			}
		} else if moves > 1 && len(j.Explanations) == 0 {
			// One may lead to a queue that another leaves, or as many explain a random key.
		} else if j.Verdict != Differs || len(j.Explanations) == 0 || j.Explanations[0].ID != "moved-entries" || j.Explanations[0].Changes > moves {
			t.Errorf("run %d, %d moves: verdict %d, %+v, fit %+v, null %+v", run, moves, j.Verdict, j.Explanations, j.Fit, j.Null)
		} else if got := counted(t, groups, j.Explanations[0].Config); !slices.Equal(got, counted(t, groups, truth)) {
			t.Errorf("run %d: %s gives %d", run, j.Explanations[0].Summary, got)
		}
		if len(j.Explanations) > 0 && j.Explanations[0].ID == "moved-entries" && !strings.Contains(j.Explanations[0].Summary, "or something else (") {
			t.Errorf("run %d: %q is told as the only cause", run, j.Explanations[0].Summary)
		}
		j = judge(t, groups, a, counted(t, groups, b))
		if slices.ContainsFunc(j.Explanations, func(e Explanation) bool { return e.ID == "moved-entries" }) {
			t.Errorf("run %d: a wrong key is explained by %s", run, j.Explanations[0].Summary)
		}
	}
	groups := traffic(random, 400, 9000, false)
	a := nic(drawKey(random), 16)
	truth := a
	truth.Table = slices.Clone(a.Table)
	for entry := range 24 {
		if entry%16 < 4 {
			truth.Table[entry] = uint16(4 + entry%16)
		}
	}
	if j := judge(t, groups, a, counted(t, groups, truth)); j.Verdict != Differs || len(j.Explanations) > 0 {
		t.Errorf("8 entries: verdict %d, %+v, fit %+v", j.Verdict, j.Explanations, j.Fit)
	}
}

// Where the key fits and more is on other queues than another window has there, the claim
// does not agree, though no random key fits as well: a larger part of the table is another.
func TestPartElsewhere(t *testing.T) {
	random, cases := rand.New(rand.NewPCG(43, 1)), 0
	for run := range 8 {
		groups := traffic(random, 60+random.IntN(100), 6000, run%2 == 1)
		a := nic(drawKey(random), 16)
		truth := a
		truth.Table = slices.Clone(a.Table)
		for _, entry := range random.Perm(128)[:6] {
			truth.Table[entry] = uint16((int(truth.Table[entry]) + 1 + random.IntN(15)) % 16)
		}
		seen := counted(t, groups, truth)
		j := judge(t, groups, a, seen)
		if j.Fit.Residual > 2*outlyingShare && j.Null.AsGood == 0 {
			cases++
		}
		if j.Verdict == Agrees && j.Fit.Residual > outlyingShare {
			t.Errorf("run %d: verdict %d, why %d, fit %+v, null %+v", run, j.Verdict, j.Why, j.Fit, j.Null)
		}
		if run%2 == 1 {
			continue
		}
		// What only the counters have is anywhere: of 400 more flows, here.
		seen = counted(t, groups, a)
		for q, n := range counted(t, traffic(random, 400, int(Total(seen)/12), false), a) {
			seen[q] += n
		}
		if j := judge(t, groups, a, seen); j.Verdict != Agrees {
			t.Errorf("run %d, a longer window: verdict %d, why %d, fit %+v", run, j.Verdict, j.Why, j.Fit)
		}
	}
	if cases < 4 {
		t.Errorf("only %d runs show something", cases)
	}
}

// Where the totals are equal to the packet, entries that lead to the default queue are no other
// window, in which there is less of all and as much more there.
func TestMovedToDefaultQueue(t *testing.T) {
	runs, cases := 12, 0
	if testing.Short() {
		runs = 5
	}
	for run := range runs {
		random := rand.New(rand.NewPCG(uint64(run), 61))
		groups := traffic(random, 200, 9000, true)
		a := nic(drawKey(random), 4)
		loads, _ := entries(groups, steering(t, a))
		predicted := counted(t, groups, a)
		truth := a
		truth.Table = slices.Clone(a.Table)
		for q := 1; q < 4; q++ { // of each queue the entry nearest to a thirtieth of it
			nearest := q
			for i := q; i < 128; i += 4 {
				if off := func(i int) float64 { return math.Abs(float64(loads[i]) - float64(predicted[q])/30) }; off(i) < off(nearest) {
					nearest = i
				}
			}
			truth.Table[nearest] = 0
		}
		seen := counted(t, groups, truth)
		j := judge(t, groups, a, seen)
		if j.Fit.Residual < outlyingShare && differences(seen, j.Predicted) > 2*outlyingShare*float64(Total(seen)) {
			cases++
		}
		if j.Verdict == Agrees && differences(seen, j.Predicted) > outlyingShare*float64(Total(seen)) {
			t.Errorf("run %d: it agrees, fit %+v, %v for %v", run, j.Fit, seen, j.Predicted)
		}
	}
	if cases < runs/4 {
		t.Errorf("only %d cases that alpha and beta would hide", cases)
	}
}

// Where the entries of random keys bring as much, too, it is said that a moved entry may be
// chance.
func TestMovedMayBeChance(t *testing.T) {
	for _, test := range []struct {
		load  func(i int) uint64 // of a flow
		often bool
	}{{func(int) uint64 { return 50 }, true}, {func(i int) uint64 { return uint64(100 + i*i) }, false}} {
		random := rand.New(rand.NewPCG(71, 1))
		groups := traffic(random, 60, 6000, false)
		for i := range groups {
			groups[i].Load = test.load(i)
		}
		a := nic(drawKey(random), 8)
		loads, _ := entries(groups, steering(t, a))
		truth := a
		truth.Table = slices.Clone(a.Table)
		entry := slices.Index(loads, slices.Max(loads))
		truth.Table[entry] = (a.Table[entry] + 3) % 8
		j := judge(t, groups, a, counted(t, groups, truth))
		if len(j.Explanations) == 0 || j.Explanations[0].ID != "moved-entries" || strings.Contains(j.Explanations[0].Summary, "may be chance") != test.often {
			t.Errorf("%+v", j.Explanations)
		}
	}
}

// Of one flow of UDP nothing tells whether its fields are others, or its entry leads elsewhere:
// both are told, and what needs no luck first.
func TestOneFlowChanges(t *testing.T) {
	cases := 0
	for run := range 6 {
		random := rand.New(rand.NewPCG(uint64(run), 67))
		groups := traffic(random, 40, 6000, true)
		for i := range groups {
			if groups[i].Header.Protocol = pcaps.ProtoTCP; i == 4 {
				groups[i].Header.Protocol = pcaps.ProtoUDP
			}
		}
		a := nic(drawKey(random), 8)
		truth := a
		truth.HashTypes &^= hash.TypesOf(hash.UDPIPv4)
		j := judge(t, groups, a, counted(t, groups, truth))
		if len(j.Explanations) < 2 {
			continue
		}
		cases++
		if j.Explanations[0].ID != "moved-entries" || j.Explanations[1].ID != "hash-fields" {
			t.Errorf("run %d: %q before %q", run, j.Explanations[0].Summary, j.Explanations[1].Summary)
		}
	}
	if cases < 2 {
		t.Errorf("only %d cases have both", cases)
	}
}

// A hypothesis that changes a few flows alone is told only if it leaves less than these flows
// would anywhere: where two entries lead to each other's queues, the fields of the few flows
// of UDP may leave less than the claim does.
func TestChangesLittle(t *testing.T) {
	seeds := []uint64{25, 39, 43, 91, 117, 201, 356, 421}
	if testing.Short() {
		seeds = seeds[:3]
	}
	for _, seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 47))
		groups := traffic(random, 60, 9000, true)
		for i := range groups {
			if h := &groups[i].Header; i%3 == 0 {
				h.Version, h.Src[9] = 6, 1
			}
			if groups[i].Header.Protocol == pcaps.ProtoUDP && i != 4 && i != 9 {
				groups[i].Header.Protocol = pcaps.ProtoTCP
			}
		}
		a := nic(drawKey(random), 8)
		loads, _ := entries(groups, steering(t, a))
		truth := a
		truth.Table = slices.Clone(a.Table)
		for swapped := false; !swapped; {
			e, f := random.IntN(128), random.IntN(128)
			if swapped = loads[e] > 0 && loads[f] > 0 && a.Table[e] != a.Table[f] && max(loads[e], loads[f]) > 100+min(loads[e], loads[f]); swapped {
				truth.Table[e], truth.Table[f] = a.Table[f], a.Table[e]
			}
		}
		seen := counted(t, groups, truth)
		seen[0] += Total(seen) / 100
		if j := judge(t, groups, a, seen); len(j.Explanations) > 0 {
			t.Errorf("seed %d: %q, residual %g of %g", seed, j.Explanations[0].Summary, j.Explanations[0].Fit.Residual, j.Fit.Residual)
		}
	}
}

// A counter that stands still is no agreement, however well the others fit.
func TestSilentQueue(t *testing.T) {
	random := rand.New(rand.NewPCG(41, 9))
	for run := range 6 {
		groups := traffic(random, 60+random.IntN(200), 6000, run%2 == 1)
		a := nic(drawKey(random), 8)
		seen := counted(t, groups, a)
		if j := judge(t, groups, a, seen); j.Verdict != Agrees || j.Silent(seen) >= 0 {
			t.Errorf("run %d: verdict %d of what is predicted, silent %d", run, j.Verdict, j.Silent(seen))
		}
		seen[3] = 0
		if j := judge(t, groups, a, seen); j.Verdict == Agrees || j.Verdict == CantTell && j.Null.AsGood == 0 && (j.Why != SilentQueue || j.Silent(seen) != 3) {
			t.Errorf("run %d: verdict %d, why %d, silent %d, %+v", run, j.Verdict, j.Why, j.Silent(seen), j.Explanations)
		}
	}
}

// Counters that do not belong to the capture tell nothing.
func TestNothingToTell(t *testing.T) {
	random := rand.New(rand.NewPCG(14, 14))
	groups := traffic(random, 100, 5000, false)
	a := nic(drawKey(random), 8)
	seen := counted(t, groups, a)
	times := func(f float64) []uint64 {
		other := make([]uint64, len(seen))
		for q, n := range seen {
			other[q] = uint64(f * float64(n))
		}
		return other
	}
	for _, test := range []struct {
		name   string
		groups []Group
		seen   []uint64
		why    Why
	}{
		{"no packet", nil, seen, NothingReceived},
		{"nothing counted", groups, make([]uint64, 8), NothingCounted},
		{"three times as much", groups, times(3), OtherWindow},
		{"a third", groups, times(1. / 3), OtherWindow},
		{"one flow", groups[:1], counted(t, groups[:1], a), Chance},
	} {
		if j := judge(t, test.groups, a, test.seen); j.Verdict != CantTell || j.Why != test.why {
			t.Errorf("%s: verdict %d, why %d, want %d", test.name, j.Verdict, j.Why, test.why)
		}
	}
	// But packets of the capture that are nowhere among more of them are missing.
	if j := judge(t, groups, a, []uint64{10 * Total(seen), 7: 0}); j.Verdict != Differs || j.Explanations[0].ID != "rss-off" {
		t.Errorf("ten times as much, all on queue 0: %+v", j)
	}
	// All on one queue as claimed: no key changes it, and no even spread does so.
	one := nic(a.Key, 8)
	for i := range one.Table {
		one.Table[i] = 5
	}
	if j := judge(t, groups, one, counted(t, groups, one)); j.Verdict != Agrees || !j.Keyless {
		t.Errorf("all on queue 5: %+v", j)
	}
}

// Interrupts tell something where the queues are many and the flows few.
func TestJudgeUse(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 15))
	for _, test := range []struct {
		flows        int
		right, other Verdict
	}{{12, Agrees, Differs}, {2000, CantTell, CantTell}} {
		groups := traffic(random, test.flows, 100*test.flows, false)
		a, b := nic(drawKey(random), 16), nic(drawKey(random), 16)
		c := Counters{Claimed: steering(t, a), Groups: groups, Seen: counted(t, groups, a), Unit: "packets"}
		if j, _ := c.JudgeUse(1); j.Verdict != test.right {
			t.Errorf("%d flows: verdict %d, want %d, %+v", test.flows, j.Verdict, test.right, j.Null)
		}
		c.Claimed = steering(t, b)
		if j, _ := c.JudgeUse(1); j.Verdict != test.other {
			t.Errorf("%d flows, another key: verdict %d, want %d, %+v", test.flows, j.Verdict, test.other, j.Null)
		}
		c.Seen = []uint64{uint64(100 * test.flows), 15: 0}
		if j, _ := c.JudgeUse(1); test.flows > 100 && (len(j.Explanations) != 1 || j.Explanations[0].ID != "rss-off") {
			t.Errorf("%d flows on one queue: %+v", test.flows, j)
		}
	}
}

// Interrupts of other packets, before or after the capture, are no difference where the table
// leads to their queue; where it does not, they are.
func TestInterruptsBeside(t *testing.T) {
	for run := range 6 {
		random := rand.New(rand.NewPCG(uint64(run), 59))
		groups := traffic(random, 8, 4000, false)
		a := nic(drawKey(random), 16)
		seen := counted(t, groups, a)
		idle := 1 + slices.Index(seen[1:], 0) // queue 0 takes what has no hash
		c := Counters{Claimed: steering(t, a), Groups: groups, Seen: seen, Unit: "packets"}
		seen[idle] = 300
		if j, wrong := c.JudgeUse(41); j.Verdict != CantTell || j.Why != OthersBeside || !slices.Equal(wrong, []int{idle}) {
			t.Errorf("run %d: verdict %d, why %d, wrong %v, want queue %d", run, j.Verdict, j.Why, wrong, idle)
		}
		for i, q := range a.Table {
			if int(q) == idle {
				a.Table[i] = uint16((idle + 1) % 16)
			}
		}
		c.Claimed = steering(t, a)
		if j, wrong := c.JudgeUse(41); j.Verdict != Differs || !slices.Contains(wrong, idle) {
			t.Errorf("run %d, no entry leads there: verdict %d, why %d, wrong %v, want queue %d", run, j.Verdict, j.Why, wrong, idle)
		}
	}
}

// A fit is the least that any alpha and beta leave.
func TestFitIsLeast(t *testing.T) {
	random := rand.New(rand.NewPCG(16, 16))
	var f fitter
	for range 300 {
		n := 1 + random.IntN(6)
		seen, predicted := make([]uint64, n), make([]uint64, n)
		for q := range n {
			seen[q], predicted[q] = uint64(random.IntN(50)), uint64(random.IntN(50))
		}
		if Total(seen) == 0 {
			continue
		}
		other := random.IntN(n)
		got := f.fit(seen, predicted, other)
		if got.Exact {
			continue
		}
		all := float64(Total(seen))
		left := func(alpha, beta float64) (sum float64) {
			for q := range n {
				d := float64(seen[q]) - alpha*float64(predicted[q])
				if q == other {
					d -= beta
				}
				sum += max(d, -d)
			}
			return sum / all
		}
		if d := left(got.Alpha, got.Beta) - got.Residual; d > 1e-9 || d < -1e-9 || got.Alpha < minAlpha || got.Alpha > maxAlpha || got.Beta < 0 || got.Beta > maxBeta*all {
			t.Fatalf("%v, %v: %+v leaves %v", seen, predicted, got, left(got.Alpha, got.Beta))
		}
		for range 500 {
			if alpha, beta := minAlpha+random.Float64(), random.Float64()*maxBeta*all; left(alpha, beta) < got.Residual-1e-9 {
				t.Fatalf("%v, %v, other %d: %+v, but alpha %v and beta %v leave %v", seen, predicted, other, got, alpha, beta, left(alpha, beta))
			}
		}
		for q := range n {
			if predicted[q] > 0 {
				alpha := min(max(float64(seen[q])/float64(predicted[q]), minAlpha), maxAlpha)
				if left(alpha, 0) < got.Residual-1e-9 {
					t.Fatalf("%v, %v, other %d: %+v, but alpha %v leaves %v", seen, predicted, other, got, alpha, left(alpha, 0))
				}
			}
		}
	}
}

// The loads under a key are those that the NIC's own steering gives.
func TestLoadsUnderKey(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 17))
	groups := traffic(random, 500, 5000, true)
	for x := range hash.Transform(hash.NumTransforms) {
		for _, modulo := range []bool{false, true} {
			c := nic(append(drawKey(random), 1, 2, 3), 7)
			c.Transform, c.Modulo = x, modulo
			if modulo {
				c.Table = c.Table[:100]
			}
			in := inputsUnder(groups, steering(t, c))
			table, err := hash.NewTable(c.Transform.Key(c.Key), hash.MaxInputLen)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := in.queues(table, &c), counted(t, groups, c); !equal(got, want) {
				t.Errorf("%v, modulo %v: %v, want %v", x, modulo, got, want)
			}
		}
	}
}

// Where several α fit as well, the nearest to 1 is said: counters that fit without it are not
// called short.
func TestFitNearestToOne(t *testing.T) {
	for _, test := range []struct {
		seen []uint64
		want float64
	}{
		{[]uint64{80, 120}, 1}, {[]uint64{120, 160}, 1.2}, {[]uint64{60, 80}, 0.8},
		{[]uint64{40, 40}, minAlpha}, {[]uint64{160, 160}, maxAlpha},
	} {
		if got := new(fitter).fit(test.seen, []uint64{100, 100}, -1); got.Alpha != test.want || got.Beta != 0 || got.Exact {
			t.Errorf("%v where 100 are predicted on each: %+v, want %g of it", test.seen, got, test.want)
		}
	}
}

// Which of two fits is the better one; equal ones are at least as good as each other.
func TestBetterFit(t *testing.T) {
	exact, none, some := Fit{Alpha: 1, Exact: true}, Fit{Alpha: 1.1}, Fit{Alpha: 1, Residual: 0.1}
	for i, f := range []Fit{exact, none, some} {
		for k, g := range []Fit{exact, none, some} {
			if f.atLeast(g) != (i <= k) || f.better(g) != (i < k) {
				t.Errorf("%+v against %+v: at least as good %v, better %v", f, g, f.atLeast(g), f.better(g))
			}
		}
	}
}

// Queues that a rule leads to are not the table's: no other table explains them. Where rules
// take everything, nothing tells of the table.
func TestRuledQueues(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 7))
	groups := traffic(random, 200, 9000, false)
	a, b := nic(drawKey(random), 8), nic(drawKey(random), 8)
	for i := range a.Table {
		a.Table[i], b.Table[i] = uint16(i%4), uint16(i%4)
	}
	ruled := []uint64{0, 0, 0, 0, 3000, 500, 400, 100}
	for name, test := range map[string]struct {
		groups  []Group
		truth   nicmodel.SteeringConfig
		verdict Verdict
	}{
		"as claimed":  {groups, a, Agrees},
		"another key": {groups, b, CantTell},
		"all ruled":   {nil, a, CantTell},
	} {
		c := Counters{Claimed: steering(t, a), Groups: test.groups, Ruled: ruled, Unit: "packets"}
		loads, unhashed := entries(test.groups, steering(t, test.truth))
		c.Seen = c.spread(loads, unhashed, &test.truth)
		if j := c.Judge(); j.Verdict != test.verdict || len(j.Explanations) > 0 || j.Ruled != (test.groups == nil) {
			t.Errorf("%s: verdict %d, ruled %t, %+v", name, j.Verdict, j.Ruled, j.Explanations)
		}
	}
}

// Explained is what was counted where the fitted prediction has it, on the default queue with
// what came beside.
func TestExplained(t *testing.T) {
	for _, test := range []struct {
		seen, predicted []uint64
		fit             Fit
		want            uint64
	}{
		{[]uint64{50, 70}, []uint64{50, 70}, Fit{Alpha: 1}, 120},
		{[]uint64{50, 70}, []uint64{70, 50}, Fit{Alpha: 1}, 100},
		{[]uint64{110, 50}, []uint64{50, 50}, Fit{Alpha: 1, Beta: 60}, 160},
		{[]uint64{50, 110}, []uint64{50, 50}, Fit{Alpha: 1, Beta: 60}, 100}, // beside, but not on that queue
		{[]uint64{50, 25}, []uint64{100, 50}, Fit{Alpha: 0.5}, 75},
	} {
		if got := explained(test.seen, test.predicted, test.fit, 0); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
}

// TestNearBest has explanations that fit as well as twice the best's rest, which stay, and
// one that fits less; beside an exact one none stays.
func TestNearBest(t *testing.T) {
	of := func(changes int, residual float64, exact bool) Explanation {
		return Explanation{Hypothesis: profile.Hypothesis{Changes: changes}, Fit: Fit{Residual: residual, Exact: exact}}
	}
	for _, test := range []struct {
		all  []Explanation
		want []float64 // residuals of those that stay, in order
	}{
		{nil, nil},
		{[]Explanation{of(2, 0.25, false), of(1, 0.5, false), of(1, 0.5625, false)}, []float64{0.5, 0.25}},
		{[]Explanation{of(1, 0.375, false), of(1, 0.25, false), of(2, 0.3125, false)}, []float64{0.25, 0.375, 0.3125}},
		{[]Explanation{of(1, 0, false), of(3, 0.125, true), of(2, 0.25, true)}, []float64{0.25, 0.125}},
		{[]Explanation{of(1, 0, false), of(2, 0.125, false)}, []float64{0}},
	} {
		var got []float64
		for _, e := range nearBest(slices.Clone(test.all)) {
			got = append(got, e.Fit.Residual)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: %v, want %v", test.all, got, test.want)
		}
	}
}
