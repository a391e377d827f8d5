package packets

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/report/trace"
)

// TraceFlags say where a trace goes, and which part of the replay is in it.
type TraceFlags struct {
	Path     string
	From, To cli.Duration // since the first packet; to 0: to the end
}

// Check reports flags that do not go together.
func (f *TraceFlags) Check() error {
	switch {
	case f.Path == "" && (f.From != 0 || f.To != 0):
		return cli.Usagef("--trace-from and --trace-to bound a trace: give its file with --trace")
	case output.IsStdout(f.Path):
		return cli.Usagef("--trace writes a file, and the report goes to standard output: name one, --trace trace.json")
	case f.To != 0 && f.To <= f.From:
		return cli.Usagef("--trace-to %s is not after --trace-from %s", f.To.String(), f.From.String())
	}
	return nil
}

// Trace is a trace being written: one spool per mode, as the modes run beside
// each other, so that the same replay gives the same bytes.
type Trace struct {
	scratch *cli.Scratch
	ruled   *ruledPackets // nil where no rules are asked
	files   []*os.File
	modes   [engine.NumModes]*tracer
	spools  []*trace.Spool
}

// NewTrace starts a trace of a replay. The spools lie beside the file to be
// written, whose disk must have room for twice the trace.
func NewTrace(e *cli.Env, f *TraceFlags, s *settings.Settings) (*Trace, error) {
	t := &Trace{scratch: &e.Scratch}
	if s.Steering.NTuple() != nil {
		t.ruled = &ruledPackets{steering: s.Steering}
	}
	dir := filepath.Dir(f.Path)
	if info, err := os.Stat(f.Path); err == nil && !info.Mode().IsRegular() {
		dir = "" // a device or a pipe: no file can stand beside it
	}
	for i, mode := range s.Modes {
		var file *os.File
		err := t.scratch.Add(func() (name string, err error) {
			if file, err = os.CreateTemp(dir, "."+filepath.Base(f.Path)+".*"); err != nil {
				return "", err
			}
			return file.Name(), nil
		})
		if err != nil {
			t.Close()
			return nil, fmt.Errorf("--trace %s: no file can be made in %s: %w", f.Path, dir, cli.Cause(err))
		}
		t.files = append(t.files, file)
		spool := trace.NewSpool(file, i+1)
		t.spools = append(t.spools, spool)
		t.modes[mode] = newTracer(spool, mode, i, f, &s.Config)
		t.modes[mode].ruled = t.ruled
	}
	return t, nil
}

// Watch lets the trace know what it tells of a replay.
func (t *Trace) Watch(w *input.Observers) {
	w.Add(t.observe)
	if t.ruled != nil {
		w.Arrive = t.ruled.arrive
	}
}

// ruledPackets are which rule took each packet, by their numbers in the replay: events
// don't say it. Packets arrive while events of earlier ones are told.
type ruledPackets struct {
	steering *nicmodel.Steering
	mu       sync.Mutex
	rules    []uint16 // places in the list of rules, or notTaken
}

func (r *ruledPackets) arrive(a dispatch.Arrival) {
	if d := r.steering.DecideFrame(a.Header, a.Extension, a.Compared); d.Rule > 0 {
		r.mu.Lock()
		note(&r.rules, a.Packet, int(d.Rule-1))
		r.mu.Unlock()
	}
}

// arg is which rule took the event's packet; none where none did.
func (r *ruledPackets) arg(e engine.Event) trace.Arg {
	if r == nil {
		return trace.Arg{}
	}
	r.mu.Lock()
	rule := noted(r.rules, e.Packet)
	r.mu.Unlock()
	if rule == notTaken {
		return trace.Arg{}
	}
	return trace.Arg{Name: "rule", Value: int64(r.steering.NTuple().All()[rule].Location)}
}

// observe is the replay's observer.
func (t *Trace) observe(e engine.Event) { t.modes[e.Mode].observe(e) }

// Write writes the trace.
func (t *Trace) Write(w io.Writer) error {
	var spools []io.Reader
	for i, file := range t.files {
		if err := t.spools[i].Flush(); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		spools = append(spools, file)
	}
	return trace.Write(w, spools...)
}

// Close removes the spools.
func (t *Trace) Close() error {
	var all []error
	for _, file := range t.files {
		all = append(all, file.Close(), t.scratch.Settle(func() error { return os.Remove(file.Name()) }, file.Name()))
	}
	return errors.Join(all...)
}

// tracer makes one mode's part of a trace: a process with a track for the NIC,
// one per interrupt vector and CPU, and a counter per queue. An interrupt cycle
// is in it as a whole if its interrupt was raised in the range.
type tracer struct {
	out      *trace.Spool
	mode     engine.Mode
	base     int // of the process's track numbers, which no other process has
	place    int // of the mode among those replayed
	from, to int64
	cfg      *engine.Config
	ruled    *ruledPackets

	interrupts uint64
	vectors    []tracedVector
	cpus       []tracedCPU
	queues     []tracedQueue
}

type tracedVector struct {
	in bool // its present cycle is in the range
	id uint64
}

type tracedCPU struct {
	workEnd int64 // of the work before the next packet's
	from    int   // the CPU that took that packet's flow before, if the packet pays for it; else -1
	sends   bool  // its track of sent packets has a name

	backlog, shown bool // its present turn is the backlog's; and is in the range
}

type tracedQueue struct {
	name  string
	depth int64
	begun bool // a value was written
}

// Tracks of a process, counted from its base.
const (
	nicTrack      = 1
	vectorsTrack  = 2
	cpusTrack     = vectorsTrack + engine.MaxCPUs
	sendsTrack    = cpusTrack + engine.MaxCPUs
	tracksOfOne   = 10000
	tracksPerMode = sendsTrack + engine.MaxCPUs
)

// A process has room for all of its tracks.
const _ = uint(tracksOfOne - tracksPerMode)

func newTracer(out *trace.Spool, mode engine.Mode, place int, f *TraceFlags, cfg *engine.Config) *tracer {
	t := &tracer{
		out: out, mode: mode, base: (place + 1) * tracksOfOne, place: place, from: int64(f.From), to: int64(f.To), cfg: cfg,
		vectors: make([]tracedVector, 1), cpus: make([]tracedCPU, len(cfg.CPUs)), queues: make([]tracedQueue, 1),
	}
	out.NameProcess(t.base, mode.String(), place)
	t.name(nicTrack, "NIC")
	t.queues[0].name = "depth of the hardware queue"
	if mode == engine.RSSMSIX {
		t.vectors = make([]tracedVector, len(cfg.CPUs))
		for c, number := range cfg.CPUs {
			t.name(vectorsTrack+c, fmt.Sprintf("NIC: interrupt of CPU %d", number))
		}
	} else {
		t.name(vectorsTrack, "NIC: interrupt")
	}
	if mode == engine.RSSMSIX || mode == engine.RSSHWQueues {
		t.queues = make([]tracedQueue, cfg.Queues)
		for q := range t.queues {
			t.queues[q].name = fmt.Sprintf("depth of queue %d", q)
		}
	}
	for c, number := range cfg.CPUs {
		t.name(cpusTrack+c, fmt.Sprintf("CPU %d", number))
	}
	return t
}

// name names a track, and orders the tracks by their numbers.
func (t *tracer) name(track int, name string) { t.out.NameTrack(t.base+track, name, track) }

// vector is the vector of CPU c.
func (t *tracer) vector(c int) (*tracedVector, int) {
	if t.mode == engine.RSSMSIX {
		return &t.vectors[c], vectorsTrack + c
	}
	return &t.vectors[0], vectorsTrack
}

func (t *tracer) write(phase trace.Phase, track int, name string, time int64) {
	t.out.Write(&trace.Event{Phase: phase, Track: t.base + track, Name: name, Time: time})
}

// mark writes an instant, where it is in the range.
func (t *tracer) mark(track int, name string, time int64, args [4]trace.Arg) {
	if t.inRange(time) {
		t.out.Write(&trace.Event{Phase: trace.Instant, Track: t.base + track, Name: name, Time: time, Args: args})
	}
}

// slice writes work of a known end.
func (t *tracer) slice(track int, name string, from, to int64, args [4]trace.Arg) {
	t.out.Write(&trace.Event{Phase: trace.Complete, Track: t.base + track, Name: name, Time: from, Duration: to - from, Args: args})
}

// arrow writes an end of the arrow from an interrupt's vector to its ISR.
func (t *tracer) arrow(phase trace.Phase, track int, time int64, id uint64) {
	t.out.Write(&trace.Event{Phase: phase, Track: t.base + track, Name: "interrupt", Time: time, ID: id})
}

func (t *tracer) inRange(time int64) bool { return time >= t.from && (t.to == 0 || time < t.to) }

func (t *tracer) observe(e engine.Event) {
	steers := t.cfg.RPS.Active(t.mode)
	switch e.Kind {
	case engine.Publish:
		t.deepen(e, 1)
	case engine.Deal:
		t.deepen(e, -1)
	case engine.Take:
		if t.mode != engine.RSSSingleQueue && !steers {
			t.deepen(e, -1)
		}
	case engine.RuleDrop:
		t.mark(nicTrack, "drop by a rule", e.Time, [4]trace.Arg{packetArg(e), t.ruled.arg(e)})
		return
	case engine.Drop:
		t.mark(nicTrack, "drop", e.Time, [4]trace.Arg{packetArg(e), {Name: "queue", Value: int64(e.Queue)}})
		return
	case engine.Send:
		t.send(e)
		return
	}
	if steers {
		t.turns(e)
		return
	}
	if e.CPU < 0 {
		return
	}
	v, track := t.vector(e.CPU)
	if e.Kind == engine.Raise {
		if v.in = t.inRange(e.Time); v.in {
			// Arrows of different modes must not meet.
			v.id = t.interrupts*engine.NumModes + uint64(t.place)
			t.interrupts++
		}
	}
	if v.in {
		t.cycle(e, v, track)
	}
}

// cycle writes what happens in an interrupt cycle.
func (t *tracer) cycle(e engine.Event, v *tracedVector, vectorTrack int) {
	c := &t.cpus[e.CPU]
	switch e.Kind {
	case engine.Raise:
		t.write(trace.Begin, vectorTrack, "masked", e.Time)
		t.arrow(trace.FlowStart, vectorTrack, e.Time, v.id)
	case engine.ISRStart:
		t.write(trace.Begin, cpusTrack+e.CPU, "ISR", e.Time)
		t.arrow(trace.FlowEnd, cpusTrack+e.CPU, e.Time, v.id)
	case engine.ISREnd, engine.DPCEnd:
		t.write(trace.End, cpusTrack+e.CPU, "", e.Time)
	case engine.DPCStart:
		t.write(trace.Begin, cpusTrack+e.CPU, "DPC", e.Time)
		c.workEnd = e.Time + t.cfg.DPCCost
	case engine.ShareStart:
		c.workEnd = e.Time
	case engine.Take:
		c.workEnd, c.from = max(c.workEnd, e.Time), e.Latest
	case engine.Indicate:
		t.slice(cpusTrack+e.CPU, "packet", c.workEnd, e.Time, t.about(e, c))
		c.workEnd = e.Time
	case engine.Enable:
		t.write(trace.End, vectorTrack, "", e.Time)
	}
}

// packetArg is the event's packet, counted from 1.
func packetArg(e engine.Event) trace.Arg { return trace.Arg{Name: "packet", Value: e.Packet + 1} }

// about is what is said of an indicated packet: where it was queued, the CPU that had
// its flow before, and the rule that took it.
func (t *tracer) about(e engine.Event, c *tracedCPU) [4]trace.Arg {
	args := [4]trace.Arg{packetArg(e), {Name: "queue", Value: int64(e.Queue)}}
	next := 2
	if c.from >= 0 {
		args[next] = trace.Arg{Name: "migrated from CPU", Value: int64(t.cfg.CPUs[c.from])}
		next++
	}
	if t.mode != engine.NonRSS { // where rules lead to no queue
		args[next] = t.ruled.arg(e)
	}
	return args
}

// deepen changes the depth of a queue: its packets published and not yet taken.
func (t *tracer) deepen(e engine.Event, by int64) {
	q := &t.queues[e.Queue]
	if t.inRange(e.Time) {
		if !q.begun && q.depth > 0 && t.from > 0 {
			t.depth(q, t.from)
		}
		q.begun = true
	}
	q.depth += by
	if t.inRange(e.Time) {
		t.depth(q, e.Time)
	}
}

func (t *tracer) depth(q *tracedQueue, time int64) {
	t.out.Write(&trace.Event{
		Phase: trace.Counter, Name: q.name, Time: time, Args: [4]trace.Arg{{Name: "packets", Value: q.depth}},
	})
}

// send marks a sent packet. Sends have tracks of their own: they run below the
// DPCs, whatever these do.
func (t *tracer) send(e engine.Event) {
	if !t.inRange(e.Time) {
		return
	}
	if c := &t.cpus[e.CPU]; !c.sends {
		c.sends = true
		t.name(sendsTrack+e.CPU, fmt.Sprintf("CPU %d: sent packets", t.cfg.CPUs[e.CPU]))
	}
	t.mark(sendsTrack+e.CPU, "send", e.Time, [4]trace.Arg{packetArg(e)})
}
