package nicmodel

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/hash"
)

// Every profile makes a table and a Steering, on machines of all sizes.
func TestProfilesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Profiles() {
		if seen[p.Name] {
			t.Errorf("%s comes twice", p.Name)
		}
		seen[p.Name] = true
		if p.NIC == "" || p.Source == "" {
			t.Errorf("%s: no NIC or no source", p.Name)
		}
		if p.KeyLen > 0 && p.KeyLen < p.HashTypes.MaxInputLen()+4 || p.KeyLen == 0 && p.HashTypes != 0 {
			t.Errorf("%s: a key of %d bytes for %v", p.Name, p.KeyLen, p.HashTypes)
		}
		if m := p.Moderation; m.RXUsecs == 0 && m.RXFrames != 1 {
			t.Errorf("%s: %+v: packets could wait for ever", p.Name, m)
		}
		key := make(hash.Key, p.KeyLen)
		if p.Key != "" {
			var err error
			if key, err = hash.ParseKey(p.Key); err != nil || len(key) != p.KeyLen {
				t.Errorf("%s: key %s of %d bytes, want %d (%v)", p.Name, p.Key, len(key), p.KeyLen, err)
			}
		}
		for _, cpus := range []int{1, 2, 3, 8, 12, 64, 100, 300} {
			queues := p.Queues(cpus)
			if queues > cpus || queues < 1 {
				t.Errorf("%s: %d queues on %d CPUs", p.Name, queues, cpus)
			}
			table := mustFill(t, p.Layout, p.TableSize.For(queues), queues)
			if _, err := NewSteering(SteeringConfig{
				HashTypes: p.HashTypes, Key: key, Transform: p.Transform, Table: table, QueueCPU: make([]int, queues), Rules: p.Rules,
			}); err != nil {
				t.Errorf("%s on %d CPUs: %v", p.Name, cpus, err)
			}
		}
		if got, err := ProfileNamed(p.Name); err != nil || !cmp.Equal(&p, got) {
			t.Errorf("%s by its name: %v, %v", p.Name, got, err)
		}
	}
	if _, err := ProfileNamed("e1000"); err == nil || !strings.HasPrefix(err.Error(), `--nic "e1000": no such profile; known are igb, igc,`) {
		t.Errorf("unknown name: %v", err)
	}
}

// The sizes and queues that the drivers' sources and outputs show.
func TestProfileSizes(t *testing.T) {
	for _, test := range []struct {
		name                string
		cpus, queues, table int
	}{
		{"igb", 12, 8, 128}, {"igb", 4, 4, 128}, {"igc", 8, 4, 128}, {"e1000e", 8, 1, 128},
		{"ixgbe", 64, 16, 128}, {"ixgbe-x550", 64, 63, 512}, {"i40e", 34, 34, 512}, {"iavf", 32, 16, 64},
		{"mlx4", 8, 8, 8}, {"mlx4", 12, 8, 8}, {"mlx4", 64, 16, 16},
		{"mlx5", 6, 6, 256}, {"mlx5", 128, 128, 256}, {"mlx5", 200, 128, 256},
		{"bnxt-p5", 64, 64, 64}, {"bnxt-p5", 65, 65, 128}, {"bnxt-p5", 128, 128, 128}, {"bnxt-p5", 129, 129, 256}, {"bnxt-p5", 200, 200, 256},
		{"vmxnet3", 6, 4, 128}, {"hv_netvsc", 96, 64, 128}, {"r8169", 8, 1, 1},
	} {
		p, err := ProfileNamed(test.name)
		if err != nil {
			t.Fatal(err)
		}
		if queues := p.Queues(test.cpus); queues != test.queues || p.TableSize.For(queues) != test.table {
			t.Errorf("%s on %d CPUs: %d queues, %d entries; want %d, %d", test.name, test.cpus, queues, p.TableSize.For(queues), test.queues, test.table)
		}
	}
	for _, queues := range []int{-1, 0, 1 << 40} { // nothing a user gives overflows
		for _, rule := range []TableRule{TableFixed, TableQueues, TableTwice, TablePer64Ring} {
			if n := (TableSize{Entries: 1, Rule: rule}).For(queues); n < 1 || n > MaxTableSize {
				t.Errorf("rule %d with %d queues: %d entries", rule, queues, n)
			}
		}
	}
}
