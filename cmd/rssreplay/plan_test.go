package main

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type placeJSON struct {
	Hash     string
	HashType string `json:"hash_type"`
	Index    int
	Why      string
	Queue    int
	CPU      int
}

// TestPlansHold: the hash command says of each planned flow, and of its reply,
// what the plan says; and each CPU has as many as asked.
func TestPlansHold(t *testing.T) {
	truth := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth")
	for _, test := range []struct {
		source, destination string
		perCPU              int
		args, nic, peer     []string
	}{
		{"10.0.0.1", "10.0.0.2", 1, nil, []string{"--cpus", "8"}, nil},
		{"10.0.0.1", "10.0.0.2:9", 3, []string{"--protocol", "udp", "--server-ports"}, []string{"--cpus", "4-6", "--layout", "weight:1,2,5"}, nil},
		{"2001:db8::1", "[2001:db8::2]:443", 2, nil, []string{"--cpus", "5", "--key", "mellanox", "--xfrm", "symmetric-or-xor"}, []string{"--peer-cpus", "3", "--peer-nic", "x550", "--peer-key", "dpdk-i40e"}},
		{"10.0.0.1", "10.0.0.2", 1, nil, []string{"--nic", "qemu-igb", "--bundle", filepath.Join(truth, "igb-q8-default")},
			[]string{"--peer-nic", "qemu-virtio", "--peer-bundle", filepath.Join(truth, "virtio-q4-mskey")}},
		// Rules: every second port is dropped, and one of them reaches the CPU that no entry does.
		{"10.0.0.1", "10.0.0.2", 2, nil, []string{"--cpus", "3", "--layout", "equal:2", "--rule", "flow-type tcp4 src-port 1 m 0xfffe action -1", "--rule", "flow-type tcp4 src-port 0x8000 m 0x00ff action 2 loc 1"},
			[]string{"--peer-cpus", "2", "--peer-hash-types", "udp_ipv4", "--peer-rule", "flow-type tcp4 dst-port 2 m 0xfffd action 1"}},
	} {
		args := slices.Concat([]string{"plan", test.source, test.destination, "--per-cpu", fmt.Sprint(test.perCPU)}, test.args, test.nic)
		if test.peer != nil {
			args = slices.Concat(args, []string{"--both-ways"}, test.peer)
		}
		var plan struct {
			Protocol   string
			Parameters map[string]struct{ Value any }
			Flows      []struct {
				SourcePort      int `json:"source_port"`
				DestinationPort int `json:"destination_port"`
				To              placeJSON
				Reply           *placeJSON
				Command         string
			}
		}
		runJSON(t, &plan, args...)
		on := map[int]int{}
		for _, f := range plan.Flows {
			on[f.To.CPU]++
			src := netip.AddrPortFrom(netip.MustParseAddr(test.source), uint16(f.SourcePort)).String()
			address, err := netip.ParseAddr(test.destination)
			if err != nil {
				address = netip.MustParseAddrPort(test.destination).Addr()
			}
			dst := netip.AddrPortFrom(address, uint16(f.DestinationPort)).String()
			var got placeJSON
			runJSON(t, &got, slices.Concat([]string{"hash", src, dst, "--protocol", plan.Protocol}, test.nic)...)
			if got != f.To {
				t.Errorf("%q: %s to %s goes to %+v, not %+v", args, src, dst, got, f.To)
			}
			want := fmt.Sprintf("iperf3 -c %s -p %d -B %s --cport %d", address, f.DestinationPort, test.source, f.SourcePort)
			if f.Command != want && f.Command != want+" -u" {
				t.Errorf("%q: %s", args, f.Command)
			}
			if test.peer == nil {
				continue
			}
			var peer []string
			for _, arg := range test.peer {
				peer = append(peer, strings.Replace(arg, "--peer-", "--", 1))
			}
			got = placeJSON{}
			runJSON(t, &got, slices.Concat([]string{"hash", dst, src, "--protocol", plan.Protocol}, peer)...)
			if got != *f.Reply {
				t.Errorf("%q: the reply of %s goes to %+v, not %+v", args, src, got, *f.Reply)
			}
		}
		if cpus := int(plan.Parameters["cpus"].Value.(float64)); len(on) != cpus {
			t.Errorf("%q: %d of %d CPUs have flows", args, len(on), cpus)
		}
		for cpu, n := range on {
			if n != test.perCPU {
				t.Errorf("%q: CPU %d has %d flows, not %d", args, cpu, n, test.perCPU)
			}
		}
	}
}

// TestPlanWithoutPorts: what is to be done where ports do not count is what that NIC takes.
func TestPlanWithoutPorts(t *testing.T) {
	for nic, want := range map[string]string{
		"igb":      "have them hashed (`ethtool -N DEV rx-flow-hash udp4 sdfn`, and here --rx-flow-hash udp4=sdfn)",
		"netvsc":   "the driver lets nobody choose that; --rx-flow-hash udp4=sdfn plans for a NIC that hashes them",
		"ndis":     "the driver lets nobody choose that; --rx-flow-hash udp4=sdfn plans for a NIC that hashes them",
		"dpdk-ice": "have what has the NIC to itself hash them, and say so here by --rx-flow-hash udp4=sdfn",
		"r8169":    "there is one receive queue, so that every flow goes to CPU 0, whatever its ports",
	} {
		var stdout, stderr strings.Builder
		status := run([]string{"rssreplay", "plan", "10.0.0.1", "10.0.0.2", "--protocol", "udp", "--nic", nic}, strings.NewReader(""), &stdout, &stderr)
		if got := stderr.String(); status != exitUsage || !strings.HasSuffix(got, want+"\n") {
			t.Errorf("%s: status %d, %q, want %q at its end", nic, status, got, want)
		}
	}
}
