package layout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"rssreplay/nicmodel/internal/quote"
	"rssreplay/nicmodel/nictext"
)

// readFile sets the entries to those of a file, of whose text nothing else
// counts. Windows' entries are CPUs.
func (l Layout) readFile(path string) (Layout, error) {
	if path == "" || path == "-" {
		return Layout{}, fmt.Errorf("--layout %s: name a file; standard input is read with --table -", quote.Short(l.spec))
	}
	unreadable := func(err error) (Layout, error) {
		if inner, ok := errors.AsType[*fs.PathError](err); ok {
			err = inner.Err
		}
		return Layout{}, fmt.Errorf("--layout file:%s: %w; give a file with the entries one by one", path, err)
	}
	in, err := os.Open(path)
	if err != nil {
		return unreadable(err)
	}
	defer in.Close()
	text, err := nictext.ReadTable(in, path)
	switch wrong := (*nictext.TextError)(nil); {
	case errors.As(err, &wrong):
		return Layout{}, fmt.Errorf("--layout file:%w", err) // it begins with the path
	case err != nil:
		return unreadable(err)
	case len(text.Table) == 0:
		return unreadable(errors.New("shows no indirection table"))
	}
	l.kind, l.size = layoutList, len(text.Table)
	for _, entry := range text.Table {
		l.entries = append(l.entries, int(entry))
	}
	if text.EntriesAreCPUs() {
		l.kind, l.entries = layoutCPUs, nil
		for _, entry := range text.Table {
			l.cpus = append(l.cpus, text.Processors[entry].CPU())
		}
	}
	return l, nil
}

// windowsRSSCPUs is how many CPUs Windows uses at most: the default of
// *MaxRssProcessors and of *NumRSSQueues ("Standardized INF Keywords for RSS").
const windowsRSSCPUs = 16

// checkWindowsProfile refuses the profiles that do not determine a table. The two
// static ones do on one NUMA node, where all CPUs are equally near: round robin.
func checkWindowsProfile(name string) error {
	const current = "save what `Get-NetAdapterRss` shows on the host, and give it with --table FILE"
	switch strings.ToLower(name) {
	case "numastatic", "closeststatic":
		return nil
	case "closest", "numa":
		return errors.New("determines no table: Windows moves its entries with the load; " + current)
	case "conservative":
		return errors.New("determines no table: Windows uses as few CPUs as the load lets it, and moves the entries; " + current)
	}
	return errors.New("unknown profile of Windows; known are NUMAStatic and ClosestStatic; for Closest, NUMA and Conservative, " + current)
}

// On is the layout with the queues that the CPUs it names stand for: of each CPU
// the lowest queue there. cpus are the numbers of the CPUs in use, ascending;
// queueCPU has for each queue the index of its CPU in cpus. Layouts of queues stay
// as they are. The error names a CPU that is not in use, or has no queue.
func (l Layout) On(cpus, queueCPU []int) (Layout, error) {
	named := l.cpus
	switch l.kind {
	case layoutCPUs:
	case layoutWindows:
		// RSS leaves out hyper-thread siblings, which have the odd numbers.
		named = nil
		for _, cpu := range cpus {
			if cpu%2 == 0 && len(named) < min(windowsRSSCPUs, len(queueCPU)) {
				named = append(named, cpu)
			}
		}
		if len(named) == 0 {
			return Layout{}, fmt.Errorf("--layout %s: no CPU in use has an even number, and those with odd ones are hyper-thread siblings to Windows; change --cpus, or name them with cpus:LIST", l)
		}
	default:
		return l, nil
	}
	lowest := map[int]int{} // queue, by the CPU's number
	for queue, i := range slices.Backward(queueCPU) {
		lowest[cpus[i]] = queue
	}
	placed := l
	placed.kind, placed.cpus, placed.entries = layoutList, nil, make([]int, len(named))
	for i, cpu := range named {
		queue, ok := lowest[cpu]
		switch {
		case !slices.Contains(cpus, cpu):
			return Layout{}, fmt.Errorf("--layout %s: entry %d is CPU %d, which is not in use; add it to --cpus, or leave it out here", l, i, cpu)
		case !ok:
			return Layout{}, fmt.Errorf("--layout %s: entry %d is CPU %d, which has no queue; put one there with --affinity, or raise --queues", l, i, cpu)
		}
		placed.entries[i] = queue
	}
	return placed, nil
}

// Caveat is what the layout takes for granted, a sentence for the reader of its
// results; "" for all but Windows' profiles.
func (l Layout) Caveat() string {
	if !strings.HasPrefix(l.spec, "windows:") {
		return ""
	}
	return fmt.Sprintf("--layout %s is for a host with one NUMA node and two threads per core; *MaxRssProcessors and *NumRSSQueues are taken to be %d.", l, windowsRSSCPUs)
}
