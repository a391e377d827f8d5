//go:build !linux

package bigarray

func hugePages[T any]([]T) {}
