package hash

import (
	"strings"
	"testing"
)

func TestParseKey(t *testing.T) {
	const colons = "6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa"
	for _, s := range []string{
		"microsoft", "Microsoft", colons, strings.ReplaceAll(colons, ":", ""),
		strings.ToUpper(colons), " " + colons + "\n",
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
		{"microsft", "character 1 is 'm'"},
		{"6d5", "key of 3 hexadecimal digits: a byte has two, so one is missing or too many"},
		{"6d:5", `byte 2 is "5"`},
		{"6d::5a", `byte 2 is ""`},
		{"6d:5a:", `byte 3 is ""`},
		{"6d:zz", `byte 2 is "zz"`},
		{"6d5a56da255b0ec24167253d43a38f", "key of 15 bytes: NICs use 40 or 52, and an IPv4 four-tuple needs at least 16"},
		{"6d 5a", "character 3 is ' '"},
	} {
		if key, err := ParseKey(test.in); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, %v; want an error with %s", test.in, key, err, test.want)
		}
	}
}
