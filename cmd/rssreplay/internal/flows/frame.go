package flows

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"github.com/spf13/pflag"

	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
)

// frameFlags are what rules may compare of a packet that is no part of its flow.
type frameFlags struct {
	set                 *pflag.FlagSet
	source, destination string
	tag, class          uint16
}

func (f *frameFlags) add(set *pflag.FlagSet) {
	f.set = set
	set.StringVar(&f.source, "src-mac", "", "")
	set.StringVar(&f.destination, "dst-mac", "", "")
	set.Uint16Var(&f.tag, "vlan", 0, "")
	set.Uint16Var(&f.class, "tos", 0, "")
}

// tagType is that of a tag of IEEE 802.1Q.
const tagType = 0x8100

// of is the frame around a header.
func (f *frameFlags) of(h *pcaps.Header) (*pcaps.Frame, error) {
	frame := &pcaps.Frame{EtherType: 0x0800, Has: pcaps.FrameEtherType}
	if h.Version == 6 {
		frame.EtherType = 0x86dd
	}
	if (f.source == "") != (f.destination == "") {
		return nil, errors.New("--src-mac and --dst-mac go together: a frame has both")
	}
	for _, one := range []struct {
		flag, given string
		to          *[6]byte
	}{{"--src-mac", f.source, &frame.Source}, {"--dst-mac", f.destination, &frame.Destination}} {
		if one.given == "" {
			continue
		}
		mac, err := net.ParseMAC(one.given)
		if err != nil || len(mac) != len(one.to) {
			return nil, fmt.Errorf("%s: %q is no MAC address: write 02:00:00:00:00:01", one.flag, one.given)
		}
		copy(one.to[:], mac)
		frame.Has |= pcaps.FrameMACs
	}
	if f.set.Changed("vlan") {
		frame.TagType, frame.Tag = tagType, f.tag
		frame.Has |= pcaps.FrameTag
	}
	if f.set.Changed("tos") {
		if f.class > 0xff {
			return nil, fmt.Errorf("--tos must be a number from 0 to 255, not %d", f.class)
		}
		frame.Class = uint8(f.class)
		frame.Has |= pcaps.FrameClass
	}
	if h.Facts&pcaps.HasPorts != 0 {
		binary.BigEndian.PutUint16(frame.L4[:], h.SrcPort)
		binary.BigEndian.PutUint16(frame.L4[2:], h.DstPort)
		frame.Has |= pcaps.FrameL4
	}
	return frame, nil
}

// notGiven says which rules compare what no flag has told of the frame, so that they take
// nothing here. A frame without --vlan has no tag.
func notGiven(rules *steer.Rules, f *pcaps.Frame) (said []string) {
	for _, rule := range rules.All() {
		for i := range rule.Fields {
			flag := ""
			switch field := rule.Fields[i].Field; {
			case (field == steer.SourceMAC || field == steer.DestinationMAC) && f.Has&pcaps.FrameMACs == 0:
				flag = "--src-mac and --dst-mac"
			case field == steer.Class && f.Has&pcaps.FrameClass == 0:
				flag = "--tos"
			default:
				continue
			}
			said = append(said, fmt.Sprintf("Filter %d takes nothing here: what it compares is not known without %s.", rule.Location, flag))
			break
		}
	}
	return said
}
