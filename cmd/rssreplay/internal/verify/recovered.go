package verify

import (
	"encoding/hex"
	"fmt"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/report"
)

// recoverKey solves the key from the recorded hashes: from whole TCP packets first,
// which every parser reads alike, and from all where there are too few. It leaves the bytes
// of the hashes in the order in which a key explains more of them.
func (v *verification) recoverKey(r *report.Verify, groups []group) {
	best := v.solve(groups, hash.Solve)
	if best == nil || best.Inconsistent > 0 {
		turnHashes(groups)
		if s := v.solve(groups, hash.Solve); s != nil && (best == nil || s.Consistent > best.Consistent) {
			best = s
		} else {
			turnHashes(groups)
		}
	}
	if begins := v.solveInitial(groups, best); begins != nil {
		best = begins
	}
	if best == nil || best.Consistent <= best.Inconsistent {
		return // no key explains them
	}
	// What is solved is the key as the NIC reads it; what is told is in the order in
	// which it is set.
	transform, claimed := v.claimed.Config().Transform, v.claimed.Config().Key
	read := transform.Key(claimed)
	key := transform.Key(best.Key(len(claimed), read))
	k := &report.RecoveredKey{
		Key: hex.EncodeToString(key), Determined: len(best.Determined),
		Equations: best.Equations, EqualsClaim: best.Agrees(read),
	}
	determined := transform.KeyBits(best.Determined, len(claimed))
	k.Masked, k.Undetermined = maskKey(key, determined)
	difference := best.Difference(read)
	if difference != "" && transform.ReversesKey() { // it speaks of the other order
		difference = differingBits(key, claimed, determined)
	}
	if difference != "" {
		k.Difference = &difference
	}
	initial, told := best.Initial(read)
	k.Inconsistent = v.inconsistent(groups, key, initial)
	r.Recovered = k
	if initial == 0 {
		return
	}
	text, mask := fmt.Sprintf("0x%08x", transform.Result(0)^initial), fmt.Sprintf("0x%08x", told)
	k.Initial, k.InitialBits = &text, &mask
	summary := fmt.Sprintf("the hash begins from %s, not from 0x%08x", text, transform.Result(0))
	if !k.EqualsClaim {
		summary += ", and the key is the one solved from the hashes"
	}
	r.Explanation = explanation("initial-value", summary, r.Packets.HashChecked-k.Inconsistent)
}

// inconsistent is how many packets record another hash than the key gives from that initial
// value.
func (v *verification) inconsistent(groups []group, key hash.Key, initial uint32) (packets uint64) {
	c := v.claimed.Config()
	c.Key = key
	s, err := nicmodel.NewSteering(c)
	if err != nil {
		return 0
	}
	for i := range groups {
		g := &groups[i]
		if !g.hasHash {
			continue
		}
		want, d := g.hash, s.DecideFrame(&g.header, &g.ext, &g.frame)
		if d.Type != hash.None {
			want ^= initial
		}
		if want != d.Hash {
			packets += g.packets
		}
	}
	return packets
}

// minSurplus equations that only confirm make a chance of 2^-64 that a hash of no initial
// value has one.
const minSurplus = 64

// solveInitial is the solution with an unknown initial value; nil where best, the one
// without, explains nearly as much, or nothing is sure. Like recoverKey it leaves the hashes
// as the solution has them.
func (v *verification) solveInitial(groups []group, best *hash.Solution) *hash.Solution {
	if best == nil || best.Inconsistent*20 <= best.Consistent {
		return nil
	}
	if _, folded := v.claimed.Config().Transform.Sum(0); folded {
		return nil
	}
	for range 2 {
		s := v.solve(groups, hash.SolveInitial)
		if s != nil && s.Surplus >= minSurplus && s.Inconsistent*2 <= best.Inconsistent && s.Consistent > s.Inconsistent {
			return s
		}
		turnHashes(groups)
	}
	return nil
}

// differingBits says how many of the determined bits differ.
func differingBits(key, claimed hash.Key, determined []int) string {
	n := 0
	for _, bit := range determined {
		if bit < len(key)*8 && (key[bit/8]^claimed[bit/8])<<(bit%8)&0x80 != 0 {
			n++
		}
	}
	return fmt.Sprintf("%d of %d determined bits differ from the claimed key", n, len(determined))
}

// maskKey is the key with a ? for each hexadecimal digit of which a bit is not among the
// determined ones, and the bits that are not: also those that no input meets.
func maskKey(key hash.Key, determined []int) (masked string, open []int) {
	known := make([]bool, len(key)*8)
	for _, bit := range determined {
		if bit < len(known) {
			known[bit] = true
		}
	}
	digits := []byte(hex.EncodeToString(key))
	for bit, is := range known {
		if !is {
			digits[bit/4] = '?'
			open = append(open, bit)
		}
	}
	return string(digits), open
}

// solvingGroups are as many whole TCP flows as a key is solved from alone.
const solvingGroups = 16

func (v *verification) solve(groups []group, solve func([]hash.Observation) *hash.Solution) *hash.Solution {
	if whole := v.observe(groups, true); len(whole) >= solvingGroups {
		return solve(whole)
	}
	return solve(v.observe(groups, false))
}

// observe is what the groups tell of the key, or only those of whole TCP packets.
func (v *verification) observe(groups []group, whole bool) (all []hash.Observation) {
	for i := range groups {
		g := &groups[i]
		d, _ := g.under(v.claimed)
		if d.Rule > 0 && v.claimed.Context(int(d.Rule)-1) != nil { // whose key may be another
			continue
		}
		if !g.hasHash || d.Type == hash.None || g.hash == 0 || whole && !g.whole {
			continue
		}
		input := nicmodel.AppendInput(nil, &g.header, &g.ext, d.Type)
		sum, folded := v.claimed.Config().Transform.Sum(g.hash)
		all = append(all, hash.Observation{Input: v.claimed.Hashed(input, d.Type, g.header.Protocol), Hash: sum, Folded: folded})
	}
	return all
}
