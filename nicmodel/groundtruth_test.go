package nicmodel_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/layout"
	"rssreplay/nicmodel/nictext"
	"rssreplay/nicmodel/profile"
	"rssreplay/pcaps"
	"rssreplay/pcaps/file"
	"rssreplay/pcaps/walk"
)

// groundTruth are the recorded configurations of testdata/groundtruth: what
// drivers on QEMU's NICs reported of each packet of rss_test.pcap.
var groundTruth = []struct {
	name    string
	profile string
	layout  string
	queues  int
	// exempt: how many packets of which classes the model's own rules get
	// otherwise than the NIC.
	exempt map[string]int
}{
	{"igb-q8-default", "qemu-igb", "block", 8,
		map[string]int{"qinq8100-tcp4": 12, "tcp6-dstopt": 10, "tcp6-frag-atomic": 3, "tcp6-homeaddr": 10, "tcp6-hopbyhop": 10, "tcp6-routing0": 10, "tcp6-routing2": 10}},
	{"igb-q8-udp-sdfn", "qemu-igb", "block", 8,
		map[string]int{"qinq8100-tcp4": 12, "tcp6-dstopt": 10, "tcp6-frag-atomic": 3, "tcp6-homeaddr": 10, "tcp6-hopbyhop": 10, "tcp6-routing0": 10, "tcp6-routing2": 10, "udp6-hopbyhop": 10}},
	{"virtio-q4-default", "qemu-virtio", "equal", 4,
		map[string]int{"qinq8100-tcp4": 12, "tcp6-frag-atomic": 3}},
	{"virtio-q4-mskey", "qemu-virtio", "equal", 4,
		map[string]int{"qinq8100-tcp4": 12, "tcp6-frag-atomic": 3}},
}

func truthFile(t *testing.T, elem ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{"testdata", "groundtruth"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// truthPacket is one line of packets-truth.csv.
type truthPacket struct {
	class string
	queue uint16
	hash  uint32 // 0: the device reported none
}

func readTruth(t *testing.T, text string) []truthPacket {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var packets []truthPacket
	for i, row := range rows[1:] {
		queue, err1 := strconv.ParseUint(row[3], 10, 16)
		sum, err2 := strconv.ParseUint(row[4], 16, 32)
		if row[0] != strconv.Itoa(i) || err1 != nil || err2 != nil {
			t.Fatalf("row %d: %v", i+1, row)
		}
		packets = append(packets, truthPacket{row[2], uint16(queue), uint32(sum)})
	}
	return packets
}

// walked is a packet of the capture as the walk saw it.
type walked struct {
	header pcaps.Header
	ext    pcaps.Extension
}

func readTruthCapture(t *testing.T) []walked {
	t.Helper()
	r, err := file.Open(filepath.Join("testdata", "groundtruth", "rss_test.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var packets []walked
	for recs := make([]pcaps.Record, 256); ; {
		n, err := r.Read(recs)
		for i := range recs[:n] {
			var w walked
			walk.Walk(&recs[i], &w.header, &w.ext)
			packets = append(packets, w)
		}
		if errors.Is(err, io.EOF) {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// truthSteering is what the driver's own answers come to: its table, what it
// hashes, and of the key as much as the NIC uses.
func truthSteering(t *testing.T, name string, profile *profile.Profile, rules nicmodel.Rules) *nicmodel.Steering {
	t.Helper()
	read := func(file string) io.Reader { return strings.NewReader(truthFile(t, name, file)) }
	table, err := nictext.ReadTable(read("ethtool-x.txt"), name)
	if err != nil {
		t.Fatal(err)
	}
	flow, err := nictext.ReadFlowHash(read("ethtool-n.txt"), name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := nictext.ReadKey(read("key.txt"), name)
	if err != nil {
		t.Fatal(err)
	}
	key, err := profile.FitKey(file.Key)
	if err != nil {
		t.Fatal(err)
	}
	if table.Key != nil && table.Key.String() != key.String() {
		t.Errorf("%s: ethtool -x shows the key %v, the host %v", name, table.Key, key)
	}
	s, err := nicmodel.NewSteering(nicmodel.SteeringConfig{
		HashTypes: flow.Types(profile.HashTypes),
		Key:       key, Transform: table.Transform, Table: table.Table,
		QueueCPU: make([]int, table.Rings), Rules: rules,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every packet's hash and queue are what the emulated NIC's driver saw, and
// without the NIC's rules exactly the classes that they are about are not.
func TestGroundTruth(t *testing.T) {
	packets := readTruthCapture(t)
	if len(packets) != 1232 {
		t.Fatalf("%d packets in the capture, want 1232", len(packets))
	}
	for _, c := range groundTruth {
		truth := readTruth(t, truthFile(t, c.name, "packets-truth.csv"))
		if len(truth) != len(packets) {
			t.Fatalf("%s: %d packets, want %d", c.name, len(truth), len(packets))
		}
		profile, err := profile.Named(c.profile)
		if err != nil {
			t.Fatal(err)
		}
		with, without := truthSteering(t, c.name, profile, profile.Rules), truthSteering(t, c.name, profile, nicmodel.Rules{})
		if n := profile.Queues(c.queues); n != c.queues || profile.Layout != c.layout || profile.TableSize.For(n) != len(with.Config().Table) {
			t.Errorf("%s: the profile has %d queues, layout %s, not the driver's", c.name, n, profile.Layout)
		}
		if got := with.Config().HashTypes; !strings.HasSuffix(c.name, "sdfn") && got != profile.HashTypes {
			t.Errorf("%s: the driver enables %v, the profile %v", c.name, got, profile.HashTypes)
		}
		equal, wrong := 0, map[string]int{}
		for i, want := range truth {
			p := &packets[i]
			d := with.Decide(&p.header, &p.ext)
			if d.Hash != want.hash || d.Queue != want.queue || (d.Type == hash.None) != (want.hash == 0) {
				t.Errorf("%s: packet %d (%s): %v %#08x on queue %d (%v), want %#08x on queue %d", c.name, i, want.class, d.Type, d.Hash, d.Queue, d.Why, want.hash, want.queue)
				continue
			}
			equal++
			if d := without.Decide(&p.header, &p.ext); d.Hash != want.hash || d.Queue != want.queue {
				wrong[want.class]++
			}
		}
		if equal != 1232 {
			t.Errorf("%s: %d of 1232 packets equal", c.name, equal)
		}
		if fmt.Sprint(wrong) != fmt.Sprint(c.exempt) {
			t.Errorf("%s: without the rules these differ: %v, want %v", c.name, wrong, c.exempt)
		}
	}
}

// The real outputs of the ground truth's drivers.
func TestReadGroundTruthTables(t *testing.T) {
	for _, c := range groundTruth {
		path := filepath.Join("testdata", "groundtruth", c.name, "ethtool-x.txt")
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := nictext.ReadTable(f, path)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if want := filled(t, c.layout, 128, c.queues); !cmp.Equal(want, got.Table) || got.Rings != c.queues || got.Function != nictext.FunctionToeplitz {
			t.Errorf("%s: %+v, want %s over %d rings", path, got, c.layout, c.queues)
		}
	}
}

func filled(t *testing.T, spec string, size, queues int) nicmodel.IndirectionTable {
	t.Helper()
	layout, err := layout.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	table, err := layout.Fill(size, queues)
	if err != nil {
		t.Fatal(err)
	}
	return table
}
