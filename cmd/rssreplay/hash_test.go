package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// vector is one of the published hash values, all of TCP.
type vector struct {
	Source          string `json:"source"`
	SourcePort      uint16 `json:"source_port"`
	Destination     string `json:"destination"`
	DestinationPort uint16 `json:"destination_port"`

	IP                     string `json:"ip"`
	IPPorts                string `json:"ip_ports"`
	ReverseIPPorts         string `json:"reverse_ip_ports"`
	SymmetricKeyIP         string `json:"symmetric_key_ip"`
	SymmetricKeyIPPorts    string `json:"symmetric_key_ip_ports"`
	SymmetricXORIP         string `json:"symmetric_xor_ip"`
	SymmetricXORIPPorts    string `json:"symmetric_xor_ip_ports"`
	SymmetricOrXORIPPorts  string `json:"symmetric_or_xor_ip_ports"`
	source, destination    string // with ports
	addressType, portsType string
}

func vectors(t *testing.T) []vector {
	data, err := os.ReadFile(filepath.Join(repository(t), "hash", "testdata", "toeplitz.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) < 8 {
		t.Fatalf("only %d vectors", len(file.Vectors))
	}
	for i := range file.Vectors {
		v := &file.Vectors[i]
		v.source = net.JoinHostPort(v.Source, strconv.Itoa(int(v.SourcePort)))
		v.destination = net.JoinHostPort(v.Destination, strconv.Itoa(int(v.DestinationPort)))
		v.addressType, v.portsType = "ipv4", "tcp_ipv4"
		if strings.Contains(v.Source, ":") {
			v.addressType, v.portsType = "ipv6", "tcp_ipv6"
		}
	}
	return file.Vectors
}

// The hash command gives every published value, in both of its formats.
func TestHashVectors(t *testing.T) {
	for _, v := range vectors(t) {
		for _, c := range []struct {
			source, destination, hash, hashType string
			flags                               []string
		}{
			{v.Source, v.Destination, v.IP, v.addressType, nil},
			{v.source, v.destination, v.IPPorts, v.portsType, nil},
			{v.source, v.destination, v.IP, v.addressType, []string{"--hash-types", "ipv4,ipv6"}},
			{v.destination, v.source, v.ReverseIPPorts, v.portsType, nil},
			{v.Source, v.Destination, v.SymmetricKeyIP, v.addressType, []string{"--key", "symmetric"}},
			{v.source, v.destination, v.SymmetricKeyIPPorts, v.portsType, []string{"--key", "symmetric"}},
			{v.destination, v.source, v.SymmetricKeyIPPorts, v.portsType, []string{"--key", "symmetric"}},
			{v.Source, v.Destination, v.SymmetricXORIP, v.addressType, []string{"--xfrm", "symmetric-xor"}},
			{v.source, v.destination, v.SymmetricXORIPPorts, v.portsType, []string{"--xfrm", "symmetric-xor"}},
			{v.source, v.destination, v.SymmetricOrXORIPPorts, v.portsType, []string{"--xfrm", "symmetric-or-xor"}},
		} {
			args := append([]string{"hash", c.source, c.destination, "--table-size", "64", "--cpus", "12"}, c.flags...)
			value, err := strconv.ParseUint(c.hash, 0, 32)
			if err != nil {
				t.Fatal(err)
			}
			index := value % 64
			want := fmt.Sprintf("hash   %s\ntype   %s\nindex  %d of 64\nqueue  %d\nCPU    %d\n", c.hash, c.hashType, index, index%12, index%12)
			if got := runs(t, args...); !strings.HasSuffix(got, want) {
				t.Errorf("%s:\n%swant at the end\n%s", args, got, want)
			}
			var report struct {
				Schema, Hash, HashType string
				Index, Queue, CPU      uint64
			}
			text := strings.ReplaceAll(runs(t, append(args, "--format", "json")...), "hash_type", "hashtype")
			if err := json.Unmarshal([]byte(text), &report); err != nil {
				t.Fatalf("%s: %v", args, err)
			}
			if report.Schema != "rssreplay/hash/v1" || report.Hash != c.hash || report.HashType != c.hashType ||
				report.Index != index || report.Queue != index%12 || report.CPU != index%12 {
				t.Errorf("%s: %s", args, text)
			}
		}
	}
}
