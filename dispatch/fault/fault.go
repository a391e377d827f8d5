// Package fault carries a panic from the goroutine that it happens in to the one
// that waits for it, so that the top of the program can end it in good order: a
// panic that leaves a goroutine ends the program at once, its files half written.
package fault

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Panic is what a goroutine of a Group panicked with; it is what Group.Wait panics
// with.
type Panic struct {
	Value any    // as recover returned it
	Stack []byte // of that goroutine, as debug.Stack has it
}

// New is the panic that recover returned value of; one that was carried already
// stays as it is. To be called by the deferred function that recovered.
func New(value any) *Panic {
	if p, ok := value.(*Panic); ok {
		return p
	}
	return &Panic{value, debug.Stack()}
}

// Error is what the goroutine panicked with.
func (p *Panic) Error() string { return fmt.Sprint(p.Value) }

// Group is goroutines that are waited for together. The zero value is ready.
type Group struct {
	running sync.WaitGroup
	mutex   sync.Mutex
	first   *Panic
}

// Go runs f in a goroutine of its own.
func (g *Group) Go(f func()) {
	g.running.Go(func() { g.Try(f) })
}

// Try runs f and reports whether it came to its end; else Wait will panic. It is for
// a goroutine on which others wait, which must go on without f.
func (g *Group) Try(f func()) (done bool) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		p := New(value)
		g.mutex.Lock()
		defer g.mutex.Unlock()
		if g.first == nil {
			g.first = p
		}
	}()
	f()
	return true
}

// Wait waits for all goroutines. It panics with the first *Panic of any.
func (g *Group) Wait() {
	g.running.Wait()
	if g.first != nil {
		panic(g.first)
	}
}
