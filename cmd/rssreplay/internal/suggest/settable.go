package suggest

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/nicmodel/nictext"
	"rssreplay/nicmodel/profile"
)

// This file is how to set what is suggested, by what sets it on the NIC.

const (
	// The kernel's netlink message RSS_SET takes a whole table; ethtool sends none.
	bySet         = "ethtool can't set single entries. The kernel can, by netlink (RSS_SET): here through its tool ynl."
	setSince      = "Linux 6.17"
	noWindowsTool = "No stock tool sets it: Windows fills and moves the entries itself. It can be told only which processors, and how, by `Set-NetAdapterRss`: -BaseProcessorNumber, -MaxProcessors, -NumberOfReceiveQueues, and -Profile (NUMAStatic moves nothing)."
	byApplication = "No stock tool sets it: the application that has the NIC does, with rte_eth_dev_rss_reta_update."
	byConfigure   = "No stock tool sets it: the application that has the NIC does, with rte_eth_dev_rss_hash_update."
	windowsFields = "No stock tool sets it: Windows and the NIC's driver agree on the hash types."
)

// unsettable is why ethtool can't set on the NIC what the candidate changes; ""
// if it can, as far as is known.
func (c *candidates) unsettable(one *candidate) string {
	p := c.settings.Profile
	if c.settings.Untabled(one.sets) != "" {
		return one.Summary + " It can't be set on an interface without a table."
	}
	if p == nil || c.settings.Tool() != profile.Ethtool {
		return ""
	}
	var why string
	switch fixed := p.Unsettable(one.sets); {
	case fixed&profile.SetTable != 0:
		why = "The driver lets nobody set the table"
	case !slices.Equal(one.settings.Config.Table, c.settings.Config.Table) && !p.Takes(one.settings.Config.Table):
		why = "The driver takes no table but round robin over 1, 2, 4, 8 or 16 queues, from queue 0"
	case fixed&profile.SetKey != 0:
		why = "The driver lets nobody set the key"
	case fixed&profile.SetFields != 0 && p.FlowHashUntrue:
		why = "ethtool -N would say that it is done, but the host is never told"
	case fixed&profile.SetFields != 0:
		why = "The driver lets nobody choose the hashed fields"
	case fixed&profile.SetTransform != 0:
		why = "The driver has no xfrm symmetric-xor"
	default:
		return ""
	}
	return fmt.Sprintf("%s %s (profile %s).", one.Summary, why, p.Name)
}

// setEntries is how to set a table entry by entry.
func (c *candidates) setEntries(of *candidate, table nicmodel.IndirectionTable) {
	switch c.settings.Tool() {
	case profile.Ethtool:
		of.Note, of.Needs = bySet, setSince
		of.Commands = []string{fmt.Sprintf(`ynl --family ethtool --do rss-set --json '{"header":{"dev-name":"%s"},"indir":[%s]}'`, strings.Trim(c.device, "'"), strings.TrimPrefix(assemble.ListLayout(table), "list:"))}
	case profile.PowerShell:
		of.Note = noWindowsTool
	default:
		of.Note = byApplication
	}
}

// setEqual is how to set round robin. Windows counts CPUs, from a first one on.
func (c *candidates) setEqual(of *candidate, equal balance.Equal) {
	if c.settings.Tool() == profile.Ethtool {
		of.Commands = []string{fmt.Sprintf("ethtool -X %s %s", c.device, equal.Args())}
		return
	}
	config := &c.settings.Config
	of.Note = "Windows chooses the entries itself; this limits it to as many CPUs, from that one on."
	first := fmt.Sprintf("-BaseProcessorNumber %d", config.CPUs[config.QueueCPU[equal.Start]])
	if p := nictext.ProcessorOf(config.CPUs[config.QueueCPU[equal.Start]]); config.CPUs[len(config.CPUs)-1] > 63 { // there are several groups
		first = fmt.Sprintf("-BaseProcessorGroup %d -BaseProcessorNumber %d", p.Group, p.Number)
	}
	of.Commands = []string{fmt.Sprintf("Set-NetAdapterRss -Name %s -Profile NUMAStatic %s -MaxProcessors %d -NumberOfReceiveQueues %d",
		c.device, first, equal.Queues, equal.Queues)}
}

// transformToo is how the hash's input stays as the candidate has it, with a driver that takes
// a command which says nothing of it as xfrm symmetric-xor, and that the table stays. Sources:
// Linux 6.12, ice_set_rxfh and iavf_set_rxfh, which find its bit in RXH_XFRM_NO_CHANGE, and
// i40e_set_rxfh; ethtool 6.9, do_srxfh. A patch for ice is on
// intel-wired-lan (26 June 2026, "ice: implement symmetric RSS hash configuration").
func (c *candidates) transformToo(of *candidate) {
	p := c.settings.Profile
	if p == nil || c.settings.Tool() != profile.Ethtool {
		return
	}
	var notes []string
	for i, command := range of.Commands {
		switch {
		case !p.SetsTransform || strings.Contains(command, " xfrm "):
		case strings.HasPrefix(command, "ynl "):
			notes = append(notes, fmt.Sprintf("%s may turn symmetric-xor on with it (a fault of its driver in Linux 6.12): `ethtool -x %s` shows it.", p.Name, c.device))
		case strings.HasPrefix(command, "ethtool -X "):
			of.Commands[i] = fmt.Sprintf("%s xfrm %s", command, of.settings.Steering.Config().Transform)
			notes = append(notes, fmt.Sprintf("Without xfrm, %s would turn symmetric-xor on (a fault of its driver in Linux 6.12). Before ethtool 6.9, which does not know the word, leave it out.", p.Name))
		}
	}
	if n := of.settings.Config.Queues; p.KeyResetsTable && !profile.IsEqual(of.settings.Config.Table, n) && of.sets&profile.SetTable == 0 && of.sets&(profile.SetKey|profile.SetTransform) != 0 {
		notes = append(notes, fmt.Sprintf("%s puts the table back to equal %d with it: set yours again, with a command that says the key, too.", p.Name, n))
	}
	of.Note = strings.TrimSpace(of.Note + " " + strings.Join(notes, " "))
}

// setFields is how to choose the hashed fields of kinds of packets.
func (c *candidates) setFields(of *candidate, kinds []string, fields string) {
	switch {
	case c.settings.Tool() == profile.PowerShell:
		of.Note = windowsFields
	case c.settings.Tool() == profile.Application:
		of.Note = byConfigure
	default:
		for _, kind := range kinds {
			of.Commands = append(of.Commands, fmt.Sprintf("ethtool -N %s rx-flow-hash %s %s", c.device, kind, fields))
		}
	}
}

// setKey is how to set a hash key.
func (c *candidates) setKey(of *candidate, key hash.Key) {
	switch c.settings.Tool() {
	case profile.Ethtool:
		if c.settings.Profile == nil {
			of.Note = "Where the driver lets one set the key: those that show none do not (igb, igc, vmxnet3)."
		}
		of.Commands = []string{fmt.Sprintf("ethtool -X %s hkey %s", c.device, key)}
	case profile.PowerShell:
		of.Note = "No stock tool sets it: Windows chooses the key."
	default:
		of.Note = byConfigure
	}
}
