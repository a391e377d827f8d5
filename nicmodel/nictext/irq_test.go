package nictext

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const interruptsText = `            CPU0       CPU1       CPU2       CPU3
 120:     524288          0          0          0  IR-PCI-MSI 1048576-edge      eth0-TxRx-0
 121:          0     524100          0          0  IR-PCI-MSI 1048577-edge      eth0-TxRx-1
 LOC:  180000000  179999999  180000001  179999998   Local timer interrupts
 ERR:          0
`

// interrupts is a /proc/interrupts of 4 CPUs: row i has its interrupts on CPU
// 3 − i, and the i-th action.
func interrupts(actions ...string) string {
	text := "           CPU0       CPU1       CPU2       CPU3\n"
	for i, action := range actions {
		counts := [4]int{}
		counts[3-i%4] = 100 + i
		text += fmt.Sprintf("%4d: %10d %10d %10d %10d  PCI-MSIX-0000:00:%02d.0   %d-edge      %s\n", 40+i, counts[0], counts[1], counts[2], counts[3], 1+i/2, i, action)
	}
	return text
}

// onBus is interrupts whose chips name one place.
func onBus(text string) string {
	return regexp.MustCompile(`PCI-MSIX-\S+`).ReplaceAllString(text, "PCI-MSIX-0000:3b:00.0")
}

func mustReadIRQs(t *testing.T, texts ...string) *IRQs {
	t.Helper()
	var all *IRQs
	for _, text := range texts {
		q, err := ReadIRQs(strings.NewReader(text), "x")
		if err != nil {
			t.Fatalf("%v, of\n%s", err, text)
		}
		if all == nil {
			all = q
		} else {
			all.Merge(q)
		}
	}
	return all
}

func TestQueueCPUs(t *testing.T) {
	const affinity = "/proc/irq/120/smp_affinity_list:3\n/proc/irq/121/smp_affinity_list:0-3\n/proc/irq/121/effective_affinity_list:2\n/proc/irq/9/smp_affinity_list:0-3\n"
	counted := []string{"the CPU of 2 of 2 queues is taken to be the one that got most of the queue's interrupts; /proc/irq/*/smp_affinity_list would tell"}
	guessed := map[string]string{"aquantia": "eth0-N", "several families": "eth0-ring-N", "beside USB": "eth0-N"}
	for _, test := range []struct {
		name       string
		texts      []string
		iface, bus string
		queues     int
		want       []int
		notes      []string
	}{
		{"igb", []string{interruptsText}, "eth0", "", 2, []int{0, 1}, counted},
		{"pasted", quoted(interruptsText)[1:2], "eth0", "", 2, []int{0, 1}, counted},
		{"inline code", []string{"`" + strings.Split(interruptsText, "\n LOC")[0] + "`"}, "eth0", "", 0, []int{0, 1}, counted},
		{"a remark behind a name", []string{strings.Replace(interruptsText, "TxRx-1", "TxRx-1   (all of it, why?)", 1)}, "eth0", "", 0, []int{0, 1}, counted},
		{"an arrow behind a name", []string{strings.Replace(interruptsText, "TxRx-1", "TxRx-1  <-- all of it", 1)}, "eth0", "", 0, []int{0, 1}, counted},
		{"quoted", quoted(interruptsText)[2:3], "eth0", "", 2, []int{0, 1}, counted},
		{"queues not known", []string{interruptsText}, "", "", 0, []int{0, 1}, counted},
		{"fewer queues", []string{interruptsText}, "", "", 1, []int{0}, []string{strings.ReplaceAll(counted[0], "2", "1")}},
		{"affinity", []string{interruptsText, affinity}, "", "", 2, []int{3, 2}, nil},
		{"as a loop prints masks", []string{interruptsText, "IRQ 120: smp_affinity = 0x8\nIRQ 121 (eth0-TxRx-1): smp_affinity = 4\n"}, "", "", 2, []int{3, 2}, nil},
		{"as a loop prints lists", []string{interruptsText, "IRQ 120: smp_affinity_list = 3\nIRQ 121: effective_affinity_list = 2\n"}, "", "", 2, []int{3, 2}, nil},
		{"affinity before", []string{affinity, interruptsText}, "", "", 2, []int{3, 2}, nil},
		{"one text", []string{interruptsText + affinity}, "", "", 2, []int{3, 2}, nil},
		{"affinity, then counts within it", []string{interruptsText, "/proc/irq/120/smp_affinity_list:1-3\n/proc/irq/121/smp_affinity_list:1,2\n", strings.Replace(interruptsText, "524288          0", "524288         10", 1)},
			"", "", 2, []int{1, 1}, []string{strings.Replace(counted[0], "interrupts;", "interrupts (of 1 others got some too);", 1)}},
		{"before and after", []string{interruptsText, strings.ReplaceAll(interruptsText, "5", "1")}, "", "", 2, []int{0, 1}, counted},
		{"old chip names", []string{strings.ReplaceAll(interruptsText, "IR-PCI-MSI 1048576-edge", "PCI-MSI-edge")}, "", "", 2, []int{0, 1}, counted},
		{"a CPU off line", []string{strings.ReplaceAll(interruptsText, "CPU1 ", "CPU64")}, "", "", 2, []int{0, 64}, counted},

		{"igb, with others", []string{interrupts("eth0", "eth0-TxRx-0", "eth0-TxRx-1", "eth1-TxRx-0")}, "eth0", "", 2, []int{2, 1}, counted},
		{"i40e", []string{interrupts("i40e-eth0-TxRx-0", "i40e-eth0-TxRx-1")}, "eth0", "", 2, []int{3, 2}, counted},
		{"ice among others", []string{interrupts("ice-eth10-TxRx-0", "ice-eth0-TxRx-0", "ice-eth0-TxRx-1")}, "eth0", "", 2, []int{2, 1}, counted},
		{"ena", []string{interrupts("ena-mgmnt@pci:0000:00:05.0", "eth0-Tx-Rx-0", "eth0-Tx-Rx-1")}, "eth0", "", 2, []int{2, 1}, counted},
		{"vmxnet3", []string{interrupts("eth0-rxtx-0", "eth0-rxtx-1", "eth0-event-2")}, "eth0", "", 2, []int{3, 2}, counted},
		{"rx alone", []string{interrupts("eth0-rx-0", "eth0-rx-1", "eth0-tx-0")}, "eth0", "", 2, []int{3, 2}, counted},
		{"mlx5", []string{interrupts("mlx5_async0@pci:0000:3b:00.0", "mlx5_comp0@pci:0000:3b:00.0", "mlx5_comp1@pci:0000:3b:00.0", "mlx5_comp0@pci:0000:3b:00.1")}, "ens1f0", "0000:3b:00.0", 2, []int{2, 1}, counted},
		{"mlx4, from 1", []string{interrupts("mlx4-async@pci:0000:3b:00.0", "mlx4-1@0000:3b:00.0", "mlx4-2@0000:3b:00.0")}, "ens1", "", 2, []int{2, 1}, counted},
		{"virtio", []string{interrupts("virtio0-config", "virtio0-input.0", "virtio0-output.0", "virtio0-input.1")}, "eth0", "", 2, []int{2, 0}, counted},
		{"virtio, by the chip", []string{interrupts("virtio0-input.0", "virtio0-input.1", "virtio1-input.0", "virtio1-input.1")}, "eth0", "0000:00:02.0", 2, []int{1, 0}, counted},
		{"gve", []string{interrupts("gve-ntfy-blk0@pci:0000:00:04.0", "gve-ntfy-blk1@pci:0000:00:04.0", "gve-ntfy-blk2@pci:0000:00:04.0", "gve-ntfy-blk3@pci:0000:00:04.0")}, "eth0", "", 2, []int{1, 0},
			append(counted[:1:1], "of gve's interrupts the second half is taken as the receive queues'")},
		// Older kernels asked for the interrupts before the interface had its name.
		{"gve before Linux 6.5", []string{interrupts("eth%d-ntfy-block.0", "eth%d-ntfy-block.1", "eth%d-ntfy-block.2", "eth%d-ntfy-block.3", "eth%d-mgmnt")}, "eth0", "", 2, []int{1, 0},
			append(counted[:1:1], "of gve's interrupts the second half is taken as the receive queues'")},
		{"beside USB", []string{interrupts("uhci_hcd:usb5, uhci_hcd:usb7", "ohci_hcd:usb3", "eth0-0", "eth0-1")}, "", "", 2, []int{1, 0}, counted},
		{"shared", []string{interrupts("ahci, eth0-TxRx-0", "eth0-TxRx-1")}, "eth0", "", 2, []int{3, 2}, counted},

		// Names of more drivers, from their sources (see queueActions).
		{"i40e, with its flow director's", []string{onBus(interrupts("i40e-0000:3b:00.0:misc", "i40e-eth0-TxRx-0", "i40e-eth0-TxRx-1", "i40e-0000:3b:00.0:fdir-TxRx-0"))}, "eth0", "0000:3b:00.0", 2, []int{2, 1}, counted},
		{"ice, nothing else known", []string{interrupts("ice-eth0-TxRx-0", "ice-eth0-TxRx-1", "ice-0000:3b:00.0:ctrl-TxRx-0")}, "", "", 2, []int{3, 2}, counted},
		{"cxgb", []string{interrupts("eth0 (async)", "eth0 (queue 0)", "eth0 (queue 1)")}, "eth0", "", 2, []int{2, 1}, counted},
		{"tg3", []string{interrupts("eth0-tx-0", "eth0-rx-1", "eth0-rx-2")}, "eth0", "", 2, []int{2, 1}, counted},
		{"its first row lost", []string{interrupts("eth0-rx-1", "eth0-rx-2", "eth0-tx-0")}, "eth0", "", 2, []int{3, 2},
			append(counted[:1:1], "the first interrupt of eth0's receive queues has the number 1, and is taken as that of queue 0: if others came before it, the text is not whole")},
		{"cxgb4", []string{interrupts("eth0-Rx0", "eth0-Rx1")}, "eth0", "", 2, []int{3, 2}, counted},
		{"bnx2x, qede", []string{interrupts("eth3", "eth3-fp-0", "eth3-fp-1")}, "eth3", "", 2, []int{2, 1}, counted},
		{"mana", []string{interrupts("mana_hwc@pci:7870:00:00.0", "mana_q0@pci:7870:00:00.0", "mana_q1@pci:7870:00:00.0")}, "eth0", "7870:00:00.0", 2, []int{2, 1}, counted},
		{"stmmac", []string{interrupts("eth0:mac", "eth0:rx-0", "eth0:tx-0", "eth0:rx-1")}, "eth0", "", 2, []int{2, 0}, counted},
		{"be2net", []string{interrupts("eth0-q0", "eth0-q1")}, "eth0", "", 2, []int{3, 2}, counted},
		{"netfront", []string{interrupts("eth0-q0-tx", "eth0-q0-rx", "eth0-q1-rx")}, "eth0", "", 2, []int{2, 1}, counted},
		{"ionic", []string{interrupts("ionic-eth0-L0-rx0", "ionic-eth0-L0-tx0", "ionic-eth0-L0-rx1")}, "eth0", "", 2, []int{3, 1}, counted},
		{"hns3", []string{interrupts("hns3-0000:7d:00.0-TxRx-0", "hns3-0000:7d:00.0-TxRx-1")}, "", "", 2, []int{3, 2}, counted},
		{"idpf", []string{interrupts("idpf-eth0-TxRx-0", "idpf-eth0-TxRx-1")}, "eth0", "", 2, []int{3, 2}, counted},
		{"hinic", []string{interrupts("eth0_rxq0", "eth0_txq0", "eth0_rxq1")}, "eth0", "", 2, []int{3, 1}, counted},
		{"bna", []string{interrupts("eth0 CQ 0", "eth0 CQ 1")}, "eth0", "", 2, []int{3, 2}, counted},
		{"rows left out", []string{strings.Replace(interruptsText, " LOC", "[...]\n LOC", 1)}, "eth0", "", 0, []int{0, 1},
			append(counted[:1:1], "lines are left out behind the interrupt of queue 1: if they have more queues, these are missing; --queues tells how many there are")},
		{"rows left out, of queues that are known", []string{strings.Replace(interruptsText, " LOC", "<snip>\n LOC", 1)}, "eth0", "", 2, []int{0, 1}, counted},
		{"rows left out elsewhere", []string{strings.Replace(interruptsText, " 120", "...\n 120", 1) + "\nWhy...\n"}, "eth0", "", 0, []int{0, 1}, counted},
		{"one queue", []string{interrupts("ahci", "enp3s0, snd", "eth1-TxRx-0")}, "enp3s0", "", 0, []int{2},
			append([]string{strings.ReplaceAll(counted[0], "2", "1")}, "enp3s0 has one interrupt, which is taken as that of its one receive queue")},
		// Any numbered family, of several the one with the most interrupts.
		{"aquantia", []string{interrupts("nvme0q1", "eth0-0", "eth0-1")}, "eth0", "", 2, []int{2, 1},
			counted[:1:1]},
		{"several families", []string{interrupts("eth0-ring-0", "eth0-ring-1", "eth0-note-0", "eth0-door-0", "eth0-tell-0", "eth0-wake-0")}, "eth0", "", 2, []int{3, 2},
			counted[:1:1]},
		{"without the line of CPUs", []string{strings.SplitN(interruptsText, "\n", 2)[1]}, "eth0", "", 2, []int{0, 1},
			append(counted[:1:1], "the line CPU0 CPU1 … is not there: the 4 columns are taken as CPUs 0 to 3")},
		{"FreeBSD, with CPUs", []string{"irq268: ixl1:rxq0:79 @cpu0(domain0): 0\nirq269: ixl1:rxq1:80 @cpu2(domain0): 7\n"}, "", "", 2, []int{0, 2}, nil},

		{"lists alone", []string{"/proc/irq/25/smp_affinity_list:1\n/proc/irq/9/smp_affinity_list:5\n"}, "", "", 2, []int{5, 1}, []string{"the CPU lists are taken as those of the queues, in order"}},
		{"plain lists", []string{"3\n1\n"}, "", "", 0, []int{3, 1}, []string{"the CPU lists are taken as those of the queues, in order"}},
	} {
		got, err := mustReadIRQs(t, test.texts...).QueueCPUs(NIC{Interface: test.iface, Bus: test.bus}, test.queues)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		got.Shares = nil // TestShareOfInterrupts
		want := &QueueCPUs{CPUs: test.want, Notes: test.notes, Guessed: guessed[test.name]}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

// The share of a queue's interrupts that went to its CPU tells how sure that is; an affinity is.
func TestShareOfInterrupts(t *testing.T) {
	const text = "      CPU0  CPU1\n 27:  100     0  PCI-MSI 1-edge  eth0-TxRx-0\n 28:   40    60  PCI-MSI 2-edge  eth0-TxRx-1\n 29:   70    30  PCI-MSI 3-edge  eth0-TxRx-2\n"
	got, err := mustReadIRQs(t, text, "/proc/irq/29/smp_affinity_list:1\n").QueueCPUs(NIC{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 0.6, 1}; !slices.Equal(got.Shares, want) {
		t.Errorf("%v, want %v", got.Shares, want)
	}
}

// Affinities are given as lists and as masks, by grep, below the titles of tail, by the folders
// that the kernel names after actions, and by commands that set them.
func TestAffinityMasks(t *testing.T) {
	for _, text := range []string{
		"/proc/irq/120/smp_affinity_list:2\n/proc/irq/121/smp_affinity_list:33\n",
		"/proc/irq/120/smp_affinity:00,00000004\n/proc/irq/121/smp_affinity:02,00000000\n",
		"/proc/irq/120/eth0-TxRx-0/../smp_affinity_list:2\n/proc/irq/121/eth0-TxRx-1/../smp_affinity_list:33\n",
		"/proc/irq/120/effective_affinity:1\n#!/bin/sh\necho \"00000004\" > /proc/irq/120/smp_affinity\n$ echo 33 | sudo tee /proc/irq/121/smp_affinity_list\n",
		"==> /proc/irq/120/smp_affinity <==\n00,00000004\n\n==> /proc/irq/121/smp_affinity <==\n02,00000000\n",
	} {
		got, err := mustReadIRQs(t, interruptsText, text).QueueCPUs(NIC{Interface: "eth0"}, 2)
		if err != nil || !slices.Equal(got.CPUs, []int{2, 33}) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if kinds := Sniff([]byte(text)); !slices.Equal(kinds, []Kind{KindIRQ}) {
			t.Errorf("%q: recognised as %v", text, kinds)
		}
	}
}

// A text whose first rows were lost tells its queues' numbers, not that queue 0 is missing.
func TestFirstQueueMissing(t *testing.T) {
	const text = "CPU0 CPU1 CPU2\n40: 0 7 0 PCI-MSI 1-edge eth0-TxRx-1\n41: 0 0 9 PCI-MSI 2-edge eth0-TxRx-2\n"
	got, err := mustReadIRQs(t, text).QueueCPUs(NIC{Interface: "eth0"}, 0)
	if err != nil || !slices.Equal(got.CPUs, []int{1, 2}) || !strings.Contains(strings.Join(got.Notes, "\n"), "the first interrupt of eth0's receive queues has the number 1") {
		t.Errorf("%+v, %v", got, err)
	}
}

// A host of 512 CPUs prints more than other texts have.
func TestManyCPUs(t *testing.T) {
	var text strings.Builder
	for cpu := range 512 {
		fmt.Fprintf(&text, "  CPU%d", cpu)
	}
	for irq := range 300 {
		fmt.Fprintf(&text, "\n%4d:%s  PCI-MSI %d-edge      eth0-TxRx-%d", irq, strings.Repeat("          1", 511)+"          2", irq, irq)
	}
	got, err := mustReadIRQs(t, text.String()).QueueCPUs(NIC{Interface: "eth0"}, 300)
	if err != nil || len(got.CPUs) != 300 || got.CPUs[299] != 511 {
		t.Errorf("%d bytes: %+v, %v", text.Len(), got, err)
	}
}

// Whose interrupts they are the interface's name, its driver or its place tells; without a
// match none are claimed.
func TestInterruptsOfOthers(t *testing.T) {
	placed := interrupts("virtio2-config", "virtio2-input.0", "virtio2-output.0") // at 0000:00:01.0
	virtio := strings.ReplaceAll(strings.ReplaceAll(placed, "PCI-MSIX-0000:00:01.0", "PCI-MSI"), "PCI-MSIX-0000:00:02.0", "PCI-MSI")
	mlx5 := interrupts("mlx5_comp0@pci:0000:3b:00.0")
	for _, test := range []struct {
		name, text string
		nic        NIC
		claimed    bool
	}{
		{"nothing known but the interface", virtio, NIC{Interface: "eth0"}, true},
		{"the driver", virtio, NIC{Interface: "eth0", Driver: "virtio_net", Bus: "0000:00:01.0"}, true},
		{"the place", placed, NIC{Interface: "eth0", Driver: "virtio_net", Bus: "0000:00:01.0"}, true},
		{"the place alone", placed, NIC{Interface: "eth0", Bus: "0000:00:01.0", Named: true}, true},
		{"no driver, as lo", virtio, NIC{Interface: "lo", Named: true}, false},
		{"no driver, as lo, beside a place", placed, NIC{Interface: "lo", Named: true}, false},
		{"nothing known of a bundle", virtio, NIC{Named: true}, false},
		{"another driver", virtio, NIC{Interface: "tap0", Driver: "tun", Bus: "tap"}, false},
		{"another place", placed, NIC{Interface: "eth1", Driver: "virtio_net", Bus: "0000:00:08.0"}, false},
		{"mlx5 at its place", mlx5, NIC{Interface: "ens1", Driver: "mlx5_core", Bus: "0000:3b:00.0"}, true},
		{"a place that was cut, of which another's has the end", placed, NIC{Interface: "eth1", Driver: "virtio_net", Bus: "0", Named: true}, false},
		{"likewise", mlx5, NIC{Interface: "ens1", Driver: "mlx5_core", Bus: "00.0", Named: true}, false},
		{"likewise, of a driver without places", virtio, NIC{Interface: "eth1", Bus: "0", Named: true}, false},
		{"mlx5 at another place", mlx5, NIC{Interface: "ens1", Driver: "mlx5_core", Bus: "0000:5e:00.0"}, false},
	} {
		got, err := mustReadIRQs(t, test.text).QueueCPUs(test.nic, 0)
		if (err == nil) != test.claimed {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "; give texts of one NIC") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestQueueCPUsErrors(t *testing.T) {
	for _, test := range []struct {
		name, text, iface string
		queues            int
		want              string
	}{
		{"too few rows", interruptsText, "eth0", 4, "eth0 has interrupts of 2 receive queues, but there are 4 queues"},
		{"a row missing", interrupts("eth0-TxRx-0", "eth0-TxRx-2"), "eth0", 0, "the interrupts of eth0's receive queues are not one for each of 0 to 2"},
		{"gve, half of it", interrupts("gve-ntfy-blk2@pci:0000:00:04.0", "gve-ntfy-blk3@pci:0000:00:04.0"), "eth0", 0, "of pci:0000:00:04.0's interrupts the second half is the receive queues', and not all are here: there are 2 to 3"},
		{"gve, its last missing", interrupts("gve-ntfy-blk0@pci:0000:00:04.0", "gve-ntfy-blk1@pci:0000:00:04.0", "gve-ntfy-blk2@pci:0000:00:04.0"), "eth0", 0, "of pci:0000:00:04.0's interrupts the second half"},
		{"gve, one missing", interrupts("gve-ntfy-blk0@pci:0000:00:04.0", "gve-ntfy-blk2@pci:0000:00:04.0"), "eth0", 0, "the interrupts of pci:0000:00:04.0's receive queues are not one for each of 0 to 2"},
		{"all of one name", interrupts("ahci", "eth0", "eth0", "eth0"), "eth0", 2, "no interrupt is named as drivers name those of receive queues (eth0-TxRx-0 and the like); give the CPUs with --affinity: of those that are all named eth0, as 2,1 if the first are the receive queues'"},
		{"all of one name, nothing else known", interrupts("ahci", "eth0", "eth0", "eth0"), "", 0, "no interrupt is named as drivers name those of receive queues (eth0-TxRx-0 and the like); give the CPUs with --affinity: of those that are all named eth0, as 2,1,0 if"},
		{"the names cut off", "CPU0 CPU1\n24: 1 0\n25: 0 1\n/proc/irq/24/smp_affinity_list:0\n/proc/irq/25/smp_affinity_list:1\n", "", 0, "no interrupt is named as drivers name those of receive queues"},
		{"Hyper-V's", interrupts("i8042") + " HYP: 9 8 7 6 Hypervisor callback interrupts\n", "eth0", 0, "no interrupt is named as drivers name those of receive queues (eth0-TxRx-0 and the like); give the CPUs with --affinity, or what `grep . /sys/class/net/DEV/device/channel_vp_mapping` prints: Hyper-V's own NIC has no rows here"},
		{"another interface", interruptsText, "eth1", 0, "the interrupts are those of eth0, but the other texts are of eth1"},
		{"several", interrupts("eth0-TxRx-0", "eth1-TxRx-0"), "", 0, "there are interrupts of several NICs (eth0, eth1)"},
		{"several of others", interrupts("eth0-TxRx-0", "eth1-TxRx-0"), "eth2", 0, "the interrupts are those of eth0, eth1, but the other texts are of eth2"},
		{"several, by their places", interrupts("mlx5_comp0@pci:0000:3b:00.0", "mlx5_comp0@pci:0000:3b:00.1"), "eth2", 0,
			"there are interrupts of several NICs (pci:0000:3b:00.0, pci:0000:3b:00.1), and nothing tells which of them eth2 is; `ethtool -i eth2`, with --driver"},
		{"FreeBSD, without CPUs", "interrupt                          total       rate\nirq264: ix0:rxq0                  123456        100\nirq265: ix0:rxq1                   23456         50\nirq268: ix0:aq                         2          0\n", "", 2, "IRQ 264, of ix0's queue 0: the text counts its interrupts, and does not say on which CPU"},
		{"never raised", strings.ReplaceAll(interruptsText, "524288", "     0"), "", 0, "IRQ 120, of eth0's queue 0: it has not been raised yet"},
		{"never raised, affinity wide", strings.ReplaceAll(interruptsText, "524288", "     0") + "/proc/irq/120/smp_affinity_list:0-3\n", "", 0, "IRQ 120, of eth0's queue 0: it may go to several CPUs, and no count tells which"},
		{"one of its name, several queues", interrupts("ahci", "eth0"), "eth0", 2, "eth0 has interrupts of 1 receive queues, but there are 2 queues"},
		{"no queues", interrupts("ahci"), "", 0, "no interrupt is named as drivers name those of receive queues (eth0-TxRx-0 and the like); give the CPUs with --affinity, or the interface's name with --dev if it has one interrupt (eth0)"},
		{"lists of all", "/proc/irq/25/smp_affinity_list:1\n/proc/irq/9/smp_affinity_list:5\n", "", 8, "there are CPU lists of 2 interrupts and 8 queues"},
		{"lists, wide", "/proc/irq/25/smp_affinity_list:1-2\n", "", 1, "the interrupt of queue 0 may go to several CPUs"},
	} {
		got, err := mustReadIRQs(t, test.text).QueueCPUs(NIC{Interface: test.iface}, test.queues)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) || !strings.Contains(err.Error(), "give ") {
			t.Errorf("%s: %+v, %v, want %s and a hint", test.name, got, err, test.want)
		}
	}

	refuses(t, ReadIRQs, "nothing\n", "x: holds no interrupts")
	refuses(t, ReadIRQs, "                    CPU0       CPU1\n          HI:          0          1\n", "x: holds no interrupts") // /proc/softirqs
	// A mask that is read as a list leads to another CPU.
	refuses(t, ReadIRQs, "00000001\n00000004\n", `x: line 1: "00000001" is a mask of CPUs rather than a list`)
	refuses(t, ReadIRQs, "1\nf\n", `x: line 2: "f" is a mask of CPUs rather than a list`)
	refuses(t, ReadIRQs, "/proc/irq/24/smp_affinity:xyz\n", `x: line 1: "xyz" is no list of CPUs, and no mask`)
	// A row that is not one as it stands would be missed.
	for _, before := range []string{"** ", "--> ", "see /proc/interrupts:", "+"} {
		refuses(t, ReadIRQs, strings.Replace(interruptsText, " 121:", before+" 121:", 1), fmt.Sprintf("x: line 3: %q… has a row of /proc/interrupts behind something else", (before + " 121:          0     524100          0          0")[:40]))
	}
	refuses(t, ReadIRQs, interruptsText+interruptsText, "x: line 6: a second /proc/interrupts starts here")
	refuses(t, ReadIRQs, "     CPU0   CPU1\n\n     CPU2   CPU3\n 40: 7 0\n     0 0 PCI-MSI 1-edge eth0-TxRx-0\n", "x: line 3: the line of CPUs goes on here")
	// Numbers that are broken are no counts.
	refuses(t, ReadIRQs, "     CPU0   CPU1\n 40: 7 12\n     34 PCI-MSI 1-edge eth0-TxRx-0\n", "x: line 2: IRQ 40 has more counts than the 2 CPUs")
	refuses(t, ReadIRQs, strings.Replace(interruptsText, "       CPU3", "", 1), "x: line 2: IRQ 120 has more counts than the 3 CPUs")
	refuses(t, ReadIRQs, strings.Replace(interruptsText, "eth0-TxRx-0\n", "eth0-TxRx-0", 1), "x: line 2: IRQ 120 has another row in its line")
	// Of an affinity that is not whole the interrupt would be missing.
	refuses(t, ReadIRQs, "/proc/irq/24/smp_affinity_list:0 /proc/irq/25/smp_affinity_list:1\n", `x: line 1: "/proc/irq/24/smp_affinity_list:0 /proc/i"… has not the name of one file, and its value`)
	refuses(t, ReadIRQs, "/proc/irq/24/smp_affinity_list:0 /proc/irq/25/smp_affinity_list:1\n/proc/irq/26/smp_affinity_list:0\n", `x: line 1: "/proc/irq/24/smp_affinity_list:0 /proc/i"… has not`)
	refuses(t, ReadIRQs, "/proc/irq/24/smp_affinity_list:0/proc/irq/25/smp_affinity_list:1\n", `x: line 1: "/proc/irq/24/smp_affinity_list:0/proc/ir"… has not`)
	refuses(t, ReadIRQs, "/proc/irq/24/smp_affinity_list:0\n/proc/irq/25/smp_aff\n", `x: line 2: "/proc/irq/25/smp_aff" has not the name of one file, and its value`)
	refuses(t, ReadIRQs, strings.Replace(interruptsText, " 121:", " 120:", 1), "x: line 3: IRQ 120 comes again")
	refuses(t, ReadIRQs, strings.Replace(interruptsText, "524100          0          0  IR-PCI-MSI 1048577-edge      eth0-TxRx-1", "524100", 1), "x: line 3: IRQ 121 has 2 fields, but there are 4 CPUs")
	refuses(t, ReadIRQs, strings.Replace(interruptsText, "524100          0", "524100          -", 1), `x: line 3: IRQ 121: the count of CPU 2 is "-"`)
	refuses(t, ReadIRQs, strings.Replace(interruptsText, "CPU3", "CPU99999", 1), `x: line 1: "CPU99999" is no CPU`)
	refuses(t, ReadIRQs, "/proc/irq/1/smp_affinity_list:3-1\n", `x: line 1: "3-1" is no list of CPUs`)
	refuses(t, ReadIRQs, "0-70000\n", `x: line 1: "0-70000" is no list of CPUs`)
}

// The recorded hosts had each queue's interrupts on one CPU, as the rows show.
func TestTruthQueueCPUs(t *testing.T) {
	for _, c := range recorded {
		want := []int{0, 1, 2, 3}
		if c.profile == "qemu-igb" {
			want = []int{7, 0, 1, 2, 3, 4, 5, 6}
		}
		after, before := recordedText(t, c.name, "interrupts-after.txt"), recordedText(t, c.name, "interrupts-before.txt")
		for _, texts := range [][]string{{after}, {after, before}, {before, after}} {
			got, err := mustReadIRQs(t, texts...).QueueCPUs(NIC{Interface: "eth0", Driver: "virtio_net", Bus: "0000:00:01.0"}, c.queues)
			if err != nil || !slices.Equal(got.CPUs, want) {
				t.Errorf("%s: %+v, %v, want %v", c.name, got, err, want)
			}
		}
	}
}

// FreeBSD's drivers before iflib have a space before the queue's number.
func TestQueueInterruptsOfFreeBSD(t *testing.T) {
	q := mustReadIRQs(t, "irq258: ix0:que 0                9046        3558\nirq259: ix0:que 1                   0           0\nirq262: ix0:link                  80          0\n")
	if got, err := q.QueueInterrupts(NIC{Interface: "ix0"}); err != nil || !slices.Equal(got.Packets, []uint64{9046, 0}) {
		t.Errorf("%v, %v", got, err)
	}
}

// Counts of two NICs are not those of one, before and after.
func TestQueueInterruptsOfTwo(t *testing.T) {
	counts := func(name string) *QueueCounters {
		got, err := mustReadIRQs(t, interrupts(name)).QueueInterrupts(NIC{})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if _, err := counts("virtio0-input.0").Since(counts("eth0-TxRx-0")); err == nil || !strings.Contains(err.Error(), "one has counters of the interrupts of eth0, the other of the interrupts of virtio0") {
		t.Error(err)
	}
}

// Where few interrupts were counted, they don't tell where a queue's go.
func TestSharesOfFewInterrupts(t *testing.T) {
	for count, want := range map[string]float64{"3": 0, "99": 0, "100": 1} {
		found, err := mustReadIRQs(t, "CPU0 CPU1\n40: 0 "+count+" PCI-MSI 1-edge eth0-TxRx-0\n").QueueCPUs(NIC{Interface: "eth0"}, 1)
		if err != nil || !slices.Equal(found.Shares, []float64{want}) || !slices.Equal(found.CPUs, []int{1}) {
			t.Errorf("%s: %+v, %v", count, found, err)
		}
	}
}

// CPUs of interrupts in a form that is not known are not passed over.
func TestAffinityInOtherForms(t *testing.T) {
	for _, line := range []string{"IRQ 40 -> CPU 0", "irq 40 affinity: 1", "IRQ: 40, CPU affinity: 0-3"} {
		refuses(t, ReadIRQs, "CPU0 CPU1\n40: 0 5 PCI-MSI 1-edge eth0-TxRx-0\n"+line+"\n", fmt.Sprintf("x: line 3: %q tells an interrupt's CPUs in a form that is not known", line))
	}
	mustReadIRQs(t, "40: 0 5 PCI-MSI 1-edge eth0-TxRx-0\n[ 12.3] irq 40: Affinity broken due to vector space exhaustion.\nirq/40-eth0 CPU\n")
}

// Counts of queues with one missing between them would be those of others.
func TestQueueInterruptsMissing(t *testing.T) {
	q := mustReadIRQs(t, "irq264: ix0:rxq0 100 10\nirq266: ix0:rxq2 300 30\n")
	if got, err := q.QueueInterrupts(NIC{Interface: "ix0"}); err == nil || !strings.Contains(err.Error(), "are not one for each of 0 to 2") {
		t.Errorf("%v, %v", got, err)
	}
}

// A line of CPUs that can't be read is told: without it lists would count as those of queues.
func TestBrokenColumns(t *testing.T) {
	for _, columns := range []string{"CPU0,CPU1", "CPU0 | CPU1 |", "CPU0 CPU1 CP\nU2"} {
		if got := Sniff([]byte(columns + "\n24: 1 0 eth0-TxRx-0\n")); !slices.Contains(got, KindIRQ) {
			t.Errorf("%q: recognised as %v", columns, got)
		}
		refuses(t, ReadIRQs, columns+"\n24: 1 0 eth0-TxRx-0\n/proc/irq/24/smp_affinity_list:0\n/proc/irq/25/smp_affinity_list:1\n", fmt.Sprintf("x: line 1: %q is not the first line of /proc/interrupts", strings.Split(columns, "\n")[0]))
	}
}

// Mail breaks long lines between words.
func TestReadIRQsBroken(t *testing.T) {
	for name, text := range map[string]string{
		"counts":                "     CPU0   CPU1\n     CPU2   CPU3\n 40: 0 0\n     7 0 PCI-MSI 1-edge eth0-TxRx-0\n 41: 0 0 0\n 7 PCI-MSI 2-edge eth0-TxRx-1\n",
		"names":                 "     CPU0   CPU1   CPU2   CPU3\n 40: 0 0 7 0 PCI-MSI 1-edge\n eth0-TxRx-0\n 41: 0 0 0 7\n PCI-MSI\n 2-edge eth0-TxRx-1\n",
		"quoted":                ">      CPU0   CPU1   CPU2\n> CPU3\n>  40: 0 0 7\n> 0 PCI-MSI-edge eth0-TxRx-0\n>  41: 0 0 0\n> 7 PCI-MSI-edge eth0-TxRx-1\n> LOC: 1 2 3\n> 4 Local timer interrupts\n",
		"without CPUs":          "40: 0 0 7\n0 PCI-MSI-edge eth0-TxRx-0\n41: 0 0 0\n7 PCI-MSI-edge eth0-TxRx-1\n",
		"before a list":         "     CPU0   CPU1   CPU2   CPU3\n 40: 0 0 7 0 PCI-MSI 1-edge eth0-TxRx-0\n 41: 0 0 0 0 PCI-MSI 2-edge\n eth0-TxRx-1\n/proc/irq/41/smp_affinity_list:3\n",
		"before names of files": "     CPU0   CPU1   CPU2   CPU3\n 40: 0 0 7 0 PCI-MSI 1-edge eth0-TxRx-0\n 41: 0 0 0 7 PCI-MSI 2-edge eth0-TxRx-1\n# find /proc/irq -name smp_affinity\n/proc/irq/40/smp_affinity\n/proc/irq/41/smp_affinity\n",
		"before a prompt":       "     CPU0   CPU1   CPU2   CPU3\n 40: 0 0 7 0 PCI-MSI 1-edge eth0-TxRx-0\n 41: 0 0 0 7 PCI-MSI 2-edge eth0-TxRx-1\n[root@host ~]#\n",
	} {
		got, err := mustReadIRQs(t, text).QueueCPUs(NIC{Interface: "eth0"}, 2)
		if err != nil || !slices.Equal(got.CPUs, []int{2, 3}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Other texts around have a title like that of the columns, and rows like lists of CPUs.
func TestReadIRQsAmidTexts(t *testing.T) {
	const softIRQs = "                    CPU0       CPU1\n          HI:          0          0\n      NET_RX:        700        800\n"
	const places = "# CPU,Core,Socket,Node\n0,0,0,0\n1,1,0,0\n"
	want := mustReadIRQs(t, interruptsText)
	for _, text := range []string{softIRQs + interruptsText + places, places + interruptsText + "\n" + softIRQs} {
		if got := mustReadIRQs(t, text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	if kinds := Sniff([]byte(softIRQs + tableText)); !slices.Equal(kinds, []Kind{KindTable}) {
		t.Errorf("counts of softirqs above a table are %v", kinds)
	}
	masks, err := readRPSText(places+"/sys/class/net/eth0/queues/rx-0/rps_cpus:2\n"+places, "")
	if err != nil || masks.Bare > 0 || !slices.Equal(masks.Masks[0], []int{1}) {
		t.Errorf("%+v, %v", masks, err)
	}
}

// Rows without the line of CPUs may have something before each.
func TestReadIRQsPrefixed(t *testing.T) {
	for _, prefix := range []string{"[stdout] ", "node1: ", "10:15:22 ", "web_1  | "} {
		text := prefix + " 40: 0 0 7 0 IR-PCI-MSI 1-edge eth0-TxRx-0\n" + prefix + " 41: 0 0 0 7 IR-PCI-MSI 2-edge eth0-TxRx-1\n"
		for _, text := range []string{text, strings.ReplaceAll(text, "IR-PCI-MSI 1-edge", "xen-pirq-msi-x"), strings.ReplaceAll(text, "IR-PCI-MSI", "PCI-MSIX-0000:3b:00.0")} {
			got, err := mustReadIRQs(t, text).QueueCPUs(NIC{Interface: "eth0"}, 2)
			if err != nil || !slices.Equal(got.CPUs, []int{2, 3}) {
				t.Errorf("%q: %+v, %v", text, got, err)
			}
		}
	}
}

// What tools print that set or show affinities is read, each form of its source's.
func TestReadIRQTools(t *testing.T) {
	const set = "IFACE CORE MASK -> FILE\n=======================\neth0 4 10 -> /proc/irq/131/smp_affinity\neth0 33 2,00000000 -> /proc/irq/132/smp_affinity\neth0 6 40 -> /proc/irq/133/smp_affinity\n"
	names := interrupts("eth0-async", "eth0-TxRx-0", "eth0-TxRx-1", "eth0-TxRx-2")
	for name, test := range map[string]struct {
		texts  []string
		iface  string
		queues int
		want   []int
	}{
		"set_irq_affinity":              {[]string{set}, "eth0", 3, []int{4, 33, 6}},
		"set_irq_affinity of several":   {[]string{strings.Replace(set, "eth0 33", "eth1 33", 1)}, "eth0", 2, []int{4, 6}},
		"set_irq_affinity -s":           {[]string{"TYPE IFACE CORE MASK -> FILE\nACTUAL\teth0 0 20 <- /proc/irq/131/smp_affinity\nHINT\teth0 0 1 <- /proc/irq/131/affinity_hint\nACTUAL\teth0 1 8 <- /proc/irq/132/smp_affinity\n"}, "eth0", 2, []int{5, 3}},
		"a mask that was not taken":     {[]string{set + " ACTUAL\teth0 6 80 <- /proc/irq/133/smp_affinity\n"}, "eth0", 3, []int{4, 33, 7}},
		"set_irq_affinity, interrupts":  {[]string{names, "eth0 7 80 -> /proc/irq/42/smp_affinity\neth0 6 40 -> /proc/irq/41/smp_affinity\neth0 5 20 -> /proc/irq/43/smp_affinity\n"}, "eth0", 3, []int{6, 7, 5}},
		"show_irq_affinity.sh":          {[]string{"152: 000001\n153: 000010\n154: 008000\n"}, "", 3, []int{0, 4, 15}},
		"set_irq_affinity_cpulist.sh":   {[]string{"Discovered irqs for eth0: 155 156\nAssign irq 155 core_id 6\nAssign irq 156 core_id 4\ndone.\n"}, "", 2, []int{6, 4}},
		"set_irq_affinity.sh, masks":    {[]string{"Assign irq 155 mask 0x1000000000\nAssign irq 156 mask 0x2\n"}, "", 2, []int{36, 1}},
		"set_irq_affinity.sh, hints":    {[]string{names, "Assign irq 41 to its affinity_hint 00000002,00000000\nAssign irq 42 to its affinity_hint 00000000,00000010\n"}, "eth0", 2, []int{33, 4}},
		"of many CPUs":                  {[]string{"152: 00000000,00000001\n153: 00000002,00000000\n"}, "", 2, []int{0, 33}},
		"with interrupts":               {[]string{names, "40: f\n41: 8\n42: 4\n43: 2\n"}, "eth0", 3, []int{3, 2, 1}},
		"lists":                         {[]string{"152: 0\n153: 10\n154: 3-3\n"}, "", 3, []int{0, 10, 3}},
		"tuna":                          {[]string{"   # users            affinity\n   0 timer                   0\n  28 eth0-rx-0               5 igb\n  29 eth0-rx-1             0x8 igb\n 130 i915              0,1,2,3\n"}, "eth0", 2, []int{5, 3}},
		"tuna without its title":        {[]string{"  28 eth0-rx-0               5 igb\n  29 eth0-rx-1      0x1,0x0 igb\n"}, "eth0", 2, []int{5, 32}},
		"rss-ladder":                    {[]string{"- distribute interrupts of eth0 (-TxRx-) on socket 0\nWARNING: some CPUs process multiple queues\n  - eth0: queue eth0-TxRx-0 (irq 60) bound to CPU2\n  - eth0: queue eth0-TxRx-1 (irq 61) bound to CPU10\n"}, "eth0", 2, []int{2, 10}},
		"rss-ladder, interrupts":        {[]string{names + "  - eth0: queue eth0-TxRx-0 (irq 41) bound to CPU3\n"}, "eth0", 3, []int{3, 1, 0}},
		"a file's name above its value": {[]string{"/proc/irq/152/smp_affinity_list\n4\n/proc/irq/153/smp_affinity_list\n2-2\n"}, "", 2, []int{4, 2}},
		"in a folder named irq":         {[]string{"/x/irq/proc/irq/152/smp_affinity_list:4\n/x/irq/proc/irq/153/smp_affinity_list:2\n"}, "", 2, []int{4, 2}},
		"below cat":                     {[]string{"# cat /proc/irq/152/smp_affinity\n00000010\n# cat /proc/irq/153/smp_affinity_list\n2\n"}, "", 2, []int{4, 2}},
		"a file's name before it":       {[]string{"/proc/irq/152/smp_affinity_list 4\n/proc/irq/153/smp_affinity = 4\n"}, "", 2, []int{4, 2}},
	} {
		got, err := mustReadIRQs(t, test.texts...).QueueCPUs(NIC{Interface: test.iface}, test.queues)
		if err != nil || !slices.Equal(got.CPUs, test.want) {
			t.Errorf("%s: %+v, %v, want %v", name, got, err, test.want)
		}
	}
	if got, err := mustReadIRQs(t, "152: 01\n153: 10\n").QueueCPUs(NIC{}, 0); err != nil || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "mlx5's first interrupt is no queue's") {
		t.Errorf("of all interrupts: %+v, %v", got, err)
	}
	refuses(t, ReadIRQs, "Assign irq 155 core_id 6\nirq 156: Error - core 64 does not exist\n", `x: line 2: "irq 156: Error - core 64 does not exist": this interrupt stays where it was`)
	refuses(t, ReadIRQs, "Running google_set_multiqueue.\nSetting /proc/irq/28/smp_affinity_list to 0 for device virtio1.\n/proc/irq/28/smp_affinity_list: real affinity 0\n", "x: line 3: is of google_set_multiqueue's log, which does not tell")
	refuses(t, ReadIRQs, "CPU0 CPU1\n HYP: 40 30 Hypervisor callback interrupts\n", "x: has no interrupt of a NIC")
	refuses(t, ReadIRQs, "152: 1\n153: 2\n154: 4\n", `x: line 1: "1" may be a list of CPUs or a mask`)
	refuses(t, ReadIRQs, "152: 01\n153: 2-3\n", `x: line 1: "01" may be a list of CPUs or a mask`)
	refuses(t, ReadIRQs, "152: 01\n153: 123456789\n", `x: line 2: "123456789" is no mask of CPUs`)
	refuses(t, ReadIRQs, "99999999999: 01\n", `x: line 1: 99999999999 is no IRQ`)
	refuses(t, ReadIRQs, "eth0 4 123456789 -> /proc/irq/1/smp_affinity\n", `x: line 1: "eth0 4 123456789 -> /proc/irq/1/smp_affi"… is no mask of an IRQ's CPUs`)
}
