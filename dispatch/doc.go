// Package dispatch replays a capture through the NIC and the host's interrupt
// dispatch. It owns the time; the models only react.
//
// The way of a packet:
//
//  1. A Source hands out records; stage walks their headers (pcaps.Walk) while they
//     are in the cache, turns timestamps into the model's time (timeline), and tells
//     sent packets from received ones (pcaps.Directions), chunk by chunk. It notes
//     what the capture says of itself (Facts), and opens tunnels where inner headers
//     are hashed. Several goroutines take turns at all that, so that one loads the
//     next block of the file while another is at the stage.
//  2. The steerer takes the chunks, a tray of them at a time, in a goroutine of its
//     own. Its flowTable gives each flow a number and steers it once
//     (nicmodel.Steering): a packet goes on as (time, length, flow, table entry) in
//     a Batch.
//  3. Each mode's model reads the batches in order, in the goroutine of its crew,
//     and shares no state with the others: rss_msix.go, non_rss.go,
//     rss_hw_queues.go, rss_single_queue.go, one for each document. A line is an
//     interrupt vector with its DPC on one CPU; a cycle is one vector with DPCs
//     on several, which are a spread. Where nobody observes, engines of lanes, the
//     closed form of lines, count the same in less time: rss_lanes.go,
//     non_rss_lane.go, rss_single_queue_lane.go. newEngine chooses.
//  4. At the end, Result derives what need not be counted per packet: the load of
//     table entries, and under RSS a flow's CPU, from the flows.
//
// Models are lazy: they do their work up to a moment only when an arrival or a
// sent packet needs to know. What comes before what at one instant is section 6
// of the model; internal/plain does the same with one event after the other, and
// the tests compare the two on every counter.
package dispatch
