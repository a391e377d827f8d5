package compare

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseScenario(t *testing.T) {
	for _, test := range []struct {
		text string
		want scenarioSpec
		err  string
	}{
		{"a: cpus=4  layout=weight:3,1 ", scenarioSpec{name: "a", own: []assignment{{"cpus", "4"}, {"layout", "weight:3,1"}}}, ""},
		{"a b:udp4=sd tcp6=sdfn", scenarioSpec{name: "a b", own: []assignment{{"rx-flow-hash", "udp4=sd"}, {"rx-flow-hash", "tcp6=sdfn"}}}, ""},
		{`"a: b": table="with blank.txt" --cpus=2`, scenarioSpec{name: "a: b", own: []assignment{{"table", "with blank.txt"}, {"cpus", "2"}}}, ""},
		{"base:", scenarioSpec{name: "base"}, ""},
		{"cpus=4", scenarioSpec{}, "has no name"},
		{": cpus=4", scenarioSpec{}, "has no name"},
		{"layout=weight:3,1", scenarioSpec{}, "has no name"},
		{`"a: cpus=4`, scenarioSpec{}, "a quotation mark has no partner"},
		{"a: cpus", scenarioSpec{}, `"cpus" has no value`},
		{"a: cpus=4 cpus=5", scenarioSpec{}, "cpus is given twice"},
	} {
		got, err := parseScenario(test.text)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: error %v, want %s", test.text, err, test.err)
			}
			continue
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(scenarioSpec{}, assignment{})); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", test.text, err, diff)
		}
	}
}
