package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report/page/pagetest"
)

// tried is a table that a reader of a page tries, and what its script says of it; JSON as
// the script's tryTable takes and gives it.
type tried struct {
	choice   map[string]string
	scenario string // the same, as compare takes it
}

// TestHTMLTriesTables: every number that a page's script computes of another table, other
// CPUs, another key or other fields is the program's of a replay with them.
func TestHTMLTriesTables(t *testing.T) {
	ctx := pagetest.Browser(t)
	rules := []string{"--queues", "16", "--rule", "flow-type tcp4 dst-port 443 action 3", "--rule", "flow-type udp4 src-port 53 action 5"}
	unhashed := []string{"--hash-types", "tcp_ipv4,udp_ipv6", "--default-queue", "1"} // most packets meet no entry
	apart := []string{"--cpus", "1,2,5,6,16-19"}
	for seed, of := range []struct {
		sample, xfrm string
		queues       int
		more         []string
	}{
		{"web.pcap", "none", 8, nil}, {"dns.pcap", "symmetric-xor", 8, nil}, {"elephant.pcap", "symmetric-or-xor", 8, nil},
		{"web.pcap", "none", 16, rules}, {"cooked.pcap", "none", 16, rules}, // two queues a CPU
		{"cooked.pcap", "none", 8, unhashed}, {"elephant.pcap", "symmetric-xor", 8, unhashed}, {"fragments.pcap", "none", 8, unhashed},
		{"web.pcap", "none", 8, apart}, {"directions.pcapng", "symmetric-xor", 8, append(apart, unhashed...)}, // CPUs that are not in a row
	} {
		t.Run(fmt.Sprint(of.sample, " ", of.queues), func(t *testing.T) {
			capture := filepath.Join(repository(t), "pcaps", "samples", of.sample)
			all := []string{capture, "--xfrm", of.xfrm, "--rx-ring", "4096", "--interval", "500ms", "--mode", "rss-msix"}
			if !slices.Contains(of.more, "--cpus") {
				all = append(all, "--cpus", "8")
			}
			all = append(all, of.more...)
			path := filepath.Join(t.TempDir(), "report.html")
			runs(t, append(all, "-o", path)...)

			r := rand.New(rand.NewPCG(uint64(seed), 18))
			var tries []tried
			args := append([]string{"compare"}, all...)
			args = append(args, "--format", "json", "--scenario", "base: layout=equal")
			for i := range 12 {
				one := randomTry(r, of.queues, slices.Contains(of.more, "--cpus"))
				tries = append(tries, one)
				args = append(args, "--scenario", fmt.Sprintf("s%d: %s", i, one.scenario))
			}
			var want struct {
				Capture   struct{ Unhashed map[string]int }
				Scenarios []triedScenario
			}
			if err := json.Unmarshal([]byte(runs(t, args...)), &want); err != nil {
				t.Fatal(err)
			}
			for i, got := range tryAll(t, ctx, path, tries) {
				s := want.Scenarios[i+1]
				rest := 0 // the default queue
				if slices.Contains(of.more, "--default-queue") {
					rest = 1
				}
				if s.Table.QueueCPUs[rest] != want.Scenarios[0].Table.QueueCPUs[rest] { // compare counts those of flows alone
					s.PacketsMoved += want.Capture.Unhashed["not_ip"]
				}
				if diff := cmp.Diff(s.figures(), got.figures()); diff != "" {
					t.Errorf("%v (-replay +page):\n%s", tries[i].choice, diff)
				}
				if at := s.Modes[0].Imbalance.BusiestWindow; got.Windows != nil && got.Interval == 500e6 {
					b := got.Windows[1]
					if b.Start != at.Start || b.Packets != at.Packets || math.Abs(b.Imbalance-at.Imbalance) > 1e-6 {
						t.Errorf("%v: the busiest window is %+v, by the replay %+v", tries[i].choice, b, at)
					}
				}
			}
		})
	}
}

// TestHTMLReplaysAsTried: the flags that a page gives for other CPUs are a replay of the
// table that it tried.
func TestHTMLReplaysAsTried(t *testing.T) {
	ctx := pagetest.Browser(t)
	for _, of := range []struct{ flags, cpus, want string }{
		{"--cpus 8", "4", "--cpus 4 --queues 8"},
		{"--cpus 8", "3", "--cpus 3 --queues 8"}, // (i mod 8) mod 3, and not i mod 3
		{"--cpus 8", "16", "--cpus 16 --queues 8"},
		{"--cpus 8", "4-11", "--base-cpu 4 --cpus 8"},
		{"--cpus 4-7", "2", "--base-cpu 4 --cpus 2 --queues 4"},
		{"--cpus 4 --base-cpu 4", "0-3", "--base-cpu 0 --cpus 4"},
		{"--cpus 0,2,4,6", "2", "--cpus 0,2 --queues 4"},
		{"--cpus 8 --layout weight:5,1,1,1,1,1,1,1", "4", "--cpus 4 --queues 8"},
		{"--cpus 8 --queues 16", "0,0,0,0,4-7", "--cpus 0,4,5,6,7 --queues 16 --affinity 0,0,0,0,4,5,6,7,0,0,0,0,4,5,6,7"},
		{"--cpus 1,2,5,6,16-19", "3", "--cpus 1,2,5 --queues 8"},
		{"--cpus 1,2,5,6,16-19", "10", "--base-cpu 1 --cpus 10 --queues 8"},
		{"--cpus 1,2,5,6,16-19", "0,8,1,9,2,10,3,11", "--cpus 0,1,2,3,8,9,10,11 --queues 8 --affinity 0,8,1,9,2,10,3,11"},
		{"--cpus 0,8,1,9,2,10", "0,8,1,9", "--cpus 0,1,8,9 --queues 6 --affinity 0,8,1,9,0,8"},
		{"--cpus 0,2,4,6 --queues 8 --affinity 6,4,2,0,0,2,4,6", "1,3,1,7", "--cpus 1,3,7 --queues 8 --affinity 1,3,1,7,1,3,1,7"},
		{"--cpus 4 --affinity 3,2,1,0", "2", "--cpus 2 --queues 4 --affinity 0,1,0,1"},
	} {
		all := append([]string{filepath.Join(repository(t), "pcaps", "samples", "web.pcap"), "--mode", "rss-msix"}, strings.Fields(of.flags)...)
		path := filepath.Join(t.TempDir(), "report.html")
		runs(t, append(slices.Clone(all), "-o", path)...)
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b := pagetest.Open(t, ctx, page, pagetest.View{Width: 1000, Scheme: "light"})
		flags := pagetest.Value[string](b, fmt.Sprintf("replayedOn(tryTable({cpus: %q}))", of.cpus))
		if flags != of.want {
			t.Errorf("%s, on CPUs %s: the flags are %s, want %s", of.flags, of.cpus, flags, of.want)
		}
		var replayed triedScenario
		decoded(t, runs(t, append(all, append(strings.Fields(flags), "--format", "json")...)...), &replayed)
		got := pagetest.Value[[]int](b, fmt.Sprintf("tryTable({cpus: %q}).tried.packets", of.cpus))
		if diff := cmp.Diff(replayed.figures().Packets, got); diff != "" {
			t.Errorf("%s, on CPUs %s (-replay +page):\n%s", of.flags, of.cpus, diff)
		}
	}
}

// TestHTMLTriesNoKeyOfContexts: what another key does to the packets of a context is not
// what each entry of the main table got, so that a page does not say it.
func TestHTMLTriesNoKeyOfContexts(t *testing.T) {
	table := filepath.Join(t.TempDir(), "context.txt")
	if err := os.WriteFile(table, []byte(strings.Repeat("0 1 2 3 4 5 6 7 ", 16)), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{filepath.Join(repository(t), "pcaps", "samples", "web.pcap"), "--nic", "mlx5", "--cpus", "8"}
	with := []string{"--context", "1=" + table, "--rule", "flow-type tcp4 dst-port 80 context 1"}
	for _, more := range [][]string{nil, with} {
		path := filepath.Join(t.TempDir(), "report.html")
		runs(t, append(append(slices.Clone(args), more...), "-o", path)...)
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if field := strings.Contains(string(page), `id="try-key"`); field != (more == nil) {
			t.Errorf("%q: a field for a key is there: %v", more, field)
		}
		if says := strings.Contains(string(page), "packets of RSS contexts"); says != (more != nil) {
			t.Errorf("%q: why there is none is said: %v", more, says)
		}
	}
}

// TestHTMLFindsWhatSuggestDoes: the tables that a page offers are those that suggest finds.
func TestHTMLFindsWhatSuggestDoes(t *testing.T) {
	for _, of := range []struct {
		sample string
		flags  []string
	}{
		{"web.pcap", []string{"--cpus", "8", "--layout", "weight:5,1,1,1,1,1,1,1"}},
		{"elephant.pcap", []string{"--cpus", "4", "--rule", "flow-type udp4 src-port 53 action 1"}},
		{"dns.pcap", []string{"--cpus", "3", "--nic", "mlx5"}},
		{"dns.pcap", []string{"--cpus", "3", "--nic", "dpdk-ixgbe"}}, // no ethtool
	} {
		args := append([]string{filepath.Join(repository(t), "pcaps", "samples", of.sample)}, of.flags...)
		var suggested struct {
			Suggestions []struct {
				ID         string
				Parameters struct{ Layout struct{ Value string } }
			}
		}
		decoded(t, runs(t, append([]string{"suggest", "--no-gate", "--format", "json"}, args...)...), &suggested)
		want := map[string]bool{}
		for _, s := range suggested.Suggestions {
			if slices.Contains([]string{"entries", "weight", "equal"}, s.ID) {
				want[s.Parameters.Layout.Value] = true
			}
		}
		path := filepath.Join(t.TempDir(), "report.html")
		runs(t, append(args, "-o", path)...)
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var data struct {
			Try struct {
				Found []struct{ Layout, Words string }
			}
		}
		decoded(t, readPage(t, string(page)).data, &data)
		got := map[string]bool{}
		for _, f := range data.Try.Found {
			got[f.Layout] = true
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%s %q (-suggest +page):\n%s", of.sample, of.flags, diff)
		}
	}
}

// randomTry is a layout, and now and then CPUs, where each has one queue, a key and fields.
// Of CPUs that lie apart a number of them says other ones to compare than to the page.
func randomTry(r *rand.Rand, queues int, apart bool) tried {
	const size = 128
	one := tried{choice: map[string]string{}}
	n := queues
	if queues == 8 && r.IntN(3) == 0 {
		n = 2 + r.IntN(15)
		cpus := fmt.Sprint(n)
		if apart || r.IntN(2) == 0 {
			var list []string
			for cpu, left := 0, n; left > 0; cpu++ {
				if r.IntN(2) == 0 {
					list = append(list, fmt.Sprint(cpu))
					left--
				}
			}
			cpus = strings.Join(list, ",")
		}
		one.choice["cpus"] = cpus
		one.scenario += fmt.Sprintf("cpus=%s ", cpus)
	}
	number := func(count, below int) string {
		var list []string
		for range count {
			list = append(list, fmt.Sprint(r.IntN(below)))
		}
		return strings.Join(list, ",")
	}
	layout := ""
	switch r.IntN(5) {
	case 0:
		layout = fmt.Sprintf("equal:%d", 1+r.IntN(n))
	case 1:
		layout = fmt.Sprintf("equal:%d,start:1", 1+r.IntN(n-1))
	case 2:
		layout = "weight:1," + number(n-1, size/n)
	case 3:
		layout = "block"
	case 4:
		layout = "list:" + number(size, n)
	}
	one.choice["layout"] = layout
	one.scenario += "layout=" + layout
	if r.IntN(2) == 0 {
		key := make([]byte, 40)
		for i := range key {
			key[i] = byte(r.Uint32())
		}
		one.choice["key"] = hex.EncodeToString(key)
		one.scenario += " key=" + one.choice["key"]
	}
	if r.IntN(3) == 0 {
		one.choice["types"] = []string{"ipv4,ipv6", "ipv4,tcp_ipv4,ipv6,tcp_ipv6", "tcp_ipv4", "udp_ipv4,ipv6"}[r.IntN(4)]
		one.scenario += " hash-types=" + one.choice["types"]
	}
	return one
}

// triedScenario is what a comparison has of it.
type triedScenario struct {
	FlowsMoved   int `json:"flows_moved"`
	PacketsMoved int `json:"packets_moved"`
	Table        struct {
		Entries   []int
		QueueCPUs []int `json:"queue_cpus"`
	}
	Modes []struct {
		CPUs      []struct{ CPU int }
		Queues    []struct{ CPU, Packets int }
		Imbalance struct {
			Packets       float64
			MinMaxPercent *float64     `json:"min_max_percent"`
			BusiestWindow *triedWindow `json:"busiest_window"`
		}
	}
}

type triedWindow struct {
	Start     int64 `json:"start_ns"`
	Packets   int
	Imbalance float64
}

// triedFigures are those that are the same.
type triedFigures struct {
	Entries             []int
	CPUs                []int
	Packets             []int // per CPU
	Imbalance           string
	MinMaxPercent       string
	Flows, MovedPackets int // that go to another CPU
}

func sixDecimals(f *float64) string {
	if f == nil {
		return "null"
	}
	return fmt.Sprintf("%.6f", *f)
}

func (s *triedScenario) figures() triedFigures {
	m := &s.Modes[0]
	f := triedFigures{Entries: s.Table.Entries, Imbalance: sixDecimals(&m.Imbalance.Packets), MinMaxPercent: sixDecimals(m.Imbalance.MinMaxPercent), Flows: s.FlowsMoved, MovedPackets: s.PacketsMoved}
	for _, c := range m.CPUs {
		packets := 0
		for _, q := range m.Queues {
			if q.CPU == c.CPU {
				packets += q.Packets
			}
		}
		f.CPUs, f.Packets = append(f.CPUs, c.CPU), append(f.Packets, packets)
	}
	return f
}

// triedResult is what the script says.
type triedResult struct {
	Entries []int
	Tried   struct {
		CPUs          []int
		Packets       []int
		Imbalance     float64
		MinMaxPercent *float64
	}
	Moved   struct{ Flows, Packets int }
	Share   float64
	Windows []struct {
		Start     int64
		Packets   int
		Imbalance float64
	}
	Interval int64
}

func (r *triedResult) figures() triedFigures {
	return triedFigures{r.Entries, r.Tried.CPUs, r.Tried.Packets, sixDecimals(&r.Tried.Imbalance), sixDecimals(r.Tried.MinMaxPercent), r.Moved.Flows, r.Moved.Packets}
}

// tryAll opens a page and has its script try tables.
func tryAll(t *testing.T, ctx context.Context, path string, tries []tried) (results []triedResult) {
	t.Helper()
	var choices []map[string]string
	for _, one := range tries {
		choices = append(choices, one.choice)
	}
	text, err := json.Marshal(choices)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b := pagetest.Open(t, ctx, page, pagetest.View{Width: 1000, Scheme: "light"})
	got := pagetest.Value[string](b, `JSON.stringify(`+string(text)+`.map((choice) => ({...tryTable(choice), interval: data.try.interval_ns})))`)
	b.Quiet()
	if err := json.Unmarshal([]byte(got), &results); err != nil || len(results) != len(tries) {
		t.Fatalf("%d results of %d: %v", len(results), len(tries), err)
	}
	return results
}
