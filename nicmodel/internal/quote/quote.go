// Package quote puts what a user gave into messages.
package quote

import "strconv"

// Short quotes what a user gave, without letting it fill a screen.
func Short(s string) string {
	if len(s) > 40 {
		return strconv.Quote(s[:40]) + "…"
	}
	return strconv.Quote(s)
}
