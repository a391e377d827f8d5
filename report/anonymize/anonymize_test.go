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
)

func anonymizerForTest(ports bool) *Anonymizer {
	return New(Anonymization{Key: [32]byte{1, 2, 3}, Ports: ports, Paths: []string{"/home/eve/a.pcap", "/home/eve/a.pcap.gz", "b.pcap"}})
}

func TestAnonymizeText(t *testing.T) {
	a := anonymizerForTest(false)
	shown := func(s string) string { return a.address(netip.MustParseAddr(s)).String() }
	prefix := func(s string) string {
		p := netip.MustParsePrefix(s)
		return netip.PrefixFrom(a.address(p.Addr()), p.Bits()).Masked().String()
	}
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"no address at 12:30:01, version 1.26.3 or CPU 1.", "no address at 12:30:01, version 1.26.3 or CPU 1."},
		{"10.0.0.1 and 2001:db8::1: both.", shown("10.0.0.1") + " and " + shown("2001:db8::1") + ": both."},
		{"ends with fe80::1.", "ends with " + shown("fe80::1") + "."},
		{"10.0.0.1:80, [2001:db8::2]:443", shown("10.0.0.1") + ":80, [" + shown("2001:db8::2") + "]:443"},
		{"10.0.0.0/8,2001:db8::/32", prefix("10.0.0.0/8") + "," + prefix("2001:db8::/32")},
		{"10.0.0.1.pcap: packet 3", shown("10.0.0.1") + ".pcap: packet 3"},
		{"10.0.0.1/99", shown("10.0.0.1") + "/99"},
		{"/home/eve/a.pcap.gz, /home/eve/a.pcap", "a.pcap.gz, a.pcap"},
		{"6d:5a:56:da:25:5b:0e:c2:41:67", "6d:5a:56:da:25:5b:0e:c2:41:67"},
	} {
		if got := a.text(test.text); got != test.want {
			t.Errorf("%q becomes %q, want %q", test.text, got, test.want)
		}
	}
}

func TestAnonymizeFilter(t *testing.T) {
	for _, ports := range []bool{false, true} {
		a := anonymizerForTest(ports)
		ten, net := a.addresses("10.0.0.1"), a.addresses("10.0.0.0/8")
		port := "tcp port 443 and not host " + ten
		if ports {
			port = withheld
		}
		for _, test := range []struct{ filter, want string }{
			{"", ""},
			{"host 10.0.0.1", "host " + ten},
			{"!(src net 10.0.0.0/8 or vlan 5)", "! ( src net " + net + " or vlan 5 )"},
			{"tcp port 443 and not host 10.0.0.1", port},
			{"net 10.1", withheld},
			{"net 10", withheld},
			{"host intranet.example", withheld},
			{"host 167772161", withheld},
			{"ether host 02:00:00:00:00:01", withheld},
			{"ip[12:4] = 0x0a000001", withheld},
		} {
			if got := a.filter(test.filter); got != test.want {
				t.Errorf("ports %v: %q becomes %q, want %q", ports, test.filter, got, test.want)
			}
		}
	}
}

func TestAnonymizeCommand(t *testing.T) {
	a := anonymizerForTest(false)
	got := a.command([]string{
		"rssreplay", "/home/eve/x,y z/c.pcap", "--local=10.0.0.0/8", "--filter", "host eve", "--key", "@/home/eve/key", "--bundle", `C:\Users\eve\rss`,
		"--layout=file:/home/eve/l.txt", "-o/home/eve/out.txt", "--anonymize", "--cpus", "0-3,8",
	})
	want := report.List[string]{
		"rssreplay", "c.pcap", "--local=" + a.addresses("10.0.0.0/8"), "--filter", withheld, "--key", "@key", "--bundle", "rss",
		"--layout=file:l.txt", "out.txt", "--anonymize", "--cpus", "0-3,8",
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
		case report.Time, netip.Addr, report.Tool, report.Anonymized, report.Diff: // a Diff is made of reports that were anonymized
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

// No string of a result keeps an address or a folder, whatever it is for: one that is
// added to a result is cleaned, or named here with the reason why it need not be.
func TestAnonymizeReachesEveryString(t *testing.T) {
	// Words of closed lists, names of parameters, numbers in hexadecimal, and what the
	// author says.
	closed := regexp.MustCompile(`\.(ID|Severity|HashType|Protocol|Mode|Compared|Schema|Format|Compression|LinkTypes?|Kind|SHA256|Order|Objective|Goal|Recovered\.(Key|Masked|Initial|InitialBits)` +
		`|Transform|Function|Rule|Unhashed|InnerOf|Outcome|State|Why|Cause|Part|Step|Event|Field|(Keys|OverTime|Scenarios|Moving)\.Verdict` +
		`|(Parameters|Unhashed|HashTypes|LinkLayers|Encapsulations|Tunnels|SkippedBlocks)\.Name|Parameters\.Measured|(Rules|Steering)\.Action|Headroom\.(Unknown|Limit)|Words\.(Title|Note))$|^Verify\.(Source|Unit)$`)
	const secret = "/home/eve/10.9.8.7 at 10.9.8.7"
	a := New(Anonymization{Paths: []string{"/home/eve/10.9.8.7"}, Ports: true})
	for _, test := range []struct {
		result    any
		anonymize func(result any)
	}{
		{new(report.Report), func(r any) { a.Report(r.(*report.Report), nil) }},
		{new(report.Compare), func(r any) {
			c := r.(*report.Compare)
			c.CaptureOf = ""
			c.Scenarios[0].Report = nil // an earlier one is anonymized as a Report
			a.Compare(c)
		}},
		{new(report.Suggest), func(r any) { a.Suggest(r.(*report.Suggest)) }},
		{new(report.Verify), func(r any) { a.Verify(r.(*report.Verify)) }},
		{new(report.Explanation), func(r any) { a.Explanation(r.(*report.Explanation)) }},
	} {
		v := reflect.ValueOf(test.result).Elem()
		fill(v, secret)
		test.anonymize(test.result)
		texts := map[string]string{}
		said(v, v.Type().Name(), texts)
		if len(texts) < 10 {
			t.Errorf("%s: only %d strings are looked at", v.Type(), len(texts))
		}
		for at, text := range texts {
			if !closed.MatchString(at) && (strings.Contains(text, "eve") || strings.Contains(text, "10.9.8.7")) {
				t.Errorf("%s is %q", at, text)
			}
		}
	}
}
