package settings

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/hash"
	"rssreplay/nicmodel/nictext"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// doubt sets why the CPU numbers are not the NIC's, once all is resolved: what hashing said of
// the key, unless there is a better reason, or nothing for a key to choose.
func (r *resolver) doubt() {
	r.NoTable = r.imports.noTable != "" && r.imports.table.value == nil && r.Config.Queues > 1
	r.HostSteers = r.NoTable && r.Profile != nil && slices.Contains(r.Profile.Drivers, "virtio_net")
	switch {
	case r.NoTable:
		r.untabled = "The driver shows no table, and so `ethtool -X` can set none."
	case r.OfSoftware && r.imports.table.value == nil && r.Config.Queues > 1:
		r.untabled = "This interface is made of software and has no table, and so `ethtool -X` can set none."
	case r.HashUnknown():
		r.untabled = "No table can be fitted to a hash that is not known."
	}
	switch {
	case r.takenByVF():
		r.doubtAll(fmt.Sprintf("CPU numbers are illustrative: the virtual function below this interface took most packets (vf_rx_packets in %s), by its own key and table. Give its texts.", r.imports.vf))
	case r.HostSteers:
		r.doubtAll("Which CPU gets a flow is not predicted here: this is virtio without RSS (VIRTIO_NET_F_RSS), whose host chooses the queues.")
	case r.onlyQueue():
		r.doubtAll("")
	case r.OtherHash.Does != "":
		r.doubtAll(fmt.Sprintf("Which CPU gets a flow is not predicted here: the NIC %s.", r.OtherHash.Does))
	case r.NoTable && r.Doubt != "":
		r.doubtAll("CPU numbers are illustrative: the driver shows no table and no key.")
	}
}

// Untabled is why ethtool can't set that on the interface, which has no table; "" where it can,
// as far as is known.
func (s *Settings) Untabled(sets profile.Settings) string {
	if sets == profile.SetFields && !s.OfSoftware || sets == 0 {
		return ""
	}
	return s.untabled
}

// Fixed tells whether nobody can set that: the driver lets nobody, or the interface has no table.
func (s *Settings) Fixed(sets profile.Settings) bool {
	return s.Profile != nil && s.Profile.Unsettable(sets) != 0 || s.Untabled(sets) != ""
}

// doubtAll sets a doubt that is of more than the key.
func (r *resolver) doubtAll(why string) { r.Doubt, r.DoubtsKey = why, false }

// takenByVF tells whether a virtual function took most packets, below an interface of Hyper-V.
func (r *resolver) takenByVF() bool {
	return r.imports.vf != "" && r.Profile != nil && slices.Contains(r.Profile.Drivers, "hv_netvsc")
}

// trust says in a sentence what the CPU numbers are worth.
func (r *resolver) trust() {
	sources := map[string]string{}
	for _, p := range r.Parameters {
		sources[p.Name] = p.Source
	}
	of := func(name string) string { return filepath.Base(sources[name]) } // of a file its name, not where it lies
	switch key, table, affinity := of("key"), of("layout"), of("affinity"); {
	case r.onlyQueue():
		what := "There is one receive queue"
		if r.Rings > 1 {
			what = "The table leads to one queue"
		}
		cpu := fmt.Sprintf("CPU %d", r.Config.CPUs[r.Config.QueueCPU[0]])
		if len(r.Config.Affinities) > 0 {
			cpu = "one CPU at a time"
		}
		r.Trust = fmt.Sprintf("%s: all packets go to %s, whatever the key.", what, cpu)
	case r.types == 0:
		r.Trust = "No hash is enabled: the NIC spreads nothing."
	case r.HostSteers:
		r.Trust = "The host chooses the queues (virtio without RSS): no CPU is predicted here."
	case r.takenByVF():
		r.Trust = "CPU numbers are illustrative: the virtual function below this interface took most packets."
	case r.OtherHash.Does != "":
		r.Trust = fmt.Sprintf("No CPU is predicted here: the NIC %s.", r.OtherHash.Does)
	case r.NoTable:
		r.Trust = "CPU numbers are illustrative: the driver shows no table and no key."
	case r.Doubt != "":
		r.Trust = "CPU numbers are illustrative (default key)" + report.SpreadIsTypical
	case r.sampleKey():
		r.Trust = "CPU numbers hold if the NIC's key is microsoft: Windows shows none" + report.SpreadIsTypical
	case key == table && table == affinity:
		r.Trust = fmt.Sprintf("CPU numbers hold for the key, table and affinity of %s.", key)
	case key == table:
		r.Trust = fmt.Sprintf("CPU numbers hold for the key and table of %s, with affinity (%s).", key, affinity)
	default:
		r.Trust = fmt.Sprintf("CPU numbers hold for this key (%s), table (%s) and affinity (%s).", key, table, affinity)
	}
	if drivers := r.mayTransform(); drivers != "" && strings.HasPrefix(r.Trust, "CPU numbers hold ") {
		r.Trust = fmt.Sprintf("%s, unless the driver is %s (--nic).", strings.TrimSuffix(r.Trust, "."), drivers)
		r.Caveats = append(r.Caveats, fmt.Sprintf("No text names the driver (`ethtool -i`): if it is %s, the NIC transforms what is hashed, which %s does not show; --nic names it.", drivers, r.imports.table.from))
	}
}

// mayTransform is the drivers that may be those of a key whose text names none, and whose NICs hash
// otherwise than it says; "" if there are none.
func (r *resolver) mayTransform() string {
	t := r.imports.table
	if t.value == nil || !slices.Contains([]nictext.Format{nictext.EthtoolText, nictext.EthtoolJSON, nictext.YNL}, t.value.Format) || r.Profile != nil || r.imports.driver.value != nil ||
		r.flags.Set.Changed("xfrm") || r.source("key") != t.from || len(r.Key) != 40 || r.function != hash.FunctionToeplitz {
		return ""
	}
	if t.value.OrXORShown {
		return "ena"
	}
	return "mlx5 or ena"
}

// ofWindows says what the CPU numbers are that came of Windows' table, and of its lack of a key.
func (r *resolver) ofWindows(t *nictext.ImportedTable) {
	if r.sampleKey() {
		r.Caveats = append(r.Caveats, "Windows does not show the NIC's key, and microsoft is the one of Microsoft's examples: only if the NIC has it are flows on the CPUs shown.")
	}
	last := slices.MaxFunc(t.Processors, func(a, b nictext.Processor) int { return a.CPU() - b.CPU() })
	if last.Group == 0 {
		return
	}
	r.Trust = fmt.Sprintf("CPU %d is Windows' processor %s. ", last.CPU(), last) + r.Trust
	r.Caveats = append(r.Caveats, fmt.Sprintf("CPU numbers are 64 × group + number: CPU %d is Windows' processor %s.", last.CPU(), last))
}

// sampleKey tells whether the key beside Windows' table, which has none, is that of Microsoft's
// examples.
func (r *resolver) sampleKey() bool {
	t := r.imports.table.value
	return t != nil && t.EntriesAreCPUs() && r.Key.Name() == "microsoft" && !r.onlyQueue()
}

// HashUnknown tells whether a hash that is not known chooses the queues.
func (s *Settings) HashUnknown() bool { return s.OtherHash.Does != "" && !s.onlyQueue() }

// RefuseUnpredicted refuses a command that is of nothing but which CPU a flow goes to.
func (s *Settings) RefuseUnpredicted(command string) error {
	if !s.HashUnknown() {
		return nil
	}
	return cli.Usagef("%s needs to know where a flow goes, and the NIC %s", command, s.OtherHash.Does)
}

// Notes are what the reader of the results must know first: the doubt, and what there is besides.
func (s *Settings) Notes() []string {
	if s.Doubt == "" {
		return slices.Clone(s.Asides)
	}
	return append([]string{s.Doubt}, s.Asides...)
}

// FlowNotes are the notes where they are about single flows; and what moves a flow's packets
// that no replay can follow.
func (s *Settings) FlowNotes() []string {
	notes := append(s.Notes(), s.Unseen.ofFlows()...)
	if s.ATR() {
		notes = append(notes, fmt.Sprintf("ATR, on by default with %s, moves TCP connections to the queue of the CPU that sends on them; the queue here is that without it.", s.Profile.Name))
	}
	return notes
}

// Illustrative reports whether the key is the default one, which is no NIC's own.
func (s *Settings) Illustrative() bool {
	return s.defaultKey && s.Steering.Config().HashTypes != 0 && !s.onlyQueue()
}

// onlyQueue tells whether no hash chooses anything: there is one queue, and no RPS
// behind it.
func (s *Settings) onlyQueue() bool { return s.Config.Queues == 1 && !s.Config.RPS.Steers() }
