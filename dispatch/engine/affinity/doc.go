// Package affinity remembers, of each flow, which CPUs take its packets: how many each, in
// which order they are done with them, and which one is its connection's home.
//
//  1. Where the table decides, a flow stays on the CPU of its entry: Fixed (fixed.go) has
//     only what was dropped, and the flows that met several entries.
//  2. Where any CPU may take any packet, Counted (counted.go) counts each: in one word a
//     flow while there are few CPUs, else in rows for the flows that move.
//     Both tell of a Flow (flow.go).
//  3. Order (order.go) finds the packets that are overtaken by later ones of their flow.
//  4. HomeCPUs (home_cpus.go) has the first and the latest CPU of a connection, with which
//     its sent packets are compared.
//
// All of it is asked for every packet: nothing here allocates but to make room for more
// flows.
package affinity
