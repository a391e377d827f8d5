//go:build !cgo

package file

import (
	"fmt"

	"rssreplay/pcaps"
)

// Filter is a filter expression of tcpdump's language. This program was built
// without libpcap: there is none.
type Filter struct{}

// NewFilter says that there is no filter without libpcap, and what to do.
func NewFilter(expr string) (*Filter, error) {
	return nil, fmt.Errorf("--filter %q: this program was built without libpcap: rebuild it with cgo and libpcap's headers, or filter first: `tcpdump -r IN -w OUT '%s'`", expr, expr)
}

// Match is never reached: NewFilter gives no Filter.
func (f *Filter) Match(rec *pcaps.Record) (bool, error) {
	return false, fmt.Errorf("--filter: this program was built without libpcap")
}

// LibpcapVersion is "": this program was built without libpcap.
func LibpcapVersion() string { return "" }
