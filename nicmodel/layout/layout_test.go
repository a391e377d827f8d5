package layout

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/nicmodel"
)

func mustLayout(t testing.TB, spec string) Layout {
	t.Helper()
	layout, err := Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return layout
}

func mustFill(t testing.TB, spec string, size, queues int) nicmodel.IndirectionTable {
	t.Helper()
	table, err := mustLayout(t, spec).Fill(size, queues)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestFill(t *testing.T) {
	for _, test := range []struct {
		spec         string
		size, queues int
		want         nicmodel.IndirectionTable
	}{
		{"equal", 8, 3, nicmodel.IndirectionTable{0, 1, 2, 0, 1, 2, 0, 1}},
		{"equal", 1, 4, nicmodel.IndirectionTable{0}},
		{"equal:2", 8, 3, nicmodel.IndirectionTable{0, 1, 0, 1, 0, 1, 0, 1}},
		{"equal:2,start:1", 4, 3, nicmodel.IndirectionTable{1, 2, 1, 2}},
		{"reversed", 8, 8, nicmodel.IndirectionTable{3, 2, 1, 0, 7, 6, 5, 4}},
		{"reversed", 8, 3, nicmodel.IndirectionTable{0, 2, 1, 0, 1, 0, 2, 1}},
		{"reversed:2", 4, 3, nicmodel.IndirectionTable{1, 0, 1, 0}},
		{"reversed", 2, 4, nicmodel.IndirectionTable{3, 2}},
		{"block", 8, 3, nicmodel.IndirectionTable{0, 0, 0, 1, 1, 1, 2, 2}},
		{"block", 8, 8, nicmodel.IndirectionTable{0, 1, 2, 3, 4, 5, 6, 7}},
		{"block", 4, 8, nicmodel.IndirectionTable{0, 2, 4, 6}},
		{"weight:6,2", 8, 2, nicmodel.IndirectionTable{0, 0, 0, 0, 0, 0, 1, 1}},
		{"weight:1,0,1", 4, 3, nicmodel.IndirectionTable{0, 0, 2, 2}},
		{"weight:1,1,0", 4, 3, nicmodel.IndirectionTable{0, 0, 1, 1}},
		{"weight:1,1,start:2", 4, 4, nicmodel.IndirectionTable{2, 2, 3, 3}},
		{"list:3,2,1,0", 4, 4, nicmodel.IndirectionTable{3, 2, 1, 0}},
		{"list:0, 0", 2, 1, nicmodel.IndirectionTable{0, 0}},
	} {
		table, err := mustLayout(t, test.spec).Fill(test.size, test.queues)
		if err != nil {
			t.Errorf("%s: %v", test.spec, err)
			continue
		}
		if diff := cmp.Diff(test.want, table); diff != "" {
			t.Errorf("%s of %d entries, %d queues:\n%s", test.spec, test.size, test.queues, diff)
		}
		if got := mustLayout(t, test.spec).String(); got != test.spec {
			t.Errorf("%s prints as %s", test.spec, got)
		}
	}
	if got, _ := (Layout{}).Fill(4, 2); !cmp.Equal(got, nicmodel.IndirectionTable{0, 1, 0, 1}) || (Layout{}).String() != "equal" {
		t.Errorf("the zero layout %v fills %v, want equal's", Layout{}, got)
	}
}

// The published weight vectors of the material, beside the hash package's.
func TestWeightVectors(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "hash", "testdata", "toeplitz.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Layouts []struct {
			Size            int   `json:"size"`
			Weights         []int `json:"weights"`
			EntriesPerQueue []int `json:"entries_per_queue"`
		} `json:"weight_layouts"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Layouts) != 3 {
		t.Fatalf("%d weight vectors, want 3", len(file.Layouts))
	}
	for _, v := range file.Layouts {
		spec := "weight:" + strings.Trim(strings.ReplaceAll(jsonOf(t, v.Weights), " ", ""), "[]")
		got := make([]int, len(v.Weights))
		for _, queue := range mustFill(t, spec, v.Size, len(v.Weights)) {
			got[queue]++
		}
		if diff := cmp.Diff(v.EntriesPerQueue, got); diff != "" {
			t.Errorf("%s:\n%s", spec, diff)
		}
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestParseLayoutErrors(t *testing.T) {
	for _, test := range []struct{ spec, want string }{
		{"", `--layout "": unknown layout; known are equal, equal:N,`},
		{"even", `--layout "even": unknown layout`},
		{"equal:", `"" is no whole number`},
		{"equal:0", "needs at least one queue"},
		{"equal:-1", `"-1" is no whole number`},
		{"equal:2,start:x", `start: "x" is no whole number`},
		{"equal:70000", "70000 is more than the largest possible, 65535"},
		{"block:3", "block takes no numbers"},
		{"weight", `"" is no whole number`},
		{"weight:0,0", "all weights are 0"},
		{"weight:1,,2", `"" is no whole number`},
		{"list:", `"" is no whole number`},
		{"list:1;2", `"1;2" is no whole number`},
		{"cpus", `"" is no CPU list: write 0-3,8-11`},
		{"cpus:3-0", `"3-0" is no CPU list`},
		{"cpus:0-65536", `"0-65536" is no CPU list`},
		{"cpus:0-32768", "more than 32768 CPUs"},
		{"cpus:" + strings.Repeat("0-32767,", 4000) + "0", "more than 32768 CPUs"},
		{"windows", "unknown profile of Windows; known are NUMAStatic and ClosestStatic"},
		{"windows:Balanced", "unknown profile of Windows; known are NUMAStatic and ClosestStatic"},
		{"windows:Closest", "determines no table: Windows moves its entries with the load; save what `Get-NetAdapterRss` shows on the host, and give it with --table FILE"},
		{"windows:NUMA", "determines no table: Windows moves its entries with the load"},
		{"windows:Conservative", "determines no table: Windows uses as few CPUs as the load lets it"},
		{"file:", `--layout "file:": name a file; standard input is read with --table -`},
		{"file:-", `--layout "file:-": name a file; standard input is read with --table -`},
		{"file:..", "--layout file:..: is a directory; give a file with the entries one by one"},
		{"file:../nosuch", "--layout file:../nosuch: no such file or directory; give a file with the entries one by one"},
		{"file:layout_test.go", "--layout file:layout_test.go: holds none of the known forms of a table; give the whole output"},
		{"list:" + strings.Repeat("0,", nicmodel.MaxTableSize) + "0", "more than 32768 numbers"},
	} {
		if layout, err := Parse(test.spec); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.40q: %v, %v; want an error with %s", test.spec, layout.kind, err, test.want)
		} else if len(err.Error()) > 300 {
			t.Errorf("%.40q: an error of %d bytes", test.spec, len(err.Error()))
		}
	}
}

func TestFillErrors(t *testing.T) {
	for _, test := range []struct {
		spec         string
		size, queues int
		want         string
	}{
		{"equal", 100, 8, "--table-size 100 is no power of two; the nearest are 64 and 128"},
		{"equal", 0, 8, "--table-size 0: give a power of two from 1 to 32768"},
		{"equal", -8, 8, "--table-size -8: give a power of two"},
		{"equal", 1 << 30, 8, "--table-size 1073741824: give a power of two from 1 to 32768"},
		{"equal", 20000, 8, "--table-size 20000 is no power of two; the nearest are 16384 and 32768"},
		{"equal", 65536, 8, "--table-size 65536: give a power of two from 1 to 32768"},
		{"equal", 8, 65536, "--queues 65536: give a number from 1 to 65535"},
		{"equal", 8, 0, "--queues 0: give a number from 1"},
		{"equal:9", 16, 8, "--layout equal:9: needs 9 queues from queue 0 on, but there are only 8; use fewer here, or raise --queues"},
		{"equal:4,start:5", 16, 8, "needs 4 queues from queue 5 on, but there are only 8"},
		{"weight:1,1,1", 16, 2, "--layout weight:1,1,1: needs 3 queues from queue 0 on, but there are only 2"},
		{"weight:100,29", 128, 2, "the weights add up to 129, more than the table's 128 entries; give smaller weights in the same proportion"},
		{"list:0,1,2,3", 128, 4, "the list has 4 entries, the table 128; a list is the whole table: give 128, or leave out --table-size and the list's length sets it"},
		{"list:0,1,2", 3, 4, "--layout list:0,1,2: has 3 entries, which is no power of two; a table has 2 or 4, say"},
		{"cpus:0-3", 8, 4, "--layout cpus:0-3: names CPUs, and here nothing says which queues are on them; give the entries with list:Q0,Q1,… instead"},
		{"windows:numastatic", 8, 4, "--layout windows:numastatic: names CPUs"},
		{"list:0,1,2,4", 4, 4, "entry 3 is queue 4, but there are only queues 0 to 3; change it, or raise --queues"},
	} {
		if table, err := mustLayout(t, test.spec).Fill(test.size, test.queues); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s of %d, %d queues: %v, %v; want an error with %s", test.spec, test.size, test.queues, table, err, test.want)
		}
	}
	if n := mustLayout(t, "list:0,1,2,3").Size(); n != 4 {
		t.Errorf("a list of 4 sets the size %d", n)
	}
	if n := mustLayout(t, "weight:1,1").Size(); n != 0 {
		t.Errorf("weights set the size %d", n)
	}
}

// Whatever is filled has entries below the queues, and exactly the size asked for.
func FuzzLayout(f *testing.F) {
	for _, spec := range []string{"equal", "equal:3,start:1", "reversed", "reversed:3", "block", "weight:6,2", "weight:0,1,1,start:1", "list:0,1", "cpus:0-3,6", "windows:NUMAStatic"} {
		f.Add(spec, 128, 8)
	}
	f.Fuzz(func(t *testing.T, spec string, size, queues int) {
		if strings.HasPrefix(spec, "file:") {
			return // could be a device, or a pipe that never ends
		}
		layout, err := Parse(spec)
		if err != nil {
			return
		}
		if layout.Size() > 0 {
			size = layout.Size()
		}
		if queues > 0 && queues <= nicmodel.MaxQueues {
			cpus, queueCPU := upTo(min(queues, 64)), upTo(queues)
			for i := range queueCPU {
				queueCPU[i] %= len(cpus)
			}
			if layout, err = layout.On(cpus, queueCPU); err != nil {
				return
			}
		}
		table, err := layout.Fill(size, queues)
		if err != nil {
			return
		}
		if len(table) != size {
			t.Fatalf("%d entries, want %d", len(table), size)
		}
		for i, queue := range table {
			if int(queue) >= queues {
				t.Fatalf("entry %d is queue %d of %d", i, queue, queues)
			}
		}
	})
}
