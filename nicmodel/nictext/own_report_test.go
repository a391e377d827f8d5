package nictext

import (
	"strings"
	"testing"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

const ownReportText = `{
  "schema": "rssreplay/report/v1",
  "tool": {"name":"rssreplay","version":"devel","go":"go1.26"},
  "command": ["rssreplay","capture.pcap"],
  "capture": {"files": [{"name":"capture.pcap"}], "packets": 4},
  "parameters": {"cpus":{"value":2,"source":"default"},"hash-types":{"value":"ipv4,tcp_ipv4","source":"default"},
    "key":{"value":"` + microsoftKey + `","source":"--key"},"xfrm":{"value":"symmetric-xor","source":"--xfrm"}},
  "table": {"size": 4,"entries":[0,1,0,1],"queue_cpus":[2,6],"packets":[1,1,1,1],"bytes":[64,64,64,64],"flows":[1,1,1,1]},
  "modes": []
}
`

func TestReadOwnReport(t *testing.T) {
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	types := hash.TypesOf(hash.IPv4, hash.TCPIPv4)
	want := ImportedTable{
		Format: OwnReport, Table: nicmodel.IndirectionTable{0, 1, 0, 1}, Rings: 2, Affinity: []int{2, 6}, HashTypes: &types,
		Key: key, Function: FunctionToeplitz, Transform: hash.SymmetricXOR, TransformShown: true, OrXORShown: true,
	}
	modes := strings.Index(ownReportText, `"modes"`)
	long := ownReportText[:modes] + `"modes": [` + strings.Repeat("1,", maxText) + "1]}"
	reads(t, ReadTable, want, ownReportText, "$ rssreplay capture.pcap --format json\n"+ownReportText, "> "+strings.ReplaceAll(ownReportText, "\n", "\n> "),
		long, ownReportText[:modes], // only what comes before the modes matters
		strings.Replace(ownReportText, "capture.pcap", "a^Ib^[[0m.pcap", 1))

	refuses(t, ReadTable, ownReportText[:strings.Index(ownReportText, `"table"`)], "x: line 7: the report can't be read: ")
	refuses(t, ReadTable, `{"schema":"rssreplay/report/v1"}`, "x: a report without a table")
	refuses(t, ReadTable, strings.Replace(ownReportText, "[0,1,0,1]", "[0,1,0,2]", 1), "x: entry 3 is queue 2, but there are 2 queues")
	refuses(t, ReadTable, strings.Replace(ownReportText, "[0,1,0,1]", "[0,1,0,-1]", 1), "x: line 8: the report can't be read: ")
	refuses(t, ReadTable, strings.Replace(ownReportText, microsoftKey, "6d:5a", 1), "x: key of 2 bytes")
	refuses(t, ReadTable, strings.Replace(ownReportText, "symmetric-xor", "mirrored", 1), `x: unknown input transformation "mirrored"`)
	refuses(t, ReadTable, strings.Replace(ownReportText, "ipv4,", "ipx,", 1), `x: unknown hash type "ipx"`)
}
