package assemble

import (
	"errors"

	"rssreplay/pcaps/file"
	"rssreplay/report"
	"rssreplay/report/anonymize"
)

// addFiles tells of the files that were read, and what they say of themselves.
func (a *ReportBuilder) addFiles(c *report.Capture) {
	c.Order, c.Overlaps, c.Overlap = orderName(a.Order), uint64(a.Order.Overlaps), a.Order.Overlap
	damages := &file.DamagesError{}
	errors.As(a.Result.Damage, &damages)
	shown := a.Settings.Shown
	for _, info := range a.Files {
		f := report.File{Name: shown.File(info.Name), Format: info.Format, FileBytes: uint64(info.FileBytes), Truncated: info.Truncated, Hashes: uint64(info.Hashes), Comment: shown.Words(info.Comment, "")}
		if info.Compression != "" {
			f.Compression = &info.Compression
		}
		for _, l := range info.LinkTypes {
			f.LinkTypes = append(f.LinkTypes, l.String())
		}
		for _, damage := range damages.All {
			if damage.File == info.Name {
				f.Loss = new(lossOf(damage, shown))
			}
		}
		if info.Format == "pcapng" {
			f.SkippedBlocks = report.Counts{
				{Name: "name_resolution", Packets: uint64(info.Skipped.Names)},
				{Name: "decryption_secrets", Packets: uint64(info.Skipped.Secrets)},
				{Name: "custom", Packets: uint64(info.Skipped.Custom)},
				{Name: "other", Packets: uint64(info.Skipped.Other)},
			}
		}
		for i := range info.Interfaces {
			f.Interfaces = append(f.Interfaces, captureInterface(&info.Interfaces[i], c, shown))
		}
		c.PacketDrops += uint64(info.DroppedBetween)
		c.Files = append(c.Files, f)
	}
}

// lossOf says what was lost by the damage. The message of an error of the system may name
// folders.
func lossOf(damage *file.DamageError, shown *anonymize.Anonymizer) string {
	of := *damage
	of.File = shown.File(of.File)
	if of.Err != nil {
		of.What = shown.Words(of.What, "reading failed")
	}
	return of.Error()
}

// captureInterface adds what the interface dropped to the capture's. Its name may be
// anything, a host's or a user's.
func captureInterface(i *file.Interface, c *report.Capture, shown *anonymize.Anonymizer) report.Interface {
	said := func(n int64) *uint64 {
		if n < 0 {
			return nil
		}
		return new(uint64(n))
	}
	r := report.Interface{
		LinkType: i.Link.String(), SnapLength: i.SnapLength, Received: said(i.Received), Accepted: said(i.Accepted),
		Delivered: said(i.Delivered), Dropped: said(i.Dropped), OSDropped: said(i.OSDropped),
	}
	if i.Name != "" && shown == nil {
		r.Name = &i.Name
	}
	for _, n := range []*uint64{r.Dropped, r.OSDropped} {
		if n == nil {
			continue
		}
		if c.InterfaceDrops == nil {
			c.InterfaceDrops = new(uint64)
		}
		*c.InterfaceDrops += *n
	}
	return r
}

// orderName is report.Capture.Order.
func orderName(o file.Order) string {
	switch {
	case o.Merged:
		return report.OrderMerged
	case o.Sorted:
		return report.OrderFirstTimestamp
	}
	return report.OrderGiven
}

// fileCaveats are what was assumed or made of records that are not as they ought
// to be.
func (a *ReportBuilder) fileCaveats() []string {
	var untimed, clamped, short, options int64
	for _, info := range a.Files {
		untimed += info.NoTimestamp
		clamped += info.ClampedTime
		short += info.ShortWire
		options += info.BadOptions
	}
	var caveats []string
	for _, c := range []struct {
		n         int64
		one, many string
	}{
		{untimed, "packet carries no timestamp (simple packet block), and is replayed at the last one before it", "packets carry no timestamp (simple packet blocks), and are replayed at the last one before them"},
		{clamped, "timestamp does not fit 64-bit ns, and was clamped", "timestamps do not fit 64-bit ns, and were clamped"},
		{short, "packet's length on the wire is given as less than was captured of it; it is taken as given", "packets' lengths on the wire are given as less than was captured of them; they are taken as given"},
		{options, "pcapng block's options do not lie whole inside it, and were left out", "pcapng blocks' options do not lie whole inside them, and were left out"},
	} {
		if c.n > 0 {
			caveats = append(caveats, report.Plural(uint64(c.n), c.one, c.many)+".")
		}
	}
	return caveats
}
