package main

import (
	"bytes"
	"io"
	"testing"
	"time"
)

// The same flags give the same bytes; times do not fall and stay inside, and no two flows
// have the same ends.
func TestCapture(t *testing.T) {
	capture := func(args ...string) []byte {
		var b bytes.Buffer
		if err := run(args, &b, io.Discard); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	first := capture("-flows", "300", "-seed", "7")
	if !bytes.Equal(first, capture("-flows", "300", "-seed", "7")) || bytes.Equal(first, capture("-flows", "300", "-seed", "8")) {
		t.Error("the bytes do not follow from the seed")
	}
	for _, args := range [][]string{{"-flows", "0"}, {"-alpha", "NaN"}, {"-slow", "9", "-fast", "1"}, {"-length", "-1s"}, {"more"}} {
		if run(args, io.Discard, io.Discard) == nil {
			t.Errorf("%q is taken", args)
		}
	}

	made := traffic{flows: 70_000, alpha: 1.5, least: 1, slow: 1, fast: 9, length: time.Second, seed: 3}
	packets := made.packets()
	ends := map[[12]byte]uint32{}
	for i, p := range packets {
		if p.at < 0 || p.at >= int64(made.length) || i > 0 && p.at < packets[i-1].at {
			t.Fatalf("packet %d comes at %d ns", i, p.at)
		}
		frame := make([]byte, headers)
		p.ends(frame)
		key := [12]byte(append(append([]byte{}, frame[26:34]...), frame[34:38]...))
		if other, there := ends[key]; there && other != p.flow {
			t.Fatalf("flows %d and %d have the same ends", other, p.flow)
		}
		ends[key] = p.flow
	}
	if len(ends) < made.flows/4 {
		t.Errorf("only %d of %d flows are seen", len(ends), made.flows)
	}
}
