package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// checkOutput refuses to write the flag's file over one of those that are to be
// read.
func checkOutput(flag, path string, inputs []string) error {
	out, err := os.Stat(path)
	if err != nil || !out.Mode().IsRegular() {
		return nil // nothing is there to be lost
	}
	for _, input := range inputs {
		if in, err := os.Stat(input); err == nil && os.SameFile(in, out) {
			return usagef("%s %s is a file that is to be read, and would be lost: name another", flag, path)
		}
	}
	return nil
}

// writeOutput calls write for the file at path, which then holds all that was
// written or, after an error, what it held before; "" is standard output.
func (e *env) writeOutput(path string, write func(io.Writer) error) error {
	if path == "" {
		return writeAll(e.stdout, write)
	}
	if err := replaceFile(path, write); err != nil {
		return fmt.Errorf("--output %s: %w", path, cause(err))
	}
	return nil
}

func writeAll(w io.Writer, write func(io.Writer) error) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	if err := write(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

func replaceFile(path string, write func(io.Writer) error) (err error) {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return errors.New("is a directory: name a file in it")
	case err == nil && !info.Mode().IsRegular():
		// A device or a pipe, /dev/null say, is written to and never replaced.
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		return writeAll(f, write)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the link stays
	}
	// Beside it, so that the rename stays on one file system.
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("no file can be made in %s: %w", filepath.Dir(path), cause(err))
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if err := writeAll(tmp, write); err != nil {
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
