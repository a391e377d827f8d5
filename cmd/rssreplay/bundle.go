package main

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"rssreplay/nicmodel/nictext"
	"rssreplay/pcaps/file"
)

// Limits of a bundle. A file that is longer than maxImport bytes is something else than
// a text, a capture for one; what a support tool collects has some thousand files.
const (
	maxImport      = 1 << 20
	maxBundleFiles = 100_000
	maxBundleBytes = 512 << 20 // of an archive, unpacked
)

// bundleFile is a file of a bundle. Its data are nil if it is too long, or no file.
type bundleFile struct {
	name string // below the bundle
	data []byte
}

// bundleFiles reads the files of a bundle: a folder and those in it, a tar, compressed
// as captures may be, or a zip.
func bundleFiles(bundle string) ([]bundleFile, error) {
	info, err := os.Stat(bundle)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return filesOf(os.DirFS(bundle))
	}
	in, err := os.Open(bundle)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	magic := make([]byte, 4)
	if _, err := in.ReadAt(magic, 0); err == nil && string(magic) == "PK\x03\x04" {
		z, err := zip.NewReader(in, info.Size())
		if err != nil {
			return nil, err
		}
		return filesOf(z)
	}
	return filesOfTar(in)
}

// filesOf reads the files below the root of f.
func filesOf(f fs.FS) ([]bundleFile, error) {
	var files []bundleFile
	err := fs.WalkDir(f, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case len(files) == maxBundleFiles:
			return fmt.Errorf("more than %d files", maxBundleFiles)
		case err == nil && entry.IsDir():
			return nil
		}
		files = append(files, bundleFile{name: name})
		if info, err := fs.Stat(f, name); err != nil || !info.Mode().IsRegular() || info.Size() > maxImport {
			return nil
		}
		data, err := fs.ReadFile(f, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, cause(err))
		}
		files[len(files)-1].data = data
		return nil
	})
	return files, err
}

// filesOfTar reads the files of a tar.
func filesOfTar(r io.Reader) ([]bundleFile, error) {
	unpacked, err := file.Decompress(r)
	if err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: unpacked, N: maxBundleBytes}
	in := tar.NewReader(limited)
	var files []bundleFile
	for {
		header, err := in.Next()
		switch {
		case err == io.EOF:
			return files, nil
		case limited.N <= 0:
			return nil, fmt.Errorf("holds more than %d MiB", maxBundleBytes>>20)
		case len(files) == 0 && (errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)):
			return nil, errors.New("is no folder, and no tar or zip of one")
		case err != nil:
			return nil, err
		case header.Typeflag == tar.TypeDir:
			continue
		case len(files) == maxBundleFiles:
			return nil, fmt.Errorf("holds more than %d files", maxBundleFiles)
		}
		f := bundleFile{name: path.Clean(header.Name)}
		if header.Typeflag == tar.TypeReg && header.Size <= maxImport {
			if f.data, err = io.ReadAll(in); err != nil {
				return nil, fmt.Errorf("%s: %w", header.Name, err)
			}
		}
		files = append(files, f)
	}
}

// readBundle reads the texts in a bundle, each recognised by what it says; of the
// kinds given already none. With an interface only those that are not of another one.
func (m *imports) readBundle(bundle, iface string, given [nictext.NumKinds]bool) error {
	files, err := bundleFiles(bundle)
	if err != nil {
		return fmt.Errorf("%s: %w: give a folder with saved outputs of ethtool, or a tar or zip of one", bundle, cause(err))
	}
	var others []string // interfaces
	for _, f := range files {
		for _, name := range nictext.Interfaces(f.data) {
			if name != iface && !slices.Contains(others, name) {
				others = append(others, name)
			}
		}
	}
	used := 0
	for _, f := range files {
		name := filepath.Join(bundle, filepath.FromSlash(f.name))
		if iface != "" && slices.ContainsFunc(others, func(other string) bool { return namesInterface(path.Base(f.name), other) }) {
			continue
		}
		data := f.data
		if iface != "" && !slices.Contains(nictext.Interfaces(data), iface) && len(nictext.Interfaces(data)) > 0 {
			continue
		}
		if iface != "" {
			if data, err = nictext.Only(data, iface); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		kinds := nictext.Sniff(data)
		switch {
		case nictext.SaysNoTable(string(data)):
			m.noTable = name
			used++
		case len(kinds) == 0 && !nictext.Evidence(data):
			m.leftOut = append(m.leftOut, f.name)
		}
		used += len(kinds)
		for _, kind := range kinds {
			if given[kind] {
				continue
			}
			if err := m.read(kind, strings.NewReader(string(data)), name); err != nil {
				if len(others) > 1 && iface == "" {
					return fmt.Errorf("%w; or, as there are several interfaces, name one with --dev (%s)", err, strings.Join(others, ", "))
				}
				return err
			}
		}
	}
	if used == 0 {
		return fmt.Errorf("%s holds no file that is recognised: give a folder with the outputs of ethtool -x, -i, -l, -c, -g and -n (rssreplay help collect)", bundle)
	}
	return nil
}

// namesInterface reports whether a file's name has the interface's as a word of it.
func namesInterface(file, iface string) bool {
	words := strings.FieldsFunc(file, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '@' && r != ':'
	})
	return slices.Contains(words, iface)
}
