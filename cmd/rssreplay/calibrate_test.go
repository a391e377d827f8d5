package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The moderation of a host whose NIC moderates is found from its interrupts, by the costs
// that are fitted with it; and what the host says of it stands beside.
func TestCalibrateModeration(t *testing.T) {
	sample := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	dir := t.TempDir()
	queues := make([]struct{ Packets, Interrupts uint64 }, 2) // of each of two CPUs, in all
	replay := func(args ...string) {
		var stdout, stderr strings.Builder
		if status := run(append([]string{"rssreplay", sample, "--cpus", "2", "--mode", "rss-msix", "--format", "json"}, args...), strings.NewReader(""), &stdout, &stderr); status != exitDone {
			t.Fatalf("%q: status %d, %s", args, status, stderr.String())
		}
		var r struct {
			Modes []struct {
				CPUs []struct{ Packets, Interrupts uint64 }
			}
		}
		if err := json.Unmarshal([]byte(stdout.String()), &r); err != nil {
			t.Fatal(err)
		}
		copy(queues, r.Modes[0].CPUs)
	}
	// snapshots are of a host on which a packet costs 1.4 µs and a run 3.6 µs, by perf kwork.
	const windows = 5
	snapshots := func() {
		for i := range windows + 1 {
			var b strings.Builder
			so := func(n uint64) uint64 { return n * uint64(i*i) / (windows * windows) } // ever more
			for cpu, q := range queues {
				fmt.Fprintf(&b, "%08x %s%08x 00000000 00000000\n", so(q.Packets), strings.Repeat("00000000 ", 11), cpu)
			}
			fmt.Fprintf(&b, "btime 1795637348\n%d.00 1.00\n", 1000+i)
			for cpu, q := range queues {
				fmt.Fprintf(&b, "cpu%d 1000 0 0 %d 0 0 0 0 0 0\n", cpu, 1000+100*i)
				if i > 0 {
					before := func(n uint64) uint64 { return n * uint64((i-1)*(i-1)) / (windows * windows) }
					packets, runs := so(q.Packets)-before(q.Packets), so(q.Packets/3)-before(q.Packets/3)
					fmt.Fprintf(&b, "  (s)NET_RX:3   | %04d | %10.3f ms | %9d | 0.041 ms | 5843.008906 s | 5843.008947 s |\n", cpu, (3.6*float64(runs)+1.4*float64(packets))/1e3, runs)
				}
			}
			fmt.Fprintf(&b, "    CPU0 CPU1\n  NET_RX:  %d %d\n", so(queues[0].Packets/3), so(queues[1].Packets/3))
			fmt.Fprintf(&b, "   CPU0 CPU1\n 40: %d 0 PCI-MSI 1-edge eth0-rx-0\n 41: 0 %d PCI-MSI 2-edge eth0-rx-1\nLOC: %d %[3]d Local timer interrupts\n", so(queues[0].Interrupts), so(queues[1].Interrupts), 250*i)
			b.WriteString("CONFIG_HZ=250\nCoalesce parameters for eth0:\nAdaptive RX: on  TX: off\nrx-usecs: 3\nrx-frames: 0\n")
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.txt", i)), []byte(b.String()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	calibrate := func(args ...string) string {
		var stdout, stderr strings.Builder
		if status := run(append([]string{"rssreplay", "calibrate", sample, "--cpus", "2", "--snapshots", dir}, args...), strings.NewReader(""), &stdout, &stderr); status != exitDone {
			t.Fatalf("status %d: %s%s", status, stdout.String(), stderr.String())
		}
		return stdout.String()
	}
	replay()
	snapshots()
	costs := filepath.Join(t.TempDir(), "costs.json")
	calibrate("-o", costs)
	replay("--costs", costs, "--itr", "300us", "--drain", "poll", "--dpc-budget", "64")
	snapshots()

	var c struct {
		Moderation struct {
			Wanted  uint64
			Without uint64 `json:"without_moderation"`
			Fits    []struct {
				Parameter, Flags string
				Value            float64 `json:"value_us"`
				Interrupts       uint64
			}
			Claimed string
		}
	}
	if err := json.Unmarshal([]byte(calibrate("--format", "json")), &c); err != nil {
		t.Fatal(err)
	}
	m := &c.Moderation
	if len(m.Fits) != 2 || m.Fits[0].Parameter != "itr" || math.Abs(m.Fits[0].Value-300) > 15 || m.Fits[1].Parameter != "rx-usecs" {
		t.Errorf("%+v", m)
	}
	for _, f := range m.Fits {
		if math.Abs(float64(f.Interrupts)-float64(m.Wanted)) > 0.02*float64(m.Wanted) || m.Wanted >= m.Without {
			t.Errorf("%+v of %d, %d without", f, m.Wanted, m.Without)
		}
		// Its flags give these interrupts.
		replay(append(strings.Fields(f.Flags), "--costs", costs)...)
		if n := queues[0].Interrupts + queues[1].Interrupts; n != f.Interrupts {
			t.Errorf("%s: %d interrupts, said %d", f.Flags, n, f.Interrupts)
		}
	}
	if m.Claimed != "ethtool -c: adaptive-rx on, rx-usecs 3, rx-frames 0" {
		t.Error(m.Claimed)
	}
	text := calibrate()
	t.Log(text)
	for _, want := range []string{"MODERATION  with which the model interrupts as often", "the host says", "Counts of interrupts don't tell", "  --itr "} {
		if !strings.Contains(text, want) {
			t.Errorf("the text does not say %q:\n%s", want, text)
		}
	}
	// Where no queue's interrupts are known that is said.
	if text := calibrate("--dev", "eth9"); !strings.Contains(text, "Interrupt moderation is not fitted: ") {
		t.Error(text)
	}
}
