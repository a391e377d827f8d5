//go:build cgo

package main

const cgo = true // libpcap is in the build
