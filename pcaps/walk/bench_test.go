package walk

import (
	"testing"

	"rssreplay/pcaps"
)

// BenchmarkWalk is the tuples of 256 packets, by the fast path and by the walk.
func BenchmarkWalk(b *testing.B) {
	for _, input := range []struct {
		name   string
		frames [][]byte
	}{{"tcp4", [][]byte{tcp4}}, {"tcp6", [][]byte{tcp6}}, {"tcp4-tcp6", [][]byte{tcp4, tcp4, tcp6, tcp4, tcp6}}, {"tcp4-vlan", [][]byte{tagged(tcp4, 0x8100)}}} {
		recs, tuples := make([]pcaps.Record, 256), make([]pcaps.Tuple, 256)
		var h pcaps.Header
		var ext pcaps.Extension
		for i := range recs {
			recs[i] = pcaps.Record{Data: input.frames[i%len(input.frames)], Link: pcaps.LinkEthernet}
		}
		for _, impl := range []struct {
			name string
			walk func()
		}{{"plain", func() { PlainTuples(recs, tuples) }}, {"walk", func() {
			for i := range recs {
				Walk(&recs[i], &h, &ext)
				tuples[i].Set(&h)
			}
		}}} {
			b.Run("impl="+impl.name+"/input="+input.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					impl.walk()
				}
				b.ReportMetric(float64(len(recs)*b.N)/b.Elapsed().Seconds(), "packets/s")
			})
		}
	}
}
