package report_test

import (
	"fmt"
	"os"

	"rssreplay/report"
)

// A report that was written as JSON, read again: how even each mode was.
func ExampleReadJSON() {
	in, err := os.Open("../cmd/rssreplay/testdata/cooked.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	flows := 0
	r, err := report.ReadJSON(in, func(*report.Report, *report.Flow) { flows++ })
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range r.Modes {
		fmt.Printf("%s: the busiest of %d CPUs has %.2f times the mean\n", m.Mode, len(m.CPUs), m.Imbalance.Packets)
	}
	fmt.Println(flows, "flows are listed")
	// Output:
	// rss-msix: the busiest of 4 CPUs has 1.19 times the mean
	// non-rss: the busiest of 4 CPUs has 1.10 times the mean
	// 20 flows are listed
}
