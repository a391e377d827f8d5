package input

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"rssreplay/pcaps"
)

// recordSource hands out records, as many at a time as chance says, and then an error.
type recordSource struct {
	r    *rand.Rand
	recs []pcaps.Record
	end  error
}

func (s *recordSource) SaysDirection() bool { return false }

func (s *recordSource) Read(recs []pcaps.Record) (int, error) {
	n := min(len(recs), len(s.recs), s.r.IntN(len(recs)+1))
	copy(recs, s.recs[:n])
	if s.recs = s.recs[n:]; len(s.recs) == 0 {
		return n, s.end
	}
	return n, nil
}

// The parts of a capture are the capture: each packet once and in order, a new part where
// a packet is of a later interval than all before, and the end is the source's.
func TestParts(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		every := 1 + r.Int64N(50)
		damage := []error{io.EOF, errors.New("cut off")}[r.IntN(2)]
		src := &recordSource{r: r, end: damage}
		now := r.Int64N(1000)
		for i := range r.IntN(60) {
			src.recs = append(src.recs, pcaps.Record{Time: now, Wire: uint32(i)})
			now += r.Int64N(3*every) - every/2 // now and then back
		}
		want := src.recs
		p := &parts{Source: src, every: every}
		var got []pcaps.Record
		last := int64(-1)
		var end error
		for p.next() {
			from := len(got)
			if p.before != int64(from) {
				t.Fatalf("seed %d: %d packets before a part, want %d", seed, p.before, from)
			}
			for recs := make([]pcaps.Record, 1+r.IntN(20)); ; {
				n, err := p.Read(recs)
				got = append(got, recs[:n]...)
				if end = err; err != nil {
					break
				}
			}
			if from == len(got) {
				continue
			}
			latest := int64(-1)
			for _, rec := range got[from:] {
				latest = max(latest, (rec.Time-want[0].Time)/every)
			}
			if latest > p.at || p.at <= last {
				t.Fatalf("seed %d: part %d after %d has packets of %d", seed, p.at, last, latest)
			}
			last = p.at
		}
		if len(got) != len(want) || end != damage {
			t.Fatalf("seed %d: %d of %d packets, %v", seed, len(got), len(want), end)
		}
		for i := range got {
			if got[i].Wire != uint32(i) {
				t.Fatalf("seed %d: packet %d is number %d", seed, i, got[i].Wire)
			}
		}
	}
}

// A clock that was set back by an hour goes on: what follows is parted as before.
func TestPartsAfterAStepBack(t *testing.T) {
	const second = int64(1e9)
	src := &recordSource{r: rand.New(rand.NewPCG(1, 1)), end: io.EOF}
	for _, at := range []int64{0, 1, 4, 6, -3600, -3599, -3596, -3590, 0} {
		src.recs = append(src.recs, pcaps.Record{Time: 1e18 + at*second})
	}
	p := &parts{Source: src, every: 5 * second}
	var got [][2]int64 // number of the interval, packets
	for p.next() {
		packets := int64(0)
		for recs := make([]pcaps.Record, 2); ; {
			n, err := p.Read(recs)
			packets += int64(n)
			if err != nil {
				break
			}
		}
		if packets > 0 {
			got = append(got, [2]int64{p.at, packets})
		}
	}
	// 0 1 4 | 6 6 7 | 10 | 16 | 3606
	if want := [][2]int64{{0, 3}, {1, 3}, {2, 1}, {3, 1}, {721, 1}}; !slices.Equal(got, want) {
		t.Errorf("intervals and packets %d, want %d", got, want)
	}
}
