package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// hostile are captures that make one structure grow with their n packets.
var hostile = []struct {
	name    string
	capture func(n int) []byte
	args    [][]string // of the commands; CAPTURE and DIR are put in
}{
	{name: "flows", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) { c.packet(i, grownTCP(i, 0), 0) })
	}, args: [][]string{grownReport, {"diff", "DIR/r.json", "DIR/r.json"}, {"suggest", "CAPTURE", "--cpus", "8"}, {"compare", "CAPTURE", "--layout", "equal", "--layout", "block"}}},
	{name: "decisions of a flow", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) { c.packet(i, grownHome(i), 0) })
	}, args: [][]string{append([]string{"--hash-types", "tcp_ipv6_ex,ipv6_ex"}, grownReport...)}},
	{name: "tunnels", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) { c.packet(i, grownVXLAN(i), 0) })
	}, args: [][]string{grownReport, {"CAPTURE", "--inner"}}},
	{name: "windows", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) { c.packet(i*1e6, grownTCP(i%50, 0), 0) })
	}, args: [][]string{append([]string{"--interval", "500ms"}, grownReport...), {"suggest", "CAPTURE", "--interval", "500ms"}}},
	{name: "interfaces", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) {
			c.iface(1+i%2*(1000+i), i)
			c.on = uint32(i)
			c.packet(i, grownTCP(i%50, 0), 0)
		})
	}, args: [][]string{grownReport}},
	{name: "sections", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) { c.section(); c.iface(1, i); c.packet(i, grownTCP(i%50, 0), 0) })
	}, args: [][]string{grownReport}},
	{name: "long frames", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) { c.packet(i, grownTCP(i%50, 1500+i%60000), 0) })
	}, args: [][]string{grownReport}},
	{name: "restarts of the clock", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) { c.packet((n-i/2)*5e6, grownTCP(i%50, 0), 0) })
	}, args: [][]string{grownReport}},
	{name: "one instant", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) { c.packet(0, grownTCP(i%50, 0), 0) })
	}, args: [][]string{grownReport}},
	{name: "both directions", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) { c.packet(i, grownTCP(i/2, 0), uint32(1+i%2)) })
	}, args: [][]string{grownReport}},
	{name: "recorded", capture: func(n int) []byte {
		return grown(n, func(c *grownCapture, i int) {
			queue, hash := uint32(i), 2654435761*uint32(i)
			c.queue, c.hash = &queue, &hash
			c.packet(i, grownTCP(i, 0), 0)
		})
	}, args: [][]string{{"verify", "CAPTURE"}}},
}

// grownReport makes every format of the main command.
var grownReport = []string{"CAPTURE", "--mode", "all", "--flows", "all", "-o", "DIR/r.json", "-o", "DIR/r.html", "-o", "DIR/r.md", "-o", "DIR/tables/", "--trace", "DIR/trace.json", "--write", "DIR/copy.pcapng"}

// TestGrowth: no structure that a capture can make grow costs more than in proportion. What
// is counted is work, not time: how often each block of the program's code is executed for
// a capture of N packets, and for one of 4 N. What grows with the square has 16 times as
// many; sorting, 4.7 times.
func TestGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program with counters")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "rssreplay")
	build := exec.Command("go", "build", "-cover", "-covermode=count", "-coverpkg=rssreplay/...", "-o", program, "rssreplay/cmd/rssreplay")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("the program can't be built with counters here: %v\n%s", err, out)
	}
	const n, grows, few = 2000, 4, 100 // few times a packet are nothing, also if only the larger capture has them
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var work [2]map[string]uint64
			for i, packets := range []int{n, grows * n} {
				work[i] = workOf(t, program, test.capture(packets), test.args)
			}
			if work[1][""] < 10*grows*n {
				t.Errorf("all did only %d", work[1][""])
			}
			for _, block := range slices.Sorted(maps.Keys(work[1])) {
				if before, after := work[0][block], work[1][block]; after > 3*grows/2*before+few*grows*n {
					t.Errorf("%s: %d times for %d packets, %d times for %d", block, before, n, after, grows*n)
				}
			}
		})
	}
}

// workOf is how often each block of the program was executed by commands over a capture,
// and all together as "".
func workOf(t *testing.T, program string, capture []byte, commands [][]string) map[string]uint64 {
	t.Helper()
	dir, counters := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "capture.pcapng")
	if err := os.WriteFile(path, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	put := strings.NewReplacer("CAPTURE", path, "DIR", dir)
	for _, args := range commands {
		args = slices.Clone(args)
		for i := range args {
			args[i] = put.Replace(args[i])
		}
		c := exec.Command(program, args...)
		c.Env = append(os.Environ(), "GOCOVERDIR="+counters)
		if out, err := c.CombinedOutput(); err != nil && args[0] != "verify" { // which finds that all differs
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	text := filepath.Join(dir, "work.txt")
	if out, err := exec.Command("go", "tool", "covdata", "textfmt", "-i", counters, "-o", text).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(text)
	if err != nil {
		t.Fatal(err)
	}
	work := map[string]uint64{}
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		fields := strings.Fields(s.Text()) // FILE:FROM,TO STATEMENTS TIMES
		if len(fields) != 3 {
			continue
		}
		times, err := strconv.ParseUint(fields[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		work[fields[0]] += times
		work[""] += times
	}
	return work
}

// grownCapture is a pcapng capture in the making.
type grownCapture struct {
	bytes.Buffer
	on    uint32  // the interface of the next packet
	queue *uint32 // and what is recorded of it; nil: nothing
	hash  *uint32
}

// grown is a capture of Ethernet that add makes n packets of.
func grown(n int, add func(c *grownCapture, i int)) []byte {
	c := &grownCapture{}
	c.section()
	c.iface(1, 0)
	for i := range n {
		add(c, i)
	}
	return c.Bytes()
}

func (c *grownCapture) block(kind uint32, body []byte) {
	body = append(body, make([]byte, -len(body)&3)...)
	length := binary.LittleEndian.AppendUint32(nil, uint32(12+len(body)))
	c.Write(binary.LittleEndian.AppendUint32(nil, kind))
	c.Write(length)
	c.Write(body)
	c.Write(length)
}

func (c *grownCapture) section() {
	c.block(0x0a0d0d0a, unhex("4d3c2b1a 0100 0000 ffffffffffffffff"))
}

// iface is an interface of that link type; its name has a number.
func (c *grownCapture) iface(link, i int) {
	body := binary.LittleEndian.AppendUint16(nil, uint16(link))
	body = append(body, unhex("0000 00000400 0200 0800")...) // no limit, if_name
	c.block(1, append(fmt.Appendf(body, "eth%05d", i), 0, 0, 0, 0))
}

// packet is at that time in µs; direction 1 is inbound, 2 outbound, 0 not said.
func (c *grownCapture) packet(at int, frame []byte, direction uint32) {
	body := binary.LittleEndian.AppendUint32(nil, c.on)
	body = binary.LittleEndian.AppendUint32(body, uint32(uint64(at)>>32))
	body = binary.LittleEndian.AppendUint32(body, uint32(at))
	wire := max(len(frame), 14+int(binary.BigEndian.Uint16(frame[16:])))
	if frame[12] == 0x86 {
		wire = len(frame)
	}
	body = binary.LittleEndian.AppendUint32(body, uint32(len(frame)))
	body = binary.LittleEndian.AppendUint32(body, uint32(wire))
	body = append(body, frame...)
	body = append(body, make([]byte, -len(body)&3)...)
	if direction != 0 {
		body = binary.LittleEndian.AppendUint32(append(body, 2, 0, 4, 0), direction)
	}
	if c.queue != nil {
		body = binary.LittleEndian.AppendUint32(append(body, 6, 0, 4, 0), *c.queue)
	}
	if c.hash != nil {
		body = append(body, 3, 0, 5, 0, 5) // Toeplitz
		body = append(binary.BigEndian.AppendUint32(body, *c.hash), 0, 0, 0)
	}
	if direction != 0 || c.queue != nil || c.hash != nil {
		body = append(body, 0, 0, 0, 0)
	}
	c.block(6, body)
}

// grownTCP is of the i-th flow; its IP packet has that length, if that is not 0.
func grownTCP(i, length int) []byte {
	frame := slices.Clone(tcp4)
	binary.BigEndian.PutUint16(frame[28:], uint16(i>>14))
	binary.BigEndian.PutUint16(frame[34:], uint16(1024+i%(1<<14)))
	if length > 0 {
		binary.BigEndian.PutUint16(frame[16:], uint16(length))
	}
	return frame
}

// grownHome is of one flow, from the i-th Home Address.
func grownHome(i int) []byte {
	frame := slices.Concat(udp6[:54], unhex("06 02 0102 0000 c910 20010db8 0001 0000 0000 0000 00000000"), tcp4[34:])
	binary.BigEndian.PutUint16(frame[18:], uint16(len(frame)-54))
	frame[20] = 60
	binary.BigEndian.PutUint32(frame[74:], uint32(i))
	return frame
}

// grownVXLAN is of the i-th outer flow, and has the i-th inner one.
func grownVXLAN(i int) []byte {
	frame := slices.Concat(tcp4[:34], unhex("0000 12b5 0000 0000 08000000 00000100"), grownTCP(i, 0))
	binary.BigEndian.PutUint16(frame[16:], uint16(len(frame)-14))
	frame[23] = 17
	binary.BigEndian.PutUint16(frame[34:], uint16(1024+i))
	binary.BigEndian.PutUint16(frame[38:], uint16(len(frame)-34))
	return frame
}
