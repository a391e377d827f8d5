// Package cryptopan replaces IP addresses by others so that two addresses with a
// common prefix of n bits have replacements with a common prefix of n bits, and
// no longer one.
//
// It is Crypto-PAn with AES-128, as its authors' implementation has it: Xu, Fan,
// Ammar, Moon, "Prefix-Preserving IP Address Anonymization", ICNP 2002. IPv6
// addresses are treated as IPv4 ones, over 128 bits.
package cryptopan
