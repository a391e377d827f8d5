package packets

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/pcaps/file"
)

// splitter writes one capture for each CPU, in a folder that gets its name when
// all are whole.
type splitter struct {
	dir     string
	made    string       // the folder until it has that name
	account *cli.Scratch // of that
	files   []*splitFile // by the CPU's index

	sent, dropped uint64 // packets in none of them
}

func newSplitter(account *cli.Scratch, dir string, cpus []int) (*splitter, error) {
	s := &splitter{dir: filepath.Clean(dir), account: account}
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		s.dir = target // the link stays
	}
	err := account.Add(func() (path string, err error) {
		s.made, err = output.MakeDirBeside(s.dir) // so that the rename stays on one file system
		return s.made, err
	})
	if err != nil {
		return nil, fmt.Errorf("no folder can be made in %s: %w", filepath.Dir(s.dir), cli.Cause(err))
	}
	for _, cpu := range cpus {
		out := &splitFile{path: filepath.Join(s.made, fmt.Sprintf("cpu%d.pcapng", cpu))}
		if out.out, err = file.NewWriter(out, copiedBy()); err != nil {
			s.remove()
			return nil, err
		}
		s.files = append(s.files, out)
	}
	return s, nil
}

// splitFile is a file of a folder. It is open only while its buffer is written:
// there may be more CPUs than files that a process may have open.
type splitFile struct {
	path string
	buf  []byte
	out  *file.Writer
}

// splitBuffer bounds a file's buffer in bytes, but for a packet that is longer.
const splitBuffer = 32 << 10

// Write appends to the file.
func (f *splitFile) Write(b []byte) (int, error) {
	if len(f.buf)+len(b) > splitBuffer {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	f.buf = append(f.buf, b...)
	return len(b), nil
}

func (f *splitFile) flush() error {
	out, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	_, err = out.Write(f.buf)
	f.buf = f.buf[:0]
	return errors.Join(err, out.Close())
}

func (s *splitter) write(p *copiedPacket) error {
	switch {
	case p.sent:
		s.sent++
	case p.cpu == notTaken:
		s.dropped++
	default:
		return s.files[p.cpu].out.Write(&p.record, p.comment)
	}
	return nil
}

func (s *splitter) flush() error {
	for _, f := range s.files {
		if err := f.flush(); err != nil {
			return err
		}
	}
	return nil
}

// finish gives the folder its name.
func (s *splitter) finish() error {
	switch info, err := os.Lstat(s.dir); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case !info.IsDir():
		return errors.New("a file of this name was made meanwhile, and is not overwritten")
	default:
		if err := os.Remove(s.dir); err != nil {
			return err // it was empty, and is no more
		}
	}
	return s.account.Settle(func() error { return os.Rename(s.made, s.dir) }, s.made)
}

// remove removes what finish has not given its name.
func (s *splitter) remove() {
	s.account.Settle(func() error { return os.RemoveAll(s.made) }, s.made)
}
