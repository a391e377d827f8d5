package layout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/nicmodel"
)

// upTo lists 0, 1, … n−1.
func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func TestOn(t *testing.T) {
	for _, test := range []struct {
		spec           string
		cpus, queueCPU []int
		size           int
		want           nicmodel.IndirectionTable
	}{
		{"cpus:0-3", upTo(8), upTo(8), 8, nicmodel.IndirectionTable{0, 1, 2, 3, 0, 1, 2, 3}},
		{"cpus:4,0-1", upTo(8), upTo(8), 8, nicmodel.IndirectionTable{4, 0, 1, 4, 0, 1, 4, 0}},
		{"cpus:2,2,3", upTo(4), upTo(4), 4, nicmodel.IndirectionTable{2, 2, 3, 2}},
		{"cpus:0-3", upTo(4), upTo(4), 2, nicmodel.IndirectionTable{0, 1}},
		// The numbers of the CPUs are not their indexes.
		{"cpus:8,9", []int{0, 1, 8, 9}, []int{0, 1, 2, 3}, 4, nicmodel.IndirectionTable{2, 3, 2, 3}},
		// Queues 0 and 2 are on CPU 1, queues 1 and 3 on CPU 0: the lowest counts.
		{"cpus:0-1", upTo(2), []int{1, 0, 1, 0}, 4, nicmodel.IndirectionTable{1, 0, 1, 0}},
		{"windows:NUMAStatic", upTo(8), upTo(8), 8, nicmodel.IndirectionTable{0, 2, 4, 6, 0, 2, 4, 6}},
		{"windows:closeststatic", upTo(4), []int{2, 3, 0, 1}, 4, nicmodel.IndirectionTable{2, 0, 2, 0}},
		{"windows:NUMAStatic", []int{5, 7, 8, 10}, upTo(4), 4, nicmodel.IndirectionTable{2, 3, 2, 3}},
		// Two queues take the first two of the CPUs.
		{"windows:NUMAStatic", upTo(8), []int{0, 2}, 4, nicmodel.IndirectionTable{0, 1, 0, 1}},
		// Of 20 even CPUs, 16.
		{"windows:NUMAStatic", upTo(40), upTo(40), 32, nicmodel.IndirectionTable{
			0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30,
			0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30}},
		{"equal", upTo(2), upTo(2), 4, nicmodel.IndirectionTable{0, 1, 0, 1}},
	} {
		layout, err := mustLayout(t, test.spec).On(test.cpus, test.queueCPU)
		if err != nil {
			t.Errorf("%s: %v", test.spec, err)
			continue
		}
		table, err := layout.Fill(test.size, len(test.queueCPU))
		if diff := cmp.Diff(test.want, table); diff != "" || err != nil {
			t.Errorf("%s on CPUs %v: %v\n%s", test.spec, test.cpus, err, diff)
		}
		if layout.String() != test.spec || layout.Size() != 0 {
			t.Errorf("%s prints as %s once placed, and sets the size %d", test.spec, layout, layout.Size())
		}
		if windows := strings.HasPrefix(test.spec, "windows:"); (layout.Caveat() != "") != windows {
			t.Errorf("%s: the caveat is %q", test.spec, layout.Caveat())
		}
	}
}

func TestOnErrors(t *testing.T) {
	for _, test := range []struct {
		spec           string
		cpus, queueCPU []int
		want           string
	}{
		{"cpus:0-3,8", upTo(8), upTo(8), "--layout cpus:0-3,8: entry 4 is CPU 8, which is not in use; add it to --cpus, or leave it out here"},
		{"cpus:0-3", upTo(4), upTo(2), "--layout cpus:0-3: entry 2 is CPU 2, which has no queue; put one there with --affinity, or raise --queues"},
		{"windows:NUMAStatic", upTo(8), upTo(4), "--layout windows:NUMAStatic: entry 2 is CPU 4, which has no queue; put one there with --affinity"},
		{"windows:NUMAStatic", []int{1, 3}, upTo(2), "--layout windows:NUMAStatic: no CPU in use has an even number"},
	} {
		if layout, err := mustLayout(t, test.spec).On(test.cpus, test.queueCPU); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v, %v; want an error that begins with %s", test.spec, layout, err, test.want)
		}
	}
}

func TestFileLayout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "entries")
	for _, test := range []struct {
		name, text string
		want       nicmodel.IndirectionTable // of 4 queues, on CPUs 4, 5, 6 and 7
		err        string                    // after the path
	}{
		{"plain", "# mine\n3 1\n2,3\n", nicmodel.IndirectionTable{3, 1, 2, 3}, ""},
		{"ethtool", "RX flow hash indirection table for eth0 with 9 RX ring(s):\n    0:      3     1\n" + "RSS hash function:\n    toeplitz: off\n    xor: on\n", nicmodel.IndirectionTable{3, 1}, ""},
		// Entry by entry, not round robin: 7 comes once only.
		{"Windows", "IndirectionTable: [Group:Number] : 0:4 0:7 0:4 0:6\n", nicmodel.IndirectionTable{0, 3, 0, 2}, ""},
		{"Windows, other CPUs", "IndirectionTable: [Group:Number] : 0:4 0:2\n", nil, ": entry 1 is CPU 2, which is not in use; add it to --cpus"},
		{"queue", "3 4\n", nil, ": entry 1 is queue 4, but there are only queues 0 to 3; change it, or raise --queues"},
		{"three", "0 1 2\n", nil, ": has 3 entries, which is no power of two; a table has 2 or 4, say"},
		{"words", "0 1\n2 x\n", nil, `: line 2: "x" is no queue from 0 to 65534; a list has one number for each entry`},
		{"too long", strings.Repeat("0\n", nicmodel.MaxTableSize+1), nil, ": 32769 entries are more than the 32768 that a table can have; give one table"},
		{"no table", "RX flow hash indirection table for eth0 with 1 RX ring(s):\nOperation not supported\nRSS hash key:\n" + strings.Repeat("6d:", 39) + "6d" + "\n", nil, ": shows no indirection table; give a file with the entries one by one"},
	} {
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		layout, err := Parse("file:" + path)
		if err == nil {
			layout, err = layout.On([]int{4, 5, 6, 7}, upTo(4))
		}
		var table nicmodel.IndirectionTable
		if err == nil {
			table, err = layout.Fill(layout.Size(), 4)
		}
		if diff := cmp.Diff(test.want, table); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
		if want := "--layout file:" + path + test.err; test.err == "" && err != nil || test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.err)
		}
		if err == nil {
			if _, err := layout.Fill(64, 4); err == nil || !strings.Contains(err.Error(), "a list is the whole table") {
				t.Errorf("%s fills 64 entries: %v", test.name, err)
			}
		}
	}
}
