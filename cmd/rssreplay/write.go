package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/file"
)

// copyFlags say where the packets that were replayed are copied to, each with what
// the replay made of it.
type copyFlags struct {
	write string // a capture of all of them
	split string // a folder with a capture for each CPU
}

func (f *copyFlags) given() bool { return f.write != "" || f.split != "" }

// check refuses what can't be written, or would destroy something.
func (f *copyFlags) check(captures []string) error {
	for _, to := range []struct{ flag, path string }{{"--write", f.write}, {"--split", f.split}} {
		if to.path == "" {
			continue
		}
		if to.path == stdoutPath {
			return usagef("%s - would mix with the report on standard output: name a place for it", to.flag)
		}
		if err := checkTwice(to.flag, captures); err != nil {
			return err
		}
	}
	if f.split == "" {
		return nil
	}
	switch entries, err := os.ReadDir(f.split); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return usagef("--split %s: %w: name a folder that is not there yet", f.split, cause(err))
	case len(entries) > 0:
		return usagef("--split %s: the folder is not empty, and nothing in it is overwritten: name another", f.split)
	}
	return nil
}

// copier copies the packets of a replay. It is told which CPU each was on by the
// first mode, and reads the captures a second time when that is known.
type copier struct {
	env   *env
	flags *copyFlags
	set   *settings
	mode  engine.Mode
	cpus  []uint16 // of each packet replayed: the index of the CPU that indicated it, or notTaken

	// Of the finished replay.
	input *input
	done  *replayed

	splitter *splitter // nil without --split
	packet   copiedPacket
}

// notTaken: no CPU indicated the packet; it was sent, or dropped.
const notTaken = 1<<16 - 1

func newCopier(e *env, f *copyFlags, s *settings) *copier {
	return &copier{env: e, flags: f, set: s, mode: s.modes[0]}
}

// observe is the replay's observer.
func (c *copier) observe(e engine.Event) {
	if e.Kind != engine.Indicate || e.Mode != c.mode {
		return
	}
	for int64(len(c.cpus)) <= e.Packet {
		c.cpus = append(c.cpus, notTaken)
	}
	c.cpus[e.Packet] = uint16(e.CPU)
}

// write writes the capture of --write.
func (c *copier) write(w io.Writer) error {
	out, err := file.NewWriter(w, copiedBy())
	if err != nil {
		return err
	}
	return c.pass(func(p *copiedPacket) error { return out.Write(&p.record, p.comment) })
}

// splitUp makes the captures of --split, which finish gives their name.
func (c *copier) splitUp() (err error) {
	if c.flags.split == "" {
		return nil
	}
	if c.splitter, err = newSplitter(&c.env.scratch, c.flags.split, c.set.config.CPUs); err == nil {
		err = c.pass(c.splitter.write)
	}
	if err == nil {
		err = c.splitter.flush()
	}
	if err != nil {
		c.close()
		return fmt.Errorf("--split %s: %w", c.flags.split, cause(err))
	}
	return nil
}

// finish ends what splitUp began, and says what is in none of its files.
func (c *copier) finish() error {
	if c.splitter == nil {
		return nil
	}
	if err := c.splitter.finish(); err != nil {
		return fmt.Errorf("--split %s: %w", c.flags.split, cause(err))
	}
	for _, none := range []struct {
		packets uint64
		kind    string
	}{{c.splitter.sent, "sent"}, {c.splitter.dropped, "dropped"}} {
		if none.packets > 0 {
			fmt.Fprintf(c.env.stderr, "rssreplay: note: --split %s: %d packets that were %s are in none of the files: no CPU took them\n", printable(c.flags.split), none.packets, none.kind)
		}
	}
	return nil
}

// close removes what finish has not given its name.
func (c *copier) close() {
	if c.splitter != nil {
		c.splitter.remove()
	}
}

// copiedBy is the program as a capture's section header names it.
func copiedBy() string { return tool().Name + " " + tool().Version }

// copiedPacket is a packet with what the NIC and the mode made of it, valid until
// the next one.
type copiedPacket struct {
	record  pcaps.Record
	comment []byte
	sent    bool
	cpu     uint16 // as in copier.cpus
}

// pass reads the captures, to the packet that was the last one replayed.
func (c *copier) pass(write func(*copiedPacket) error) error {
	packets := c.done.result.Packets
	if packets == 0 {
		return nil
	}
	flags, again := *c.input.flags, *c.input
	flags.packets = packets
	again.flags, again.settled = &flags, c.done.directions
	var failed error
	read, err := again.pass(c.env, c.set, nil, nil, dispatch.Scale{}, watch{arrive: func(a dispatch.Arrival) {
		if failed == nil {
			c.describe(&a)
			failed = write(&c.packet)
		}
	}})
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return err
	case errors.Is(read.result.Damage, file.ErrInterrupted):
		return errors.New("interrupted while it was written: nothing of it was kept")
	case read.result.Packets != packets:
		return fmt.Errorf("of %d packets that were replayed, %d are there when the captures are read again: they have changed", packets, read.result.Packets)
	}
	return nil
}

// describe makes c.packet the packet as it is copied.
func (c *copier) describe(a *dispatch.Arrival) {
	p := &c.packet
	p.record, p.cpu = *a.Record, notTaken
	p.record.Queue, p.record.Hash, p.record.HasHash = -1, 0, false
	var tuple pcaps.Tuple
	tuple.Set(a.Outer)
	if p.sent = c.done.directions.Sent(&tuple, a.Outer.Direction); p.sent {
		p.record.Direction = pcaps.Outbound
		p.comment = append(p.comment[:0], "sent"...)
		return
	}
	// Also where the capture says otherwise or nothing: --direction and --local
	// may have told it, and the copy is to be replayed without them.
	p.record.Direction = pcaps.Inbound
	if a.Packet < int64(len(c.cpus)) {
		p.cpu = c.cpus[a.Packet]
	}
	d := c.set.steering.DecideFrame(a.Header, a.Extension, a.Compared)
	c.steered(&p.record, d)
	p.comment = c.appendComment(p.comment[:0], p.cpu, d)
}

// steered is the packet's hash and hardware queue. Without RSS the NIC computes no
// hash; that mode and the one with a single queue have one, number 0.
func (c *copier) steered(rec *pcaps.Record, d nicmodel.Decision) {
	if c.mode == engine.RSSMSIX || c.mode == engine.RSSHWQueues {
		if d.Rule == 0 || d.Target >= 0 {
			rec.Queue = int32(d.Queue)
		}
	} else {
		rec.Queue = 0
	}
	if c.mode != engine.NonRSS && d.Type != hash.None {
		rec.Hash, rec.HasHash = d.Hash, true
	}
}

// appendComment appends "cpu=3 entry=17 hash=0x51ccc178 tcp_ipv4",
// "cpu=0 unhashed=not_ip" or, where there was no free buffer, "dropped …".
func (c *copier) appendComment(b []byte, cpu uint16, d nicmodel.Decision) []byte {
	if cpu == notTaken {
		b = append(b, "dropped"...)
	} else {
		b = strconv.AppendInt(append(b, "cpu="...), int64(c.set.config.CPUs[cpu]), 10)
	}
	switch {
	case c.mode == engine.NonRSS:
		return b
	case d.Rule > 0:
		b = strconv.AppendInt(append(b, " by=rule:"...), int64(c.set.steering.NTuple().All()[d.Rule-1].Location), 10)
		if d.Type == hash.None {
			return b
		}
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
