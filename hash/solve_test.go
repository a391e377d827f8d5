package hash

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func randomKey(r *rand.Rand) Key {
	key := make(Key, 40)
	for i := range key {
		key[i] = byte(r.Uint32())
	}
	return key
}

// input4 is a TCP flow's over IPv4, of 12 bytes; input6 one over IPv6, of 36.
func input4(r *rand.Rand) []byte {
	b := []byte{10, byte(r.IntN(4)), byte(r.Uint32()), byte(r.Uint32()), 192, 0, 2, byte(r.IntN(8)), 0, 0, 0, 80}
	b[8], b[9] = byte(r.Uint32()), byte(r.Uint32())
	return b
}

func input6(r *rand.Rand) []byte {
	b := make([]byte, 36)
	copy(b, []byte{0x20, 1, 0xd, 0xb8})
	copy(b[16:], []byte{0x20, 1, 0xd, 0xb8})
	for _, i := range []int{13, 14, 15, 31, 32, 33} {
		b[i] = byte(r.Uint32())
	}
	b[35] = 80
	return b
}

// Every determined bit is the true key's, with none to 10 % of the hashes being of
// another input than was thought; those are found inconsistent.
func TestSolve(t *testing.T) {
	seeds := uint64(10)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		for _, outliers := range []float64{0, 0.02, 0.1} {
			for name, input := range map[string]func(*rand.Rand) []byte{"ipv4": input4, "ipv6": input6} {
				t.Run(fmt.Sprintf("%s/%g/%d", name, outliers, seed), func(t *testing.T) {
					r := rand.New(rand.NewPCG(seed, 1))
					key := randomKey(r)
					var all []Observation
					wrong := 0
					for range 300 {
						o := Observation{Input: input(r)}
						o.Hash = Toeplitz(key, o.Input)
						if r.Float64() < outliers { // hashed on its addresses alone
							o.Hash = Toeplitz(key, o.Input[:len(o.Input)-4])
							wrong++
						}
						all = append(all, o)
					}
					s := Solve(all)
					checkSolution(t, s, key, all)
					if s.Inconsistent < wrong-wrong/10 || s.Inconsistent > wrong {
						t.Errorf("%d are inconsistent; %d are wrong", s.Inconsistent, wrong)
					}
					if claimed := s.Key(40, key); !slices.Equal(claimed, key) {
						t.Errorf("with the true key claimed it is %v, not %v", claimed, key)
					}
					if !s.Agrees(key) {
						t.Error("the true key does not agree")
					}
					if exact := SolveAll(all); (exact != nil) != (wrong == 0) {
						t.Errorf("one key for all: %v, with %d wrong", exact, wrong)
					} else if exact != nil {
						checkSolution(t, exact, key, all)
					}
				})
			}
		}
	}
}

func checkSolution(t *testing.T, s *Solution, key Key, all []Observation) {
	t.Helper()
	if s.Consistent+s.Inconsistent != len(all) {
		t.Errorf("%d and %d observations of %d", s.Consistent, s.Inconsistent, len(all))
	}
	solved := s.Key(len(key), nil)
	for _, bit := range s.Determined {
		if a, b := solved[bit/8]>>(7-bit%8)&1, key[bit/8]>>(7-bit%8)&1; a != b {
			t.Errorf("bit %d is %d, not %d", bit, a, b)
		}
	}
	if len(s.Determined) == 0 || len(s.Determined) > s.Equations {
		t.Errorf("%d bits determined by %d equations", len(s.Determined), s.Equations)
	}
	consistent := 0
	for i := range all {
		explains, decided := s.explains(&all[i])
		if explains {
			consistent++
			if got := Toeplitz(solved, all[i].Input); got != all[i].Hash && decided {
				t.Errorf("the solved key gives %08x, not %08x", got, all[i].Hash)
			}
		}
	}
	if consistent != s.Consistent {
		t.Errorf("%d are explained, %d are consistent", consistent, s.Consistent)
	}
}

// A bit is determined if, and only if, two keys that both obey all observations
// agree on it.
func TestSolveDetermined(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	key := randomKey(r)
	var all []Observation
	for range 50 { // of one /24, to one server
		input := []byte{10, 0, 0, byte(r.Uint32()), 192, 0, 2, 1, byte(r.Uint32()) | 0x80, byte(r.Uint32()), 0, 80}
		all = append(all, Observation{Input: input, Hash: Toeplitz(key, input)})
	}
	s := Solve(all)
	checkSolution(t, s, key, all)
	if len(s.Determined) < 70 || len(s.Determined) > 110 || len(s.Determined)+len(s.Open) > 127 || len(s.Open) < 10 {
		t.Errorf("%d bits determined, %d open", len(s.Determined), len(s.Open))
	}
	for _, bit := range s.Open {
		// Open bits can be the other way: claim that, and the key must follow.
		claimed := s.Key(40, key)
		claimed[bit/8] ^= 0x80 >> (bit % 8)
		other := s.Key(40, claimed)
		for i := range all {
			if Toeplitz(other, all[i].Input) != all[i].Hash {
				t.Fatalf("with bit %d claimed otherwise, the key does not obey", bit)
			}
		}
	}
}

// What drivers do to keys is recognised.
func TestDifference(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	claimed := randomKey(r)
	placed := func(from func(i int) int) Key {
		k := make(Key, len(claimed))
		for i := range k {
			k[i] = claimed[from(i)]
		}
		return k
	}
	for _, test := range []struct {
		want string
		real Key
	}{
		{"", claimed},
		{"the NIC has the claimed key one byte late", append(Key{0x5c}, claimed[:39]...)},
		{"the NIC has the claimed key 4 bytes early: without its first ones", append(append(Key(nil), claimed[4:]...), 1, 2, 3, 4)},
		{"the NIC has the claimed key with the bytes of each 32-bit word in reverse order", placed(func(i int) int { return i ^ 3 })},
		{"the NIC has the claimed key with all its bytes in reverse order", placed(func(i int) int { return 39 - i })},
		{"the NIC has the claimed key with the bits of each byte in reverse order", bitsReversed(claimed)},
		{"the NIC has the claimed key with its 32-bit words in reverse order", placed(func(i int) int { return 39 - i ^ 3 })},
		{"1 of 127 determined bits differ from the claimed key, the first one in byte 5", func() Key {
			k := append(Key(nil), claimed...)
			k[5] ^= 8
			return k
		}()},
		{"2 of 127 determined bits differ from the claimed key, the first one in byte 0", func() Key {
			k := append(Key(nil), claimed...)
			k[0] ^= 0x80
			k[9] ^= 1
			return k
		}()},
	} {
		var all []Observation
		for range 500 {
			input := make([]byte, 12)
			for i := range input {
				input[i] = byte(r.Uint32())
			}
			all = append(all, Observation{Input: input, Hash: Toeplitz(test.real, input)})
		}
		if got := Solve(all).Difference(claimed); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// Hashes of no key: most are inconsistent.
func TestSolveNoKey(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var all []Observation
	for range 300 {
		all = append(all, Observation{Input: input4(r), Hash: r.Uint32()})
	}
	s := Solve(all)
	if s.Consistent > 10 {
		t.Errorf("%d of %d random hashes are consistent", s.Consistent, len(all))
	}
	if Solve(nil) != nil || SolveAll(nil) != nil || Solve([]Observation{{Input: make([]byte, MaxInputLen+1)}}) != nil {
		t.Error("nothing is solved")
	}
}

func TestSolveIsDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	key := randomKey(r)
	var all []Observation
	for i := range 3000 {
		o := Observation{Input: input4(r)}
		if o.Hash = Toeplitz(key, o.Input); i%11 == 0 {
			o.Hash = r.Uint32()
		}
		all = append(all, o)
	}
	a, b := Solve(all), Solve(all)
	if !slices.Equal(a.Key(40, nil), b.Key(40, nil)) || a.Consistent != b.Consistent || !slices.Equal(a.Open, b.Open) {
		t.Error("two solutions differ")
	}
}

func BenchmarkSolve(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 5))
	key := randomKey(r)
	for _, n := range []int{100, 1000, 100_000} {
		var all []Observation
		for i := range n {
			o := Observation{Input: input4(r)}
			if o.Hash = Toeplitz(key, o.Input); i%20 == 0 {
				o.Hash = Toeplitz(key, o.Input[:8])
			}
			all = append(all, o)
		}
		b.Run(fmt.Sprintf("observations=%d", n), func(b *testing.B) {
			for b.Loop() {
				Solve(all)
			}
		})
	}
}

// Of hashes that begin from another value than 0, of a key that is read backwards and of
// 16 bits that stand twice, the key is solved all the same.
func TestSolveTransformed(t *testing.T) {
	for _, x := range []Transform{ENA, ENAOld, ENAGen4} {
		seeds := uint64(4)
		if testing.Short() {
			seeds = 1
		}
		for seed := range seeds {
			r := rand.New(rand.NewPCG(seed, 77))
			key := randomKey(r)
			read := x.Key(key)
			var all []Observation
			for range 400 {
				input := input6(r)
				if r.IntN(2) == 0 {
					input = input4(r)
				}
				o := Observation{Input: x.Apply(input, 6)}
				o.Hash, o.Folded = x.Sum(x.Result(Toeplitz(read, o.Input)))
				all = append(all, o)
			}
			s := Solve(all)
			if s.Inconsistent != 0 || !s.Agrees(read) || len(s.Determined) < 80 {
				t.Fatalf("%v, seed %d: %d inconsistent, %d bits determined", x, seed, s.Inconsistent, len(s.Determined))
			}
			solved := x.Key(s.Key(len(key), nil))
			for _, bit := range x.KeyBits(s.Determined, len(key)) {
				if (solved[bit/8]^key[bit/8])<<(bit%8)&0x80 != 0 {
					t.Fatalf("%v, seed %d: bit %d is not the key's", x, seed, bit)
				}
			}
			other := randomKey(r)
			if s.Agrees(x.Key(other)) {
				t.Errorf("%v, seed %d: another key agrees", x, seed)
			}
			for i := range all[:20] {
				if explains, decided := s.explains(&all[i]); !explains || !decided {
					t.Errorf("%v, seed %d: an observation is explained: %v, decided: %v", x, seed, explains, decided)
				}
			}
		}
	}
}

// A hash that begins from another value than 0 is that of no key, where the inputs differ in
// each bit; with an unknown initial value both are solved, as far as they are determined.
func TestSolveInitial(t *testing.T) {
	seeds := uint64(2)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 9))
		key, initial := randomKey(r), r.Uint32()|1
		of := func(input func() []byte) (all []Observation) {
			for i := range 100 {
				o := Observation{Input: input()}
				if o.Hash = Toeplitz(key, o.Input) ^ initial; i%50 == 3 {
					o.Hash = r.Uint32()
				}
				all = append(all, o)
			}
			return all
		}
		for name, all := range map[string][]Observation{
			"random": of(func() []byte {
				input := make([]byte, 12)
				for i := range input {
					input[i] = byte(r.Uint32())
				}
				return input
			}),
			"both versions": append(of(func() []byte { return input4(r) }), of(func() []byte { return input6(r) })...),
		} {
			wrong := len(all) / 50
			if seed == 0 && !testing.Short() { // it tries long
				if plain := Solve(all[:60]); plain.Consistent > 40 {
					t.Errorf("%s: without one %d are consistent", name, plain.Consistent)
				}
			}
			s := SolveInitial(all)
			if s.Inconsistent != wrong || s.Consistent != len(all)-wrong || s.Surplus < 1000 {
				t.Errorf("%s %d: %d are consistent, %d are not; %d equations confirm", name, seed, s.Consistent, s.Inconsistent, s.Surplus)
			}
			value, determined := s.Initial(key)
			if value != initial || name == "random" && determined != math.MaxUint32 {
				t.Errorf("%s %d: it begins from %08x of %08x, not from %08x", name, seed, value, determined, initial)
			}
			if other, _ := s.Initial(make(Key, 40)); (other^initial)&determined != 0 {
				t.Errorf("%s %d: another key changes %08x of %08x", name, seed, other^initial, determined)
			}
			solved := s.Key(40, nil)
			for _, bit := range s.Determined {
				if (solved[bit/8]^key[bit/8])<<(bit%8)&0x80 != 0 {
					t.Errorf("%s %d: bit %d is wrong", name, seed, bit)
				}
			}
			if len(s.Determined) < 100 || !s.Agrees(key) || s.Agrees(randomKey(r)) {
				t.Errorf("%s %d: %d bits are determined; the true key agrees: %v", name, seed, len(s.Determined), s.Agrees(key))
			}
			for i := range all {
				if explains, _ := s.explains(&all[i]); explains == (i%50 == 3) {
					t.Errorf("%s %d: observation %d: %v", name, seed, i, explains)
				}
			}
		}
	}
}

// explains reports whether the key that the solution stands for gives the input
// this hash; decided is false where the bits that it needs are not known.
func (s *Solution) explains(o *Observation) (explains, decided bool) {
	if len(o.Input) > MaxInputLen {
		return false, false
	}
	of := *o
	if s.begins {
		of.Input = withInitial(o.Input)
	}
	wrong, open := s.system.check(&of)
	return wrong == 0, wrong > 0 || open == o.untold()
}
