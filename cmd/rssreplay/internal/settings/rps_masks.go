package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/nictext"
)

// This file is the CPUs that receive packet steering may choose from, queue by queue, and
// those that are offline.

// path is the file that --rps names; "" where it names none. A list of CPUs has digits,
// commas and dashes alone, a mask begins with 0x.
func (f *rpsFlags) path() string {
	if f.rps == rpsOff || strings.HasPrefix(f.rps, "0x") || strings.Trim(f.rps, "0123456789,-") == "" && f.rps != "-" {
		return ""
	}
	return f.rps
}

// masks are those of every queue, as --rps or a bundle has them, and where they come
// from; nil without RPS.
func (r *resolver) masks() (*nictext.RPS, string, error) {
	f, text := &r.flags.rps, r.imports.rps
	switch {
	case f.rps == rpsOff:
		return nil, "", nil
	case f.rps == "" && text.value != nil && len(text.value.CPUs()) == 0:
		return nil, "", nil // of a bundle, with masks of 0 alone
	case f.rps == "" || f.path() != "":
		return text.value, text.from, nil
	}
	var cpus []int
	if strings.HasPrefix(f.rps, "0x") {
		var err error
		if cpus, err = nictext.ParseCPUMask(f.rps); err != nil {
			return nil, "", fmt.Errorf("--rps: %w", err)
		}
	} else {
		list, err := nicmodel.ParseCPUList(f.rps)
		if err != nil {
			return nil, "", fmt.Errorf("--rps: %w", err)
		}
		if n := list.Len(); n > engine.MaxCPUs {
			return nil, "", fmt.Errorf("--rps names %d CPUs; at most %d are emulated", n, engine.MaxCPUs)
		}
		cpus = list.CPUs()
	}
	slices.Sort(cpus)
	return &nictext.RPS{All: slices.Compact(cpus), Backlog: -1}, "--rps", nil
}

// queueMasks gives each queue its mask: the places of its CPUs in Config.CPUs, and
// engine.OfflineCPU for those that are offline. It notes them, and what is left out.
func (r *resolver) queueMasks(masks *nictext.RPS, from string) (of [][]uint16, err error) {
	c := &r.Config
	var beyond []int
	for _, q := range slices.Sorted(maps.Keys(masks.Masks)) { // the first that is wrong is named
		switch {
		case q < c.Queues || len(masks.Masks[q]) == 0:
		case r.flags.rps.rps == "": // of a bundle: mlx5 has shown two folders for each queue, and a host without ethtool tells no queues
			beyond = append(beyond, q)
		default:
			return nil, fmt.Errorf("%s: rx-%d has a mask, but there are only queues 0 to %d: raise --queues, or leave the line out", from, q, c.Queues-1)
		}
	}
	if len(beyond) > 0 {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: the masks of the queues %s are left out, as there are only queues 0 to %d: where the NIC has more, give --queues.", from, nicmodel.CPUListOf(beyond), c.Queues-1))
	}
	var text []string
	var offline, leftOut []int
	for q := range c.Queues {
		mask, written := masks.Of(q)
		cpus, kept := make([]uint16, 0, len(mask)), make([]int, 0, len(mask))
		for _, cpu := range mask {
			switch i := slices.Index(c.CPUs, cpu); {
			case i >= 0:
				cpus = append(cpus, uint16(i))
			case !r.offline(cpu):
				return nil, fmt.Errorf("%s: the mask of rx-%d has CPU %d, which is not in use: --cpus has %s; add it there, or to --offline-cpus, or leave it out of the mask", from, q, cpu, nicmodel.CPUListOf(c.CPUs))
			case written:
				leftOut = append(leftOut, cpu)
				continue
			default:
				cpus, offline = append(cpus, engine.OfflineCPU), append(offline, cpu)
			}
			kept = append(kept, cpu)
		}
		of = append(of, cpus)
		r.Masks = append(r.Masks, kept)
		text = append(text, listOf(kept))
	}
	r.doubtsOfMasks(masks, from)
	r.add("rps", masksText(text), "", from)
	r.sayOffline(from, offline, leftOut)
	return of, nil
}

// doubtsOfMasks says which queues a text that was read back does not name, and whose masks
// those without a name are taken to be.
func (r *resolver) doubtsOfMasks(masks *nictext.RPS, from string) {
	var missing []int
	for q := range r.Config.Queues {
		if _, named := masks.Masks[q]; !named {
			missing = append(missing, q)
		}
	}
	if len(missing) > 0 && len(masks.Masks) > 0 && len(masks.Written) == 0 && masks.All == nil {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: it has no mask of the queues %s, which are taken to have none.", from, nicmodel.CPUListOf(missing)))
	}
	if name, of := r.imports.interfaceName(); name != "" && masks.Interface != "" && masks.Interface != name {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s has masks of %s, and %s is of %s: they are taken as one interface's.", from, masks.Interface, of, name))
	}
	first := masks.Masks[0]
	if masks.Bare > 10 && slices.ContainsFunc(numbers(masks.Bare), func(q int) bool { return !slices.Equal(masks.Masks[q], first) }) {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: masks without the names of their files are taken in the order of the queues, but `cat rx-*/rps_cpus` puts rx-10 before rx-2: `grep . rx-*/rps_cpus` names them.", from))
	}
}

// rpsCPUs are the CPUs that the masks of a text have and that are not offline: where texts
// say which CPUs are in use, these are, too.
func (r *resolver) rpsCPUs() []int {
	if r.imports.rps.value == nil || r.flags.rps.rps == rpsOff {
		return nil
	}
	return slices.DeleteFunc(r.imports.rps.value.CPUs(), r.offline)
}

// offlineCPUs takes what --offline-cpus adds to what texts tell.
func (r *resolver) offlineCPUs() error {
	given := r.flags.rps.offline
	if given == "" {
		return nil
	}
	list, err := nicmodel.ParseCPUList(given)
	if err == nil && list.Len() > engine.MaxCPUs {
		err = fmt.Errorf("%d CPUs are too many", list.Len())
	}
	if err != nil {
		return fmt.Errorf("--offline-cpus: %w", err)
	}
	r.imports.takeOnline(&nictext.OnlineCPUs{Offline: list.CPUs()}, "--offline-cpus")
	return nil
}

// checkOffline refuses CPUs that --offline-cpus names and that have work.
func (r *resolver) checkOffline() error {
	list, _ := nicmodel.ParseCPUList(r.flags.rps.offline)
	for _, cpu := range r.Config.CPUs {
		if list.Has(cpu) {
			return fmt.Errorf("--offline-cpus names CPU %d, which is in use: --cpus has %s (%s); leave it out of one of them", cpu, nicmodel.CPUListOf(r.Config.CPUs), r.source("cpus"))
		}
	}
	if list != nil {
		r.add("offline-cpus", list.String(), "", "--offline-cpus")
	}
	return nil
}

// offline reports whether a CPU is offline, by the flag or the texts.
func (r *resolver) offline(cpu int) bool {
	online := r.imports.online.value
	return online != nil && online.Off(cpu)
}

// sayOffline says which CPUs of the masks are offline, and what becomes of their packets.
func (r *resolver) sayOffline(from string, offline, leftOut []int) {
	if len(offline)+len(leftOut) == 0 {
		return
	}
	source := r.imports.online.from
	if source != from {
		from += ", " + source
	}
	if !r.flags.Set.Changed("offline-cpus") {
		all := slices.Sorted(slices.Values(slices.Concat(offline, leftOut)))
		r.add("offline-cpus", nicmodel.CPUListOf(slices.Compact(all)).String(), "", source)
	}
	name := func(cpus []int) string {
		slices.Sort(cpus)
		if cpus = slices.Compact(cpus); len(cpus) == 1 {
			return fmt.Sprintf("CPU %d of the masks is offline", cpus[0])
		}
		return fmt.Sprintf("CPUs %s of the masks are offline", nicmodel.CPUListOf(cpus))
	}
	if len(offline) > 0 {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: %s. What its hash leads there is not steered: it stays on the CPU of its interrupt, until the masks are written again.", from, name(offline)))
	}
	if len(leftOut) > 0 {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: %s. The kernel leaves such CPUs out of a mask that is written.", from, name(leftOut)))
	}
}

// listOf is a mask as a list of CPUs.
func listOf(mask []int) string {
	if len(mask) == 0 {
		return "none"
	}
	return nicmodel.CPUListOf(mask).String()
}

// masksText is the masks of the queues, neighbours with one mask together.
func masksText(masks []string) string {
	var parts []string
	for from := 0; from < len(masks); {
		to := from
		for to+1 < len(masks) && masks[to+1] == masks[from] {
			to++
		}
		switch {
		case from == 0 && to == len(masks)-1:
			return masks[0]
		case from == to:
			parts = append(parts, fmt.Sprintf("rx-%d: %s", from, masks[from]))
		default:
			parts = append(parts, fmt.Sprintf("rx-%d to rx-%d: %s", from, to, masks[from]))
		}
		from = to + 1
	}
	return strings.Join(parts, "; ")
}
