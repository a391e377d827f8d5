// Package lazyregexp compiles regular expressions when they are first asked for: all of
// nicmodel take longer than the replay of a short capture, which needs none.
package lazyregexp
