package file

import (
	"errors"
	"strings"
	"testing"
)

// weak is a decompressor that panics.
type weak struct{}

func (weak) Read([]byte) (int, error) { panic("no such block") }

// A decompressor that panics on what it reads makes the data damaged.
func TestUnpackerPanics(t *testing.T) {
	for i := range compressions {
		u := &unpacker{compression: &compressions[i], out: weak{}}
		n, err := u.Read(make([]byte, 10))
		if damage := (*unpackError)(nil); n != 0 || !errors.As(err, &damage) || !strings.Contains(damage.what, "no such block") {
			t.Errorf("%s: %d bytes, %v", compressions[i].name, n, err)
		}
	}
}
