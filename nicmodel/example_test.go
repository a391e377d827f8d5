package nicmodel_test

import (
	"fmt"
	"net/netip"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

// The hash of one flow, and the queue and CPU that a table of 128 entries over four
// queues gives it. Addresses and ports are hashed as they lie on the wire.
func Example() {
	source := netip.MustParseAddrPort("66.9.149.187:2794")
	destination := netip.MustParseAddrPort("161.142.100.80:1766")
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		fmt.Println(err)
		return
	}
	table := make(nicmodel.IndirectionTable, 128)
	for i := range table {
		table[i] = uint16(i % 4)
	}
	steering, err := nicmodel.NewSteering(nicmodel.SteeringConfig{
		HashTypes: hash.DefaultTypes, Key: key, Table: table, QueueCPU: []int{0, 1, 2, 3},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var input []byte
	input = append(input, source.Addr().AsSlice()...)
	input = append(input, destination.Addr().AsSlice()...)
	input = append(input, byte(source.Port()>>8), byte(source.Port()), byte(destination.Port()>>8), byte(destination.Port()))
	sum := steering.Sum(input)
	entry := steering.Entry(sum)
	queue := table[entry]
	fmt.Printf("hash %#08x, entry %d, queue %d, CPU %d\n", sum, entry, queue, steering.CPU(queue))
	// Output: hash 0x51ccc178, entry 120, queue 0, CPU 0
}
