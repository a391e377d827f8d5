package nictext

import (
	"slices"
	"strings"
	"testing"

	"rssreplay/nicmodel"
)

// Tables that lead to more queues than their text says there are, and those that lead
// to fewer processors than RSS could use, are read as they stand.
func TestTablesOfOtherQueues(t *testing.T) {
	const array = "RssProcessorArray: [Group:Number/NUMA Distance] : 0:0/0  0:2/0  1:4/0\n   1:6/32767 0:8/0\n"
	for _, test := range []struct {
		name, text string
		rings      int
		table      nicmodel.IndirectionTable
		spare      []Processor
	}{
		{"ethtool, beyond", "RX flow hash indirection table for eth0 with 1 RX ring(s):\n 0: 0 7 0 7\nRSS hash key:\n" + strings.Repeat("6d:", 39) + "6d\n", 1, nicmodel.IndirectionTable{0, 7, 0, 7}, nil},
		{"ethtool, numactl's distances behind it", "RX flow hash indirection table for eth0 with 2 RX ring(s):\n 0: 0 1 0 1\nRSS hash key:\n" + strings.Repeat("6d:", 39) + "6d\n$ numactl -H\nnode distances:\nnode   0   1\n  0:  10  21\n  1:  21  10\n", 2, nicmodel.IndirectionTable{0, 1, 0, 1}, nil},
		{"Windows, beyond", "Name : a\nNumberOfReceiveQueues : 1\n" + array + "IndirectionTable: [Group:Number] : 0:0 0:2 0:0 0:2\n", 1, nicmodel.IndirectionTable{0, 1, 0, 1}, nil},
		{"Windows, below", "Name : a\nNumberOfReceiveQueues : 4\n" + array + "IndirectionTable: [Group:Number] : 0:2 0:2\n", 4, nicmodel.IndirectionTable{0, 0}, []Processor{{0, 0}, {1, 4}, {1, 6}}},
		{"Windows, as many as may be", "Name : a\nNumberOfReceiveQueues : 4\nMaxProcessors : 2\n" + array + "IndirectionTable: [Group:Number] : 0:2 0:2\n", 4, nicmodel.IndirectionTable{0, 0}, []Processor{{0, 0}}},
		{"Windows, the array last", "Name : a\nNumberOfReceiveQueues : 3\nIndirectionTable: [Group:Number] : 0:0 0:0\n" + array, 3, nicmodel.IndirectionTable{0, 0}, []Processor{{0, 2}, {1, 4}}},
		{"Windows, a broken array", "Name : a\nNumberOfReceiveQueues : 3\n" + strings.Replace(array, "0:2/0  1:4/0", "0:\n2/0  1:1\n4/0", 1) + "IndirectionTable: [Group:Number] : 0:0 0:0\n", 3, nicmodel.IndirectionTable{0, 0}, []Processor{{0, 2}, {1, 14}}},
		{"Windows, no array", "Name : a\nNumberOfReceiveQueues : 3\nIndirectionTable: [Group:Number] : 0:0 0:0\n", 3, nicmodel.IndirectionTable{0, 0}, nil},
	} {
		got, err := ReadTable(strings.NewReader(test.text), "x")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got.Rings != test.rings || !slices.Equal(got.Table, test.table) || !slices.Equal(got.Spare, test.spare) {
			t.Errorf("%s: %d rings, table %v, spare %v", test.name, got.Rings, got.Table, got.Spare)
		}
	}
}
