package file

import (
	"math"
	"slices"

	"rssreplay/pcaps"
)

// Info is what a Reader knows of its capture so far; whole once Read has
// returned an error (io.EOF included).
type Info struct {
	Name        string
	Format      string           // "pcap", "modified pcap" or "pcapng"
	Compression string           // "gzip", "zstd", "lz4", "xz" or "bzip2"; "" if it is not compressed
	FileBytes   int64            // of a file its size, of a pipe what was read so far; compressed bytes, if they are
	LinkTypes   []pcaps.LinkType // of the file or its interfaces, in order of appearance
	Truncated   bool             // the file ends inside a record

	Packets        int64       // records returned
	Hashes         int64       // of them, with a Toeplitz hash that the NIC computed: epb_hash
	Predicted      int64       // records whose hash or queue rssreplay predicted (--write): no NIC computed it
	OtherHashes    int64       // epb_hash options of other functions than Toeplitz
	NoTimestamp    int64       // of them, pcapng's simple packets: they take the last timestamp before them
	ShortWire      int64       // of them, whose original length is below the captured one
	ClampedTime    int64       // of them, whose timestamp does not fit signed 64-bit ns and was clamped
	BadOptions     int64       // pcapng blocks whose options do not lie whole inside them, and were left out
	DroppedBetween int64       // packets lost according to the packet blocks (epb_dropcount)
	Interfaces     []Interface // pcapng's, over all sections; their index is Record.Interface
	Skipped        Skipped     // pcapng's
	Comment        string      // pcapng's first of a whole section, as dumpcap --capture-comment writes it; at most maxComment bytes and "…"
}

// Interface is one pcapng interface description with its last statistics.
type Interface struct {
	Name       string // if_name, as it stands there (anything may); "" if it has none
	Link       pcaps.LinkType
	SnapLength uint32 // bytes, 0 if no limit
	// These count packets since the capture began: isb_ifrecv, isb_filteraccept,
	// isb_usrdeliv, isb_ifdrop (the interface lacked resources) and isb_osdrop.
	// -1 where the capture does not say.
	Received, Accepted, Delivered, Dropped, OSDropped int64
}

// Skipped counts pcapng blocks that say nothing of packets.
type Skipped struct {
	Names   int64 // name resolution
	Secrets int64 // decryption secrets
	Custom  int64
	Other   int64 // of types that this package does not know
}

func (s *Skipped) count(kind uint32) {
	switch kind {
	case blockNames:
		s.Names++
	case blockSecrets:
		s.Secrets++
	case blockCustom, blockCustomNoCopy:
		s.Custom++
	default:
		s.Other++
	}
}

func (i *Info) sawLink(l pcaps.LinkType) {
	if !slices.Contains(i.LinkTypes, l) {
		i.LinkTypes = append(i.LinkTypes, l)
	}
}

// lost counts packets that a block says were lost.
func (i *Info) lost(packets int64) {
	i.DroppedBetween += min(packets, math.MaxInt64-i.DroppedBetween)
}

// SaysDirection is Set.SaysDirection of one capture.
func (r *Reader) SaysDirection() bool { return r.info.saysDirection() }

func (i *Info) saysDirection() bool {
	return i.Format != "pcap" || slices.ContainsFunc(i.LinkTypes, pcaps.LinkType.SaysDirection)
}
