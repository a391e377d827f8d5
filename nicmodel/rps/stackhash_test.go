package rps

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rssreplay/hash"
	"rssreplay/pcaps"
)

// The first, second and last of the reference implementation's vectors: keys 00 to
// 0f, input 00, 01, 02 …
func TestSipHash(t *testing.T) {
	var key Secret
	input := make([]byte, 64)
	for i := range input {
		input[i] = byte(i)
		if i < len(key) {
			key[i] = byte(i)
		}
	}
	for n, want := range map[int]uint64{0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5, 63: 0x958a324ceb064572} {
		if got := sipHash(&key, input[:n]); got != want {
			t.Errorf("%d bytes: %#x, want %#x", n, got, want)
		}
	}
}

// ofFrame is the hash of an Ethernet frame.
func ofFrame(frame []byte, secret Secret) uint32 {
	h, _ := secret.OfFrame(pcaps.LinkEthernet, frame)
	return h
}

// TestStackHash is that of 23 kinds of frame that Linux hashed.
func TestStackHash(t *testing.T) {
	data, err := os.ReadFile("testdata/stack_hash.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		field := strings.Fields(line)
		secret, err1 := hex.DecodeString(field[1])
		want, err2 := strconv.ParseUint(field[2], 16, 32)
		frame, err3 := hex.DecodeString(field[3])
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(line)
		}
		if got := ofFrame(frame, Secret(secret)); got != uint32(want) {
			t.Errorf("%s: %#x, want %#x", field[0], got, want)
		}
		n++
	}
	if n != 23 {
		t.Errorf("%d frames", n)
	}
}

// Frames that were cut anywhere are hashed, and none makes it panic.
func TestStackHashOfCutFrames(t *testing.T) {
	ipv4 := func(protocol byte, fragment uint16, payload ...byte) []byte {
		h := []byte{0x45, 0, 0, 0, 0, 0, byte(fragment >> 8), byte(fragment), 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
		return append(h, payload...)
	}
	ether := func(etherType uint16, payload ...byte) []byte {
		return append(binary.BigEndian.AppendUint16(make([]byte, 12), etherType), payload...)
	}
	udp := []byte{0, 80, 1, 0, 0, 0, 0, 0}
	ipv6 := func(next byte, payload ...byte) []byte {
		h := make([]byte, 40)
		h[0], h[6], h[23], h[39] = 0x60, next, 1, 2
		return append(h, payload...)
	}
	frames := [][]byte{
		ether(0x0800, ipv4(17, 0, udp...)...),
		ether(0x8100, append([]byte{0, 5, 8, 0}, ipv4(17, 0, udp...)...)...),
		ether(0x86dd, ipv6(60, append([]byte{44, 0, 0, 0, 0, 0, 0, 0}, append([]byte{17, 0, 0, 1, 0, 0, 0, 0}, udp...)...)...)...),
		ether(0x0800, ipv4(47, 0, append([]byte{0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 9}, ether(0x0800, ipv4(6, 0, udp...)...)...)...)...),
		ether(0x0800, ipv4(47, 0, append([]byte{0x30, 0x81, 0x88, 0x0b, 0, 4, 1, 2, 0, 0, 0, 9, 0, 0, 0, 8, 0xff, 3, 0, 0x21}, ipv4(17, 0, udp...)...)...)...),
		ether(0x8864, append([]byte{0x11, 0, 0, 1, 0, 9, 0, 0x57}, ipv6(6, udp...)...)...),
	}
	var secret Secret
	for i, frame := range frames {
		seen := map[uint32]bool{}
		for n := range len(frame) + 1 {
			seen[ofFrame(frame[:n:n], secret)] = true
		}
		if len(seen) < 3 { // no EtherType, no IP header, … , whole
			t.Errorf("frame %d: %d hashes of all its lengths", i, len(seen))
		}
	}

	// Both directions alike; fragments of one datagram too; ports count.
	hash := func(frame []byte) uint32 { return ofFrame(frame, secret) }
	back := slices.Clone(frames[0])
	copy(back[26:], []byte{10, 0, 0, 2, 10, 0, 0, 1, 1, 0, 0, 80})
	if hash(frames[0]) != hash(back) {
		t.Error("the two directions of a flow hash apart")
	}
	if hash(ether(0x0800, ipv4(17, 0x2000, udp...)...)) != hash(ether(0x0800, ipv4(17, 0x00b9, 9, 9, 9, 9)...)) {
		t.Error("two fragments hash apart")
	}
	if hash(frames[0]) == hash(ether(0x0800, ipv4(17, 0, 0, 81, 1, 0)...)) {
		t.Error("another port makes no difference")
	}
	if got := fmt.Sprintf("%x", (&dissection{etherType: 0x0806}).keys(nil)); got != "0806"+strings.Repeat("00", 38) {
		t.Errorf("ARP: %s", got)
	}
}

// What the dissector keeps of kinds of frame that no hash of Linux is at hand for.
func TestDissection(t *testing.T) {
	ipv4 := func(protocol byte, payload ...byte) []byte {
		return append([]byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, payload...)
	}
	ipv6 := func(next byte, payload ...byte) []byte {
		h := make([]byte, 40)
		h[0], h[6], h[8], h[39] = 0x60, next, 1, 2
		return append(h, payload...)
	}
	addresses4, addresses6 := [36]byte{10, 0, 0, 1, 10, 0, 0, 2}, [36]byte{0: 1, 31: 2}
	ports := [4]byte{0, 80, 1, 0}
	of4 := func(protocol byte, ports [4]byte) dissection {
		return dissection{etherType: typeIPv4, protocol: protocol, ports: ports, addresses: addresses4, version: 4}
	}
	for _, test := range []struct {
		name      string
		etherType uint16
		payload   []byte
		want      dissection
	}{
		{"IPX in 802.3", 0x5ff, []byte{0xff, 0xff, 0}, dissection{etherType: 0x0001}},
		{"802.3 of ff 00", 0x5ff, []byte{0xff, 0}, dissection{etherType: 0x0004}},
		{"802.3 of 00 ff", 0x5ff, []byte{0, 0xff}, dissection{etherType: 0x0004}},
		{"802.3 of one byte", 1, []byte{0xff}, dissection{etherType: 0x0004}},
		{"the least EtherType", 0x600, []byte{0xff, 0xff}, dissection{etherType: 0x600}},
		{"a tag, and nothing behind", 0x8100, []byte{0x60, 5, 8, 0}, dissection{etherType: 0x0800, tagged: true, tci: 0x6005, tpid: 0x8100, taggedType: 0x0800}},
		{"half a tag", 0x8100, []byte{0x60, 5, 8}, dissection{etherType: 0x8100}},
		{"PPPoE's IPv6", 0x8864, append([]byte{0x11, 0, 0, 1, 0, 9, 0, 0x57}, ipv6(6, ports[:]...)...), dissection{etherType: 0x86dd, protocol: 6, ports: ports, addresses: addresses6, version: 6}},
		{"PPPoE, and nothing behind", 0x8864, []byte{0x11, 0, 0, 1, 0, 9, 0, 0x21}, dissection{etherType: 0x0800}},
		{"PPPoE, cut", 0x8864, []byte{0x11, 0, 0, 1, 0, 9, 0}, dissection{etherType: 0x8864}},
		{"PPPoE that finds a server", 0x8864, append([]byte{0x11, 9, 0, 1, 0, 9, 0, 0x21}, ipv4(6, ports[:]...)...), dissection{etherType: 0x8864}},
		{"PPPoE of another version", 0x8864, append([]byte{0x12, 0, 0, 1, 0, 9, 0, 0x21}, ipv4(6, ports[:]...)...), dissection{etherType: 0x8864}},
		{"DCCP", 0x0800, ipv4(33, ports[:]...), of4(33, ports)},
		{"UDP-Lite", 0x0800, ipv4(136, ports[:]...), of4(136, ports)},
		{"ICMP", 0x0800, ipv4(1, ports[:]...), of4(1, [4]byte{})},
		{"an SPI of AH", 0x0800, ipv4(51, 6, 4, 0, 0, 0, 80, 1, 0), of4(51, ports)},
		{"options of IPv4", 0x0800, append(append([]byte{0x46}, ipv4(6)[1:]...), append([]byte{1, 1, 1, 1}, ports[:]...)...), of4(6, ports)},
		{"an IPv4 header of 16 bytes", 0x0800, append([]byte{0x44}, ipv4(6, ports[:]...)[1:]...), dissection{etherType: 0x0800}},
		{"IPv4 that may not be fragmented", 0x0800, slices.Replace(ipv4(6, ports[:]...), 6, 7, 0x40), of4(6, ports)},
		{"MPLS in IP", 0x0800, ipv4(137, ports[:]...), dissection{etherType: 0x8847, protocol: 137, addresses: addresses4, version: 4}},
		{"IPv6's options, routing and destination options", 0x86dd, ipv6(0, append([]byte{43, 0, 7: 0, 8: 60, 9: 1, 23: 0, 24: 17, 31: 0}, ports[:]...)...),
			dissection{etherType: 0x86dd, protocol: 17, ports: ports, addresses: addresses6, version: 6}},
		{"a flow label", 0x86dd, slices.Replace(ipv6(6, ports[:]...), 1, 4, 0x51, 2, 3), dissection{etherType: 0x86dd, protocol: 6, flowLabel: 0x10203, addresses: addresses6, version: 6}},
		{"GRE with all its fields", 0x0800, ipv4(47, append([]byte{0xb0, 0, 8, 0, 4: 7, 8: 1, 9: 2, 10: 3, 11: 4, 12: 9, 15: 0}, ipv4(6, ports[:]...)...)...),
			dissection{etherType: 0x0800, protocol: 6, greKey: [4]byte{1, 2, 3, 4}, ports: ports, addresses: addresses4, version: 4}},
		{"GRE, and nothing behind", 0x0800, ipv4(47, 0, 0, 0x86, 0xdd), dissection{etherType: 0x86dd, protocol: 47, addresses: addresses4, version: 4}},
		{"GRE of version 2", 0x0800, ipv4(47, 0, 2, 0x86, 0xdd), of4(47, [4]byte{})},
		{"Ethernet in GRE, and nothing behind", 0x0800, ipv4(47, []byte{0, 0, 0x65, 0x58, 16: 8, 17: 6}...), dissection{etherType: 0x0806, protocol: 47, addresses: addresses4, version: 4}},
		{"PPTP with an acknowledgment", 0x0800, ipv4(47, append([]byte{0x30, 0x81, 0x88, 0x0b, 0, 4, 1, 2, 8: 9, 12: 8, 16: 0xff, 17: 3, 18: 0, 19: 0x21}, ipv4(17, ports[:]...)...)...),
			dissection{etherType: 0x0800, protocol: 17, greKey: [4]byte{2: 1, 3: 2}, ports: ports, addresses: addresses4, version: 4}},
		{"PPTP of a packet alone", 0x0800, ipv4(47, append([]byte{0x20, 1, 0x88, 0x0b, 0, 4, 1, 2, 0xff, 3, 0, 0x57}, ipv6(17, ports[:]...)...)...),
			dissection{etherType: 0x86dd, protocol: 17, greKey: [4]byte{2: 1, 3: 2}, ports: ports, addresses: addresses6, version: 6}},
		{"PPTP without a key", 0x0800, ipv4(47, append([]byte{0, 1, 0x88, 0x0b, 0xff, 3, 0, 0x21}, ipv4(17, ports[:]...)...)...), dissection{etherType: 0x880b, protocol: 47, addresses: addresses4, version: 4}},
	} {
		var got dissection
		got.ethernet(append(binary.BigEndian.AppendUint16(make([]byte, 12), test.etherType), test.payload...))
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// A GRE header names what is inside even where that, or the rest of the header, was
// cut off. The values are those of a program apart, written from the kernel's source.
func TestStackHashOfCutGRE(t *testing.T) {
	secret := Secret{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	ip := append(make([]byte, 12), 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 47, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2)
	for name, gre := range map[string]struct {
		header []byte
		want   uint32
	}{
		"cut before the protocol":   {[]byte{0, 0, 0x65}, 0xdc102627},
		"cut in the inner Ethernet": {[]byte{0, 0, 0x65, 0x58, 2}, 0xb84c9e96},
		"cut in the key":            {[]byte{0x20, 0, 0x86, 0xdd, 0, 0}, 0x4d99c019},
		"version 1 that is no PPTP": {[]byte{0x20, 1, 0x86, 0xdd, 0, 0, 0, 0, 0, 0, 0, 0}, 0x4d99c019},
		"routing":                   {[]byte{0x40, 0, 0x86, 0xdd, 0, 0, 0, 0, 0, 0, 0, 0}, 0xdc102627},
		"PPTP, cut before its PPP":  {[]byte{0x20, 1, 0x88, 0x0b, 0, 0, 0, 0, 0, 0}, 0xd5a92a63},
	} {
		if got := ofFrame(append(slices.Clip(ip), gre.header...), secret); got != gre.want {
			t.Errorf("%s: %#08x, want %#08x", name, got, gre.want)
		}
	}
}

// The same packet behind other link headers, and by its flow alone, hashes the same.
func TestStackHashOfLinks(t *testing.T) {
	secret := Secret{1, 2, 3}
	ipv4 := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 1, 0}
	ipv6 := []byte{0: 0x60, 6: 6, 8: 1, 23: 1, 24: 2, 39: 2, 41: 80, 42: 1, 43: 0}
	for _, test := range []struct {
		packet    []byte
		etherType uint16
		addresses int // where they begin
		h         pcaps.Header
	}{
		{ipv4, 0x0800, 12, pcaps.Header{Version: 4}},
		{ipv6, 0x86dd, 8, pcaps.Header{Version: 6}},
	} {
		behind := func(header int, at int) []byte {
			b := make([]byte, header)
			binary.BigEndian.PutUint16(b[at:], test.etherType)
			return append(b, test.packet...)
		}
		want := ofFrame(behind(14, 12), secret)
		for link, frame := range map[pcaps.LinkType][]byte{pcaps.LinkSLL: behind(16, 14), pcaps.LinkSLL2: behind(20, 0), pcaps.LinkRaw: test.packet} {
			if got, known := secret.OfFrame(link, frame); got != want || !known {
				t.Errorf("%x behind %v: %#x, %v; want %#x", test.etherType, link, got, known, want)
			}
		}
		h := test.h
		h.Protocol, h.Facts, h.SrcPort, h.DstPort = 6, pcaps.HasPorts, 80, 256
		ends := test.packet[test.addresses : len(test.packet)-4]
		copy(h.Src[:], ends[:len(ends)/2])
		copy(h.Dst[:], ends[len(ends)/2:])
		var tuple pcaps.Tuple
		tuple.Set(&h)
		if got := secret.OfFlow(&tuple); got != want {
			t.Errorf("%x by its flow: %#x, want %#x", test.etherType, got, want)
		}
	}
	if _, known := secret.OfFrame(pcaps.LinkPPP, ipv4); known {
		t.Error("PPP's frames hold no EtherType, and are known")
	}
}

func TestStackHashAllocatesNothing(t *testing.T) {
	frame := append(make([]byte, 12), 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 1, 0)
	if n := testing.AllocsPerRun(10, func() { ofFrame(frame, Secret{}) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// The kinds of a NIC's hashes, and which of two hashes counts.
func TestPassed(t *testing.T) {
	tests := []struct {
		kind     hash.Type
		protocol uint8
		facts    pcaps.Facts
		want     Hashes
	}{
		{hash.None, 6, 0, NoHashes},
		{hash.TCPIPv4, 6, pcaps.HasPorts, OnTCPPorts | OfTCP},
		{hash.UDPIPv6, 17, pcaps.HasPorts, OnUDPPorts | OfUDP},
		{hash.IPv4, 17, pcaps.HasPorts, OnAddresses | OfUDP},
		{hash.IPv4, 17, pcaps.Fragment, OnAddresses},
		{hash.TCPIPv6Ex, 6, pcaps.HasPorts, OnExPorts | OfTCP},
		{hash.IPv6, 58, 0, OnAddresses | OfICMP},
		{hash.IPv4, 132, pcaps.HasPorts, OnAddresses | OfSCTP},
		{hash.IPv6Ex, 0, pcaps.ProtocolUnknown, OnAddresses},
	}
	for _, test := range tests {
		if got := KindOf(test.kind, test.protocol, test.facts); got != test.want {
			t.Errorf("%v, protocol %d, facts %x: %08b, want %08b", test.kind, test.protocol, test.facts, got, test.want)
		}
	}
}
