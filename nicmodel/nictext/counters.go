package nictext

import (
	"bufio"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rssreplay/nicmodel"
)

// QueueCounters are how many packets each receive queue of a NIC took, as its
// driver counts them: what `ethtool -S` prints.
type QueueCounters struct {
	// Form is which driver's names they have, as "igb, igc, ixgbe, ice, …". Two
	// outputs of one NIC have the same.
	Form    string
	Packets []uint64 // by queue, from 0
	// All is the sum that the driver counts beside; 0 if it shows none.
	All uint64
}

// counterForm is how some drivers name the packets of a receive queue (NICS.md
// section 2.9, from the drivers' sources). Several counters of a queue are added.
type counterForm struct {
	drivers string
	packets *lazyRegexp // its first group is the queue
}

var counterForms = []counterForm{
	{"igb, igc, ixgbe, ice, hv_netvsc, virtio_net", lazily(`^rx_queue_(\d+)_packets$`)},
	{"i40e, iavf", lazily(`^rx-(\d+)\.(?:rx_)?packets$`)},
	{"mlx5, mlx4, virtio_net", lazily(`^rx(\d+)_packets$`)},
	{"ena", lazily(`^queue_(\d+)_rx_cnt$`)},
	{"bnxt", lazily(`^\[(\d+)\]: rx_[umb]cast_packets$`)},
	{"mana", lazily(`^rx_(\d+)_packets$`)},
}

// vmxnet3 has a heading for each queue.
var (
	vmxnet3Queue   = lazily(`^Rx Queue#$`)
	vmxnet3Packets = lazily(`^[umb]cast pkts rx$`)
)

const vmxnet3Form = "vmxnet3"

// allPackets are names of the sum.
var allPackets = []string{"rx_packets", "rx_good_packets", "port.rx_packets"}

// isQueueCounters tells whether the text is an output of `ethtool -S`, by its first
// line.
func isQueueCounters(text string) bool {
	return strings.Contains(text, "NIC statistics:")
}

// ReadQueueCounters reads the output of `ethtool -S`: per-queue counters under the
// names of igb, igc, ixgbe, ice, i40e, iavf, mlx4, mlx5, virtio, ena, bnxt, vmxnet3,
// netvsc and mana. The errors name the line and say what to do.
func ReadQueueCounters(text string) (*QueueCounters, error) {
	if !isQueueCounters(text) {
		return nil, fmt.Errorf("it is no output of `ethtool -S`: that begins with \"NIC statistics:\"")
	}
	found := map[string]map[int]uint64{} // by form and queue
	c := &QueueCounters{}
	heading := -1 // vmxnet3's queue
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(lines.Text()), "> "))
		at := strings.LastIndex(line, ":")
		if at < 0 {
			continue
		}
		name, value := strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:])
		add := func(form, queue string) error {
			number, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return fmt.Errorf("line %d: %s is %q, which is no count", n, name, value)
			}
			q, err := strconv.Atoi(queue)
			if err != nil || q >= nicmodel.MaxQueues {
				return fmt.Errorf("line %d: %s is of queue %s; there are at most %d", n, name, queue, nicmodel.MaxQueues)
			}
			if found[form] == nil {
				found[form] = map[int]uint64{}
			}
			found[form][q] += number
			return nil
		}
		var err error
		switch {
		case vmxnet3Queue.MatchString(name):
			if heading, err = strconv.Atoi(value); err != nil || heading < 0 {
				return nil, fmt.Errorf("line %d: %q is no number of a queue", n, value)
			}
		case heading >= 0 && vmxnet3Packets.MatchString(name):
			err = add(vmxnet3Form, strconv.Itoa(heading))
		case strings.HasPrefix(name, "Tx Queue"):
			heading = -1
		case slices.Contains(allPackets, name):
			if number, err := strconv.ParseUint(value, 10, 64); err == nil {
				c.All = number
			}
		default:
			for _, form := range counterForms {
				if m := form.packets.FindStringSubmatch(name); m != nil {
					err = add(form.drivers, m[1])
					break
				}
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	forms := slices.Sorted(maps.Keys(found))
	switch len(forms) {
	case 0:
		return nil, fmt.Errorf("it counts no packets by receive queue under a name that is known (rx_queue_0_packets, rx-0.packets, rx0_packets, queue_0_rx_cnt): give two of /proc/interrupts instead")
	case 1:
	default:
		return nil, fmt.Errorf("it has the counters of two drivers, %s and %s: give the output of one interface", forms[0], forms[1])
	}
	c.Form = forms[0]
	queues := found[c.Form]
	for q := range len(queues) {
		packets, ok := queues[q]
		if !ok {
			return nil, fmt.Errorf("it counts queue %d and not queue %d: the output is not whole", slices.Max(slices.Collect(maps.Keys(queues))), q)
		}
		c.Packets = append(c.Packets, packets)
	}
	return c, nil
}

// Since is what was counted after the earlier output: packets of each queue. It is
// an error if the two are not of one interface, or if a counter has gone back.
func (c *QueueCounters) Since(earlier *QueueCounters) ([]uint64, error) {
	switch {
	case c.Form != earlier.Form:
		return nil, fmt.Errorf("the two are of different drivers: one has counters of %s, the other of %s", earlier.Form, c.Form)
	case len(c.Packets) != len(earlier.Packets):
		return nil, fmt.Errorf("one counts %d receive queues and the other %d: they are of different interfaces, or the number of channels was changed between them", len(earlier.Packets), len(c.Packets))
	}
	since := make([]uint64, len(c.Packets))
	for q := range since {
		before, after := earlier.Packets[q], c.Packets[q]
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
