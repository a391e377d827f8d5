package settings

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel/hosttext"
	"rssreplay/nicmodel/nictext"
	"rssreplay/report"
)

// hostTexts is what a bundle tells of the machine, by the moment: the number of the
// folder that `rssreplay collect -c` has put a moment's counts into, "" for the rest.
type hostTexts map[string]*hosttext.Snapshot

// momentOf is the number of the snapshot's folder that a file is in.
func momentOf(name string) string {
	folder := path.Dir(name)
	if path.Base(path.Dir(folder)) == "snapshots" {
		if number := strings.TrimLeft(path.Base(folder), "0"); strings.Trim(number, "0123456789") == "" {
			return cmp.Or(number, "0")
		}
	}
	return ""
}

// add reads a file of the bundle; known reports whether it tells of the machine.
func (h hostTexts) add(name string, data []byte) (known bool, err error) {
	if !hosttext.Likely(data) {
		return false, nil
	}
	s := &hosttext.Snapshot{Name: name}
	if known, err = s.Read(strings.NewReader(string(data)), name); !known || err != nil {
		return false, err
	}
	moment := momentOf(name)
	if h[moment] == nil {
		h[moment] = &hosttext.Snapshot{Name: name}
	}
	h[moment].Merge(s)
	return true, nil
}

// online is what the texts of a file's moment tell of the CPUs that are online: where none
// lists them, those whose place is told.
func (h hostTexts) online(name string) *nictext.OnlineCPUs {
	s := h[momentOf(name)]
	cpus := s.Online
	if cpus.Online == nil {
		for _, p := range s.Places {
			cpus.Online = append(cpus.Online, p.CPU)
		}
	}
	return &cpus
}

// moments are the snapshots in their order, the one outside of folders first.
func (h hostTexts) moments() []*hosttext.Snapshot {
	var all []*hosttext.Snapshot
	for _, moment := range slices.SortedFunc(maps.Keys(h), byNumber) {
		if h[moment] != nil && (moment != "" || len(h) == 1) {
			all = append(all, h[moment])
		}
	}
	return all
}

// hostFacts is what the texts tell of the machine around the NIC; nil without any.
func (r *resolver) hostFacts() *report.Host {
	texts := r.imports.host
	if len(texts) == 0 {
		return nil
	}
	all := &hosttext.Snapshot{}
	for _, moment := range slices.Sorted(maps.Keys(texts)) {
		all.Merge(texts[moment])
	}
	h := &report.Host{BusyPolling: all.BusyPolling}
	of := func(devices []string) bool {
		return slices.Contains(devices, r.Device) || r.Device == "" && len(devices) > 0
	}
	h.ThreadedNAPI, h.DeferredInterrupts = of(all.Threaded), of(all.Deferred)
	node, ok := all.NICNodes[r.Device]
	if r.Device == "" && len(all.NICNodes) == 1 {
		for _, node = range all.NICNodes {
			ok = true
		}
	}
	if ok && node >= 0 {
		h.NICNode = &node
	}
	at := func(cpu int) *report.HostCPU {
		i, found := slices.BinarySearchFunc(h.CPUs, cpu, func(c report.HostCPU, n int) int { return c.CPU - n })
		if !found {
			h.CPUs = slices.Insert(h.CPUs, i, report.HostCPU{CPU: cpu})
		}
		return &h.CPUs[i]
	}
	for i := range all.Places {
		p := &all.Places[i]
		c := at(p.CPU)
		for _, part := range []struct {
			to   **int
			from *int
		}{{&c.Core, &p.Core}, {&c.Socket, &p.Socket}, {&c.Node, &p.Node}} {
			if *part.from >= 0 {
				*part.to = part.from
			}
		}
	}
	if err := countHost(h, texts.moments(), at); err != nil {
		r.Caveats = append(r.Caveats, fmt.Sprintf("Counts of the host are not shown: %s.", r.Shown.Words(err.Error(), "they can't be read")))
	}
	return h
}

// countHost notes what was counted from the first moment to the last, or since the host
// booted where there is one.
func countHost(h *report.Host, moments []*hosttext.Snapshot, at func(cpu int) *report.HostCPU) error {
	if len(moments) == 0 {
		return nil
	}
	for _, s := range moments {
		if err := s.PlaceSoftnet(); err != nil {
			return err
		}
	}
	first, last := moments[0], moments[len(moments)-1]
	if len(moments) > 1 {
		if last.OtherBoot(first) != "" {
			return errors.New("the host has booted between the snapshots")
		}
		h.Window = new(int64((last.Uptime - first.Uptime) * 1e9))
	}
	before := map[int]hosttext.CPU{}
	if len(moments) > 1 {
		for _, c := range first.CPUs {
			before[c.CPU] = c
		}
	}
	for _, c := range last.CPUs {
		old, there := before[c.CPU]
		count := func(has, had bool, now, then uint64) *uint64 {
			if !has || len(moments) > 1 && !(there && had) {
				return nil
			}
			n := uint64(uint32(now) - uint32(then)) // the kernel's counters have 32 bits
			if len(moments) == 1 {
				n = now
			}
			return &n
		}
		if !c.HasSoftnet && !c.HasSoftIRQs {
			continue
		}
		to := at(c.CPU)
		to.Processed = count(c.HasSoftnet, old.HasSoftnet, c.Processed, old.Processed)
		to.BacklogDrops = count(c.HasSoftnet, old.HasSoftnet, c.Dropped, old.Dropped)
		to.TimeSqueezes = count(c.HasSoftnet, old.HasSoftnet, c.Squeezed, old.Squeezed)
		to.FromRPS = count(c.HasSoftnet, old.HasSoftnet, c.FromRPS, old.FromRPS)
		to.NetRXRuns = count(c.HasSoftIRQs, old.HasSoftIRQs, c.NetRXRuns, old.NetRXRuns)
	}
	return nil
}

// napiCPUs reads --napi-cpu: the CPU that works on each queue named.
func napiCPUs(words []string) (map[int]int, error) {
	cpus := map[int]int{}
	for _, word := range words {
		for pair := range strings.SplitSeq(word, ",") {
			queue, cpu, ok := strings.Cut(pair, "=")
			q, queueErr := strconv.ParseUint(queue, 10, 16)
			c, cpuErr := strconv.ParseUint(cpu, 10, 16)
			if !ok || queueErr != nil || cpuErr != nil {
				return nil, fmt.Errorf("--napi-cpu must be QUEUE=CPU, as 0=4, not %q", pair)
			}
			if _, twice := cpus[int(q)]; twice {
				return nil, fmt.Errorf("--napi-cpu names queue %d twice: give one CPU for each queue", q)
			}
			cpus[int(q)] = int(c)
		}
	}
	return cpus, nil
}

// moveNAPI puts the queues that --napi-cpu names on their CPUs, which it returns.
func (r *resolver) moveNAPI(affinity []int) (cpus map[int]int, err error) {
	if cpus, err = napiCPUs(r.flags.napiCPU); err != nil {
		return nil, err
	}
	for _, queue := range slices.Sorted(maps.Keys(cpus)) {
		if queue >= len(affinity) {
			return nil, fmt.Errorf("--napi-cpu names queue %d, but there are queues 0 to %d", queue, len(affinity)-1)
		}
		affinity[queue] = cpus[queue]
	}
	return cpus, nil
}
