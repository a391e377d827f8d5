package profile

import (
	"strings"
	"testing"
)

func TestMeant(t *testing.T) {
	for word, want := range map[string]string{
		"connectx": "mlx4 mlx5", "connectx-5": "mlx5", "ConnectX-4": "mlx5", "connectx6dx": "mlx5", "ConnectX-3": "mlx4", "cx4": "mlx5",
		"BlueField-2": "mlx5", "mlx": "mlx4 mlx5", "mellanox": "mlx4 mlx5", "nvidia": "mlx5",
		"aws": "ena", "ec2": "ena", "Amazon": "ena ena-old ena-gen4", "gcp": "gve", "gVNIC": "gve", "google": "gve", "azure": "netvsc mana",
		"hyper-v": "netvsc", "HyperV": "netvsc", "vmware": "vmxnet3", "esxi": "vmxnet3", "kvm": "virtio", "virtio-net": "virtio qemu-virtio",
		"x710": "i40e", "X710-DA4": "i40e", "xxv710": "i40e", "x520": "ixgbe", "X520-DA2": "ixgbe", "82599": "ixgbe", "82599es": "ixgbe", "x540-t2": "ixgbe",
		"82599-vf": "ixgbevf", "x710vf": "iavf", "e810": "ice", "e810-cqda2": "ice", "e823": "ice", "i350-t4": "igb", "i226-v": "igc", "rtl8125b": "r8169 r8125",
		"bcm57414": "bnxt", "57414": "bnxt", "57508": "bnxt-p5", "bcm57608": "bnxt-p5", "netxtreme": "bnxt bnxt-p5 bnx2x", "broadcom": "bnxt bnxt-p5 tg3 bnx2x", "bcm5720": "tg3", "57840": "bnx2x",
		"solarflare": "sfc", "aquantia": "atlantic", "aqc107": "atlantic", "fastlinq": "qede", "ql41000": "qede", "cisco": "enic", "ucs": "enic", "fm10000": "dpdk-fm10k", "windows": "ndis", "netkvm": "ndis", "pensando": "ionic",
		"82": "", "x": "", "": "", "eth0": "", "foo": "", "57": "", "e8": "", "ixbge": "",
	} {
		if got := strings.Join(Meant(word), " "); got != want {
			t.Errorf("Meant(%q) is %q, want %q", word, got, want)
		}
	}
}

// TestOtherNames: each is of a profile that there is, and means it.
func TestOtherNames(t *testing.T) {
	for profile, words := range otherNames {
		for _, word := range words {
			found := false
			for _, name := range Meant(strings.ReplaceAll(word, "xx", "12")) {
				found = found || name == profile
			}
			if !found {
				t.Errorf("%q does not mean %s, but %v", word, profile, Meant(word))
			}
		}
	}
}
