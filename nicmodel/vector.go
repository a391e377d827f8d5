package nicmodel

import "math"

// Never is a moment that no event reaches.
const Never = math.MaxInt64

// Vector is one interrupt vector: when it was last raised, and so when its
// moderation lets it be raised again. Whether it is
// masked is the state of the interrupt cycle, which dispatch owns.
type Vector struct {
	itr, rxUsecs int64
	rxFrames     int
	last         int64
	raised       bool
}

// NewVector is a vector that was never raised.
func NewVector(c *Config) Vector {
	return Vector{itr: c.ITR, rxUsecs: c.RxUsecs, rxFrames: c.RxFrames}
}

// Due is the moment at which an enabled vector is raised whose queue holds
// waiting buffers, at least one, the oldest published at oldest: max(due,
// last raise + itr, now). now is the moment it became both enabled and
// non-empty, or the moment of the publish that made the queue hold rx-frames;
// whatever made it due before now, it is raised at now.
func (v *Vector) Due(now, oldest int64, waiting int) int64 {
	at := int64(Never)
	if v.rxUsecs > 0 {
		at = oldest + v.rxUsecs
	}
	if v.rxFrames > 0 && waiting >= v.rxFrames {
		at = min(at, now)
	}
	at = max(at, now)
	if v.raised {
		at = max(at, v.last+v.itr)
	}
	return at
}

// Fills reports whether the publish that made the queue hold waiting buffers
// is the one that rx-frames waits for, so that Due must be asked again.
func (v *Vector) Fills(waiting int) bool { return waiting == v.rxFrames }

// Raise notes that the vector was raised.
func (v *Vector) Raise(at int64) { v.last, v.raised = at, true }
