package bundle

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
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

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func tarOf(t *testing.T, name string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is compressed in a bundle is a text, too; an archive in it is none, and no text of
// another kind for the words in it; nor is what is damaged, or too long.
func TestCompressedInside(t *testing.T) {
	text := []byte("driver: igb\n")
	inner := tarOf(t, "x", text)
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"a.gz": gzipped(t, text), "b": text, "c.tar": inner, "d.tar.gz": gzipped(t, inner),
		"e.gz": gzipped(t, text)[:20], "f.gz": gzipped(t, make([]byte, maxText+1)), "interrupts.gz": gzipped(t, bytes.Repeat([]byte("1"), maxText+1)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Files(dir)
	want := []File{{"a.gz", text}, {"b", text}, {"c.tar", nil}, {"d.tar.gz", nil}, {"e.gz", nil}, {"f.gz", nil}, {"interrupts.gz", nil}}
	for i, f := range files {
		if len(f.Data) == maxText+1 && f.Name == "interrupts.gz" {
			files[i].Data = nil // as it should be, and too long for cmp
		} else if f.Name == "interrupts.gz" {
			t.Errorf("interrupts.gz has %d bytes", len(f.Data))
		}
	}
	if diff := cmp.Diff(want, files); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

// One text is a bundle of itself; what can be no text is no bundle.
func TestSingle(t *testing.T) {
	text, wide := []byte("driver: igb\n"), []byte("\xff\xfed\x00r\x00")
	inner := tarOf(t, "x", text)
	for _, test := range []struct {
		data []byte
		want []File
	}{
		{text, []File{{Single, text}}}, {gzipped(t, text), []File{{Single, text}}}, {wide, []File{{Single, wide}}},
		{inner, []File{{"x", text}}}, {gzipped(t, inner), []File{{"x", text}}},
		{[]byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00"), nil},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, test.data, 0o600); err != nil {
			t.Fatal(err)
		}
		files, err := Files(path)
		if diff := cmp.Diff(test.want, files); diff != "" || (err != nil) != (test.want == nil) {
			t.Errorf("%.20q: %v\n%s", test.data, err, diff)
		}
		in, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(in); err != nil || len(test.want) == 1 && test.want[0].Name == Single && !bytes.Equal(got, test.want[0].Data) {
			t.Errorf("%q, %v", got, err)
		}
		in.Close()
	}
}

// A folder is bounded while it is read, as an archive is: its files together may be more than
// memory holds.
func TestLargeFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("driver: igb\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := collected{bytes: maxBundleBytes - len("driver: igb\n")}
	if err := c.readFolder(os.DirFS(dir)); err != errTooLarge || len(c.files) != 1 {
		t.Errorf("%d files, %v", len(c.files), err)
	}
}
