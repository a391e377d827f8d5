package findings

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// What remedies may have one set: a command that the NIC's driver refuses is none.

// Unsettable is what nobody can set on the NIC, by its driver, as far as is known.
type Unsettable struct {
	Table, Key, Fields, Transform bool
	Rule                          bool // one of `ethtool -N` that takes Largest alone
}

// setFields is the command that has a protocol's fields hashed, over both versions of IP.
func setFields(protocol, fields string) string {
	return fmt.Sprintf("`ethtool -N DEV rx-flow-hash %s4 %s` (and %[1]s6)", protocol, fields)
}

// portsToo is how a protocol's ports come to be hashed, and what replays it.
func (d *diagnosis) portsToo(protocol string) string {
	how := setFields(protocol, "sdfn") + "; its effect: "
	if d.t.Unsettable.Fields {
		how = "the driver lets nobody choose the hashed fields: a NIC that hashes these ports, or more pairs of addresses; what such a NIC would do: "
	}
	return how + d.run("", d.withPorts(protocol)...)
}

// addressesAlone is how a protocol comes to be hashed without its ports, and what replays it.
func (d *diagnosis) addressesAlone(protocol string) string {
	if d.t.Unsettable.Fields {
		return "Datagrams that fit the MTU: the driver lets nobody choose the hashed fields."
	}
	return fmt.Sprintf("%s, or datagrams that fit the MTU. Its effect: %s.", setFields(protocol, "sd"),
		d.run("", Argument{"--rx-flow-hash", protocol + "4=sd"}, Argument{"--rx-flow-hash", protocol + "6=sd"}))
}

// setKey is how to set a random key, and what replays it.
func (d *diagnosis) setKey(key string) string {
	how := "Set a random key: `ethtool -X DEV hkey " + key + "`. Its effect: "
	if d.t.Unsettable.Key {
		how = "The driver lets nobody set the key: see that this is the NIC's own. What a random one would do: "
	}
	return how + d.run("", Argument{"--key", key}) + "."
}

// setEqual is the command that spreads the table over all queues, and what replays it.
func (d *diagnosis) setEqual() string {
	n := len(d.r.Table.QueueCPUs)
	if d.t.PowerShell {
		return d.setQueues(n)
	}
	effect := d.effect(tableFlags, Argument{"--layout", fmt.Sprintf("equal:%d", n)})
	if d.t.Unsettable.Table {
		return "the driver lets nobody set the table: only loading it anew, with its defaults, makes another" + effect
	}
	return fmt.Sprintf("`ethtool -X DEV equal %d`%s", n, effect)
}

// setQueues is the command that has RSS use so many queues, each on a CPU of its own.
func (d *diagnosis) setQueues(n int) string {
	if d.t.PowerShell {
		return fmt.Sprintf("`Set-NetAdapterRss -Name DEV -Profile NUMAStatic -MaxProcessors %d -NumberOfReceiveQueues %[1]d`", n)
	}
	return fmt.Sprintf("`ethtool -L DEV combined %d`, then `ethtool -X DEV default`", n)
}

// property is the command that sets an advanced property of an adapter under Windows, by a
// keyword that is the same of all NICs.
func property(keyword string, value int) string {
	return fmt.Sprintf("`Set-NetAdapterAdvancedProperty -Name DEV -RegistryKeyword %q -RegistryValue %d`", keyword, value)
}

// otherTable is how a better table is found, where one can be set: a sentence behind others, or "".
func (d *diagnosis) otherTable(change ...Argument) string {
	if d.t.Unsettable.Table {
		return ""
	}
	return " " + d.run("suggest", change...) + " looks for a table that lasts."
}

// orApart is the remedy, or a table that keeps other flows off the CPUs, where one can be set.
func (d *diagnosis) orApart(remedy, cpus string, change ...Argument) string {
	other := d.otherTable(change...)
	if other == "" {
		return remedy + "."
	}
	return remedy + "; or keep other flows off " + cpus + ":" + other
}

// setSymmetric is what brings both directions of connections to one CPU.
func (d *diagnosis) setSymmetric() string {
	var ways []string
	if !d.t.Unsettable.Transform {
		ways = append(ways, "`ethtool -X DEV xfrm symmetric-xor` where the NIC can; its effect: "+d.run("", Argument{"--xfrm", "symmetric-xor"}))
	}
	if !d.t.Unsettable.Key {
		ways = append(ways, "a symmetric key (`ethtool -X DEV hkey 6d:5a:6d:5a:…`); its effect: "+d.run("", Argument{"--key", "symmetric"}))
	}
	if len(ways) == 0 {
		by := "an IDS by its own flow hash"
		if !d.t.PowerShell {
			by += " (AF_PACKET fanout)"
		}
		return "The driver lets nobody set the key, nor make the hash symmetric: software can bring the two together, as " + by + "."
	}
	return words.UpperFirst(strings.Join(ways, ". Or ")) + "."
}

// ringFor is the buffers of a ring that takes as many packets, as far as the NIC can have them,
// and how it is set; "" where the ring is as long as it can be.
func (d *diagnosis) ringFor(wanted int) (buffers int, how string) {
	most := d.t.LongestRing
	if most > 0 && wanted > most {
		if wanted = most; d.number("rx-ring", 0) >= most {
			return 0, ""
		}
		how = ", the longest that it can have"
	} else if most == 0 {
		how = " (`ethtool -g DEV` shows the longest)"
	}
	if d.t.PowerShell {
		return wanted, property("*ReceiveBuffers", wanted) + ", as far as the driver takes as many"
	}
	return wanted, fmt.Sprintf("`ethtool -G DEV rx %d`%s", wanted, how)
}

// ownCPU is how a heavy flow comes to have a CPU to itself under RPS, whose masks apply behind
// rules, too.
func (d *diagnosis) ownCPU() string {
	if d.t.Unsettable.Rule {
		return "The driver takes no rule that gives one a queue of its own"
	}
	return "A rule (`ethtool -N DEV …`: rssreplay help rules) can give a heavy one a queue of its own; that queue's mask must be empty, and the table and all other masks must leave its CPU out"
}

// noEthtool says in remedies which name Linux's commands that other ones are the NIC's.
func (d *diagnosis) noEthtool(all []report.Finding) {
	why := ""
	switch {
	case d.t.Application:
		why = "Under DPDK the application that has the NIC sets such things itself (rte_eth_dev_rss_reta_update, rte_eth_dev_rss_hash_update), and there is no RPS."
	case d.t.PowerShell:
		why = "Under Windows `Set-NetAdapterRss` and the adapter's properties (`Get-NetAdapterAdvancedProperty`) have what can be set, and there is no RPS."
	}
	if why == "" {
		return
	}
	for i := range all {
		linux := func(word string) bool { return strings.Contains(all[i].Remedy, word) }
		if slices.ContainsFunc([]string{"`ethtool -X", "`ethtool -N", "`ethtool -L", "`ethtool -G", "`ethtool -C", "/sys/class/net/", "/proc/irq/"}, linux) {
			all[i].Remedy = why + " What follows is Linux's way. " + all[i].Remedy
		}
	}
}

// setsTable finds commands that set the table or the key, and say nothing of the transformation.
var setsTable = regexp.MustCompile("(`ethtool -X DEV (?:equal|default|hkey)[^`]*)`")

// keepTransform has such commands say it, where the driver would turn symmetric-xor on: see
// profile.Profile.SetsTransform and suggest's commands.
func (d *diagnosis) keepTransform(all []report.Finding) {
	if d.t.KeepTransform == "" {
		return
	}
	for i := range all {
		said := setsTable.ReplaceAllString(all[i].Remedy, "$1 xfrm "+d.t.KeepTransform+"`")
		if said != all[i].Remedy {
			all[i].Remedy = said + " Without xfrm the driver would turn symmetric-xor on (Linux 6.12); an ethtool before 6.9 does not know the word."
		}
	}
}
