package main

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Ethernet frames from 10.0.0.1 and 2001:db8::1 to .2 and ::2. Where a port is
// set at mkpcap's word it is 0 here.
var (
	tcp4 = unhex("020000000002 020000000001 0800" +
		"45000028 00010000 40060000 0a000001 0a000002" +
		"0000 0050 00000000 00000000 5010 ffff 0000 0000")
	udp6 = unhex("020000000002 020000000001 86dd" +
		"60000000 0008 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002" +
		"0000 0035 0008 0000")
	arp = unhex("ffffffffffff 020000000001 0806" +
		"0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002")
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// mkpcap writes a capture, little-endian with timestamps in µs: pcapng if the
// file's name ends so, else pcap. The words after the file's name:
//
//	tcp[:PORT] udp[:PORT]  a TCP packet over IPv4, a UDP packet over IPv6, from PORT (1000)
//	arp                    an ARP request
//	raw:HEX                a packet of these bytes
//	nothing                a packet of which 0 bytes were captured
//	WORD*N                 that packet N times, 10 µs after each other
//	sent                   pcapng: the next word's packets say that they were sent
//	wire:N                 the next word's packets have N bytes on the wire
//	at:TIME                the next packet's time since 2026-01-01
//	link:N                 the link type; the first word
//	claim:N                pcap: a record header that claims N captured bytes
//	block:N                pcapng: a packet block of 32 bytes that claims a length of N
//	drops:N                pcapng: interface statistics with N packets dropped
//	names                  pcapng: name resolution
//	cut:N                  the last N bytes are cut off; the last word
func mkpcap(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: mkpcap FILE WORD...")
	}
	f := &captureFile{ng: strings.HasSuffix(args[0], ".pcapng")}
	link := 1
	for _, word := range args[1:] {
		name, value, _ := strings.Cut(word, ":")
		number, err := strconv.ParseUint(value, 10, 32)
		switch name {
		case "link":
			ts.Check(err)
			link = int(number)
			continue
		case "at":
			d, err := time.ParseDuration(value)
			ts.Check(err)
			f.header(link)
			f.at = d.Microseconds()
			continue
		case "sent":
			f.header(link)
			f.sent = true
			continue
		case "wire":
			ts.Check(err)
			f.header(link)
			f.wire = uint32(number)
			continue
		case "claim":
			ts.Check(err)
			f.header(link)
			f.bytes = append(f.bytes, make([]byte, 8)...)
			f.u32(uint32(number), uint32(number))
			continue
		case "block":
			ts.Check(err)
			f.header(link)
			f.u32(6, uint32(number), 0, 0, 0, 0, 0, uint32(number))
			continue
		case "drops":
			ts.Check(err)
			f.header(link)
			f.u32(5, 40, 0, 0, 0, 5|8<<16, uint32(number), 0, 0, 40)
			continue
		case "names":
			f.header(link)
			f.u32(4, 16, 0, 16)
			continue
		case "cut":
			ts.Check(err)
			f.header(link)
			f.bytes = f.bytes[:len(f.bytes)-int(number)]
			continue
		}
		packet, times, _ := strings.Cut(word, "*")
		n := 1
		if times != "" {
			n, err = strconv.Atoi(times)
			ts.Check(err)
		}
		f.header(link)
		for range n {
			f.packet(frame(ts, packet))
		}
		f.wire, f.sent = 0, false
	}
	f.header(link)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), f.bytes, 0o644))
}

// frame is the frame that a word of mkpcap names.
func frame(ts *testscript.TestScript, word string) []byte {
	name, value, hasPort := strings.Cut(word, ":")
	if name == "raw" {
		b, err := hex.DecodeString(value)
		ts.Check(err)
		return b
	}
	port := uint64(1000)
	if hasPort {
		var err error
		port, err = strconv.ParseUint(value, 10, 16)
		ts.Check(err)
	}
	switch name {
	case "tcp":
		b := append([]byte(nil), tcp4...)
		binary.BigEndian.PutUint16(b[14+20:], uint16(port))
		return b
	case "udp":
		b := append([]byte(nil), udp6...)
		binary.BigEndian.PutUint16(b[14+40:], uint16(port))
		return b
	case "arp":
		return arp
	case "nothing":
		return nil
	}
	ts.Fatalf("mkpcap: %q is no word of its language", word)
	return nil
}

// captureFile is a capture being written.
type captureFile struct {
	ng    bool
	begun bool
	at    int64  // µs since 2026-01-01, of the next packet
	wire  uint32 // the next packets' length on the wire; 0: at least 60
	sent  bool   // pcapng: the next packets say that they were
	bytes []byte
}

func (f *captureFile) u32(values ...uint32) {
	for _, v := range values {
		f.bytes = binary.LittleEndian.AppendUint32(f.bytes, v)
	}
}

// header writes what stands before the first packet, once.
func (f *captureFile) header(link int) {
	if f.begun {
		return
	}
	f.begun = true
	if f.ng {
		f.u32(0x0a0d0d0a, 28, 0x1a2b3c4d, 1, ^uint32(0), ^uint32(0), 28)
		f.u32(1, 20, uint32(link), 65535, 20)
		return
	}
	f.u32(0xa1b2c3d4, 2|4<<16, 0, 0, 65535, uint32(link))
}

// packet writes a packet of 60 bytes on the wire, or more if data are more, or of
// those it was told.
func (f *captureFile) packet(data []byte) {
	stamp := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() + f.at
	captured, wire := uint32(len(data)), max(60, uint32(len(data)), f.wire)
	if f.ng {
		padded := (captured + 3) / 4 * 4
		length := 32 + padded
		if f.sent {
			length += 12
		}
		f.u32(6, length, 0, uint32(stamp>>32), uint32(stamp), captured, wire)
		f.bytes = append(f.bytes, data...)
		f.bytes = append(f.bytes, make([]byte, padded-captured)...)
		if f.sent {
			f.u32(2|4<<16, 2, 0) // epb_flags: outbound
		}
		f.u32(length)
	} else {
		f.u32(uint32(stamp/1e6), uint32(stamp%1e6), captured, wire)
		f.bytes = append(f.bytes, data...)
	}
	f.at += 10
}
