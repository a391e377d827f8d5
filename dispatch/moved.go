package dispatch

// Moved is what moves of the table's entries disturbed.
type Moved struct {
	Moves   uint64 // entries that got another queue, each time it happened
	Flows   uint64 // with a packet, at any time, that took an entry that was ever moved; dropped or not
	Packets uint64 // received ones of these flows
}

// countTablesMoved counts what tables moved.
func (r *Replayed) countTablesMoved() {
	if len(r.cfg.Tables) > 0 {
		r.TablesMoved = r.moved(r.cfg.TableMoves())
	}
}

// countMoved counts what rebalancers moved, and tables and they in all, where countTablesMoved
// is done.
func (r *Replayed) countMoved() {
	r.Rebalanced, r.AllMoved = make([]Moved, len(r.Modes)), make([]Moved, len(r.Modes))
	for i := range r.Modes {
		done := r.Modes[i].Rebalanced
		if r.AllMoved[i] = r.TablesMoved; done == nil {
			continue
		}
		r.Rebalanced[i] = r.moved(done.Moves)
		if r.AllMoved[i] = r.Rebalanced[i]; len(r.cfg.Tables) > 0 {
			r.AllMoved[i] = r.moved(sums(done.Moves, r.cfg.TableMoves()))
		}
	}
}

// sums are those of each entry; a has as many as b.
func sums(a, b []uint64) []uint64 {
	all := make([]uint64, len(a))
	for i := range a {
		all[i] = a[i] + b[i]
	}
	return all
}

// moved is what so many moves of each entry disturbed.
func (r *Replayed) moved(moves []uint64) Moved {
	var m Moved
	for _, n := range moves {
		m.Moves += n
	}
	if m.Moves == 0 {
		return m
	}
	w := r.flows.way(r.steering)
	ever := func(entry uint16) bool { return int(entry) < len(moves) && moves[entry] > 0 }
	for id := range r.flows.n {
		d := r.flows.decision(r.steering, id)
		met := ever(d.entry)
		if d.varies() {
			for _, v := range w.varied.of[id] {
				met = met || ever(entryOf(w.steering, &v.decision))
			}
		}
		if met {
			m.Flows++
			m.Packets += r.flows.records.At(id).packets
		}
	}
	return m
}
