package nictext

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The outputs of ethtool -l, -c and -g in the forms of the ioctl, netlink and
// JSON.
const (
	channelsNetlink = `Channel parameters for eth0:
Pre-set maximums:
RX:		n/a
TX:		n/a
Other:		1
Combined:	63
Current hardware settings:
RX:		n/a
TX:		n/a
Other:		1
Combined:	8
`
	coalesceIoctl = `Coalesce parameters for eth0:
Adaptive RX: on  TX: off
stats-block-usecs: 0
sample-interval: 0
pkt-rate-low: 0
pkt-rate-high: 0

rx-usecs: 8
rx-frames: 128
rx-usecs-irq: 0
rx-frames-irq: 0

tx-usecs: 16
tx-frames: 32
tx-usecs-irq: 0
tx-frames-irq: 0

rx-usecs-low: 0
rx-frames-low: 0
tx-usecs-low: 0
tx-frames-low: 0

rx-usecs-high: 0
rx-frames-high: 0
tx-usecs-high: 0
tx-frames-high: 0

`
	ringIoctl = `Ring parameters for eth0:
Pre-set maximums:
RX:		4096
RX Mini:	0
RX Jumbo:	0
TX:		4096
Current hardware settings:
RX:		512
RX Mini:	0
RX Jumbo:	0
TX:		512

`
	driverText   = "driver: mlx5_core\nversion: 6.12\nfirmware-version: 16.35.2000 (MT_0000000012)\nexpansion-rom-version: \nbus-info: 0000:3b:00.0\nsupports-statistics: yes\n"
	channelsJSON = `[ {
        "ifname": "eth0",
        "other-max": 1,
        "combined-max": 63,
        "other": 1,
        "combined": 8
    } ]
`
	coalesceJSON = `[ {
        "ifname": "eth0",
        "adaptive-rx": true,
        "rx-usecs": 50,
        "tx-usecs": 50,
        "cqe-mode-rx": false
    } ]
`
	ringJSON = `[ {
        "ifname": "eth0",
        "rx-max": 4096,
        "tx-max": 4096,
        "rx": 1024,
        "tx": 1024
    } ]
`
)

// reads checks what a reader makes of texts.
func reads[T any](t *testing.T, read func(io.Reader, string) (*T, error), want T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		got, err := read(strings.NewReader(text), "x")
		if err != nil {
			t.Errorf("%v, of\n%s", err, text)
			continue
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s\nof\n%s", diff, text)
		}
	}
}

// refuses checks that a text's error begins with want and has a hint.
func refuses[T any](t *testing.T, read func(io.Reader, string) (*T, error), text, want string) {
	t.Helper()
	got, err := read(strings.NewReader(text), "x")
	if err == nil {
		t.Errorf("%+v, want the error %s, of\n%s", got, want, text)
		return
	}
	if !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error()[len(want):], "; ") {
		t.Errorf("%v\nwant %s, and a hint", err, want)
	}
}

// quoted are the ways in which a text may have been pasted.
func quoted(text string) []string {
	all := []string{
		text,
		"[root@host ~]# ethtool -x eth0\n" + text + "[root@host ~]#\n",
		"> " + strings.ReplaceAll(text, "\n", "\n> "),
		"    " + strings.ReplaceAll(text, "\n", "\n    "),
		strings.ReplaceAll(text, "\n", "\r\n"),
		strings.TrimRight(text, "\n"),
		"\ufeff" + strings.ReplaceAll(text, "\n", "\r\r\n"),
		strings.ReplaceAll(text, "\n", "\r"),
		strings.NewReplacer(" ", "\u00a0", "-", "\u2011").Replace(text),
		"[code]" + text + "[/code]\n",
		"<pre class=\"x\">" + strings.NewReplacer("&", "&amp;", "\n", "<br>\n").Replace(text) + "</pre>\n",
	}
	if strings.Count(strings.TrimRight(text, "\n"), "\n") == 0 {
		return all // one line may begin with anything
	}
	return append(all,
		"// "+strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n//  ")+"\n",
		"│ "+strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "  │\n│ ")+"  │\n",
	)
}

func TestReadParts(t *testing.T) {
	all := driverText + channelsNetlink + coalesceIoctl + ringIoctl + tableText + keyText
	reads(t, ReadDriver, Driver{Name: "mlx5_core", Bus: "0000:3b:00.0"}, append(quoted(driverText), all)...)
	reads(t, ReadChannels, Channels{Interface: "eth0", RX: 8, Most: 63}, append(quoted(channelsNetlink), channelsJSON, all, strings.ReplaceAll(channelsNetlink, "n/a", "0"))...)
	reads(t, ReadChannels, Channels{Interface: "eth0", RX: 12, Most: 63}, strings.Replace(channelsNetlink, "settings:\nRX:		n/a", "settings:\nRX:		4", 1))
	reads(t, ReadCoalesce, Coalesce{Interface: "eth0", RXUsecs: 8, RXFrames: 128, AdaptiveRX: true}, append(quoted(coalesceIoctl), all)...)
	reads(t, ReadCoalesce, Coalesce{Interface: "eth0", RXUsecs: 50, AdaptiveRX: true}, coalesceJSON)
	reads(t, ReadRing, Ring{Interface: "eth0", RX: 512, Most: 4096}, append(quoted(ringIoctl), all)...)
	reads(t, ReadRing, Ring{Interface: "eth0", RX: 1024, Most: 4096}, ringJSON)
}

// What the drivers of the recorded configurations printed.
func TestReadTruthParts(t *testing.T) {
	for _, c := range recorded {
		file := func(name string) string { return recordedText(t, c.name, name) }
		driver, ring, coalesce := Driver{Name: "igb", Bus: "0000:00:01.0"}, Ring{"eth0", 256, 4096}, Coalesce{Interface: "eth0", RXUsecs: 3}
		if c.profile == "qemu-virtio" {
			driver.Name, coalesce, ring.Most = "virtio_net", Coalesce{Interface: "eth0", RXFrames: 1}, 256
		}
		reads(t, ReadDriver, driver, file("ethtool-i.txt"))
		reads(t, ReadChannels, Channels{"eth0", c.queues, c.queues}, file("ethtool-l.txt"))
		reads(t, ReadRing, ring, file("ethtool-g.txt"))
		reads(t, ReadCoalesce, coalesce, file("ethtool-c.txt"))
	}
	files, err := filepath.Glob(filepath.Join("..", "testdata", "groundtruth", "*", "ethtool-i.txt"))
	if err != nil || len(files) != len(recorded) {
		t.Errorf("%d recorded configurations (%v), %d tested", len(files), err, len(recorded))
	}
}

func TestReadPartsErrors(t *testing.T) {
	const other = "ethtool: command not found\n"
	refuses(t, ReadDriver, other, "x: no line says driver:")
	refuses(t, ReadDriver, driverText+driverText, "x: line 7: a second driver")
	refuses(t, ReadDriver, "driver: \n", `x: line 1: the driver is ""`)
	refuses(t, ReadDriver, "driver: is it\n", `x: line 1: the driver is "is it"`)
	refuses(t, ReadDriver, "level=info msg=\"driver: igb\"\ndriver: igb\"\n", `x: line 2: the driver is "igb\""`)

	refuses(t, ReadChannels, other, "x: is no output of ethtool -l IF")
	refuses(t, ReadChannels, channelsNetlink+channelsNetlink, "x: line 12: a second output of \"eth0\" starts here")
	refuses(t, ReadChannels, channelsNetlink+strings.Replace(channelsNetlink, "eth0", "eth1", 1), "x: line 12: a second interface's output starts here")
	refuses(t, ReadChannels, channelsNetlink[:100], `x: line 1: no line "Current hardware settings:" follows`)
	refuses(t, ReadChannels, channelsNetlink[:strings.LastIndex(channelsNetlink, "Combined")+4], "x: line 7: no line Combined: follows")
	refuses(t, ReadChannels, channelsNetlink+"Combined:	4\n", "x: line 12: Combined comes again, after line 11")
	refuses(t, ReadChannels, strings.Replace(channelsNetlink, "hardware settings:\nRX:		n/a\n", "hardware settings:\n", 1), "x: line 7: no line RX: follows")
	refuses(t, ReadCoalesce, coalesceIoctl[:strings.Index(coalesceIoctl, "rx-frames:")], "x: line 1: no line rx-frames: follows")
	refuses(t, ReadChannels, strings.Replace(channelsNetlink, "Combined:	8", "Combined:	0", 1), "x: line 7: 0 receive channels")
	refuses(t, ReadChannels, strings.Replace(channelsNetlink, "Combined:	8", "Combined:	eight", 1), `x: line 11: Combined is "eight"`)
	refuses(t, ReadChannels, strings.Replace(channelsNetlink, "Combined:	8", "Combined:	99999999999999999999", 1), `x: line 11: Combined is "99999999999999999999"`)
	refuses(t, ReadChannels, strings.Replace(channelsNetlink, "Combined:	8", "Combined:	65537", 1), "x: line 7: 65537 receive channels")
	refuses(t, ReadChannels, channelsJSON[:60], "x: line 4: the JSON ends early")
	refuses(t, ReadChannels, strings.Replace(channelsJSON, `"combined": 8`, `"combined": "n/a"`, 1), "x: line 6: string does not fit")
	refuses(t, ReadChannels, strings.Replace(channelsJSON, `"combined": 8`, `"combined": -8`, 1), "x: line 6: number -8 does not fit")
	refuses(t, ReadChannels, `[ { "ifname": "eth0" }, { "ifname": "eth1" } ]`, "x: line 1: more than one interface's channels")

	refuses(t, ReadRing, other, "x: is no output of ethtool -g IF")
	refuses(t, ReadRing, strings.Replace(ringIoctl, "RX:		512", "RX:		0", 1), "x: line 7: a receive ring of 0 buffers")
	refuses(t, ReadRing, strings.Replace(ringJSON, `"rx": 1024`, `"rx": 4000000000`, 1), "x: a receive ring of 1000001 buffers")

	refuses(t, ReadCoalesce, other, "x: is no output of ethtool -c IF")
	refuses(t, ReadCoalesce, strings.Replace(coalesceIoctl, "rx-usecs: 8", "rx-usecs: n/a", 1), "x: line 1: no rx-usecs")
	refuses(t, ReadCoalesce, "Coalesce parameters for eth0:\nAdaptive RX: off  TX: off\npkt-rate-high: 0\n...\n", "x: line 4: rows are left out here")
	refuses(t, ReadCoalesce, strings.Replace(coalesceIoctl, "rx-frames: 128", "rx-frames: -1", 1), `x: line 9: rx-frames is "-1"`)
	refuses(t, ReadCoalesce, `[ { "ifname": "eth0" } ]`, "x: no rx-usecs")
	refuses(t, ReadCoalesce, `[ { "ifname": "eth0", "rx-usecs": 1000001 } ]`, "x: rx-usecs 1000001, rx-frames 0")
	refuses(t, ReadCoalesce, strings.Repeat("a", maxText+1), "x: longer than 1 MiB")
}
