package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQueueRows(t *testing.T) {
	v := &Verify{Queues: List[VerifiedQueue]{{Queue: 0, Predicted: 5, Seen: 5}, {Queue: 1, Predicted: 1000, Seen: 12_345}, {Queue: 2, Predicted: 12_000, Seen: 0}}}
	want := [][]string{{"0", "5", "5", "0"}, {"1", "1,000", "12,345", "+11,345"}, {"2", "12,000", "0", "-12,000"}}
	if diff := cmp.Diff(want, v.QueueRows()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
