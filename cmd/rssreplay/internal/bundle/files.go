package bundle

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/nicmodel/nictext"
	"rssreplay/pcaps/file"
)

// Limits of a bundle. A file that is longer than maxText bytes is something else than a text,
// a capture for one, but for /proc/interrupts; what a support tool collects has some thousand
// files.
const (
	maxText        = 1 << 20
	maxBundleFiles = 100_000
	maxBundleBytes = 512 << 20 // unpacked
)

// File is a file of a bundle. Its data are nil if it is too long, or no file.
type File struct {
	Name string // below the bundle
	Data []byte
}

// Open opens a text, compressed as captures may be, or not.
func Open(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := file.Decompress(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{text, f}, nil
}

// NoText says what is given in a text's place: nothing, a capture, or an archive; nil if it
// may be a text. Nothing of it is consumed.
func NoText(in *bufio.Reader) error {
	switch start, err := in.Peek(tarBlock); {
	case len(start) == 0 && err == io.EOF:
		return ErrEmpty
	case file.IsCapture(start):
		return ErrCapture
	case isTar(start), isZip(start):
		return ErrArchive
	}
	return nil
}

// What NoText finds.
var (
	ErrEmpty   = errors.New("is empty")
	ErrCapture = errors.New("is a capture")
	ErrArchive = errors.New("is an archive")
)

// Single is the name of the only file of a bundle that is no folder and no archive.
const Single = "."

// Files reads the files of a bundle: a folder and those in it, a tar, compressed
// as captures may be, or a zip; or one text. Those in it may be compressed, too.
func Files(bundle string) ([]File, error) {
	c := new(collected)
	if err := c.read(bundle); err != nil {
		return nil, err
	}
	return c.files, nil
}

// collected is the files of a bundle that were read so far.
type collected struct {
	files []File
	bytes int // of their data
}

// add adds a file as it lies in the bundle, within its limits.
func (c *collected) add(name string, data []byte) error {
	if len(c.files) == maxBundleFiles {
		return fmt.Errorf("holds more than %d files", maxBundleFiles)
	}
	f := File{name, unpacked(name, data)}
	if c.bytes += len(f.Data); c.bytes > maxBundleBytes {
		return errTooLarge
	}
	c.files = append(c.files, f)
	return nil
}

var errTooLarge = fmt.Errorf("holds more than %d MiB", maxBundleBytes>>20)

// unpacked is the text that is compressed in a file of a bundle, or as it is. It is nil if
// there is none, but an archive, or what is too long for a text.
func unpacked(name string, data []byte) []byte {
	text, err := file.Decompress(bytes.NewReader(data))
	if err != nil {
		return data
	}
	all, err := io.ReadAll(io.LimitReader(text, nictext.MaxInterrupts+1))
	if err != nil || !fits(name, int64(len(all))) || isTar(all) {
		return nil
	}
	return all
}

// isTar reports whether the data begin as a tar does, of POSIX' or GNU's form.
func isTar(data []byte) bool {
	const at = 257 // of its magic number
	return len(data) >= tarBlock && string(data[at:at+len("ustar")]) == "ustar"
}

// isZip reports whether the data begin as a zip does.
func isZip(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

// tarBlock is the length of a tar's header.
const tarBlock = 512

// read adds all files of the bundle.
func (c *collected) read(bundle string) error {
	info, err := os.Stat(bundle)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return c.readFolder(os.DirFS(bundle))
	}
	in, err := os.Open(bundle)
	if err != nil {
		return err
	}
	defer in.Close()
	magic := make([]byte, 4)
	if _, err := in.ReadAt(magic, 0); err == nil && isZip(magic) {
		z, err := zip.NewReader(in, info.Size())
		if err != nil {
			return err
		}
		return c.readZip(z)
	}
	unpacked, err := file.Decompress(in)
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(unpacked, tarBlock)
	if NoText(r) == ErrCapture {
		return ErrCapture
	}
	if header, _ := r.Peek(tarBlock); !isTar(header) && mayBeText(header) {
		data, err := io.ReadAll(io.LimitReader(r, nictext.MaxInterrupts))
		if err != nil {
			return err
		}
		return c.add(Single, data)
	}
	return c.readTar(r)
}

// mayBeText reports whether what a file begins with can be a text: no zeros are in it, or
// it is of UTF-16, by its mark.
func mayBeText(data []byte) bool {
	utf16 := bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
	return len(data) > 0 && (utf16 || !bytes.ContainsRune(data, 0))
}

// readZip adds the files of a zip. Some of Windows' have \ where / belongs.
func (c *collected) readZip(z *zip.Reader) error {
	for _, entry := range z.File {
		name := strings.ReplaceAll(entry.Name, `\`, "/")
		if strings.HasSuffix(name, "/") {
			continue
		}
		var data []byte
		if size := entry.UncompressedSize64; entry.Mode().IsRegular() && size <= nictext.MaxInterrupts && fits(name, int64(size)) {
			var err error
			if data, err = unzip(entry); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := c.add(strings.TrimLeft(path.Clean(name), "/"), data); err != nil {
			return err
		}
	}
	return nil
}

// unzip is a file of a zip, and not more of it than fits.
func unzip(entry *zip.File) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, nictext.MaxInterrupts))
}

// fits reports whether a file of that size may be a text.
func fits(name string, size int64) bool {
	if name == Single || strings.Contains(path.Base(name), "interrupts") {
		return size <= nictext.MaxInterrupts
	}
	return size <= maxText
}

// readFolder adds the files below the root of f.
func (c *collected) readFolder(f fs.FS) error {
	return fs.WalkDir(f, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err == nil && entry.IsDir():
			return nil
		}
		var data []byte
		if info, err := fs.Stat(f, name); err == nil && info.Mode().IsRegular() && fits(name, info.Size()) {
			if data, err = fs.ReadFile(f, name); err != nil {
				return fmt.Errorf("%s: %w", name, cli.Cause(err))
			}
		}
		return c.add(name, data)
	})
}

// readTar adds the files of a tar. What it passes over counts, too: it has to be read.
func (c *collected) readTar(r io.Reader) error {
	limited := &io.LimitedReader{R: r, N: maxBundleBytes}
	in := tar.NewReader(limited)
	for {
		header, err := in.Next()
		switch {
		case err == io.EOF:
			return nil
		case limited.N <= 0:
			return errTooLarge
		case len(c.files) == 0 && (errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)):
			return errors.New("is no folder, and no tar or zip of one")
		case errors.Is(err, io.ErrUnexpectedEOF):
			return errors.New("the archive is cut")
		case err != nil:
			return err
		case header.Typeflag == tar.TypeDir:
			continue
		}
		var data []byte
		if header.Typeflag == tar.TypeReg && fits(header.Name, header.Size) {
			switch data, err = io.ReadAll(in); {
			case err != nil && limited.N <= 0:
				return errTooLarge
			case errors.Is(err, io.ErrUnexpectedEOF):
				return fmt.Errorf("%s: the archive is cut", header.Name)
			case err != nil:
				return fmt.Errorf("%s: %w", header.Name, err)
			}
		}
		if err := c.add(path.Clean(header.Name), data); err != nil {
			return err
		}
	}
}
