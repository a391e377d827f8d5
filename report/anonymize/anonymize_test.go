package anonymize

import (
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
	"rssreplay/report/findings"
)

func anonymizerForTest(ports bool) *Anonymizer {
	return New(Config{Key: [32]byte{1, 2, 3}, Ports: ports})
}

// Names are shown without folders; those with an address, in any spelling, not at all.
func TestFile(t *testing.T) {
	for _, test := range []struct{ path, want string }{
		{"", ""},
		{"-", "-"},
		{"/home/eve/a.pcap.gz", "a.pcap.gz"},
		{`C:\Users\eve\rss`, "rss"},
		{"@/home/eve/key", "@key"},
		{"file:/home/eve/l.txt", "file:l.txt"},
		{"block", "block"},
		{"0-3,8", "0-3,8"},
		{"capture-20261126-0840.pcapng", "capture-20261126-0840.pcapng"},
		{"202611260840.pcap", "202611260840.pcap"},
		{"run 1.2.3 of v4.pcap", "run 1.2.3 of v4.pcap"},
		{"facade.pcap", "facade.pcap"},
		{"a_b-c.d_e-f.pcap", "a_b-c.d_e-f.pcap"},

		{"10.0.0.1.pcap", Withheld},
		{"/tmp/of-10.0.0.1-443.pcap", Withheld},
		{"eve10.0.0.1", Withheld},
		{"10-0-0-1.pcap", Withheld},
		{"a_10_0_0_1_b.pcap", Withheld},
		{"fe80::1.pcap", Withheld},
		{"[2001:db8::1]:443.pcap", Withheld},
		{"2001-db8--1.pcap", Withheld},
		{"::ffff:10.0.0.1", Withheld},
		{"02:00:00:00:00:0a.txt", Withheld},
		{"eth-02-00-00-00-00-01.pcap", Withheld},
		{"0200.0000.0001.pcap", Withheld},
		{"02000000000a.pcap", Withheld},
	} {
		if got := anonymizerForTest(false).File(test.path); got != test.want {
			t.Errorf("%q is shown as %q, want %q", test.path, got, test.want)
		}
	}
}

// Without an anonymizer all is shown as it is.
func TestNone(t *testing.T) {
	var none *Anonymizer
	addr := netip.MustParseAddr("fe80::1%eth0")
	flow := report.Flow{Source: addr, HasPorts: true, SourcePort: 443, Hash: 7, Index: 3}
	same := flow
	none.Flow(&flow)
	done, notes := none.Done([]string{"a note"}, true)
	switch {
	case none.Addr(addr) != addr, none.Port(443) != 443, none.File("/a/10.0.0.1") != "/a/10.0.0.1", none.Filter("host eve") != "host eve", none.HidesHashes(),
		none.Words("a", "b") != "a", flow.Source != same.Source || flow.Hash != 7 || flow.HashWithheld, done != nil || len(notes) != 1:
		t.Error("something is replaced")
	}
}

func TestFilter(t *testing.T) {
	for _, ports := range []bool{false, true} {
		a := anonymizerForTest(ports)
		ten, net := a.Addr(netip.MustParseAddr("10.0.0.1")).String(), a.Prefix(netip.MustParsePrefix("10.0.0.0/8")).String()
		port := "tcp port 443 and not host " + ten
		if ports {
			port = Withheld
		}
		for _, test := range []struct{ filter, want string }{
			{"", ""},
			{"host 10.0.0.1", "host " + ten},
			{"!(src net 10.0.0.0/8 or vlan)", "! ( src net " + net + " or vlan )"},
			{"vlan 1234 and ip", Withheld},
			{"tcp port 443 and not host 10.0.0.1", port},
			{"net 10.1", Withheld},
			{"net 10", Withheld},
			{"host intranet.example", Withheld},
			{"host 167772161", Withheld},
			{"ether host 02:00:00:00:00:01", Withheld},
			{"ip[12:4] = 0x0a000001", Withheld},
		} {
			if got := a.Filter(test.filter); got != test.want {
				t.Errorf("ports %v: %q becomes %q, want %q", ports, test.filter, got, test.want)
			}
		}
	}
}

// A command line is left out; of what findings pass on to other commands the user's own
// words are.
func TestCommand(t *testing.T) {
	a := anonymizerForTest(false)
	if d := cmp.Diff(report.List[string]{"rssreplay", Withheld}, a.Command(report.List[string]{"rssreplay", "compare", "c.pcap", "--local=10.0.0.0/8"})); d != "" {
		t.Error(d)
	}
	got := a.Arguments([]findings.Argument{
		{Value: "/home/eve/c.pcap"}, {Flag: "--local", Value: "10.0.0.0/8"}, {Flag: "--filter", Value: "host eve"}, {Flag: "--rule", Value: "flow-type ether src 02:00:00:00:00:01 action 1"},
		{Flag: "--dev", Value: "eve0"}, {Flag: "--key", Value: "6d:5a:56:da:25:5b:0e:c2:41:67"}, {Flag: "--key", Value: "@/home/eve/key"},
		{Flag: "--context", Value: "2=/home/eve/context.txt"}, {Flag: "--table-at", Value: "100ms=/home/eve/t.txt"},
		{Flag: "--bundle", Value: "/home/eve/sosreport-web01.tar.xz"}, {Flag: "--layout", Value: "file:/home/eve/l.txt"}, {Flag: "--inner"}, {Flag: "--cpus", Value: "0-3,8"},
	})
	want := []findings.Argument{
		{Value: "c.pcap"}, {Flag: "--local", Value: Withheld}, {Flag: "--filter", Value: Withheld}, {Flag: "--rule", Value: Withheld},
		{Flag: "--dev", Value: Withheld}, {Flag: "--key", Value: "6d:5a:56:da:25:5b:0e:c2:41:67"}, {Flag: "--key", Value: "@key"},
		{Flag: "--context", Value: "2=context.txt"}, {Flag: "--table-at", Value: "100ms=t.txt"},
		{Flag: "--bundle", Value: "BUNDLE"}, {Flag: "--layout", Value: "file:l.txt"}, {Flag: "--inner"}, {Flag: "--cpus", Value: "0-3,8"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Ports are replaced one for one.
func TestPortsArePermuted(t *testing.T) {
	p := newPortCipher([32]byte{9})
	seen := make([]bool, 1<<16)
	same := 0
	for port := range 1 << 16 {
		r := p.replace(uint16(port))
		seen[r] = true
		if int(r) == port {
			same++
		}
	}
	if slices.Contains(seen, false) || same > 16 {
		t.Errorf("no permutation, or one that leaves %d ports as they are", same)
	}
}

// fill sets every string that v reaches to text, and makes what is nil on the way.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Interface:
		v.Set(reflect.ValueOf(text))
	case reflect.Struct:
		switch v.Interface().(type) {
		case report.Time, netip.Addr, report.Tool, report.Anonymized:
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Anonymized" {
				fill(v.Field(i), text)
			}
		}
	}
}

// said are all strings that v reaches, with where they stand.
func said(v reflect.Value, at string, texts map[string]string) {
	switch v.Kind() {
	case reflect.String:
		texts[at] = v.String()
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			said(v.Elem(), at, texts)
		}
	case reflect.Slice:
		for i := range v.Len() {
			said(v.Index(i), at, texts)
		}
	case reflect.Struct:
		if _, ok := v.Interface().(netip.Addr); ok {
			return
		}
		for i := range v.NumField() {
			said(v.Field(i), at+"."+v.Type().Field(i).Name, texts)
		}
	}
}

// No string of an earlier report keeps an address or a folder, whatever it is for: one that
// is added to a report is cleaned, or named here with the reason why it need not be.
func TestStoredReachesEveryString(t *testing.T) {
	// Words of closed lists, names of parameters, layouts, numbers in hexadecimal, and what the
	// author says.
	closed := regexp.MustCompile(`\.(ID|Severity|HashType|Protocol|Mode|Schema|Format|Compression|LinkTypes?|SHA256|Order|Kind|State|Why|Cause|(Keys|OverTime|Scenarios|Moving)\.Verdict` +
		`|(Parameters|Unhashed|HashTypes|LinkLayers|Encapsulations|Tunnels|SkippedBlocks)\.Name|Parameters\.Measured|Rules\.Action|Headroom\.(Unknown|Limit)|Steered\.(Sets|Found\.Layout)|Words\.(Title|Note))$`)
	const secret = "/home/eve/10.9.8.7 at 10.9.8.7"
	r := new(report.Report)
	v := reflect.ValueOf(r).Elem()
	fill(v, secret)
	New(Config{Ports: true}).Stored(r)
	texts := map[string]string{}
	said(v, v.Type().Name(), texts)
	if len(texts) < 10 {
		t.Errorf("only %d strings are looked at", len(texts))
	}
	for at, text := range texts {
		if !closed.MatchString(at) && (strings.Contains(text, "eve") || strings.Contains(text, "10.9.8.7")) {
			t.Errorf("%s is %q", at, text)
		}
	}
}

// A report that was made of a bundle names no file of it when it is compared: people put the
// names of hosts and interfaces there.
func TestStoredBundle(t *testing.T) {
	for _, test := range []struct {
		command []string
		source  string
		want    string
	}{
		{[]string{"--bundle", "acme-db01"}, "acme-db01/x-acme0.txt", "the bundle"},
		{[]string{"--bundle=./acme-db01/"}, "acme-db01/sub/x-acme0", "the bundle"},
		{[]string{"--bundle", "/tmp/acme.tar.gz"}, "/tmp/acme.tar.gz/acme/x-acme0.txt", "the bundle"},
		{[]string{"--bundle", `C:\acme`}, `C:\acme\x-acme0.txt`, "the bundle"},
		{[]string{"--bundle", "."}, "x-acme0.txt", "the bundle"},
		{[]string{"--bundle", "."}, "default", "default"},
		{[]string{"--bundle", "."}, "--cpus", "--cpus"},
		{[]string{"--bundle", "."}, "profile mlx5", "profile mlx5"},
		{[]string{"--bundle", "acme"}, "acme-table.txt", "acme-table.txt"},
		{[]string{"--bundle"}, "folder/table.txt", "table.txt"},
		{nil, "folder/table.txt", "table.txt"},
	} {
		r := &report.Report{Head: report.Head{Command: append([]string{"rssreplay", "a.pcap"}, test.command...)}, Parameters: report.Parameters{{Name: "queues", Value: 8, Source: test.source}}}
		New(Config{}).Stored(r)
		if got := r.Parameters[0].Source; got != test.want {
			t.Errorf("of %q: %q is %q, want %q", test.command, test.source, got, test.want)
		}
	}
}
