package nictext

import (
	"slices"
	"strings"
	"testing"
)

// Tables below prompts that ask for RSS contexts are these contexts', wherever they stand.
func TestWithoutContexts(t *testing.T) {
	const prompt = "root@host:~# ethtool -x eth0"
	row := "    0:      0     1     2     3     0     1     2     3\n"
	table := strings.Split(tableText, "\n")[0] + "\n" + row + keyText + toeplitzText
	of := func(context, queue string) string {
		return prompt + " context " + context + "\n" + strings.Replace(table, "     1 ", "     "+queue+" ", 1)
	}
	second := func(text string) int { // the second entry's queue
		t.Helper()
		got, err := ReadTable(strings.NewReader(text), "x")
		if err != nil || len(got.Table) != 8 || got.Key == nil {
			t.Fatalf("%+v, %v", got, err)
		}
		return int(got.Table[1])
	}
	main := prompt + "\n" + table
	for name, text := range map[string]string{
		"behind":  main + of("1", "2") + of("4", "3") + "root@host:~# ethtool -l eth0\n",
		"before":  of("1", "2") + of("4", "3") + main + "\n",
		"between": "x\n" + of("4", "3") + "\n" + main + of("1", "2"),
	} {
		rest, contexts := WithoutContexts([]byte(text))
		if got := []int{second(string(rest)), second(string(contexts[1])), second(string(contexts[4]))}; len(contexts) != 2 || !slices.Equal(got, []int{1, 2, 3}) {
			t.Errorf("%s: %v of %d contexts", name, got, len(contexts))
		}
	}
	for name, text := range map[string]string{
		"no prompts":             table + table,
		"contexts alone":         of("1", "2") + of("4", "3"),
		"one context again":      of("1", "2") + of("1", "3"),
		"a prompt of another":    main + strings.ReplaceAll(of("1", "2"), "-x eth0", "-x eth1"),
		"two of one context":     main + of("1", "2") + of("1", "3"),
		"two of the main one":    main + main + of("1", "2"),
		"one with lines between": main + "root@host:~# ethtool -l eth0\n" + table,
	} {
		rest, _ := WithoutContexts([]byte(text))
		if _, err := ReadTable(strings.NewReader(string(rest)), "x"); err == nil || !strings.Contains(err.Error(), "a second table") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rest, _ := WithoutContexts([]byte(of("1", "2"))); string(rest) != of("1", "2") {
		t.Errorf("one table: %s", rest)
	}
}
