// Package fault carries a panic from the goroutine that it happens in to the one
// that waits for it, so that the top of the program can end it in good order: a
// panic that leaves a goroutine ends the program at once, its files half written.
package fault
