package findings

import (
	"slices"
	"strings"

	"rssreplay/report/internal/words"
)

// Commands that findings name, on the same captures with the same flags.

// Argument is one of a command line: a flag with its value, or a capture.
type Argument struct {
	Flag  string // "--cpus"; "" for a capture
	Value string // "" for a flag that takes none
}

// switches are the flags that commands are given and that have no value.
var switches = []string{"--inner", "--merge", "--no-gate"}

// run is the command to run next: Command with what was given to this one.
func (d *diagnosis) run(command string, change ...Argument) string {
	return Command(d.t.Command, command, change...)
}

// Command is a command to run next, in code marks: the main one for "", or another,
// on the captures given with the flags given, as far as it takes them, but for those of
// change; --from and such without a value leave the flag out.
func Command(given []Argument, command string, change ...Argument) string {
	list := []string{"rssreplay"}
	if command != "" {
		list = append(list, command)
	}
	add := func(a Argument) {
		if a.Flag != "" {
			list = append(list, a.Flag)
		}
		if a.Value != "" {
			list = append(list, words.ShellWord(a.Value))
		}
	}
	if len(given) == 0 {
		given = []Argument{{Value: "CAPTURE"}}
	}
	parts := slices.ContainsFunc(change, func(c Argument) bool { return c.Flag == "--from" || c.Flag == "--to" })
	for _, a := range given {
		if command != "" && slices.Contains(ChangeFlags, strings.TrimPrefix(a.Flag, "--")) || parts && (a.Flag == "--table-at" || a.Flag == "--affinity-at") {
			continue // a part may begin after such a time, or end before it
		}
		if a.Flag == "" || !slices.ContainsFunc(change, func(c Argument) bool { return c.Flag == a.Flag }) {
			add(a)
		}
	}
	for _, a := range change {
		if a.Value != "" || slices.Contains(switches, a.Flag) { // else it is left out
			add(a)
		}
	}
	return words.MarkedCommand(list)
}

// tableFlags and cpuFlags are what says itself how the table is, and which CPUs there
// are: a change of either contradicts them.
var (
	tableFlags = []string{"--table", "--bundle", "--driver"}
	cpuFlags   = append([]string{"--queues", "--affinity", "--irq", "--channels", "--isr-cpu", "--rps", "--table-at", "--affinity-at"}, tableFlags...)
)

// ChangeFlags are the names of the flags of what changes while packets arrive: of the
// commands that findings name, and of those to run next, the main one alone takes them.
var ChangeFlags = []string{"table-at", "affinity-at", "rebalance", "rebalance-every", "rebalance-max", "rebalance-threshold"}

// effect is the end of a remedy: the command that replays it. It is "" where one of
// the flags given contradicts the change.
func (d *diagnosis) effect(contradict []string, change ...Argument) string {
	if slices.ContainsFunc(d.t.Command, func(a Argument) bool { return slices.Contains(contradict, a.Flag) }) {
		return ""
	}
	return "; its effect: " + d.run("", change...)
}
