package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rssreplay/pcaps"
)

// decoder is a capture format. decode fills recs with the whole records at the
// start of buf and says how many there are and how many bytes of buf are done
// with. It stops where recs is full, at damage, or where buf ends inside a
// record: then want is how many bytes buf[used:] must have to go on, at most
// the rest of that record or block. want is 0 if buf is used up.
// cut says what is lost if the file ends with rest undecoded, nil if nothing is.
type decoder interface {
	decode(buf []byte, recs []pcaps.Record) (n, used, want int, err *damage)
	cut(rest []byte) *damage
}

// Reader reads the records of one capture. It is used by one goroutine at a time. Where the
// capture is no regular file, or is compressed and nobody takes turns (Set.Lend), its own
// goroutine reads ahead until the end of the capture or Close.
type Reader struct {
	info      Info
	in        io.Reader
	unpacker  *unpacker  // that in is, if the capture is compressed
	blockSize int        // bytes
	loads     loads      // of a regular file
	ahead     *readAhead // of another input; nil before the first Read, and after the last
	decoder   decoder
	block     []byte          // the block being decoded, if it was read ahead
	rest      []byte          // the part of it that is not decoded yet
	join      []byte          // the beginning of a record that straddles two blocks
	joined    []byte          // join before, which a record that is being returned may be in
	want      int             // how many bytes join must have to go on; 0: there is none
	offset    int64           // in the file, of the first byte that is not decoded
	readErr   error           // that ended the input
	err       error           // what Read returns from now on
	interrupt <-chan struct{} // closed to end the reading
	file      *os.File
	size      int64 // of a regular file, else -1
}

// Open opens a capture file, pcap or pcapng, compressed or not, whatever its
// name. Its error says what the file is if it is neither, and what to do about it.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	stat, err := f.Stat()
	if err == nil && stat.IsDir() {
		err = fmt.Errorf("is a directory: name the capture files in it, as %s", filepath.Join(path, "*.pcap"))
	}
	if err != nil {
		f.Close()
		return nil, openError(path, err)
	}
	r, err := newReader(f, path, blockBytes)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.file = f
	if stat.Mode().IsRegular() {
		r.size = stat.Size()
		if r.unpacker != nil {
			r.loads.begin(f, 0, r.unpacker)
		} else {
			r.blockSize = int(min(blockBytes, max(r.size, surveyBytes))) // a set may have thousands of small files
			if at, err := f.Seek(0, io.SeekCurrent); err == nil {        // some of FUSE can be read from the start alone
				r.loads.begin(f, at, nil)
			}
		}
	}
	return r, nil
}

// missingError is the path of a file that is not there: an fs.ErrNotExist.
type missingError string

func (path missingError) Error() string {
	text := string(path) + ": no such file: "
	host, _, remote := strings.Cut(string(path), ":")
	switch {
	case strings.Contains(string(path), "://"):
		return text + "nothing is fetched from a URL; download it, and name the file"
	case remote && strings.Contains(host, "@"):
		return text + "nothing is fetched from another host; copy it from there (scp), and name the copy"
	}
	return text + "check its name and folder"
}

func (missingError) Is(target error) bool { return target == fs.ErrNotExist }

func openError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missingError(path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: not readable for this user: change its owner or mode (%w)", path, fs.ErrPermission)
	}
	return fmt.Errorf("%s: %w", path, cause(err))
}

// NewReader reads a capture from r, standard input for instance; name stands in
// messages. It returns when the file header is there. Close does not close r,
// and a Read of r that is under way then goes on until it returns.
func NewReader(r io.Reader, name string) (*Reader, error) {
	return newReader(r, name, blockBytes)
}

// newReader is NewReader with the size of the blocks, in bytes.
func newReader(in io.Reader, name string, size int) (*Reader, error) {
	r := &Reader{info: Info{Name: name}, in: in, blockSize: size, size: -1}
	if err := r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

// open reads the file header and chooses the decoder. Reading ahead begins with
// the first Read, so that many captures can be open at once.
func (r *Reader) open() error {
	header, err := r.start(fileHeaderBytes)
	if err != nil {
		return err
	}
	if c := compressionOf(header); c != nil {
		if r.unpacker, err = newUnpacker(c, header, r.in); err != nil {
			return openError(r.info.Name, err)
		}
		r.in, r.info.Compression = r.unpacker, c.name
		r.blockSize = min(r.blockSize, unpackedBytes)
		if header, err = r.start(fileHeaderBytes); err != nil {
			return err
		}
	}
	if err := sniff(header, r.info.Name, r.info.Compression); err != nil {
		return r.orTar(header, err)
	}
	var what *damage
	if isPcap(header) {
		r.decoder, what = newClassic(header, &r.info)
	} else {
		r.decoder, what = newPcapng(header, &r.info)
	}
	if what != nil {
		return fmt.Errorf("%s: %s", r.info.Name, what.what)
	}
	r.offset = fileHeaderBytes
	return nil
}

// orTar is what is wrong with a file that begins with header: that it is a tar
// archive, or else err of sniff. The first header of an archive is a file's name,
// so that it may look like anything.
func (r *Reader) orTar(header []byte, err error) error {
	more, readErr := r.start(tarHeaderBytes - len(header))
	if readErr == nil && isTar(append(header, more...)) {
		return fmt.Errorf("%s: is a tar archive, not a pcap or pcapng capture: try `tar xf %s`", r.info.Name, r.info.Name)
	}
	return err
}

// start reads the next n bytes of the input, fewer where it ends.
func (r *Reader) start(n int) ([]byte, error) {
	b := make([]byte, n)
	n, err := io.ReadFull(r.in, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, openError(r.info.Name, err)
	}
	r.sawBytes(n)
	return b[:n], nil
}

// sawBytes notes that the next n bytes of the capture were read.
func (r *Reader) sawBytes(n int) {
	r.info.FileBytes += int64(n)
	if r.unpacker != nil {
		r.info.FileBytes = r.unpacker.packed.read.Load()
	}
}

// next takes the next block that has bytes; false at the end of the input.
func (r *Reader) next() bool {
	if r.loads.serve() {
		return r.nextInPlace()
	}
	if r.ahead == nil {
		r.ahead = startReadAhead(r.in, r.blockSize)
	}
	for {
		r.ahead.recycle(r.block)
		r.block, r.rest = nil, nil
		if r.readErr != nil {
			return false
		}
		var b block
		var ok bool
		select {
		case b, ok = <-r.ahead.full:
		case <-r.interrupt:
			r.readErr = ErrInterrupted
			return false
		}
		if !ok {
			r.readErr = io.EOF
			return false
		}
		if b.fault != nil {
			panic(b.fault)
		}
		r.block, r.rest, r.readErr = b.bytes, b.bytes, b.err
		r.sawBytes(len(b.bytes))
		if len(b.bytes) > 0 {
			return true
		}
	}
}

// nextInPlace is next of a file that is read in place. It is false, too, where the
// next block is another's to read (waiting).
func (r *Reader) nextInPlace() bool {
	r.rest = nil
	if r.readErr != nil {
		return false
	}
	b := r.loads.next(r.blockSize)
	if b == nil {
		return false
	}
	r.rest, r.readErr = b.bytes, b.err
	r.sawBytes(len(b.bytes))
	return len(b.bytes) > 0
}

// waiting tells whether next was false only because the turn is another's.
func (r *Reader) waiting() bool { return r.loads.serve() && r.readErr == nil }

// Read fills recs with the next records, at least one and as many as can be had
// without waiting for the file again: usually all of recs, fewer where a block
// of the file ends. Their Data are valid until the next call. At the end
// of the capture it returns io.EOF; where the capture ends early or is damaged,
// a *DamageError, after everything before that place has been returned.
func (r *Reader) Read(recs []pcaps.Record) (n int, err error) {
	select {
	case <-r.interrupt:
		if r.err == nil {
			r.readErr = ErrInterrupted
			r.end(nil)
		}
	default:
	}
	for n < len(recs) && r.err == nil {
		if r.want > 0 {
			if n > 0 {
				break // the block holds records that are being returned
			}
			if n = r.straddle(recs[:1]); r.want > 0 && r.err == nil {
				return 0, nil // the turn is another's: see Set.Lend
			}
			continue
		}
		if len(r.rest) == 0 {
			if n > 0 {
				break // the same
			}
			if !r.next() {
				if r.waiting() {
					return 0, nil // the turn is another's
				}
				r.end(nil)
			}
			continue
		}
		m, used, want, what := r.decoder.decode(r.rest, recs[n:])
		n += m
		r.rest = r.rest[used:]
		r.offset += int64(used)
		if what != nil {
			r.damage(what, n)
		} else if want > 0 {
			r.joined, r.join = r.join, append(r.joined[:0], r.rest...)
			r.rest, r.want = nil, want
		}
	}
	r.info.Packets += int64(n)
	if n > 0 || len(recs) == 0 {
		return n, nil
	}
	return 0, r.err
}

// straddle decodes the record or block whose beginning join has, and which goes on
// in the next block of the file. The side buffer grows with the bytes that are
// really there, up to the decoder's limit for one record.
func (r *Reader) straddle(recs []pcaps.Record) (n int) {
	for r.want > 0 {
		for len(r.join) < r.want {
			if len(r.rest) == 0 && !r.next() {
				if !r.waiting() {
					r.end(r.join)
				}
				return 0
			}
			k := min(r.want-len(r.join), len(r.rest))
			r.join = append(r.join, r.rest[:k]...)
			r.rest = r.rest[k:]
		}
		var used int
		var what *damage
		n, used, r.want, what = r.decoder.decode(r.join, recs)
		r.offset += int64(used)
		if what != nil {
			r.damage(what, n)
			r.want = 0
			return n
		}
		if r.want > 0 {
			r.join = r.join[:copy(r.join, r.join[used:])]
		}
	}
	return n
}

// end notes that the input ended with rest undecoded.
func (r *Reader) end(rest []byte) {
	if r.readErr == ErrInterrupted {
		what := damaged("interrupted, the rest was not read").between()
		what.err = r.readErr
		r.damage(what, 0)
		return
	}
	what := r.decoder.cut(rest)
	if r.readErr != io.EOF {
		if what == nil {
			what = damaged("").between()
		}
		if packed, ok := errors.AsType[*unpackError](r.readErr); ok {
			what.what, r.info.Truncated = packed.what, packed.cut
		} else {
			what.what = "reading stopped: " + cause(r.readErr).Error()
		}
		what.err = r.readErr
	} else if what == nil {
		r.err = io.EOF
		r.done()
		return
	} else {
		r.info.Truncated = true
	}
	r.damage(what, 0)
}

// cause is err without the operation and path that os puts before it: a damage names the
// file itself.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// damage makes what the error of the next Read; n records that the present one
// returns come before it.
func (r *Reader) damage(what *damage, n int) {
	d := &DamageError{
		File:   r.info.Name,
		Packet: r.info.Packets + int64(n) + 1,
		After:  what.after,
		Offset: r.offset - what.back,
		Packed: r.unpacker != nil,
		What:   what.what,
		Cut:    r.info.Truncated,
		Err:    what.err,
	}
	if d.After {
		d.Packet--
	}
	r.err = d
	r.done()
}

// done lets go of the reading ahead; records that were returned keep their own
// hold on their bytes.
func (r *Reader) done() {
	if r.ahead != nil {
		close(r.ahead.stop)
		r.ahead = nil
	}
	r.block, r.rest, r.join, r.joined = nil, nil, nil, nil
	r.loads.own = Block{}
}

// Info is what is known of the capture so far. It is called by the goroutine
// that calls Read.
func (r *Reader) Info() Info {
	i := r.info
	switch {
	case r.size >= 0:
		i.FileBytes = max(i.FileBytes, r.size)
	case r.unpacker == nil && r.err == nil:
		i.FileBytes = r.offset // not what was read ahead: how much that is depends on time
	}
	i.LinkTypes = slices.Clone(i.LinkTypes)
	i.Interfaces = slices.Clone(i.Interfaces)
	return i
}

// Close stops the reading ahead and closes what Open opened.
func (r *Reader) Close() error {
	if r.err == nil || r.err == io.EOF {
		r.err = fmt.Errorf("%s: read after close: %w", r.info.Name, fs.ErrClosed)
	}
	if r.ahead != nil {
		close(r.ahead.stop)
		r.ahead = nil
	}
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
