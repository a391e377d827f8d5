package nictext

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rssreplay/hash"
)

// Texts as people paste them, from public threads, are read to what their authors meant.
func TestPastes(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "pastes")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is not here", dir)
	}
	paste := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	counted := func(name string) *QueueCounters {
		c, err := ReadQueueCounters(paste(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return c
	}
	for name, want := range map[string][]uint64{"atlantic": {2344, 3233, 2628, 2786}, "igb-grepped": {10991, 0}} {
		got, err := counted(name + "-after.txt").Since(counted(name + "-before.txt"))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, want := range map[string][]uint64{"testpmd-xstats.txt": {400, 0}, "vpp-hardware.txt": {1000, 0}} {
		if got := counted(name); !slices.Equal(got.Packets, want) {
			t.Errorf("%s: %+v", name, got)
		}
	}

	microsoft, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(strings.Split(strings.TrimSpace(paste("keys.txt")), "\n"), paste("testpmd-key.txt"), paste("freebsd-rss.txt")) {
		if key, err := ReadKey(strings.NewReader(text), "key"); err != nil || key.Key.String() != microsoft.String() {
			t.Errorf("%s: %v, %v", text, key, err)
		}
	}

	wantCPUs := map[string]int{"enp5s0f4": 1, "eth3": 0, "pci:7870:00:00.0": 0, "eth0": 0, "ixl1": 0}
	for iface, want := range wantCPUs {
		got, err := mustReadIRQs(t, paste("interrupts.txt")).QueueCPUs(NIC{Interface: iface}, 1)
		if err != nil || !slices.Equal(got.CPUs, []int{want}) {
			t.Errorf("%s: %+v, %v", iface, got, err)
		}
	}
	for name, want := range map[string][]int{"vpp-rx-placement.txt": {1, 2}, "ovs-pmd-rxq-show.txt": {2, 4, 2, 4}} {
		iface := map[string]string{"vpp-rx-placement.txt": "n3"}[name]
		if got, err := mustReadIRQs(t, paste(name)).QueueCPUs(NIC{Interface: iface}, 0); err != nil || !slices.Equal(got.CPUs, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := mustReadIRQs(t, paste("freebsd-vmstat.txt")).QueueInterrupts(NIC{Interface: "ix0"}); err != nil || !slices.Equal(got.Packets, []uint64{123456, 23456, 33456, 43456}) {
		t.Errorf("vmstat: %v, %v", got, err)
	}

	for name, want := range map[string]struct{ entries, queues, rings int }{
		"testpmd-reta.txt": {128, 16, 0}, "stmmac-stale-table.txt": {128, 8, 3}, "freebsd-rss.txt": {4, 4, 4}, "windows-one-cpu.txt": {128, 1, 8},
	} {
		got, err := ReadTable(strings.NewReader(paste(name)), name)
		if err != nil || len(got.Table) != want.entries || int(slices.Max(got.Table))+1 != want.queues || got.Rings != want.rings {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if !NoTable("no-table.txt", []byte(paste("no-table.txt"))) {
		t.Error("no-table.txt is not taken for the answer of a driver without a table")
	}
}
