// Package engine is the model: a NIC with its rings, interrupts and CPUs, in each of the
// modes that the NDIS documentation describes. It reads batches of packets, in order of time, and
// counts.
//
//  1. A Config says what host and NIC are (config.go); a Batch is packets as
//     (time, length, flow, table entry), batch.go.
//  2. The modes, one file for each document, with its steps by their numbers:
//     rss_msix.go, rss_hw_queues.go, rss_single_queue.go and non_rss.go. Steps of all of
//     them can be observed (steps.go).
//  3. What they are built of: a line is an interrupt vector with its DPC on one CPU
//     (line.go); a cycle is one vector with DPCs on several (cycle.go), which are a
//     set of DPCs (dpc_set.go); front_end.go takes packets off the ring.
//  4. What all share and count: model.go, counters.go; packets in order of arrival,
//     whichever CPU is done first: arrival_order.go. Rooms of their own are measure/, latencies
//     and bursts, and affinity/, which CPUs a flow's packets meet, and in which order.
//  5. Tables and affinities that change while packets arrive, and a rebalancer's ticks:
//     changes.go. Flows may meet several CPUs then: packets of one may overtake each
//     other. Closed forms (fast_moving.go, fast_moving_single_queue.go) look at that from
//     a move on until what had arrived before is done (fast_moving_change.go; what that
//     needs of lines, fast_moving_line.go, of a parting, fast_moving_parted.go, and of what
//     is sent, fast_moving_sends.go); else they know from an entry's moves where its
//     flows were (moved_flows.go).
//  6. Receive packet steering: RPS (config.go) has the masks, backlog.go is the second hop to
//     the CPUs in them. These wait for each other there, one event after the other
//     (agenda.go); as long as each flow has one way, in whole turns (fast_hop.go).
//  7. Closed forms: where nobody observes, fast engines count the same in less time; New
//     chooses (model_set.go). A fast line (fast_line.go) is a line: by runs where a DPC
//     takes all that waits (fast_plain_line.go), poll by poll (fast_poll_line.go), or
//     without what rules drop. Of them are made fast_rss.go (CPU by CPU,
//     fast_rss_parted.go, and with sent packets, fast_rss_sends.go), fast_non_rss.go,
//     fast_cycle.go and fast_rss_single_queue.go; with rings that CPUs share
//     (fast_rings.go); while tables move, those of 5; and with receive packet steering,
//     fast_hop.go: packets reach vectors (fast_hop_arrivals.go), whose DPCs steer them
//     on (fast_hop_cycle.go) to the backlogs of CPUs (fast_hop_line.go; ahead of time where
//     there is one vector, fast_hop_ahead.go), by ways that flows keep (fast_hop_ways.go;
//     of what is sent, fast_hop_sends.go), or else events go on one by one
//     (fast_hop_wake.go). When lists of completions are published is planned batch by
//     batch (schedule.go), of the packets that arrive (arriving.go).
//  8. A ModelSet runs the models of all modes and scenarios on shared batches, each group
//     in a goroutine of its own.
//
// Closed forms are more than half of this package. What a packet takes of CPU time in a model
// with one, and without, in ns; a run of two modes takes some 200 in all. It was measured once
// for each, with its closed form left out of New, on captures of cmd/rssreplay/internal/speed: a
// run's batches given to both 31 times in turn, the least time of the thread, on an EPYC.
//
//	rss-msix                  fast_rss.go                   18     85
//	non-rss                   fast_non_rss.go               24     37
//	rss-hw-queues             fast_rss.go, fast_cycle.go    41    125
//	rss-single-queue          fast_rss_single_queue.go      25    127
//	rss-msix, half sent       fast_rss_sends.go             27     63
//	rss-msix, 2 queues a CPU  fast_moving.go                41     88
//	rss-msix, a table moves   fast_moving.go                26    216
//	rss-single-queue, so too  fast_moving_single_queue.go   54    256
//	rss-msix under RPS        fast_hop.go                  125    442
//	non-rss under RPS         fast_hop.go                   99    301
//
// Models are lazy: they do their work up to a moment only when an arrival or a sent
// packet needs to know. At one instant ends come first, then arrivals, DMA timeouts,
// raises, and last the ends of ISRs and the starts of DPCs; dispatch/internal/plain does
// the same with one event after the other, and tests compare the two on every counter.
package engine
