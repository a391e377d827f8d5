package pcaps

import (
	"io"
	"slices"
)

// Chain reads several captures one after the other, in the order given. All are
// opened at once, so that a missing one is known before the first is read.
type Chain struct {
	readers []*Reader
	at      int
}

// OpenChain opens the captures by open; if one can't be opened, none stays open.
func OpenChain(names []string, open func(name string) (*Reader, error)) (*Chain, error) {
	c := &Chain{}
	for _, name := range names {
		r, err := open(name)
		if err != nil {
			c.Close()
			return nil, err
		}
		c.readers = append(c.readers, r)
	}
	return c, nil
}

// Read is Reader.Read over all captures. A damaged capture is the end: what
// follows it would be replayed at the wrong times.
func (c *Chain) Read(recs []Record) (int, error) {
	for c.at < len(c.readers) {
		n, err := c.readers[c.at].Read(recs)
		if err == io.EOF {
			c.at++
			err = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

// Info is each capture's Info, in order.
func (c *Chain) Info() []Info {
	infos := make([]Info, len(c.readers))
	for i, r := range c.readers {
		infos[i] = r.Info()
	}
	return infos
}

// SaysDirection reports whether any packet still to come may say its own
// direction.
func (c *Chain) SaysDirection() bool {
	for _, r := range c.readers {
		if r.SaysDirection() {
			return true
		}
	}
	return false
}

// Close closes all captures.
func (c *Chain) Close() error {
	var first error
	for _, r := range c.readers {
		if err := r.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// SaysDirection reports whether any packet still to come may say its own
// direction: in pcapng any may, in classic pcap those of Linux cooked links.
func (r *Reader) SaysDirection() bool {
	info := r.Info()
	return info.Format != "pcap" || slices.ContainsFunc(info.LinkTypes, func(l LinkType) bool {
		return l == LinkSLL || l == LinkSLL2
	})
}
