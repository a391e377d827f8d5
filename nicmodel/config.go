package nicmodel

import "errors"

// Config is the NIC's side of the model's parameters: rings, DMA batches and
// interrupt moderation. MODEL.md sections 4 and 9 are its source; times are in
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
	switch {
	case c.Queues < 1:
		return errors.New("--queues must be at least 1")
	case c.RxRing < 1:
		return errors.New("--rx-ring must be at least 1: without a buffer no packet is received")
	case c.DMABatch < 1:
		return errors.New("--dma-batch must be at least 1: 1 publishes every packet at its arrival")
	case c.DMATimeout < 0 || c.ITR < 0 || c.RxUsecs < 0 || c.RxFrames < 0:
		return errors.New("--dma-timeout, --itr, --rx-usecs and --rx-frames can't be negative")
	case c.RxUsecs == 0 && c.RxFrames == 0:
		return errors.New("--rx-usecs 0 with --rx-frames 0 would never raise an interrupt; ethtool refuses it too: give one of them")
	case c.RxUsecs == 0 && c.RxFrames > 1:
		return errors.New("--rx-frames above 1 with --rx-usecs 0 lets the last packets wait for ever: give --rx-usecs as well")
	}
	return nil
}
