// Package dispatch replays a capture through the NIC and the host's interrupt
// dispatch. It owns the time; the models only react.
//
// The way of a packet:
//
//  1. A Source hands out records; stage walks their headers (walk.Walk) while they
//     are in the cache, turns timestamps into the model's time (timeline), and tells
//     sent packets from received ones (direction.Directions), chunk by chunk. It notes
//     what the capture says of itself (Facts), and opens tunnels where inner headers
//     are hashed. Several goroutines take turns at all that, so that one loads the
//     next block of the file while another is at the stage.
//  2. The steerer takes the chunks, a chunk batch of them at a time, in a goroutine of its
//     own. Its flowTable gives each flow a number and steers it once
//     (nicmodel.Steering): a packet goes on as (time, length, flow, table entry) in
//     a Batch.
//  3. Each mode's model (package engine) reads the batches in order, in the goroutine
//     of its group, and shares no state with the others.
//  4. At the end, Result derives what need not be counted per packet: the load of
//     table entries, and under RSS a flow's CPU, from the flows.
//
// The files, in the order of the work:
//
//   - replay.go: what is asked for, and the pass; chunk.go: what goes from hand to hand.
//   - stage.go, timeline.go: 1, with what it notes: facts.go, copies.go, interfaces.go, long.go, tunnels.go,
//     atr.go; rps.go: the hashes that the host's stack makes itself.
//   - steerer.go, flows.go: 2; flow_decisions.go: by each way of steering. arrivals.go
//     counts packets over time, and marks.go flows' packets now and then.
//   - summary.go: 4. What is asked of a finished replay: largest.go, shape.go, chance.go
//     (how even the hash can be), stack_chance.go (and that of RPS), rules.go, moved.go (what
//     moves of entries disturbed).
//   - loads_under.go: the loads under other keys, types and tables, of the same flows;
//     folds.go: in parts of the capture; headroom.go: at other rates, from a tape of the
//     packets (tape.go).
package dispatch
