package judge

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

// recorded is the queues that a capture records of the groups.
func recorded(t testing.TB, groups []Group, c nicmodel.SteeringConfig) []int {
	s := steering(t, c)
	queues := make([]int, len(groups))
	for i := range groups {
		queues[i] = int(s.Decide(&groups[i].Header, &groups[i].Extension).Queue)
	}
	return queues
}

func judgeRecords(t testing.TB, groups []Group, claim nicmodel.SteeringConfig, queues []int) Judgement {
	t.Helper()
	r := Records{Claimed: steering(t, claim), Groups: groups, Queues: queues}
	return r.Judge()
}

// By recorded queues alone, the right key is never called wrong, and called right where
// there are flows enough; a wrong one is never called right, and gets no cause.
func TestRecordsOfQueues(t *testing.T) {
	eachTraffic(t, 21, func(t *testing.T, _ *rand.Rand, groups []Group, a, b nicmodel.SteeringConfig) {
		if j := judgeRecords(t, groups, a, recorded(t, groups, a)); j.Inputs == 0 || j.Verdict == Differs || len(groups) >= 60 && j.Verdict != Agrees || len(groups) == 3 && len(a.QueueCPU) <= 4 && j.Verdict != CantTell {
			t.Errorf("the right key: verdict %d, null %+v", j.Verdict, j.Null)
		}
		if j := judgeRecords(t, groups, b, recorded(t, groups, a)); j.Verdict == Agrees || len(groups) >= 60 && j.Verdict != Differs || len(j.Explanations) > 0 {
			t.Errorf("a wrong key: verdict %d, %+v", j.Verdict, j.Explanations)
		}
	})
}

// What steers otherwise than claimed is named where the queues can tell it, and where a
// few packets went elsewhere, too.
func TestRecordsExplained(t *testing.T) {
	random := rand.New(rand.NewPCG(22, 22))
	all := []int{2, 5, 16}
	if testing.Short() {
		all = all[1:2]
	}
	for _, queues := range all {
		groups := traffic(random, 400, 8000, false)
		a := nic(drawKey(random), queues)
		known, fields, block, swapped, one := a, a, a, a, a
		known.Key, _ = hash.ParseKey("mellanox")
		fields.HashTypes &^= hash.TypesOf(hash.UDPIPv4)
		table := func(queue func(i int) int) nicmodel.IndirectionTable {
			t := make(nicmodel.IndirectionTable, 128)
			for i := range t {
				t[i] = uint16(queue(i))
			}
			return t
		}
		block.Table = table(func(i int) int { return i * queues / 128 })
		swapped.Table = table(func(i int) int { return (i%queues + i/7) % queues })
		one.Table, one.Key = table(func(int) int { return 1 }), drawKey(random)
		for _, test := range []struct {
			truth       nicmodel.SteeringConfig
			id, mention string
		}{
			{known, "key", "mellanox"},
			{fields, "hash-fields", "UDP is hashed on addresses alone"},
			{block, "table", "block"},
			{swapped, "table", "another indirection table"},
			{one, "rss-off", "on queue 1"},
		} {
			seen := recorded(t, groups, test.truth)
			if test.id != "rss-off" {
				seen[3] = (seen[3] + 1) % queues // received before it was set
			}
			j := judgeRecords(t, groups, a, seen)
			if j.Verdict != Differs || len(j.Explanations) == 0 || j.Explanations[0].ID != test.id || !strings.Contains(j.Explanations[0].Summary, test.mention) {
				t.Errorf("%s, %d queues: verdict %d, %+v, null %+v", test.mention, queues, j.Verdict, j.Explanations, j.Null)
			} else if e := j.Explanations[0]; test.id == "table" && (e.Null.Trials == 0 || e.Null.AsGood > 0) {
				t.Errorf("%s, %d queues: nothing at random was tried against it, or fits as well: %+v", test.mention, queues, e.Null)
			}
		}
		// A record of a queue that no NIC has is no reason to try as many tables.
		seen := recorded(t, groups, a)
		seen[0] = 1 << 30
		if j := judgeRecords(t, groups, a, seen); j.Verdict != Differs || len(j.Explanations) > 0 {
			t.Errorf("%d queues, one record damaged: verdict %d, %+v", queues, j.Verdict, j.Explanations)
		}
	}
	// All on one queue, as claimed: no key changes it.
	groups := traffic(random, 40, 800, false)
	one := nic(drawKey(random), 8)
	for i := range one.Table {
		one.Table[i] = 5
	}
	if j := judgeRecords(t, groups, one, recorded(t, groups, one)); j.Verdict != Agrees || !j.Keyless {
		t.Errorf("all on queue 5: %+v", j)
	}
}

// A few entries that lead elsewhere are named; of many it is another table, by name if a rule
// fills it so.
func TestOtherTable(t *testing.T) {
	claimed := nicmodel.SteeringConfig{Table: make(nicmodel.IndirectionTable, 16), QueueCPU: make([]int, 4)}
	seen := map[int]int{}
	for entry := range 10 {
		seen[entry] = 0
	}
	seen[9], seen[2] = 3, 1
	h, changed := OtherTable(claimed, seen)
	if want := "2 of the 10 entries that packets met lead to another queue (entry 2: 0 → 1, 9: 0 → 3)"; changed != 2 || !strings.HasSuffix(h.Summary, want) {
		t.Errorf("%d: %q", changed, h.Summary)
	}
	for entry := range 7 {
		seen[entry] = 2
	}
	if h, changed := OtherTable(claimed, seen); changed != 8 || !strings.HasSuffix(h.Summary, "8 of the 10 entries that packets met lead to another queue") {
		t.Errorf("%d: %q", changed, h.Summary)
	}
	for entry := range 10 {
		seen[entry] = entry * 4 / 16
	}
	seen[15] = 3
	h, changed = OtherTable(claimed, seen)
	if changed != 7 || !strings.Contains(h.Summary, "block") || h.Config.Table[12] != 3 {
		t.Errorf("%d: %q, %v", changed, h.Summary, h.Config.Table)
	}
	// A damaged record may name any queue.
	seen[15] = math.MaxInt32
	if h, changed = OtherTable(claimed, seen); changed != 7 || h.Config.Table[15] != 0 || len(h.Config.QueueCPU) != 4 {
		t.Errorf("%d: %q, %v", changed, h.Summary, h.Config.Table)
	}
}
