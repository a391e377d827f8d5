package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRangesThatDiffer(t *testing.T) {
	for _, test := range []struct {
		was, is []int
		want    []string
	}{
		{[]int{0, 1, 0, 1}, []int{0, 1, 0, 1}, nil},
		{[]int{0, 0, 2, 2, 2, 0}, []int{0, 0, 3, 3, 3, 0}, []string{"2-4: queue 2 → 3"}},
		{[]int{0, 1, 0, 1}, []int{0, 0, 1, 1}, []string{"1: queue 1 → 0", "2: queue 0 → 1"}},
		{[]int{1, 0, 2, 0}, []int{0, 0, 0, 0}, []string{"0-2: to queue 0"}},
		{[]int{1, 2}, []int{2, 1}, []string{"0: queue 1 → 2", "1: queue 2 → 1"}},
	} {
		if diff := cmp.Diff(test.want, rangesThatDiffer(test.was, test.is)); diff != "" {
			t.Errorf("%v to %v (-want +got):\n%s", test.was, test.is, diff)
		}
	}
}
