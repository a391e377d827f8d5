// Command heavytail writes a capture with heavy-tailed flows to standard output: what
// rebalancers are judged by, where the traces of the literature are not public. It is no
// part of rssreplay.
//
//	go run ./pcaps/samples/heavytail -flows 20000 -alpha 1.2 -seed 1 >tail.pcap
//
// Each flow is a TCP connection of a client to one of 64 servers, of which what the servers
// receive is captured: headers alone, times in ns. It has a number of packets of Pareto's
// distribution, of shape -alpha and at least -least, and starts at a random time from one
// length of the capture before its beginning to its end. Its packets come at random, by a
// mean rate of which the logarithm is spread evenly from -slow to -fast a second. What comes
// before the beginning or after -length is left out. The same flags give the same bytes.
package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "heavytail:", err)
		os.Exit(1)
	}
}

// traffic is what the flags say.
type traffic struct {
	flows      int
	alpha      float64 // of Pareto's distribution
	least      float64 // packets of a flow
	slow, fast float64 // packets a second of a flow
	length     time.Duration
	seed       uint64
}

func run(args []string, stdout, stderr io.Writer) error {
	var t traffic
	set := flag.NewFlagSet("heavytail", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&t.flows, "flows", 20_000, "flows")
	set.Float64Var(&t.alpha, "alpha", 1.2, "shape of the number of packets of a flow: the nearer to 1, the heavier the tail")
	set.Float64Var(&t.least, "least", 8, "packets of a flow at least")
	set.Float64Var(&t.slow, "slow", 5, "packets a second of a slow flow")
	set.Float64Var(&t.fast, "fast", 2000, "packets a second of a fast flow")
	set.DurationVar(&t.length, "length", 20*time.Second, "length of the capture")
	set.Uint64Var(&t.seed, "seed", 1, "seed of the random choices")
	if err := set.Parse(args); err != nil {
		return err
	}
	switch {
	case set.NArg() > 0:
		return fmt.Errorf("%q is no flag", set.Arg(0))
	case t.flows < 1 || t.flows > 1<<24:
		return errors.New("-flows must be from 1 to 16777216")
	case !(t.alpha > 0) || !(t.least >= 1) || !(t.slow > 0) || !(t.fast >= t.slow):
		return errors.New("-alpha and -slow must be above 0, -least at least 1, and -fast at least -slow")
	case t.length <= 0 || t.length > time.Hour:
		return errors.New("-length must be above 0, and an hour at most")
	}
	return write(stdout, t.packets())
}

// packet is one of a flow, at a time in ns.
type packet struct {
	at   int64
	flow uint32
}

func (t *traffic) packets() []packet {
	r := rand.New(rand.NewPCG(t.seed, 1))
	var packets []packet
	length := float64(t.length)
	for flow := range t.flows {
		left := t.least * math.Pow(1-r.Float64(), -1/t.alpha)
		gap := 1e9 / (t.slow * math.Pow(t.fast/t.slow, r.Float64())) // ns, on the mean
		for at := length * (2*r.Float64() - 1); left >= 1 && at < length; at += gap * r.ExpFloat64() {
			if left--; at >= 0 {
				packets = append(packets, packet{int64(at), uint32(flow)})
			}
		}
	}
	slices.SortStableFunc(packets, func(a, b packet) int { return cmp.Compare(a.at, b.at) })
	return packets
}

// headers are the bytes of a packet that are captured: Ethernet, IPv4, TCP.
const headers = 14 + 20 + 20

func write(out io.Writer, packets []packet) error {
	w := bufio.NewWriterSize(out, 1<<20)
	le, be := binary.LittleEndian, binary.BigEndian
	head := make([]byte, 24) // of a classic pcap with times in ns
	le.PutUint32(head, 0xa1b23c4d)
	le.PutUint16(head[4:], 2)
	le.PutUint16(head[6:], 4)
	le.PutUint32(head[16:], 65535)
	le.PutUint32(head[20:], 1) // Ethernet
	w.Write(head)

	record := make([]byte, 16+headers)
	le.PutUint32(record[8:], headers)
	le.PutUint32(record[12:], headers)
	frame := record[16:]
	copy(frame[12:], []byte{8, 0, 0x45, 0, 0, headers - 14})
	frame[22], frame[23] = 64, 6
	be.PutUint16(frame[36:], 443)
	frame[46], frame[47] = 0x50, 0x10 // ACK
	for _, p := range packets {
		le.PutUint32(record, uint32(1_800_000_000+p.at/1e9))
		le.PutUint32(record[4:], uint32(p.at%1e9))
		p.ends(frame)
		w.Write(record)
	}
	return w.Flush() // with the first error
}

// ends writes the addresses and the client's port, which no other flow has.
func (p packet) ends(frame []byte) {
	be := binary.BigEndian
	spread := p.flow * 2654435761 // an odd factor: no two flows have the same
	be.PutUint32(frame[26:], 10<<24|spread>>8)
	be.PutUint32(frame[30:], 0xc0000200|spread&63) // 192.0.2.0 and on
	be.PutUint16(frame[34:], 1024+uint16(spread&0xff)*200+uint16(p.flow%200))
}
