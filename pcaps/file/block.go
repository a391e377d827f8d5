package file

import (
	"io"
	"os"
	"sync"
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
// does, the others load what is to come. Of a compressed file one at a time does so.
type loads struct {
	file    *os.File     // nil: not read in this way
	packed  *unpacker    // of the file; nil: it is not compressed, and places are its own
	at      int64        // of the next block to be decoded
	claimed atomic.Int64 // of the next block that nobody has loaded

	unpacking sync.Mutex // held to unpack the block at claimed

	lent *Block // by Set.Lend
	own  Block  // for where none is lent
}

func (l *loads) begin(file *os.File, at int64, packed *unpacker) {
	l.file, l.at, l.packed = file, at, packed
	l.claimed.Store(at)
}

// serve tells whether blocks are read in this way. What is compressed is not where nobody
// takes turns: a goroutine of its own then decompresses ahead.
func (l *loads) serve() bool { return l.file != nil && (l.packed == nil || l.lent != nil) }

// next is the next block of the file, of that many bytes; nil if another goroutine
// than the one whose turn it is has it, or is loading it.
func (l *loads) next(size int) *Block {
	b := l.lent
	if b == nil {
		b = &l.own
	}
	if b.of != l || b.at != l.at {
		if b.used || !l.loadHere(b, size) {
			return nil
		}
	}
	b.of, b.used = nil, l.lent != nil
	l.at += int64(len(b.bytes))
	return b
}

// loadHere loads the next block to be decoded; false where another goroutine has it, or is
// loading it.
func (l *loads) loadHere(b *Block, size int) bool {
	if l.packed != nil {
		l.unpacking.Lock()
		defer l.unpacking.Unlock()
		if l.claimed.Load() != l.at {
			return false
		}
		l.unpack(b, size)
		return true
	}
	if !l.claimed.CompareAndSwap(l.at, l.at+int64(size)) {
		return false
	}
	l.load(b, l.at, size)
	return true
}

// loadNext loads a block that nobody has loaded, unless b has one still.
func (l *loads) loadNext(b *Block, size int) {
	switch {
	case b.of == l:
	case l.packed != nil:
		l.unpacking.Lock()
		defer l.unpacking.Unlock()
		l.unpack(b, size)
	default:
		l.load(b, l.claimed.Add(int64(size))-int64(size), size)
	}
}

func (l *loads) load(b *Block, at int64, size int) {
	n, err := l.file.ReadAt(b.room(size), at)
	b.of, b.at, b.bytes, b.err = l, at, b.buf[:n], err
}

// unpack loads the block at claimed; unpacking is held.
func (l *loads) unpack(b *Block, size int) {
	n, err := io.ReadFull(l.packed, b.room(size))
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	b.of, b.at, b.bytes, b.err = l, l.claimed.Load(), b.buf[:n], err
	l.claimed.Add(int64(n))
}

func (b *Block) room(size int) []byte {
	if len(b.buf) < size {
		b.buf = make([]byte, size)
	}
	return b.buf[:size]
}
