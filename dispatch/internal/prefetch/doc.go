// Package prefetch brings memory that is about to be read at random into the caches,
// many places at once. It changes nothing that a program computes, and reads no
// memory that is not the caller's.
//
// Why: with more flows than the caches hold, nearly every packet waits for its slot of
// the hash table, then for its record. A loop of plain loads lets a CPU overlap no
// more of these waits than its reorder buffer holds instructions, some ten to twenty
// iterations; a prefetch instruction retires without its data, so that the memory's
// own queue is the only limit. The compiler has no way to ask for one outside the
// runtime, hence the assembly, on amd64 alone: replays with 700,000 flows take a
// tenth less time there. Elsewhere, and with the build tag purego, the same places are
// loaded, which still overlaps more than a loop that does something with each.
package prefetch
