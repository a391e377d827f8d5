package walk

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rssreplay/pcaps"
	"rssreplay/pcaps/file"
	"rssreplay/pcaps/internal/shared"
)

// tuple is one IP header as both readers see it.
type tuple struct {
	source, destination netip.Addr
	protocol            int // −1 where the walk ended before it
	fragment            bool
	ports               string // "1000 80", "" for none
}

func (t tuple) String() string {
	s := fmt.Sprintf("%d %s>%s", t.protocol, t.source, t.destination)
	if t.fragment {
		s += " fragment"
	}
	return strings.TrimSpace(s + " " + t.ports)
}

// reading is what a reader finds in a packet: its IP headers, at most two, and how
// many VLAN tags are before them (2 for more).
type reading struct {
	headers []tuple
	tags    int
}

// tupleOf is a header that Walk read.
func tupleOf(h *pcaps.Header) tuple {
	t := tuple{protocol: int(h.Protocol), fragment: h.Facts&pcaps.Fragment != 0}
	if h.Facts&pcaps.ProtocolUnknown != 0 {
		t.protocol = -1
	}
	if h.Version == 4 {
		t.source, t.destination = netip.AddrFrom4([4]byte(h.Src[:])), netip.AddrFrom4([4]byte(h.Dst[:]))
	} else {
		t.source, t.destination = netip.AddrFrom16(h.Src), netip.AddrFrom16(h.Dst)
	}
	if h.Facts&pcaps.HasPorts != 0 {
		t.ports = fmt.Sprintf("%d %d", h.SrcPort, h.DstPort)
	}
	return t
}

// readingOf is what Walk and WalkInner find.
func readingOf(rec *pcaps.Record) (r reading) {
	var h, inner pcaps.Header
	var ext pcaps.Extension
	Walk(rec, &h, &ext)
	if h.Reason == pcaps.IP {
		r.headers = append(r.headers, tupleOf(&h))
	}
	if WalkInner(rec, &inner, &ext) {
		r.headers = append(r.headers, tupleOf(&inner))
	}
	switch {
	case h.Encapsulations.Has(pcaps.VLAN):
		r.tags = 1
	case h.Encapsulations.Has(pcaps.QinQ):
		r.tags = 2
	}
	return r
}

// tsharkFields are what tshark is asked for, of each packet all occurrences.
var tsharkFields = []string{
	"frame.protocols", "ip.src", "ip.dst", "ip.proto", "ip.flags.mf", "ip.frag_offset",
	"ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.hopopts.nxt", "ipv6.routing.nxt", "ipv6.dstopts.nxt",
	"ipv6.fraghdr.nxt", "ipv6.fraghdr.more", "ipv6.fraghdr.offset", "ah.next_header", "mip6.proto", "hip.proto", "shim6.nxt",
	"tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "sctp.srcport", "sctp.dstport",
}

// dissection is one packet as tshark prints it: the values of each field that have
// not been taken, and the protocols in their order.
type dissection struct {
	protocols []string
	values    map[string][]string
}

// take is the next value of a field, "" if there is none.
func (d *dissection) take(field string) string {
	v := d.values[field]
	if len(v) == 0 {
		return ""
	}
	d.values[field] = v[1:]
	return v[0]
}

// reading follows the protocols to the second IP header. What an ICMP error quotes
// is none of the packet's own headers.
func (d *dissection) reading() (r reading) {
	number := func(s string) int {
		n, err := strconv.ParseInt(s, 0, 32)
		if err != nil {
			return -1
		}
		return int(n)
	}
	set := func(s string) bool { return s == "1" || s == "True" }
	for _, p := range d.protocols {
		var h *tuple
		if n := len(r.headers); n > 0 {
			h = &r.headers[n-1]
		}
		switch p {
		case "icmp", "icmpv6":
			return r
		case "vlan", "ieee8021ad":
			if h == nil {
				r.tags = min(r.tags+1, 2)
			}
		case "ip", "ipv6":
			if len(r.headers) == 2 {
				return r
			}
			source, destination := d.take(p+".src"), d.take(p+".dst")
			from, err1 := netip.ParseAddr(source)
			to, err2 := netip.ParseAddr(destination)
			if err1 != nil || err2 != nil {
				return r // its header is not whole
			}
			next := tuple{source: from, destination: to}
			if p == "ip" {
				next.protocol = number(d.take("ip.proto"))
				next.fragment = set(d.take("ip.flags.mf")) || number(d.take("ip.frag_offset")) > 0
			} else {
				next.protocol = number(d.take("ipv6.nxt"))
			}
			r.headers = append(r.headers, next)
		case "ipv6.hopopts", "ipv6.routing", "ipv6.dstopts", "shim6", "mipv6", "hip", "ah", "ipv6.fraghdr":
			field := map[string]string{"mipv6": "mip6.proto", "hip": "hip.proto", "ah": "ah.next_header"}[p]
			if field == "" {
				field = p + ".nxt"
			}
			next := number(d.take(field))
			if h == nil || h.source.Is4() {
				continue // an authentication header is the protocol
			}
			h.protocol = next
			if p == "ipv6.fraghdr" {
				h.fragment = set(d.take("ipv6.fraghdr.more")) || number(d.take("ipv6.fraghdr.offset")) > 0
			}
		case "tcp", "udp", "sctp":
			source, destination := d.take(p+".srcport"), d.take(p+".dstport")
			// Known difference: tshark shows the ports of a first fragment; for the model,
			// as for NICs, no fragment has any.
			if h != nil && !h.fragment && h.ports == "" && source != "" && destination != "" {
				h.ports = source + " " + destination
			}
		}
	}
	return r
}

// dissect runs tshark over a capture.
func dissect(t *testing.T, path string) []dissection {
	args := []string{"-r", path, "-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"}
	for _, off := range []string{"ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams", "ip.tso_support"} {
		args = append(args, "-o", off+":FALSE")
	}
	for _, field := range tsharkFields {
		args = append(args, "-e", field)
	}
	tshark := exec.Command("tshark", args...)
	var stderr bytes.Buffer
	tshark.Stderr = &stderr
	out, err := tshark.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, stderr.String())
	}
	var all []dissection
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		d := dissection{values: map[string][]string{}}
		for i, values := range strings.Split(lines.Text(), "\t") {
			if values == "" {
				continue
			}
			list := strings.Split(values, "|")
			if i == 0 {
				d.protocols = strings.Split(list[0], ":")
				continue
			}
			d.values[tsharkFields[i]] = list
		}
		all = append(all, d)
	}
	return all
}

// joined writes the records of many captures as one, so that tshark starts once,
// and says where each comes from.
func joined(t *testing.T, root string, files []string) (path string, recs []pcaps.Record, from []string) {
	block := func(kind uint32, body ...[]byte) []byte {
		b := slices.Concat(body...)
		b = append(b, make([]byte, -len(b)&3)...)
		length := binary.LittleEndian.AppendUint32(nil, uint32(len(b)+12))
		return slices.Concat(binary.LittleEndian.AppendUint32(nil, kind), length, b, length)
	}
	words := func(all ...int) (b []byte) {
		for _, w := range all {
			b = binary.LittleEndian.AppendUint32(b, uint32(w))
		}
		return b
	}
	head := block(0x0a0d0d0a, words(0x1a2b3c4d, 1, -1, -1)) // pcapng's section, interfaces and packets
	interfaces := map[pcaps.LinkType]int{}
	var body []byte
	for _, name := range files {
		list, err := readFile(name)
		if err != nil {
			continue // TestCaptures says why
		}
		name, _ := filepath.Rel(root, name)
		for i, rec := range list {
			if len(rec.Data) > 262144 {
				continue // more than tshark reads
			}
			id, ok := interfaces[rec.Link]
			if !ok {
				id = len(interfaces)
				interfaces[rec.Link] = id
				head = append(head, block(1, words(int(rec.Link), 0))...)
			}
			captured := len(rec.Data)
			body = append(body, block(6, words(id, 0, len(recs), captured, max(int(rec.Wire), captured)), rec.Data)...)
			recs, from = append(recs, rec), append(from, fmt.Sprintf("%s: packet %d", filepath.ToSlash(name), i+1))
		}
	}
	path = filepath.Join(t.TempDir(), "joined.pcapng")
	if err := os.WriteFile(path, append(head, body...), 0o644); err != nil {
		t.Fatal(err)
	}
	return path, recs, from
}

// readFile is what can be read of a capture's records; an error says that it does not open.
func readFile(name string) ([]pcaps.Record, error) {
	r, err := file.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []pcaps.Record
	recs := make([]pcaps.Record, 256)
	for err == nil {
		var n int
		n, err = r.Read(recs)
		for _, rec := range recs[:n] {
			rec.Data = bytes.Clone(rec.Data)
			all = append(all, rec)
		}
	}
	return all, nil
}

// Packet by packet, the outermost IP header and the one inside a tunnel, whether it
// is a fragment, ports and VLAN tags are those that tshark reads, in every sample
// and every shared capture, but for the differences that are known.
func TestTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed; .ci/run installs it")
	}
	t.Run("samples", func(t *testing.T) {
		files, err := filepath.Glob("../samples/*.pcap*")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		if testing.Short() {
			files = slices.DeleteFunc(files, func(path string) bool { return fileSize(t, path) > 200_000 })
		}
		compareTshark(t, "samples", files)
	})
	t.Run("captures", func(t *testing.T) {
		if testing.Short() {
			t.Skip("-short: the samples alone")
		}
		root, files := shared.Captures(t)
		compareTshark(t, root, files)
	})
}

func fileSize(t *testing.T, path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func compareTshark(t *testing.T, root string, files []string) {
	path, recs, from := joined(t, root, files)
	all := dissect(t, path)
	if len(all) != len(recs) {
		t.Fatalf("tshark reads %d packets of %d", len(all), len(recs))
	}
	differences, inner := 0, 0
	for i := range recs {
		theirs := all[i].reading()
		ours := readingOf(&recs[i])
		inner += max(len(ours.headers)-1, 0)
		if ours.tags == theirs.tags && slices.Equal(ours.headers, theirs.headers) {
			continue
		}
		why := knownDifference(from[i], ours, theirs, all[i].protocols)
		if differences++; why == "" {
			t.Errorf("%s (%s, %s): tshark reads %v, %d tags; Walk %v, %d tags", from[i], recs[i].Link,
				strings.Join(all[i].protocols, ":"), theirs.headers, theirs.tags, ours.headers, ours.tags)
		}
	}
	t.Logf("%d packets, %d inner headers, %d differences", len(recs), inner, differences)
}

// notOpened are what tshark reads on in and Walk does not: NICs with tunnel offload
// don't either, or the model forbids it.
var notOpened = map[string]string{
	"teredo": "", "lisp": "", "lisp-data": "", "nsh": "", "ipcomp": "",
	"cmd": "Cisco's metadata before the EtherType",
	"ah":  "the model does not step over an authentication header in IPv4",
}

// knownDifferences are single packets that tshark and the model read otherwise.
var knownDifferences = map[string]string{
	"fragments/Malcolm-Test-Artifacts__ipv6_rh0_poc.pcap: packet 3": "a fragment's protocol is its Fragment header's next header, so that all fragments are one flow; tshark reads on",
	"fragments/pcap4j__IpV4PacketTest.pcap: packet 1":               "source route: tshark shows the last hop of the option as the destination",
	"fragments/pcap4j__IpV4PacketTest.pcap: packet 2":               "the same",
	"malformed/PcapPlusPlus__ipv4-malformed.pcap: packet 1":         "a total length below the header's: tshark shows no address; the model asks for the header's 20 bytes alone",
	"malformed/suricata-verify__ip_secopt.pcap: packet 3":           "a damaged option: tshark ends at it, options are skipped by IHL",
	"malformed/xxxsuricata-verify__input.pcap: packet 8":            "the same",
	"malformed/arkime__arkime_synthetic.pcap: packet 618":           "VXLAN-GPE (port 4790), which is not looked for",
	"malformed/arkime__arkime_synthetic.pcap: packet 619":           "the same",
	"malformed/arkime__arkime_synthetic.pcap: packet 623":           "Geneve's source port is 6081; its destination port says what a datagram is",
	"pcapng/PcapPlusPlus__NullLoopback.pcap: packet 3":              "no address family, but Cisco HDLC's header, which tshark guesses",
	"tunnels/trex-core__udp_1pkt_mpls_vm.pcap: packet 13":           "an MPLS label with a meaning of its own; NICs step over each",
	"tunnels/trex-core__udp_1pkt_mpls_vm.pcap: packet 14":           "the same",
}

// knownDifference is why the two differ in a packet, "" where nothing is known.
func knownDifference(packet string, ours, theirs reading, protocols []string) string {
	if why := knownDifferences[packet]; why != "" {
		return why
	}
	if n := len(ours.headers); n < len(theirs.headers) && ours.tags == theirs.tags && slices.Equal(ours.headers, theirs.headers[:n]) {
		for _, p := range protocols {
			if _, ok := notOpened[p]; ok {
				return "inside " + p
			}
		}
	}
	return ""
}
