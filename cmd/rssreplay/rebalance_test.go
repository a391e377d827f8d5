package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRebalanceFigures makes the captures that help rebalance sets beside the published
// figures, and replays them: each line there is what its command prints.
func TestRebalanceFigures(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository(t), "cmd", "rssreplay", "help", "rebalance.txt"))
	if err != nil {
		t.Fatal(err)
	}
	made := regexp.MustCompile(`(?m)^  (\w+) +[\d,]+ flows.*(--packet-cost \w+)\n +go run ./pcaps/samples/heavytail (.*)$`).FindAllStringSubmatch(string(text), -1)
	if len(made) != 3 {
		t.Fatalf("help rebalance makes %d captures", len(made))
	}
	if testing.Short() {
		made = made[:1]
	}
	dir := t.TempDir()
	generator := filepath.Join(dir, "heavytail.exe")
	build := exec.Command("go", "build", "-o", generator, "./pcaps/samples/heavytail")
	build.Dir = repository(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, of := range made {
		name, cost, flags := of[1], strings.Fields(of[2]), strings.Fields(of[3])
		capture := filepath.Join(dir, name+".pcap")
		file, err := os.Create(capture)
		if err != nil {
			t.Fatal(err)
		}
		generate := exec.Command(generator, flags...)
		generate.Stdout, generate.Stderr = file, os.Stderr
		if err := generate.Run(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		var compare struct {
			OverTime struct {
				Best      struct{ Mean float64 } `json:"best_static"`
				Bound     struct{ Mean float64 } `json:"bound"`
				Scenarios []struct {
					Imbalance struct {
						Mean   float64
						MinMax float64 `json:"min_max_percent"`
					}
				}
			} `json:"over_time"`
		}
		runJSON(t, &compare, append([]string{"compare", capture, "--mode", "rss-msix", "--cpus", "8", "--table-size", "512", "--interval", "1s",
			"--scenario", "RSS:", "--scenario", "RSS++: rebalance=rsspp"}, cost...)...)
		o := &compare.OverTime
		still, moved := o.Scenarios[0].Imbalance, o.Scenarios[1].Imbalance
		want := fmt.Sprintf("\n  %-16s %5.0f%%  %4.0f%%          %7.3f %6.3f %6.3f %6.3f\n", name, still.MinMax, moved.MinMax, still.Mean, moved.Mean, o.Best.Mean, o.Bound.Mean)
		if space := strings.NewReplacer(" ", ""); !strings.Contains(space.Replace(string(text)), space.Replace(want)) {
			t.Errorf("help rebalance does not have the line%s", want)
		}
		if err := os.Remove(capture); err != nil {
			t.Fatal(err)
		}
	}
}
