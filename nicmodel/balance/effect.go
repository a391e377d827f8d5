package balance

// Effect is the imbalance now, and under another way to steer, of the whole traffic and
// of the windows of time with the most of it. Each may be NaN, where there is none.
type Effect struct{ Now, Then, BusyNow, BusyThen float64 }

// Rating is what an effect is worth.
type Rating int

const (
	Better        Rating = iota
	NoBetter             // or worse
	HardlyBetter         // by less than noticeable
	WorseWhenBusy        // better over all, and worse when it matters most
)

const (
	// noticeable is the share of the imbalance now that must be saved on the whole
	// traffic: less is noise, and moves flows for nothing.
	noticeable = 0.01
	// busierBy is how much worse the busiest windows may become: they are few packets.
	busierBy = 0.02
)

// Rating rates the effect.
func (e Effect) Rating() Rating {
	switch {
	case !(e.Then < e.Now):
		return NoBetter
	case e.Then > (1-noticeable)*e.Now:
		return HardlyBetter
	case e.BusyThen > (1+busierBy)*e.BusyNow:
		return WorseWhenBusy
	}
	return Better
}
