package judge

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// Group is received packets that every NIC steers alike.
type Group struct {
	Header    pcaps.Header
	Extension pcaps.Extension // valid by the header's Facts
	Load      uint64          // packets, or what else is counted
}

// inputs is traffic as one way of steering hashes it: each distinct input once.
type inputs struct {
	lengths  []inputsOf
	unhashed uint64   // the load of what has no hash
	ruled    []uint64 // the load that rules lead to each queue
}

// inputsOf is the inputs of one length, transformed, one after the other.
type inputsOf struct {
	length int // bytes
	bytes  []byte
	loads  []uint64 // of each
}

// inputsUnder gathers the groups by what the steering hashes of them.
func inputsUnder(groups []Group, s *nicmodel.Steering) *inputs {
	in := new(inputs)
	index := map[string]int{} // among those of its length
	var buffer [hash.MaxInputLen]byte
	for i := range groups {
		g := &groups[i]
		t, why := s.HashType(&g.Header)
		if why != nicmodel.Hashed {
			in.unhashed += g.Load
			continue
		}
		input := s.Hashed(nicmodel.AppendInput(buffer[:0], &g.Header, &g.Extension, t), t, g.Header.Protocol)
		of := in.of(len(input))
		n, ok := index[string(input)]
		if !ok {
			n = len(of.loads)
			index[string(input)] = n
			of.bytes = append(of.bytes, input...)
			of.loads = append(of.loads, 0)
		}
		of.loads[n] += g.Load
	}
	return in
}

func (in *inputs) of(length int) *inputsOf {
	for i := range in.lengths {
		if in.lengths[i].length == length {
			return &in.lengths[i]
		}
	}
	in.lengths = append(in.lengths, inputsOf{length: length})
	return &in.lengths[len(in.lengths)-1]
}

// longest is the bytes of the longest inputs.
func (in *inputs) longest() (n int) {
	for i := range in.lengths {
		n = max(n, in.lengths[i].length)
	}
	return n
}

// distinct is the number of inputs.
func (in *inputs) distinct() (n int) {
	for i := range in.lengths {
		n += len(in.lengths[i].loads)
	}
	return n
}

// queues is the load of each queue under a key, which has to be long enough. Of the
// configuration its table, queues and what becomes of the sum count.
func (in *inputs) queues(key *hash.Table, c *nicmodel.SteeringConfig) []uint64 {
	loads := make([]uint64, len(c.QueueCPU))
	copy(loads, in.ruled)
	loads[c.DefaultQueue] += in.unhashed
	for i := range in.lengths {
		of := &in.lengths[i]
		for n, load := range of.loads {
			loads[c.Table[entryOf(of.bytes[n*of.length:(n+1)*of.length], key, c)]] += load
		}
	}
	return loads
}

// entries is the load of each entry under a key, as queues has them.
func (in *inputs) entries(key *hash.Table, c *nicmodel.SteeringConfig) []uint64 {
	loads := make([]uint64, len(c.Table))
	for i := range in.lengths {
		of := &in.lengths[i]
		for n, load := range of.loads {
			loads[entryOf(of.bytes[n*of.length:(n+1)*of.length], key, c)] += load
		}
	}
	return loads
}

// entryOf is the entry of the table to which an input leads under a key.
func entryOf(input []byte, key *hash.Table, c *nicmodel.SteeringConfig) uint32 {
	sum, size := uint32(0), uint32(len(c.Table))
	if c.Function == hash.FunctionSimpleXOR {
		sum = hash.SimpleXOR(input)
	} else {
		sum = key.Sum(input)
	}
	sum = c.Transform.Result(sum)
	if c.Modulo {
		return sum % size
	}
	return sum & (size - 1)
}

// entries is the load of each entry of the steering's table, and that without a hash.
func entries(groups []Group, s *nicmodel.Steering) (loads []uint64, unhashed uint64) {
	loads = make([]uint64, len(s.Config().Table))
	for i := range groups {
		g := &groups[i]
		if d := s.Decide(&g.Header, &g.Extension); d.Entry >= 0 {
			loads[d.Entry] += g.Load
		} else {
			unhashed += g.Load
		}
	}
	return loads, unhashed
}

// spread is the load of each queue under the configuration's table.
func spread(loads []uint64, unhashed uint64, c *nicmodel.SteeringConfig) []uint64 {
	queues := make([]uint64, len(c.QueueCPU))
	queues[c.DefaultQueue] = unhashed
	for entry, load := range loads {
		queues[c.Table[entry]] += load
	}
	return queues
}

// So many random keys are tried at first, and so many in all where none of these
// tells against what is tried: one wrong claim in allKeys passes by chance.
const (
	firstKeys = 200
	allKeys   = 1000
)

// trials are the loads of queues under random keys, the same ones in every run.
type trials struct {
	in     *inputs
	config nicmodel.SteeringConfig
	loads  [][]uint64 // by key
}

func newTrials(in *inputs, c nicmodel.SteeringConfig) *trials { return &trials{in: in, config: c} }

// upTo is the loads under the first n keys.
func (t *trials) upTo(n int) [][]uint64 {
	if from := len(t.loads); from < n {
		t.loads = append(t.loads, make([][]uint64, n-from)...)
		parallel(n-from, func() func(int) {
			return func(i int) {
				if table, err := hash.NewTable(RandomKey(from+i, t.config), t.in.longest()); err == nil {
					t.loads[from+i] = t.in.queues(table, &t.config)
				}
			}
		})
	}
	return t.loads[:n]
}

// keyless reports whether each key gives these loads.
func (t *trials) keyless(loads []uint64) bool {
	return !slices.ContainsFunc(t.upTo(firstKeys), func(other []uint64) bool { return !equal(other, loads) })
}

// minKeyLen is as long as the key for the longest input must be, in bytes.
const minKeyLen = hash.MaxInputLen + 4

// RandomKey is the n-th random key, as long as the claimed one or longer.
func RandomKey(n int, c nicmodel.SteeringConfig) hash.Key {
	key := make(hash.Key, max(len(c.Key), minKeyLen))
	random := rand.New(rand.NewPCG(uint64(n), 0x5252)) // not another's numbers: any second seed does
	for i := range key {
		key[i] = byte(random.Uint32())
	}
	return key
}

// parallel calls what worker returns, in each goroutine another, for 0 to n−1.
func parallel(n int, worker func() func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		do := worker()
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}
