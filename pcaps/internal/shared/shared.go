// Package shared finds for tests the captures that lie beside the repository.
package shared

import (
	"os"
	"path/filepath"
	"testing"
)

// Captures are the files of the shared captures, and the folder that they are in;
// a test without them is skipped.
func Captures(t testing.TB) (root string, files []string) {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skip("no go.mod above the test")
		}
		dir = parent
	}
	root = filepath.Join(dir, "..", "shared", "captures")
	err = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Skipf("the folder shared/captures is not here: %v", err)
	}
	return root, files
}
