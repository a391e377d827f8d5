package plain

import (
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The first, second and last of the reference implementation's vectors: keys 00 to
// 0f, input 00, 01, 02 …
func TestSipHash(t *testing.T) {
	var key [16]byte
	input := make([]byte, 64)
	for i := range input {
		input[i] = byte(i)
		if i < len(key) {
			key[i] = byte(i)
		}
	}
	for n, want := range map[int]uint64{0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5, 63: 0x958a324ceb064572} {
		if got := sipHash(key, input[:n]); got != want {
			t.Errorf("%d bytes: %#x, want %#x", n, got, want)
		}
	}
}

// TestStackHash is that of 23 kinds of frame that Linux hashed.
func TestStackHash(t *testing.T) {
	data, err := os.ReadFile("testdata/stack_hash.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Fields(line)
		secret, err1 := hex.DecodeString(field[1])
		want, err2 := strconv.ParseUint(field[2], 16, 32)
		frame, err3 := hex.DecodeString(field[3])
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(line)
		}
		if got := StackHash(frame, [16]byte(secret)); got != uint32(want) {
			t.Errorf("%s: %#x, want %#x", field[0], got, want)
		}
		n++
	}
	if n != 23 {
		t.Errorf("%d frames", n)
	}
}

// truthRuns are recorded runs of Linux with RPS under QEMU. They are no part of the
// project; the test is skipped where they are absent.
const truthRuns = "../../../../shared/groundtruth"

// recorded is a packet of a run.
type recorded struct {
	class        string
	queue        int
	hash         uint32 // the NIC's, as the stack got it
	l4           bool   // it was told to be of layer 4
	napiCPU, cpu int    // before and after RPS
	stackHash    uint32 // that the stack had in the end
}

func readRun(t *testing.T, run string) (packets map[int]recorded, secret [16]byte, masks [][]int) {
	t.Helper()
	text := func(name string) string {
		data, err := os.ReadFile(filepath.Join(truthRuns, run, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	rows, err := csv.NewReader(strings.NewReader(text("packets-truth.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	packets = map[int]recorded{}
	for _, row := range rows[1:] {
		if row[8] == "" { // lost before the stack
			continue
		}
		n := func(i, base int) int {
			v, err := strconv.ParseUint(row[i], base, 32)
			if err != nil {
				t.Fatalf("%s: %v: %v", run, row, err)
			}
			return int(v)
		}
		packets[n(0, 10)] = recorded{
			class: row[2], queue: n(3, 10), hash: uint32(n(4, 16)), l4: row[5] == "1", napiCPU: n(6, 10), cpu: n(8, 10),
			stackHash: uint32(n(9, 16)),
		}
	}
	if _, err := hex.Decode(secret[:], []byte(strings.TrimSpace(text("hashrnd.txt")))); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text("rps.txt")) {
		path, mask, _ := strings.Cut(strings.TrimSpace(line), ":")
		if !strings.Contains(path, "/lo/") {
			bits, err := strconv.ParseUint(strings.ReplaceAll(mask, ",", ""), 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			masks = append(masks, maskOf(bits))
		}
	}
	return packets, secret, masks
}

// readFrames reads a little-endian classic pcap file.
func readFrames(t *testing.T, name string) (frames [][]byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(truthRuns, name))
	if err != nil {
		t.Fatal(err)
	}
	for data = data[24:]; len(data) > 0; {
		n := binary.LittleEndian.Uint32(data[8:])
		frames = append(frames, data[16:16+n])
		data = data[16+n:]
	}
	return frames
}

// TestRecordedRPS predicts each packet's hash and CPU after RPS from the frame, the
// secret and what the driver passed up.
func TestRecordedRPS(t *testing.T) {
	if _, err := os.Stat(truthRuns); err != nil {
		t.Skip("the recorded runs are not here")
	}
	for _, run := range []struct {
		name, capture string
		offline       int // CPU that went offline after the masks were written; −1: none
	}{
		{"igb-q8-rps-f", "rss_test", none},
		{"igb-q8-rps-f-rxhash-off", "rss_test", none},
		{"virtio-q4-rps-f", "rss_test", none},
		{"virtio-q4-rps-uneven", "rss_test", none},
		{"virtio-q4-rps-ff-noudp", "rss_test", none},
		{"virtio-q4-rps-offline", "rss_test", 6},
		{"virtio-q4-36cpus-rps", "rps_test", none},
		{"virtio-q4-X-during-rps", "rps_test", none},
		{"virtio-q4-rps-f-backlog5", "rps_test", none},
	} {
		packets, secret, masks := readRun(t, run.name)
		frames := readFrames(t, run.capture+".pcap")
		wrong, own, steered := map[string]int{}, 0, 0
		for n, p := range packets {
			hash := p.hash
			if !p.l4 {
				hash = StackHash(frames[n], secret)
				own++
			}
			mask := masks[p.queue]
			if len(mask) > 0 && hash != p.stackHash {
				wrong[p.class+": hash"]++
			}
			cpu := p.napiCPU
			if len(mask) > 0 {
				if c := mask[reciprocalScale(hash, len(mask))]; c != run.offline {
					cpu = c
				}
				steered++
			}
			if cpu != p.cpu {
				wrong[p.class+": CPU"]++
			}
		}
		t.Logf("%s: %d packets, %d with the stack's own hash, %d under a mask", run.name, len(packets), own, steered)
		if len(wrong) > 0 || len(packets) == 0 {
			t.Errorf("%s: wrong: %v", run.name, wrong)
		}
	}
}

// Frames that were cut anywhere are hashed, and none makes it panic.
func TestStackHashOfCutFrames(t *testing.T) {
	ipv4 := func(protocol byte, fragment uint16, payload ...byte) []byte {
		h := []byte{0x45, 0, 0, 0, 0, 0, byte(fragment >> 8), byte(fragment), 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
		return append(h, payload...)
	}
	ether := func(etherType uint16, payload ...byte) []byte {
		return append(binary.BigEndian.AppendUint16(make([]byte, 12), etherType), payload...)
	}
	udp := []byte{0, 80, 1, 0, 0, 0, 0, 0}
	ipv6 := func(next byte, payload ...byte) []byte {
		h := make([]byte, 40)
		h[0], h[6], h[23], h[39] = 0x60, next, 1, 2
		return append(h, payload...)
	}
	frames := [][]byte{
		ether(0x0800, ipv4(17, 0, udp...)...),
		ether(0x8100, append([]byte{0, 5, 8, 0}, ipv4(17, 0, udp...)...)...),
		ether(0x86dd, ipv6(60, append([]byte{44, 0, 0, 0, 0, 0, 0, 0}, append([]byte{17, 0, 0, 1, 0, 0, 0, 0}, udp...)...)...)...),
		ether(0x0800, ipv4(47, 0, append([]byte{0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 9}, ether(0x0800, ipv4(6, 0, udp...)...)...)...)...),
		ether(0x0800, ipv4(47, 0, append([]byte{0x30, 0x81, 0x88, 0x0b, 0, 4, 1, 2, 0, 0, 0, 9, 0, 0, 0, 8, 0xff, 3, 0, 0x21}, ipv4(17, 0, udp...)...)...)...),
		ether(0x8864, append([]byte{0x11, 0, 0, 1, 0, 9, 0, 0x57}, ipv6(6, udp...)...)...),
	}
	var secret [16]byte
	for i, frame := range frames {
		seen := map[uint32]bool{}
		for n := range len(frame) + 1 {
			seen[StackHash(frame[:n:n], secret)] = true
		}
		if len(seen) < 3 { // no EtherType, no IP header, … , whole
			t.Errorf("frame %d: %d hashes of all its lengths", i, len(seen))
		}
	}

	// Both directions alike; fragments of one datagram too; ports count.
	hash := func(frame []byte) uint32 { return StackHash(frame, secret) }
	back := slices.Clone(frames[0])
	copy(back[26:], []byte{10, 0, 0, 2, 10, 0, 0, 1, 1, 0, 0, 80})
	if hash(frames[0]) != hash(back) {
		t.Error("the two directions of a flow hash apart")
	}
	if hash(ether(0x0800, ipv4(17, 0x2000, udp...)...)) != hash(ether(0x0800, ipv4(17, 0x00b9, 9, 9, 9, 9)...)) {
		t.Error("two fragments hash apart")
	}
	if hash(frames[0]) == hash(ether(0x0800, ipv4(17, 0, 0, 81, 1, 0)...)) {
		t.Error("another port makes no difference")
	}
	if got := fmt.Sprintf("%x", (&dissection{etherType: 0x0806}).keys()); got != "0806"+strings.Repeat("00", 38) {
		t.Errorf("ARP: %s", got)
	}
}
