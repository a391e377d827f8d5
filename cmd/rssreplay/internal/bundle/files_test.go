package bundle

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Zips that Windows, or a careless script, has made: names with \, from the root, twice.
func TestOddZip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd.zip")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(out)
	for _, f := range [][2]string{{`rss\x.txt`, "1"}, {`rss\`, ""}, {"/host/x.txt", "2"}, {"x.txt", "3"}, {"x.txt", "4"}} {
		w, err := z.CreateRaw(&zip.FileHeader{Name: f[0], Method: zip.Store, UncompressedSize64: uint64(len(f[1])), CompressedSize64: uint64(len(f[1]))})
		if err == nil {
			_, err = w.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := Files(path)
	want := []File{{"rss/x.txt", []byte("1")}, {"host/x.txt", []byte("2")}, {"x.txt", []byte("3")}, {"x.txt", []byte("4")}}
	if diff := cmp.Diff(want, files); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}
