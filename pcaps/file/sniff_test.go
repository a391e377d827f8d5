package file

import "testing"

func TestIsCapture(t *testing.T) {
	for _, test := range []struct {
		header string
		want   bool
	}{
		{"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00", true},
		{"\xa1\xb2\x3c\x4d\x00\x02\x00\x04\x00\x00\x00\x00", true},
		{"\x34\xcd\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00", true},
		{"\n\r\r\n\x1c\x00\x00\x00\x4d\x3c\x2b\x1a", true},
		{"\n\r\r\n\x00\x00\x00\x1c\x1a\x2b\x3c\x4d", true},
		{"\n\r\r\nRX flow hash", false},
		{"\xd4\xc3\xb2\xa1", false},
		{"", false},
	} {
		if got := IsCapture([]byte(test.header)); got != test.want {
			t.Errorf("%q: %t", test.header, got)
		}
	}
}
