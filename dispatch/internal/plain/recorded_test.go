package plain

import (
	"cmp"
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

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
	"rssreplay/pcaps"
)

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

func readRun(t *testing.T, run string) (packets map[int]recorded, secret rps.Secret, masks [][]int) {
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

// stackHash is the stack's own hash of an Ethernet frame.
func stackHash(frame []byte, secret rps.Secret) uint32 {
	h, _ := secret.OfFrame(pcaps.LinkEthernet, frame)
	return h
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

// readTable reads the entries of what "ethtool -x" prints.
func readTable(t *testing.T, run, name string) (table nicmodel.IndirectionTable) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(truthRuns, run, name))
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(data), "RSS hash key")
	for line := range strings.Lines(text) {
		first, entries, found := strings.Cut(strings.TrimSpace(line), ":")
		if _, err := strconv.Atoi(first); err != nil || !found {
			continue
		}
		for _, entry := range strings.Fields(entries) {
			queue, err := strconv.ParseUint(entry, 10, 16)
			if err != nil {
				t.Fatal(err)
			}
			table = append(table, uint16(queue))
		}
	}
	return table
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
				hash = stackHash(frames[n], secret)
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

// TestRecordedRun replays whole runs, a packet each millisecond: by the hash that
// the NIC gave, the tables and affinity that were set and the secret, each packet
// is on the queue and the CPUs that were recorded.
//
// Linux lets a new affinity act from a queue's next interrupt on, which the model
// leaves out: in one run 13 of the queues' first packets were still on the CPU before.
func TestRecordedRun(t *testing.T) {
	if _, err := os.Stat(truthRuns); err != nil {
		t.Skip("the recorded runs are not here")
	}
	const gap = int64(1e6)
	for _, run := range []struct {
		name, capture string
		cpus, lag     int              // lag: packets on their interrupt's former CPU
		tables        map[int64]string // from a packet on
	}{
		{"igb-q8-rps-f", "rss_test", 8, 0, nil},
		{"virtio-q4-rps-f", "rss_test", 8, 0, nil},
		{"virtio-q4-rps-uneven", "rss_test", 8, 0, nil},
		{"virtio-q4-rps-ff-noudp", "rss_test", 8, 0, nil},
		{"virtio-q4-36cpus-rps", "rps_test", 36, 13, nil},
		{"virtio-q4-X-during-rps", "rps_test", 8, 0, map[int64]string{800: "ethtool-x-from-800.txt", 1600: "ethtool-x-from-1600.txt"}},
	} {
		packets, secret, masks := readRun(t, run.name)
		frames := readFrames(t, run.capture+".pcap")
		cfg := testConfig()
		cfg.Queues, cfg.RxRing = len(masks), 64
		cfg.Table = readTable(t, run.name, "ethtool-x.txt")
		cfg.CPUs, cfg.QueueCPU = nil, make([]int, len(masks))
		for cpu := range run.cpus {
			cfg.CPUs = append(cfg.CPUs, cpu)
		}
		affinity, err := os.ReadFile(filepath.Join(truthRuns, run.name, "irq-affinity.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(affinity)) {
			var queue, irq, cpu int
			if _, err := fmt.Sscanf(line, "queue %d irq %d affinity %d", &queue, &irq, &cpu); err != nil {
				t.Fatal(err)
			}
			cfg.QueueCPU[queue] = cpu
		}
		s := Setup{Config: cfg, RPS: &RPS{CPUs: masks, Cost: 3, Backlog: 1000}}
		for n, frame := range frames {
			p := Packet{Time: int64(n) * gap, Length: uint32(len(frame)), Flow: none, Conn: none, Entry: none}
			if r := packets[n]; r.hash != 0 {
				p.Entry = int(r.hash % uint32(len(cfg.Table)))
			}
			if r := packets[n]; r.l4 {
				p.RPSHash = r.hash
			} else {
				p.RPSHash = stackHash(frame, secret)
			}
			s.Packets = append(s.Packets, p)
		}
		for from, name := range run.tables {
			s.Tables = append(s.Tables, TableAt{from * gap, readTable(t, run.name, name)})
		}
		slices.SortFunc(s.Tables, func(a, b TableAt) int { return cmp.Compare(a.Time, b.Time) })

		_, e := timelineOf(t, s)
		queues, irqCPUs, cpus := 0, 0, 0
		for n := range frames {
			r := packets[n]
			if e.queueOf[n] == r.queue {
				queues++
			}
			if e.steered[n] == r.napiCPU {
				irqCPUs++
			}
			if e.indicated[n].cpu == r.cpu {
				cpus++
			}
		}
		t.Logf("%s: of %d packets %d on their queue, %d on their interrupt's CPU, %d on their CPU", run.name, len(frames), queues, irqCPUs, cpus)
		if all := len(frames); queues != all || irqCPUs != all-run.lag || cpus != all {
			t.Errorf("%s: not all are right", run.name)
		}
	}
}
