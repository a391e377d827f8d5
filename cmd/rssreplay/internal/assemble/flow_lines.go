package assemble

import (
	"iter"
	"runtime"
	"slices"

	"rssreplay/dispatch/fault"
	"rssreplay/report"
)

// flowLines is Report.FlowLines of the listed flows.
//
// Optimization: it equals line of each of flows. No flow outlives its line, so that nothing is
// left to the garbage collector.
func (a *ReportBuilder) flowLines(listed []uint32) func(report.AppendFlow) iter.Seq[[]byte] {
	return func(line report.AppendFlow) iter.Seq[[]byte] {
		return inOrder(slices.Collect(slices.Chunk(listed, flowBlock)), func() appendBlock[byte] {
			room := newFlowRoom(1, len(a.Result.Modes))
			return func(lines []byte, ids []uint32) []byte { return a.appendLines(lines, ids, line, room) }
		})
	}
}

// appendLines appends a line of each of the flows.
func (a *ReportBuilder) appendLines(lines []byte, ids []uint32, line report.AppendFlow, room *flowRoom) []byte {
	const ahead = 32 // flows that are on their way from memory
	a.Result.Expect(ids[:min(ahead, len(ids))])
	var flow report.Flow
	for i, id := range ids {
		if i%ahead == 0 {
			a.Result.Expect(ids[min(i+ahead, len(ids)):min(i+2*ahead, len(ids))])
		}
		room.reset()
		a.lookUp(&flow, id, room)
		lines = line(lines, &flow)
	}
	return lines
}

// appendBlock appends what is made of a block of flows.
type appendBlock[T any] func(dst []T, ids []uint32) []T

// blockMaker is a goroutine that makes something of blocks, and the buffers that go from it to
// who yields them, and come back to be used again.
type blockMaker[T any] struct{ made, unused chan []T }

// buffersOfMaker are one that is filled and one that is read.
const buffersOfMaker = 2

// inOrder yields what is made of each block, in their order; it is valid until the next
// one. Each CPU has a goroutine with an appendBlock of its own, and these take turns: a million
// flows lie all over the memory, and take as long to look up as some million packets to replay.
func inOrder[T any](blocks [][]uint32, newAppend func() appendBlock[T]) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		makers := make([]blockMaker[T], min(runtime.GOMAXPROCS(0), len(blocks)))
		var running fault.Group
		defer running.Wait()
		for i := range makers {
			m := blockMaker[T]{make(chan []T, buffersOfMaker), make(chan []T, buffersOfMaker)}
			makers[i] = m
			for range buffersOfMaker {
				m.unused <- nil
			}
			defer close(m.unused)
			running.Go(func() {
				defer close(m.made)
				add := newAppend()
				for at := i; at < len(blocks); at += len(makers) {
					buffer, wanted := <-m.unused
					if !wanted {
						return
					}
					m.made <- add(buffer[:0], blocks[at])
				}
			})
		}
		for at := range blocks {
			m := makers[at%len(makers)]
			block, ok := <-m.made
			if !ok || !yield(block) { // not ok: it panicked
				return
			}
			m.unused <- block
		}
	}
}
