package nictext

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// QueueCounters are how many packets each receive queue of a NIC took, as its
// driver counts them: what `ethtool -S` prints, and its like.
type QueueCounters struct {
	// Form is which driver's names they have, as "igb, igc, ixgbe, ice, …". Two
	// outputs of one NIC have the same.
	Form    string
	Packets []uint64 // by queue, from 0; nil where the driver counts bytes alone
	Bytes   []uint64 // by queue; nil where they are not shown, or not of every queue

	// VF is how many packets came through the virtual function below the interface, as
	// hv_netvsc counts them beside its queues: none of these had them.
	VF uint64
}

// counterForm is how some drivers name what a receive queue counts. The first group is
// the queue, a second one the device. Several counters of a queue are added.
type counterForm struct {
	drivers        string
	packets, bytes *lazyregexp.Regexp // bytes may be nil, and packets where there are none
}

// counterForms are the names in the drivers' sources: Linux 6.12, drivers/net, in each
// driver's *_ethtool.c; DPDK, lib/ethdev/rte_ethdev.c (eth_dev_rxq_stats); FreeBSD 14,
// sys/net/iflib.c, and sys/dev's ixl, ena/ena_sysctl.c and mlx5/mlx5_en.
var counterForms = []counterForm{
	{"igb, igc, ixgbe, ice, hv_netvsc, virtio_net", lazyregexp.New(`^rx_queue_(\d+)_packets$`), lazyregexp.New(`^rx_queue_(\d+)_bytes$`)}, // libwx too
	{"i40e, iavf, sfc", lazyregexp.New(`^rx-(\d+)\.(?:rx_)?packets$`), lazyregexp.New(`^rx-(\d+)\.(?:rx_)?bytes$`)},
	{"mlx5, mlx4, virtio_net", lazyregexp.New(`^rx(\d+)_packets$`), lazyregexp.New(`^rx(\d+)_bytes$`)},
	{"ena", lazyregexp.New(`^queue_(\d+)_rx_cnt$`), lazyregexp.New(`^queue_(\d+)_rx_bytes$`)},
	{"bnxt, bnx2x", lazyregexp.New(`^\[(\d+)\]: rx_[umb]cast_packets$`), lazyregexp.New(`^\[(\d+)\]: rx_(?:[umb]cast_)?bytes$`)},
	{"mana", lazyregexp.New(`^rx_(\d+)_packets$`), lazyregexp.New(`^rx_(\d+)_bytes$`)},
	{"ionic", lazyregexp.New(`^rx_(\d+)_pkts$`), lazyregexp.New(`^rx_(\d+)_bytes$`)},
	{"atlantic", lazyregexp.New(`^(?:TC\d+ )?Queue\[(\d+)\] InPackets$`), nil},
	{"DPDK", lazyregexp.New(`^rx_q(\d+)_?packets$`), lazyregexp.New(`^rx_q(\d+)_?bytes$`)},
	{"idpf", lazyregexp.New(`^rx_q-(\d+)_pkts$`), lazyregexp.New(`^rx_q-(\d+)_bytes$`)},
	{"hns3", lazyregexp.New(`^rxq(\d+)_packets$`), lazyregexp.New(`^rxq(\d+)_bytes$`)},
	{"hinic", lazyregexp.New(`^rxq(\d+)_pkts$`), lazyregexp.New(`^rxq(\d+)_bytes$`)},
	{"qede", lazyregexp.New(`^(\d+): rcv_pkts$`), nil},
	{"nfp", lazyregexp.New(`^rvec_(\d+)_rx_pkts$`), nil},
	{"stmmac", lazyregexp.New(`^q(\d+)_rx_pkt_n$`), nil},
	{"be2net", lazyregexp.New(`^rxq(\d+): rx_pkts$`), lazyregexp.New(`^rxq(\d+): rx_bytes$`)},
	{"octeontx2, thunder", lazyregexp.New(`^rxq(\d+): frames$`), lazyregexp.New(`^rxq(\d+): bytes$`)},
	{"amd-xgbe", lazyregexp.New(`^rxq_(\d+)_packets$`), lazyregexp.New(`^rxq_(\d+)_bytes$`)},
	{"enetc", lazyregexp.New(`^Rx ring +(\d+) frames$`), nil},
	{"hns", lazyregexp.New(`^rx_ring(\d+)_pkt_num$`), lazyregexp.New(`^rx_ring(\d+)_bytes$`)},
	{"funeth", lazyregexp.New(`^rx_pkts\[(\d+)\]$`), nil}, // its bytes are named as gve's
	{"lan743x", lazyregexp.New(`^RX Queue (\d+) Frames$`), nil},
	{"liquidio", lazyregexp.New(`^rx-(\d+)-packets$`), lazyregexp.New(`^rx-(\d+)-bytes$`)},
	{"mvpp2", lazyregexp.New(`^rxq_(\d+)_desc_enqueue$`), nil}, // a descriptor a packet
	{"octeon_ep", lazyregexp.New(`^rx_packets\[Q-(\d+)\]$`), lazyregexp.New(`^rx_bytes\[Q-(\d+)\]$`)},
	{"gve", nil, lazyregexp.New(`^rx_bytes\[(\d+)\]$`)},
	{"FreeBSD", lazyregexp.New(`^dev\.(\w+\.\d+)\.(?:pf\.)?(?:queue|rxq|rxstat)(\d+)\.(?:(?:rx_)?packets|rx_ring\.count)$`), lazyregexp.New(`^dev\.(\w+\.\d+)\.(?:pf\.)?(?:queue|rxq|rxstat)(\d+)\.(?:rx_|rx_ring\.)?bytes$`)},
}

// vmxnet3 has a heading for each queue.
var (
	vmxnet3Queue   = lazyregexp.New(`^Rx Queue#$`)
	vmxnet3Packets = lazyregexp.New(`^[umb]cast pkts rx$`)
)

const vmxnet3Form = "vmxnet3"

// counted is what was found under the names of one form: counts by queue.
type counted struct {
	packets, bytes map[int]uint64
	// How many counters of packets there are, of unicast, of multicast …, and how many of bytes.
	classes, byteClasses map[int]int
}

func newCounted() *counted {
	return &counted{map[int]uint64{}, map[int]uint64{}, map[int]int{}, map[int]int{}}
}

// ReadQueueCounters reads counters by receive queue: the output of `ethtool -S`, also
// without its first line (`ethtool -S eth0 | grep rx_queue`), testpmd's, VPP's and Open
// vSwitch's extended statistics, telegraf's lines, FreeBSD's `sysctl dev.ix.0`, and the
// dump of `ynl --family netdev --dump qstats-get`. The errors name the line and say what to do.
func ReadQueueCounters(text string) (*QueueCounters, error) {
	lines := Lines([]byte(text))
	if text = strings.Join(lines, "\n"); strings.Contains(text, "queue-type") {
		return readQueueStats(text)
	}
	c := &QueueCounters{}
	read := counterReader{counters: c, found: map[string]*counted{}, heading: -1, first: map[string]int{}}
	for i, line := range lines {
		counters := countersOf(line)
		if len(read.found) > 0 && isCut(line) && !slices.ContainsFunc(counters, namedCount.isCount) { // as "rx_bgx_truncated_pkts: 0"
			return nil, fmt.Errorf("line %d: lines are left out here: give the text whole", i+1)
		}
		for _, counter := range counters {
			if err := read.counter(i+1, counter.name, counter.value); err != nil {
				return nil, err
			}
		}
	}
	found := read.found
	if i := slices.IndexFunc(lines, sample.MatchString); len(found) == 0 && i >= 0 {
		return nil, fmt.Errorf("line %d: %s is a sample of Prometheus, which has not the driver's names of counters: give the output of `ethtool -S`", i+1, quote.Short(lines[i]))
	}
	if i := slices.IndexFunc(lines, countedElsewhere.MatchString); len(found) == 0 && i >= 0 {
		return nil, fmt.Errorf("line %d: virtio_net and enic of newer kernels (Linux 6.12) count the packets of queues elsewhere: give what `ynl --family netdev --dump qstats-get --json '{\"scope\": \"queue\", \"ifindex\": N}'` prints (N: /sys/class/net/DEV/ifindex), or two of /proc/interrupts instead", i+1)
	}
	return c, c.take(found)
}

// counterReader reads one text, counter by counter.
type counterReader struct {
	counters *QueueCounters
	found    map[string]*counted // by form
	heading  int                 // vmxnet3's queue, −1 above the first one
	first    map[string]int      // the line of each counter of a queue
}

// counter reads one counter of line n.
func (r *counterReader) counter(n int, name, value string) (err error) {
	switch {
	case vmxnet3Queue.MatchString(name):
		if r.heading, err = strconv.Atoi(value); err != nil || r.heading < 0 {
			return fmt.Errorf("line %d: %q is no number of a queue", n, value)
		}
	case r.heading >= 0 && vmxnet3Packets.MatchString(name):
		return r.add(n, name, value, vmxnet3Form, strconv.Itoa(r.heading), false)
	case strings.HasPrefix(name, "Tx Queue"):
		r.heading = -1
	case name == "vf_rx_packets":
		if r.counters.VF, err = strconv.ParseUint(value, 10, 64); err != nil {
			return fmt.Errorf("line %d: %s is %q, which is no count", n, name, value)
		}
	default:
		for _, form := range counterForms {
			if drivers, queue, ok := form.find(form.packets, name); ok {
				err = r.add(n, name, value, drivers, queue, false)
			} else if drivers, queue, ok := form.find(form.bytes, name); ok && err == nil {
				err = r.add(n, name, value, drivers, queue, true)
			}
		}
	}
	return err
}

// add adds what a queue has counted under a name of the form.
func (r *counterReader) add(n int, name, value, form, queue string, bytes bool) error {
	number, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return fmt.Errorf("line %d: %s is %q, which is no count", n, name, value)
	}
	q, err := strconv.Atoi(queue)
	if err != nil || q >= nicmodel.MaxQueues {
		return fmt.Errorf("line %d: %s is of queue %s; there are at most %d", n, name, queue, nicmodel.MaxQueues)
	}
	counter := fmt.Sprint(form, q, name)
	if before, again := r.first[counter]; again {
		return fmt.Errorf("line %d: %s comes again, after line %d: the text has more than one output: give each as a file of its own, and of one interface", n, name, before)
	}
	r.first[counter] = n
	if r.found[form] == nil {
		r.found[form] = newCounted()
	}
	if bytes {
		r.found[form].bytes[q] += number
		r.found[form].byteClasses[q]++
	} else {
		r.found[form].packets[q] += number
		r.found[form].classes[q]++
	}
	return nil
}

// countedElsewhere is a counter of each of virtio_net's or enic's queues, which has no count
// of packets beside it since the kernel has statistics of queues of its own. Source: Linux
// 6.12, drivers/net/virtio_net.c, virtnet_rq_stats_desc and virtnet_rq_stats_desc_qstat;
// cisco/enic/enic_ethtool.c, enic_per_rq_stats, and enic_main.c, enic_get_queue_stats_rx.
var countedElsewhere = lazyregexp.New(`^\s*(?:rx\d+_kicks|rq\[\d+\]_napi_complete):`)

// sample is what an exporter of Prometheus says of an interface, as node_exporter's
// collector of ethtool does.
var sample = lazyregexp.New(`^\w+\{(?:[^}]*,)?(?:device|interface)="[^"]*"[^}]*\} +[\d.e+]+(?: \d+)?$`)

// namedCount is a counter's name, and its value as the text has it.
type namedCount struct{ name, value string }

func (c namedCount) isCount() bool { return c.value != "" && strings.Trim(c.value, "0123456789") == "" }

// severalCounts matches each of several counters in one line, as Open vSwitch's statistics,
// telegraf, and objects of JSON and Python have them.
var severalCounts = lazyregexp.New(`["']?([\w.\[\]-]+)["']?\s*[=:]\s*(\d+)i?(?:[,}\s]|$)`)

// countersOf takes a line apart: a name, a colon or some space (VPP), a count; or several.
func countersOf(line string) []namedCount {
	for strings.HasPrefix(line, "|") {
		line = strings.TrimSpace(line[1:])
	}
	if all := severalCounts.FindAllStringSubmatchIndex(line, -1); len(all) > 1 {
		var several []namedCount
		for _, at := range all {
			several = append(several, namedCount{line[at[2]:at[3]], line[at[4]:at[5]]})
		}
		return several
	}
	if at := strings.LastIndex(line, ":"); at >= 0 {
		name, value := strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:])
		if quoted, ok := strings.CutPrefix(name, `"`); ok { // a line of JSON: DPDK's telemetry
			name, value = strings.TrimSuffix(quoted, `"`), strings.TrimSuffix(value, ",")
		}
		return []namedCount{{name, value}}
	}
	if fields := strings.Fields(line); len(fields) == 2 {
		return []namedCount{{fields[0], fields[1]}}
	}
	return nil
}

// find is the queue that the name is of, and the form's drivers, with the device where
// the name has it.
func (f *counterForm) find(names *lazyregexp.Regexp, name string) (drivers, queue string, ok bool) {
	if names == nil {
		return "", "", false
	}
	switch m := names.FindStringSubmatch(name); {
	case m == nil:
		return "", "", false
	case len(m) == 3:
		return f.drivers + " " + m[1], m[2], true
	default:
		return f.drivers, m[1], true
	}
}

// take takes over what was found, of the one form that has packets; of bytes alone
// where none has.
func (c *QueueCounters) take(found map[string]*counted) error {
	var forms []string
	for _, unit := range []func(*counted) map[int]uint64{(*counted).byPackets, (*counted).byBytes} {
		for form := range found {
			if len(unit(found[form])) > 0 {
				forms = append(forms, form)
			}
		}
		if len(forms) > 0 {
			break
		}
	}
	slices.Sort(forms)
	switch len(forms) {
	case 0:
		return fmt.Errorf("it counts no packets by receive queue under a name that is known (rx_queue_0_packets, rx-0.packets, rx0_packets, rx_q0_packets, queue_0_rx_cnt and others): give the whole output of `ethtool -S`, or, of a driver that counts none by queue (cxgb4, mvneta), two of /proc/interrupts")
	case 1:
	default:
		return fmt.Errorf("it has the counters of two drivers or devices, %s and %s: give the output of one interface", forms[0], forms[1])
	}
	c.Form = forms[0]
	of := found[c.Form]
	var err error
	if c.Packets, err = inOrder(of.packets); err != nil {
		return err
	}
	for q := range c.Packets {
		if of.classes[q] != of.classes[0] {
			return fmt.Errorf("it has other counters of packets for queue %d than for queue 0: the output is not whole", q)
		}
	}
	bytes, err := inOrder(of.bytes)
	for q := range bytes {
		if of.byteClasses[q] != of.byteClasses[0] {
			return fmt.Errorf("it has other counters of bytes for queue %d than for queue 0: the output is not whole", q)
		}
	}
	switch {
	case err == nil && (c.Packets == nil || len(bytes) == len(c.Packets)):
		c.Bytes = bytes
	case c.Packets == nil:
		return err
	}
	return nil
}

func (c *counted) byPackets() map[int]uint64 { return c.packets }
func (c *counted) byBytes() map[int]uint64   { return c.bytes }

// inOrder is the counts by queue, which must be those of all queues up to the last.
func inOrder(queues map[int]uint64) ([]uint64, error) {
	var list []uint64
	for q := range len(queues) {
		n, ok := queues[q]
		if !ok {
			return nil, fmt.Errorf("it counts queue %d and not queue %d: the output is not whole", slices.Max(slices.Collect(maps.Keys(queues))), q)
		}
		list = append(list, n)
	}
	return list, nil
}

// Since is what was counted after the earlier output: packets of each queue, or bytes
// where the driver counts these alone. It is an error if the two are not of one
// interface, or if a counter has gone back.
func (c *QueueCounters) Since(earlier *QueueCounters) ([]uint64, error) {
	before, after := earlier.Packets, c.Packets
	if before == nil && after == nil {
		before, after = earlier.Bytes, c.Bytes
	}
	switch {
	case c.Form != earlier.Form:
		return nil, fmt.Errorf("the two are of different drivers or devices: one has counters of %s, the other of %s", earlier.Form, c.Form)
	case len(after) != len(before):
		return nil, fmt.Errorf("one counts %d receive queues and the other %d: they are of different interfaces, or the number of channels was changed between them", len(before), len(after))
	}
	return since(before, after)
}

func since(earlier, later []uint64) ([]uint64, error) {
	since := make([]uint64, len(later))
	for q := range since {
		before, after := earlier[q], later[q]
		switch {
		case after >= before:
			since[q] = after - before
		case before < 1<<32 && before >= 1<<31 && after < 1<<31:
			return nil, fmt.Errorf("queue %d went from %d to %d: a counter of 32 bits has wrapped; take the two outputs closer together", q, before, after)
		default:
			return nil, fmt.Errorf("queue %d went back from %d to %d: the outputs are in the wrong order, of different interfaces, or the interface was reset between them", q, before, after)
		}
	}
	return since, nil
}
