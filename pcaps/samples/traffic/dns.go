package main

import "encoding/binary"

// dnsHeader is the length of a DNS message's header (RFC 1035, section 4.1.1).
const dnsHeader = 12

// dnsQuery returns a query for the address of label.example.; the label is at
// most 63 bytes.
func dnsQuery(id uint16, label string) []byte {
	q := binary.BigEndian.AppendUint16(nil, id)
	q = append(q, 0x01, 0x00) // RD
	q = append(q, 0, 1, 0, 0, 0, 0, 0, 0)
	q = append(q, byte(len(label)))
	q = append(q, label...)
	q = append(q, "\x07example\x00"...)
	return append(q, 0, 1, 0, 1) // A, IN
}

// dnsAnswer returns a query with one address appended, or nil for what is too
// short to be a query. It trusts the rest: it answers dnsQuery only.
func dnsAnswer(query []byte) []byte {
	if len(query) < dnsHeader {
		return nil
	}
	a := append([]byte(nil), query...)
	a[2], a[3] = 0x81, 0x80        // QR, RD, RA
	a[7] = 1                       // one answer
	a = append(a, 0xc0, dnsHeader) // its name: the question's
	a = append(a, 0, 1, 0, 1)      // A, IN
	a = append(a, 0, 0, 0x0e, 0x10, 0, 4)
	return append(a, 192, 0, 2, a[1])
}
