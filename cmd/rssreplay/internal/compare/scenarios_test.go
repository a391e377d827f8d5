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
		{"a: rule=flow-type udp4 action 1", scenarioSpec{}, `"udp4" has no value: write 'NAME: cpus=4 layout=block', with any of the model's flags; if it goes on with rule, put double quotes around all of that`},
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

// What all scenarios say is said once; else it is said of whom, by the shorter list of names.
func TestSentences(t *testing.T) {
	const key, costs = "The key is the default.", "The costs are assumptions."
	for _, test := range []struct {
		of   [][]string // of the scenarios a, b, c …
		want []string
	}{
		{nil, nil},
		{[][]string{{key}}, []string{key}},
		{[][]string{{key, costs}, {costs, key}}, []string{key, costs}},
		{[][]string{{costs}, {costs, key}}, []string{costs, "b: " + key}},
		{[][]string{{key, key}, {costs}, {key}}, []string{"a, c: " + key, "b: " + costs}},
		{[][]string{{key}, {key}, {}, {key}, {key}}, []string{"All but “c”: " + key}},
		{[][]string{{key}, {key}, {key}, {key}, {key}, {}, {}, {}, {}}, []string{"a, b, c and 2 more: " + key}},
	} {
		c := &comparison{}
		for i := range test.of {
			c.replays = append(c.replays, &scenario{name: string(rune('a' + i))})
		}
		if diff := cmp.Diff(test.want, c.sentences(test.of)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.of, diff)
		}
	}
}
