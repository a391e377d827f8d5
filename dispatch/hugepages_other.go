//go:build !linux

package dispatch

func hugePages[T any]([]T) {}
