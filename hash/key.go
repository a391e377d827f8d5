package hash

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
)

// Key is a Toeplitz key, its bytes in the order in which ethtool prints them:
// the left-most bit of the first byte is the first. NICs take 40 or 52 bytes.
type Key []byte

// minKeyLen is the length in bytes of the shortest key that hashes an IPv4
// four-tuple: 12 bytes of input and 4.
const minKeyLen = 16

// presets are the keys that have a name. Sources:
// microsoft: "Verifying the RSS Hash Calculation"; also DPDK's default for most
// Intel NICs, virtio and vmxnet3, and the one that Linux's hv_netvsc sets.
// symmetric: Woo and Park, "Scalable TCP Session Monitoring with Symmetric
// Receive-side Scaling"; 16-bit periodic, so that both directions hash alike.
// mellanox: DPDK's mlx5, mlx4, mana and netvsc (mlx5_rxq.c rss_hash_default_key).
// ena-gen4: Amazon's toeplitz_calc.py, of instances whose key can't be set; it is
// microsoft's, its words in the reverse order.
// dpdk-i40e: DPDK's i40e_hash.c; dpdk-atlantic: DPDK's atlantic, and Linux's (aq_nic.c).
// Linux's other drivers of these NICs use a random key instead.
var presets = [...]struct{ name, hex string }{
	{"microsoft", "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa"},
	{"symmetric", "6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a6d5a"},
	{"mellanox", "2cc681d15bdbf4f7fca28319db1a3e946b9e38d92c9c03d1ad9944a7d9563d59063c25f3fc1fdc2a"},
	{"dpdk-i40e", "4439796bb54c5023b675ea5b124f9f30b8a2c03ddfdc4d02a08c9b334af64a4c05c6fa343958d8557d99583ae138c92e81150366"},
	{"ena-gen4", "beac01fa6a42b73b8030f20c77cb2da3ae7b30b4d0ca2bcb43a38fb04167253d255b0ec26d5a56da"},
	{"dpdk-atlantic", "1ead718765fc267d0d456774cd061a18b6c1f0c7bb18bef819134ba9d03efe702503ab506a8b820c"},
}

// KeyNames are the names that ParseKey knows, the default "microsoft" first.
func KeyNames() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// ParseKey reads a key: a name of KeyNames, or its bytes in hexadecimal:
//
//	6d:5a:56:da:…                 as ethtool and netdev_rss_key print them
//	6d5a56da…, 0x6d5a56da…        as testpmd and FreeBSD's net.inet.rss.key do, with
//	                              or without their labels
//	0x6d, 0x5a, 0x56, 0xda, …     a C array of bytes, with or without braces
//	{0x6d5a56da, 0x255b0ec2, …}   and of 32-bit words, the first byte the highest one
//	6d 5a 56 da …, 6d5a 56da …    as dumps have them
//
// It must have at least 16 bytes, and a multiple of 4: with any other number
// some were lost or added.
func ParseKey(s string) (Key, error) {
	s = strings.TrimSpace(s)
	for _, p := range presets {
		if strings.EqualFold(s, p.name) {
			return hex.DecodeString(p.hex)
		}
	}
	if s == "" {
		return nil, fmt.Errorf("the key is empty: give 40 or 52 bytes in hexadecimal, or one of the names %s", strings.Join(KeyNames(), ", "))
	}
	key, err := parseHex(s)
	if err != nil {
		return nil, err
	}
	switch {
	case len(key) < minKeyLen:
		return nil, fmt.Errorf("key of %s: NICs use 40 or 52, and an IPv4 four-tuple needs at least %d", count(len(key), "byte"), minKeyLen)
	case len(key)%4 != 0:
		return nil, fmt.Errorf("key of %d bytes: NICs use 40 or 52, so that some are missing or too many", len(key))
	}
	return key, nil
}

// count is a number of things in words.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// keyLabels stand before a key in what testpmd, ethtool and FreeBSD's sysctl print.
var keyLabels = []string{"rss key:", "rss hash key:", "net.inet.rss.key:", "net.inet.rss.key=", "key:"}

func parseHex(s string) (Key, error) {
	for _, label := range keyLabels {
		if len(s) > len(label) && strings.EqualFold(s[:len(label)], label) {
			s = strings.TrimSpace(s[len(label):])
			break
		}
	}
	if strings.Count(s, "{") != strings.Count(s, "}") {
		return nil, fmt.Errorf("the key's array is cut: a brace has no other")
	}
	if words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;{}()[]\\", r) }); len(words) > 1 || len(words) == 1 && len(words[0]) < len(s) {
		return parseWords(words)
	} else if digits, ok := cutHexPrefix(s); ok {
		s = digits
	}
	if strings.Contains(s, ":") {
		key := make(Key, 0, len(s)/3+1)
		for i, part := range strings.Split(s, ":") {
			b, err := hex.DecodeString(part)
			if err != nil || len(b) != 1 {
				return nil, fmt.Errorf("byte %d of the key is %q: want two hexadecimal digits between colons", i+1, part)
			}
			key = append(key, b[0])
		}
		return key, nil
	}
	for i, c := range s {
		if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return nil, fmt.Errorf("character %d of the key is %q: want hexadecimal digits, or one of the names %s", i+1, c, strings.Join(KeyNames(), ", "))
		}
	}
	if len(s)%2 != 0 {
		return nil, fmt.Errorf("key of %s: a byte has two, so one is missing or too many; 40 bytes have 80, 52 have 104", count(len(s), "hexadecimal digit"))
	}
	return hex.DecodeString(s)
}

// cutHexPrefix is s without 0x.
func cutHexPrefix(s string) (string, bool) {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		return s[2:], true
	}
	return s, false
}

// parseWords reads a key of several words: all of them bytes, or all of one longer
// size. Leading zeros may be left out only behind 0x, where they are no digits lost.
func parseWords(words []string) (Key, error) {
	longest, prefixed := 0, 0
	digits := make([]string, len(words))
	for i, word := range words {
		var ok bool
		if digits[i], ok = cutHexPrefix(word); ok {
			prefixed++
		}
		if at := strings.IndexFunc(digits[i], func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }); at >= 0 {
			return nil, fmt.Errorf("word %d of the key is %q: want hexadecimal digits, or one of the names %s", i+1, word, strings.Join(KeyNames(), ", "))
		}
		longest = max(longest, len(digits[i]))
	}
	if prefixed > 0 && prefixed < len(words) {
		return nil, fmt.Errorf("%d of the key's %d words begin with 0x: give it to all or none", prefixed, len(words))
	}
	size := longest // of a word, in digits
	switch {
	case prefixed == 0:
	case longest <= 2:
		size = 2
	case longest > 4 && longest <= 8:
		size = 8
	case longest != 4 && longest != 16:
		return nil, fmt.Errorf("the key's words have %d digits: give bytes (0x6d) or 32-bit words (0x6d5a56da)", longest)
	}
	if size%2 != 0 {
		return nil, fmt.Errorf("the key's words have %d digits: a byte has two", size)
	}
	var key Key
	for i, word := range digits {
		if len(word) < size && prefixed == 0 {
			return nil, fmt.Errorf("word %d of the key is %q, and others have %d digits: some are missing", i+1, word, size)
		}
		b, err := hex.DecodeString(strings.Repeat("0", size-len(word)) + word)
		if err != nil {
			return nil, fmt.Errorf("word %d of the key is %q: %w", i+1, word, err)
		}
		key = append(key, b...)
	}
	return key, nil
}

// String is the key as ethtool prints it: two hexadecimal digits a byte, colons
// between; empty for no key.
func (k Key) String() string {
	const digits = "0123456789abcdef"
	if len(k) == 0 {
		return ""
	}
	b := make([]byte, 0, 3*len(k))
	for _, v := range k {
		b = append(b, digits[v>>4], digits[v&15], ':')
	}
	return string(b[:len(b)-1])
}

// Name is the key's name among KeyNames, or empty if it has none.
func (k Key) Name() string {
	for _, p := range presets {
		if b, err := hex.DecodeString(p.hex); err == nil && bytes.Equal(b, k) {
			return p.name
		}
	}
	return ""
}

// Symmetric tells whether both directions of a connection hash alike: the key repeats its
// first two bytes, so that the hash is that of the XOR of all 16-bit words.
func (k Key) Symmetric() bool {
	for i := 2; i < len(k); i++ {
		if k[i] != k[i-2] {
			return false
		}
	}
	return true
}
