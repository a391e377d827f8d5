package nictext_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rssreplay/nicmodel/nictext"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
)

// rulesText is a listing in the form of ethtool 7.2.
const rulesText = `8 RX rings available
Total 5 rules

Filter: 0
	Rule Type: TCP over IPv6
	Src IP addr: :: mask: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
	Dest IP addr: 2001:db8::1 mask: ::ffff:ffff:ffff:ffff:ffff
	Traffic Class: 0x0 mask: 0xff
	Src port: 0 mask: 0xffff
	Dest port: 443 mask: 0x0
	Action: Direct to queue 5

Filter: 1
	Rule Type: UDP over IPv4
	Src IP addr: 198.51.100.0 mask: 0.0.0.255
	Dest IP addr: 0.0.0.0 mask: 255.255.255.255
	TOS: 0x0 mask: 0xff
	Src port: 0 mask: 0xffff
	Dest port: 0 mask: 0xffff
	VLAN EtherType: 0x0 mask: 0xffff
	VLAN: 0x0 mask: 0xffff
	User-defined: 0x0 mask: 0xffffffffffffffff
	Dest MAC addr: 02:00:00:00:00:01 mask: FF:FF:FF:FF:FF:FF
	Action: Drop

Filter: 3
	Rule Type: IPSEC ESP over IPv4
	Src IP addr: 0.0.0.0 mask: 255.255.255.255
	Dest IP addr: 0.0.0.0 mask: 255.255.255.255
	TOS: 0x0 mask: 0xff
	SPI: 4660 mask: 0x0
	Action: Direct to RSS Context 2 (queue base offset: 8)

Filter: 4
	Flow Type: Raw Ethernet
	Src MAC addr: 00:00:00:00:00:00 mask: FF:FF:FF:FF:FF:FF
	Dest MAC addr: 02:00:00:00:00:01 mask: 00:00:00:00:00:00
	Ethertype: 0x88F7 mask: 0x0
	Action: Direct to VF 1 queue 7

Filter: 9
	Unknown Flow type: 25
	Action: Wake-on-LAN
`

func readRules(t *testing.T, text string) *nictext.Rules {
	t.Helper()
	r, err := nictext.ReadRules(strings.NewReader(text), "rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadRules(t *testing.T) {
	r := readRules(t, rulesText)
	var got []string
	for _, rule := range r.List {
		got = append(got, fmt.Sprintf("%d %s %d fields: %s", rule.Location, rule.Kind, len(rule.Fields), rule.Does()))
	}
	want := []string{
		"0 tcp6 2 fields: queue 5", "1 udp4 2 fields: dropped", "3 esp4 1 fields: RSS context 2 from queue 8 on",
		"4 ether 2 fields: virtual function 1", "9 unknown 0 fields: Wake-on-LAN, which steers nothing",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q,\nwant %q", got, want)
	}
	if !slices.Equal(r.Unknown, []int{9}) {
		t.Errorf("of unknown types: %v", r.Unknown)
	}
	// The mask of an IP rule's MAC address shows what is compared, all others what is not.
	rules, err := steer.New(r.List[:2], steer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := pcaps.Header{Version: 4, Protocol: pcaps.ProtoUDP, Src: [16]byte{198, 51, 100, 200}, Facts: pcaps.HasPorts}
	for mac, want := range map[byte]int{1: 1, 2: -1} {
		f := pcaps.Frame{Destination: [6]byte{2, 0, 0, 0, 0, mac}, Has: pcaps.FrameMACs}
		if got, _ := rules.Match(&h, &f); got != want {
			t.Errorf("MAC address %d: rule %d, want %d", mac, got, want)
		}
	}
	h = pcaps.Header{Version: 6, Protocol: pcaps.ProtoTCP, Dst: [16]byte{0x20, 1, 0xd, 0xb8, 15: 9}, DstPort: 443, Facts: pcaps.HasPorts}
	if got, _ := rules.Match(&h, nil); got != 0 {
		t.Errorf("an address of the /48: rule %d", got)
	}
}

// However it was quoted, it says the same.
func TestReadRulesQuoted(t *testing.T) {
	want := fmt.Sprint(*readRules(t, rulesText))
	for name, quote := range map[string]func(line string) string{
		"mail":    func(line string) string { return "> > " + line },
		"bars":    func(line string) string { return "| " + line },
		"no tabs": func(line string) string { return strings.TrimSpace(line) },
		"indent":  func(line string) string { return "    " + line },
	} {
		lines := strings.Split(rulesText, "\n")
		for i := range lines {
			lines[i] = quote(lines[i])
		}
		if got := fmt.Sprint(*readRules(t, strings.Join(lines, "\n"))); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// anyTCP4 is what ethtool prints of a rule of TCP over IPv4 that takes all of it.
const anyTCP4 = "\tSrc IP addr: 0.0.0.0 mask: 255.255.255.255\n\tDest IP addr: 0.0.0.0 mask: 255.255.255.255\n\tTOS: 0x0 mask: 0xff\n\tSrc port: 0 mask: 0xffff\n\tDest port: 0 mask: 0xffff\n"

// A rule without the line of a condition takes more packets, which is not to go unsaid.
func TestReadRulesCut(t *testing.T) {
	for lost, want := range map[string][]nictext.CutRule{
		"":                                nil,
		"\tDest port: 443 mask: 0x0\n":    {{Location: 0, Fields: []string{"Dest port"}}},
		"\tSPI: 4660 mask: 0x0\n":         {{Location: 3, Fields: []string{"SPI"}}},
		"\tEthertype: 0x88F7 mask: 0x0\n": {{Location: 4, Fields: []string{"Ethertype"}}},
		"\tTOS: 0x0 mask: 0xff\n":         {{Location: 1, Fields: []string{"TOS"}}},
	} {
		if got := readRules(t, strings.Replace(rulesText, lost, "", 1)).Cut; !reflect.DeepEqual(got, want) {
			t.Errorf("without %q: %v, want %v", lost, got, want)
		}
	}
}

// Dots stand for rules left out within the listing alone: above it and below people write.
func TestReadRulesAmidText(t *testing.T) {
	if got, want := readRules(t, "Well...\n"+rulesText+"\nAnd then...\n"), readRules(t, rulesText); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	cut := "Total 2 rules\n\nFilter: 1\n\tRule Type: TCP over IPv4\n" + anyTCP4 + "\tAction: Drop\n\n...\n"
	if _, err := nictext.ReadRules(strings.NewReader(cut), "x"); err == nil || !strings.Contains(err.Error(), "x: line 12: rows are left out here") {
		t.Error(err)
	}
}

// Before ethtool 6.14 a context had a line of its own.
func TestReadRulesOldContext(t *testing.T) {
	text := "Total 1 rules\n\nFilter: 1022\n\tRule Type: TCP over IPv4\n" + anyTCP4 + "\tRSS Context ID: 2\n\tAction: Direct to queue 8\n"
	below := strings.Replace(text, "\tRSS Context ID: 2\n\tAction: Direct to queue 8\n", "\tAction: Direct to queue 8\n\tRSS Context ID: 2\n", 1)
	for _, listing := range []string{text, below} {
		rule := readRules(t, listing).List[0]
		if rule.Action != steer.ToContext || rule.Context != 2 || rule.Queue != 8 {
			t.Errorf("%s: %+v", listing, rule)
		}
	}
	if got := nictext.Sniff([]byte(text)); !slices.Contains(got, nictext.KindRules) {
		t.Errorf("recognised as %v", got)
	}
}

func TestReadRulesBad(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"cut":          {strings.Replace(rulesText, "Total 5", "Total 9", 1), "there are 9 rules, and 5 follow"},
		"not shown":    {"Total 1 rules\nrxclass: Unknown flow type\n", "line 2: says that there are 1 rules, and 0 follow: ethtool did not know"},
		"no action":    {"Filter: 1\n\tRule Type: Raw IPv4\n", "filter 1 has no action"},
		"other action": {"Filter: 1\n\tRule Type: Raw IPv4\n\tAction: Dance\n", "is no action that is known"},
		"two actions":  {"Filter: 1\n\tRule Type: Raw IPv4\n\tAction: Drop\n\tAction: Drop\n", "a second action"},
		"address":      {"Filter: 1\n\tRule Type: Raw IPv4\n\tSrc IP addr: x mask: 0.0.0.0\n\tAction: Drop\n", "line 3: Src IP addr"},
		// A rule without its condition would take all packets.
		"condition cut":     {"Filter: 1\n\tRule Type: TCP over IPv4\n\tDest port: 80 mask:\n\tAction: Drop\n", `line 3: "Dest port: 80 mask:" has not both a value and a mask`},
		"condition broken":  {"Filter: 1\n\tRule Type: TCP over IPv6\n\tSrc IP addr: 2001:db8::1 mask:\nffff::\n\tAction: Drop\n", `line 3: "Src IP addr: 2001:db8::1 mask:" has not both`},
		"name cut":          {"Filter: 1\n\tRule Type: TCP over IPv4\n\tDest po\n\tAction: Drop\n", `line 3: "Dest po" is no line of a rule that is known`},
		"unknown condition": {"Filter: 1\n\tRule Type: TCP over IPv4\n\tInner label: 7 mask: 0x0\n\tAction: Drop\n", `line 3: "Inner label: 7 mask: 0x0" is no line`},
		"begins late":       {rulesText[strings.Index(rulesText, "\tDest port: 443"):], `line 1: "Dest port: 443 mask: 0x0" stands below no line that says which filter`},
		"action alone":      {"\tAction: Drop\n" + rulesText, "line 1: "},
		"no type":           {strings.Replace(rulesText, "\tRule Type: TCP over IPv6\n", "", 1), "line 4: filter 0 has no line of its type"},
		"nothing":           {"hello\n", "holds no rules"},
		"a command":         {"# ethtool -N eth0 flow-type tcp4 dst-port 443 action 3\nAdded rule with ID 1023\n", "line 1: sets a rule, and is no listing"},
		"snipped":           {"Filter: 1\n[...]\n", "left out here"},
		"large":             {"Filter: 99999999999\n", "no number of a filter"},
	} {
		_, err := nictext.ReadRules(strings.NewReader(test.text), "rules.txt")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	for _, none := range []string{"rxclass: Cannot get RX class rule count: Operation not supported\n", "8 RX rings available\nTotal 0 rules\n"} {
		if r := readRules(t, none); len(r.List) != 0 {
			t.Errorf("%q: %v", none, r)
		}
	}
}

// What is read can be asked of any packet.
func FuzzReadRules(f *testing.F) {
	f.Add(rulesText)
	f.Add("Filter: 1\n\tRule Type: Raw IPv6\n\tProtocol: 58 mask: 0x0\n\tAction: Direct to queue 2\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := nictext.ReadRules(strings.NewReader(text), "rules.txt")
		if err != nil {
			return
		}
		rules, err := steer.New(r.List, steer.Options{})
		if err != nil {
			return
		}
		rules.Match(&pcaps.Header{Version: 4, Protocol: pcaps.ProtoTCP, Facts: pcaps.HasPorts}, nil)
	})
}
