package nictext

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadCosts(t *testing.T) {
	const text = `{
  "schema": "rssreplay/calibrate/v1",
  "measured": "2026-11-25T21:51:21.000000000Z",
  "costs": {"dpc-cost":3665,"packet-cost":1381},
  "fit": {"one_factor":false,"windows":11,"error":0.143583,"packets_per_second":{"from":15847.5,"to":85046.5}},
  "rows": []
}`
	got, err := ReadCosts(strings.NewReader(text), "costs.json")
	want := &Costs{
		Measured: time.Date(2026, 11, 25, 21, 51, 21, 0, time.UTC), Windows: 11, Error: 0.143583, From: 15847.5, To: 85046.5,
		Costs: map[string]int64{"dpc-cost": 3665, "packet-cost": 1381},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if kinds := Sniff([]byte(text)); !slices.Equal(kinds, []Kind{KindCosts}) {
		t.Errorf("sniffed as %v", kinds)
	}
	for change, want := range map[string]string{
		`"schema": "rssreplay/calibrate/v1"|"schema": "rssreplay/report/v1"`: `is of schema "rssreplay/report/v1"`,
		`{"dpc-cost":3665,"packet-cost":1381}|{}`:                            "has no costs: nothing was fitted there",
		`"fit"|"fitted"`:                 "has no costs: nothing was fitted there",
		`"dpc-cost":3665|"rx-ring":3665`: `"rx-ring" is no cost that can be measured`,
		`3665|-1`:                        "dpc-cost is -1 ns: costs are not negative",
		`3665|3.5`:                       "is no whole JSON",
		`"rows": []|`:                    "is no whole JSON",
		`"measured": "2026|"measured": "yesterday`: "is no whole JSON",
	} {
		from, to, _ := strings.Cut(change, "|")
		if _, err := ReadCosts(strings.NewReader(strings.Replace(text, from, to, 1)), "costs.json"); err == nil || !strings.HasPrefix(err.Error(), "costs.json: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", change, err, want)
		}
	}
}
