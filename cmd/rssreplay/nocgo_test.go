//go:build !cgo

package main

const cgo = false // libpcap is not in the build
