package pcaps

import "testing"

// A link type that Walk reads is not among those that it does not.
func TestLinkNames(t *testing.T) {
	for l := range unknownLinkNames {
		if l.Known() {
			t.Errorf("%s is in both lists of names", l)
		}
	}
}

// Names are keys of reports.
func TestNamesDiffer(t *testing.T) {
	names := make(map[string][]int)
	add := func(kind, name string, n int) {
		key := kind + " " + name
		if names[key] = append(names[key], n); len(names[key]) > 1 {
			t.Errorf("%s is the name of %v", key, names[key])
		}
	}
	for l := range 1 << 16 {
		add("link", LinkType(l).String(), l)
	}
	for e := range NumEncapsulations {
		add("encapsulation", Encapsulation(e).String(), e)
	}
	for r := range NumReasons {
		add("reason", Reason(r).String(), r)
	}
}
