package file

import (
	"os"
	"sync/atomic"
)

// Block is a piece of a capture file that was read before its turn, by Set.Load. The
// zero value is empty. Its memory is used over and over.
type Block struct {
	of    *loads // of which file; nil if it is empty
	at    int64  // place in the file
	buf   []byte
	bytes []byte // of buf
	err   error  // that ended the reading; io.EOF at the end of the file
	used  bool   // in this turn
}

// loads is how a Reader reads a regular file: block by block, each at its place.
//
// Optimization: to read a block is to copy it into the cache of a core, and there its
// records are found many times faster than from another core. So nobody reads ahead
// for others. But several goroutines may call Read in turn, and while one of them
// does, the others load what is to come.
type loads struct {
	file    *os.File     // nil: not read in this way
	at      int64        // in the file, of the next block to be decoded
	claimed atomic.Int64 // in the file, of the next block that nobody has loaded

	lent *Block // by Set.Lend
	own  Block  // for where none is lent
}

func (l *loads) begin(file *os.File, at int64) {
	l.file, l.at = file, at
	l.claimed.Store(at)
}

// next is the next block of the file, of that many bytes; nil if another goroutine
// than the one whose turn it is has it, or is loading it.
func (l *loads) next(size int) *Block {
	b := l.lent
	if b == nil {
		b = &l.own
	}
	if b.of != l || b.at != l.at {
		if b.used || !l.claimed.CompareAndSwap(l.at, l.at+int64(size)) {
			return nil
		}
		l.load(b, l.at, size)
	}
	b.of, b.used = nil, l.lent != nil
	l.at += int64(len(b.bytes))
	return b
}

func (l *loads) load(b *Block, at int64, size int) {
	if len(b.buf) < size {
		b.buf = make([]byte, size)
	}
	n, err := l.file.ReadAt(b.buf[:size], at)
	b.of, b.at, b.bytes, b.err = l, at, b.buf[:n], err
}

// loadNext loads a block that nobody has loaded, unless b has one still.
func (l *loads) loadNext(b *Block, size int) {
	if b.of != l {
		l.load(b, l.claimed.Add(int64(size))-int64(size), size)
	}
}
