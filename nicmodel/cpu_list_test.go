package nicmodel

import (
	"slices"
	"strings"
	"testing"
)

func TestCPUList(t *testing.T) {
	for _, test := range []struct {
		text  string
		cpus  []int
		short string // CPUListOf's
	}{
		{"0", []int{0}, "0"},
		{"0-3,8-11", []int{0, 1, 2, 3, 8, 9, 10, 11}, "0-3,8-11"},
		{"3,1,2,2", []int{3, 1, 2, 2}, "3,1-2,2"},
		{"4,5,6", []int{4, 5, 6}, "4-6"},
		{"65535-65535", []int{65535}, "65535"},
	} {
		list, err := ParseCPUList(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got := list.CPUs(); !slices.Equal(got, test.cpus) || list.Len() != len(got) {
			t.Errorf("%s: %v, length %d, want %v", test.text, got, list.Len(), test.cpus)
		}
		if got := CPUListOf(test.cpus).String(); got != test.short {
			t.Errorf("%v: %s, want %s", test.cpus, got, test.short)
		}
		for cpu := range 20 {
			if list.Has(cpu) != slices.Contains(test.cpus, cpu) {
				t.Errorf("%s: has CPU %d: %t", test.text, cpu, list.Has(cpu))
			}
		}
		if cpu, ok := list.Only(); ok != (len(test.cpus) == 1) || ok && cpu != test.cpus[0] {
			t.Errorf("%s: only CPU %d, %t", test.text, cpu, ok)
		}
	}
	for _, text := range []string{"", "a", "3-1", "1-", "-1", "1,,2", "65536", "0-65536", "1-2-3", " 1"} {
		if list, err := ParseCPUList(text); err == nil || !strings.Contains(err.Error(), "is no CPU list: write 0-3,8-11") {
			t.Errorf("%q: %v, %v", text, list, err)
		}
	}
	if n := (CPUList{{0, 65535}, {0, 65535}}).Len(); n != 2<<16 {
		t.Errorf("%d CPUs", n)
	}
}
