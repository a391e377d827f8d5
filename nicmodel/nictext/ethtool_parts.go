package nictext

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// The readers of this file take what one option of ethtool prints, in the forms
// of the ioctl (a value that the driver does not have is 0), of netlink (since
// 5.8: it is n/a) and, where there is one, of --json (it is absent). Other
// commands' outputs may stand before and after. Name is the text's name in
// errors, which are *TextError for what the text says.
//
// Source: ethtool up to 6.15.

var (
	driverLine     = lazyregexp.New(`^driver:(.*)$`)
	driverName     = lazyregexp.New(`^[\w.+-]+(?:\[\w+\])?$`) // "mlx5_core[ib_ipoib]"
	channelsHeader = lazyregexp.New(`^Channel parameters for (\S+):$`)
	coalesceHeader = lazyregexp.New(`^Coalesce parameters for (\S+):$`)
	ringHeader     = lazyregexp.New(`^Ring parameters for (\S+):$`)
	adaptiveLine   = lazyregexp.New(`^Adaptive RX:\s*(\S+)\s+TX:`)
	// anyHeader starts what another command printed.
	anyHeader = lazyregexp.New(`^([A-Z][A-Za-z ]* for \S+:|RX flow hash indirection table for .*|driver: .*|.* flows use these fields .*)$`)
)

// Driver is what `ethtool -i` says of a NIC.
type Driver struct {
	Name string // "igb"
	Bus  string // its place, "0000:3b:00.0"; empty if not shown
	// NoBus: the line of the place is there, and empty, or says N/A. So it is of interfaces made
	// of software alone, veth's or a bridge's. Source: Linux 6.12, net/ethtool/ioctl.c
	// ethtool_get_drvinfo; net/bridge/br_device.c br_getinfo.
	NoBus bool
}

// vlanDriver is the only name with spaces. Source: Linux 6.12, net/8021q/vlan.c vlan_fullname.
const vlanDriver = "802.1Q VLAN Support"

// ReadDriver reads `ethtool -i`.
func ReadDriver(r io.Reader, name string) (*Driver, error) {
	return readText(r, name, func(lines []string) (*Driver, error) {
		var d *Driver
		for i, line := range lines {
			if m := driverLine.FindStringSubmatch(line); m != nil {
				if d != nil {
					return nil, &TextError{Line: i + 1, What: "a second driver", Hint: "give one interface's output of ethtool -i"}
				}
				d = &Driver{Name: strings.TrimSpace(m[1])}
				if !driverName.MatchString(d.Name) && d.Name != vlanDriver {
					return nil, &TextError{Line: i + 1, What: fmt.Sprintf("the driver is %s", quote.Short(d.Name)), Hint: "give the output of ethtool -i IF unchanged"}
				}
			} else if bus, ok := strings.CutPrefix(line, "bus-info:"); ok && d != nil && d.Bus == "" {
				d.Bus = strings.TrimSpace(bus)
				if d.NoBus = d.Bus == "" || d.Bus == "N/A"; d.NoBus {
					d.Bus = ""
				}
			}
		}
		if d == nil {
			return nil, &TextError{What: "no line says driver:", Hint: "give the whole output of ethtool -i IF"}
		}
		return d, nil
	})
}

// Channels is the number of a NIC's receive channels, that is queues, in use.
type Channels struct {
	Interface string
	RX        int // those for receiving alone and the combined ones
	Most      int // combined ones that the NIC can have, 0 if it has none or that is not shown
}

// ReadChannels reads `ethtool -l`, as text or JSON.
func ReadChannels(r io.Reader, name string) (*Channels, error) {
	return readText(r, name, func(lines []string) (*Channels, error) {
		c := &Channels{}
		rx, combined, line := 0, 0, 0
		if isJSON(lines) {
			o, err := decodeEthtool[struct {
				IfName   string `json:"ifname"`
				RX       uint16 `json:"rx"`
				Combined uint16 `json:"combined"`
				Most     uint16 `json:"combined-max"`
			}](lines, "-l", "channels are numbers from 0 to 65535")
			if err != nil {
				return nil, err
			}
			c.Interface, rx, combined, c.Most = printable(o.IfName), int(o.RX), int(o.Combined), int(o.Most)
		} else {
			p, err := findPart(lines, channelsHeader, "ethtool -l IF")
			if err != nil {
				return nil, err
			}
			limits, err := p.skipToCurrent()
			if err != nil {
				return nil, err
			}
			if err := p.needs("Combined"); err != nil {
				return nil, err
			}
			if err := p.needs("RX"); err != nil && limits.needs("RX") == nil { // lines with n/a may be left out
				return nil, err
			}
			c.Interface, line = p.iface, p.next
			c.Most, _, _ = limits.number("Combined") // what is wrong with a limit stops nothing
			if rx, _, err = p.number("RX"); err != nil {
				return nil, err
			}
			if combined, _, err = p.number("Combined"); err != nil {
				return nil, err
			}
		}
		if c.RX = rx + combined; c.RX < 1 || c.RX > nicmodel.MaxQueues {
			return nil, &TextError{Line: line, What: fmt.Sprintf("%d receive channels", c.RX), Hint: fmt.Sprintf("a NIC has from 1 to %d: check that the output is whole, or leave it out", nicmodel.MaxQueues)}
		}
		return c, nil
	})
}

// Ring is the size of a NIC's receive rings.
type Ring struct {
	Interface string
	RX        int // buffers of each queue
	Most      int // that it can have, 0 if that is not shown
}

// ReadRing reads `ethtool -g`, as text or JSON.
func ReadRing(r io.Reader, name string) (*Ring, error) {
	return readText(r, name, func(lines []string) (*Ring, error) {
		ring, line := &Ring{}, 0
		if isJSON(lines) {
			o, err := decodeEthtool[struct {
				IfName string `json:"ifname"`
				RX     uint32 `json:"rx"`
				Most   uint32 `json:"rx-max"`
			}](lines, "-g", "ring sizes are whole numbers")
			if err != nil {
				return nil, err
			}
			ring.Interface, ring.RX = printable(o.IfName), int(min(o.RX, maxSetting+1))
			ring.Most = int(min(o.Most, maxSetting))
		} else {
			p, err := findPart(lines, ringHeader, "ethtool -g IF")
			if err != nil {
				return nil, err
			}
			limits, err := p.skipToCurrent()
			if err != nil {
				return nil, err
			}
			ring.Most, _, _ = limits.number("RX") // what is wrong with a limit stops nothing
			ring.Interface, line = p.iface, p.next
			if ring.RX, _, err = p.number("RX"); err != nil {
				return nil, err
			}
		}
		if ring.RX < 1 || ring.RX > maxSetting {
			return nil, &TextError{Line: line, What: fmt.Sprintf("a receive ring of %d buffers", ring.RX), Hint: "check that the output is whole, or leave it out"}
		}
		return ring, nil
	})
}

// Coalesce is a NIC's receive coalescing as ethtool names it. What rx-usecs
// means depends on the driver: see Profile.Usecs.
type Coalesce struct {
	Interface  string
	RXUsecs    int // µs
	RXFrames   int // 0 if the driver does not count packets
	AdaptiveRX bool
}

// TitlesCoalesce reports whether what `ethtool -c` prints begins with a line.
func TitlesCoalesce(line string) bool { return coalesceHeader.MatchString(line) }

// ReadCoalesce reads `ethtool -c`, as text or JSON.
func ReadCoalesce(r io.Reader, name string) (*Coalesce, error) {
	return readText(r, name, func(lines []string) (*Coalesce, error) {
		if isJSON(lines) {
			o, err := decodeEthtool[struct {
				IfName     string  `json:"ifname"`
				RXUsecs    *uint32 `json:"rx-usecs"`
				RXFrames   uint32  `json:"rx-frames"`
				AdaptiveRX bool    `json:"adaptive-rx"`
			}](lines, "-c", "rx-usecs and rx-frames are whole numbers, adaptive-rx is true or false")
			if err != nil {
				return nil, err
			}
			if o.RXUsecs == nil {
				return nil, &TextError{What: "no rx-usecs", Hint: "the driver shows none: leave the file out, and give --itr or --rx-usecs"}
			}
			if *o.RXUsecs > maxSetting || o.RXFrames > maxSetting {
				return nil, &TextError{What: fmt.Sprintf("rx-usecs %d, rx-frames %d", *o.RXUsecs, o.RXFrames), Hint: fmt.Sprintf("values go to %d", maxSetting)}
			}
			return &Coalesce{Interface: printable(o.IfName), RXUsecs: int(*o.RXUsecs), RXFrames: int(o.RXFrames), AdaptiveRX: o.AdaptiveRX}, nil
		}
		p, err := findPart(lines, coalesceHeader, "ethtool -c IF")
		if err != nil {
			return nil, err
		}
		c := &Coalesce{Interface: p.iface}
		for _, line := range p.lines[p.next:] {
			if m := adaptiveLine.FindStringSubmatch(line); m != nil {
				c.AdaptiveRX = m[1] == "on"
				break
			}
		}
		var shown bool
		if c.RXUsecs, shown, err = p.number("rx-usecs"); err != nil {
			return nil, err
		}
		if cut := slices.IndexFunc(p.lines[p.next:], isCut); !shown && cut >= 0 {
			return nil, cutError(p.next + cut)
		}
		if !shown {
			return nil, &TextError{Line: p.next, What: "no rx-usecs", Hint: "the driver shows none: leave the file out, and give --itr or --rx-usecs"}
		}
		if err = p.needs("rx-frames"); err != nil {
			return nil, err
		}
		if c.RXFrames, _, err = p.number("rx-frames"); err != nil {
			return nil, err
		}
		return c, nil
	})
}

// maxSetting bounds a number of ethtool's that the model takes: a second, or a
// million buffers.
const maxSetting = 1_000_000

func isJSON(lines []string) bool {
	for _, line := range lines {
		if strings.Contains(line, `"ifname"`) {
			return true
		}
	}
	return false
}

// part is what one command printed among lines.
type part struct {
	iface string
	lines []string // all lines to the part's end
	next  int      // from 0: the first one after the header, or after what skipToCurrent found
	whole string   // "give the whole output of ethtool -l IF"
}

// findPart finds the part that begins with the header.
func findPart(lines []string, header *lazyregexp.Regexp, command string) (*part, error) {
	var p *part
	for i, line := range lines {
		m := header.FindStringSubmatch(line)
		switch {
		case m != nil && p != nil && m[1] == p.iface:
			return nil, &TextError{Line: i + 1, What: "a second output of " + quote.Short(m[1]) + " starts here", Hint: "give the one that holds for the capture"}
		case m != nil && p != nil:
			return nil, &TextError{Line: i + 1, What: "a second interface's output starts here", Hint: "give one output of " + command + ", or name the interface with --dev"}
		case m != nil:
			p = &part{iface: m[1], next: i + 1, lines: lines, whole: "give the whole output of " + command}
		case p != nil && len(p.lines) == len(lines) && anyHeader.MatchString(line):
			p.lines = lines[:i]
		}
	}
	if p == nil {
		return nil, &TextError{What: "is no output of " + command, Hint: "give the whole output of " + command + ", its first line included"}
	}
	return p, nil
}

// skipToCurrent passes over the maxima, which it returns, to what is set.
func (p *part) skipToCurrent() (limits *part, err error) {
	const title = "Current hardware settings:"
	at := slices.Index(p.lines[p.next:], title)
	if at < 0 {
		return nil, &TextError{Line: p.next, What: fmt.Sprintf("no line %s follows", quote.Short(title)), Hint: p.whole}
	}
	limits = &part{iface: p.iface, lines: p.lines[:p.next+at], next: p.next, whole: p.whole}
	p.next += at + 1
	return limits, nil
}

// number is the number after the label, 0 and not shown for n/a and where there
// is no such line.
func (p *part) number(label string) (n int, shown bool, err error) {
	first := 0 // the line, from 1, that has it
	for i, line := range p.lines[p.next:] {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || name != label {
			continue
		}
		v, err := strconv.ParseUint(value, 10, 64)
		number := err == nil && v <= maxSetting
		switch {
		case first > 0 && (number || value == "n/a"):
			return 0, false, &TextError{Line: p.next + i + 1, What: fmt.Sprintf("%s comes again, after line %d", label, first), Hint: p.whole}
		case first > 0: // another text's
		case number:
			n, shown = int(v), true
		case value != "n/a":
			return 0, false, &TextError{Line: p.next + i + 1, What: fmt.Sprintf("%s is %s, no whole number up to %d", label, quote.Short(value), maxSetting), Hint: p.whole}
		}
		if first == 0 {
			first = p.next + i + 1
		}
	}
	return n, shown, nil
}

// needs refuses a part without a line that every ethtool prints: it is cut.
func (p *part) needs(label string) error {
	if slices.ContainsFunc(p.lines[p.next:], func(line string) bool { return strings.HasPrefix(line, label+":") }) {
		return nil
	}
	return &TextError{Line: p.next, What: fmt.Sprintf("no line %s: follows", label), Hint: p.whole}
}
