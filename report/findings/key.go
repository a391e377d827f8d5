package findings

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// weakKey: a key that can't reach every entry, or hears too little of its input,
// whatever the traffic.
func (d *diagnosis) weakKey() *report.Finding {
	k := d.t.Key
	if d.mode == nil || k == nil || k.Wanted == 0 || k.Rank == k.Wanted && k.Heard*2 >= k.Bits {
		return nil
	}
	f := &report.Finding{
		ID: "weak-key", Severity: report.Problem,
		Evidence: fmt.Sprintf("Of %d bits of a %s input %d change the index, and %d of its %d bits can differ on their own. %s.", k.Bits, k.HashType, k.Heard, k.Rank, k.Wanted, words.UpperFirst(d.hottest())),
		Remedy:   d.setKey(d.anyKey()),
		Figures:  d.load(report.Numbers{"rank": k.Rank, "index_bits": k.Wanted, "input_bits_heard": k.Heard, "input_bits": k.Bits}),
	}
	switch {
	case k.Rank == k.Wanted:
		f.Summary = fmt.Sprintf("The hash key is too weak: only %d of %d bits of the addresses and ports change the entry.", k.Heard, k.Bits)
	case k.Rank == 0:
		f.Summary = "The hash key is too weak: every hashed packet meets the same entry of the indirection table."
	default:
		f.Summary = fmt.Sprintf("The hash key is too weak: it reaches at most %s of the indirection table's %s entries.", words.Exact(1<<k.Rank), words.Exact(uint64(d.r.Table.Size)))
	}
	return f
}

// anyKey is a random key of the present one's length: another for each capture, and
// the same each time.
func (d *diagnosis) anyKey() string {
	n := 40
	if p := d.parameter("key"); p != nil {
		if present, ok := p.Value.(string); ok && strings.Count(present, ":") >= 39 {
			n = strings.Count(present, ":") + 1
		}
	}
	random := rand.New(rand.NewPCG(uint64(d.r.Capture.First.UnixNano()), d.r.Capture.Packets))
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprintf("%02x", byte(random.Uint32()))
	}
	return strings.Join(words, ":")
}
