package hash

import (
	"strings"
	"testing"
)

func TestParseKey(t *testing.T) {
	const colons = "6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa"
	plain := strings.ReplaceAll(colons, ":", "")
	for _, s := range []string{
		"microsoft", "Microsoft", colons, strings.ReplaceAll(colons, ":", ""),
		strings.ToUpper(colons), " " + colons + "\n",
		"0x" + plain, "0X" + strings.ToUpper(plain), "RSS key: " + strings.ToUpper(plain), "net.inet.rss.key: " + plain, "net.inet.rss.key=" + plain,
		strings.ReplaceAll(colons, ":", " "), "0x" + strings.ReplaceAll(colons, ":", ", 0x"), "{ 0x" + strings.ReplaceAll(colons, ":", ",0x") + ", };",
		"{0x6d5a56da, 0x255b0ec2, 0x4167253d, 0x43a38fb0, 0xd0ca2bcb, 0xae7b30b4, 0x77cb2da3, 0x8030f20c, 0x6a42b73b, 0xbeac01fa}",
		"6d5a56da 255b0ec2 4167253d 43a38fb0 d0ca2bcb ae7b30b4 77cb2da3 8030f20c 6a42b73b beac01fa",
		"0x6d5a56da255b0ec2, 0x4167253d43a38fb0, 0xd0ca2bcbae7b30b4, 0x77cb2da38030f20c, 0x6a42b73bbeac01fa",
		"0x6d5a, 0x56da, 0x255b, 0xec2, 0x4167, 0x253d, 0x43a3, 0x8fb0, 0xd0ca, 0x2bcb, 0xae7b, 0x30b4, 0x77cb, 0x2da3, 0x8030, 0xf20c, 0x6a42, 0xb73b, 0xbeac, 0x1fa",
		"6d5a 56da 255b 0ec2 4167 253d 43a3 8fb0 d0ca 2bcb ae7b 30b4 77cb 2da3 8030 f20c 6a42 b73b beac 01fa",
		"0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0xe, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,\n\t0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0xc, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x1, 0xfa",
	} {
		key, err := ParseKey(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		} else if key.String() != colons || key.Name() != "microsoft" {
			t.Errorf("%q: %s, name %q", s, key, key.Name())
		}
	}
}

func TestKeyNames(t *testing.T) {
	for _, name := range KeyNames() {
		key := mustKey(t, name)
		if key.Name() != name {
			t.Errorf("%s has the name %q", name, key.Name())
		}
		if n := len(key); n != 40 && n != 52 {
			t.Errorf("%s has %d bytes", name, n)
		}
		if again := mustKey(t, key.String()); again.Name() != name {
			t.Errorf("%s reads back as %s", name, again)
		}
	}
	if name := (Key{1, 2, 3}).Name(); name != "" {
		t.Errorf("an unknown key has the name %q", name)
	}
	if s := Key(nil).String(); s != "" {
		t.Errorf("no key is %q", s)
	}
}

func TestParseKeyErrors(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", "the key is empty: give 40 or 52 bytes in hexadecimal, or one of the names microsoft, symmetric,"},
		{"microsft", "character 1 of the key is 'm'"},
		{"6d5", "key of 3 hexadecimal digits: a byte has two, so one is missing or too many"},
		{"6d:5", `byte 2 of the key is "5"`},
		{"6d::5a", `byte 2 of the key is ""`},
		{"6d:5a:", `byte 3 of the key is ""`},
		{"6d:zz", `byte 2 of the key is "zz"`},
		{"6d5a56da255b0ec24167253d43a38f", "key of 15 bytes: NICs use 40 or 52, and an IPv4 four-tuple needs at least 16"},
		{"00", "key of 1 byte: NICs use 40 or 52"},
		{"0", "key of 1 hexadecimal digit: a byte has two"},
		{"6d 5a", "key of 2 bytes: NICs use 40 or 52"},
		{"6d5a56da255b0ec24167253d43a38fb0d0", "key of 17 bytes: NICs use 40 or 52, so that some are missing or too many"},
		{"0x6d, 5a", "1 of the key's 2 words begin with 0x"},
		{"6d 5", `word 2 of the key is "5", and others have 2 digits`},
		{"0x6d5, 0x1", "words have 3 digits"},
		{"{0x6d5a56da, 0x255b0ec2, 0x4167253d, 0x43a38fb0, 0xd0ca2bcb, 0xae7b30b4, 0x77cb2da3, 0x8030f20c, 0x6a42b73b, 0xbeac", "the key's array is cut"},
		{"0x6d5a5, 0x1, 0x6d5a56da1", "words have 9 digits"},
		{"0x123456789abcdef01, 0x1", "words have 17 digits"},
		{"6d 5g", `word 2 of the key is "5g"`},
	} {
		if key, err := ParseKey(test.in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, %v; want an error with %s", test.in, key, err, test.want)
		}
	}
}

// TestSymmetric: a key is symmetric where swapped ends hash alike.
func TestSymmetric(t *testing.T) {
	keys := []string{strings.Repeat("beef", 26), strings.Repeat("00", 40), strings.Repeat("6d5a", 19) + "ff5a", strings.Repeat("6d5a56da", 10)}
	for _, name := range append(KeyNames(), keys...) {
		key, err := ParseKey(name)
		if err != nil {
			t.Fatal(err)
		}
		there := []byte{66, 9, 149, 187, 161, 142, 100, 80, 10, 234, 6, 230}
		back := []byte{161, 142, 100, 80, 66, 9, 149, 187, 6, 230, 10, 234}
		full := append(make([]byte, len(key)-4-len(there)), there...) // its end meets the key's
		other := append(make([]byte, len(key)-4-len(back)), back...)
		alike := Toeplitz(key, there) == Toeplitz(key, back) && Toeplitz(key, full) == Toeplitz(key, other)
		if got := key.Symmetric(); got != alike {
			t.Errorf("%s: %v, and the two ways hash alike: %v", name, got, alike)
		}
	}
}
