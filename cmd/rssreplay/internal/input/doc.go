// Package input replays the captures of a command line: which packets of them, as sent
// or received, how fast, and what is to be said where none is left.
//
//  1. Flags are checked, and become an Input (replay.go; rate.go: how fast).
//  2. An Input reads the captures once, or twice where --rate has to learn their rate
//     first, in parts where --every asks for them (every.go), and shows on a terminal how
//     far it is (progress.go). Changes that would come after the last packet are refused
//     (changes.go).
//  3. Headroom replays a part again and again, each time faster (headroom.go).
//  4. Why nothing was received names the flag that is to blame (nothing.go).
package input
