package report

import "rssreplay/report/internal/words"

// KeyTrials are random keys in the place of the present one.
type KeyTrials struct {
	Tried   int      `json:"tried"`
	Seed    uint64   `json:"seed"`
	Present Fraction `json:"present"` // imbalance of the objective on the whole capture
	Better  int      `json:"better"`  // keys with a lower imbalance
	Equal   int      `json:"equal"`
	Min     Fraction `json:"min"`
	P10     Fraction `json:"p10"` // by nearest rank
	P50     Fraction `json:"p50"`
	P90     Fraction `json:"p90"`
	Max     Fraction `json:"max"`
	// Histogram has the keys by imbalance, in bins of equal width from Min to Max;
	// the last one holds Max.
	Histogram List[Bin] `json:"histogram"`
	Verdict   string    `json:"verdict"`
}

// Bin counts the keys with an imbalance from From to before To.
type Bin struct {
	From Fraction `json:"from"`
	To   Fraction `json:"to"`
	Keys int      `json:"keys"`
}

// histogramBins is how many bins a histogram has, where the values differ.
const histogramBins = 12

// NewKeyTrials sums up imbalances, in rising order and not empty, beside the
// present one.
func NewKeyTrials(sorted []float64, present float64, seed uint64) *KeyTrials {
	k := &KeyTrials{Tried: len(sorted), Seed: seed, Present: Fraction(present)}
	for _, v := range sorted {
		switch {
		case v < present:
			k.Better++
		case v == present:
			k.Equal++
		}
	}
	rank := func(percent int) Fraction { return Fraction(sorted[max((len(sorted)*percent+99)/100, 1)-1]) }
	k.Min, k.P10, k.P50, k.P90, k.Max = Fraction(sorted[0]), rank(10), rank(50), rank(90), rank(100)
	bins := histogramBins
	if k.Min == k.Max {
		bins = 1
	}
	width := float64(k.Max-k.Min) / float64(bins)
	k.Histogram = make([]Bin, bins)
	for i := range k.Histogram {
		k.Histogram[i].From, k.Histogram[i].To = k.Min+Fraction(float64(i)*width), k.Min+Fraction(float64(i+1)*width)
	}
	k.Histogram[bins-1].To = k.Max
	for _, v := range sorted {
		i := 0
		for i < bins-1 && Fraction(v) >= k.Histogram[i].To {
			i++
		}
		k.Histogram[i].Keys++
	}
	k.Verdict = k.verdict()
	return k
}

// Share of the keys that are better from which the present key is bad luck, and
// share up to which it is good luck.
const (
	unluckyFrom = 0.95
	luckyTo     = 0.05
)

// structuralFrom is the median imbalance from which it is no key's fault.
const structuralFrom = 1.25

func (k *KeyTrials) verdict() string {
	better := float64(k.Better) / float64(k.Tried)
	share := words.Percent(Fraction(better)) + " of the keys do better"
	switch {
	case k.Min == k.Max && k.Equal == k.Tried:
		return "The key makes no difference."
	case better >= unluckyFrom && k.P50 >= structuralFrom:
		return "Bad luck, and structural as well: " + share + ", but half of all give an imbalance of " + words.Fixed(k.P50, 3) + " or more."
	case better >= unluckyFrom:
		return "Bad luck: " + share + "."
	case k.P50 >= structuralFrom && better <= luckyTo:
		return "Structural, and yet luckier than most: " + share + "; half of all give an imbalance of " + words.Fixed(k.P50, 3) + " or more."
	case k.P50 >= structuralFrom:
		return "Structural: " + share + ", but half of all give an imbalance of " + words.Fixed(k.P50, 3) + " or more."
	case better <= luckyTo:
		return "Good luck: only " + share + "."
	}
	return "Neither good nor bad luck: " + share + "."
}
