package prefetch

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// Each implementation by its name.
var (
	slotsOf = map[string]func(*uint32, uint32, *uint32, int){
		"generic": slotsGeneric, "shipped": slots,
	}
	recordsOf = map[string]func(*unsafe.Pointer, int, uintptr, unsafe.Pointer, int, uintptr){
		"generic": recordsGeneric, "shipped": records,
	}
)

type pair struct{ number, other uint32 }

type record struct {
	a uint64
	_ [5]byte
}

// numbers are those of records of n chunks, and ones beyond.
func numbers(r *rand.Rand, n int) []pair {
	keys := []pair{{0, 1}, {1<<32 - 1, 2}, {uint32(n) << ChunkBits, 3}, {uint32(n)<<ChunkBits - 1, 4}}
	for range r.IntN(300) {
		keys = append(keys, pair{r.Uint32N(uint32(n) << ChunkBits), r.Uint32()})
	}
	return keys
}

// TestChangesNothing gives every implementation the same tables, and finds them as
// they were.
func TestChangesNothing(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		table := make([]uint32, 1<<r.IntN(14))
		hashes := make([]uint32, r.IntN(300))
		for i := range table {
			table[i] = r.Uint32()
		}
		for i := range hashes {
			hashes[i] = r.Uint32()
		}
		chunks := make([]*[ChunkSize]record, 1+r.IntN(3))
		for i := range chunks {
			chunks[i] = new([ChunkSize]record)
			for k := range chunks[i] {
				chunks[i][k].a = r.Uint64()
			}
		}
		keys := numbers(r, len(chunks))

		wantTable, wantHashes, wantKeys, wantChunks := slices.Clone(table), slices.Clone(hashes), slices.Clone(keys), slices.Clone(chunks)
		wantRecords := make([][ChunkSize]record, len(chunks))
		for i := range chunks {
			wantRecords[i] = *chunks[i]
		}
		for name, slots := range slotsOf {
			slots(&table[0], uint32(len(table)-1), unsafe.SliceData(hashes), len(hashes))
			if !slices.Equal(table, wantTable) || !slices.Equal(hashes, wantHashes) {
				t.Errorf("seed %d: %s changes a table", seed, name)
			}
		}
		for name, records := range recordsOf {
			records((*unsafe.Pointer)(unsafe.Pointer(&chunks[0])), len(chunks), unsafe.Sizeof(record{}),
				unsafe.Pointer(&keys[0]), len(keys), unsafe.Sizeof(pair{}))
			if !slices.Equal(chunks, wantChunks) || !slices.Equal(keys, wantKeys) {
				t.Errorf("seed %d: %s changes its arguments", seed, name)
			}
			for i := range chunks {
				if *chunks[i] != wantRecords[i] {
					t.Errorf("seed %d: %s changes chunk %d", seed, name, i)
				}
			}
		}
	}
}

// TestEmpty asks for nothing, and of nothing.
func TestEmpty(t *testing.T) {
	Slots([]uint32{1, 2}, nil)
	Records[record, uint32](nil, []uint32{1})
	Records[record, uint32]([]*[ChunkSize]record{new([ChunkSize]record)}, nil)
}

func BenchmarkRecords(b *testing.B) {
	const n = 1 << 20
	r := rand.New(rand.NewPCG(1, 1))
	chunks := make([]*[ChunkSize][8]uint64, n/ChunkSize)
	for i := range chunks {
		chunks[i] = new([ChunkSize][8]uint64)
	}
	keys := make([]uint32, 256)
	for name, records := range recordsOf {
		b.Run("impl="+name, func(b *testing.B) {
			for b.Loop() {
				for i := range keys {
					keys[i] = r.Uint32N(n)
				}
				records((*unsafe.Pointer)(unsafe.Pointer(&chunks[0])), len(chunks), 64, unsafe.Pointer(&keys[0]), len(keys), 4)
				for _, k := range keys {
					chunks[k>>ChunkBits][k%ChunkSize][0]++
				}
			}
		})
	}
}
