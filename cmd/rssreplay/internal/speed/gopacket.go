//go:build unix

package main

import (
	"errors"
	"io"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// decodeAll reads a pcap with gopacket alone, as its documentation does it: a
// DecodingLayerParser over preallocated layers, and a pcapgo.Reader of the file. It tells
// how many packets had transport ports.
//
// Note: pcapgo reads the file 4 KB at a time. With a larger buffer between, this is faster,
// most with large packets.
func decodeAll(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		return 0, err
	}
	var ethernet layers.Ethernet
	var ip4 layers.IPv4
	var ip6 layers.IPv6
	var tcp layers.TCP
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &ethernet, &ip4, &ip6, &tcp)
	parser.IgnoreUnsupported = true
	var decoded []gopacket.LayerType
	withPorts := 0
	for {
		data, _, err := r.ZeroCopyReadPacketData()
		if errors.Is(err, io.EOF) {
			return withPorts, nil
		}
		if err != nil {
			return 0, err
		}
		if parser.DecodeLayers(data, &decoded) == nil && len(decoded) == 3 {
			withPorts++
		}
	}
}
