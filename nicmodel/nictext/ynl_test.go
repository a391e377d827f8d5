package nictext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

// What ynl prints of an interface with a context of its own, as Python: written after the
// sources that readYNL names. The key has bytes that are letters, quotes and braces.
const ynlPython = `[{'flow-hash': {'tcp4': {'l4-b-2-3', 'ip-dst', 'ip-src', 'l4-b-0-1'}},
  'header': {'dev-index': 2, 'dev-name': 'eth0'},
  'hfunc': 1,
  'hkey': b"mZV\xda%[\x0e\xc2Ag%=C\xa3\x8f\xb0\xd0\xca+\xcb\xae{0\xb4"
          b"w\xcb-\xa3\x800\xf2\x0cjB\xb7;\xbe\xac\x01\xfa",
  'indir': [0, 1, 2, 3, 0, 1, 2, 3]},
 {'context': 1, 'header': {'dev-index': 2, 'dev-name': 'eth0'}, 'hfunc': 1, 'hkey': b'm', 'indir': [4, 5]}]
`

const ynlJSON = `[{"header":{"dev-index":2,"dev-name":"eth0"},"hfunc":1,"hkey":"6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa","indir":[0,1,2,3,0,1,2,3]}]`

func TestYNL(t *testing.T) {
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	want := ImportedTable{Format: YNL, Interface: "eth0", Function: FunctionToeplitz, Key: key, Table: nicmodel.IndirectionTable{0, 1, 2, 3, 0, 1, 2, 3}}
	want.Hashed = map[string]string{"TCP over IPV4": "sdfn"}
	reads(t, ReadTable, want, quoted(ynlPython)...)
	want.Hashed = nil
	reads(t, ReadTable, want, ynlJSON, strings.Replace(ynlJSON, "[0,1,2,3,0,1,2,3]", `"`+strings.Repeat("00000000010000000200000003000000", 2)+`"`, 1))
	want.TransformShown, want.OrXORShown, want.Transform = true, true, hash.SymmetricXOR
	reads(t, ReadTable, want, strings.Replace(ynlJSON, `"hfunc":1`, `"hfunc":1,"input-xfrm":1`, 1))
	want.Hashed = map[string]string{"TCP over IPV4": "sdfn"}
	reads(t, ReadTable, want, strings.Replace(ynlPython, "'hfunc': 1,", "'hfunc': 1, 'input-xfrm': {'symmetric-xor'},", 1))
	want.Transform = 0 // a set of flags, none on: Python's empty set
	reads(t, ReadTable, want, strings.Replace(ynlPython, "'hfunc': 1,", "'hfunc': 1, 'input-xfrm': set(),", 1))

	refuses(t, ReadTable, strings.Replace(ynlPython, "'context': 1, ", "", 1), "x: line 7: a second main table starts here")
	refuses(t, ReadTable, strings.SplitN(ynlPython, "\n", 7)[6], "x: these are tables of RSS contexts alone")
	refuses(t, ReadTable, ynlPython[:len(ynlPython)/2], "x: line 1: ")
	refuses(t, ReadTable, strings.Replace(ynlJSON, "6d5a56da", "", 1), "x: key of 36 bytes")
	refuses(t, ReadTable, strings.Replace(ynlJSON, "[0,1", "[70000,1", 1), `x: "70000" is no queue`)
	refuses(t, ReadTable, strings.Replace(ynlJSON, `"hfunc":1`, `"input-xfrm":9`, 1), `x: unknown input transformation "9"`)
	refuses(t, ReadTable, "{'indir': "+strings.Repeat("[", 100), "x: line 1: values lie deeper in each other")
	if diff := cmp.Diff([]Kind{KindTable}, Sniff([]byte(ynlPython))); diff != "" {
		t.Error(diff)
	}
}

// The fields that are hashed are part of the answer since Linux 6.17.
func TestYNLFlowHash(t *testing.T) {
	const ports, addresses = `["ip-src","ip-dst","l4-b-2-3","l4-b-0-1"]`, `["ip-dst","ip-src"]`
	udp4 := hash.TypesOf(hash.UDPIPv4)
	for _, test := range []struct {
		flows, note string
		want        hash.Types
	}{
		{`"tcp4":` + ports + `,"udp4":` + addresses + `,"esp4":` + addresses, "", hash.DefaultTypes &^ udp4},
		{`"tcp4":` + ports + `,"udp4":[],"tcp6":["ip-src","ip6-fl"]`, "of tcp6, which is not emulated", hash.DefaultTypes &^ hash.TypesOf(hash.UDPIPv4, hash.IPv4)},
		{`"tcp4":` + addresses + `,"udp4":[]`, "no set of NDIS hash types", hash.DefaultTypes},
		{`"ip4":` + addresses, "", hash.DefaultTypes},
	} {
		got, err := ReadTable(strings.NewReader(strings.Replace(ynlJSON, `"hfunc"`, `"flow-hash":{`+test.flows+`},"hfunc"`, 1)), "x")
		if err != nil || (test.note == "") != (got.Note == "") || !strings.Contains(got.Note, test.note) {
			t.Errorf("%s: %+v, %v", test.flows, got, err)
			continue
		}
		types := hash.DefaultTypes
		if f := got.HashedFields(); f != nil {
			types = f.Types(types)
		}
		if types != test.want {
			t.Errorf("%s: %v, want %v", test.flows, types, test.want)
		}
	}
}

// VMQ has no indirection table.
func TestWindowsVMQ(t *testing.T) {
	for _, text := range []string{
		"Name              InterfaceDescription              Enabled BaseVmqProcessor MaxProcessors NumberOfReceive\n                                                                                           Queues\n----              --------------------              ------- ---------------- ------------- ---------------\nEthernet 2        Intel(R) Ethernet Converged Ne... True    0:2              8             31\n",
		"Name                           QueueID MacAddress        VlanID Processor VmFriendlyName\n----                           ------- ----------        ------ --------- --------------\nEthernet 2                     1       00-15-5D-02-0A-01        0:2       WEB01\n",
	} {
		refuses(t, ReadTable, text, "x: line 1: is of Get-NetAdapterVmq or Get-NetAdapterVmqQueue")
	}
}

// Forms of Get-NetAdapterRss that leave the table out say so.
func TestWindowsWithoutTable(t *testing.T) {
	refuses(t, ReadTable, "\nName          NumberOfReceiveQueues Profile MaxProcessors\n----          --------------------- ------- -------------\nEthernet 2    8                     NUMA    16\n", "x: line 2: is of Get-NetAdapterRss, in a form that leaves")
	refuses(t, ReadTable, "Name : Ethernet 2\nIndirectionTable : {MSFT_NetAdapter_RssProcessor, MSFT_NetAdapter_RssProcessor...}\n", "x: line 2: is of Get-NetAdapterRss, in a form that leaves")
	refuses(t, ReadTable, "{\n  \"Name\": \"Ethernet 2\",\n  \"IndirectionTable\": [\"MSFT_NetAdapter_RssProcessor\"]\n}\n", "x: line 3: is of Get-NetAdapterRss, in a form that leaves")
	refuses(t, ReadTable, "ProcessorGroup ProcessorNumber\n-------------- ---------------\n             0               2\n", "x: line 1: is of Get-NetAdapterRss, in a form that leaves")
}

// A text in a comment, a # before each line, is that text.
func TestCommentedOut(t *testing.T) {
	want, err := ReadTable(strings.NewReader(windowsAligned), "x")
	if err != nil {
		t.Fatal(err)
	}
	reads(t, ReadTable, *want, "# "+strings.ReplaceAll(windowsAligned, "\n", "\n# "), "#"+strings.ReplaceAll(windowsAligned, "\n", "\n#"))
}
