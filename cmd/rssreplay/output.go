package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// writeOutput calls write for the file at path, which then holds all that was
// written or, after an error, what it held before; "" is standard output.
func (e *env) writeOutput(path string, write func(io.Writer) error) error {
	if path == "" {
		w := bufio.NewWriterSize(e.stdout, 64<<10)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	}
	// Beside it, so that the rename stays on one file system.
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	defer os.Remove(tmp.Name())
	w := bufio.NewWriterSize(tmp, 64<<10)
	err = write(w)
	for _, finish := range []func() error{
		w.Flush,
		func() error { return tmp.Chmod(0o644) },
		tmp.Close,
		func() error { return os.Rename(tmp.Name(), path) },
	} {
		if err == nil {
			err = finish()
		}
	}
	if err != nil {
		tmp.Close()
		return fmt.Errorf("--output %s: %w", path, err)
	}
	return nil
}
