package dispatch_test

import (
	"fmt"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/file"
)

// A capture replayed under RSS on four CPUs: the packets of each CPU, and the largest
// flow.
func ExampleReplay() {
	cpus := []int{0, 1, 2, 3}
	config := &engine.Config{
		Config: nicmodel.Config{Queues: 4, RxRing: 512, DMABatch: 4, DMATimeout: 200, RxFrames: 1},
		CPUs:   cpus, QueueCPU: cpus, Table: make(nicmodel.IndirectionTable, 128),
		InterruptLatency: 1000, ISRCost: 1000, DPCCost: 1000, PacketCost: 1000, IPILatency: 2000, SendCost: 500,
		ISRCPU: engine.LeastBusy, Interval: 100e6,
	}
	for i := range config.Table {
		config.Table[i] = uint16(i % 4)
	}
	if err := config.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		fmt.Println(err)
		return
	}
	steering, err := nicmodel.NewSteering(nicmodel.SteeringConfig{HashTypes: hash.DefaultTypes, Key: key, Table: config.Table, QueueCPU: cpus})
	if err != nil {
		fmt.Println(err)
		return
	}
	capture, err := file.Open("../pcaps/samples/elephant.pcap")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer capture.Close()
	all, err := direction.ParseLocal([]string{"none"}) // every packet was received
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := dispatch.Replay(capture, dispatch.Options{
		Config: config, Steering: steering, Modes: []engine.Mode{engine.RSSMSIX}, Directions: direction.NewDirections(all),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, cpu := range result.Modes[0].CPUs {
		fmt.Printf("CPU %d: %d packets\n", cpus[i], cpu.Packets)
	}
	for _, id := range result.Largest(1) {
		flow := result.Flow(id)
		fmt.Printf("%s:%d has %d of %d\n", flow.Source, flow.SourcePort, flow.Packets, result.Received)
	}
	// Output:
	// CPU 0: 955 packets
	// CPU 1: 651 packets
	// CPU 2: 9446 packets
	// CPU 3: 994 packets
	// 198.51.100.1:54805 has 8694 of 12046
}
