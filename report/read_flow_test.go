package report

import (
	"net/netip"
	"testing"
)

func TestWithheldHashIsRead(t *testing.T) {
	f := Flow{Protocol: "udp", Source: netip.MustParseAddr("10.0.0.1"), Destination: netip.MustParseAddr("10.0.0.2"), HashType: "ipv4", HashWithheld: true}
	want := `{"protocol":"udp","source":"10.0.0.1","source_port":null,"destination":"10.0.0.2","destination_port":null,"hash":null,"hash_type":"ipv4","index":null,"packets":0,"bytes":0,"modes":{}}`
	if got := string(f.AppendJSON(nil)); got != want {
		t.Errorf("got %s", got)
	}
	read := readFlow{Source: f.Source, HashType: "ipv4"}
	if got := read.flow(nil); !got.HashWithheld || got.HashType != "ipv4" {
		t.Errorf("read as %+v", got)
	}
}
