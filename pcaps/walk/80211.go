package walk

import (
	"encoding/binary"

	"rssreplay/pcaps"
)

// radiotap steps over a radiotap header (https://www.radiotap.org) to the 802.11
// frame.
func (w *walker) radiotap(b []byte) {
	const (
		fixedBytes   = 8
		hasTSFT      = 1 << 0
		hasFlags     = 1 << 1
		morePresent  = 1 << 31
		tsftBytes    = 8
		padded       = 0x20 // flags: the header of the frame is padded to 4 bytes
		presentBytes = 4
	)
	if len(b) < fixedBytes {
		w.Reason = pcaps.ShortLink
		return
	}
	size := int(binary.LittleEndian.Uint16(b[2:]))
	if size < fixedBytes || size > len(b) {
		w.Reason = pcaps.ShortLink
		return
	}
	at := presentBytes
	present := binary.LittleEndian.Uint32(b[at:])
	for more := present; more&morePresent != 0; {
		if at += presentBytes; at+presentBytes > size {
			w.Reason = pcaps.ShortLink
			return
		}
		more = binary.LittleEndian.Uint32(b[at:])
	}
	at += presentBytes
	if present&hasTSFT != 0 {
		at = (at+tsftBytes-1)&^(tsftBytes-1) + tsftBytes
	}
	pad := present&hasFlags != 0 && at < size && b[at]&padded != 0
	w.frame80211(b[size:], pad)
}

// frame80211 reads an 802.11 frame, whose header may be padded to four bytes. An
// unencrypted data frame holds LLC and SNAP in the place of Ethernet's type: for
// the host it is an Ethernet frame. An aggregate (A-MSDU) is several and is not
// read.
func (w *walker) frame80211(b []byte, padded bool) {
	const (
		minBytes                           = 24
		typeMask, typeData                 = 0x0c, 0x08
		withoutData, withQoS               = 0x40, 0x80
		toDS, fromDS, encrypted, withOrder = 0x01, 0x02, 0x40, 0x80
		aggregate                          = 0x80
		addressBytes, qosBytes, htBytes    = 6, 2, 4
	)
	if len(b) < 2 {
		w.Reason = pcaps.ShortLink
		return
	}
	control, flags := b[0], b[1]
	if control&3 != 0 || control&typeMask != typeData || control&withoutData != 0 || flags&encrypted != 0 {
		w.Reason = pcaps.NotIP
		return
	}
	size := minBytes
	if flags&(toDS|fromDS) == toDS|fromDS {
		size += addressBytes
	}
	if control&withQoS != 0 {
		if size+qosBytes > len(b) {
			w.Reason = pcaps.ShortLink
			return
		}
		if b[size]&aggregate != 0 {
			w.Reason = pcaps.NotIP
			return
		}
		size += qosBytes
		if flags&withOrder != 0 {
			size += htBytes
		}
	}
	if padded {
		size = (size + 3) &^ 3
	}
	if size+snapBytes > len(b) {
		w.Reason = pcaps.ShortLink
		return
	}
	if b = b[size:]; !isSNAP(b) {
		w.Reason = pcaps.LLC
		w.Encapsulations |= 1 << pcaps.LLC8022
		return
	}
	w.etherType(binary.BigEndian.Uint16(b[snapBytes-2:]), b[snapBytes:])
}
