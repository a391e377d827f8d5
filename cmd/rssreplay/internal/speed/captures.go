//go:build unix

package main

import (
	"bufio"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// A capture to make: TCP packets over Ethernet, one in five of a flow over IPv6,
// flows drawn evenly, gaps of 0 to 2 µs; with zipf drawn by Zipf's law, gaps of 0 to
// 4 µs, so that many more packets raise an interrupt of their own.
type capture struct {
	name    string
	packets int
	flows   int // 0: every packet is a flow of its own
	zipf    bool
	mixed   bool // 66 to 1465 bytes, else 66 (IPv4) and 74 (IPv6)
	answers bool // every other packet goes the other way, as in a capture of a host
	pcapng  bool
}

const (
	headerBytes = 54 + 20 // Ethernet, IPv6, ports and the rest of a TCP header
	maxBytes    = 66 + 1400
)

// make writes the capture into dir, whole or not at all, and tells its path; one
// that is there already is taken as it is.
func (c *capture) make(dir string) (string, error) {
	path := filepath.Join(dir, c.name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	f, err := os.CreateTemp(dir, c.name+".*")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	c.write(w)
	if err := w.Flush(); err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return path, os.Rename(f.Name(), path)
}

// write writes the capture; w keeps the first error.
func (c *capture) write(w *bufio.Writer) {
	if c.pcapng {
		w.Write(words(nil, 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 1<<32-1, 1<<32-1, 28))
		w.Write(words(nil, 1, 20, 1, 1<<18, 20)) // Ethernet, 256 KB of a packet at most, µs
	} else {
		w.Write(words(nil, 0xa1b2c3d4, 2|4<<16, 0, 0, 1<<18, 1))
	}
	random := rand.New(rand.NewPCG(1, 2))
	var zipf *rand.Zipf
	gap := 3
	if c.zipf {
		zipf, gap = rand.NewZipf(random, 1.1, 1, uint64(c.flows-1)), 5
	}
	now := uint64(1_700_000_000_000_000) // µs
	frame := make([]byte, maxBytes)
	record := make([]byte, 0, 32)
	for i := range c.packets {
		now += uint64(random.IntN(gap))
		flow := i
		switch {
		case c.zipf:
			flow = int(zipf.Uint64())
		case c.flows > 0:
			flow = random.IntN(c.flows)
		}
		length := 66
		if flow%5 == 0 {
			length = 74
		}
		if c.mixed {
			length = 66 + random.IntN(maxBytes-66)
		}
		fill(frame, flow, length)
		if c.answers && i%2 == 1 {
			turn(frame)
		}
		bytes := uint32(length)
		if !c.pcapng {
			w.Write(words(record, uint32(now/1_000_000), uint32(now%1_000_000), bytes, bytes))
			w.Write(frame[:length])
			continue
		}
		padded := (bytes + 3) &^ 3
		w.Write(words(record, 6, 32+padded, 0, uint32(now>>32), uint32(now), bytes, bytes))
		w.Write(frame[:length])
		w.Write(make([]byte, padded-bytes))
		w.Write(words(record, 32+padded))
	}
}

// words appends 32-bit numbers, the low byte first.
func words(b []byte, numbers ...uint32) []byte {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}

// fill makes the first bytes of frame a packet of the flow; the rest stay zero.
func fill(frame []byte, flow, length int) {
	big := binary.BigEndian
	clear(frame[:headerBytes])
	host := uint32(flow) * 2654435761
	transport := frame[34:]
	if flow%5 == 0 {
		frame[12], frame[13] = 0x86, 0xdd
		ip := frame[14:]
		ip[0], ip[6], ip[7] = 0x60, 6, 64
		big.PutUint16(ip[4:], uint16(length-54))
		copy(ip[8:], "\x20\x01\x0d\xb8")
		big.PutUint32(ip[20:], host)
		copy(ip[24:], "\x20\x01\x0d\xb8")
		ip[39] = 1
		transport = frame[54:]
	} else {
		frame[12] = 8
		ip := frame[14:]
		ip[0], ip[8], ip[9] = 0x45, 64, 6
		big.PutUint16(ip[2:], uint16(length-14))
		big.PutUint32(ip[12:], host)
		copy(ip[16:], "\xc0\x00\x02\x01")
	}
	big.PutUint16(transport, uint16(flow))
	transport[3] = 80
	transport[12] = 0x50
}

// turn makes frame, which fill made, a packet of the other direction.
func turn(frame []byte) {
	address, from := 4, 26
	if frame[12] == 0x86 {
		address, from = 16, 22
	}
	for _, field := range [][2]int{{from, address}, {from + 2*address, 2}} {
		at, n := field[0], field[1]
		a, b := frame[at:at+n], frame[at+n:at+2*n]
		for i := range a {
			a[i], b[i] = b[i], a[i]
		}
	}
}
