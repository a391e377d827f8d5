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

// MinKeyLen is the length in bytes of the shortest key that hashes an IPv4
// four-tuple: 12 bytes of input and 4.
const MinKeyLen = 16

// presets are the keys that have a name. Sources:
// microsoft: "Verifying the RSS Hash Calculation"; also DPDK's default for most
// Intel NICs, virtio and vmxnet3, and the one that Linux's hv_netvsc sets.
// symmetric: Woo and Park, "Scalable TCP Session Monitoring with Symmetric
// Receive-side Scaling"; 16-bit periodic, so that both directions hash alike.
// mellanox: DPDK's mlx5, mlx4, mana and netvsc (mlx5_rxq.c rss_hash_default_key).
// ena-gen4: Amazon's toeplitz_calc.py, of instances whose key can't be set; it is
// microsoft's, its words in the reverse order.
// dpdk-i40e: DPDK's i40e_hash.c; dpdk-atlantic: DPDK's atlantic.
// The Linux drivers of these NICs use a random key instead.
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

// ParseKey reads a key: a name of KeyNames, or its bytes in hexadecimal, with a
// colon between each two as ethtool and netdev_rss_key print them, or without
// any. It must have at least MinKeyLen bytes.
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
	if len(key) < MinKeyLen {
		return nil, fmt.Errorf("key of %d bytes: NICs use 40 or 52, and an IPv4 four-tuple needs at least %d", len(key), MinKeyLen)
	}
	return key, nil
}

func parseHex(s string) (Key, error) {
	if strings.Contains(s, ":") {
		key := make(Key, 0, len(s)/3+1)
		for i, part := range strings.Split(s, ":") {
			b, err := hex.DecodeString(part)
			if err != nil || len(b) != 1 {
				return nil, fmt.Errorf("key: byte %d is %q: want two hexadecimal digits between colons", i+1, part)
			}
			key = append(key, b[0])
		}
		return key, nil
	}
	for i, c := range s {
		if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return nil, fmt.Errorf("key: character %d is %q: want hexadecimal digits, or one of the names %s", i+1, c, strings.Join(KeyNames(), ", "))
		}
	}
	if len(s)%2 != 0 {
		return nil, fmt.Errorf("key of %d hexadecimal digits: a byte has two, so one is missing or too many; 40 bytes have 80, 52 have 104", len(s))
	}
	return hex.DecodeString(s)
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
