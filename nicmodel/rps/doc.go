// Package rps tells by which hash Linux's receive packet steering moves a packet, and
// to which CPU of a mask: what the stack does once the NIC and the interrupt have
// chosen theirs.
//
//  1. passed.go: the NIC's hash counts only where its driver passes it up as one of
//     layer 4; else the stack makes its own.
//  2. stackhash.go, siphash.go: that one, of the frame as it lies and a secret that is
//     drawn once per boot.
//  3. Choose: the high bits of the hash pick from the queue's mask.
//
// The rules are those of Linux 6.12, net/core/dev.c and net/core/flow_dissector.c.
package rps

// Choose is the place in a mask of n CPUs that a hash is steered to: from 0 to n − 1,
// in proportion to the hash (the kernel's reciprocal_scale).
func Choose(hash uint32, n int) int { return int(uint64(hash) * uint64(n) >> 32) }
