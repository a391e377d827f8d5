package plain

// taken notes that a CPU took packets to indicate them, one after the other in
// the order in which it will work on them. The first of a connection fixes its
// home CPU, where its application runs. One whose flow was most recently taken by
// another CPU pays migration-cost when it is worked on: its connection's state
// must come from that CPU's cache. So of several of one flow that are taken
// together only the first can pay. A packet without a flow never does.
func (e *machine) taken(buffers []buffer, cpu int) {
	for i := range buffers {
		b := &buffers[i]
		packet := &e.packets[b.packet]
		e.saw("take p%d c%d", b.packet, cpu)
		if packet.Flow != none {
			last, any := e.flowTaken[packet.Flow]
			b.migrated = any && last != cpu
			e.flowTaken[packet.Flow] = cpu
		}
		if packet.Conn != none {
			if _, fixed := e.home[packet.Conn]; !fixed {
				e.home[packet.Conn] = cpu
			}
			e.connTaken[packet.Conn] = cpu
		}
	}
}

// work charges one packet's cost, as its work starts, and returns it: packet-cost
// + byte-cost × length (byte-cost in ps per byte, the product rounded down to
// ns), and migration-cost if the flow comes from another CPU.
//
// Not specified: whether such a packet is counted where migration-cost is 0.
// Here it is.
func (e *machine) work(cpu int, b buffer) int64 {
	c := &e.cpus[cpu]
	cost := e.cfg.PacketCost + e.cfg.ByteCost*int64(e.packets[b.packet].Length)/1000
	if b.migrated {
		cost += e.cfg.MigrationCost
		c.migrationTime += e.cfg.MigrationCost
		c.migrated++
	}
	c.dpcTime += cost
	return cost
}

// send is NON-6's "send processing for a given network connection", in every
// mode. A sent packet is processed at its time on its connection's home CPU;
// before there is one, and for a packet without a flow, on the CPU that the
// affinity gives default-queue at that time. It delays no ISR and no DPC, and is no piece of
// the NIC's work. It neither pays for a migration nor counts as taking.
func (e *machine) send(p int) {
	cpu := e.queueCPU[e.cfg.DefaultQueue]
	if conn := e.packets[p].Conn; conn != none {
		if home, fixed := e.home[conn]; fixed {
			cpu = home
		}
		// Judged are the sent packets whose connection has had a received packet
		// taken; they match on the CPU that most recently took one.
		if last, any := e.connTaken[conn]; any {
			e.sends.judged++
			if last == cpu {
				e.sends.matches++
			}
		}
	}
	e.cpus[cpu].sendPackets++
	e.cpus[cpu].sendTime += e.cfg.SendCost
	e.saw("send p%d c%d", p, cpu)
}
