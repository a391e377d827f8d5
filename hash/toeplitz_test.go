package hash

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"testing"
)

// vector is one flow of testdata/toeplitz.json: the published verification data
// and what follows from it.
type vector struct {
	Source                netip.Addr `json:"source"`
	SourcePort            uint16     `json:"source_port"`
	Destination           netip.Addr `json:"destination"`
	DestinationPort       uint16     `json:"destination_port"`
	IP                    hexSum     `json:"ip"`
	IPPorts               hexSum     `json:"ip_ports"`
	ReverseIPPorts        hexSum     `json:"reverse_ip_ports"`
	SymmetricKeyIP        hexSum     `json:"symmetric_key_ip"`
	SymmetricKeyIPPorts   hexSum     `json:"symmetric_key_ip_ports"`
	SymmetricXORIP        hexSum     `json:"symmetric_xor_ip"`
	SymmetricXORIPPorts   hexSum     `json:"symmetric_xor_ip_ports"`
	SymmetricOrXORIPPorts hexSum     `json:"symmetric_or_xor_ip_ports"`
}

type hexSum uint32

func (h *hexSum) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 0, 32)
	*h = hexSum(v)
	return err
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/toeplitz.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		KeyMicrosoft string   `json:"key_microsoft"`
		KeySymmetric string   `json:"key_symmetric"`
		Vectors      []vector `json:"vectors"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]string{"microsoft": file.KeyMicrosoft, "symmetric": file.KeySymmetric} {
		if got := mustKey(t, s).Name(); got != want {
			t.Errorf("the vectors' key %s has the name %q, want %q", s, got, want)
		}
	}
	if len(file.Vectors) != 8 {
		t.Fatalf("%d vectors, want the 5 of IPv4 and the 3 of IPv6", len(file.Vectors))
	}
	return file.Vectors
}

func (v vector) input(ports, reverse bool) []byte {
	src, dst, sp, dp := v.Source, v.Destination, v.SourcePort, v.DestinationPort
	if reverse {
		src, dst, sp, dp = dst, src, dp, sp
	}
	b := append(src.AsSlice(), dst.AsSlice()...)
	if ports {
		b = append(b, byte(sp>>8), byte(sp), byte(dp>>8), byte(dp))
	}
	return b
}

func mustKey(t testing.TB, s string) Key {
	t.Helper()
	key, err := ParseKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// implementations are all ways to compute the hash, the reference first. Each
// runs through the same vectors.
var implementations = []struct {
	name string
	sum  func(t testing.TB, key, input []byte) uint32
}{
	{"bits", func(_ testing.TB, key, input []byte) uint32 { return Toeplitz(key, input) }},
	{"table", func(t testing.TB, key, input []byte) uint32 { return mustTable(t, key, len(input)).Sum(input) }},
	{"table_36", func(t testing.TB, key, input []byte) uint32 { return mustTable(t, key).Sum(input) }},
	{"table_too_short", func(t testing.TB, key, input []byte) uint32 { return mustTable(t, key, 4).Sum(input) }},
}

func mustTable(t testing.TB, key []byte, inputLen ...int) *Table {
	t.Helper()
	table, err := NewTable(key, inputLen...)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestVectors(t *testing.T) {
	microsoft, symmetric := mustKey(t, "microsoft"), mustKey(t, "symmetric")
	for _, v := range readVectors(t) {
		flow := fmt.Sprintf("%v:%d>%v:%d", v.Source, v.SourcePort, v.Destination, v.DestinationPort)
		for _, test := range []struct {
			name           string
			key            Key
			ports, reverse bool
			transform      Transform
			want           hexSum
		}{
			{"ip", microsoft, false, false, NoTransform, v.IP},
			{"ip_ports", microsoft, true, false, NoTransform, v.IPPorts},
			{"reverse_ip_ports", microsoft, true, true, NoTransform, v.ReverseIPPorts},
			{"symmetric_key_ip", symmetric, false, false, NoTransform, v.SymmetricKeyIP},
			{"symmetric_key_ip reverse", symmetric, false, true, NoTransform, v.SymmetricKeyIP},
			{"symmetric_key_ip_ports", symmetric, true, false, NoTransform, v.SymmetricKeyIPPorts},
			{"symmetric_key_ip_ports reverse", symmetric, true, true, NoTransform, v.SymmetricKeyIPPorts},
			{"symmetric_xor_ip", microsoft, false, false, SymmetricXOR, v.SymmetricXORIP},
			{"symmetric_xor_ip reverse", microsoft, false, true, SymmetricXOR, v.SymmetricXORIP},
			{"symmetric_xor_ip_ports", microsoft, true, false, SymmetricXOR, v.SymmetricXORIPPorts},
			{"symmetric_xor_ip_ports reverse", microsoft, true, true, SymmetricXOR, v.SymmetricXORIPPorts},
			{"symmetric_or_xor_ip_ports", microsoft, true, false, SymmetricOrXOR, v.SymmetricOrXORIPPorts},
			{"symmetric_or_xor_ip_ports reverse", microsoft, true, true, SymmetricOrXOR, v.SymmetricOrXORIPPorts},
		} {
			input := test.transform.Apply(v.input(test.ports, test.reverse), 6)
			for _, impl := range implementations {
				if got := impl.sum(t, test.key, input); got != uint32(test.want) {
					t.Errorf("%s %s: %s: %#08x, want %#08x", flow, test.name, impl.name, got, test.want)
				}
			}
		}
	}
}

// Lengths around the cut-offs: the four of the hash types, 36 as the table's own
// length, and beyond it, where the reference does the work.
func TestImplementationsAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 7, 8, 9, 11, 12, 13, 31, 32, 33, 35, 36, 37, 48, 100} {
		for range 50 {
			key, input := make([]byte, max(n, 36)+4+random.IntN(13)), make([]byte, n)
			fill(random, key)
			fill(random, input)
			want := Toeplitz(key, input)
			for _, impl := range implementations {
				if got := impl.sum(t, key, input); got != want {
					t.Fatalf("%s: %d bytes: %#08x, want %#08x", impl.name, n, got, want)
				}
			}
		}
	}
}

func fill(random *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(random.Uint32())
	}
}

// One bit of input picks 32 bits of the key, at that bit's place.
func TestSingleBits(t *testing.T) {
	key := mustKey(t, "dpdk-i40e")
	bitOf := func(i int) uint32 { return uint32(key[i/8]>>(7-i%8)) & 1 }
	for bit := range 36 * 8 {
		input := make([]byte, 36)
		input[bit/8] = 0x80 >> (bit % 8)
		var want uint32
		for i := range 32 {
			want = want<<1 | bitOf(bit+i)
		}
		for _, impl := range implementations {
			if got := impl.sum(t, key, input); got != want {
				t.Fatalf("%s: input bit %d: %#08x, want %#08x", impl.name, bit, got, want)
			}
		}
	}
}

func TestShortKeyCountsAsZeroBits(t *testing.T) {
	input := []byte{0xff, 0xff, 0xff, 0xff, 0xff}
	long := append(Key{1, 2, 3, 4, 5}, make(Key, 4)...)
	if got, want := Toeplitz(Key{1, 2, 3, 4, 5}, input), Toeplitz(long, input); got != want {
		t.Errorf("short key: %#08x, want %#08x", got, want)
	}
	if got := Toeplitz(nil, input); got != 0 {
		t.Errorf("no key: %#08x, want 0", got)
	}
}

func TestNewTableErrors(t *testing.T) {
	for _, test := range []struct {
		keyLen   int
		inputLen []int
		ok       bool
	}{
		{40, nil, true}, {39, nil, false}, {52, nil, true},
		{16, []int{12}, true}, {15, []int{12}, false}, {16, []int{8, 12}, true}, {16, []int{12, 32}, false},
		{12, []int{8}, true}, {0, nil, false}, {0, []int{0}, false}, {4, []int{0}, true},
	} {
		_, err := NewTable(make([]byte, test.keyLen), test.inputLen...)
		if (err == nil) != test.ok {
			t.Errorf("key of %d bytes, inputs of %v: %v", test.keyLen, test.inputLen, err)
		}
	}
	_, err := NewTable(make([]byte, 20), 12, 36)
	if want := "key of 20 bytes: a hash input of 36 bytes needs a key of at least 40"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestTableOwnsItsKey(t *testing.T) {
	key := mustKey(t, "microsoft")
	input := make([]byte, 40) // longer than the table: the reference, with the key
	input[37] = 1
	table := mustTable(t, key, 12)
	want := table.Sum(input)
	clear(key)
	if got := table.Sum(input); got != want {
		t.Errorf("%#08x after the caller's key changed, want %#08x", got, want)
	}
}

func TestNoAllocs(t *testing.T) {
	table := mustTable(t, mustKey(t, "microsoft"))
	input := make([]byte, 36, MaxInputLen)
	var sum uint32
	if n := testing.AllocsPerRun(100, func() {
		SymmetricXOR.Apply(input, 6)
		sum += ProtocolFirst.Result(uint32(len(ProtocolFirst.Apply(input, 6))))
		sum += table.Sum(input[:12]) + table.Sum(input) + table.Sum(input[:8]) + Toeplitz(table.key, input)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Every implementation equals the reference on whatever key and input.
func FuzzToeplitz(f *testing.F) {
	f.Add([]byte{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2}, []byte{66, 9, 149, 187})
	f.Add(make([]byte, 40), make([]byte, 36))
	f.Fuzz(func(t *testing.T, key, input []byte) {
		want := Toeplitz(key, input)
		if padded := append(append([]byte(nil), key...), make([]byte, len(input)+4)...); Toeplitz(padded, input) != want {
			t.Fatalf("zero bits after the key change the hash")
		}
		table, err := NewTable(key, len(input))
		if (err == nil) != (len(key) >= len(input)+4) {
			t.Fatalf("key of %d bytes, input of %d: %v", len(key), len(input), err)
		}
		if err == nil && table.Sum(input) != want {
			t.Fatalf("table: %#08x, want %#08x", table.Sum(input), want)
		}
	})
}

func BenchmarkToeplitz(b *testing.B) {
	key := mustKey(b, "microsoft")
	table := mustTable(b, key)
	input := make([]byte, 36)
	fill(rand.New(rand.NewPCG(3, 4)), input)
	for _, impl := range []struct {
		name string
		sum  func(input []byte) uint32
	}{
		{"bits", func(input []byte) uint32 { return Toeplitz(key, input) }},
		{"table", table.Sum},
	} {
		for _, in := range []struct {
			name string
			of   Type
		}{{"ip4", IPv4}, {"tcp4", TCPIPv4}, {"ip6", IPv6}, {"tcp6", TCPIPv6}} {
			b.Run(fmt.Sprintf("impl=%s/input=%s", impl.name, in.name), func(b *testing.B) {
				in := input[:in.of.InputLen()]
				var sum uint32
				for b.Loop() {
					sum ^= impl.sum(in)
				}
				if sum == 1 {
					b.Log("keeps sum alive")
				}
			})
		}
	}
}

func BenchmarkNewTable(b *testing.B) {
	key := mustKey(b, "microsoft")
	for b.Loop() {
		if _, err := NewTable(key); err != nil {
			b.Fatal(err)
		}
	}
}
