package text

import (
	"fmt"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// moveRows is how many times at which something moved are listed.
const moveRows = 20

// moves is what was moved while packets arrived, in each mode.
func (t *writer) moves(r *report.Report) {
	for i := range r.Modes {
		m := &r.Modes[i]
		say := r.MovesSentences(m)
		if len(say) == 0 {
			continue
		}
		t.heading("MOVES", words.Clean(m.Mode))
		t.say(say...)
		rows := r.MoveRows(m)
		if len(rows) == 0 {
			continue
		}
		t.line("")
		g := grid{keys: 1, columns: []column{{head: "at"}, {head: "by", left: true}, {head: "moved"}, {head: "flows"}, {head: "from CPU to CPU", left: true}, {head: "before"}, {head: "after"}}}
		for _, row := range rows[:min(len(rows), moveRows)] {
			g.texts(words.Nanoseconds(row.Time), words.Clean(row.By()), words.Exact(uint64(len(row.Moves))), words.Exact(row.Flows()),
				row.Ways(2), words.Fixed(row.Before, 2), words.Fixed(row.After, 2))
		}
		t.grid(&g)
		t.line("")
		t.say(report.MoveRowsKey)
		if more := len(rows) - moveRows; more > 0 {
			t.line("")
			t.say(fmt.Sprintf("And %s more; the JSON report has every move.", words.Plural(uint64(more), "time", "times")))
		}
	}
}
