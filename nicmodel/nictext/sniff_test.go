package nictext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

func TestSniff(t *testing.T) {
	for _, test := range []struct {
		text string
		want string
	}{
		{tableText, "[table]"}, {tableText + keyText, "[table]"}, {windowsAligned, "[table]"},
		{`[ { "ifname": "eth0", "rss-indirection-table": [ 0,1 ] } ]`, "[table]"},
		{"RX flow hash indirection table for eth0 with 1 RX ring(s):\nOperation not supported\n" + keyText, "[table]"},
		{"RX flow hash indirection table for eth0 with 1 RX ring(s):\nOperation not supported\n" + noKeyText, "[]"},
		{driverText, "[driver]"}, {channelsNetlink, "[channels]"}, {channelsJSON, "[channels]"},
		{coalesceIoctl, "[coalesce]"}, {coalesceJSON, "[coalesce]"}, {ringIoctl, "[ring]"}, {ringJSON, "[ring]"},
		{"Ring parameters for eth0:\nCannot get device ring settings: Operation not supported\n", "[]"},
		{flowAnswer("UDP over IPV4", addressFields), "[flow-hash]"}, {interruptsText, "[irq]"},
		{"/proc/irq/25/smp_affinity_list:1\n", "[irq]"},
		{strings.SplitN(interruptsText, "\n", 2)[1], "[irq]"}, {" 126: 1 2 PCI-MSI 3-edge xhci_hcd\n", "[]"},
		{"                    CPU0       CPU1\n          HI:          0          1\n", "[]"}, // /proc/softirqs
		{microsoftKey + "\n", "[key]"}, {microsoftKey[3:] + "\n", "[]"},
		{"00" + string(bytes.Repeat([]byte(":00"), 51)) + "\n", "[]"}, // no key drawn yet
		{"0 1 2 3\n", "[]"}, {"", "[]"}, {"ethtool: command not found\n", "[]"},
		{`{"ifname":"eth0"}`, "[]"}, {`{ "schema": "rssreplay/report/v1" }`, "[]"},
		{driverText + channelsNetlink + coalesceIoctl + ringIoctl + tableText + keyText + flowAnswer("TCP over IPV4", addressFields) + interruptsText, "[table driver channels coalesce ring flow-hash irq]"},
	} {
		if got := fmt.Sprint(Sniff([]byte(test.text))); got != test.want {
			t.Errorf("%s, want %s, of\n%s", got, test.want, test.text)
		}
	}
	for _, c := range recorded {
		for name, want := range map[string]string{
			"ethtool-x.txt": "[table]", "ethtool-i.txt": "[driver]", "ethtool-l.txt": "[channels]", "ethtool-c.txt": "[coalesce]", "ethtool-g.txt": "[ring]",
			"ethtool-n.txt": "[flow-hash]", "interrupts-before.txt": "[irq]", "interrupts-after.txt": "[irq]", "key.txt": "[key]",
			"ethtool-S.txt": "[]", "packets-truth.csv": "[]",
		} {
			if got := fmt.Sprint(Sniff([]byte(recordedText(t, c.name, name)))); got != want {
				t.Errorf("%s/%s: %s, want %s", c.name, name, got, want)
			}
		}
	}
}

// No text makes a reader panic, whatever Sniff takes it for; what they refuse has
// a reason and a hint, and what they accept is within bounds.
func FuzzReaders(f *testing.F) {
	for _, text := range []string{
		tableText + keyText, windowsAligned, driverText, channelsNetlink, channelsJSON, coalesceIoctl, coalesceJSON, ringIoctl, ringJSON,
		flowAnswer("UDP over IPV4", addressFields) + flowAnswer("TCP over IPV6", "None\n"), interruptsText, interrupts("gve-ntfy-blk0@pci:0", "mlx5_comp0@pci:1", "eth0-Tx-Rx-0"),
		"/proc/irq/25/smp_affinity_list:1,3-5\n", "0-3\n1\n", microsoftKey, ownReportText,
		testpmdKey + reta(4), freeBSDRSS, pmdRxqShow, vppPlacement + vppThreads, ynlPython, ynlJSON, "irq268: ixl1:rxq0:79 @cpu0(domain0): 0\n",
		"NIC statistics:\n     Queue[0] InPackets: 2344\n     rx_queue_0_packets: 7\n", "Rx Queue#: 0\n  ucast pkts rx: 5\n", "dev.ix.0.queue0.rx_packets: 4\n",
		"[{'ifindex': 2, 'queue-id': 0, 'queue-type': 'rx', 'rx-packets': 5}]\n", "# a\n#b\n",
	} {
		f.Add([]byte(text))
	}
	refused := func(t *testing.T, err error) {
		var wrong *TextError
		if !errors.As(err, &wrong) || wrong.What == "" || wrong.Hint == "" || wrong.Name != "fuzz" {
			t.Fatalf("error %#v", err)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		kinds := Sniff(text)
		in := func() io.Reader { return bytes.NewReader(text) }
		if d, err := ReadDriver(in(), "fuzz"); err != nil {
			refused(t, err)
		} else if d.Name == "" || !slices.Contains(kinds, KindDriver) {
			t.Fatalf("%+v of %v", d, kinds)
		}
		if c, err := ReadChannels(in(), "fuzz"); err != nil {
			refused(t, err)
		} else if c.RX < 1 || c.RX > nicmodel.MaxQueues {
			t.Fatalf("%+v", c)
		}
		if r, err := ReadRing(in(), "fuzz"); err != nil {
			refused(t, err)
		} else if r.RX < 1 || r.RX > maxSetting {
			t.Fatalf("%+v", r)
		}
		if c, err := ReadCoalesce(in(), "fuzz"); err != nil {
			refused(t, err)
		} else if c.RXUsecs < 0 || c.RXUsecs > maxSetting || c.RXFrames < 0 || c.RXFrames > maxSetting {
			t.Fatalf("%+v", c)
		}
		if h, err := ReadFlowHash(in(), "fuzz"); err != nil {
			refused(t, err)
		} else if types := h.Types(hash.DefaultTypes); types&^hash.DefaultTypes != 0 || h.Types(types) != types {
			t.Fatalf("%v, then %v", types, h.Types(types))
		}
		if k, err := ReadKey(in(), "fuzz"); err != nil {
			refused(t, err)
		} else if len(k.Key) < minNICKey {
			t.Fatalf("%v", k.Key)
		}
		if q, err := ReadIRQs(in(), "fuzz"); err != nil {
			refused(t, err)
		} else {
			q.Merge(q)
			for queues := range 3 {
				cpus, err := q.QueueCPUs(NIC{Interface: "eth0", Bus: "0"}, queues)
				if err == nil && (queues > 0 && len(cpus.CPUs) != queues || slices.Max(cpus.CPUs) > 65535) {
					t.Fatalf("%+v for %d queues", cpus, queues)
				}
			}
		}
		if _, err := ReadTable(in(), "fuzz"); err != nil {
			refused(t, err)
		}
		if _, err := ReadRules(in(), "fuzz"); err != nil {
			refused(t, err)
		}
		if _, err := ReadCosts(in(), "fuzz"); err != nil {
			refused(t, err)
		}
		if c, err := ReadQueueCounters(string(text)); err == nil && (len(c.Packets)+len(c.Bytes) == 0 || len(c.Packets) > nicmodel.MaxQueues || c.Form == "") {
			t.Fatalf("%+v", c)
		}
		if saysNoTable(string(text)) || len(Interfaces(text)) > 0 {
			_, _ = Only(text, "eth0")
		}
	})
}
