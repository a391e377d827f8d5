package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/hosttext"
	"rssreplay/nicmodel/nictext"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
	"rssreplay/report/anonymize"
)

// offerImports offers what the texts say, all but the table itself.
func (r *resolver) offerImports() error {
	m := r.imports
	if key := m.key; key.value != nil && !strings.HasPrefix(r.flags.key, "@") {
		fit, err := r.fitKey(key.value.Key)
		if err != nil {
			return fmt.Errorf("%s: %w", key.from, err)
		}
		r.offer(fromImport, key.from, "key", fit.String())
	}
	if f := m.flowHash; f.value != nil {
		if err := r.offerFlowHash(f.value, f.from); err != nil {
			return err
		}
	}
	if ring := m.ring; ring.value != nil {
		r.offer(fromImport, ring.from, "rx-ring", strconv.Itoa(ring.value.RX))
		r.LongestRing = ring.value.Most
	}
	if c := m.coalesce; c.value != nil && r.flags.Set.Lookup("itr") != nil {
		r.offerCoalesce(c.value, c.from)
	}
	if c := m.costs; c.value != nil && r.flags.Set.Lookup("packet-cost") != nil {
		r.offerCosts(c.value, c.from)
	}
	queues, queuesFrom := r.offerQueues()
	if table := m.table; table.value != nil {
		if f := table.value.HashedFields(); f != nil && m.flowHash.value == nil {
			if err := r.offerFlowHash(f, table.from); err != nil {
				return err
			}
		}
		r.Rings = cmp.Or(queues, table.value.Rings)
		n := r.offerTable(table.value, table.from)
		if queues > 0 && n > 0 && queues != n {
			r.Caveats = append(r.Caveats, fmt.Sprintf("%s says %d receive channels, and %s %d queues, which are used.", queuesFrom, queues, table.from, n))
		}
		if n > 0 {
			queues = n
		}
	}
	r.offerCPUs(queues, queuesFrom)
	r.offerAddresses()
	if m.irq.value != nil && !r.flags.Set.Changed("affinity") {
		if r.flags.Set.Changed("queues") {
			queues = r.flags.queues
		}
		return r.offerIRQs(queues)
	}
	return nil
}

// offerQueues offers how many queues there are beside a table, by the text that from is; 0 if
// none tells. Those of an interface made of software are no NIC's: whatever their number, its
// packets come on the CPUs of another one's.
func (r *resolver) offerQueues() (queues int, from string) {
	switch c, rps := r.imports.channels, r.imports.rps; {
	case r.OfSoftware && r.flags.Imports.channels == "":
	case c.value != nil:
		queues, from = c.value.RX, c.from
		r.MostRings = c.value.Most
	case rps.value != nil && r.flags.rps.rps == "" && r.imports.table.value == nil:
		// All files of a bundle's interface are there; of what a flag names some may be.
		queues, from = rps.value.Queues(), rps.from
	}
	if queues > 0 {
		r.offer(fromImport, from, "queues", strconv.Itoa(queues))
	}
	return queues, from
}

// offerCPUs offers as many CPUs as there are queues, and no more than the machine has,
// where the table does not name them. queues is 0 if no text tells; from is the text that
// does, if it is not the table.
func (r *resolver) offerCPUs(queues int, from string) {
	m := r.imports
	t := m.table.value
	if t != nil && (t.EntriesAreCPUs() || t.QueueCPU() != nil) {
		return
	}
	var sources []string
	if queues > 0 {
		if t != nil {
			from = m.table.from
		}
		sources = append(sources, from)
	} else {
		queues = defaultCPUs
	}
	if r.flags.Set.Changed("queues") {
		queues = r.flags.queues
	}
	cpus, list := numbers(min(max(queues, 1), engine.MaxCPUs)), false
	if online := m.online.value; online != nil {
		has := online.First(len(cpus))
		if len(sources) == 0 && slices.Equal(has, cpus) { // else the default ones are in use
			cpus = numbers(defaultCPUs)
			has = slices.DeleteFunc(numbers(defaultCPUs), online.Off)
		}
		if list = len(has) > 0 && !slices.Equal(has, cpus); list {
			cpus = has
			sources = append(sources, m.online.from)
		}
	}
	if len(sources) == 0 {
		return
	}
	if more := r.rpsCPUs(); len(more) > 0 {
		cpus = append(cpus, more...)
		slices.Sort(cpus)
		cpus, list = slices.Compact(cpus), true
		if !slices.Contains(sources, m.rps.from) {
			sources = append(sources, m.rps.from)
		}
	}
	value := strconv.Itoa(len(cpus))
	if list {
		value = ListOfCPUs(cpus)
	}
	r.offer(fromImport, strings.Join(sources, ", "), "cpus", value)
}

// numbers is 0 to n − 1.
func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// offerAddresses offers the machine's own addresses, which tell what it has sent.
func (r *resolver) offerAddresses() {
	addresses := r.imports.addresses
	if addresses.value == nil {
		return
	}
	own := *addresses.value
	if iface, _ := r.imports.interfaceName(); len(own) > maxAddresses {
		own = slices.DeleteFunc(slices.Clone(own), func(a hosttext.Address) bool { return a.Interface != cmp.Or(r.flags.Imports.Dev, iface) })
	}
	var words []string
	for _, a := range own {
		if word := a.Address.String(); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if len(words) > 0 && len(words) <= maxAddresses {
		r.offer(fromImport, addresses.from, "local", strings.Join(words, ","))
	}
}

// maxAddresses bounds the addresses that are taken from a text: each packet is compared
// with all.
const maxAddresses = 32

// offerCosts offers the costs that were measured, and says what they are worth.
func (r *resolver) offerCosts(c *nictext.Costs, from string) {
	for _, parameter := range c.Names() {
		r.offer(fromImport, from, parameter, fmt.Sprintf("%dns", c.Costs[parameter]))
	}
	r.measured = report.MeasuredOrigin(report.Time{Time: c.Measured}, c.Windows, report.Fraction(c.Error), report.Fraction(c.From), report.Fraction(c.To))
	if r.origin("packet-cost").source == from {
		r.Asides = append(r.Asides, "Costs: "+r.measured+".")
	}
}

// offerTable offers what comes with a table, and returns its number of queues.
func (r *resolver) offerTable(t *nictext.ImportedTable, from string) (queues int) {
	r.doubtsOf(t, from)
	queues = t.Rings
	if t.Table != nil {
		queues = max(queues, int(slices.Max(t.Table))+1)
	}
	if cpus := t.QueueCPU(); cpus != nil {
		cpus = r.later(cpus, t)
		queues = len(cpus)
		r.offerQueueCPUs(from, cpus, cpusOf(t.Spare)...)
	}
	if queues > 0 {
		r.offer(fromImport, from, "queues", strconv.Itoa(queues))
	}
	if t.Key != nil {
		r.offer(fromImport, from, "key", t.Key.String())
	}
	if t.HashTypes != nil {
		r.offer(fromImport, from, "hash-types", t.HashTypes.String())
		r.offer(fromImport, from, "hash-function", t.OwnFunction.String())
	}
	if t.FlowHash != "" && !r.flags.Set.Changed("rx-flow-hash") {
		r.Asides = append(r.Asides, fmt.Sprintf("%s was made with --rx-flow-hash %s: give that here, too, or other bytes are hashed.", from, t.FlowHash))
	}
	symmetric := r.Profile != nil && r.Profile.Transform != hash.NoTransform
	switch {
	case !t.TransformShown, symmetric && !t.OrXORShown:
		// An older ethtool, which says nothing: the profile has it.
	case t.Transform == hash.NoTransform && r.Profile != nil && !r.Profile.Transform.Shown():
		// Nor does any show what the hardware does of itself.
	default:
		r.offer(fromImport, from, "xfrm", t.Transform.String())
		if symmetric && t.Transform == hash.NoTransform {
			r.Asides = append(r.Asides, fmt.Sprintf("%s shows no input transformation, but older kernels don't tell that of %s: if the kernel is one of these, give --xfrm %s.", from, r.Profile.Name, r.Profile.Transform))
		}
	}
	return queues
}

// doubtsOf passes on what may be missing in a table's text.
func (r *resolver) doubtsOf(t *nictext.ImportedTable, from string) {
	if t.Note != "" {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: %s.", from, t.Note))
	}
}

// later adds to the CPUs of Windows' table those that tables given for later lead to.
func (r *resolver) later(cpus []int, first *nictext.ImportedTable) []int {
	for _, change := range r.imports.changes {
		if t := change.table.value; first.EntriesAreCPUs() && t != nil && t.EntriesAreCPUs() {
			for _, p := range t.Processors {
				if !slices.Contains(cpus, p.CPU()) {
					cpus = append(cpus, p.CPU())
				}
			}
		}
	}
	return cpus
}

// cpusOf are the numbers of Windows' processors.
func cpusOf(processors []nictext.Processor) (cpus []int) {
	for _, p := range processors {
		cpus = append(cpus, p.CPU())
	}
	return cpus
}

// offerQueueCPUs offers the CPU of each queue, and these CPUs and spare ones as those
// in use.
func (r *resolver) offerQueueCPUs(from string, cpus []int, spare ...int) {
	r.offer(fromImport, from, "affinity", nicmodel.CPUListOf(cpus).String())
	inUse := slices.Compact(slices.Sorted(slices.Values(slices.Concat(cpus, spare, r.rpsCPUs()))))
	r.offer(fromImport, from, "cpus", ListOfCPUs(inUse))
}

// ListOfCPUs is CPUs as --cpus takes them.
func ListOfCPUs(cpus []int) string {
	if len(cpus) == 1 {
		return fmt.Sprintf("%d-%[1]d", cpus[0]) // alone it would be how many
	}
	return nicmodel.CPUListOf(cpus).String()
}

func (r *resolver) offerFlowHash(f *nictext.FlowHash, from string) error {
	if r.Profile != nil && r.Profile.FlowHashUntrue {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s is not what %s hashes, whatever it says: the profile's hash types are used.", from, r.Profile.Name))
		return nil
	}
	types, err := hash.ParseTypes(r.flags.hashTypes) // the default's or the profile's
	if err != nil {
		return fmt.Errorf("--hash-types: %w", err)
	}
	r.offer(fromImport, from, "hash-types", f.Types(types).String())
	if f.Note != "" && r.origin("hash-types").source == from {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: %s.", from, f.Note))
	}
	return nil
}

// offerCoalesce offers rx-usecs and rx-frames as the driver means them.
func (r *resolver) offerCoalesce(c *nictext.Coalesce, from string) {
	p := r.Profile
	m := profile.Moderation{RXDelay: time.Duration(c.RXUsecs) * time.Microsecond, RXFrames: c.RXFrames}
	switch {
	case p == nil && c.RXUsecs > 0:
		r.Asides = append(r.Asides, fmt.Sprintf("%s: what rx-usecs %d means depends on the driver; it is taken as the delay after a first packet. Give --nic or --driver.", from, c.RXUsecs))
	case p != nil && 1 <= c.RXUsecs && c.RXUsecs <= p.UsecsModes:
		r.adaptive = true
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: rx-usecs %d is the number of an adaptive mode under %s, no time: the profile's interval of %s is used.", from, c.RXUsecs, p.Name, p.Moderation.ITR))
		return
	case p != nil && p.Usecs == profile.UsecsInterval:
		m = profile.Moderation{ITR: m.RXDelay, RXFrames: 1}
	}
	r.adaptive = c.AdaptiveRX
	if m.RXDelay == 0 && m.RXFrames != 1 {
		// The model, like ethtool, has no such pair: without a timer each packet
		// raises an interrupt.
		if m.RXFrames > 1 {
			r.Caveats = append(r.Caveats, fmt.Sprintf("%s: rx-frames %d without rx-usecs lets packets wait for ever: it is taken as 1.", from, m.RXFrames))
		}
		m.RXFrames = 1
	}
	r.offerModeration(fromImport, from, from, m)
}

// offerIRQs offers the CPU of each queue's interrupt; queues is their number, 0
// if only the interrupts tell it.
func (r *resolver) offerIRQs(queues int) error {
	irq := r.imports.irq
	// Hyper-V's is on a bus of its own, which tells the CPUs of its channels.
	if d := r.imports.driver.value; d != nil && d.NoBus && d.Name != "hv_netvsc" && len(r.flags.Imports.irq) == 0 {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: the interface is on no bus, as those that are made of software, which have no interrupts. Queues are on CPUs in turn.", r.imports.driver.from))
		return nil
	}
	found, err := irq.value.QueueCPUs(r.interrupting(len(r.flags.Imports.irq) == 0), queues)
	if err != nil && len(r.flags.Imports.irq) == 0 { // in a bundle it was not asked for
		r.Asides = append(r.Asides, fmt.Sprintf("%s: %s. Until then queues are on CPUs in turn.", irq.from, r.Shown.Words(err.Error(), "it does not tell the CPU of each queue")))
		return nil
	}
	if err != nil {
		return fmt.Errorf("--irq: %s: %w", irq.from, err)
	}
	r.assumedOf(irq.from, found)
	if _, err := r.moveNAPI(found.CPUs); err != nil { // so that its CPUs are in use
		return err
	}
	r.offerQueueCPUs(irq.from, found.CPUs)
	r.HostCPUs, r.IRQShares = irq.value.CPUs(), found.Shares
	if queues == 0 {
		r.offer(fromImport, irq.from, "queues", strconv.Itoa(len(found.CPUs)))
	}
	return nil
}

// interrupting is what tells the NIC's interrupts from others. The texts of a bundle are
// of the whole host: without a driver, as lo is, an interface has what names it, no more;
// nor has one that is on no bus, as Azure's above a virtual function.
func (r *resolver) interrupting(bundle bool) nictext.NIC {
	name, _ := r.imports.interfaceName()
	nic := nictext.NIC{Interface: cmp.Or(r.flags.Imports.Dev, name)}
	if d := r.imports.driver.value; d != nil {
		nic.Driver, nic.Bus, nic.Named = d.Name, d.Bus, d.NoBus
	} else {
		nic.Named = bundle
	}
	return nic
}

// assumedOf notes what was assumed to tell a queue's CPU from interrupts.
func (r *resolver) assumedOf(from string, found *nictext.QueueCPUs) {
	for _, note := range found.Notes {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: %s.", from, note))
	}
	if names := found.Guessed; names != "" { // of which the interface's name is a part
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: the interrupts %s are taken as those of the receive queues, which their names do not say.", from, r.Shown.Words(names, anonymize.Withheld)))
	}
}
