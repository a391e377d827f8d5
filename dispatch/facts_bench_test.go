package dispatch

import (
	"testing"

	"rssreplay/pcaps"
)

// BenchmarkNote is what a stage notes of packets beside their headers, of which
// most have nothing to note.
func BenchmarkNote(b *testing.B) {
	for _, input := range []struct {
		name string
		wire uint32
	}{{"66", 66}, {"1514", 1514}} {
		b.Run("input="+input.name, func(b *testing.B) {
			recs := make([]pcaps.Record, chunkPackets)
			for i := range recs {
				recs[i] = pcaps.Record{Data: make([]byte, 66), Wire: input.wire, Link: pcaps.LinkEthernet}
			}
			c := benchChunks(1, 100, 1000)[0]
			for i := range recs {
				c.wire[i], c.walked[i] = recs[i].Wire, false
			}
			c.walks = false
			s := &stage{r: &Result{}, o: &Options{}}
			s.facts = newFacts(&s.r.Facts)
			b.ReportAllocs()
			for b.Loop() {
				s.note(recs, c)
			}
			perPacket(b, chunkPackets)
		})
	}
}
