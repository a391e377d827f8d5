package profile

import (
	"slices"
	"strings"
	"testing"

	"rssreplay/nicmodel/steer"
)

// TestClash has rules that go together, and such as do not, by what the drivers of Linux
// 6.12 take.
func TestClash(t *testing.T) {
	const port, other, part, ip, udp = "flow-type tcp4 dst-port 80 action 1", "flow-type tcp4 src-port 80 action 1",
		"flow-type tcp4 dst-port 80 m 0xf action 1", "flow-type ip4 src-ip 10.0.0.1 action 1", "flow-type udp4 src-port 53 action 1"
	for _, test := range []struct {
		nic, a, b string
		clash     bool
	}{
		{"ixgbe", port, "flow-type tcp4 dst-port 81 action 2", false},
		{"ixgbe", port, part, true},
		{"ixgbe", port, udp, true},
		{"ixgbe", other, udp, false},
		{"ixgbe", "flow-type tcp4 src-ip 10.0.0.1 action 1", ip, true}, // ip4 has no protocol in the mask
		{"i40e", port, other, true},
		{"i40e", port, udp, false},
		{"ice", port, other, true},
		{"mlx5", port, part, false},
		{"mlx4", port, other, false},
		{"bnxt", port, other, false},
	} {
		p, err := Named(test.nic)
		if err != nil {
			t.Fatal(err)
		}
		var commands []steer.Command
		for _, words := range []string{test.a, test.b} {
			c, err := steer.ParseCommand(words)
			if err != nil {
				t.Fatal(err)
			}
			commands = append(commands, c)
		}
		rules, err := steer.Apply(nil, commands, 8)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rules { // whichever is asked about
			location, _, clash := p.NTuple.Clash(&rules[i], rules)
			if clash != test.clash || clash && location != rules[1-i].Location {
				t.Errorf("%s: %s, beside %s: clash %t with filter %d", test.nic, commands[i].Rule.Kind, commands[1-i].Rule.Kind, clash, location)
			}
		}
	}
}

// Fields that ethtool adds to rules of any kind are taken by those alone that are known to take them.
func TestTakersOf(t *testing.T) {
	for words, want := range map[string]string{
		"flow-type tcp4 dst-port 80":                           "ixgbe x550 i40e iavf ice mlx4 mlx5 bnxt bnxt-p5 sfc gve",
		"flow-type tcp4 dst-port 80 loc 2000":                  "ixgbe x550 i40e iavf ice gve",
		"flow-type tcp4 dst-port 80 vlan 5 m 0xf000":           "mlx5 sfc",
		"flow-type tcp4 dst-port 80 dst-mac 02:00:00:00:00:01": "mlx5",
		"flow-type tcp4 dst-port 80 user-def 1":                "",
		"flow-type ether dst 02:00:00:00:00:01":                "igb igc mlx4 mlx5 sfc",
	} {
		c, err := steer.ParseCommand(words + " action 1")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(TakersOf(&c.Rule), " "); got != want {
			t.Errorf("%s: %s, want %s", words, got, want)
		}
	}
}

// TestRefuses: igb, igc and gve drop nothing by rules, and sfc alone adds a rule's queue to
// those of a context.
func TestRefuses(t *testing.T) {
	const drop, adds = "flow-type ether proto 0x800 action -1", "flow-type ether proto 0x800 context 1 action 2"
	for nic, want := range map[string]string{
		"igb " + drop: "takes no rules that drop packets", "igc " + drop: "takes no rules that drop packets", "mlx5 " + drop: "",
		"gve flow-type tcp6 dst-port 443 action -1": "takes no rules that drop packets", "gve flow-type sctp4 dst-port 443 action 1": "", "gve flow-type ip4 action 1": "takes no rules of flow-type ip4",
		"sfc " + adds: "", "mlx5 " + adds: "takes no rules that add a queue to those of an RSS context", "sfc flow-type tcp4 dst-port 80 m 1 action 1": "takes no rules that compare only a part of a field, as of dst-port here",
		"tg3 " + drop: "takes no rules", "qede " + drop: "",
	} {
		name, words, _ := strings.Cut(nic, " ")
		p, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := steer.ParseCommand(words)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.NTuple.Refuses(&c.Rule); got != want {
			t.Errorf("%s: %q, want %q", nic, got, want)
		}
	}
}

// TestRulesTold: whose rules are not known, --rule takes any; of a driver of Linux a note
// says what is known.
func TestRulesTold(t *testing.T) {
	for _, p := range All() {
		told := slices.ContainsFunc(p.Notes, func(n string) bool { return strings.HasPrefix(n, "rules (ethtool -N): ") })
		if unknown := p.NTuple.Kinds == nil && len(p.Drivers) > 0; unknown != told {
			t.Errorf("%s: rules not known %t, told of %t", p.Name, unknown, told)
		}
	}
}
