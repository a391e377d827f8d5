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
package dispatch
