package dispatch_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
)

// TestRepeatable: what may be repeated counts the same, or says that it must be.
func TestRepeatable(t *testing.T) {
	const packets, first = 9000, 4096 // with --local none the first chunk batch decides
	client, server := end{netip.MustParseAddr("192.0.2.7"), 1000}, end{netip.MustParseAddr("192.0.2.1"), 80}
	received, sent := frame(client, server, pcaps.ProtoTCP, netip.Addr{}), frame(server, client, pcaps.ProtoTCP, netip.Addr{})
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	cfg, s := defaultConfig(4)
	for _, test := range []struct {
		name    string
		says    []int // packets that say they were received
		sent    []int // packets that say they were sent
		side    direction.Side
		refused bool
	}{
		{"nobody says anything", nil, nil, direction.SideIn, false},
		{"received, said late", []int{first + 10, 8000}, nil, direction.SideIn, false},
		{"sent, said first", nil, []int{3, 4, 8000}, direction.SideIn, false},
		{"received, said first, then sent", []int{5}, []int{5000}, direction.SideIn, false},
		{"sent, said in the second batch", nil, []int{first}, direction.SideIn, true},
		{"sent, said last", nil, []int{packets - 1}, direction.SideIn, true},
		{"sent, said late, on a mirror port", nil, []int{8000}, direction.SideBoth, false},
		{"sent, said late, of the other end", nil, []int{8000}, direction.SideOut, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 41))
			c := &records{says: true}
			now := int64(1_700_000_000_000_000_000)
			for i := range packets {
				now += r.Int64N(3000)
				rec := pcaps.Record{Time: now, Wire: 66, Link: pcaps.LinkEthernet, Queue: -1, Data: received}
				if slices.Contains(test.says, i) {
					rec.Direction = pcaps.Inbound
				}
				if slices.Contains(test.sent, i) {
					rec.Direction, rec.Data = pcaps.Outbound, sent
				}
				c.recs = append(c.recs, rec)
			}
			run := func(repeatable bool) (*dispatch.Result, error) {
				directions := direction.NewDirections(local)
				directions.Take(test.side)
				return dispatch.Replay(&records{recs: c.recs, says: true}, dispatch.Options{
					Config: cfg, Steering: s, Modes: allModes, Directions: directions, Repeatable: repeatable,
				})
			}
			want, err := run(false)
			if err != nil {
				t.Fatal(err)
			}
			got, err := run(true)
			if test.refused {
				if !errors.Is(err, dispatch.ErrAgain) {
					t.Errorf("%v, want ErrAgain", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := difference(want.Modes, got.Modes); diff != "" {
				t.Errorf("counters (-not repeatable +repeatable):\n%s", diff)
			}
			if diff := difference(want.Summaries, got.Summaries); diff != "" {
				t.Errorf("summaries (-not repeatable +repeatable):\n%s", diff)
			}
			if want.Sent != got.Sent || want.Received != got.Received {
				t.Errorf("%d sent and %d received, want %d and %d", got.Sent, got.Received, want.Sent, want.Received)
			}
		})
	}
}

// TestRepeatableVaries: the same where packets of one flow may meet several entries: those of
// a flow of IPv6 with and without a home address.
func TestRepeatableVaries(t *testing.T) {
	const packets = 9000
	client, server := end{netip.MustParseAddr("2001:db8::7"), 1000}, end{netip.MustParseAddr("2001:db8::1"), 80}
	plain, home := frame(client, server, pcaps.ProtoTCP, netip.Addr{}), frame(client, server, pcaps.ProtoTCP, netip.MustParseAddr("2001:db8:1::3"))
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	cfg, s := defaultConfig(4)
	config := s.Config()
	config.HashTypes = 0 // all packets meet one entry
	even, err := nicmodel.NewSteering(config)
	if err != nil {
		t.Fatal(err)
	}
	config.HashTypes = hash.TypesOf(hash.TCPIPv6, hash.TCPIPv6Ex)
	if s, err = nicmodel.NewSteering(config); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		homes   []int // packets with a home address
		refused bool
	}{
		{"none", nil, false},
		{"the second packet", []int{1}, true},
		{"in the middle", []int{5000}, true},
		{"the last packet", []int{packets - 1}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &records{}
			for i := range packets {
				rec := pcaps.Record{Time: 1_700_000_000_000_000_000 + 700*int64(i), Wire: 86, Link: pcaps.LinkEthernet, Queue: -1, Data: plain}
				if slices.Contains(test.homes, i) {
					rec.Data = home
				}
				c.recs = append(c.recs, rec)
			}
			run := func(repeatable bool) (*dispatch.Result, error) {
				return dispatch.Replay(&records{recs: c.recs}, dispatch.Options{
					Config: cfg, Steering: s, Modes: allModes, Directions: direction.NewDirections(local), Repeatable: repeatable,
				})
			}
			want, err := run(false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := dispatch.Replay(&records{recs: c.recs}, dispatch.Options{
				Config: cfg, Steering: even, Modes: allModes, Directions: direction.NewDirections(local), Repeatable: true,
				More: []dispatch.Scenario{{Config: cfg, Steering: s, Modes: allModes}},
			}); test.refused != errors.Is(err, dispatch.ErrAgain) {
				t.Errorf("beside a scenario in which no flow varies: %v", err)
			}
			got, err := run(true)
			if test.refused {
				if !errors.Is(err, dispatch.ErrAgain) || !want.Flow(0).Varies {
					t.Errorf("%v, want ErrAgain; the flow varies: %v", err, want.Flow(0).Varies)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := resultDifference(want, got); diff != "" {
				t.Errorf("(-not repeatable +repeatable):\n%s", diff)
			}
		})
	}
}
