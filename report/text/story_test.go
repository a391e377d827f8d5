package text

import (
	"strings"
	"testing"

	"rssreplay/report"
)

func pointer[T any](v T) *T { return &v }

// TestStorySentences reads what the text says of steps that differ by more than
// a number.
func TestStorySentences(t *testing.T) {
	story := func(change func(*report.Story)) *report.Story {
		s := &report.Story{
			Mode: "rss-msix", CPU: pointer(3), Queue: pointer(3), Waiting: pointer(2),
			Ring: &report.RingUse{Size: 2, Used: 2, Listed: 1, Taken: 1}, List: &report.ListPlace{Place: 1, Size: 4, Why: "full"},
			Vector: &report.VectorUse{State: "enabled"}, Raise: &report.Raise{At: 200, CPU: 3, Cause: "at_once"}, DPC: &report.DPCPlace{Position: 1, Packets: 2},
			Send:  &report.SendPlace{Home: true, Latest: pointer(3), Cost: 500},
			Times: report.StoryTimes{DPCBudget: 64, RxFrames: 32, DMATimeout: 200, RxUsecs: 50000, ITR: 20000},
		}
		change(s)
		return s
	}
	tests := []struct {
		event  string
		change func(*report.Story)
		want   string
	}{
		{"publish", func(*report.Story) {}, "which is full: this is number 1 of 4. The buffer is in the queue of CPU 3, where 2 packets wait. The interrupt is enabled."},
		{"publish", func(s *report.Story) { s.List.Why = "timeout" }, "200 ns after its first packet came"},
		{"publish", func(s *report.Story) { s.Vector = &report.VectorUse{State: "waiting", Since: pointer(int64(700))} }, "since 300 ns ago it waits to be due"},
		{"publish", func(s *report.Story) { s.Vector = &report.VectorUse{State: "waiting", Since: pointer(int64(1000))} }, "The interrupt is enabled."},
		{"publish", func(s *report.Story) { s.Vector = &report.VectorUse{State: "raised", Since: pointer(int64(700))} }, "raised 300 ns ago; the ISR is not called yet"},
		{"publish", func(s *report.Story) { s.Vector = &report.VectorUse{State: "isr", Since: pointer(int64(700))} }, "masked: it was raised 300 ns ago, and the ISR runs"},
		{"publish", func(s *report.Story) { s.Vector = &report.VectorUse{State: "dpc", Since: pointer(int64(700))} }, "and the DPC runs"},
		{"publish", func(s *report.Story) {
			s.Mode, s.Vector = "rss-hw-queues", &report.VectorUse{State: "dpc", Since: pointer(int64(700))}
		}, "and not all of its DPCs are done"},
		{"raise", func(*report.Story) {}, "interrupts CPU 3, at once"},
		{"raise", func(s *report.Story) { s.Raise.Cause = "rx-frames" }, "as 32 packets wait (--rx-frames)"},
		{"raise", func(s *report.Story) { s.Raise.Cause = "rx-usecs" }, "50,000 ns after the oldest waiting packet was published (--rx-usecs)"},
		{"raise", func(s *report.Story) { s.Raise.Cause = "itr" }, "20,000 ns after the interrupt before it (--itr)"},
		{"raise", func(s *report.Story) { s.Mode, s.Raise.Joined = "non-rss", true }, "interrupts the system, at once: it is enabled, and packets wait. The packet joins this cycle."},
		{"dpc_start", func(s *report.Story) { s.DPC.Anew = 2 }, "anew on CPU 3, after 2 DPCs of this cycle that used up --dpc-budget 64"},
		{"drop", func(*report.Story) {}, "no free buffer of queue 3 and drops the packet. Of its 2 buffers, 1 are filled and not published, 0 wait for a DPC, and a DPC has 1."},
		{"send", func(*report.Story) {}, "on CPU 3, the home of its connection, for 500 ns. Its latest received packet was taken there too."},
		{"send", func(s *report.Story) { s.Send.Latest = pointer(5) }, "on CPU 3, the home of its connection, for 500 ns. Its latest received packet was taken on another, CPU 5."},
		{"send", func(s *report.Story) { s.Send = &report.SendPlace{Cost: 500} }, "on CPU 3, that of the default queue"},
	}
	for _, test := range tests {
		step := report.StoryStep{Event: test.event, At: 1000, CPU: pointer(3)}
		if got := sentence(story(test.change), &step, &report.Explanation{}); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q does not say %q", test.event, got, test.want)
		}
	}
}

// TestExplanationTransform shows the bytes after an input transformation, and a
// table whose index is a remainder.
func TestExplanationTransform(t *testing.T) {
	x := &report.Explanation{
		Packet: report.ExplainedPacket{Number: 1, Bytes: 60, Captured: 60},
		Steering: &report.Steering{
			HashType: "ipv4", Input: report.List[report.HashInput]{{Field: "source address", Bytes: pointer("0a000001"), Value: "10.0.0.1"}}, Transform: "symmetric-xor", Function: "toeplitz",
			Hashed: pointer("0a000003"), Hash: pointer("0x00000007"), Index: pointer(1), TableSize: 6, Modulo: true, Queue: 1,
		},
	}
	var got strings.Builder
	if err := WriteExplanation(&got, x, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"symmetric-xor        0a 00 00 03\n", "index                1 = 0x00000007 mod 6\n"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("no %q in\n%s", want, got.String())
		}
	}
}
