package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func headroomOf(factor Fraction, limit string) *Headroom {
	cpu, queue, at := 3, 5, int64(1_250_000_000)
	h := &Headroom{Factor: factor, Packets: 1000}
	switch limit {
	case LimitCPU:
		h.Limit, h.CPU = &limit, &cpu
	case LimitRing:
		h.Limit, h.Queue, h.At = &limit, &queue, &at
	}
	return h
}

func TestHeadroomSentence(t *testing.T) {
	full := headroomOf(0.9, LimitCPU)
	full.CPU = nil
	for _, test := range []struct {
		h    *Headroom
		mode string
		want string
	}{
		{nil, "rss-msix", ""},
		{headroomOf(2.431, LimitCPU), "rss-msix", "rss-msix holds 2.43 × this rate, then CPU 3 is full"},
		{headroomOf(24.31, LimitRing), "rss-msix", "rss-msix holds 24.3 × this rate, then the ring of queue 5 overflows at 1.25 s"},
		{headroomOf(243.1, LimitRing), NonRSS, "non-rss holds 243 × this rate, then the ring overflows at 1.25 s"},
		{full, NonRSS, "non-rss holds 0.900 × this rate, then the one interrupt is busy all the time"},
		{headroomOf(1000, ""), "rss-msix", "rss-msix holds at least 1,000 × this rate"},
		{headroomOf(Null, LimitCPU), "rss-msix", "rss-msix does not even hold 0.01 × this rate: CPU 3 is full"},
		{&Headroom{Unknown: "the packets span no time"}, "rss-msix", "rss-msix: nothing can be said, as the packets span no time"},
	} {
		want := test.want
		if want != "" {
			want = "Headroom (costs: assumptions): " + want + "."
		}
		got := HeadroomSentence([]Mode{{Mode: test.mode, Headroom: test.h}}, nil)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	costs := Parameters{{Name: "packet-cost", Source: "--packet-cost"}, {Name: "dpc-cost", Source: DefaultSource}}
	if got := HeadroomSentence([]Mode{{Mode: "rss-msix", Headroom: headroomOf(2, LimitCPU)}}, costs); !strings.HasPrefix(got, "Headroom (costs by --packet-cost): ") {
		t.Error(got)
	}
}

// The ratio comes beside each scenario's own factor, where both have an end.
func TestHeadroomSentences(t *testing.T) {
	scenario := func(name string, h *Headroom) Scenario {
		return Scenario{Name: name, Compared: "rss-msix", Modes: List[Mode]{{Mode: "rss-msix", Headroom: h}}}
	}
	c := &Compare{Scenarios: List[Scenario]{scenario("today", headroomOf(2.4, LimitCPU)), scenario("other", headroomOf(3.9, LimitRing)), scenario("big", headroomOf(1000, ""))}}
	want := []string{
		"“today” holds 2.40 × today's traffic, “other” 3.90 × (1.62 times as much), “big” at least 1,000 ×.",
		"The ratios depend little on the costs; the factors themselves follow from them (costs: assumptions).",
	}
	if diff := cmp.Diff(want, c.HeadroomSentences()); diff != "" {
		t.Error(diff)
	}
	c.Scenarios = append(c.Scenarios, scenario("a", headroomOf(1, LimitCPU)), scenario("b", headroomOf(2, LimitCPU)))
	if got, want := c.HeadroomSentences()[0], "“today” holds 2.40 × today's traffic, the most holds “big” at least 1,000 ×."; got != want {
		t.Error(got)
	}
	if c.Scenarios[0].Modes[0].Headroom = nil; c.HeadroomSentences() != nil {
		t.Error("a comparison with what was not asked for")
	}
}

// The JSON has no headroom where none was asked for, and null where nothing can be said.
func TestHeadroomJSON(t *testing.T) {
	for _, test := range []struct {
		h    *Headroom
		want string
	}{
		{headroomOf(2.431, LimitRing), `"headroom": {"factor":2.431000,"limit":"ring","cpu":null,"queue":5,"at_ns":1250000000,"packets":1000,"start_ns":0}`},
		{&Headroom{Unknown: "the packets span no time"}, `"headroom": null`},
		{nil, ""},
	} {
		var b bytes.Buffer
		if err := WriteJSON(&b, &Report{Modes: List[Mode]{{Mode: "rss-msix", Headroom: test.h}}}); err != nil {
			t.Fatal(err)
		}
		if test.want == "" && strings.Contains(b.String(), "headroom") || !strings.Contains(b.String(), test.want) {
			t.Errorf("want %s in\n%s", test.want, b.String())
		}
	}
}
