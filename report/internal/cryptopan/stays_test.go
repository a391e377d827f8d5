package cryptopan

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// TestWhatStays holds the figures of the help on privacy: of random addresses under
// random keys, how many octets come out as they were, and how many addresses whole.
func TestWhatStays(t *testing.T) {
	const keys, perKey = 400, 500
	random := rand.New(rand.NewPCG(7, 11))
	var octets, whole int
	for range keys {
		var key [KeySize]byte
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		a := New(key)
		for range perKey {
			var before [4]byte
			binary.BigEndian.PutUint32(before[:], random.Uint32())
			after := a.Addr(netip.AddrFrom4(before)).As4()
			same := 0
			for i := range before {
				if before[i] == after[i] {
					same++
				}
			}
			octets += same
			if same == 4 {
				whole++
			}
		}
	}
	const addresses = keys * perKey
	share := float64(octets) / (4 * addresses)
	t.Logf("%.2f %% of octets and %d of %d addresses are as they were", 100*share, whole, addresses)
	if share < 0.05 || share > 0.09 {
		t.Errorf("%.2f %% of octets are as they were; the help says about 7 in 100", 100*share)
	}
	if whole < addresses/60_000 || whole > addresses/5_000 {
		t.Errorf("%d of %d addresses are as they were; the help says one in about 15,000", whole, addresses)
	}
}
