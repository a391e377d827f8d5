package words

import (
	"fmt"
	"strings"
)

// ExactSeconds is ns in seconds, without zeros at the end.
func ExactSeconds(ns int64) string {
	s := fmt.Sprintf("%s.%09d", Exact(uint64(ns/1e9)), ns%1e9)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// WithGap puts a space before the prefix of a scaled number: "788 M".
func WithGap(s string) string {
	if last := len(s) - 1; s[last] > '9' {
		return s[:last] + " " + s[last:]
	}
	return s + " "
}
