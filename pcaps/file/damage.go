package file

import (
	"errors"
	"fmt"
	"strings"

	"rssreplay/pcaps/grouped"
)

// ErrInterrupted is the error of a DamageError that is none of the capture: the
// user ended the reading.
var ErrInterrupted = errors.New("interrupted")

// DamageError says that a capture ends early or is damaged. Every record before
// the damage has been returned, so that what was read can still be reported.
type DamageError struct {
	File   string
	Packet int64 // the damaged record, counted from 1; with After, the last whole one
	After  bool  // the damage lies after Packet, in something that is no packet record
	Offset int64 // of the damaged record or block in the file, bytes; -1 if it could not be opened
	Packed bool  // the file is compressed, and Offset counts what it holds
	What   string
	Cut    bool  // the file ends inside a record: it was cut off
	Err    error // of the read that stopped, nil if the bytes themselves are wrong
}

// Error names file, packet and place: "a.pcap: packet 812 (byte 61234): …".
func (e *DamageError) Error() string {
	place := "packet"
	if e.After {
		place = "after packet"
	}
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %s %s: %s", e.File, place, grouped.Int(e.Packet), e.What)
	}
	unpacked := ""
	if e.Packed {
		unpacked = " decompressed"
	}
	return fmt.Sprintf("%s: %s %s (byte %s%s): %s", e.File, place, grouped.Int(e.Packet), grouped.Int(e.Offset), unpacked, e.What)
}

// Unwrap is the error of the read that stopped, if one did.
func (e *DamageError) Unwrap() error { return e.Err }

// DamagesError is the damage of one or several captures of a Set.
type DamagesError struct {
	All []*DamageError // in the order of reading; at least one
}

func (d *DamagesError) Error() string {
	var all []string
	for _, one := range d.All {
		all = append(all, one.Error())
	}
	return strings.Join(all, "; ")
}

func (d *DamagesError) Unwrap() []error {
	var all []error
	for _, one := range d.All {
		all = append(all, one)
	}
	return all
}

// damage is what a decoder finds; the Reader knows file, packet and offset.
type damage struct {
	what  string
	after bool  // it is in no packet record
	back  int64 // bytes by which the damaged block began before where decoding stands
	err   error // of the read that stopped
}

func damaged(format string, args ...any) *damage {
	return &damage{what: fmt.Sprintf(format, args...)}
}

// between marks damage that is in no packet record.
func (d *damage) between() *damage {
	d.after = true
	return d
}
