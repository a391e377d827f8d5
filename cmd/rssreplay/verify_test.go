package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/hash"
	"rssreplay/pcaps"
	"rssreplay/pcaps/file"
	"rssreplay/pcaps/grouped"
)

// truthRecord is what a driver saw of one packet of the ground truth.
type truthRecord struct {
	queue uint32
	hash  [4]byte
	keep  bool // the queue, the hash or both are recorded
}

func readTruth(t *testing.T, dir string) []truthRecord {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "packets-truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var all []truthRecord
	for _, line := range strings.Fields(string(text))[1:] {
		fields := strings.Split(line, ",")
		queue, err := strconv.Atoi(fields[3])
		if err != nil {
			t.Fatal(err)
		}
		sum, err := hex.DecodeString(fields[4])
		if err != nil || len(sum) != 4 {
			t.Fatal(line, err)
		}
		all = append(all, truthRecord{uint32(queue), [4]byte(sum), true})
	}
	return all
}

// truthPcapng writes the ground truth's packets as pcapng, with what was seen of
// each; algorithm is epb_hash's, 0 leaves hashes out.
func truthPcapng(t *testing.T, records []truthRecord, algorithm byte, queues bool) string {
	t.Helper()
	little := binary.LittleEndian
	b := little.AppendUint32(nil, 0x0a0d0d0a)
	b = append(b, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 28, 0, 0, 0)
	b = append(b, 1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 20, 0, 0, 0)
	r, err := file.Open(filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "rss_test.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	recs := make([]pcaps.Record, 1)
	for _, truth := range records {
		if n, err := r.Read(recs); n != 1 {
			t.Fatal("the capture is shorter than the truth: ", err)
		}
		data := slices.Clone(recs[0].Data)
		for len(data)%4 != 0 {
			data = append(data, 0)
		}
		var options []byte
		if queues {
			options = append(options, 6, 0, 4, 0)
			options = little.AppendUint32(options, truth.queue)
		}
		if algorithm != 0 {
			options = append(options, 3, 0, 5, 0, algorithm)
			options = append(append(options, truth.hash[:]...), 0, 0, 0)
		}
		options = append(options, 0, 0, 0, 0)
		total := uint32(32 + len(data) + len(options))
		micros := uint64(recs[0].Time / 1000)
		b = little.AppendUint32(b, 6)
		b = little.AppendUint32(b, total)
		b = little.AppendUint32(b, 0)
		b = little.AppendUint32(b, uint32(micros>>32))
		b = little.AppendUint32(b, uint32(micros))
		b = little.AppendUint32(b, uint32(len(recs[0].Data)))
		b = little.AppendUint32(b, recs[0].Wire)
		b = append(append(b, data...), options...)
		b = little.AppendUint32(b, total)
	}
	path := filepath.Join(t.TempDir(), "truth.pcapng")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

type verifyJSON struct {
	Agrees   *bool
	Verdict  string
	Evidence []string
	Notes    []string
	Source   string
	Unit     string
	Fit      *struct {
		Alpha    float64
		Beta     uint64 `json:"beta_packets"`
		Residual float64
	}
	Null *struct {
		Trials int
		AsGood int `json:"as_good"`
		Least  float64
	}
	Packets struct {
		Checked      uint64
		HashEqual    uint64 `json:"hash_equal"`
		HashChecked  uint64 `json:"hash_checked"`
		QueueEqual   uint64 `json:"queue_equal"`
		QueueChecked uint64 `json:"queue_checked"`
		CPUEqual     uint64 `json:"cpu_equal"`
		CPUChecked   uint64 `json:"cpu_checked"`
	}
	CPUs        []struct{ CPU, Predicted, Seen uint64 }
	Queues      []struct{ Queue, Predicted, Seen uint64 }
	Explanation *struct {
		ID, Summary      string
		PacketsExplained uint64 `json:"packets_explained"`
		Command          string
		NoCommand        string `json:"no_command"`
	}
	RecoveredKey *struct {
		Key           string
		Masked        string `json:"masked_key"`
		Determined    int    `json:"determined_bits"`
		Undetermined  []int  `json:"undetermined_bits"`
		Inconsistent  uint64
		EqualsClaimed bool `json:"equals_claimed"`
		Difference    *string

		InitialValue     string `json:"initial_value"`
		InitialValueBits string `json:"initial_value_bits"`
	} `json:"recovered_key"`
}

func verifies(t *testing.T, status int, args ...string) verifyJSON {
	t.Helper()
	var stdout, stderr strings.Builder
	if got := run(append([]string{"rssreplay", "verify", "--local", "none", "--format", "json"}, args...), strings.NewReader(""), &stdout, &stderr); got != status {
		t.Fatalf("%q: exit status %d, want %d: %s", args, got, status, stderr.String())
	}
	var v verifyJSON
	if err := json.Unmarshal([]byte(stdout.String()), &v); err != nil {
		t.Fatal(err)
	}
	followCommand(t, &v)
	return v
}

// unflagged are the explanations that no flag says, or not always.
var unflagged = []string{"atr", "rfs", "initial-value", "fewer-queues", "more-queues", "rps-mask"}

// followCommand runs the command that an explanation has: the prediction agrees with it.
func followCommand(t *testing.T, v *verifyJSON) {
	t.Helper()
	x := v.Explanation
	if x == nil {
		return
	}
	told := x.Command != "" || slices.Contains(unflagged, x.ID) || strings.Contains(x.NoCommand, " then says: ") || strings.Contains(x.NoCommand, "--context")
	if !told || (x.Command == "") == (x.NoCommand == "") {
		t.Errorf("%s, %s: command %q, none as %q", x.ID, x.Summary, x.Command, x.NoCommand)
	}
	if x.Command == "" {
		return
	}
	var stdout, stderr strings.Builder
	if status := run(shellWords(x.Command), strings.NewReader(""), &stdout, &stderr); status != exitDone {
		t.Errorf("%s\nof %s, %s\nexit status %d: %s%s", x.Command, x.ID, x.Summary, status, stdout.String(), stderr.String())
	}
}

var truthConfigurations = []struct{ name, nic string }{
	{"igb-q8-default", "qemu-igb"}, {"igb-q8-udp-sdfn", "qemu-igb"}, {"virtio-q4-default", "qemu-virtio"}, {"virtio-q4-mskey", "qemu-virtio"},
}

// What real drivers recorded of each packet agrees with the prediction in all, and
// the key solved from it is theirs; hashes in the other byte order are read so.
func TestVerifyGroundTruth(t *testing.T) {
	for i, c := range truthConfigurations {
		dir := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", c.name)
		records := readTruth(t, dir)
		swapped := slices.Clone(records)
		for k := range swapped {
			slices.Reverse(swapped[k].hash[:])
		}
		recordings := [][]truthRecord{records, swapped}
		if testing.Short() && i > 0 {
			recordings = recordings[:1]
		}
		for _, recorded := range recordings {
			v := verifies(t, exitDone, truthPcapng(t, recorded, 5, true), "--nic", c.nic, "--bundle", dir)
			n := uint64(len(records))
			if v.Packets.Checked != n || v.Packets.HashEqual != n || v.Packets.QueueEqual != n || v.Explanation != nil {
				t.Errorf("%s: %+v", c.name, v)
			}
			if k := v.RecoveredKey; k == nil || !k.EqualsClaimed || k.Difference != nil || k.Inconsistent != 0 || k.Determined < 100 {
				t.Errorf("%s: recovered key %+v", c.name, k)
			}
		}
		// The driver's counters say the same.
		v := verifies(t, exitDone, filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "rss_test.pcap"), "--nic", c.nic, "--bundle", dir,
			"--counters-before", filepath.Join(dir, "ethtool-S.txt"), "--counters-after", filepath.Join(dir, "ethtool-S-after.txt"), "--tolerance", "0%")
		if v.Packets.QueueEqual != uint64(len(records)) {
			t.Errorf("%s: by counters %+v", c.name, v.Packets)
		}
		// No other key fits them.
		v = verifies(t, exitDone, filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "rss_test.pcap"), "--nic", c.nic, "--bundle", dir,
			"--counters-before", filepath.Join(dir, "ethtool-S.txt"), "--counters-after", filepath.Join(dir, "ethtool-S-after.txt"))
		if v.Agrees == nil || !*v.Agrees || v.Fit.Alpha != 1 || v.Fit.Beta != 0 || v.Fit.Residual != 0 || v.Null.Trials < 200 || v.Null.AsGood != 0 {
			t.Errorf("%s: by counters %+v, null %+v", c.name, v.Fit, v.Null)
		}
		// Interrupts say that all queues are in use, as they are under any key.
		v = verifies(t, exitCantTell, filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "rss_test.pcap"), "--nic", c.nic, "--bundle", dir,
			"--interrupts-before", filepath.Join(dir, "interrupts-before.txt"), "--interrupts-after", filepath.Join(dir, "interrupts-after.txt"))
		if v.Agrees != nil || v.Null.AsGood == 0 || !strings.Contains(v.Verdict, "Interrupts can't tell: ") {
			t.Errorf("%s: by interrupts %v, %+v", c.name, v.Verdict, v.Null)
		}
	}
}

// Wrong claims are found, and explained by what is wrong in them.
func TestVerifyWrongClaims(t *testing.T) {
	if testing.Short() {
		t.Skip("tries all hypotheses, over and over")
	}
	truth := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth")
	for _, test := range []struct {
		config, nic string
		args        []string
		id, says    string
	}{
		{"igb-q8-default", "qemu-igb", []string{"--rx-flow-hash", "udp4=sdfn", "--rx-flow-hash", "udp6=sdfn"}, "hash-fields", "UDP is hashed on addresses alone"},
		{"igb-q8-udp-sdfn", "qemu-igb", []string{"--rx-flow-hash", "udp4=sd", "--rx-flow-hash", "udp6=sd"}, "hash-fields", "UDP is hashed with its ports"},
		{"virtio-q4-default", "qemu-virtio", []string{"--xfrm", "symmetric-xor"}, "xfrm", "xfrm none, not symmetric-xor"},
		{"virtio-q4-default", "virtio", nil, "parser", "qemu-virtio"},
		{"virtio-q4-mskey", "qemu-virtio", []string{"--key", "symmetric"}, "key", "the key is microsoft"},
		{"virtio-q4-default", "qemu-virtio", []string{"--key", lateKey(t, truth, "virtio-q4-default")}, "solved-key", "one byte early"},
	} {
		t.Run(test.config+"/"+test.id, func(t *testing.T) {
			dir := filepath.Join(truth, test.config)
			records := readTruth(t, dir)
			args := append([]string{truthPcapng(t, records, 5, true), "--nic", test.nic, "--bundle", dir}, test.args...)
			v := verifies(t, exitDiffers, args...)
			if v.Explanation == nil || v.Explanation.ID != test.id || !strings.Contains(v.Explanation.Summary, test.says) {
				t.Fatalf("explanation %+v; packets %+v", v.Explanation, v.Packets)
			}
			if v.Explanation.PacketsExplained != uint64(len(records)) {
				t.Errorf("it explains %d of %d packets", v.Explanation.PacketsExplained, len(records))
			}
			// Where it leaves some, the command is told with what comes out of it.
			for i := range records[:9] {
				records[i].queue += 50
			}
			args[0] = truthPcapng(t, records, 5, true)
			left := fmt.Sprintf(" then says: Reality differs from the prediction: it agrees with %s of ", grouped.Int(uint64(len(records)-9)))
			if x := verifies(t, exitDiffers, args...).Explanation; x == nil || x.ID != test.id || !strings.Contains(x.NoCommand, left) {
				t.Errorf("with some that are elsewhere: %+v", x)
			}
		})
	}
}

// lateKey is the configuration's key, one byte late: the NIC then has the claimed
// key one byte early, but for its last byte.
func lateKey(t *testing.T, truth, config string) string {
	text, err := os.ReadFile(filepath.Join(truth, config, "key.txt"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	bytes := strings.Split(strings.TrimSpace(first), ":")[:40]
	return "00:" + strings.Join(bytes[:39], ":")
}

// An unknown key is solved, also where only the hashes tell.
func TestVerifySolvesKey(t *testing.T) {
	if testing.Short() {
		t.Skip("tries all hypotheses, over and over")
	}
	dir := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "virtio-q4-default")
	v := verifies(t, exitDiffers, truthPcapng(t, readTruth(t, dir), 5, false), "--nic", "qemu-virtio", "--bundle", dir, "--key", "microsoft")
	text, err := os.ReadFile(filepath.Join(dir, "key.txt"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	want := strings.ReplaceAll(strings.TrimSpace(first), ":", "")
	k := v.RecoveredKey
	if k == nil || k.EqualsClaimed || k.Difference == nil || v.Explanation == nil || v.Explanation.ID != "solved-key" {
		t.Fatalf("%+v, %+v", k, v.Explanation)
	}
	// Few bits stay open: of a wrong key half of all would differ.
	if d := differentBits(t, k.Key, want); d > len(k.Undetermined) {
		t.Errorf("%d bits of %s differ from %s", d, k.Key, want)
	}
	checkMasked(t, k.Masked, want, k.Determined, k.Undetermined)
	// From hashes in the other byte order it is the same.
	turned := readTruth(t, dir)
	for i := range turned {
		slices.Reverse(turned[i].hash[:])
	}
	other := verifies(t, exitDiffers, truthPcapng(t, turned, 5, false), "--nic", "qemu-virtio", "--bundle", dir, "--key", "microsoft")
	if o := other.RecoveredKey; o == nil || o.Masked != k.Masked || o.Inconsistent != k.Inconsistent || other.Explanation == nil || other.Explanation.Summary != v.Explanation.Summary {
		t.Errorf("other byte order: %+v, %+v", o, other.Explanation)
	}
	if !cgo { // --filter needs libpcap
		return
	}
	// Of IPv4 alone no input meets more than 127 bits.
	v = verifies(t, exitDiffers, truthPcapng(t, readTruth(t, dir), 5, false), "--nic", "qemu-virtio", "--bundle", dir, "--key", "microsoft", "--filter", "ip")
	if k = v.RecoveredKey; k == nil || k.Determined > 127 || len(k.Undetermined) != len(want)*4-k.Determined {
		t.Fatalf("IPv4: %+v", k)
	}
	checkMasked(t, k.Masked, want, k.Determined, k.Undetermined)
}

// Of a NIC that reads the key backwards and whose hash begins from 0xffffffff, or has
// 16 bits twice, the key is told in the order in which it is set.
func TestVerifySolvesReversedKey(t *testing.T) {
	if !cgo {
		t.Skip("--filter needs libpcap")
	}
	key := "f3a94c07d2581be6607f12c9ae35840d71bb9e23f05c6a48d71e9340b62dcf85197ae0536c84fb21"
	set, err := hex.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	backwards := slices.Clone(set)
	slices.Reverse(backwards)
	for _, c := range []struct {
		xfrm string
		hash func(input []byte) uint32 // of addresses and ports
	}{
		{"ena", func(input []byte) uint32 { return ^hash.Toeplitz(backwards, input) }},
		{"ena-old", func(input []byte) uint32 { return hash.Toeplitz(backwards, input) }},
		{"ena-gen4", func(input []byte) uint32 {
			sorted := slices.Clone(input)
			if slices.Compare(input[:4], input[4:8]) > 0 {
				copy(sorted, input[4:8])
				copy(sorted[4:], input[:4])
			}
			if slices.Compare(input[8:10], input[10:]) > 0 {
				copy(sorted[8:], input[10:])
				copy(sorted[10:], input[8:10])
			}
			low := ^hash.Toeplitz(set, sorted) & 0xffff
			return low<<16 | low
		}},
	} {
		r, err := file.Open(filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "rss_test.pcap"))
		if err != nil {
			t.Fatal(err)
		}
		var records []truthRecord
		recs := make([]pcaps.Record, 1)
		for {
			if n, err := r.Read(recs); n != 1 || err != nil {
				break
			}
			var of truthRecord
			// TCP over IPv4 without options, no fragment.
			if d := recs[0].Data; len(d) >= 38 && d[12] == 8 && d[13] == 0 && d[14] == 0x45 && d[23] == 6 && d[20]&0x3f == 0 && d[21] == 0 {
				binary.BigEndian.PutUint32(of.hash[:], c.hash(d[26:38]))
				of.keep = true
			}
			records = append(records, of)
		}
		r.Close()
		capture := truthPcapng(t, records, 5, false)
		args := []string{capture, "--xfrm", c.xfrm, "--filter", "tcp and ip[0] = 0x45 and ip[6:2] & 0x3fff = 0", "--cpus", "4"}
		v := verifies(t, exitDone, append(args, "--key", key)...)
		k := v.RecoveredKey
		if k == nil || !k.EqualsClaimed || k.Inconsistent != 0 || k.Determined < 60 {
			t.Errorf("%s: %+v", c.xfrm, k)
			continue
		}
		checkMasked(t, k.Masked, key, k.Determined, k.Undetermined)
		v = verifies(t, exitDiffers, append(args, "--key", "microsoft")...)
		if k = v.RecoveredKey; k == nil || k.EqualsClaimed || k.Difference == nil || k.Inconsistent != 0 {
			t.Errorf("%s: %+v", c.xfrm, k)
			continue
		}
		checkMasked(t, k.Masked, key, k.Determined, k.Undetermined)
	}
}

// A hash that begins from a value that no profile has is solved with its key; the true key is
// told to be right, and another one to be wrong.
func TestVerifySolvesInitialValue(t *testing.T) {
	if testing.Short() {
		t.Skip("tries both orders of bytes, with and without an initial value")
	}
	random := rand.New(rand.NewPCG(77, 7))
	key, err := hash.ParseKey("mellanox")
	if err != nil {
		t.Fatal(err)
	}
	capture := filepath.Join(t.TempDir(), "c.pcapng")
	err = os.WriteFile(capture, grown(200, func(c *grownCapture, at int) {
		frame := slices.Clone(tcp4)
		for i := 26; i < 38; i++ {
			frame[i] = byte(random.Uint32())
		}
		sum := hash.Toeplitz(key, frame[26:38]) ^ 0x1badcafe
		c.hash = &sum
		c.packet(at, frame, 0)
	}), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	v := verifies(t, exitDiffers, capture, "--cpus", "4", "--key", "mellanox")
	k := v.RecoveredKey
	if k == nil || k.InitialValue != "0x1badcafe" || k.InitialValueBits != "0xffffffff" || !k.EqualsClaimed || k.Inconsistent != 0 || v.Explanation == nil || v.Explanation.ID != "initial-value" {
		t.Fatalf("%+v, %+v", k, v.Explanation)
	}
	v = verifies(t, exitDiffers, capture, "--cpus", "4", "--key", "microsoft")
	if k = v.RecoveredKey; k == nil || k.InitialValue != "0x1badcafe" || k.EqualsClaimed || !strings.Contains(v.Explanation.Summary, "and the key is the one solved") {
		t.Fatalf("%+v, %+v", k, v.Explanation)
	}
}

// A transformation that the NIC does not do can look like another initial value of few addresses:
// what explains all packets is told.
func TestVerifyOfAnotherTransform(t *testing.T) {
	capture := filepath.Join(repository(t), "pcaps", "samples", "queues.pcapng")
	if x := verifies(t, exitDiffers, capture, "--cpus", "4", "--key", "mellanox", "--xfrm", "symmetric-xor").Explanation; x == nil || x.ID != "xfrm" || x.PacketsExplained != 751 {
		t.Errorf("%+v", x)
	}
}

// checkMasked checks that each digit shown is the true key's, and those that are not are
// of open bits.
func checkMasked(t *testing.T, masked, want string, determined int, open []int) {
	t.Helper()
	for i := range masked {
		has := slices.ContainsFunc(open, func(bit int) bool { return bit/4 == i })
		if has != (masked[i] == '?') || !has && masked[i] != want[i] {
			t.Errorf("digit %d of %s: the key is %s, open bits %v", i, masked, want, open)
			return
		}
	}
	if len(masked) != len(want) || determined+len(open) != len(want)*4 {
		t.Errorf("%s of %s: %d determined, %d open", masked, want, determined, len(open))
	}
}

// Records of queue 0 and hash 0 alone are those of a NIC whose RSS is off.
func TestVerifyRecordsRSSOff(t *testing.T) {
	dir := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "virtio-q4-default")
	records := readTruth(t, dir)
	for i := range records {
		records[i].queue, records[i].hash = 0, [4]byte{}
	}
	v := verifies(t, exitDiffers, truthPcapng(t, records, 5, true), "--nic", "qemu-virtio", "--bundle", dir)
	if v.Explanation == nil || v.Explanation.ID != "rss-off" || v.RecoveredKey != nil {
		t.Errorf("%+v", v)
	}
}

// Where queues alone are recorded, other keys are what the claim is compared with: it
// agrees where none of them does as well, and a wrong one gets no cause. A few packets
// can't tell.
func TestVerifyRecordsOfQueues(t *testing.T) {
	dir := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "igb-q8-default")
	records := readTruth(t, dir)
	all, few := truthPcapng(t, records, 0, true), truthPcapng(t, records[:2], 0, true)
	claim := []string{"--nic", "qemu-igb", "--bundle", dir}
	v := verifies(t, exitDone, append(claim, all)...)
	if v.Agrees == nil || !*v.Agrees || v.Null == nil || v.Null.AsGood != 0 || v.Packets.QueueEqual != uint64(len(records)) || v.RecoveredKey != nil {
		t.Errorf("%s, null %+v, %+v", v.Verdict, v.Null, v.Packets)
	}
	v = verifies(t, exitDiffers, append(claim, all, "--key", strings.Repeat("5e17", 20))...)
	if v.Agrees == nil || *v.Agrees || v.Explanation != nil || v.Null == nil {
		t.Errorf("a wrong key: %s, %+v", v.Verdict, v.Explanation)
	}
	v = verifies(t, exitCantTell, "--nic", "octeontx2", "--table", filepath.Join(dir, "ethtool-x.txt"), all, "--key", strings.Repeat("5e17", 22))
	if v.Agrees != nil || !strings.HasPrefix(v.Verdict, "Nothing to compare with: the NIC hashes ports at byte 32") {
		t.Errorf("a hash that is not emulated: %s", v.Verdict)
	}
	v = verifies(t, exitDiffers, append(claim, all, "--rx-flow-hash", "udp4=sdfn", "--rx-flow-hash", "udp6=sdfn")...)
	if v.Explanation == nil || v.Explanation.ID != "hash-fields" || v.Explanation.PacketsExplained != uint64(len(records)) {
		t.Errorf("other fields: %+v", v.Explanation)
	}
	v = verifies(t, exitCantTell, append(claim, few)...)
	if v.Agrees != nil || v.Null.AsGood == 0 || !strings.HasPrefix(v.Verdict, "Recorded queues can't tell: ") {
		t.Errorf("two packets: %s, %+v", v.Verdict, v.Null)
	}
}

func differentBits(t *testing.T, a, b string) int {
	t.Helper()
	x, err1 := hex.DecodeString(a)
	y, err2 := hex.DecodeString(b)
	if err1 != nil || err2 != nil || len(x) != len(y) {
		t.Fatalf("%s, %s: %v %v", a, b, err1, err2)
	}
	n := 0
	for i := range x {
		n += strings.Count(fmt.Sprintf("%b", x[i]^y[i]), "1")
	}
	return n
}

// Another table is found from where the entries lead.
func TestVerifyOtherTable(t *testing.T) {
	dir := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "virtio-q4-default")
	records := readTruth(t, dir)
	for i := range records {
		records[i].queue = (records[i].queue + 1) % 4
		if records[i].hash == [4]byte{} {
			records[i].queue = 0
		}
	}
	v := verifies(t, exitDiffers, truthPcapng(t, records, 5, true), "--nic", "qemu-virtio", "--bundle", dir)
	if v.Explanation == nil || v.Explanation.ID != "table" || v.Explanation.PacketsExplained != uint64(len(records)) {
		t.Errorf("%+v", v.Explanation)
	}
	// Also where the claim has another key, and other fields.
	for id, flags := range map[string][]string{"solved-key": {"--key", "microsoft"}, "hash-fields": {"--rx-flow-hash", "tcp4=sd"}} {
		v := verifies(t, exitDiffers, append([]string{truthPcapng(t, records, 5, true), "--nic", "qemu-virtio", "--bundle", dir}, flags...)...)
		if x := v.Explanation; x == nil || x.ID != id || !strings.Contains(x.Summary, "table") || x.PacketsExplained != uint64(len(records)) || x.Command == "" {
			t.Errorf("%s: %+v", id, x)
		}
	}
	// And where the claim has another key and other fields, whatever the table.
	v = verifies(t, exitDiffers, truthPcapng(t, readTruth(t, dir)[:200], 5, true), "--nic", "qemu-virtio", "--bundle", dir, "--key", "microsoft", "--rx-flow-hash", "tcp4=sd")
	if x := v.Explanation; x == nil || x.ID != "hash-fields" || !strings.Contains(x.Summary, "solved from the hashes") || x.PacketsExplained != 200 || x.Command == "" {
		t.Errorf("key and fields: %+v", x)
	}
	// Of a transformation that the NIC does not do, the hash only seems to begin elsewhere.
	v = verifies(t, exitDiffers, filepath.Join(repository(t), "pcaps", "samples", "queues.pcapng"), "--cpus", "4", "--xfrm", "symmetric-xor")
	if x := v.Explanation; x == nil || x.ID != "xfrm" || !strings.Contains(x.Summary, "mellanox") || x.PacketsExplained != 751 || v.RecoveredKey != nil {
		t.Errorf("key and transformation: %+v", x)
	}
}

// By counters, a wrong field is found where it matters, and RSS that is off; a tolerance
// decides alone.
func TestVerifyCounters(t *testing.T) {
	truth := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth")
	dir := filepath.Join(truth, "igb-q8-default")
	args := []string{filepath.Join(truth, "rss_test.pcap"), "--nic", "qemu-igb", "--bundle", dir, "--counters-before", filepath.Join(dir, "ethtool-S.txt"), "--counters-after", filepath.Join(dir, "ethtool-S-after.txt")}
	ports := append(slices.Clone(args), "--rx-flow-hash", "udp4=sdfn", "--rx-flow-hash", "udp6=sdfn")
	v := verifies(t, exitDiffers, ports...)
	if v.Agrees == nil || *v.Agrees || v.Explanation == nil || v.Explanation.ID != "hash-fields" || !strings.Contains(v.Explanation.Summary, "UDP is hashed on addresses alone") {
		t.Errorf("ports of UDP: %+v", v)
	}
	v = verifies(t, exitDone, append(slices.Clone(ports), "--tolerance", "20%")...)
	if v.Explanation != nil || !strings.Contains(v.Verdict, "--tolerance") {
		t.Errorf("ports of UDP, with a tolerance: %+v", v)
	}
	verifies(t, exitDiffers, append(slices.Clone(ports), "--tolerance", "1%")...)
	// Another key is none that is known.
	v = verifies(t, exitCantTell, append(slices.Clone(args), "--key", strings.Repeat("3f:09:c1:77:", 9)+"58:e2:10:9b")...)
	if v.Agrees != nil || v.Explanation != nil || v.Null.AsGood == 0 || !strings.Contains(v.Verdict, "random keys fit as well; record hashes, or use fewer flows") {
		t.Errorf("another key: %+v", v)
	}
	// A driver that never switched RSS on, as its two queues were shown in a thread.
	counters := func(name string, first int) string {
		path := filepath.Join(t.TempDir(), name)
		text := fmt.Sprintf("NIC statistics:\n     rx_queue_0_packets: %d\n     rx_queue_0_bytes: 0\n     rx_queue_1_packets: 0\n     rx_queue_1_bytes: 0\n", first)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	v = verifies(t, exitDiffers, filepath.Join(truth, "rss_test.pcap"), "--cpus", "2", "--counters-before", counters("before", 0), "--counters-after", counters("after", 1250))
	if v.Explanation == nil || v.Explanation.ID != "rss-off" || v.Explanation.PacketsExplained != 1250 || !strings.Contains(v.Explanation.Summary, "RSS is not in effect: all packets are on queue 0") {
		t.Errorf("RSS off: %+v", v)
	}
	// What interrupts tell is said of interrupts.
	interrupts := func(name string, first int) string {
		path := filepath.Join(t.TempDir(), name)
		text := fmt.Sprintf("           CPU0       CPU1\n 24:  %9d          0  PCI-MSI 1-edge  eth0-TxRx-0\n 25:          0          0  PCI-MSI 2-edge  eth0-TxRx-1\n", first)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	v = verifies(t, exitDiffers, filepath.Join(truth, "rss_test.pcap"), "--cpus", "2", "--interrupts-before", interrupts("before", 0), "--interrupts-after", interrupts("after", 700))
	if v.Explanation == nil || v.Explanation.Summary != "RSS is not in effect: all interrupts are on queue 0" {
		t.Errorf("RSS off, by interrupts: %+v", v.Explanation)
	}
}

// What explains counters comes with the command that shows it, which verifies runs, or with
// why there is none.
func TestVerifyCommands(t *testing.T) {
	truth := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth", "rss_test.pcap")
	web := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	table := filepath.Join(t.TempDir(), "table.txt")
	text := "RX flow hash indirection table for eth0 with 8 RX ring(s):\n"
	for i := range 16 {
		text += fmt.Sprintf("%5d:  0 1 2 3 4 5 6 7\n", 8*i)
	}
	text += "RSS hash key:\n6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa\n"
	three := table + ".context"
	for name, text := range map[string]string{table: text, three: strings.NewReplacer("  0 1 2 3 4 5 6 7", "  0 1 2 0 1 2 0 1").Replace(text)} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	context := []string{"--table", table, "--rule", "flow-type tcp4 context 1", "--context"}
	row := "0,1,2,3,4,5,6,7,"
	moved := "list:0,1,2,3,4,2,6,7," + strings.Repeat(row, 8) + "0,1,2,3,4,1,6,7," + strings.Repeat(row, 5) + "0,1,2,3,4,5,6,7"
	for i, c := range []struct {
		capture      string
		truth, claim []string
		id, ends     string // how its command ends; "": it has none
	}{
		{web, []string{"--layout", "equal:6"}, nil, "table", "--layout equal:6"},
		{truth, []string{"--layout", "equal:3,start:4"}, []string{"--queues", "6"}, "table", "--queues 7 --layout equal:3,start:4 --table-size 128"},
		{web, []string{"--layout", "block"}, []string{"--table", table}, "table", "--layout block"},
		{web, []string{"--layout", moved}, []string{"--table", table}, "moved-entries", "--layout " + moved},
		{web, []string{"--key", "mellanox"}, []string{"--table", table}, "key", "--key mellanox"},
		{web, []string{"--xfrm", "symmetric-xor"}, []string{"--xfrm", "ena"}, "xfrm", "--xfrm symmetric-xor"},
		{truth, []string{"--rx-flow-hash", "udp4=sd"}, []string{"--rx-flow-hash", "udp6=sdfn", "--rx-flow-hash", "udp4=sdfn"}, "hash-fields", "--rx-flow-hash udp6=sdfn --rx-flow-hash udp4=sd"},
		{truth, []string{"--hash-types", "tcp_ipv4,tcp_ipv6"}, []string{"--rx-flow-hash", "udp6=sdfn"}, "hash-fields", "--hash-types tcp_ipv4,tcp_ipv6"},
		{truth, []string{"--nic", "qemu-igb", "--key", "microsoft", "--layout", "equal"}, []string{"--nic", "ixgbe", "--key", "microsoft"}, "parser", "--layout equal:8 --table-size 128"},
		{truth, []string{"--nic", "qemu-igb", "--key", "microsoft", "--layout", "equal"}, nil, "hash-fields-parser", "--layout equal:8 --table-size 128"},
		{truth, nil, []string{"--rule", "flow-type tcp4 dst-port 443 action 3 loc 7"}, "rules", "loc 7' --rule 'delete 7'"},
		{web, []string{"--layout", "equal:1,start:3", "--default-queue", "3"}, nil, "rss-off", "--default-queue 3 --layout equal:1,start:3"},
		{web, append(slices.Clone(context), "1="+table), append(slices.Clone(context), "1="+three), "table", ""},
		{truth, []string{"--layout", "equal:1,start:3"}, []string{"--table", table}, "rss-off", "--layout equal:1,start:3"},
		{web, []string{"--layout", "equal:6", "--key", strings.Repeat("5e17", 20)}, nil, "fewer-queues", ""},
	} {
		if testing.Short() && i%3 > 0 {
			continue
		}
		var stdout, stderr strings.Builder
		if status := run(append([]string{"rssreplay", c.capture, "--local", "none", "--mode", "rss-msix", "--rx-ring", "8192", "--format", "json"}, c.truth...), strings.NewReader(""), &stdout, &stderr); status != exitDone {
			t.Fatalf("%q: %s", c.truth, stderr.String())
		}
		var replayed struct {
			Modes []struct{ Queues []struct{ Packets int } }
		}
		if err := json.Unmarshal([]byte(stdout.String()), &replayed); err != nil {
			t.Fatal(err)
		}
		before, after := "NIC statistics:\n", "NIC statistics:\n"
		for q, seen := range replayed.Modes[0].Queues {
			before += fmt.Sprintf("     rx%d_packets: 0\n", q)
			after += fmt.Sprintf("     rx%d_packets: %d\n", q, seen.Packets)
		}
		dir := t.TempDir()
		args := append([]string{c.capture}, c.claim...)
		for flag, text := range map[string]string{"counters-before": before, "counters-after": after} {
			if err := os.WriteFile(filepath.Join(dir, flag), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			args = append(args, "--"+flag, filepath.Join(dir, flag))
		}
		x := verifies(t, exitDiffers, args...).Explanation
		if x == nil || x.ID != c.id || (c.ends == "") != (x.Command == "") || !strings.HasSuffix(x.Command, c.ends) {
			t.Errorf("%q seen, %q claimed: %+v; want %s, %q", c.truth, c.claim, x, c.id, c.ends)
		}
	}
}

// A host's capture has what GRO joined, and the NIC counted frames: the right key agrees,
// in frames, and is told so; likewise in bytes, where the driver counts these alone.
func TestVerifyLongFrames(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 21))
	little := binary.LittleEndian
	b := little.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 1, 0, 0, 0)
	var seen, bytes [8]uint64
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	for flow := range 120 {
		port := uint16(random.Uint32()) | 1
		frame := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0,
			10, byte(random.Uint32()), byte(random.Uint32()), byte(flow), 192, 0, 2, 1, byte(port >> 8), byte(port), 1, 187,
			0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0}
		queue := hash.Toeplitz(key, slices.Concat(frame[26:34], frame[34:38])) & 127 % 8
		segments := 1
		if flow%4 == 0 { // joined up to so many
			segments = 2 + random.IntN(40)
		}
		for range 5 + random.IntN(20) {
			payload := 1460 * segments
			binary.BigEndian.PutUint16(frame[16:], uint16(40+payload))
			seen[queue] += uint64(segments)
			bytes[queue] += uint64(segments * (14 + 40 + 1460))
			b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
			b = little.AppendUint32(b, uint32(len(frame)))
			b = little.AppendUint32(b, uint32(54+payload))
			b = append(b, frame...)
		}
	}
	dir := t.TempDir()
	text := [2]string{"NIC statistics:\n", "NIC statistics:\n"}
	for q, n := range seen {
		text[0] += fmt.Sprintf("     rx_queue_%d_packets: 0\n", q)
		text[1] += fmt.Sprintf("     rx_queue_%d_packets: %d\n", q, n)
	}
	gve := [2]string{"NIC statistics:\n", "NIC statistics:\n"}
	for q, n := range bytes {
		gve[0] += fmt.Sprintf("     rx_posted_desc[%d]: 7\n     rx_bytes[%[1]d]: 100\n", q)
		gve[1] += fmt.Sprintf("     rx_posted_desc[%d]: 9\n     rx_bytes[%[1]d]: %d\n", q, 100+n)
	}
	for name, data := range map[string]string{"c.pcap": string(b), "before": text[0], "after": text[1], "gve-before": gve[0], "gve-after": gve[1]} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{filepath.Join(dir, "c.pcap"), "--cpus", "8", "--counters-before", filepath.Join(dir, "before"), "--counters-after", filepath.Join(dir, "after")}
	v := verifies(t, exitDone, args...)
	if v.Agrees == nil || !*v.Agrees || v.Unit != "wire_frames" || v.Fit.Residual != 0 {
		t.Errorf("%s: %s, %+v", v.Unit, v.Verdict, v.Fit)
	}
	if v = verifies(t, exitDiffers, append(args, "--key", "mellanox")...); v.Explanation == nil || !strings.Contains(v.Explanation.Summary, "the key is microsoft") {
		t.Errorf("another key: %+v", v)
	}
	args = []string{filepath.Join(dir, "c.pcap"), "--cpus", "8", "--counters-before", filepath.Join(dir, "gve-before"), "--counters-after", filepath.Join(dir, "gve-after")}
	v = verifies(t, exitDone, args...)
	if v.Agrees == nil || !*v.Agrees || v.Unit != "bytes" || v.Fit.Residual != 0 {
		t.Errorf("%s: %s, %+v", v.Unit, v.Verdict, v.Fit)
	}
	if v = verifies(t, exitDiffers, append(args, "--key", "mellanox")...); v.Explanation == nil || !strings.Contains(v.Explanation.Summary, "the key is microsoft") {
		t.Errorf("another key, by bytes: %+v", v)
	}
	args[len(args)-1] = filepath.Join(dir, "after")
	var stdout, stderr strings.Builder
	if status := run(append([]string{"rssreplay", "verify"}, args...), strings.NewReader(""), &stdout, &stderr); status != exitUsage || !strings.Contains(stderr.String(), "one counts packets by receive queue, and the other bytes alone") {
		t.Errorf("packets after bytes: %d, %s", status, stderr.String())
	}
}

// The help's example prints what stands there, from the folder of the ground truth.
func TestVerifyHelpExample(t *testing.T) {
	help := filepath.Join(repository(t), "cmd", "rssreplay", "help", "verify.txt")
	text, err := os.ReadFile(help)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), "  rssreplay verify rss_test.pcap ")
	block, after, ok := strings.Cut(rest, "\n\n")
	if !ok {
		t.Fatal("help/verify.txt has no example")
	}
	command, _, _ := strings.Cut(strings.ReplaceAll(block, " \\\n", ""), "\n")
	t.Chdir(filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth"))
	var stdout, stderr strings.Builder
	run(append([]string{"rssreplay", "verify", "rss_test.pcap"}, append(strings.Fields(command), "--width", "80")...), strings.NewReader(""), &stdout, &stderr)
	_, printed, _ := strings.Cut(stdout.String(), "VERDICT\n")
	printed, _, _ = strings.Cut(printed, "\n\n")
	lines := strings.Split(block, "\n")
	for len(lines) > 0 && strings.HasSuffix(lines[0], "\\") {
		lines = lines[1:]
	}
	want := before + "  rssreplay verify rss_test.pcap " + strings.TrimSuffix(block, strings.Join(lines[1:], "\n")) + printed + "\n\n" + after
	if *update {
		if err := os.WriteFile(help, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(text), want); diff != "" {
		t.Errorf("help/verify.txt differs from what its command prints (-help +printed):\n%s", diff)
	}
}

// The counters of a bundle's snapshots are compared where nothing else tells what happened,
// and are of the capture's time.
func TestVerifyCountersOfBundle(t *testing.T) {
	truth := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth")
	dir, capture := filepath.Join(truth, "igb-q8-default"), filepath.Join(truth, "rss_test.pcap")
	bundle := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(bundle, "rss-eth0", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	copied := func(from, to string) {
		text, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil {
			t.Fatal(err)
		}
		write(to, string(text))
	}
	claim := func(capture string, args ...string) []string {
		return append([]string{capture, "--nic", "qemu-igb", "--bundle", bundle}, args...)
	}
	for _, name := range []string{"ethtool-x.txt", "ethtool-l.txt", "key.txt", "interrupts-before.txt"} {
		copied(name, name)
	}
	copied("ethtool-S.txt", "snapshots/00/ethtool-S.txt")
	copied("ethtool-S.txt", "snapshots/01/ethtool-S.txt")
	copied("ethtool-S-after.txt", "snapshots/02/ethtool-S.txt")
	const note = "The counters are the bundle's: snapshots/00/ethtool-S.txt before the capture, snapshots/02/ethtool-S.txt after it."
	v := verifies(t, exitDone, claim(capture)...)
	if v.Source != "counters" || v.Queues[0].Seen != 201 || !slices.Contains(v.Notes, note) {
		t.Errorf("source %s, queue 0 %+v, notes %q", v.Source, v.Queues[0], v.Notes)
	}

	// What is named goes first, and what the capture records.
	same := filepath.Join(dir, "ethtool-S.txt")
	if v := verifies(t, exitCantTell, claim(capture, "--counters-before", same, "--counters-after", same)...); slices.Contains(v.Notes, note) {
		t.Error("the bundle's counters are compared, not those that were named")
	}
	if v := verifies(t, exitDone, claim(truthPcapng(t, readTruth(t, dir), 5, true))...); v.Source != "records" {
		t.Errorf("the capture records hashes, and what is compared are %s", v.Source)
	}

	// The capture is of 2023-11-14 22:13:20 and a second more.
	up := func(since int) {
		for i, snapshot := range []string{"00", "02"} {
			write("snapshots/"+snapshot+"/stat.txt", fmt.Sprintf("cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\nbtime %d\n", 1_700_000_000-1000))
			write("snapshots/"+snapshot+"/uptime.txt", fmt.Sprintf("%d.50 900.00\n", since+10*i))
		}
	}
	refused := func(args []string, want string) {
		t.Helper()
		var stdout, stderr strings.Builder
		status := run(slices.Concat([]string{"rssreplay", "verify"}, args), strings.NewReader(""), &stdout, &stderr)
		if status != exitUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("status %d, %q, want %q", status, stderr.String(), want)
		}
	}
	up(995)
	verifies(t, exitDone, claim(capture)...)
	up(1010)
	refused(claim(capture), "--bundle: its counters are of 2023-11-14 22:13:30 to 2023-11-14 22:13:40, and the capture is of 2023-11-14 22:13:20 to 2023-11-14 22:13:21: give")

	// Two snapshots are enough, and where the time of one is not known, nothing is refused by it.
	up(900)
	if err := os.Remove(filepath.Join(bundle, "rss-eth0", "snapshots", "01", "ethtool-S.txt")); err != nil {
		t.Fatal(err)
	}
	refused(claim(capture), "--bundle: its counters are of ")
	if err := os.Remove(filepath.Join(bundle, "rss-eth0", "snapshots", "00", "stat.txt")); err != nil {
		t.Fatal(err)
	}
	if v := verifies(t, exitDone, claim(capture)...); v.Source != "counters" || !slices.Contains(v.Notes, note) {
		t.Errorf("source %s, notes %q", v.Source, v.Notes)
	}

	// Counters that are none of queues are said to be.
	for _, snapshot := range []string{"00", "01", "02"} {
		write("snapshots/"+snapshot+"/ethtool-S.txt", "NIC statistics:\n     rx_packets: 7\n")
	}
	refused(claim(capture), "the bundle's counters have none of queues (snapshots/00/ethtool-S.txt: ")
}

// What is missing or does not belong together has its line and hint.
func TestVerifyBadInput(t *testing.T) {
	truth := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth")
	dir := filepath.Join(truth, "virtio-q4-default")
	capture := filepath.Join(truth, "rss_test.pcap")
	before, after := filepath.Join(dir, "ethtool-S.txt"), filepath.Join(dir, "ethtool-S-after.txt")
	crc := truthPcapng(t, readTruth(t, dir), 3, false)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{capture}, "records neither the queue nor the hash"},
		{[]string{capture}, "or the archive of `rssreplay collect -c` as --bundle"},
		{[]string{crc}, "of another function than Toeplitz (1,232 packets)"},
		{[]string{capture, "--counters-before", before}, "go together"},
		{[]string{capture, "--counters-before", after, "--counters-after", before}, "went back from"},
		{[]string{capture, "--counters-before", before, "--counters-after", filepath.Join(truth, "igb-q8-default", "ethtool-S-after.txt")}, "4 receive queues and the other 8"},
		{[]string{capture, "--counters-before", capture, "--counters-after", after}, "is a capture: give a file with the text of `ethtool -S`"},
		{[]string{capture, "--counters-before", "no such", "--counters-after", after}, "give a file with the text of `ethtool -S`"},
		{[]string{capture, "--counters-before", before, "--counters-after", after}, "it counts 4 receive queues, but there are 8"},
		{[]string{capture, "--interrupts-before", before, "--interrupts-after", after}, "interrupts"},
		{[]string{capture, "--tolerance", "lots"}, "--tolerance must be"},
		{[]string{capture, "--counters-before", before, "--counters-after", after, "--interrupts-before", before, "--interrupts-after", after}, "contradicts"},
	} {
		var stdout, stderr strings.Builder
		status := run(append([]string{"rssreplay", "verify"}, test.args...), strings.NewReader(""), &stdout, &stderr)
		if status != exitUsage || stdout.Len() > 0 || !strings.Contains(stderr.String(), test.want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%q: status %d, %q, want %q", test.args, status, stderr.String(), test.want)
		}
	}
}

// steeredTruth is the CPU of each packet in a copy that the main command writes with these
// flags, as a record for --stack-cpus; sent and dropped packets have none. Numbers begin at
// from.
func steeredTruth(t *testing.T, capture string, from int, flags ...string) (path string, received int) {
	t.Helper()
	dir := t.TempDir()
	written := filepath.Join(dir, "steered.pcapng")
	var stdout, stderr strings.Builder
	if status := run(append([]string{"rssreplay", capture, "--mode", "rss-msix", "--write", written}, flags...), strings.NewReader(""), &stdout, &stderr); status != exitDone {
		t.Fatalf("%v: %s", flags, stderr.String())
	}
	comments, _ := commentsOf(t, written)
	text := "packet,class,stack_cpu\n"
	for i, comment := range comments {
		cpu := ""
		if rest, ok := strings.CutPrefix(comment, "cpu="); ok {
			cpu, _, _ = strings.Cut(rest, " ")
			received++
		}
		text += fmt.Sprintf("%d,x,%s\n", from+i, cpu)
	}
	path = filepath.Join(dir, "cpus.csv")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path, received
}

// Recorded CPUs of the protocol work agree with the settings that they are of, and under
// others the cause is named.
func TestVerifyStackCPUs(t *testing.T) {
	web := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	base := []string{"--nic", "ixgbe", "--key", "microsoft", "--cpus", "0-5,7", "--queues", "4"}
	secret := []string{"--rps-secret", "000102030405060708090a0b0c0d0e0f"}
	masked := func(masks ...string) string {
		path, text := filepath.Join(t.TempDir(), "masks.txt"), ""
		for q, mask := range masks {
			text += fmt.Sprintf("/sys/class/net/eth0/queues/rx-%d/rps_cpus:%s\n", q, mask)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	masks, mixed := masked("f0", "f0", "f0", "f0"), masked("b0", "3c", "b0", "b0")
	with := func(more ...string) []string {
		if !slices.Contains(more, "off") {
			more = append(more, secret...)
		}
		if !slices.Contains(more, "--affinity") {
			more = append(more, "--affinity", "0-3")
		}
		return append(slices.Clone(base), more...)
	}
	for i, c := range []struct {
		name         string
		truth, claim []string
		explanation  string // "": it agrees
		summary      string
	}{
		{"no RPS", with("--rps", "off"), with("--rps", "off"), "", ""},
		{"RPS", with("--rps", "4-5,7"), with("--rps", "4-5,7"), "", ""},
		{"offline", with("--rps", masks, "--offline-cpus", "6"), with("--rps", masks, "--offline-cpus", "6"), "", ""},
		{"RPS is off", with("--rps", "off"), with("--rps", "4-5,7"), "rps-off", "on the CPU of its queue's interrupt"},
		{"a CPU is offline", with("--rps", masks, "--offline-cpus", "6"), with("--rps", masks, "--cpus", "0-7"), "rps-offline", "CPU 6 of the masks is offline"},
		{"other hashes", with("--rps", "4-5,7", "--rps-hash", "software"), with("--rps", "4-5,7"), "rps-hash", "none of the NIC's hashes"},
		{"other masks", with("--rps", "2-5"), with("--rps", "4-5,7"), "rps-mask", "the masks of RPS are others: all have 2-5"},
		{"another mask of one queue", with("--rps", mixed), with("--rps", "4-5,7"), "rps-mask", "the masks of RPS are others: rx-1 has 2-5"},
		{"the mask of rx-0", with("--rps", "4-5"), with("--rps", masked("30", "f0", "b0", "c0"), "--cpus", "0-7"), "rps-rx-0", "the mask of rx-0 decides for the packets of all queues"},
		{"no masks claimed", with("--rps", "2-5"), with("--rps", "off"), "rps-mask", "RPS steers packets on: all have 2-5"},
		{"another affinity", with("--rps", "off"), with("--rps", "off", "--affinity", "3,2,1,0"), "affinity", "queue 0 is on CPU 0, queue 1 is on CPU 1"},
		{"another table", with("--rps", "off", "--layout", "block"), with("--rps", "off"), "table", "the table is block"},
		{"another affinity, and no RPS", with("--rps", "off"), with("--rps", "4-5,7", "--affinity", "3,2,1,0"), "affinity", "RPS is off, and interrupts are on other CPUs: queue 0 is on CPU 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && i%3 != 1 {
				t.Skip("one of three under -short")
			}
			record, received := steeredTruth(t, web, i%2, c.truth...)
			status := exitDone
			if c.explanation != "" {
				status = exitDiffers
			}
			v := verifies(t, status, append(append([]string{web}, c.claim...), "--stack-cpus", record)...)
			if int(v.Packets.CPUChecked) != received || v.Packets.Checked != v.Packets.CPUChecked || received < 1000 {
				t.Errorf("%d of %d packets are checked", v.Packets.CPUChecked, received)
			}
			var predicted, seen uint64
			for _, row := range v.CPUs {
				predicted, seen = predicted+row.Predicted, seen+row.Seen
			}
			if predicted != v.Packets.CPUChecked || seen != predicted {
				t.Errorf("the CPUs have %d packets predicted and %d seen, of %d", predicted, seen, v.Packets.CPUChecked)
			}
			switch {
			case c.explanation == "":
				if v.Packets.CPUEqual != v.Packets.CPUChecked || v.Explanation != nil {
					t.Errorf("%d of %d packets are as predicted: %v", v.Packets.CPUEqual, v.Packets.CPUChecked, v.Explanation)
				}
			case v.Explanation == nil:
				t.Errorf("no explanation: %s", v.Verdict)
			case c.explanation == "affinity" && strings.Contains(v.Explanation.Summary, "RPS is off") != strings.Contains(c.summary, "RPS is off"):
				t.Errorf("RPS was claimed to be %s: %s", c.claim[slices.Index(c.claim, "--rps")+1], v.Explanation.Summary)
			case v.Explanation.ID != c.explanation || !strings.Contains(v.Explanation.Summary, c.summary):
				t.Errorf("%s: %s; want %s, %q", v.Explanation.ID, v.Explanation.Summary, c.explanation, c.summary)
			}
		})
	}
}

// Where a text says that RFS is on, TCP elsewhere is explained by it; not where something that
// it never moves is elsewhere, too, or the text has no number of flows.
func TestVerifyRFS(t *testing.T) {
	web := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	base := []string{"--cpus", "0-7", "--queues", "4", "--affinity", "0-3", "--key", "microsoft"}
	masks := ""
	for q := range 4 {
		masks += fmt.Sprintf("/sys/class/net/eth0/queues/rx-%d/rps_cpus:%x\n/sys/class/net/eth0/queues/rx-%d/rps_flow_cnt:4096\n", q, 0x10<<q, q)
	}
	for _, c := range []struct {
		name, rule, flows string // what takes packets elsewhere; the line that turns RFS on
		explained         bool
	}{
		{"TCP", "flow-type tcp4 src-port 1 m 0xfffc action 3", "net.core.rps_sock_flow_entries = 32768\n", true},
		{"RFS is off", "flow-type tcp4 src-port 1 m 0xfffc action 3", "", false},
		{"ARP", "flow-type ether proto 0x806 action 3", "net.core.rps_sock_flow_entries = 32768\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "rps.txt")
			if err := os.WriteFile(file, []byte(masks+c.flows), 0o666); err != nil {
				t.Fatal(err)
			}
			claim := append(slices.Clone(base), "--rps", file)
			record, _ := steeredTruth(t, web, 1, append(slices.Clone(claim), "--rule", c.rule)...)
			v := verifies(t, exitDiffers, append(append([]string{web}, claim...), "--stack-cpus", record)...)
			moved := v.Packets.CPUChecked - v.Packets.CPUEqual
			t.Log(v.Verdict)
			switch e := v.Explanation; {
			case moved == 0 || e != nil != c.explained:
				t.Errorf("of %d packets elsewhere it says %+v", moved, e)
			case e != nil && (e.ID != "rfs" || e.PacketsExplained != v.Packets.CPUChecked || e.Summary != fmt.Sprintf("RFS, which %s says is on, moved %s packets of TCP and UDP to the CPU on which their application reads, and all else is as predicted", file, grouped.Int(moved))):
				t.Errorf("%s: %s", e.ID, e.Summary)
			}
		})
	}
}

// A record that is none, or of another capture, and CPUs that can't tell.
func TestVerifyStackCPUsUsage(t *testing.T) {
	web := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	for text, want := range map[string]string{
		"":                                   "it is empty: give a CSV with the columns packet and stack_cpu",
		"frame,cpu\n1,0\n":                   "its first line does not name them",
		"packet,cpu\n1,0\n1,2\n":             "line 3 has packet 1 again",
		"packet,cpu\n1,x\n":                  "line 2 is no packet and its CPU",
		"packet,cpu\n-1,0\n":                 "line 2 is no packet and its CPU",
		"packet,cpu\n1,70000\n":              "line 2 is no packet and its CPU",
		"packet,queue,stack_cpu\n1,0,0\n2\n": "line 3 is cut off",
		"packet,cpu\n1,\n":                   "it has no packet",
		"packet,cpu\n9999999,0\n":            "none of its packets is in the capture",
	} {
		path := filepath.Join(t.TempDir(), "cpus.csv")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr strings.Builder
		status := run([]string{"rssreplay", "verify", web, "--stack-cpus", path}, strings.NewReader(""), &stdout, &stderr)
		if status != exitUsage || !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%q: exit status %d: %s; want %q", text, status, stderr.String(), want)
		}
	}
	record, _ := steeredTruth(t, web, 1, "--nic", "igb", "--rps", "0-3")
	v := verifies(t, exitCantTell, web, "--nic", "igb", "--rps", "0-3", "--stack-cpus", record)
	if v.Agrees != nil || !strings.Contains(v.Verdict, "give --rps-secret") || v.Packets.Checked != 0 {
		t.Errorf("without the secret: %v, %s", v.Agrees, v.Verdict)
	}
	few := filepath.Join(t.TempDir(), "few.csv")
	if err := os.WriteFile(few, []byte("\ufeffpacket,stack_cpu\n1,0\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	v = verifies(t, exitCantTell, web, "--cpus", "2", "--stack-cpus", few)
	if v.Agrees != nil || !strings.Contains(v.Verdict, "random keys fit as well") {
		t.Errorf("one packet: %v, %s", v.Agrees, v.Verdict)
	}
}
