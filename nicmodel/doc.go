// Package nicmodel is the NIC's half of the model: which bytes of a packet are
// hashed, which entry of the indirection table the hash picks, and so which
// queue and CPU. It does so in this order:
//
//  1. a layout (package layout) or an imported table (package nictext) gives the
//     IndirectionTable (table.go);
//  2. Steering.Decide (steering.go) asks the rules before the table, which lead to targets
//     (targets.go); else it takes the most specific enabled hash type that fits the packet,
//     hashes its input or chosen fields of it (fields.go), and looks the hash up in the
//     table; a packet without a hash has one of a closed list of reasons (unhashed.go);
//  3. the Decision records all of that, and nothing downstream computes any of
//     it again.
//
// What a key can do with inputs is judged in key_strength.go.
//
// What the engine builds a NIC of stands here, too: a Config with its limits (config.go), a
// ring of receive buffers (ring.go), the list of completions that DMA publishes (dma.go),
// and an interrupt vector with its moderation (vector.go). CPUList is the one parser of
// lists of CPUs (cpu_list.go).
package nicmodel
