package hash

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
)

func TestTransformFields(t *testing.T) {
	// Two addresses of 4 and two ports: each field is paired with its like.
	in := []byte{1, 2, 3, 4, 1, 0, 2, 255, 0x12, 0x34, 0x10, 0x04}
	for _, test := range []struct {
		transform Transform
		n         int
		want      []byte
	}{
		{NoTransform, 12, in},
		{SymmetricXOR, 12, []byte{0, 2, 1, 251, 0, 2, 1, 251, 0x02, 0x30, 0x02, 0x30}},
		{SymmetricOrXOR, 12, []byte{1, 2, 3, 255, 0, 2, 1, 251, 0x12, 0x34, 0x02, 0x30}},
		{SymmetricXOR, 8, []byte{0, 2, 1, 251, 0, 2, 1, 251}},
		{SymmetricOrXOR, 8, []byte{1, 2, 3, 255, 0, 2, 1, 251}},
		{ENAGen4, 12, []byte{1, 0, 2, 255, 1, 2, 3, 4, 0x10, 0x04, 0x12, 0x34}},
		{ENA, 12, in},
		{ProtocolFirst, 12, append([]byte{0, 6}, in...)},
		{ProtocolFirst, 8, in[:8]},
		{SymmetricXOR, 0, nil},
		{SymmetricXOR, 5, in[:5]}, // no hash type's: as it is
	} {
		got := append([]byte(nil), in[:test.n]...)
		got = test.transform.Apply(got, 6)
		if !bytes.Equal(got, test.want) {
			t.Errorf("%v of %d bytes: %v, want %v", test.transform, test.n, got, test.want)
		}
	}
}

// Whatever the input's length, swapping the two ends changes nothing where it should not.
func TestTransformIsSymmetric(t *testing.T) {
	for _, v := range readVectors(t) {
		for _, ports := range []bool{false, true} {
			for x := range Transform(NumTransforms) {
				there, back := v.input(ports, false), v.input(ports, true)
				if bytes.Equal(there, back) {
					t.Fatalf("%v: a flow to itself tests nothing", there)
				}
				there, back = x.Apply(there, 6), x.Apply(back, 6)
				if bytes.Equal(there, back) != x.Symmetric() {
					t.Errorf("%v, symmetric %v: %v there, %v back", x, x.Symmetric(), there, back)
				}
			}
		}
	}
}

// How long an input is then is known before it is there.
func TestInputLen(t *testing.T) {
	for x := range Transform(NumTransforms) {
		for _, n := range []int{8, 12, 32, 36} {
			if got := len(x.Apply(make([]byte, n, MaxInputLen), 6)); x.InputLen(n) != got {
				t.Errorf("%v: %d bytes become %d, not %d", x, n, got, x.InputLen(n))
			}
		}
	}
}

func TestTransformNames(t *testing.T) {
	for x := range Transform(NumTransforms) {
		if got, err := ParseTransform(x.String()); got != x || err != nil {
			t.Errorf("%v reads back as %v, %v", x, got, err)
		}
	}
	want := `unknown input transformation "xor": known are none, symmetric-xor, symmetric-or-xor, ena, ena-old, ena-gen4, protocol-first`
	if _, err := ParseTransform("xor"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if got := Transform(9).String(); got != "transform(9)" {
		t.Errorf("unknown value prints %q", got)
	}
}

// What users of real NICs have seen, and computed until it agreed.
func TestTransformVectors(t *testing.T) {
	const (
		enaKey   = "07:59:95:5a:3f:e0:cf:f0:b5:2f:cd:66:9f:3d:e5:11:8b:a6:c4:54:08:d3:48:49:73:cb:e2:56:43:fa:4c:ad:f1:6e:9d:d2:df:6d:d1:5e"
		iavfKey  = "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa000000000000000000000000"
		tcp, udp = 6, 17
	)
	for _, test := range []struct {
		transform Transform
		key       string
		from, to  string
		protocol  uint8 // 0: addresses alone
		want      uint32
	}{
		// AWS, addresses, and with ports 1000 and 2000.
		{ENA, enaKey, "172.31.52.165:1000", "172.31.52.143:2000", 0, 0x8e740a89},
		{ENAOld, enaKey, "172.31.52.165:1000", "172.31.52.143:2000", 0, 0x718bf576},
		{NoTransform, enaKey, "172.31.52.165:1000", "172.31.52.143:2000", 0, 0xd3ca8381},
		{ENA, enaKey, "172.31.52.165:1000", "172.31.52.143:2000", tcp, 0x742c62b1},
		{ENAOld, enaKey, "172.31.52.165:1000", "172.31.52.143:2000", tcp, 0x8bd39d4e},
		{NoTransform, enaKey, "172.31.52.165:1000", "172.31.52.143:2000", tcp, 0xe5082e77},
		{ENAGen4, "ena-gen4", "10.100.0.40:1", "10.100.0.36:2", 0, 0x0a7b0a7b},
		{ENAGen4, "ena-gen4", "10.100.0.36:1", "10.100.0.40:2", 0, 0x0a7b0a7b},
		// Intel's E810 under DPDK's iavf, testpmd's output; addresses alone are plain.
		{ProtocolFirst, iavfKey, "66.9.149.187:2794", "161.142.100.80:1766", udp, 0x38a3076b},
		{ProtocolFirst, iavfKey, "66.9.149.187:2794", "161.142.100.80:1766", 0, 0x323e8fc2},
		{NoTransform, iavfKey, "66.9.149.187:2794", "161.142.100.80:1766", udp, 0x51ccc178},
	} {
		key, err := ParseKey(test.key)
		if err != nil {
			t.Fatal(err)
		}
		from, to := netip.MustParseAddrPort(test.from), netip.MustParseAddrPort(test.to)
		input := append(from.Addr().AsSlice(), to.Addr().AsSlice()...)
		if test.protocol != 0 {
			input = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(input, from.Port()), to.Port())
		}
		if got := test.transform.Result(Toeplitz(test.transform.Key(key), test.transform.Apply(input, test.protocol))); got != test.want {
			t.Errorf("%v, %s to %s, protocol %d: %#08x, want %#08x", test.transform, test.from, test.to, test.protocol, got, test.want)
		}
	}
}
