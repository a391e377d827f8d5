package dispatch

// steerer gives the packets of trays to the flow table, and its batches to the
// models, in a goroutine of its own.
type steerer struct {
	flows    *flowTable
	models   *modelSet
	in       chan *tray
	free     chan *tray
	made     int
	finished chan struct{}
}

// maxTrays bounds the trays between the header walk and the flow table.
const maxTrays = 8

func startSteerer(flows *flowTable, models *modelSet) *steerer {
	s := &steerer{
		flows: flows, models: models,
		in: make(chan *tray, maxTrays), free: make(chan *tray, maxTrays), finished: make(chan struct{}),
	}
	go s.run()
	return s
}

func (s *steerer) run() {
	defer close(s.finished)
	more := len(s.flows.more)
	batch := s.models.next(0, more)
	for t := range s.in {
		for i := range t.n {
			s.flows.add(&t.chunks[i], batch)
			if batch.N > batchSize-chunkPackets {
				first := batch.First + uint32(batch.N)
				s.models.send(batch)
				batch = s.models.next(first, more)
			}
		}
		t.n = 0
		select {
		case s.free <- t:
		default: // one of those that waited for the direction rule
		}
	}
	s.models.finish(batch)
}

// send hands on a tray, which is the steerer's from then on.
func (s *steerer) send(t *tray) { s.in <- t }

// next is an empty tray; it waits for one when all are in flight.
func (s *steerer) next() *tray {
	select {
	case t := <-s.free:
		return t
	default:
	}
	if s.made < maxTrays {
		s.made++
		return new(tray)
	}
	return <-s.free
}

// finish waits for the flow table, and for the models' ends.
func (s *steerer) finish() {
	close(s.in)
	<-s.finished
}
