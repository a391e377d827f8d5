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
// Optimization: it equals line of each of flows. A million flows take as long to look up
// and to write as some million packets to replay, which all CPUs can do; and no flow
// outlives its line, so that nothing is left to the garbage collector.
func (a *ReportBuilder) flowLines(listed []uint32) func(report.AppendFlow) iter.Seq[[]byte] {
	return func(line report.AppendFlow) iter.Seq[[]byte] {
		return inOrder(slices.Collect(slices.Chunk(listed, flowBlock)), func() appendBlock {
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

// appendBlock appends what is written of a block of flows.
type appendBlock func(dst []byte, ids []uint32) []byte

// blockWriter is a goroutine that writes blocks, and the buffers that go from it to who
// yields them, and come back to be used again.
type blockWriter struct{ written, unused chan []byte }

// buffersOfWriter are one that is written and one that is read.
const buffersOfWriter = 2

// inOrder yields what is written of each block, in their order; it is valid until the next
// one. Each CPU has a goroutine with an appendBlock of its own, and these take turns.
func inOrder(blocks [][]uint32, newAppend func() appendBlock) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		writers := make([]blockWriter, min(runtime.GOMAXPROCS(0), len(blocks)))
		var running fault.Group
		defer running.Wait()
		for i := range writers {
			w := blockWriter{make(chan []byte, buffersOfWriter), make(chan []byte, buffersOfWriter)}
			writers[i] = w
			for range buffersOfWriter {
				w.unused <- nil
			}
			defer close(w.unused)
			running.Go(func() {
				defer close(w.written)
				write := newAppend()
				for at := i; at < len(blocks); at += len(writers) {
					buffer, wanted := <-w.unused
					if !wanted {
						return
					}
					w.written <- write(buffer[:0], blocks[at])
				}
			})
		}
		for at := range blocks {
			w := writers[at%len(writers)]
			lines, ok := <-w.written
			if !ok || !yield(lines) { // not ok: it panicked
				return
			}
			w.unused <- lines
		}
	}
}
