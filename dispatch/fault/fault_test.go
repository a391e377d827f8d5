package fault_test

import (
	"errors"
	"strings"
	"testing"

	"rssreplay/dispatch/fault"
)

// rethrown is what f panics with.
func rethrown(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func panicHere() { panic("here") }

func TestGroup(t *testing.T) {
	var sound fault.Group
	n := make(chan int, 2)
	for i := range 2 {
		sound.Go(func() { n <- i })
	}
	if got := rethrown(sound.Wait); got != nil || len(n) != 2 {
		t.Errorf("panic %v, %d of 2 have run", got, len(n))
	}

	var g fault.Group
	g.Go(panicHere)
	p, ok := rethrown(g.Wait).(*fault.Panic)
	if !ok || p.Error() != "here" || !strings.Contains(string(p.Stack), "panicHere") {
		t.Errorf("%v, want the panic and where it was", p)
	}

	// The first one counts, and what is carried twice stays as it was.
	if g.Try(func() { panic("later") }) {
		t.Error("what panicked is done")
	}
	if !g.Try(func() {}) {
		t.Error("what did not panic is not done")
	}
	var outer fault.Group
	outer.Go(g.Wait)
	if again := rethrown(outer.Wait); again != any(p) {
		t.Errorf("%v, want the same %v", again, p)
	}

	// An error is told as it says itself.
	wrong := errors.New("an error")
	var e fault.Group
	e.Go(func() { panic(wrong) })
	if p, ok := rethrown(e.Wait).(*fault.Panic); !ok || p.Value != any(wrong) || p.Error() != "an error" {
		t.Errorf("%v, want %v", p, wrong)
	}
}
