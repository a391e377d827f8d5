package file

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"rssreplay/pcaps"
)

// Of several captures there may be many: they are read in smaller blocks until
// the first packet is there, and while they are merged.
const (
	surveyBytes = 4 << 10
	mergeBytes  = 64 << 10
)

// Set reads one or several captures as one: each after the other in the order
// of their first timestamps, so that the files of a rotated capture may be given
// in any order; or merged by time. Of captures with the same first timestamp the
// one given first comes first; those without a packet come last.
//
// A damaged capture is read up to its damage, and those after it all the same.
//
// A file is open only while it is read: of thousands that follow one another
// only one, of merged ones those that overlap.
//
// It is used by one goroutine at a time, but for Progress and Load.
type Set struct {
	captures []*capture // in the order of reading
	at       int        // the one being read; merging: the next to be opened
	merge    *merge     // nil if they are read one after the other
	order    Order
	latest   int64                  // the largest timestamp that was read, ns since the Unix epoch
	err      error                  // what Read returns from now on
	damages  DamagesError           // met so far
	reading  atomic.Pointer[Reader] // nil: nobody may Load
	lent     *Block

	interrupt     <-chan struct{}
	packets, read atomic.Int64 // so far; bytes of the files
	size          int64        // of all files in bytes, -1 if it can't be known
}

// Order says how the captures of a Set were put together.
type Order struct {
	Merged bool // by time
	Sorted bool // by first timestamps, which is not the order given
	// Overlaps is how many captures begin before one read earlier has ended, and
	// Overlap by how many ns at most; of those that were reached so far. Merged
	// ones do not count.
	Overlaps int
	Overlap  int64
}

// capture is one of a set.
type capture struct {
	name     string
	stdin    io.Reader // nil if it is a file
	reader   *Reader   // nil while it is not open
	info     Info      // what is known of it when it is not open
	first    int64     // its first timestamp, where there are several captures
	hasFirst bool
	held     []pcaps.Record // its first record, if it was read and can't be read again
	counted  int64          // of its bytes, in Set.read
}

// OpenSet opens captures by their names, "-" for stdin. If one can't be opened,
// that is the error. Where there are several, it waits for the first packet of
// each, so that standard input and pipes take part in the order.
func OpenSet(names []string, stdin io.Reader, merged bool) (*Set, error) {
	s := &Set{latest: math.MinInt64}
	for _, name := range names {
		c := &capture{name: name}
		if name == "-" {
			c.name, c.stdin = "standard input", stdin
		}
		s.captures = append(s.captures, c)
		var err error
		if len(names) == 1 {
			c.reader, err = c.open()
		} else {
			err = c.survey()
		}
		if err != nil {
			s.Close()
			return nil, err
		}
		s.size = c.addSize(s.size)
	}
	if len(names) == 1 {
		return s, nil
	}
	byFirst := func(a, b *capture) int {
		if a.hasFirst != b.hasFirst {
			if a.hasFirst {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.first, b.first)
	}
	s.order.Sorted = !slices.IsSortedFunc(s.captures, byFirst)
	slices.SortStableFunc(s.captures, byFirst)
	if s.order.Merged = merged; merged {
		s.merge = &merge{}
	}
	return s, nil
}

func (c *capture) open() (*Reader, error) {
	if c.stdin != nil {
		return NewReader(c.stdin, c.name)
	}
	return Open(c.name)
}

// survey learns when the capture begins. What can't be opened a second time stays
// open: standard input and pipes.
func (c *capture) survey() error {
	r, err := c.open()
	if err != nil {
		return err
	}
	c.info = r.Info()
	if r.size >= 0 {
		r.blockSize = surveyBytes
	}
	recs := make([]pcaps.Record, 1)
	n, _ := r.Read(recs) // an error comes again when it is read
	if c.hasFirst = n > 0; c.hasFirst {
		c.first = recs[0].Time
	}
	if r.size < 0 {
		c.reader = r
		for _, rec := range recs[:n] {
			rec.Data = bytes.Clone(rec.Data)
			c.held = append(c.held, rec)
		}
		return nil
	}
	return r.Close()
}

// addSize is sum and the size of the capture's file; -1 if it is none.
func (c *capture) addSize(sum int64) int64 {
	size := c.info.FileBytes
	if c.reader != nil {
		size = c.reader.size
	}
	if size < 0 || sum < 0 {
		return -1
	}
	return sum + size
}

// Read is Reader.Read over all captures. Where some are damaged, it returns a *DamagesError
// after the last record of all.
func (s *Set) Read(recs []pcaps.Record) (n int, err error) {
	if s.err != nil || len(recs) == 0 {
		return 0, s.err
	}
	if s.merge != nil {
		n, s.err = s.merge.read(s, recs)
	} else {
		n, s.err = s.chain(recs)
	}
	s.packets.Add(int64(n))
	if n > 0 {
		return n, nil
	}
	return 0, s.err
}

// chain reads the captures one after the other.
func (s *Set) chain(recs []pcaps.Record) (int, error) {
	for s.at < len(s.captures) {
		c := s.captures[s.at]
		if c.reader == nil || len(c.held) > 0 { // it begins
			if c.hasFirst && c.first < s.latest {
				s.order.Overlaps++
				s.order.Overlap = max(s.order.Overlap, int64(min(uint64(s.latest)-uint64(c.first), math.MaxInt64)))
			}
		}
		n, err := s.readFrom(c, recs)
		if len(s.captures) > 1 {
			for i := range recs[:n] {
				s.latest = max(s.latest, recs[i].Time)
			}
		}
		if err != nil {
			if err := s.ended(err); err != nil {
				return n, err
			}
			s.at++
			continue
		}
		return n, nil
	}
	return 0, s.end()
}

// ended takes note of why a capture ended; what it returns ends all of them.
func (s *Set) ended(err error) error {
	damage := (*DamageError)(nil)
	switch {
	case err == io.EOF:
		return nil
	case errors.As(err, &damage):
		s.damages.All = append(s.damages.All, damage)
		if errors.Is(err, ErrInterrupted) {
			return &s.damages
		}
		return nil
	}
	return err
}

// end is what Read returns at the end of all captures.
func (s *Set) end() error {
	if len(s.damages.All) > 0 {
		return &s.damages
	}
	return io.EOF
}

// readFrom reads the next records of a capture, opens it before the first and
// closes it after the last.
func (s *Set) readFrom(c *capture, recs []pcaps.Record) (int, error) {
	if len(c.held) > 0 && len(recs) > 0 {
		n := copy(recs, c.held)
		c.held = nil
		return n, nil
	}
	if c.reader == nil {
		r, err := c.open()
		if err != nil {
			return 0, c.missing(err)
		}
		if s.merge != nil {
			r.blockSize = min(r.blockSize, mergeBytes)
		}
		c.reader = r
	}
	if s.lent != nil && s.merge == nil {
		s.reading.Store(c.reader)
		c.reader.loads.lent = s.lent
	}
	c.reader.interrupt = s.interrupt
	n, err := c.reader.Read(recs)
	if read := c.reader.info.FileBytes; read != c.counted {
		s.read.Add(read - c.counted)
		c.counted = read
	}
	if err != nil {
		c.info = c.reader.Info()
		s.reading.Store(nil)
		closeErr := c.reader.Close()
		c.reader = nil
		if err == io.EOF && closeErr != nil {
			err = closeErr
		}
	}
	return n, err
}

// Load reads into b some bytes of the captures that Read has not come to yet, where
// there are such (they are of a regular file, and not merged). Many
// goroutines may Load at a time, each into a block of its own, also while one of them
// calls Read.
func (s *Set) Load(b *Block) {
	if r := s.reading.Load(); r != nil && r.loads.file != nil {
		r.loads.loadNext(b, r.blockSize)
	}
}

// Lend begins a turn of Read for one of several goroutines that Load: the next calls
// of Read find in b what it has. Where they come to what is another's block, they
// return no record and no error, and the turn is over. With it ends what the records
// that were returned point to. Who Loads must Lend for as long as he Reads.
func (s *Set) Lend(b *Block) { s.lent, b.used = b, false }

// missing is the damage that a capture can't be opened when its turn comes.
func (c *capture) missing(err error) error {
	d := &DamageError{File: c.name, After: true, Offset: -1, What: strings.TrimPrefix(err.Error(), c.name+": "), Err: err}
	if errors.Is(err, syscall.EMFILE) {
		d.What = "too many files are open: as many captures overlap in time; allow more (`ulimit -n`), or merge them by mergecap"
	}
	return d
}

// InterruptBy ends the reading when c is closed: Read then returns a
// *DamagesError with ErrInterrupted, also where it waits for a pipe.
func (s *Set) InterruptBy(c <-chan struct{}) { s.interrupt = c }

// Progress is how many packets were read and how many bytes of the files, of how
// many bytes in all (-1 if that can't be known). Any goroutine may ask.
func (s *Set) Progress() (packets, bytes, size int64) {
	return s.packets.Load(), s.read.Load(), s.size
}

// Info is each capture's Info, in the order of reading. Of those that were not
// reached, it has only what the file header says.
func (s *Set) Info() []Info {
	infos := make([]Info, len(s.captures))
	for i, c := range s.captures {
		if infos[i] = c.info; c.reader != nil {
			infos[i] = c.reader.Info()
		}
	}
	return infos
}

// Order says how the captures were put together.
func (s *Set) Order() Order { return s.order }

// SaysDirection reports whether any packet still to come may say its own
// direction: in pcapng and modified pcap any may, in classic pcap those of links
// whose headers have it.
func (s *Set) SaysDirection() bool {
	for _, info := range s.Info() {
		if info.saysDirection() {
			return true
		}
	}
	return false
}

// Close closes what is open.
func (s *Set) Close() error {
	var first error
	for _, c := range s.captures {
		if c.reader == nil {
			continue
		}
		c.info = c.reader.Info()
		if err := c.reader.Close(); err != nil && first == nil {
			first = err
		}
		c.reader = nil
	}
	return first
}
