package dispatch_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"rssreplay/dispatch"
	"rssreplay/dispatch/internal/plain"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/file"
)

// crumbs hands out its records in chunks of random size; the end of the capture
// comes with the last of them or alone.
type crumbs struct {
	records
	r *rand.Rand
}

func (c *crumbs) Read(into []pcaps.Record) (int, error) {
	n, err := c.records.Read(into[:1+c.r.IntN(len(into))])
	if err == nil && c.at == len(c.recs) && c.r.IntN(2) == 0 {
		err = io.EOF
	}
	return n, err
}

// everything is all that a result says.
type everything struct {
	Result   *dispatch.Result
	Flows    []dispatch.Flow
	Affinity [][]plain.Flow // by mode and flow
	Rule     string         // of directions
}

func all(t *testing.T, src dispatch.Source, o dispatch.Options) everything {
	t.Helper()
	r, err := dispatch.Replay(src, o)
	if err != nil {
		t.Fatal(err)
	}
	e := everything{Result: r, Affinity: make([][]plain.Flow, len(r.Modes)), Rule: o.Directions.Rule(r.Packets)}
	for id := range uint32(r.NumFlows) {
		e.Flows = append(e.Flows, r.Flow(id))
		for mode := range r.Modes {
			var f plain.Flow
			f.Packets, f.Migrations = r.AppendAffinity(nil, mode, id)
			e.Affinity[mode] = append(e.Affinity[mode], f)
		}
	}
	return e
}

// written is the name of a file with the records.
func written(t *testing.T, recs []pcaps.Record) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "capture.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := file.NewWriter(f, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range recs {
		if err := w.Write(&recs[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	return f.Name()
}

// hosted is what a host captures of itself: it is an end of every packet, and
// no packet says its direction. Longer than what --local auto looks at.
func hosted(r *rand.Rand, packets int) *records {
	c := &records{}
	local := netip.MustParseAddr("192.0.2.200")
	now := int64(1_700_000_000_000_000_000)
	for range packets {
		now += r.Int64N(3000)
		here := end{local, uint16(80 + r.IntN(2))}
		there := end{netip.AddrFrom4([4]byte{198, 51, 100, byte(r.IntN(200))}), uint16(1024 + r.IntN(4))}
		src, dst := there, here
		if r.IntN(3) == 0 {
			src, dst = here, there
		}
		c.recs = append(c.recs, pcaps.Record{
			Time: now, Wire: 60 + uint32(r.IntN(1400)), Link: pcaps.LinkEthernet, Queue: -1,
			Data: frame(src, dst, pcaps.ProtoTCP, netip.Addr{}),
		})
	}
	return c
}

// TestDeterminism: one input gives one result, whatever GOMAXPROCS, however the
// source cuts it, and in each run, although each seeds its flow table anew.
func TestDeterminism(t *testing.T) {
	packets := 30_000
	if testing.Short() {
		packets = 13_000 // more than auto looks at
	}
	random := func(seed uint64) *records {
		return traffic{packets: packets, hosts: 40, sends: true, homes: true, scale: 1500}.capture(rand.New(rand.NewPCG(seed, 4)))
	}
	tests := []struct {
		name    string
		local   string
		capture *records
	}{
		{"sends that say so", "none", random(1)},
		{"a host's own", "auto", hosted(rand.New(rand.NewPCG(2, 4)), packets)},
		{"a host's own, short", "auto", hosted(rand.New(rand.NewPCG(3, 4)), 700)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// A configuration of several CPUs, with drops.
			cfg, s := randomConfig(rand.New(rand.NewPCG(12, 4)))
			cfg.RxRing, cfg.PacketCost = 16, 2500
			local, err := direction.ParseLocal([]string{test.local})
			if err != nil {
				t.Fatal(err)
			}
			options := func() dispatch.Options {
				return dispatch.Options{Config: cfg, Steering: s, Modes: allModes, Directions: direction.NewDirections(local)}
			}
			test.capture.at = 0
			want := all(t, test.capture, options())
			var drops uint64
			for _, m := range want.Result.Modes {
				for _, q := range m.Queues {
					drops += q.Drops
				}
			}
			if drops == 0 || want.Result.Sent == 0 || want.Result.Modes[0].SendsJudged == 0 || len(cfg.CPUs) < 2 {
				t.Fatalf("%d drops, %d packets sent, %d of them judged, %d CPUs: the case shows too little",
					drops, want.Result.Sent, want.Result.Modes[0].SendsJudged, len(cfg.CPUs))
			}
			same := func(how string, got everything) {
				t.Helper()
				if diff := resultDifference(want.Result, got.Result); diff != "" {
					t.Errorf("%s (-whole +got):\n%s", how, diff)
				}
				// cmp.Diff of so many flows takes longer than the replay: it
				// only says what differs.
				if !reflect.DeepEqual(want.Flows, got.Flows) {
					t.Errorf("%s: flows (-whole +got):\n%s", how, difference(want.Flows, got.Flows, cmpopts.EquateComparable(netip.Addr{})))
				}
				if !reflect.DeepEqual(want.Affinity, got.Affinity) {
					t.Errorf("%s: affinity (-whole +got):\n%s", how, difference(want.Affinity, got.Affinity))
				}
				if want.Rule != got.Rule {
					t.Errorf("%s: directions by %q, want %q", how, got.Rule, want.Rule)
				}
			}
			path := written(t, test.capture.recs)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
			for i, procs := range []int{1, 2, 4, 4} {
				runtime.GOMAXPROCS(procs)
				src := &crumbs{records: records{recs: test.capture.recs, says: test.capture.says}, r: rand.New(rand.NewPCG(uint64(i), 5))}
				same(fmt.Sprintf("GOMAXPROCS %d, in crumbs", procs), all(t, src, options()))
				set, err := file.OpenSet([]string{path}, nil, false) // in turns, where there are several CPUs
				if err != nil {
					t.Fatal(err)
				}
				same(fmt.Sprintf("GOMAXPROCS %d, from a file", procs), all(t, set, options()))
				set.Close()
			}
		})
	}
}
