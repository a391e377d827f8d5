// Package cli is what commands have in common on the side of the user: what of the
// outside world they may touch (Env), how they say that something is wrong and with
// which kind of error they end, the captures that arguments name, the values that flags
// take and what was probably meant by others, and the conditions of --fail-if.
//
// Nothing in it reads a capture or knows the model. What the kinds of errors are as
// exit statuses is said in cmd/rssreplay/run.go.
package cli
