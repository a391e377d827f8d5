package hash

import (
	"bytes"
	"testing"
)

func TestTransformFields(t *testing.T) {
	// Two addresses of 4 and two ports: each field is paired with its like.
	in := []byte{1, 2, 3, 4, 1, 0, 2, 255, 0x12, 0x34, 0x10, 0x04}
	for _, test := range []struct {
		transform Transform
		n         int
		want      []byte
	}{
		{NoTransform, 12, in},
		{SymmetricXOR, 12, []byte{0, 2, 1, 251, 0, 2, 1, 251, 0x02, 0x30, 0x02, 0x30}},
		{SymmetricOrXOR, 12, []byte{1, 2, 3, 255, 0, 2, 1, 251, 0x12, 0x34, 0x02, 0x30}},
		{SymmetricXOR, 8, []byte{0, 2, 1, 251, 0, 2, 1, 251}},
		{SymmetricOrXOR, 8, []byte{1, 2, 3, 255, 0, 2, 1, 251}},
		{SymmetricXOR, 0, nil},
		{SymmetricXOR, 5, in[:5]}, // no hash type's: as it is
	} {
		got := append([]byte(nil), in[:test.n]...)
		test.transform.Apply(got)
		if !bytes.Equal(got, test.want) {
			t.Errorf("%v of %d bytes: %v, want %v", test.transform, test.n, got, test.want)
		}
	}
}

// Whatever the input's length, swapping the two ends changes nothing.
func TestTransformIsSymmetric(t *testing.T) {
	for _, v := range readVectors(t) {
		for _, ports := range []bool{false, true} {
			for _, x := range []Transform{SymmetricXOR, SymmetricOrXOR} {
				there, back := v.input(ports, false), v.input(ports, true)
				if bytes.Equal(there, back) {
					t.Fatalf("%v: a flow to itself tests nothing", there)
				}
				x.Apply(there)
				x.Apply(back)
				if !bytes.Equal(there, back) {
					t.Errorf("%v: %v there, %v back", x, there, back)
				}
			}
		}
	}
}

func TestTransformNames(t *testing.T) {
	for x := Transform(0); x < NumTransforms; x++ {
		if got, err := ParseTransform(x.String()); got != x || err != nil {
			t.Errorf("%v reads back as %v, %v", x, got, err)
		}
	}
	want := `unknown input transformation "xor": known are none, symmetric-xor, symmetric-or-xor`
	if _, err := ParseTransform("xor"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if got := Transform(9).String(); got != "transform(9)" {
		t.Errorf("unknown value prints %q", got)
	}
}
