package report

// Steered is where the received packets were sent, from which follows where another table
// would send them. It is in no format as such; the page computes with it.
type Steered struct {
	// Per queue the packets, and their flows, that the indirection table did not steer:
	// without a hash, or by a rule.
	Rest, RestFlows []uint64
	Interval        int64 // of a window, ns
	// Windows has for each window the packets of each entry, and behind them those of each
	// queue that are of the rest; nil where there are none.
	Windows [][]uint32
}

// MostSteeredWindows is how many windows Steered has at most.
const MostSteeredWindows = 120
