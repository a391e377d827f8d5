package plain

// taken notes that a CPU took packets to indicate them: the first of a
// connection fixes its home CPU, "where its application runs".
func (e *engine) taken(buffers []buffer, cpu int) {
	for _, b := range buffers {
		e.saw("take p%d c%d", b.packet, cpu)
		conn := e.packets[b.packet].Conn
		if conn == none {
			continue
		}
		if _, fixed := e.home[conn]; !fixed {
			e.home[conn] = cpu
		}
		e.lastTaken[conn] = cpu
	}
}

// send is NON-6's "send processing for a given network connection", in every
// mode: "A sent packet is processed at its time on its connection's home CPU,
// before there is one (and for a packet without a flow) on the CPU that the
// affinity gives default-queue". It delays no ISR and no DPC, and is no piece of
// the NIC's work.
func (e *engine) send(p int) {
	cpu := e.cfg.QueueCPU[e.cfg.DefaultQueue]
	if conn := e.packets[p].Conn; conn != none {
		if home, fixed := e.home[conn]; fixed {
			cpu = home
		}
		// "of the sent packets whose connection has had a received packet taken,
		// the share whose CPU is the one that most recently took one of that
		// connection"
		if last, any := e.lastTaken[conn]; any {
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
