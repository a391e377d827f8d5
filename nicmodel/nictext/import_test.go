package nictext

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

const microsoftKey = "6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa"

// The forms of ethtool -x, old to new.
const (
	tableText = `RX flow hash indirection table for eth0 with 4 RX ring(s):
    0:      0     1     2     3     0     1     2     3
    8:      3     2     1     0     3     2     1     0
`
	noKeyText     = "RSS hash key:\nOperation not supported\n"
	keyText       = "RSS hash key:\n" + microsoftKey + "\n"
	toeplitzText  = "RSS hash function:\n    toeplitz: on\n    xor: off\n    crc32: off\n"
	transformText = "RSS input transformation:\n    symmetric-xor: off\n    symmetric-or-xor: off\n"
)

var sixteen = nicmodel.IndirectionTable{0, 1, 2, 3, 0, 1, 2, 3, 3, 2, 1, 0, 3, 2, 1, 0}

func ethtoolTable(change func(*ImportedTable)) *ImportedTable {
	t := &ImportedTable{Format: EthtoolText, Interface: "eth0", Rings: 4, Table: sixteen}
	change(t)
	return t
}

func TestReadEthtool(t *testing.T) {
	microsoft, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	tableOnly := ethtoolTable(func(*ImportedTable) {})
	endsThere := ethtoolTable(func(t *ImportedTable) {
		t.Note = "it ends with entry 15, where ethtool from 3.16 on goes on with the hash key: unless it is older, rows may be missing"
	})
	toeplitz := ethtoolTable(func(t *ImportedTable) { t.Function = FunctionToeplitz })
	withKey := ethtoolTable(func(t *ImportedTable) { t.Function, t.Key = FunctionToeplitz, microsoft })
	whole := ethtoolTable(func(t *ImportedTable) {
		t.Function, t.Key, t.TransformShown, t.OrXORShown = FunctionToeplitz, microsoft, true, true
	})
	newest := tableText + keyText + toeplitzText + transformText
	indent := func(prefix, text string) string {
		return prefix + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+prefix) + "\n"
	}
	for _, test := range []struct {
		name, text string
		want       *ImportedTable
	}{
		{"3.15: table alone", tableText, endsThere},
		{"cut after a row", strings.Join(strings.SplitAfter(tableText, "\n")[:2], ""), ethtoolTable(func(t *ImportedTable) {
			t.Table, t.Note = sixteen[:8], "it ends with entry 7, where ethtool from 3.16 on goes on with the hash key: unless it is older, rows may be missing"
		})},
		{"3.16: key not supported", tableText + noKeyText, tableOnly},
		{"3.16: key", tableText + keyText, ethtoolTable(func(t *ImportedTable) { t.Key = microsoft })},
		{"4.11: igb", tableText + noKeyText + toeplitzText, toeplitz},
		{"4.11: key", tableText + keyText + toeplitzText, withKey},
		{"4.11: function not supported", tableText + keyText + "RSS hash function:\n    Operation not supported\n", ethtoolTable(func(t *ImportedTable) { t.Key = microsoft })},
		{"6.9: symmetric-xor on", tableText + keyText + toeplitzText + "RSS input transformation:\n    symmetric-xor: on\n",
			ethtoolTable(func(t *ImportedTable) {
				t.Function, t.Key, t.TransformShown, t.Transform = FunctionToeplitz, microsoft, true, hash.SymmetricXOR
			})},
		{"6.15", newest, whole},
		{"6.15: symmetric-or-xor on", tableText + toeplitzText + strings.Replace(transformText, "or-xor: off", "or-xor: on", 1),
			ethtoolTable(func(t *ImportedTable) {
				t.Function, t.TransformShown, t.OrXORShown, t.Transform = FunctionToeplitz, true, true, hash.SymmetricOrXOR
			})},
		{"kernel bug: all bits on", tableText + toeplitzText + strings.ReplaceAll(transformText, "off", "on") + "    Unknown bits in RSS input transformation: 0xfc\n",
			ethtoolTable(func(t *ImportedTable) { t.Function, t.TransformShown, t.OrXORShown = FunctionToeplitz, true, true })},
		{"xor", tableText + "RSS hash function:\n    toeplitz: off\n    xor: on\n    crc32: off\n", ethtoolTable(func(t *ImportedTable) { t.Function = FunctionXOR })},
		{"crc32", tableText + "RSS hash function:\n    toeplitz: off\n    xor: off\n    crc32: on\n", ethtoolTable(func(t *ImportedTable) { t.Function = FunctionCRC32 })},
		{"unknown function by number", tableText + "RSS hash function:\n    toeplitz: off\n    Unknown hash function: 0x8\n", ethtoolTable(func(t *ImportedTable) { t.Function = FunctionUnknown })},
		{"unknown function by name", tableText + "RSS hash function:\n    toeplitz: off\n    murmur: on\n", ethtoolTable(func(t *ImportedTable) { t.Function = FunctionUnknown })},
		{"table not supported", "RX flow hash indirection table for eth0 with 4 RX ring(s):\nOperation not supported\n" + keyText,
			ethtoolTable(func(t *ImportedTable) { t.Table, t.Key = nil, microsoft })},
		{"no final newline", strings.TrimSuffix(newest, "\n"), whole},
		{"3.16: 12 entries, no newline after them", "RX flow hash indirection table for eth0 with 4 RX ring(s):\n    0:      0     1     2     3     0     1     2     3\n    8:      3     2     1     0RSS hash key:\n" + microsoftKey + "\n",
			ethtoolTable(func(t *ImportedTable) { t.Table, t.Key = sixteen[:12], microsoft })},
		{"carriage returns", strings.ReplaceAll(newest, "\n", "\r\n"), whole},
		{"byte order mark", "\xef\xbb\xbf" + newest, whole},
		{"tabs, unpadded", "RX flow hash indirection table for eth0 with 4 RX ring(s):\n\t0:\t0 1 2 3 0 1 2 3\n\t8: 3 2 1 0 3 2 1 0\n", endsThere},
		{"no-break spaces", strings.ReplaceAll(tableText, "     ", "\u00a0\u00a0 "), endsThere},
		{"mail quote", indent("> ", newest), whole},
		{"mail quote of a quote", indent("> > ", newest), whole},
		{"mail quote, dense", indent(">>", newest), whole},
		{"indentation", indent("        ", newest), whole},
		{"blank lines", strings.ReplaceAll(newest, "\n", "\n\n"), whole},
		{"shell prompts", "[root@host ~]# ethtool -x eth0\n" + newest + "[root@host ~]# \n", whole},
		{"sudo", "$ sudo ethtool -x eth0\n" + tableText + "$ ", tableOnly},
		{"key broken by a mail program", strings.Replace(newest, "25:3d:", "25:3d:\n", 1), whole},
		{"other output after it", newest + "Features for eth0:\nrx-checksumming: on\nreceive-hashing: on\n", whole},
		{"control characters", strings.Replace(tableText, "eth0", "\x1beth0", 1), endsThere},
		{"terminal colours", strings.Replace(newest, "eth0", "\x1b[01;31m\x1b[Keth0\x1b[m\x1b[K", 1), whole},
		{"a web page's source", "<pre>\n" + indent("&gt;&nbsp;", newest) + "</pre>\n", whole},
		{"context", "# ethtool -x eth0 context 1\n" + newest, ethtoolTable(func(t *ImportedTable) {
			t.Function, t.Key, t.TransformShown, t.OrXORShown, t.Context = FunctionToeplitz, microsoft, true, true, 1
		})},
		{"context of another interface", "# ethtool -x eth1 context 1\n# ethtool -x eth0\n" + newest, whole},
		{"context of another interface alone", "# ethtool -x eth1 context 1\n" + newest, whole},
		{"key beside its title", strings.Replace(newest, "key:\n", "key: ", 1), whole},
		{"key without its title", strings.Replace(newest, "RSS hash key:\n", "", 1), whole},
		{"functions without their title", strings.Replace(newest, "RSS hash function:\n", "", 1), whole},
		{"transformation without its title", strings.Replace(newest, "RSS input transformation:\n", "RSS\n", 1), whole},
		{"key broken by a terminal of 80 columns", strings.Replace(newest, microsoftKey, microsoftKey[:80]+"\n"+microsoftKey[80:], 1), whole},
		{"mlx4: one row, xor", "RX flow hash indirection table for ens4 with 8 RX ring(s):\n    0:      0     1     2     3     4     5     6     7\nRSS hash key:\n" +
			"7c:9c:37:de:18:dc:43:86:d9:27:0f:6f:26:03:74:b8:bf:d0:40:4b:78:72:e2:24:dc:1b:91:bb:01:1b:a7:a6:37:6c:c8:7e:d6:e3:14:17\n" +
			"RSS hash function:\n    toeplitz: off\n    xor: on\n    crc32: off\n",
			&ImportedTable{Format: EthtoolText, Interface: "ens4", Rings: 8, Table: nicmodel.IndirectionTable{0, 1, 2, 3, 4, 5, 6, 7}, Function: FunctionXOR,
				Key: hash.Key{0x7c, 0x9c, 0x37, 0xde, 0x18, 0xdc, 0x43, 0x86, 0xd9, 0x27, 0x0f, 0x6f, 0x26, 0x03, 0x74, 0xb8, 0xbf, 0xd0, 0x40, 0x4b,
					0x78, 0x72, 0xe2, 0x24, 0xdc, 0x1b, 0x91, 0xbb, 0x01, 0x1b, 0xa7, 0xa6, 0x37, 0x6c, 0xc8, 0x7e, 0xd6, 0xe3, 0x14, 0x17}}},
	} {
		got, err := ReadTable(strings.NewReader(test.text), "x.txt")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

func TestReadEthtoolJSON(t *testing.T) {
	key := make([]string, 40)
	for i := range key {
		key[i] = fmt.Sprint(i)
	}
	keyJSON := "[ " + strings.Join(key, ",") + " ]"
	want := &ImportedTable{Format: EthtoolJSON, Interface: "eth0", Table: nicmodel.IndirectionTable{0, 1, 2, 3}, Function: FunctionToeplitz, Key: make(hash.Key, 40)}
	for i := range want.Key {
		want.Key[i] = byte(i)
	}
	object := func(rest string) string {
		return "[ {\n        \"ifname\": \"eth0\",\n        \"rss-indirection-table\": [ 0,1,2,3 ],\n        \"rss-hash-key\": " + keyJSON + ",\n        \"rss-hash-function\": \"toeplitz\"" + rest + "\n    } ]\n"
	}
	with := func(change func(*ImportedTable)) *ImportedTable {
		t := *want
		change(&t)
		return &t
	}
	for _, test := range []struct {
		name, text string
		want       *ImportedTable
	}{
		{"6.2", object(""), want},
		{"6.9", object(`, "rss-input-transformation": { "symmetric-xor": true }`), with(func(t *ImportedTable) { t.TransformShown, t.Transform = true, hash.SymmetricXOR })},
		{"6.15", object(`, "rss-input-transformation": { "symmetric-xor": false, "symmetric-or-xor": false }`), with(func(t *ImportedTable) { t.TransformShown, t.OrXORShown = true, true })},
		{"6.15 on", object(`, "rss-input-transformation": { "symmetric-xor": false, "symmetric-or-xor": true, "raw": 2 }`), with(func(t *ImportedTable) { t.TransformShown, t.OrXORShown, t.Transform = true, true, hash.SymmetricOrXOR })},
		{"kernel bug", object(`, "rss-input-transformation": { "symmetric-xor": true, "symmetric-or-xor": true, "raw": 255 }`), with(func(t *ImportedTable) { t.TransformShown, t.OrXORShown = true, true })},
		{"prompt, quote", "> [root@host ~]# ethtool --json -x eth0\n> " + strings.ReplaceAll(object(""), "\n", "\n> "), want},
		{"trailing prompt", object("") + "$ ", want},
		{"compact", `[{"ifname":"eth0","rss-indirection-table":[0,1,2,3],"rss-hash-function":"xor"}]`, with(func(t *ImportedTable) { t.Key, t.Function = nil, FunctionXOR })},
		{"object alone", `{"ifname":"eth0","rss-indirection-table":[0,1,2,3]}`, with(func(t *ImportedTable) { t.Key, t.Function = nil, FunctionNotShown })},
		{"function by number", `[{"ifname":"eth0","rss-indirection-table":[0,1,2,3],"rss-hash-function-raw":8}]`, with(func(t *ImportedTable) { t.Key, t.Function = nil, FunctionUnknown })},
		{"escape in the name", `[{"ifname":"eth\u001b0","rss-indirection-table":[0,1,2,3]}]`, with(func(t *ImportedTable) { t.Key, t.Function = nil, FunctionNotShown })},
		{"key alone", `[{"ifname":"eth0","rss-hash-key":` + keyJSON + `}]`, with(func(t *ImportedTable) { t.Table, t.Function = nil, FunctionNotShown })},
	} {
		got, err := ReadTable(strings.NewReader(test.text), "x.json")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

// The three layouts of Get-NetAdapterRss.
const (
	windowsAligned = `
Name                                            : Slot0A x8
InterfaceDescription                            : Mellanox ConnectX-3 Pro Ethernet Adapter
Enabled                                         : True
NumberOfReceiveQueues                           : 8
Profile                                         : Closest
BaseProcessor: [Group:Number]                   : 0:0
MaxProcessor: [Group:Number]                    : 1:38
MaxProcessors                                   : 8
RssProcessorArray: [Group:Number/NUMA Distance] : 0:0/0  0:2/0  0:4/0  0:6/0  0:8/0  0:10/0  0:12/0  0:14/0
                                                  0:32/0  0:34/0  0:36/0  0:38/0  1:0/32767  1:2/32767  1:4/32767
                                                  1:6/32767
                                                  1:8/32767  1:10/32767  1:12/32767  1:14/32767  1:16/32767
IndirectionTable: [Group:Number]                : 0:0   0:2     0:4     0:6     0:8     0:10    0:12    0:14
                                                  0:0   0:2     0:4     0:6     0:8     0:10    0:12    0:14

`
	windowsTabs = "Name                                            : SLOT 2 Port 1\n" +
		"NumberOfReceiveQueues                           : 2\n" +
		"RssProcessorArray: [Group:Number/NUMA Distance] :\n" +
		"1:0/0  1:2/0  0:0/32767\n" +
		"IndirectionTable: [Group:Number]                : 1:0\t1:2\t1:0\t1:2\t\n"
	windowsBelow = `Name                           : Ethernet
InterfaceDescription           : NIC
Enabled                        : True
NumberOfReceiveQueues          : 2
Profile                        : NUMAStatic
BaseProcessor: [Group:Number]  : 0:0
MaxProcessor: [Group:Number]   : 0:15
MaxProcessors                  : 8

RssProcessorArray: [Group:Number/NUMA Distance]:
     0:0/0  0:2/0  0:4/0  0:6/0

IndirectionTable: [Group:Number]:
     0:0    0:4    0:0    0:4
     0:0    0:4    0:0    0:4
PS C:\>
`
)

func TestReadWindows(t *testing.T) {
	aligned := &ImportedTable{
		Format: WindowsNetAdapter, Interface: "Slot0A x8", Rings: 8,
		Table:      nicmodel.IndirectionTable{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7},
		Processors: []Processor{{0, 0}, {0, 2}, {0, 4}, {0, 6}, {0, 8}, {0, 10}, {0, 12}, {0, 14}},
		Near:       []Processor{{0, 0}, {0, 2}, {0, 4}, {0, 6}, {0, 8}, {0, 10}, {0, 12}, {0, 14}, {0, 32}, {0, 34}, {0, 36}, {0, 38}},
		Far:        []Processor{{1, 0}, {1, 2}, {1, 4}, {1, 6}, {1, 8}, {1, 10}, {1, 12}, {1, 14}, {1, 16}},
		Profile:    "Closest",
		Note:       "under its profile, Closest, Windows moves entries with the load: this is the table of the moment when it was shown",
	}
	tabs := &ImportedTable{
		Format: WindowsNetAdapter, Interface: "SLOT 2 Port 1", Rings: 2,
		Table: nicmodel.IndirectionTable{0, 1, 0, 1}, Processors: []Processor{{1, 0}, {1, 2}},
		Near: []Processor{{1, 0}, {1, 2}}, Far: []Processor{{0, 0}},
	}
	below := &ImportedTable{
		Format: WindowsNetAdapter, Interface: "Ethernet", Rings: 2,
		Table: nicmodel.IndirectionTable{0, 1, 0, 1, 0, 1, 0, 1}, Processors: []Processor{{0, 0}, {0, 4}},
		Near:    []Processor{{0, 0}, {0, 2}, {0, 4}, {0, 6}},
		Profile: "NUMAStatic",
	}
	var utf16LE, utf16BE bytes.Buffer
	utf16LE.WriteString("\xff\xfe")
	utf16BE.WriteString("\xfe\xff")
	for _, unit := range utf16.Encode([]rune(strings.ReplaceAll(windowsAligned, "\n", "\r\n"))) {
		utf16LE.Write([]byte{byte(unit), byte(unit >> 8)})
		utf16BE.Write([]byte{byte(unit >> 8), byte(unit)})
	}
	for _, test := range []struct {
		name, text string
		want       *ImportedTable
	}{
		{"aligned", windowsAligned, aligned},
		{"tabs", windowsTabs, tabs},
		{"below", windowsBelow, below},
		{"PowerShell's redirection", utf16LE.String(), aligned},
		{"UTF-16, big endian", utf16BE.String(), aligned},
		{"prompt", "PS C:\\> Get-NetAdapterRss -Name 'Slot0A x8'\n" + windowsAligned, aligned},
		{"wrapped after a colon", strings.Replace(windowsAligned, "0:10    0:12", "0:\n10    0:12", 1), aligned},
		{"wrapped before a colon", strings.Replace(windowsAligned, "0:10    0:12", "0\n:10    0:12", 1), aligned},
		{"wrapped in a number", strings.Replace(windowsAligned, "0:10    0:12", "0:1\n0    0:12", 1), aligned},
		{"wrapped in a group", strings.Replace(windowsTabs, "1:2\t1:0", "1:2\t\n1:0", 1), tabs},
		{"mail quote", "> " + strings.ReplaceAll(windowsBelow, "\n", "\n> "), below},
	} {
		got, err := ReadTable(strings.NewReader(test.text), "rss.txt")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
		if !got.EntriesAreCPUs() {
			t.Errorf("%s: the entries are CPUs", test.name)
		}
	}
	if got := tabs.QueueCPU(); !cmp.Equal(got, []int{64, 66}) {
		t.Errorf("CPUs of the queues are %v, want those of group 1", got)
	}
	if got := ethtoolTable(func(*ImportedTable) {}); got.EntriesAreCPUs() || got.QueueCPU() != nil {
		t.Errorf("ethtool's entries are queues, not the CPUs %v", got.QueueCPU())
	}
	if got := (Processor{1, 38}).String(); got != "1:38" {
		t.Errorf("processor 1:38 prints as %s", got)
	}
}

func TestReadPlainList(t *testing.T) {
	for _, text := range []string{"0 1 2 3", "0,1,2,3\n", "0\n1\n2\n3\n", "# mine\n0, 1\n\n2,\t3\n", "[0, 1, 2, 3]\n", "{\n 0, 1,\n 2, 3\n};\n", "\r\n> 0 1 2 3\r\n"} {
		got, err := ReadTable(strings.NewReader(text), "list")
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(&ImportedTable{Format: PlainList, Table: nicmodel.IndirectionTable{0, 1, 2, 3}}, got); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

func TestReadTextErrors(t *testing.T) {
	head := "RX flow hash indirection table for eth0 with 4 RX ring(s):\n"
	row := func(n int) string { return fmt.Sprintf("%5d:      0     1     2     3     0     1     2     3\n", n) }
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "x: holds none of the known forms of a table; give the whole output"},
		{"counters", "NIC statistics:\n     rx_packets: 30\n     rx_queue_0_packets: 10\n     rx_queue_1_packets: 20\n", "x: holds what the queues counted (ethtool -S), and no table; give the output of ethtool -x here; `rssreplay verify CAPTURE --counters-before FILE --counters-after FILE`"},
		{"prose", "no table\nhere\n", "x: holds none of the known forms"},
		{"rows without their first line", row(0) + row(8), "x: holds none of the known forms"},
		{"snip", head + row(0) + "[...snip...]\n" + row(24), "x: line 3: rows are left out here; give the text whole"},
		{"snip at the end", head + row(0) + "...\n", "x: line 3: rows are left out here"},
		{"snip in words", head + row(0) + "-- snip --\n", "x: line 3: rows are left out here"},
		{"missing row", head + row(0) + row(16), "x: line 3: row 16 follows entry 7: the rows between are missing; give the table whole"},
		{"first row missing", head + row(8), "x: line 2: row 8 follows entry -1"},
		{"out of order", head + row(0) + row(8) + row(0), "x: line 4: row 0 comes again or out of order, after entry 15"},
		{"queue too large", head + "0: 65536\n", `x: line 2: "65536" is no queue from 0 to 65534`},
		{"row number too large", head + "99999999999999999999: 0\n", "x: line 2: a row numbered 99999999999999999999;"},
		{"not a number", head + "0: 0 1 x 3\n", `x: line 2: "0: 0 1 x 3" is no row of a table`},
		{"row behind something", head + row(0) + "-- INSERT --  " + strings.TrimSpace(row(8)) + "\n", `x: line 3: "-- INSERT --  8:`},
		{"row after the end", head + row(0) + "hello\n" + row(8), `x: line 4: a row of the table, but line 3 ("hello") ended the table`},
		{"row after the key", head + row(0) + keyText + row(8), `x: line 5: a row of the table, but line 3 ("RSS hash key:") ended the table`},
		{"last row cut within a number", strings.Replace(head, "4 RX", "12 RX", 1) + "    0:      0     1     2     3     4     5     6     7\n    8:      8    91\n", "x: line 3: the table's last row is cut: it has 2 of 8 entries, and names queue 91 of 12 RX ring(s)"},
		{"two tables", head + row(0) + strings.Replace(head, "eth0", "eth1", 1) + row(0), "x: line 3: a second table starts here; give one interface's table only"},
		{"left out by a dot", head + row(0) + "   .\n   .\n" + row(24), "x: line 3: rows are left out here"},
		{"before and after", head + row(0) + head + row(0), `x: line 3: a second table of "eth0" starts here; give one; one of later as a file of its own (--table-at TIME=FILE)`},
		{"no rows", "$ ethtool\n" + head, "x: line 2: no rows follow this line; give the table whole"},
		{"no rings", "RX flow hash indirection table for eth0 with 0 RX ring(s):\n" + row(0), "x: line 1: 0 RX rings"},
		{"rings too many", "RX flow hash indirection table for eth0 with 99999999999999999999 RX ring(s):\n", "x: line 1: 99999999999999999999 RX rings"},
		{"odd key", head + row(0) + "RSS hash key:\n" + strings.TrimSuffix(microsoftKey, "a") + "\n", `x: line 4: byte 40 of the key is "f": want two hexadecimal digits`},
		{"short key", head + row(0) + "RSS hash key:\n6d:5a\n", "x: line 4: key of 2 bytes"},
		{"key of 39 bytes", head + row(0) + "RSS hash key:\n" + microsoftKey[3:] + "\n", "x: line 4: key of 39 bytes: NICs use 40 or 52"},
		{"JSON key of 39 bytes", `[{"ifname":"a","rss-indirection-table":[0],"rss-hash-key":[1` + strings.Repeat(",1", 38) + `]}]`, "x: key of 39 bytes"},
		{"key's title cut", head + row(0) + "RSS hash k\n" + microsoftKey + "\n", `x: line 3: "RSS hash k" is a line that is cut; give the whole output of ethtool -x`},
		{"no key", head + row(0) + "RSS hash key:\n", "x: line 3: nothing of this part follows this line"},
		{"no function", head + row(0) + keyText + "RSS hash function:\n", "x: line 5: nothing of this part follows this line"},
		{"cut after the first function", head + row(0) + "RSS hash function:\n    toeplitz: off\n", "x: line 3: toeplitz is off, and no line below says which hash function is on"},
		{"function cut", head + row(0) + "RSS hash function:\n    toeplitz: off\n    xor: o\n", `x: line 5: "xor: o" is a line that is cut`},
		{"no transformation", head + row(0) + "RSS input transformation:\n", "x: line 3: nothing of this part follows this line"},
		{"transformation cut", head + row(0) + "RSS input transformation:\n    symmetric-xor: off\n    symmetric-or-xor: o\n", `x: line 5: "symmetric-or-xor: o" is a line that is cut`},
		{"cut key", head + row(0) + "RSS hash key:\n6d:5a:...\n", "x: line 4: the key is cut"},
		{"two functions", head + row(0) + "RSS hash function:\n    toeplitz: on\n    xor: on\n", "x: line 5: a second hash function is on"},
		{"unknown transformation", head + row(0) + "RSS input transformation:\n    swap: on\n", `x: line 4: unknown input transformation "swap"`},
		{"nothing supported", head + "Operation not supported\n" + noKeyText, "x: the driver shows neither a table nor a key; without them give --table-size, --layout and --key"},
		{"JSON cut", "$ ethtool --json -x eth0\n[ {\n\"ifname\": \"eth0\",\n\"rss-indirection-table\": [ 0,1", "x: line 4: the JSON ends early"},
		{"JSON broken", "[ {\n\"ifname\": \"eth0\",\n\"rss-indirection-table\": [ 0,,1 ]\n} ]", "x: line 3: invalid character"},
		{"JSON snip", "[ {\n\"ifname\": \"eth0\",\n\"rss-indirection-table\": [ 0,\n...\n1 ]\n} ]", "x: line 4: invalid character"},
		{"JSON without its start", "\"ifname\": \"eth0\",\n", "x: JSON without its start"},
		{"JSON of two", `[{"ifname":"a","rss-indirection-table":[0]},{"ifname":"b","rss-indirection-table":[0]}]`, "x: line 1: more than one table"},
		{"JSON twice", "[{\"ifname\":\"a\",\"rss-indirection-table\":[0]}]\n[{\"ifname\":\"b\"}]", "x: line 1: more than one table"},
		{"JSON entry", `[{"ifname":"a","rss-indirection-table":[0,65536]}]`, "x: line 1: number 65536 does not fit"},
		{"JSON negative entry", `[{"ifname":"a","rss-indirection-table":[0,-1]}]`, "x: line 1: number -1 does not fit"},
		{"JSON key byte", `[{"ifname":"a","rss-indirection-table":[0],"rss-hash-key":[256]}]`, "x: byte 1 of the key is 256, more than 255"},
		{"JSON key as text", `[{"ifname":"a","rss-indirection-table":[0],"rss-hash-key":"bVpW2g=="}]`, "x: line 1: string does not fit"},
		{"JSON after its end", "[\n]\n\"ifname\"", "x: line 2: more than one table"},
		{"JSON of no object", "# no \"ifname\"\n[\n]\n", "x: line 2: an empty JSON array"},
		{"JSON within JSON", `{"result": [{"ifname":"a","rss-indirection-table":[0,1]}]}`, "x: the members of ethtool's JSON are deeper within another program's"},
		{"JSON of nothing", `[{"ifname":"a"}]`, "x: the driver shows neither a table nor a key"},
		{"Windows empty", "Name : x\nNumberOfReceiveQueues : 0\nIndirectionTable: [Group:Number]                :\n", "x: the indirection table is empty; RSS is off"},
		{"Windows switched off", "Name : x\nEnabled : False\nNumberOfReceiveQueues : 2\nIndirectionTable: [Group:Number] : 0:0 0:2 0:0 0:2\n", "x: line 2: RSS is switched off on this adapter, so that its table is not in use"},
		{"Windows twice", windowsTabs + windowsTabs, "x: line 10: a second table starts here; give one adapter's only"},
		{"Windows snip", strings.Replace(windowsBelow, "     0:0    0:4    0:0    0:4\n", "     0:0  0:4\n  ...\n", 1), "x: line 15: rows are left out here"},
		{"Windows row after the end", strings.Replace(windowsBelow, "     0:0    0:4    0:0    0:4\n", "WARNING: x\n     0:0  0:4\n     0:0  0:4\n", 1), `x: line 15: a row of the table, but line 14 ("WARNING: x") ended the table`},
		{"Windows queue count", strings.Replace(windowsBelow, "Queues          : 2", "Queues          : many", 1), `x: line 4: NumberOfReceiveQueues is "many"`},
		{"Windows processor", strings.Replace(windowsTabs, "1:0\t1:2\t\n", "1:0\t1:64\t\n", 1), `x: line 5: "1:64" is no processor`},
		{"Windows array", strings.Replace(windowsTabs, "1:0\t1:2\t\n", "1:0\t1:2/0\t\n", 1), `x: line 5: "1:2/0" is no entry`},
		{"list with words", "0 1 2\n3 four\n", `x: line 2: "four" is no queue from 0 to 65534`},
		{"list entry too large by one", "0 65535\n", `x: line 1: "65535" is no queue from 0 to 65534`},
		{"list entry", "0 70000\n", `x: line 1: "70000" is no queue from 0 to 65534`},
		{"list cut", "0 1 2\n...\n", "x: line 2: rows are left out here"},
		{"list with numbers before it", "0 0\n1 1\n2 0\n3 1\n", "x: each line has two numbers, of which the first count on"},
		{"list too long", strings.Repeat("0 ", nicmodel.MaxTableSize+1), "x: 32769 entries are more than the 32768"},
		{"key of a million lines", head + row(0) + "RSS hash key:\n" + strings.Repeat("aa:\n", 250000), "x: line 4: byte 343 of the key"},
		{"Windows of a million lines", "IndirectionTable: [Group:Number] :\n" + strings.Repeat("1\n", 500000), `x: line 9: "11111111" is no entry`},
		{"huge", strings.Repeat("a", maxText+1), "x: longer than 1 MiB"},
	} {
		got, err := ReadTable(strings.NewReader(test.text), "x")
		var wrong *TextError
		if err == nil || !strings.Contains(err.Error(), test.want) || !errors.As(err, &wrong) {
			t.Errorf("%s: %+v, error %v; want a TextError with %s", test.name, got, err, test.want)
		} else if wrong.Hint == "" || wrong.What == "" || wrong.Name != "x" {
			t.Errorf("%s: incomplete error %+v", test.name, wrong)
		}
	}
	broken := errors.New("disk on fire")
	if _, err := ReadTable(iotest.ErrReader(broken), "x"); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "x: ") {
		t.Errorf("read error is %v", err)
	}
}

func TestWriteEthtool(t *testing.T) {
	var got bytes.Buffer
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	if err := writeEthtool(sixteen, &got, "eth0", 4, key, hash.NoTransform); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tableText+keyText+toeplitzText+transformText, got.String()); diff != "" {
		t.Error(diff)
	}
	got.Reset()
	if err := writeEthtool(nicmodel.IndirectionTable(nil), &got, "eth0", 4, nil, hash.SymmetricOrXOR); err != nil {
		t.Fatal(err)
	}
	want := "RX flow hash indirection table for eth0 with 4 RX ring(s):\nOperation not supported\n" + noKeyText + toeplitzText +
		"RSS input transformation:\n    symmetric-xor: off\n    symmetric-or-xor: on\n"
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestNames(t *testing.T) {
	var got []string
	for f := Format(0); f <= NumFormats; f++ {
		got = append(got, f.String())
	}
	for f := HashFunction(0); f <= NumHashFunctions; f++ {
		got = append(got, f.String())
	}
	want := []string{
		"ethtool -x", "ethtool --json -x", "Get-NetAdapterRss", "list of numbers", "rssreplay --format json", "testpmd's show port rss reta", "sysctl net.inet.rss", "ynl's rss-get", "sysctl dev.ena.N.rss", "format(9)",
		"not shown", "toeplitz", "xor", "crc32", "unknown", "function(5)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// No text makes the readers panic, and what they accept is a table that they
// print and read back the same.
func FuzzReadTable(f *testing.F) {
	f.Add([]byte(tableText + keyText + toeplitzText + transformText))
	f.Add([]byte("> " + tableText + noKeyText))
	f.Add([]byte(windowsAligned))
	f.Add([]byte(windowsTabs))
	f.Add([]byte(windowsBelow))
	f.Add([]byte("RX flow hash indirection table for eth0 with 1 RX ring(s):\n    0:  100\n"))
	f.Add([]byte("0,1,2,3"))
	f.Add([]byte(`[ { "ifname": "eth0", "rss-indirection-table": [ 0,1,2,3 ], "rss-hash-key": [ 1,2 ], "rss-hash-function": "toeplitz" } ]`))
	f.Add([]byte("\xff\xfe0\x00 \x001\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ReadTable(bytes.NewReader(text), "fuzz")
		if err != nil {
			var wrong *TextError
			if !errors.As(err, &wrong) || wrong.What == "" || wrong.Hint == "" {
				t.Fatalf("error %#v", err)
			}
			return
		}
		if got.Table == nil && got.Key == nil || len(got.Table) > nicmodel.MaxTableSize {
			t.Fatalf("%+v", got)
		}
		rings := 1
		for _, queue := range got.Table {
			rings = max(rings, int(queue)+1)
			// ethtool -x and Windows also show a stale table, whose entries lead to more queues than there are.
			mayBeStale := got.Format == EthtoolText || got.EntriesAreCPUs()
			if !mayBeStale && got.Rings > 0 && int(queue) >= got.Rings || got.EntriesAreCPUs() && int(queue) >= len(got.Processors) {
				t.Fatalf("queue %d: %+v", queue, got)
			}
		}
		want := &ImportedTable{
			Format: EthtoolText, Interface: "eth0", Rings: rings, Table: got.Table, Key: got.Key,
			Function: FunctionToeplitz, Transform: got.Transform, TransformShown: true, OrXORShown: true,
		}
		var out bytes.Buffer
		if err := writeEthtool(got.Table, &out, "eth0", rings, got.Key, got.Transform); err != nil {
			t.Fatal(err)
		}
		if want.Table == nil && want.Key == nil {
			return
		}
		again, err := ReadTable(&out, "again")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

func BenchmarkReadTable(b *testing.B) {
	text := tableText + keyText + toeplitzText + transformText
	for b.Loop() {
		if _, err := ReadTable(strings.NewReader(text), "x"); err != nil {
			b.Fatal(err)
		}
	}
}

// writeEthtool prints the table as ethtool -x (6.15) prints it of a NIC with the
// given interface name, receive rings, key (nil: not supported) and input
// transformation, whose function is Toeplitz. ReadTable reads back the same.
func writeEthtool(t nicmodel.IndirectionTable, w io.Writer, iface string, rings int, key hash.Key, transform hash.Transform) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "RX flow hash indirection table for %s with %d RX ring(s):\n", iface, rings)
	if len(t) == 0 {
		fmt.Fprintln(b, notSupported)
	}
	for i, queue := range t {
		if i%8 == 0 {
			fmt.Fprintf(b, "%5d: ", i)
		}
		fmt.Fprintf(b, " %5d", queue)
		if i%8 == 7 || i == len(t)-1 {
			fmt.Fprintln(b)
		}
	}
	shown := notSupported
	if len(key) > 0 {
		shown = key.String()
	}
	fmt.Fprintf(b, "RSS hash key:\n%s\n", shown)
	fmt.Fprint(b, "RSS hash function:\n    toeplitz: on\n    xor: off\n    crc32: off\n")
	fmt.Fprint(b, "RSS input transformation:\n")
	for _, x := range []hash.Transform{hash.SymmetricXOR, hash.SymmetricOrXOR} {
		state := "off"
		if x == transform {
			state = "on"
		}
		fmt.Fprintf(b, "    %s: %s\n", x, state)
	}
	return b.Flush()
}
