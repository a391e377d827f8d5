//go:build unix

// Command speed measures rssreplay as a whole process, in turn with what else
// reads a capture, and prints CONTRIBUTING.md's table:
//
//	go run ./cmd/rssreplay/internal/speed
//
// It makes its captures in -dir (9 GB, and 4 more with -long), and leaves them
// there for the next time. What it is compared with is gopacket's fastest decoder, which
// does work of the same kind; tcpdump, whose time goes to system calls, capinfos, tshark
// and zstd are measured where they are installed.
package main
