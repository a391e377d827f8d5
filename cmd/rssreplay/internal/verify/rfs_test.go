package verify

import (
	"testing"

	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/report"
)

// RFS moves TCP and UDP to other CPUs, aRFS to another queue as well: nothing else is
// explained by them.
func TestMovedByRFS(t *testing.T) {
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	steering, err := nicmodel.NewSteering(nicmodel.SteeringConfig{Key: key, HashTypes: hash.TypesOf(hash.IPv4, hash.TCPIPv4), Table: nicmodel.IndirectionTable{0, 1}, QueueCPU: []int{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		unseen settings.Unseen
		change func(moved, still *group)
		rfs    bool
	}{
		{"another CPU", settings.Unseen{RFS: true}, func(_, _ *group) {}, true},
		{"RFS is off", settings.Unseen{}, func(_, _ *group) {}, false},
		{"not of TCP", settings.Unseen{RFS: true}, func(m, _ *group) { m.header.Protocol = 1 }, false},
		{"a fragment", settings.Unseen{RFS: true}, func(m, _ *group) { m.header.Facts = 0 }, false},
		{"another queue", settings.Unseen{RFS: true}, func(m, _ *group) { m.queue ^= 1 }, false},
		{"another queue by aRFS", settings.Unseen{RFS: true, ARFS: true}, func(m, _ *group) { m.queue ^= 1 }, true},
		{"another queue and the same CPU", settings.Unseen{RFS: true, ARFS: true}, func(_, s *group) { s.queue ^= 1 }, false},
		{"another hash", settings.Unseen{RFS: true, ARFS: true}, func(m, _ *group) { m.hasHash, m.hash = true, 1 }, false},
	} {
		v := &verification{settings: &settings.Settings{Unseen: test.unseen}, stack: &stackClaim{steering: steering, queueCPU: []int{0, 1}}}
		groups := make([]group, 2)
		for i := range groups {
			g := &groups[i]
			g.packets = 7
			g.header = pcaps.Header{Protocol: pcaps.ProtoTCP, Facts: pcaps.HasPorts, Version: 4}
			g.header.SrcPort = uint16(i)
			d, _ := g.under(steering)
			g.queue, g.cpu = int32(d.Queue), int32(d.Queue)
		}
		groups[0].cpu = 5
		test.change(&groups[0], &groups[1])
		s, _ := v.predict(groups, steering)
		r := &report.Verify{}
		if v.movedByRFS(r, groups, s); (r.Explanation != nil) != test.rfs {
			t.Errorf("%s: %+v of %+v", test.name, r.Explanation, s)
		}
	}
}
