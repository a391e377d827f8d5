package hash

import (
	"encoding/binary"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// An Observation is a hash that a NIC gave out, and the input that it is thought to
// be of: at most MaxInputLen bytes, after any transformation.
type Observation struct {
	Input  []byte
	Hash   uint32
	Folded bool // only the low 16 bits of Hash are told
}

// untold is how many of the hash's bits, the first ones, are not told.
func (o *Observation) untold() int {
	if o.Folded {
		return 16
	}
	return 0
}

// initialBytes stand before an input where what the hash begins from is unknown:
// Toeplitz(initial value + key, 80 00 00 00 + input) = initial value ⊕ Toeplitz(key, input).
const initialBytes = 4

// maxSolved is the length of the longest input with these.
const maxSolved = MaxInputLen + initialBytes

// keyBits are as many bits of a key as the longest input meets, and 31 bits more for
// the last bit of the hash.
const keyBits = maxSolved*8 + 31

const keyWords = (keyBits + 63) / 64

// keyVector is a row over GF(2): bit i, from the most significant bit of the first
// word on, stands for bit i of the key as Toeplitz reads it.
type keyVector [keyWords]uint64

func (v *keyVector) add(o *keyVector) {
	for i := range v {
		v[i] ^= o[i]
	}
}

// first is the lowest bit set, keyWords*64 if there is none.
func (v *keyVector) first() int {
	for i, w := range v {
		if w != 0 {
			return i*64 + bits.LeadingZeros64(w)
		}
	}
	return keyWords * 64
}

func (v *keyVector) has(bit int) bool { return v[bit/64]>>(63-bit%64)&1 != 0 }

func (v *keyVector) count() int {
	n := 0
	for _, w := range v {
		n += bits.OnesCount64(w)
	}
	return n
}

// next is the row of the hash's next bit: each bit of the input meets the key one
// further on.
func (v *keyVector) next() {
	for i := keyWords - 1; i > 0; i-- {
		v[i] = v[i]>>1 | v[i-1]<<63
	}
	v[0] >>= 1
}

// vectorOf has the bits of a hash's input, or of a key, in their order.
func vectorOf(bytes []byte) keyVector {
	var v keyVector
	for i, b := range bytes {
		v[i/8] |= uint64(b) << (56 - i%8*8)
	}
	return v
}

// equation says that the key's bits in row add up to the bit right.
type equation struct {
	row   keyVector
	right uint32
}

// system is equations in reduced echelon form: pivots[i] begins with bit i, if it
// is there, and no other pivot has that bit.
type system struct {
	pivots [keyBits]equation
	there  keyVector // which pivots are
	rank   int
	fixed  keyVector // the bits that are determined: their pivots have no other bit
	key    []byte    // a key that obeys: bits that are open are 0
}

// reduce takes from e what the system knows of it: what is left is an equation
// that is new; with an empty row, one that holds (right 0) or contradicts it (1).
func (s *system) reduce(e *equation) {
	for w := range e.row {
		for known := e.row[w] & s.there[w]; known != 0; {
			bit := bits.LeadingZeros64(known)
			known &^= 1 << (63 - bit)
			p := &s.pivots[w*64+bit]
			e.row.add(&p.row)
			e.right ^= p.right
		}
	}
}

// check compares an observation with the system: how many of its 32 equations
// contradict it, and how many it says nothing of.
func (s *system) check(o *Observation) (wrong, open int) {
	row := vectorOf(o.Input)
	// Optimization: where all bits that meet the input are determined, their key
	// has the answer; equal to the loop below.
	if met := row.shifted(); s.covers(&met) {
		return bits.OnesCount32((Toeplitz(s.key, o.Input) ^ o.Hash) << o.untold()), 0
	}
	for j := range 32 {
		if j < o.untold() {
			open++
			row.next()
			continue
		}
		e := equation{row, o.Hash >> (31 - j) & 1}
		s.reduce(&e)
		switch {
		case e.row != keyVector{}:
			open++
		case e.right != 0:
			wrong++
		}
		row.next()
	}
	return wrong, open
}

// shifted are the bits of the key that an input meets.
func (v keyVector) shifted() keyVector {
	for by := 1; by < 32; by *= 2 { // any of 0 to 31 places on
		other := v
		for i := keyWords - 1; i > 0; i-- {
			other[i] = other[i]>>by | other[i-1]<<(64-by)
		}
		other[0] >>= by
		for i := range v {
			v[i] |= other[i]
		}
	}
	return v
}

// covers tells whether all these bits are determined.
func (s *system) covers(v *keyVector) bool {
	for i := range v {
		if v[i]&^s.fixed[i] != 0 {
			return false
		}
	}
	return true
}

// take adds an observation's equations; those that contradict are left out.
func (s *system) take(o *Observation) {
	row := vectorOf(o.Input)
	for j := range 32 {
		if j < o.untold() {
			row.next()
			continue
		}
		e := equation{row, o.Hash >> (31 - j) & 1}
		s.reduce(&e)
		if at := e.row.first(); at < keyBits {
			for i := range s.pivots {
				if p := &s.pivots[i]; p.row.has(at) {
					p.row.add(&e.row)
					p.right ^= e.right
				}
			}
			s.pivots[at] = e
			s.there[at/64] |= 1 << (63 - at%64)
			s.rank++
		}
		row.next()
	}
	s.fixed, s.key = keyVector{}, make([]byte, (keyBits+7)/8)
	for i := range s.pivots {
		if !s.there.has(i) {
			continue
		}
		if s.pivots[i].row.count() == 1 {
			s.fixed[i/64] |= 1 << (63 - i%64)
		}
		if s.pivots[i].right != 0 {
			s.key[i/8] |= 0x80 >> (i % 8)
		}
	}
}

// Solution is what observations tell of a key.
type Solution struct {
	// Equations is the rank of the system: so many bits of the key would be known
	// if each equation told of one alone.
	Equations int
	// Surplus is how many more equations the consistent observations of different inputs
	// have, which only confirm: by chance each would hold in one case of two.
	Surplus int
	// Determined are the bits of the key that the observations determine, and Open
	// those that they touch and do not; by their number, in rising order. Bit 0 is
	// the most significant one of the first byte.
	Determined, Open []int
	// Consistent observations obey the key, Inconsistent ones do not.
	Consistent, Inconsistent int

	system  system
	begins  bool   // the initial value is solved, too: 32 bits before the key's
	initial uint32 // bits of it that are determined
}

// Solving looks at so many observations of different inputs, spread over all that
// there are, and begins so often.
const (
	solvedInputs = 1024
	solvingTries = 40
	fewInputs    = 64 // are enough for a key and an initial value, and soon tried
	seedInputs   = 4  // that are believed at the beginning of a try
)

// trustLevels: an observation is believed if the system knows so many of its
// equations and all of them hold; the highest level at which there is one counts.
var trustLevels = []int{24, 16, 8, 4, 1, 0}

// Solve finds the key that most of the observations obey: the hash is linear over
// GF(2), so each of them is 32 equations in the key's bits. Some may obey another
// key or be of another input than was thought: from a few that are believed at
// random it goes on to those that agree with what is known then, several times, and
// takes the key that explains most (after RANSAC, Fischler and Bolles, 1981). The
// same observations give the same solution. Observations with inputs longer than
// MaxInputLen bytes are left out; nil without any.
func Solve(observations []Observation) *Solution { return solve(observations, MaxInputLen) }

// solve is Solve for inputs of at most so many bytes.
func solve(observations []Observation, longest int) *Solution {
	distinct := distinctInputs(observations, longest)
	if len(distinct) == 0 {
		return nil
	}
	sample := spread(distinct, solvedInputs)
	random := rand.New(rand.NewPCG(1, 2))
	var best *system
	most := -1
	for try := 0; try < solvingTries && !solvedAfter(try, most, len(sample)); try++ {
		s := grow(sample, random.Perm(len(sample)))
		obeying := 0
		for i := range sample {
			if wrong, _ := s.check(&sample[i]); wrong == 0 {
				obeying++
			}
		}
		if obeying > most {
			best, most = s, obeying
		}
	}
	// The rest may touch bits that the sample did not.
	for i := range distinct {
		if wrong, open := best.check(&distinct[i]); wrong == 0 && open > 0 && open < 32-seedInputs {
			best.take(&distinct[i])
		}
	}
	return best.solution(observations, distinct, longest)
}

// SolveAll finds the key that all observations obey, much sooner than Solve; nil where none
// does, or without any.
func SolveAll(observations []Observation) *Solution {
	distinct := distinctInputs(observations, MaxInputLen)
	if len(distinct) == 0 {
		return nil
	}
	s := new(system)
	for i := range distinct {
		switch wrong, open := s.check(&distinct[i]); {
		case wrong > 0:
			return nil
		case open > 0:
			s.take(&distinct[i])
		}
	}
	return s.solution(observations, distinct, MaxInputLen)
}

// solution is what the system says of the observations, which have these different inputs of at
// most so many bytes.
func (s *system) solution(observations, distinct []Observation, longest int) *Solution {
	solution := &Solution{Equations: s.rank, Surplus: -s.rank, system: *s}
	for i := range distinct {
		if wrong, _ := s.check(&distinct[i]); wrong == 0 {
			solution.Surplus += 32 - distinct[i].untold()
		}
	}
	for i := range observations {
		if len(observations[i].Input) > longest {
			continue
		}
		if wrong, _ := s.check(&observations[i]); wrong == 0 {
			solution.Consistent++
		} else {
			solution.Inconsistent++
		}
	}
	solution.sort(distinct)
	return solution
}

// SolveInitial is Solve where the hash does not begin from 0, but from an unknown value.
// Where all inputs have a bit in common, it can't be told from the key there. nil where most
// observations obey no key and value.
func SolveInitial(observations []Observation) *Solution {
	all := slices.Clone(observations)
	for i := range all {
		all[i].Input = withInitial(all[i].Input)
	}
	// Optimization: where most of a few obey none, most of all do not.
	if few := solve(spread(distinctInputs(all, maxSolved), fewInputs), maxSolved); few == nil || few.Consistent < few.Inconsistent {
		return nil
	}
	s := solve(all, maxSolved)
	s.begins = true
	key := func(bits []int, count bool) (of []int) {
		for _, bit := range bits {
			if bit >= initialBytes*8 {
				of = append(of, bit-initialBytes*8)
			} else if count {
				s.initial |= 1 << (31 - bit)
			}
		}
		return of
	}
	s.Determined, s.Open = key(s.Determined, true), key(s.Open, false)
	return s
}

func withInitial(input []byte) []byte { return append([]byte{0x80, 0, 0, 0}, input...) }

// Initial is what the hash begins from if the key's open bits are as claimed; determined
// has the bits that do not depend on those. 0 where that was not asked for.
func (s *Solution) Initial(claimed Key) (value, determined uint32) {
	if !s.begins {
		return 0, 0
	}
	return binary.BigEndian.Uint32(s.solved(initialBytes+len(claimed), append(make(Key, initialBytes), claimed...))), s.initial
}

// solvedAfter tells whether, with as many observations obeying as in the best try,
// another try would find more with a chance of less than 1 in 1,000: a try needs
// some eight that are right, the first ones and those that tell much.
func solvedAfter(tries, obeying, of int) bool {
	if tries == 0 {
		return false
	}
	right := math.Pow(float64(obeying)/float64(of), 8)
	return right >= 1 || math.Pow(1-right, float64(tries)) < 0.001
}

// distinctInputs is one observation for each input of at most so many bytes and hash, in
// their order.
func distinctInputs(observations []Observation, longest int) []Observation {
	type seen struct {
		input [maxSolved]byte
		n     int
		hash  uint32
	}
	was := make(map[seen]bool)
	var distinct []Observation
	for _, o := range observations {
		s := seen{n: len(o.Input), hash: o.Hash}
		if s.n > longest {
			continue
		}
		copy(s.input[:], o.Input)
		if !was[s] {
			was[s] = true
			distinct = append(distinct, o)
		}
	}
	return distinct
}

// spread is n of all, evenly.
func spread(all []Observation, n int) []Observation {
	if len(all) <= n {
		return all
	}
	some := make([]Observation, n)
	for i := range some {
		some[i] = all[i*len(all)/n]
	}
	return some
}

// grow believes the first few in the order given, and then all that agree with what
// is known, those first of which most is known.
func grow(sample []Observation, order []int) *system {
	s := new(system)
	for _, i := range order[:min(seedInputs, len(order))] {
		s.take(&sample[i])
	}
	left := slices.Clone(order[min(seedInputs, len(order)):])
	for level := 0; level < len(trustLevels) && len(left) > 0; {
		taken := false
		left = slices.DeleteFunc(left, func(i int) bool {
			wrong, open := s.check(&sample[i])
			switch {
			case wrong > 0:
				return true // for this try: what is known only grows
			case open == 0:
				return true
			case 32-open < trustLevels[level], taken && trustLevels[level] == 0:
				return false
			}
			s.take(&sample[i])
			taken = true
			return true
		})
		if taken {
			level = 0
		} else {
			level++
		}
	}
	return s
}

// sort tells the determined bits from those that the observations only touch.
func (s *Solution) sort(observations []Observation) {
	var inputs keyVector
	for i := range observations {
		if wrong, _ := s.system.check(&observations[i]); wrong == 0 {
			input := vectorOf(observations[i].Input)
			for w := range inputs {
				inputs[w] |= input[w]
			}
		}
	}
	touched := inputs.shifted()
	for bit := range keyBits {
		switch {
		case s.system.fixed.has(bit):
			s.Determined = append(s.Determined, bit)
		case touched.has(bit):
			s.Open = append(s.Open, bit)
		}
	}
}

// Key is a key of n bytes that the consistent observations obey: in the bits that
// they leave open it is like the claimed key, or zero beyond that one's end. If the
// claimed key obeys them too, it is that one.
func (s *Solution) Key(n int, claimed Key) Key {
	if s.begins {
		return s.solved(initialBytes+n, append(make(Key, initialBytes), claimed...))[initialBytes:]
	}
	return s.solved(n, claimed)
}

// solved is Key, with the initial value before it where that is solved, too.
func (s *Solution) solved(n int, claimed Key) Key {
	key := make(Key, n)
	copy(key, claimed)
	free := vectorOf(key[:min(n, keyWords*8)])
	var solved keyVector
	for bit := range min(n*8, keyBits) {
		value := free.has(bit)
		if s.system.there.has(bit) {
			// The row's other bits are open ones: they are as claimed.
			row := s.system.pivots[bit].row
			row[bit/64] &^= 1 << (63 - bit%64)
			sum := s.system.pivots[bit].right
			for w := range row {
				sum ^= uint32(bits.OnesCount64(row[w]&free[w])) & 1
			}
			value = sum != 0
		}
		if value {
			solved[bit/64] |= 1 << (63 - bit%64)
		}
	}
	for bit := range min(n*8, keyBits) {
		mask := byte(0x80) >> (bit % 8)
		key[bit/8] &^= mask
		if solved.has(bit) {
			key[bit/8] |= mask
		}
	}
	return key
}

// Agrees reports whether the key obeys all that is known.
func (s *Solution) Agrees(key Key) bool {
	return slices.Equal(s.Key(len(key), key), key)
}
