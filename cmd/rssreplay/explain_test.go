package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"rssreplay/hash"
	"rssreplay/report"
)

// TestExplain explains packets of a capture in every mode: the parts sum up to
// the latency, the bytes shown have the hash shown, and the steps end where
// they must.
func TestExplain(t *testing.T) {
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	outcomes := map[string]int{}
	for range 12 {
		packet := 1 + r.Int64N(4000)
		args := []string{
			"rssreplay", "explain", sample("web.pcap"), "--to", "400ms", "--speed", "100x", "--rx-ring", "8", "--mode", "all",
			"--packet", strconv.FormatInt(packet, 10),
		}
		var out, errs bytes.Buffer
		if status := run(append(args, "--format", "json"), strings.NewReader(""), &out, &errs); status != exitDone {
			t.Fatalf("packet %d: exit status %d, %s", packet, status, &errs)
		}
		var x report.Explanation
		if err := json.Unmarshal(withoutParameters(out.Bytes()), &x); err != nil {
			t.Fatalf("packet %d: %v", packet, err)
		}
		if x.Schema != report.ExplainSchema || x.Packet.Number != packet || len(x.Modes) != 4 {
			t.Fatalf("packet %d: schema %s, number %d, %d modes", packet, x.Schema, x.Packet.Number, len(x.Modes))
		}
		if x.Packet.Sent != (x.Steering == nil) {
			t.Errorf("packet %d: sent %t with steering %+v", packet, x.Packet.Sent, x.Steering)
		}
		if s := x.Steering; s != nil && s.Hash != nil {
			var input string
			for _, field := range s.Input {
				input += *field.Bytes
			}
			if input != *s.Hashed {
				t.Errorf("packet %d: fields %s, hashed %s", packet, input, *s.Hashed)
			}
			b, err := hex.DecodeString(*s.Hashed)
			if err != nil {
				t.Fatal(err)
			}
			sum := hash.Toeplitz(key, b)
			if want := fmt.Sprintf("0x%08x", sum); *s.Hash != want || *s.Index != int(sum&127) {
				t.Errorf("packet %d: hash %s, index %d, want %s, %d", packet, *s.Hash, *s.Index, want, sum&127)
			}
		}
		for _, m := range x.Modes {
			outcomes[m.Outcome]++
			last := m.Steps[len(m.Steps)-1].Event
			switch m.Outcome {
			case "indicated":
				var sum, indicated int64
				for _, p := range m.Parts {
					sum += p.Time
				}
				for _, e := range m.Steps {
					if e.Event == "indicate" {
						indicated = e.After
					}
				}
				if sum != *m.Latency || indicated != *m.Latency || last != "enable" {
					t.Errorf("packet %d, %s: parts of %d ns, indicated after %d, latency %d; the last step is %s", packet, m.Mode, sum, indicated, *m.Latency, last)
				}
			case "dropped":
				if m.Ring.Used != 8 || last != "drop" {
					t.Errorf("packet %d, %s: dropped with %d buffers in use; the last step is %s", packet, m.Mode, m.Ring.Used, last)
				}
			case "sent":
				if m.Ring != nil || last != "send" {
					t.Errorf("packet %d, %s: sent with a ring %+v; the last step is %s", packet, m.Mode, m.Ring, last)
				}
			}
		}

		var text bytes.Buffer
		if status := run(args, strings.NewReader(""), &text, &errs); status != exitDone {
			t.Fatalf("packet %d: exit status %d, %s", packet, status, &errs)
		}
		for line := range strings.Lines(text.String()) {
			if len([]rune(line)) > 101 {
				t.Errorf("packet %d: a line of %d columns: %s", packet, len([]rune(line))-1, line)
			}
		}
	}
	for _, o := range []string{"indicated", "dropped", "sent"} {
		if outcomes[o] == 0 {
			t.Errorf("no packet was %s: %v", o, outcomes)
		}
	}
}

// withoutParameters takes out what report types only write: the parameters, an
// object in the order of the model.
func withoutParameters(explanation []byte) []byte {
	var x map[string]json.RawMessage
	if json.Unmarshal(explanation, &x) != nil {
		return explanation
	}
	delete(x, "parameters")
	b, err := json.Marshal(x)
	if err != nil {
		return explanation
	}
	return b
}
