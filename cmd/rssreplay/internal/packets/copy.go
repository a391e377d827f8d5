package packets

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/file"
	"rssreplay/report"
)

// CopyFlags say where the packets that were replayed are copied to, each with what
// the replay made of it.
type CopyFlags struct {
	Write string // a capture of all of them
	Split string // a folder with a capture for each CPU
}

// Given tells whether packets are to be copied.
func (f *CopyFlags) Given() bool { return f.Write != "" || f.Split != "" }

// Check refuses what can't be written, or would destroy something.
func (f *CopyFlags) Check(captures []string) error {
	for _, to := range []struct{ flag, path string }{{"--write", f.Write}, {"--split", f.Split}} {
		if to.path == "" {
			continue
		}
		if to.path == output.StdoutPath {
			return cli.Usagef("%s - would mix with the report on standard output: name a place for it", to.flag)
		}
		if err := cli.CheckTwice(to.flag, captures); err != nil {
			return err
		}
	}
	if f.Split == "" {
		return nil
	}
	switch entries, err := os.ReadDir(f.Split); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return cli.Usagef("--split %s: %w: name a folder that is not there yet", f.Split, cli.Cause(err))
	case len(entries) > 0:
		return cli.Usagef("--split %s: the folder is not empty, and nothing in it is overwritten: name another", f.Split)
	}
	return nil
}

// Copier copies the packets of a replay. It is told which CPU each was on by the
// first mode, and reads the captures a second time when that is known.
type Copier struct {
	env   *cli.Env
	flags *CopyFlags
	set   *settings.Settings
	mode  engine.Mode
	moves bool     // the table may change
	cpus  []uint16 // of each packet replayed: the index of the CPU that indicated it, or notTaken
	irqs  []uint16 // and of the CPU that steered it on, or notTaken; empty where none does

	queues []uint16 // of each packet replayed, where the table changes: its queue at its arrival, or notTaken

	// Of the finished replay.
	Input *input.Input
	Done  *input.Replayed

	splitter *splitter // nil without --split
	packet   copiedPacket
}

// notTaken: no CPU indicated the packet; it was sent, or dropped.
const notTaken = 1<<16 - 1

// NewCopier copies what a replay under s makes of the packets: Observe is to watch it, and
// Input and Done to be set when it is over.
func NewCopier(e *cli.Env, f *CopyFlags, s *settings.Settings) *Copier {
	return &Copier{env: e, flags: f, set: s, mode: s.Modes[0], moves: s.Moves()}
}

// Observe is the replay's observer.
func (c *Copier) Observe(e engine.Event) {
	if e.Mode != c.mode {
		return
	}
	switch e.Kind {
	case engine.Indicate:
		note(&c.cpus, e.Packet, e.CPU)
	case engine.Steer:
		note(&c.irqs, e.Packet, e.CPU)
	case engine.Publish, engine.Drop:
		if c.moves {
			note(&c.queues, e.Packet, e.Queue)
		}
	}
}

// note notes a packet's number of something.
func note(of *[]uint16, packet int64, n int) {
	for int64(len(*of)) <= packet {
		*of = append(*of, notTaken)
	}
	(*of)[packet] = uint16(n)
}

// noted is what was noted of the packet, or notTaken.
func noted(of []uint16, packet int64) uint16 {
	if packet < 0 || packet >= int64(len(of)) {
		return notTaken
	}
	return of[packet]
}

// Write writes the capture of --write.
func (c *Copier) Write(w io.Writer) error {
	out, err := file.NewWriter(w, copiedBy())
	if err != nil {
		return err
	}
	return c.pass(func(p *copiedPacket) error { return out.Write(&p.record, p.comment) })
}

// SplitUp makes the captures of --split, which finish gives their name.
func (c *Copier) SplitUp() (err error) {
	if c.flags.Split == "" {
		return nil
	}
	if c.splitter, err = newSplitter(&c.env.Scratch, c.flags.Split, c.set.Config.CPUs); err == nil {
		err = c.pass(c.splitter.write)
	}
	if err == nil {
		err = c.splitter.flush()
	}
	if err != nil {
		c.Close()
		return fmt.Errorf("--split %s: %w", c.flags.Split, cli.Cause(err))
	}
	return nil
}

// Finish ends what SplitUp began, and says what is in none of its files.
func (c *Copier) Finish() error {
	if c.splitter == nil {
		return nil
	}
	if err := c.splitter.finish(); err != nil {
		return fmt.Errorf("--split %s: %w", c.flags.Split, cli.Cause(err))
	}
	for _, none := range []struct {
		packets uint64
		kind    string
	}{{c.splitter.sent, "sent"}, {c.splitter.dropped, "dropped"}} {
		if none.packets > 0 {
			fmt.Fprintf(c.env.Stderr, "rssreplay: note: --split %s: the files leave out %s, which no CPU took\n", report.Clean(c.flags.Split), report.Plural(none.packets, none.kind+" packet", none.kind+" packets"))
		}
	}
	return nil
}

// Close removes what finish has not given its name.
func (c *Copier) Close() {
	if c.splitter != nil {
		c.splitter.remove()
	}
}

// copiedBy is the program as a capture's section header names it.
func copiedBy() string { return cli.Tool().Name + " " + cli.Tool().Version }

// copiedPacket is a packet with what the NIC and the mode made of it, valid until
// the next one.
type copiedPacket struct {
	record  pcaps.Record
	comment []byte
	sent    bool
	cpu     uint16 // as in Copier.cpus
}

// pass reads the captures, to the packet that was the last one replayed.
func (c *Copier) pass(write func(*copiedPacket) error) error {
	packets := c.Done.Result.Packets
	if packets == 0 {
		return nil
	}
	flags, again := *c.Input.Flags, *c.Input
	flags.Packets = packets
	again.Flags, again.Directions = &flags, c.Done.Directions
	var failed error
	read, err := again.Pass(c.env, c.set, input.PassOptions{Observers: input.Observers{Arrive: func(a dispatch.Arrival) {
		if failed == nil {
			c.describe(&a)
			failed = write(&c.packet)
		}
	}}})
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return err
	case errors.Is(read.Result.Damage, file.ErrInterrupted):
		return errors.New("interrupted while it was written: nothing of it was kept")
	case read.Result.Packets != packets:
		return fmt.Errorf("of %s packets that were replayed, %s are there when the captures are read again: they have changed", report.Exact(uint64(packets)), report.Exact(uint64(read.Result.Packets)))
	}
	return nil
}

// describe makes c.packet the packet as it is copied.
func (c *Copier) describe(a *dispatch.Arrival) {
	p := &c.packet
	p.record, p.cpu = *a.Record, notTaken
	p.record.Queue, p.record.Hash, p.record.HasHash = -1, 0, false
	var tuple pcaps.Tuple
	tuple.Set(a.Outer)
	if p.sent = c.Done.Directions.Sent(&tuple, a.Outer.Direction); p.sent {
		p.record.Direction = pcaps.Outbound
		p.comment = append(p.comment[:0], "sent"...)
		return
	}
	// Also where the capture says otherwise or nothing: --direction and --local
	// may have told it, and the copy is to be replayed without them.
	p.record.Direction = pcaps.Inbound
	p.cpu = noted(c.cpus, a.Packet)
	irq := noted(c.irqs, a.Packet)
	d := c.set.Steering.DecideFrame(a.Header, a.Extension, a.Compared)
	if queue := noted(c.queues, a.Packet); queue != notTaken {
		d.Queue = queue
	}
	c.steered(&p.record, d)
	p.comment = c.appendComment(p.comment[:0], p.cpu, irq, d)
}

// steered is the packet's hash and hardware queue: none where a rule dropped it. Without
// RSS the NIC computes no hash; that mode and the one with a single queue have one, number 0.
func (c *Copier) steered(rec *pcaps.Record, d nicmodel.Decision) {
	switch {
	case d.Rule > 0 && d.Target < 0:
	case c.mode == engine.RSSMSIX || c.mode == engine.RSSHWQueues:
		rec.Queue = int32(d.Queue)
	default:
		rec.Queue = 0
	}
	if c.mode != engine.NonRSS && d.Type != hash.None {
		rec.Hash, rec.HasHash = d.Hash, true
	}
}

// appendComment appends "cpu=3 entry=17 hash=0x51ccc178 tcp_ipv4",
// "cpu=0 unhashed=not_ip" or, where there was no free buffer, "dropped …". Where rules or
// RPS may decide, it says which stage did: "cpu=3 irq=2 by=rps …".
func (c *Copier) appendComment(b []byte, cpu, irq uint16, d nicmodel.Decision) []byte {
	if cpu == notTaken {
		b = append(b, "dropped"...)
	} else {
		b = strconv.AppendInt(append(b, "cpu="...), int64(c.set.Config.CPUs[cpu]), 10)
	}
	b = c.appendStage(b, cpu, irq, d)
	switch {
	case c.mode == engine.NonRSS:
		return b
	case d.Type == hash.None && d.Rule > 0:
		return b
	case d.Type == hash.None:
		return append(append(b, " unhashed="...), d.Why.String()...)
	}
	if d.Rule == 0 {
		b = strconv.AppendInt(append(b, " entry="...), int64(d.Entry), 10)
	}
	b = append(b, " hash=0x"...)
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[d.Hash>>shift&15])
	}
	return append(append(b, ' '), d.Type.String()...)
}

// appendStage appends " by=rss", " by=rule:2045" or, with the CPU of the interrupt,
// " irq=2 by=rps"; with RPS the rule that chose the queue besides, " irq=2 by=rps
// rule:2045". Without rules and RPS it appends nothing, nor where without RSS nobody decided.
func (c *Copier) appendStage(b []byte, cpu, irq uint16, d nicmodel.Decision) []byte {
	ruled := d.Rule > 0 && (c.mode != engine.NonRSS || d.Target < 0) // without RSS a rule can only drop
	rps := c.set.Config.RPS.Active(c.mode)
	if rps {
		by := irq
		if irq == notTaken {
			by = cpu
		}
		if by != notTaken {
			b = strconv.AppendInt(append(b, " irq="...), int64(c.set.Config.CPUs[by]), 10)
		}
	}
	rule := func() []byte {
		return strconv.AppendInt(append(b, "rule:"...), int64(c.set.Steering.NTuple().All()[d.Rule-1].Location), 10)
	}
	switch {
	case irq != notTaken:
		if b = append(b, " by=rps"...); ruled {
			b = append(b, ' ')
			b = rule()
		}
	case ruled:
		b = append(b, " by="...)
		b = rule()
	case c.mode != engine.NonRSS && (rps || c.set.Steering.NTuple() != nil):
		b = append(b, " by=rss"...)
	}
	return b
}
