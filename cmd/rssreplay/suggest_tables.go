package main

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/nicmodel/layout"
)

// This file is the candidates that differ in their table alone.

// entries is the table with each entry free.
func (c *candidates) entries(best nicmodel.IndirectionTable) {
	now := c.settings.config.Table
	moves := c.balance.Moves(now, best)
	if moves == 0 {
		c.decline("entries", "No table was found that is better than the present one, which has %s on the part to find it on.", c.imbalance(now))
		return
	}
	added := c.withTable("entries", listLayout(best), c.settings, best)
	added.summary = fmt.Sprintf("Each entry free: %d of %d move to another CPU.", moves, len(now))
	c.setEntries(added, best)
}

// nearBest is how far above the best table found the default target is.
const nearBest = 1.05

// defaultTarget is the imbalance that is good enough where it can be reached.
const defaultTarget = 1.1

// fewMoves is a table with few entries moved: the fewest that reach the target,
// or the best with as many as allowed.
func (c *candidates) fewMoves(best nicmodel.IndirectionTable) error {
	b, now := c.balance, c.settings.config.Table
	bound := b.Imbalance(b.Bound())
	target := c.target
	most := c.maxMoves
	if most < 0 {
		most = len(now)
	}
	var found *balance.Moved
	switch {
	case target > 0 && b.LimitOf(target) < b.Bound():
		return usagef("--target %g: no table reaches it: %s; the least possible is %.3f", target, c.whyBound(), bound)
	case target > 0:
		limit := b.LimitOf(target)
		if found = b.FewestMoves(now, limit, most); found == nil {
			hint := fmt.Sprintf("the best table found has %.3f", b.Imbalance(b.Peak(best)))
			if any := b.FewestMoves(now, limit, len(now)); any != nil {
				hint = fmt.Sprintf("%d do", any.Moves)
			}
			within := b.BestWithin(now, most)
			if c.maxMoves < 0 {
				return usagef("--target %g: no table was found that reaches it: %s", target, hint)
			}
			return usagef("--target %g is out of reach with --max-moves %d: %s, and %d reach %.3f", target, c.maxMoves, hint, c.maxMoves, b.Imbalance(b.Peak(within.Table)))
		}
	case c.maxMoves > 0:
		found = b.BestWithin(now, most)
		target = b.Imbalance(b.Peak(found.Table))
	default:
		target = max(defaultTarget, nearBest*b.Imbalance(b.Peak(best)))
		found = b.FewestMoves(now, b.LimitOf(target), b.Moves(now, best)-1)
		if found == nil || found.Moves == 0 {
			return nil // nothing was asked for, and entries says it
		}
	}
	if found.Moves == 0 {
		c.decline("few-moves", "The present table has %s already.", c.imbalance(now))
		return nil
	}
	added := c.withTable("few-moves", listLayout(found.Table), c.settings, found.Table)
	fewest := "the fewest found"
	if found.Fewest {
		fewest = "the fewest possible"
	}
	if c.maxMoves > 0 && c.target == 0 {
		added.summary = fmt.Sprintf("At most %s moved: the best found moves %d.", plural(uint64(c.maxMoves), "entry", "entries"), found.Moves)
	} else {
		added.summary = fmt.Sprintf("Few entries moved: %d, %s for an imbalance of at most %.3f.", found.Moves, fewest, target)
	}
	c.setEntries(added, found.Table)
	return nil
}

// whyBound says what the bound comes from.
func (c *candidates) whyBound() string {
	b := c.balance
	heaviest := b.Heaviest()
	switch bound := b.Bound(); {
	case bound == slices.Max(b.Fixed):
		return "that much has no hash, and goes to the default queue"
	case bound <= b.Total()/uint64(len(b.Fixed))+1:
		return "loads are whole packets, bytes or ns"
	default:
		return fmt.Sprintf("entry %d alone has %.3f of a CPU's fair share", heaviest, b.Imbalance(b.Entries[heaviest]))
	}
}

// weights is the best table that ethtool's weights can set.
func (c *candidates) weights(id, summary string, of *settings, b *balance.Task) {
	w, exact := b.BestWeights()
	table, err := fillLayout(w.Layout(), len(of.config.Table), of.config.Queues)
	if err != nil {
		c.decline(id, "%v", err)
		return
	}
	if of == c.settings && slices.Equal(table, of.config.Table) {
		c.decline(id, "The best weights, %s, are the present table.", w.Args())
		return
	}
	added := c.withTable(id, w.Layout(), of, table)
	added.summary = summary + "Contiguous blocks, the best that ethtool's weights can set."
	if !exact {
		added.summary = summary + "Contiguous blocks, the best found that ethtool's weights can set; queues share CPUs, so others may be better."
	}
	added.commands = []string{fmt.Sprintf("ethtool -X %s weight %s", c.device, w.Args())}
}

// fillLayout is the table of a layout of numbers alone.
func fillLayout(spec string, size, queues int) (nicmodel.IndirectionTable, error) {
	layout, err := layout.ParseLayout(spec)
	if err != nil {
		return nil, err
	}
	return layout.Fill(size, queues)
}

// listLayout is the table as --layout takes it.
func listLayout(table nicmodel.IndirectionTable) string {
	return "list:" + joinEntries(table)
}

func joinEntries(table nicmodel.IndirectionTable) string {
	words := make([]string, len(table))
	for i, queue := range table {
		words[i] = fmt.Sprint(queue)
	}
	return strings.Join(words, ",")
}

// equal is the best round robin over some of the queues.
func (c *candidates) equal() {
	s := c.settings
	equal := c.balance.BestEqual()
	table, err := fillLayout(equal.Layout(), len(s.config.Table), s.config.Queues)
	if err != nil {
		c.decline("equal", "%v", err)
		return
	}
	if slices.Equal(table, s.config.Table) {
		c.decline("equal", "The best round robin, %s, is the present table.", equal.Args())
		return
	}
	added := c.withTable("equal", equal.Layout(), s, table)
	added.summary = fmt.Sprintf("Round robin over %d of %d queues, from queue %d.", equal.Queues, s.config.Queues, equal.Start)
	c.setEqual(added, equal)
}
