package walk

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"rssreplay/pcaps"
	"rssreplay/pcaps/file"
	"rssreplay/pcaps/internal/shared"
)

// otherCounts are the shared captures of which this package reads another number
// of packets than Wireshark 4.0 (index.csv). Wireshark opens none of the first
// group, since it knows no such link type or looks at the damaged second record
// while it guesses the format; of the last it guesses another format. tcpdump
// (libpcap 1.10.3) counts the same packets as this package in all of them but
// three, whose link type has bits that it does not ignore.
var otherCounts = map[string]int{
	"linktypes/libpcap__brcm-tag-stp.pcap":                                               4,
	"malformed/PcapPlusPlus__clusterfuzz-testcase-FuzzTarget-5188876846235648":           1,
	"malformed/PcapPlusPlus__clusterfuzz-testcase-FuzzTarget-5781142119907328":           1,
	"malformed/PcapPlusPlus__clusterfuzz-testcase-minimized-FuzzTarget-5204104585674752": 1,
	"malformed/PcapPlusPlus__clusterfuzz-testcase-minimized-FuzzTarget-5631583764873216": 1, // link type bits
	"malformed/PcapPlusPlus__clusterfuzz-testcase-minimized-FuzzTarget-5685520970809344": 1, // link type bits
	"malformed/PcapPlusPlus__clusterfuzz-testcase-minimized-FuzzTarget-5717750942269440": 2,
	"malformed/PcapPlusPlus__clusterfuzz-testcase-minimized-FuzzTarget-5723611632762880": 1,
	"malformed/PcapPlusPlus__clusterfuzz-testcase-minimized-FuzzTarget-5752969003008000": 1, // link type bits
	"malformed/PcapPlusPlus__clusterfuzz-testcase-minimized-FuzzTarget-5758569646653440": 1,
	"malformed/PcapPlusPlus__crash-eec28dafde1f1ac2299674a75a914ae16d4046fa":             1,
	"malformed/PcapPlusPlus__radiuslayer":                                                5,
	"malformed/suricata-verify__fuzz.pcap":                                               1,
	"malformed/PcapPlusPlus__crash-exception-cast-constructed-record":                    2,
}

// TestCaptures reads every shared capture: it opens or says what it is; the
// number of packets is Wireshark's; and Walk agrees with gopacket on each packet.
func TestCaptures(t *testing.T) {
	root, files := shared.Captures(t)
	index := readIndex(t, filepath.Join(root, "index.csv"))
	packets, compared := 0, 0
	for i, path := range files {
		if testing.Short() && i%4 != 0 {
			continue
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		entry, listed := index[filepath.ToSlash(name)]
		r, err := file.Open(path)
		if err != nil {
			if listed && entry.packets > 0 && entry.format != "erf" {
				t.Errorf("%s does not open, but holds %d packets: %v", name, entry.packets, err)
			}
			continue
		}
		recs := make([]pcaps.Record, 256)
		for err == nil {
			var n int
			n, err = r.Read(recs)
			for i := range recs[:n] {
				packets++
				if compareOracle(t, &recs[i]) {
					compared++
				}
				comparePlain(t, &recs[i])
			}
		}
		info := r.Info()
		want, known := otherCounts[filepath.ToSlash(name)]
		if !known {
			want = entry.packets
		}
		if listed && info.Packets != int64(want) {
			t.Errorf("%s: %d packets, want %d: %v", name, info.Packets, want, err)
		}
		if _, ok := errors.AsType[*file.DamageError](err); ok {
			t.Logf("%v", err)
		}
		if stat, err := os.Stat(path); err != nil || info.FileBytes != stat.Size() {
			t.Errorf("%s: %d file bytes, want %d (%v)", name, info.FileBytes, stat.Size(), err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	least := 100_000
	if testing.Short() {
		least = 10_000
	}
	if packets < least || compared < packets*9/10 {
		t.Errorf("%d packets read, %d of them compared with gopacket: too few to say anything", packets, compared)
	}
	t.Logf("%d files, %d packets, %d compared with gopacket", len(files), packets, compared)
}

type indexEntry struct {
	format  string
	packets int
}

func readIndex(t *testing.T, path string) map[string]indexEntry {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	index := map[string]indexEntry{}
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(row[4])
		if err != nil {
			t.Fatalf("%s: %v", row[0], err)
		}
		index[row[0]] = indexEntry{format: row[2], packets: n}
	}
	return index
}
