//go:build unix

// Command speed measures rssreplay as a whole process, in turn with what else
// reads a capture, and prints CONTRIBUTING.md's table:
//
//	go run ./cmd/rssreplay/internal/speed
//
// It makes its captures in -dir (6 GB, and 4 more with -long), and leaves them
// there for the next time. tcpdump, capinfos and tshark are measured where they
// are installed; tcpdump must be.
package main
