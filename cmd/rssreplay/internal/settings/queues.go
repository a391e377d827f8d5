package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
)

func (r *resolver) cpus() error {
	f := r.flags
	count, err := strconv.Atoi(f.cpus)
	switch {
	case err == nil:
		if err := nicmodel.CheckCount("cpus", count, 1, engine.MaxCPUs, ""); err != nil {
			return err
		}
		if err := nicmodel.CheckCount("base-cpu", f.baseCPU, 0, engine.MaxCPUNumber+1-count, ""); err != nil {
			return err
		}
		for c := range count {
			r.Config.CPUs = append(r.Config.CPUs, f.baseCPU+c)
		}
	default:
		list, err := nicmodel.ParseCPUList(f.cpus)
		if err != nil {
			return fmt.Errorf("--cpus: %w, or how many there are", err)
		}
		if f.Set.Changed("base-cpu") {
			if o := r.origin("cpus"); o.layer != fromFlag {
				return fmt.Errorf("--base-cpu contradicts %s, which names each CPU: leave one of them out", o.source)
			}
			return errors.New("--base-cpu contradicts a list in --cpus, which names each CPU: leave one of them out")
		}
		if n := list.Len(); n > engine.MaxCPUs {
			return fmt.Errorf("--cpus must name from 1 to %d CPUs, not %d", engine.MaxCPUs, n)
		}
		r.Config.CPUs = list.CPUs()
		slices.Sort(r.Config.CPUs)
		if len(slices.Compact(slices.Clone(r.Config.CPUs))) < len(r.Config.CPUs) {
			return fmt.Errorf("--cpus: a CPU is named twice in %q", f.cpus)
		}
	}
	r.add("cpus", len(r.Config.CPUs), nicmodel.CPUListOf(r.Config.CPUs).String(), r.source("cpus"))
	source := r.source("base-cpu")
	if o := r.origin("cpus"); o.layer == fromImport && strings.ContainsAny(f.cpus, "-,") { // a list names each
		source = o.source
	}
	r.add("base-cpu", r.Config.CPUs[0], "", source)
	return nil
}

// queues sets the number of queues, the CPU of each, and the default one.
func (r *resolver) queues() error {
	f, c := r.flags, &r.Config
	if r.Profile != nil {
		r.offerOfProfile("queues", strconv.Itoa(r.Profile.Queues(len(c.CPUs))))
	}
	queues, source := len(c.CPUs), r.source("queues")
	if r.origin("queues").layer != fromDefault {
		queues = f.queues
	}
	if err := nicmodel.CheckCount("queues", queues, 1, nicmodel.MaxQueues, ""); err != nil {
		return err
	}
	c.Queues = queues
	r.add("queues", queues, "", source)
	if err := r.affinity(); err != nil {
		return err
	}
	return r.defaultQueue()
}

// affinity sets the CPU of each queue.
func (r *resolver) affinity() error {
	f, c := r.flags, &r.Config
	name, source := "--affinity", r.source("affinity")
	if r.origin("affinity").layer == fromImport {
		name = source
	}
	affinity := make([]int, c.Queues)
	for q := range affinity {
		affinity[q] = c.CPUs[q%len(c.CPUs)]
	}
	if f.affinity != "" {
		list, err := nicmodel.ParseCPUList(f.affinity)
		if err != nil {
			return fmt.Errorf("--affinity: %w, the CPU of each queue in order", err)
		}
		if n := list.Len(); n != c.Queues {
			return fmt.Errorf("%s names the CPUs of %d queues, but there are %d: name one for each, or change --queues", name, n, c.Queues)
		}
		affinity = list.CPUs()
	}
	moved, err := r.moveNAPI(affinity)
	if err != nil {
		return err
	}
	for q, cpu := range affinity {
		i := slices.Index(c.CPUs, cpu)
		if i < 0 {
			if _, napi := moved[q]; napi {
				name = "--napi-cpu"
			}
			return fmt.Errorf("%s puts queue %d on CPU %d, which is not in use: --cpus has %s", name, q, cpu, nicmodel.CPUListOf(c.CPUs))
		}
		c.QueueCPU = append(c.QueueCPU, i)
	}
	r.add("affinity", affinity, nicmodel.CPUListOf(affinity).String(), source)
	if len(f.napiCPU) > 0 {
		r.add("napi-cpu", strings.Join(f.napiCPU, ","), "", "--napi-cpu")
		r.Caveats = append(r.Caveats, "--napi-cpu: all of a queue's work is put on that CPU, its interrupts' too, though these stay where their affinity sends them.")
	}
	return nil
}

// defaultQueue sets the queue of packets without a hash.
func (r *resolver) defaultQueue() error {
	f, c := r.flags, &r.Config
	if t := r.imports.table.value; t != nil && len(t.Table) > 0 && r.Profile != nil && r.Profile.FirstEntry {
		r.offerOfProfile("default-queue", strconv.Itoa(int(t.Table[0])))
	}
	c.DefaultQueue = f.defaultQueue
	if f.defaultQueue < 0 || f.defaultQueue >= c.Queues {
		return fmt.Errorf("--default-queue must be below --queues %d, not %d", c.Queues, f.defaultQueue)
	}
	r.add("default-queue", f.defaultQueue, "", r.source("default-queue"))
	return nil
}
