package nictext

import (
	"strings"
	"testing"

	"rssreplay/hash"
)

const (
	addressFields = "IP SA\nIP DA\n"
	portFields    = "L4 bytes 0 & 1 [TCP/UDP src port]\nL4 bytes 2 & 3 [TCP/UDP dst port]\n"
)

// flowAnswer is what ethtool -n prints of one kind.
func flowAnswer(kind, fields string) string {
	return kind + " flows use these fields for computing Hash flow key:\n" + fields + "\n"
}

func TestReadFlowHash(t *testing.T) {
	sd := flowAnswer("UDP over IPV4", addressFields)
	all := hash.DefaultTypes
	tcp := hash.TypesOf(hash.IPv4, hash.IPv6, hash.TCPIPv4, hash.TCPIPv6)
	for _, test := range []struct {
		name, text string
		from, want hash.Types
	}{
		{"udp4 sd", sd, all, all &^ hash.TypesOf(hash.UDPIPv4)},
		{"udp4 sd enables the addresses", sd, hash.TypesOf(hash.UDPIPv4), hash.TypesOf(hash.IPv4)},
		{"udp6 sdfn", flowAnswer("UDP over IPV6", addressFields+portFields), tcp, tcp | hash.TypesOf(hash.UDPIPv6)},
		{"tcp4 sd", flowAnswer("TCP over IPV4", addressFields), all, all &^ hash.TypesOf(hash.TCPIPv4)},
		{"tcp6 sd", flowAnswer("TCP over IPV6", addressFields), all, all &^ hash.TypesOf(hash.TCPIPv6)},
		{"nothing hashed", flowAnswer("TCP over IPV4", "None\n") + flowAnswer("UDP over IPV4", "None\n"), all, hash.TypesOf(hash.IPv6, hash.TCPIPv6, hash.UDPIPv6)},
		{"UDP not hashed", flowAnswer("TCP over IPV4", addressFields+portFields) + flowAnswer("UDP over IPV4", "None\n"), all, all &^ hash.TypesOf(hash.UDPIPv4, hash.IPv4)},
		{"other kinds", flowAnswer("SCTP over IPV4", addressFields+portFields) + flowAnswer("IPSEC AH/ESP over IPV4", "None\n") + flowAnswer("GTP-U over IPV4", addressFields), all, all},
		{"no kind (ip4)", flowAnswer("", addressFields), all, all},
		{"GTP", flowAnswer("GTP-U PSC Uplink over IPV4", addressFields+"GTP TEID\n") + sd, all, all &^ hash.TypesOf(hash.UDPIPv4)},
		{"a context beside the main table", "For RSS context 1:\n" + flowAnswer("UDP over IPV4", addressFields+portFields) + sd, all, all &^ hash.TypesOf(hash.UDPIPv4)},
		{"the main table first", sd + "For RSS context 1:\n" + flowAnswer("UDP over IPV4", addressFields+portFields), all, all &^ hash.TypesOf(hash.UDPIPv4)},
		{"a prompt behind it", strings.TrimSuffix(sd, "\n") + "root@host:~# ", all, all &^ hash.TypesOf(hash.UDPIPv4)},
		{"an empty line below each", strings.ReplaceAll(sd+flowAnswer("TCP over IPV6", "None\n"), "\n", "\n\n"), all, all &^ hash.TypesOf(hash.UDPIPv4, hash.TCPIPv6, hash.IPv6)},
		{"a title that mail has broken", strings.ReplaceAll(sd, " flows use", "\nflows use"), all, all &^ hash.TypesOf(hash.UDPIPv4)},
		{"in fences", "```\n" + strings.TrimSuffix(sd, "\n") + "```\nand\n~~~\n" + flowAnswer("TCP over IPV4", addressFields) + "~~~\n", all, all &^ hash.TypesOf(hash.UDPIPv4, hash.TCPIPv4)},
		{"pages of more(1)", strings.ReplaceAll(sd+flowAnswer("TCP over IPV4", addressFields+portFields), "IP DA\n", "IP DA\n--More--\n"), all &^ hash.TypesOf(hash.TCPIPv4), all &^ hash.TypesOf(hash.UDPIPv4)},
		{"twice the same", sd + sd, all, all &^ hash.TypesOf(hash.UDPIPv4)},
	} {
		for _, text := range quoted(test.text) {
			f, err := ReadFlowHash(strings.NewReader(text), "x")
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			} else if got := f.Types(test.from); got != test.want {
				t.Errorf("%s: %v, want %v", test.name, got, test.want)
			}
		}
	}

	refuses(t, ReadFlowHash, "Cannot get RX network flow hashing options: Operation not supported\n", "x: holds no answer about the fields of a hash")
	refuses(t, ReadFlowHash, "\nUDP over IPV4 flows - All matching flows discarded on RX\n", "x: line 2: UDP over IPV4 packets are discarded")
	refuses(t, ReadFlowHash, flowAnswer("UDP over IPV4", ""), "x: line 1: no fields follow this line")
	refuses(t, ReadFlowHash, flowAnswer("UDP over IPV4", "IP SA\n"), "x: line 1: udp4 is hashed on the fields s, which is not emulated")
	refuses(t, ReadFlowHash, flowAnswer("TCP over IPV6", "L2DA\nVLAN tag\nL3 proto\n"+addressFields), "x: line 1: tcp6 is hashed on the fields mvtsd")
	refuses(t, ReadFlowHash, sd+flowAnswer("UDP over IPV4", addressFields+portFields), "x: line 5: udp4 comes again, and not as on line 1")
	// ethtool 7.2 on kernel 6.18 (bnxt, fbnic).
	refuses(t, ReadFlowHash, flowAnswer("TCP over IPV6", addressFields+portFields+"IPv6 Flow Label\n"), "x: line 1: tcp6 is hashed on the IPv6 flow label too")
	if got, err := ReadFlowHash(strings.NewReader(flowAnswer("TCP over IPV4", "• IP SA\n• IP DA\n")), "x"); err != nil || got.fields["TCP over IPV4"] != "sd" {
		t.Errorf("a list: %+v, %v", got, err)
	}
	refuses(t, ReadFlowHash, flowAnswer("TCP over IPV6", addressFields+"Inner IP SA\n"), "x: line 4: \"Inner IP SA\" is no field of a hash that is known")
	refuses(t, ReadFlowHash, flowAnswer("TCP over IPV6", "IP SA\n<snip>\n"), "x: line 3: rows are left out here")
	// A mark before each line would hide what each answer is of.
	refuses(t, ReadFlowHash, "12:"+strings.Replace(sd, "\n", "\n13:", 1), "x: line 1: \"12:UDP over IPV4\" is no kind of packet that ethtool names")
	// A title that a mail program has broken.
	refuses(t, ReadFlowHash, sd+strings.Replace(flowAnswer("TCP over IPV4", addressFields), " flow key:", "\nflow key:", 1), "x: line 7: \"IP SA\" stands below no line that says what it is of")
	refuses(t, ReadFlowHash, "For RSS context 1:\n"+sd, "x: line 1: the answer is about RSS context 1, not about the main table")
	refuses(t, ReadFlowHash, sd+flowAnswer("TCP over IPV4", "None\n"), "x: line 5: of TCP and UDP over IPV4 one is hashed on its addresses and the other not at all")
}

func TestMergeFlowHash(t *testing.T) {
	read := func(text string) *FlowHash {
		f, err := ReadFlowHash(strings.NewReader(text), "x")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	ports, addresses := flowAnswer("TCP over IPV4", addressFields+portFields), flowAnswer("UDP over IPV4", addressFields)
	merged := read(ports)
	for _, again := range []string{addresses, ports} {
		if err := merged.Merge(read(again)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := merged.Types(hash.DefaultTypes), read(ports+addresses).Types(hash.DefaultTypes); got != want {
		t.Errorf("merged they have %v, in one text %v", got, want)
	}
	if err := merged.Merge(read(flowAnswer("UDP over IPV4", addressFields+portFields))); err == nil || err.Error() != "udp4 is hashed on sd in one and sdfn in the other" {
		t.Error(err)
	}
}

// An answer that is cut below its addresses looks like one of addresses alone, but for the
// empty line that ethtool prints.
func TestReadFlowHashCut(t *testing.T) {
	udp4 := flowAnswer("UDP over IPV4", addressFields)
	for text, noted := range map[string]bool{
		udp4:                                 false,
		strings.TrimSuffix(udp4, "\n"):       true,
		strings.TrimSuffix(udp4, "\n\n"):     true,
		strings.TrimSuffix(udp4, "\n") + "$": false,
		strings.TrimSuffix(udp4, "\n") + flowAnswer("TCP over IPV4", addressFields+portFields):            false,
		strings.TrimSuffix(flowAnswer("TCP over IPV4", addressFields+portFields), "\n"):                   false,
		flowAnswer("TCP over IPV4", addressFields+portFields) + strings.TrimSuffix(udp4, "\n"):            true,
		strings.TrimSuffix(flowAnswer("SCTP over IPV4", addressFields), "\n"):                             false,
		"> " + strings.ReplaceAll(strings.TrimSuffix(udp4, "\n\n"), "\n", "\n> "):                         true,
		strings.TrimSuffix(flowAnswer("UDP over IPV4", "None\n"), "\n") + "\n":                            false,
		"For RSS context 1:\n" + strings.TrimSuffix(udp4, "\n") + flowAnswer("TCP over IPV4", "None\n\n"): false,
	} {
		f, err := ReadFlowHash(strings.NewReader(text), "x")
		if err != nil || (f.Note != "") != noted {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
	before, after := &FlowHash{fields: map[string]string{}}, &FlowHash{fields: map[string]string{}, Note: "cut"}
	if err := before.Merge(after); err != nil || before.Note != "cut" {
		t.Errorf("merged: %+v, %v", before, err)
	}
}
