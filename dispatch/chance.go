package dispatch

import (
	"cmp"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// Inputs is what the hash is told of the flows that have one. Flows whose hashed
// fields are equal meet one entry whatever the key: the hash spreads inputs, not
// flows. A flow counts by the decision on its first packet.
type Inputs struct {
	Flows    uint64 // with a hash
	Distinct uint64 // inputs: hash type and hashed fields, as the input transformation leaves them, or as a symmetric hash hears them
	Entries  uint64 // of the table that have packets
	Packets  uint64 // of the flows

	// Effective is 1 ÷ Σ share² over the inputs: that many of equal weight would be
	// as uneven; 0 without any.
	Effective float64
	// WithoutPorts is what is hashed without the ports that it has, by protocol: TCP,
	// UDP and SCTP.
	WithoutPorts map[int]Portless

	others             []uint64 // per CPU, by its index: packets of the other flows
	squareHi, squareLo uint64   // Σ packets², of 128 bits: inputs come in any order
	heaviest           []uint64 // packets of the heaviest inputs, in falling order
	least              uint64   // packets of an input that are too few to be among them
}

// Portless is flows that have ports and are hashed on addresses alone.
type Portless struct{ Flows, Packets, Inputs uint64 }

// drawnInputs are as many inputs as are drawn one by one: the smaller ones even out,
// and their sum on a CPU is as good as normal.
const drawnInputs = 500

// inputKey is one hash input.
type inputKey struct {
	kind  hash.Type
	bytes [hash.MaxInputLen]byte
}

// Inputs looks at each flow once.
func (r *Replayed) Inputs() *Inputs {
	in := &Inputs{WithoutPorts: map[int]Portless{}, others: make([]uint64, len(r.cfg.CPUs))}
	way := r.flows.way(r.steering)
	config := way.steering.Config()
	transform := config.Transform
	if transform == hash.NoTransform && (config.Key.Symmetric() || config.Function == hash.FunctionSimpleXOR) {
		transform = hash.SymmetricXOR // the hash hears no more than it leaves
	}
	shared := map[inputKey]uint64{} // packets
	var header pcaps.Header
	for id := range r.flows.n {
		f, d := r.flows.records.At(id), r.flows.decision(r.steering, id)
		if d.kind == hash.None || way.ruleOf(d.entry) >= 0 { // not by its hash
			if d.entry < engine.Dropped {
				in.others[r.cfg.QueueCPU[r.cfg.Queue(d.entry)]] += f.packets
			}
			continue
		}
		in.Flows++
		in.Packets += f.packets
		_, _, ports := f.tuple.Ports()
		if d.kind.Ports() && transform == hash.NoTransform {
			in.add(f.packets) // no other flow has it
			continue
		}
		key := inputKey{kind: d.kind}
		f.tuple.Header(&header)
		input := nicmodel.AppendInput(key.bytes[:0], &header, nil, d.kind)
		transform.Apply(input, uint8(f.tuple.Protocol()))
		packets, known := shared[key]
		shared[key] = packets + f.packets
		if ports && !d.kind.Ports() {
			p := in.WithoutPorts[f.tuple.Protocol()]
			p.Flows++
			p.Packets += f.packets
			if !known {
				p.Inputs++
			}
			in.WithoutPorts[f.tuple.Protocol()] = p
		}
	}
	for _, packets := range shared {
		in.add(packets)
	}
	for _, load := range r.Entries {
		if load.Packets > 0 {
			in.Entries++
		}
	}
	in.setEffective()
	return in
}

// setEffective follows the last input.
func (in *Inputs) setEffective() {
	in.keepHeaviest()
	if squares := in.squares(); squares > 0 {
		in.Effective = float64(in.Packets) * float64(in.Packets) / squares
	}
}

// DistinctHashes is how many there are among the flows.
func (r *Replayed) DistinctHashes() uint64 {
	hashes := make([]uint32, 0, r.flows.n)
	way := r.flows.way(r.steering)
	for id := range r.flows.n {
		if d := r.flows.decision(r.steering, id); d.kind != hash.None && way.ruleOf(d.entry) < 0 {
			hashes = append(hashes, d.hash)
		}
	}
	slices.Sort(hashes)
	return uint64(len(slices.Compact(hashes)))
}

// add counts an input.
func (in *Inputs) add(packets uint64) {
	in.Distinct++
	hi, lo := bits.Mul64(packets, packets)
	var carry uint64
	in.squareLo, carry = bits.Add64(in.squareLo, lo, 0)
	in.squareHi, _ = bits.Add64(in.squareHi, hi, carry)
	if packets <= in.least {
		return
	}
	if in.heaviest = append(in.heaviest, packets); len(in.heaviest) == 4*drawnInputs {
		in.keepHeaviest()
		in.least = in.heaviest[drawnInputs-1]
	}
}

// squares is Σ packets².
func (in *Inputs) squares() float64 {
	return math.Ldexp(float64(in.squareHi), 64) + float64(in.squareLo)
}

func (in *Inputs) keepHeaviest() {
	slices.SortFunc(in.heaviest, func(a, b uint64) int { return cmp.Compare(b, a) })
	in.heaviest = in.heaviest[:min(len(in.heaviest), drawnInputs)]
}

// Chance is the imbalance of packets, max ÷ mean over the CPUs in use, when each
// input falls on an entry of the table at random.
type Chance struct {
	// Deviation is by how many standard deviations the CPU that is furthest above
	// its expectation is above it, in the replay. The expectation is what the table
	// gives the CPU of all hashed packets, beside those without a hash.
	Deviation float64
	Trials    []float64 // in rising order; the same each time
}

const (
	// chanceTrials are enough for a 95th percentile, strangeTrials for a 99.9th:
	// these are only made beyond strangeFrom standard deviations, for they take
	// some 10 ms.
	chanceTrials  = 200
	strangeTrials = 5000
	strangeFrom   = 2.5
)

// Chance draws the heaviest inputs, and takes the rest as normal; nil without a
// packet. There are as many trials at least.
func (r *Replayed) Chance(in *Inputs, atLeast int) *Chance {
	cpus := len(r.cfg.CPUs)
	fixed := make([]float64, cpus) // what has no hash stays where it is, and what rules take
	total := float64(in.Packets)
	way := r.flows.way(r.steering)
	unhashed := r.cfg.QueueCPU[r.cfg.Queue(engine.Unhashed)]
	for cpu, packets := range in.others {
		fixed[cpu] = float64(packets)
	}
	for _, n := range r.flows.notIP {
		fixed[unhashed] += float64(n)
	}
	for _, v := range way.noFlow() {
		fixed[unhashed] -= float64(v.packets)
		if entry := entryOf(way.steering, &v.decision); entry < engine.Dropped {
			fixed[r.cfg.QueueCPU[r.cfg.Queue(entry)]] += float64(v.packets)
		}
	}
	for _, load := range fixed {
		total += load
	}
	if total == 0 {
		return nil
	}
	place := make([]int, len(r.cfg.Table)) // the CPU of each entry
	loads := slices.Clone(fixed)
	for i, queue := range r.cfg.Table {
		cpu := r.cfg.QueueCPU[queue]
		place[i] = cpu
		loads[cpu] += float64(r.Entries[i].Packets)
	}
	return in.chance(place, fixed, loads, total, max(atLeast, chanceTrials))
}

// chance is that of inputs which fall on place at random; loads are what each CPU has of
// total, and fixed what it has of it in each of the trials.
func (in *Inputs) chance(place []int, fixed, loads []float64, total float64, trials int) *Chance {
	cpus := len(loads)
	share := make([]float64, cpus)
	for _, cpu := range place {
		share[cpu] += 1 / float64(len(place))
	}
	c := &Chance{}
	for cpu := range loads {
		if variance := in.squares() * share[cpu] * (1 - share[cpu]); variance > 0 {
			c.Deviation = max(c.Deviation, (loads[cpu]-fixed[cpu]-float64(in.Packets)*share[cpu])/math.Sqrt(variance))
		}
	}
	if c.Deviation > strangeFrom {
		trials = strangeTrials
	}
	c.Trials = in.draw(trials, place, share, fixed)
	for i := range c.Trials {
		c.Trials[i] *= float64(cpus) / total
	}
	return c
}

// draw is the greatest load of a CPU in each of n trials, in rising order.
func (in *Inputs) draw(n int, place []int, share, fixed []float64) []float64 {
	rest, squares := float64(in.Packets), in.squares()
	drawn := make([]float64, len(in.heaviest))
	for i, packets := range in.heaviest {
		x := float64(packets)
		drawn[i] = x
		rest -= x
		squares -= float64(x * x)
	}
	mean, deviation := slices.Clone(fixed), make([]float64, len(fixed))
	for cpu := range mean {
		mean[cpu] += float64(rest * share[cpu])
		deviation[cpu] = math.Sqrt(max(squares, 0) * share[cpu] * (1 - share[cpu]))
	}
	source := rand.NewPCG(1, 2)
	random := rand.New(source)
	trials, loads := make([]float64, n), make([]float64, len(fixed))
	for i := range trials {
		for cpu := range loads {
			loads[cpu] = mean[cpu]
			if rest > 0 {
				loads[cpu] += float64(deviation[cpu] * random.NormFloat64())
			}
		}
		for k := 0; k < len(drawn); k += 2 {
			// Optimization: one number for two draws, without a division.
			two := source.Uint64()
			loads[place[(two&0xffffffff)*uint64(len(place))>>32]] += drawn[k]
			if k+1 < len(drawn) {
				loads[place[(two>>32)*uint64(len(place))>>32]] += drawn[k+1]
			}
		}
		trials[i] = slices.Max(loads)
	}
	slices.Sort(trials)
	return trials
}
