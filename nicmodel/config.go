package nicmodel

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Limits of Config: far above any machine, and low enough that no sum of them
// leaves an int64.
const (
	MaxBuffers = 1 << 20     // of a ring, of a list of completions, and of what an interrupt or a DPC counts; in imported texts, too
	MaxTime    = int64(10e9) // ns, of each duration: 10 s
)

// RangeError says that a parameter is not in its range.
type RangeError struct {
	Flag               string // its name, without dashes
	Value, Least, Most string // as the flag takes them; Value is "" if only wrong usage can have it
	Why                string // what a value outside would mean; "" if there is no more to say
}

// Error is "--rx-ring must be from 1 to 1048576, not 0: without a buffer …".
func (e *RangeError) Error() string {
	text := fmt.Sprintf("--%s must be from %s to %s", e.Flag, e.Least, e.Most)
	if e.Value != "" {
		text += ", not " + e.Value
	}
	if e.Why != "" {
		text += ": " + e.Why
	}
	return text
}

// CheckCount reports a number that is not from least to most. low says what one
// below would mean.
func CheckCount(flag string, value, least, most int, low string) error {
	if value >= least && value <= most {
		return nil
	}
	e := &RangeError{Flag: flag, Value: fmt.Sprint(value), Least: fmt.Sprint(least), Most: fmt.Sprint(most)}
	if value < least {
		e.Why = low
	}
	return e
}

// CheckTime reports a duration, in ns, that is not from 0 to MaxTime.
func CheckTime(flag string, value int64) error {
	if value >= 0 && value <= MaxTime {
		return nil
	}
	return &RangeError{Flag: flag, Value: TimeText(value), Least: "0s", Most: TimeText(MaxTime)}
}

// TimeText is a duration in ns as flags take it, without the units that it has none of: 1h,
// not 1h0m0s.
func TimeText(ns int64) string {
	text := time.Duration(ns).String()
	if whole, ok := strings.CutSuffix(text, "m0s"); ok {
		text = whole + "m"
	}
	if whole, ok := strings.CutSuffix(text, "h0m"); ok {
		text = whole + "h"
	}
	return text
}

// Config is the NIC's side of the model's parameters: rings, DMA batches and
// interrupt moderation. Times are in
// ns. The zero value is not usable: Validate names what is missing.
type Config struct {
	Queues     int   // receive queues
	RxRing     int   // buffers of each queue, at least 1
	DMABatch   int   // packets in one list of completions, at least 1
	DMATimeout int64 // a list is published this long after its first packet at the latest
	ITR        int64 // least gap between two raises of a vector
	RxUsecs    int64 // ns; raise this long after the oldest publish; 0: no such timer
	RxFrames   int   // raise when this many packets are queued; 0: no such count
}

// Validate reports the first parameter that makes no sense, by its flag's name.
func (c *Config) Validate() error {
	for _, wrong := range []error{
		CheckCount("queues", c.Queues, 1, MaxQueues, ""),
		CheckCount("rx-ring", c.RxRing, 1, MaxBuffers, "without a buffer no packet is received"),
		CheckCount("dma-batch", c.DMABatch, 1, MaxBuffers, "1 publishes every packet at its arrival"),
		CheckTime("dma-timeout", c.DMATimeout),
		CheckTime("itr", c.ITR),
		CheckTime("rx-usecs", c.RxUsecs),
		CheckCount("rx-frames", c.RxFrames, 0, MaxBuffers, ""),
	} {
		if wrong != nil {
			return wrong
		}
	}
	switch {
	case c.RxUsecs == 0 && c.RxFrames == 0:
		return errors.New("--rx-usecs 0 with --rx-frames 0 would never raise an interrupt; ethtool refuses it too: give one of them")
	case c.RxUsecs == 0 && c.RxFrames > 1:
		return errors.New("--rx-frames above 1 with --rx-usecs 0 lets the last packets wait for ever: give --rx-usecs as well")
	}
	return nil
}
