package flows

import (
	"fmt"

	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
	"rssreplay/pcaps"
	"rssreplay/report"
)

// rpsChoice is how receive packet steering chooses the CPU of a packet of a queue; nil
// without it. own is the hash that the stack makes of the packet.
func rpsChoice(s *settings.Settings, d *nicmodel.Decision, queue int, h *pcaps.Header, own uint32) *report.RPSChoice {
	steering := s.Config.RPS
	if steering == nil {
		return nil
	}
	mask := s.Masks[queue]
	c := &report.RPSChoice{Queue: queue, Mask: mask, SecretGiven: s.SecretGiven}
	if len(mask) == 0 {
		return c
	}
	value := own
	if c.OwnHash = steering.Passed&rps.KindOf(d.Type, h.Protocol, h.Facts) == 0; !c.OwnHash {
		value = d.Hash
	}
	if !s.Shown.HidesHashes() {
		c.Hash = new(fmt.Sprintf("0x%08x", value))
	}
	if value != 0 {
		place := rps.Choose(value, len(mask))
		if cpu := mask[place]; steering.CPUs[queue][place] == engine.OfflineCPU {
			c.Offline = &cpu
		} else {
			c.CPU = &cpu
		}
	}
	return c
}

// ownHash is the hash that the stack makes of an untagged packet with that header.
func ownHash(s *settings.Settings, h *pcaps.Header) uint32 {
	var t pcaps.Tuple
	t.Set(h)
	return s.Secret.OfFlow(&t)
}
