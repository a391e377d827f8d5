package cryptopan

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// The key and the sample trace of the reference implementation.
var sampleKey = [KeySize]byte{
	21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
	216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2,
}

func TestReferenceVectors(t *testing.T) {
	a := New(sampleKey)
	for _, v := range [][2]string{
		{"128.11.68.132", "135.242.180.132"}, {"129.118.74.4", "134.136.186.123"}, {"130.132.252.244", "133.68.164.234"},
		{"141.223.7.43", "141.167.8.160"}, {"141.233.145.108", "141.129.237.235"}, {"152.163.225.39", "151.140.114.167"},
		{"156.29.3.236", "147.225.12.42"}, {"165.247.96.84", "162.9.99.234"}, {"166.107.77.190", "160.132.178.185"},
		{"192.102.249.13", "252.138.62.131"}, {"192.215.32.125", "252.43.47.189"}, {"192.233.80.103", "252.25.108.8"},
		{"192.41.57.43", "252.222.221.184"}, {"193.150.244.223", "253.169.52.216"}, {"195.205.63.100", "255.186.223.5"},
		{"198.200.171.101", "249.199.68.213"}, {"198.26.132.101", "249.36.123.202"}, {"198.36.213.5", "249.7.21.132"},
		{"198.51.77.238", "249.18.186.254"}, {"199.217.79.101", "248.38.184.213"},
	} {
		if got := a.Addr(netip.MustParseAddr(v[0])); got.String() != v[1] {
			t.Errorf("%s becomes %s, want %s", v[0], got, v[1])
		}
	}
}

// commonBits is the length of the common prefix of two addresses of one length.
func commonBits(a, b netip.Addr) int {
	x, y := a.AsSlice(), b.AsSlice()
	for i := range x {
		if d := x[i] ^ y[i]; d != 0 {
			return 8*i + bits.LeadingZeros8(d)
		}
	}
	return 8 * len(x)
}

func TestPrefixesArePreserved(t *testing.T) {
	a, random := New(sampleKey), rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var one [16]byte
		binary.BigEndian.PutUint64(one[:], random.Uint64())
		binary.BigEndian.PutUint64(one[8:], random.Uint64())
		for _, length := range []int{4, 16} {
			other := one
			bit := random.IntN(8 * length)
			other[bit/8] ^= 0x80 >> (bit % 8)
			for i := bit/8 + 1; i < length; i++ {
				other[i] = byte(random.Uint32())
			}
			x, _ := netip.AddrFromSlice(one[:length])
			y, _ := netip.AddrFromSlice(other[:length])
			if got := commonBits(a.Addr(x), a.Addr(y)); got != bit {
				t.Fatalf("%s and %s have %d bits in common, their replacements %d", x, y, bit, got)
			}
		}
	}
}

func TestOddAddresses(t *testing.T) {
	a := New(sampleKey)
	if got := a.Addr(netip.Addr{}); got.IsValid() {
		t.Errorf("no address becomes %s", got)
	}
	if x, y := a.Addr(netip.MustParseAddr("fe80::1%eth0")), a.Addr(netip.MustParseAddr("fe80::1")); x != y {
		t.Errorf("with a zone %s, without %s", x, y)
	}
	if got := a.Addr(netip.MustParseAddr("::ffff:192.0.2.1")); !got.Is6() {
		t.Errorf("an IPv6 address becomes %s", got)
	}
}
