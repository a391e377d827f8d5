package file

import "io"

const (
	blockBytes = 256 << 10 // one read(2)
	// unpackedBytes is a block of a compressed capture: zstd's largest, so that what was
	// decompressed is read while it is in the caches still.
	unpackedBytes = 128 << 10

	blocksAhead = 4 // buffers in use, the one being decoded included

	// emptyReads is how many reads of nothing, without an error, are taken for
	// a broken io.Reader (as bufio does).
	emptyReads = 100
)

// block is what one read returned: bytes, an error (io.EOF at the end), or both.
type block struct {
	bytes []byte
	err   error
	fault any // what the read panicked with
}

// readAhead reads blocks in a goroutine of its own, so that the wait for the
// file overlaps the work on what is there already. Its buffers are recycled:
// the consumer gives each one back.
type readAhead struct {
	full chan block
	free chan []byte
	stop chan struct{}
}

// startReadAhead starts reading r in blocks of at most size bytes. A block is
// what one Read returned, so that a pipe's packets are passed on as they come.
func startReadAhead(r io.Reader, size int) *readAhead {
	a := &readAhead{
		full: make(chan block, blocksAhead),
		free: make(chan []byte, blocksAhead),
		stop: make(chan struct{}),
	}
	go a.run(r, size)
	return a
}

func (a *readAhead) run(r io.Reader, size int) {
	defer close(a.full)
	defer func() { // a panic is for the goroutine that wants the block
		if fault := recover(); fault != nil {
			select {
			case a.full <- block{fault: fault}:
			case <-a.stop:
			}
		}
	}()
	made, empty := 0, 0
	for {
		buf := a.buffer(&made, size)
		if buf == nil {
			return
		}
		n, err := r.Read(buf)
		if n == 0 && err == nil {
			if empty++; empty < emptyReads {
				a.free <- buf // never blocks: there are no more buffers than places
				continue
			}
			err = io.ErrNoProgress
		}
		empty = 0
		select {
		case a.full <- block{bytes: buf[:n], err: err}:
		case <-a.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// buffer is a recycled buffer, or a new one while there are fewer than
// blocksAhead, or nil once the reader was stopped.
func (a *readAhead) buffer(made *int, size int) []byte {
	select {
	case <-a.stop:
		return nil
	case buf := <-a.free:
		return buf
	default:
	}
	if *made < blocksAhead {
		*made++
		return make([]byte, size)
	}
	select {
	case <-a.stop:
		return nil
	case buf := <-a.free:
		return buf
	}
}

// recycle gives a block's buffer back.
func (a *readAhead) recycle(buf []byte) {
	if cap(buf) > 0 {
		a.free <- buf[:cap(buf)] // never blocks: there are no more buffers than places
	}
}
