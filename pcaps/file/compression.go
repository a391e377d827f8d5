package file

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"
)

// maxWindow is the most of its output, in bytes, that a decompressor may have to
// remember: what `zstd --long` writes and `zstd -d` takes without being told.
// `xz -9` needs half of it. A file that claims more is refused, so that no
// capture takes more memory than this.
const maxWindow = 128 << 20

// compression is a way to compress files.
type compression struct {
	name   string
	magic  string // its first bytes
	window error  // of the decompressor, where more than maxWindow is asked for; nil if that can't be
	open   func(io.Reader) (io.Reader, error)
}

// compressions are those that captures are read through, by their first bytes.
// All take several streams one after the other, as `cat a.gz b.gz` makes them.
var compressions = []compression{
	{"gzip", "\x1f\x8b", nil, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"zstd", "\x28\xb5\x2f\xfd", zstd.ErrWindowSizeExceeded, openZstd},
	{"zstd", "\x50\x2a\x4d\x18", zstd.ErrWindowSizeExceeded, openZstd}, // pzstd begins with a frame to be skipped
	{"lz4", "\x04\x22\x4d\x18", nil, openLZ4},
	{"lz4", "\x02\x21\x4c\x18", nil, openLZ4}, // `lz4 -l`
	// Of the Go packages this one decompresses five times as fast as
	// ulikunitz/xz, and has a limit for the dictionary.
	{"xz", "\xfd7zXZ\x00", xz.ErrMemlimit, func(r io.Reader) (io.Reader, error) { return xz.NewReader(r, maxWindow) }},
	{"bzip2", "BZh", nil, func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
}

func openLZ4(r io.Reader) (io.Reader, error) { return lz4.NewReader(r), nil }

// openZstd decompresses in the goroutine that reads, so that there is none to end.
func openZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
}

// compressionOf is how a file that begins with header is compressed, nil if it is
// not.
func compressionOf(header []byte) *compression {
	for i := range compressions {
		if bytes.HasPrefix(header, []byte(compressions[i].magic)) {
			return &compressions[i]
		}
	}
	return nil
}

// unpacker reads what compressed data hold. Its errors other than io.EOF are
// *unpackError, but for those of the file itself.
type unpacker struct {
	compression *compression
	packed      packedInput
	out         io.Reader
}

// packedInput counts the compressed bytes that were read, and keeps the error
// that ended them.
type packedInput struct {
	in   io.Reader
	read atomic.Int64
	err  error
}

func (p *packedInput) Read(buf []byte) (int, error) {
	n, err := p.in.Read(buf)
	p.read.Add(int64(n))
	if err != nil {
		p.err = err
	}
	return n, err
}

// newUnpacker decompresses in, of which header was read already.
func newUnpacker(c *compression, header []byte, in io.Reader) (*unpacker, error) {
	u := &unpacker{compression: c}
	u.packed.in = io.MultiReader(bytes.NewReader(header), in)
	var err error
	if u.out, err = c.open(bufio.NewReaderSize(&u.packed, 64<<10)); err != nil {
		return nil, u.explain(err)
	}
	return u, nil
}

func (u *unpacker) Read(buf []byte) (n int, err error) {
	defer func() { // the decompressors are others', and the bytes anybody's
		if fault := recover(); fault != nil {
			n, err = 0, u.explain(fmt.Errorf("their decompressor ended with %v", fault))
		}
	}()
	n, err = u.out.Read(buf)
	if err != nil && err != io.EOF {
		err = u.explain(err)
	}
	return n, err
}

// unpackError says why decompression ended early.
type unpackError struct {
	what string
	cut  bool // the compressed data were cut off
	err  error
}

func (e *unpackError) Error() string { return e.what }
func (e *unpackError) Unwrap() error { return e.err }

// explain says what err of the decompressor means.
func (u *unpacker) explain(err error) error {
	ended := errors.Is(u.packed.err, io.EOF)
	if u.packed.err != nil && !ended {
		return u.packed.err
	}
	name := u.compression.name
	e := &unpackError{err: err}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), ended && errors.Is(err, xz.ErrBuf):
		e.cut = true
		e.what = fmt.Sprintf("the %s data end early: the file was cut off", name)
	case u.compression.window != nil && errors.Is(err, u.compression.window):
		e.what = fmt.Sprintf("the %s data want a window of more than %d MiB, which no capture needs: if it is to be trusted, decompress it first", name, maxWindow>>20)
	default:
		e.what = fmt.Sprintf("the %s data are damaged (%v)", name, err)
	}
	return e
}

// Decompress reads through the compression that r is in, if its first bytes tell of
// one that captures may have, too.
func Decompress(r io.Reader) (io.Reader, error) {
	header := make([]byte, 6) // of xz the longest
	n, err := io.ReadFull(r, header)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	header = header[:n]
	if c := compressionOf(header); c != nil {
		return newUnpacker(c, header, r)
	}
	return io.MultiReader(bytes.NewReader(header), r), nil
}
