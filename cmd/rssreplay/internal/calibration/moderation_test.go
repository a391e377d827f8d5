package calibration

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"rssreplay/dispatch/calibrate"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel/hosttext"
	"rssreplay/nicmodel/profile"
)

// Of a host with several NICs the interrupts are those of the one that is named; of none they
// are not known.
func TestQueueInterrupts(t *testing.T) {
	h := &calibrate.History{}
	for n := range 2 {
		s := &hosttext.Snapshot{}
		text := "           CPU0       CPU1\n"
		for i, queue := range []string{"eth0-TxRx-0", "eth0-TxRx-1", "eth1-TxRx-0", "eth1-TxRx-1"} {
			text += fmt.Sprintf(" %d:  %d  0  PCI-MSI %d-edge  %s\n", 40+i, 100*i+n*(i+1), i, queue)
		}
		if known, err := s.Read(strings.NewReader(text), "interrupts"); !known || err != nil {
			t.Fatalf("%v, %v", known, err)
		}
		h.Snapshots = append(h.Snapshots, s)
	}
	if q := queueInterrupts(h, "eth1"); len(q) != 2 || *q[0].Interrupts != 3 || *q[1].Interrupts != 4 || q[0].Packets != nil {
		t.Errorf("of eth1: %+v", q)
	}
	if q := queueInterrupts(h, ""); q != nil {
		t.Errorf("of one of two: %+v", q)
	}
}

// A fit meets what a NIC with known moderation does, to its grain; where no value does, it
// comes as near as one can.
func TestFitModeration(t *testing.T) {
	nic := func(configs []engine.Config) (all [][]uint64, err error) { // of two CPUs, each with a packet every 20 µs for a second
		for _, c := range configs {
			gap := max(20e3, float64(c.ITR), float64(c.RxUsecs))
			all = append(all, []uint64{uint64(1e9 / gap), uint64(0.5e9 / gap)})
		}
		return all, nil
	}
	for _, way := range ways(nil, 0) {
		for _, test := range []struct {
			wanted      uint64
			value, near float64 // µs
		}{
			{75_000, 0, 0}, {100_000, 0, 0}, // as many as without, and more
			{28_846, 52, 1},
			{4_531, 331, 1},
			{1500, 1000, 5},
			{3, longestGap, 0},
		} {
			f, err := way.fit(engine.Config{}, test.wanted, nic)
			if err != nil || math.Abs(f.value-test.value) > test.near || f.without != 75_000 || len(f.cpus) != 2 || f.value < f.from || f.value > f.to || f.to > 1.05*f.value+20 {
				t.Errorf("%s for %d interrupts: %+v, %v; want %v", way.parameter, test.wanted, f, err, test.value)
			}
		}
	}
	// Intel's rx-usecs is the gap; of others it is the delay, with the frames that are set.
	interval, delay := ways(&profile.Profile{Usecs: profile.UsecsInterval}, 0), ways(&profile.Profile{}, 32)
	if len(interval) != 1 || interval[0].flags(48.1) != "--itr 48.1us" || len(delay) != 1 || delay[0].flags(51) != "--rx-usecs 51 --rx-frames 32" {
		t.Errorf("%+v, %+v", interval, delay)
	}
}
