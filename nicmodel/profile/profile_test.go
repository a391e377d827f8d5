package profile

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/layout"
)

// Every profile makes a table and a Steering, on machines of all sizes.
func TestProfilesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All() {
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
		if m := p.Moderation; m.RXDelay == 0 && m.RXFrames != 1 {
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
			layout, err := layout.Parse(p.LayoutFor(queues))
			if err != nil {
				t.Fatal(err)
			}
			table, err := layout.Fill(p.TableSize.For(queues), queues)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := nicmodel.NewSteering(nicmodel.SteeringConfig{
				HashTypes: p.HashTypes, Key: key, Transform: p.Transform, Table: table, QueueCPU: make([]int, queues), Rules: p.Rules,
			}); err != nil {
				t.Errorf("%s on %d CPUs: %v", p.Name, cpus, err)
			}
		}
		if got, err := Named(p.Name); err != nil || !cmp.Equal(&p, got) {
			t.Errorf("%s by its name: %v, %v", p.Name, got, err)
		}
	}
	if _, err := Named("e100"); err == nil || !strings.HasPrefix(err.Error(), `--nic "e100": no such profile; known are igb, igc,`) {
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
		{"ixgbe", 64, 16, 128}, {"x550", 64, 63, 512}, {"i40e", 34, 34, 512}, {"iavf", 32, 16, 64},
		{"mlx4", 8, 8, 8}, {"mlx4", 12, 8, 8}, {"mlx4", 64, 16, 16},
		{"mlx5", 6, 6, 256}, {"mlx5", 128, 128, 256}, {"mlx5", 200, 200, 512}, {"mlx5", 300, 256, 512},
		{"bnxt-p5", 64, 64, 64}, {"bnxt-p5", 65, 65, 128}, {"bnxt-p5", 128, 128, 128}, {"bnxt-p5", 129, 129, 256}, {"bnxt-p5", 200, 200, 256},
		{"dpdk-mlx5", 8, 8, 8}, {"dpdk-mlx5", 12, 12, 512},
		{"tg3", 8, 4, 128}, {"bnx2x", 12, 12, 128}, {"qede", 12, 12, 128}, {"sfc", 64, 32, 128}, {"enic", 12, 8, 128}, {"atlantic", 12, 8, 64}, {"atlantic", 7, 4, 64},
		{"e1000", 8, 1, 1}, {"idpf", 32, 16, 128}, {"cxgb4", 64, 32, 128}, {"hns3", 96, 96, 512}, {"hinic", 24, 24, 256}, {"octeontx2", 80, 64, 256},
		{"amd-xgbe", 4, 4, 256}, {"stmmac", 4, 1, 256}, {"mvneta", 4, 1, 1}, {"r8125", 6, 4, 128},
		{"vmxnet3", 6, 4, 128}, {"netvsc", 96, 64, 128}, {"r8169", 8, 1, 1},
	} {
		p, err := Named(test.name)
		if err != nil {
			t.Fatal(err)
		}
		if queues := p.Queues(test.cpus); queues != test.queues || p.TableSize.For(queues) != test.table {
			t.Errorf("%s on %d CPUs: %d queues, %d entries; want %d, %d", test.name, test.cpus, queues, p.TableSize.For(queues), test.queues, test.table)
		}
	}
	for _, queues := range []int{-1, 0, math.MaxInt} { // nothing a user gives overflows
		for _, rule := range []TableRule{TableFixed, TableQueues, TableTwice, TableQueuesOr, TablePer64Ring} {
			if n := (TableSize{Entries: 1, Rule: rule}).For(queues); n < 1 || n > nicmodel.MaxTableSize {
				t.Errorf("rule %d with %d queues: %d entries", rule, queues, n)
			}
		}
	}
}

// The driver sets up to 63 rings of an 82599, but its table has the first 16 only.
func TestProfileLayout(t *testing.T) {
	for _, test := range []struct {
		name   string
		queues int
		want   string
	}{
		{"ixgbe", 16, "equal"}, {"ixgbe", 63, "equal:16"}, {"x550", 63, "equal"}, {"igb", 8, "block"}, {"e1000e", 1, "equal:1"},
	} {
		p, err := Named(test.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.LayoutFor(test.queues); got != test.want {
			t.Errorf("%s with %d queues: %s, want %s", test.name, test.queues, got, test.want)
		}
	}
}

// Doubts are about parameters that exist, of which the profile has a value.
func TestProfileDoubts(t *testing.T) {
	for _, p := range All() {
		for _, d := range p.Unverified {
			switch d.Of {
			case "", "queues", "table-size", "layout", "hash-types", "rx-ring", "itr", "rx-usecs":
			default:
				t.Errorf("%s: a doubt about %s", p.Name, d.Of)
			}
			if d.Of != "" && !p.UnverifiedOf(d.Of) || d.What == "" {
				t.Errorf("%s: %+v", p.Name, d)
			}
		}
	}
}

// The driver's name, and where several NICs have it their table's size, choose.
func TestProfileOfDriver(t *testing.T) {
	for _, test := range []struct {
		driver         string
		entries, rings int
		want           string
	}{
		{"igb", 0, 0, "igb"}, {"igb", 128, 8, "igb"}, {"ixgbe", 0, 0, "ixgbe"}, {"ixgbe", 128, 63, "ixgbe"}, {"ixgbe", 512, 63, "x550"}, {"ixgbe", 64, 4, "ixgbe"},
		{"bnxt_en", 64, 8, "bnxt-p5"}, {"bnxt_en", 128, 8, "bnxt"}, {"virtio_net", 128, 4, "virtio"}, {"hv_netvsc", 0, 0, "netvsc"}, {"mlx5_core", 256, 6, "mlx5"},
		{"i40evf", 64, 4, "iavf"}, {"gvnic", 0, 0, "gve"}, {"rvu-nicvf", 256, 8, "octeontx2"}, {"st_gmac", 256, 4, "stmmac"},
	} {
		if p := OfDriver(test.driver, test.entries, test.rings); p == nil || p.Name != test.want {
			t.Errorf("%+v: %v", test, p)
		}
	}
	if p := OfDriver("mvpp2", 128, 4); p != nil {
		t.Errorf("mvpp2: %s", p.Name)
	}
}

// TestUnsettable: what drivers do not let one set.
func TestUnsettable(t *testing.T) {
	const all = SetTable | SetKey | SetFields | SetTransform
	for name, want := range map[string]Settings{
		"igb": SetKey | SetTransform, "igc": SetKey | SetTransform, "vmxnet3": SetKey | SetTransform, "qemu-igb": SetKey | SetTransform,
		"ixgbe": SetTransform, "ice": 0, "iavf": 0, "netvsc": SetFields | SetTransform, "ixgbevf": all, "e1000e": all, "r8169": all,
		"mlx4": SetFields | SetTransform, "gve": SetFields | SetTransform, "ionic": SetFields | SetTransform, "mana": SetFields | SetTransform,
		"tg3": SetKey | SetFields | SetTransform, "bnx2x": SetKey | SetTransform, "qede": SetTransform, "sfc": SetFields | SetTransform,
		"enic": SetTable | SetFields | SetTransform, "atlantic": SetFields | SetTransform,
		"e1000": all, "igbvf": all, "stmmac": all, "mvneta": SetKey | SetFields | SetTransform, "idpf": SetFields | SetTransform, "cxgb4": SetKey | SetFields | SetTransform,
		"be2net": SetTransform, "hns3": SetTransform, "hinic": SetTransform, "octeontx2": SetTransform, "amd-xgbe": SetFields | SetTransform, "r8125": SetTransform,
		"mlx5": SetTransform, "ena": SetTransform, "virtio": SetTransform, "bnxt": SetTransform, // these take ethtool -N's rx-flow-hash
	} {
		p, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Unsettable(all); got != want {
			t.Errorf("%s: %04b, want %04b", name, got, want)
		}
		if got := p.Unsettable(SetKey); got != want&SetKey {
			t.Errorf("%s: of the key alone %04b", name, got)
		}
	}
}

// A NIC uses the beginning of what /proc/sys/net/core/netdev_rss_key has.
func TestFitKey(t *testing.T) {
	for _, test := range []struct {
		profile   string
		have, fit int // bytes; 0: refused
	}{
		{"igb", 40, 40}, {"igb", 52, 40}, {"igb", 256, 40}, {"igb", 39, 0}, {"igb", 41, 0}, {"igb", 255, 0},
		{"ice", 52, 52}, {"ice", 256, 52}, {"ice", 40, 0},
		{"r8169", 40, 40}, // no RSS, so no length
	} {
		p, err := Named(test.profile)
		if err != nil {
			t.Fatal(err)
		}
		key := make(hash.Key, test.have)
		for i := range key {
			key[i] = byte(i)
		}
		got, err := p.FitKey(key)
		if test.fit == 0 {
			if err == nil || !strings.Contains(err.Error(), p.Name) {
				t.Errorf("%s, %d bytes: %v, %v", test.profile, test.have, got, err)
			}
		} else if err != nil || string(got) != string(key[:test.fit]) {
			t.Errorf("%s, %d bytes: %v, %v", test.profile, test.have, got, err)
		}
	}
}
