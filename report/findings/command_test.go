package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// A command that findings name has the settings that it was found under, as far as it takes
// them.
func TestRunRepeats(t *testing.T) {
	d := newDiagnosis(&report.Report{}, &Traffic{Command: []Argument{
		{Value: "a.pcap"}, {"--cpus", "8"}, {"--table-at", "1s=t.txt"}, {"--rebalance", "rsspp"}, {"--affinity-at", "2s=i.txt"},
	}})
	for _, test := range []struct{ got, want string }{
		{d.run("", Argument{"--rx-ring", "512"}), "`rssreplay a.pcap --cpus 8 --table-at 1s=t.txt --rebalance rsspp --affinity-at 2s=i.txt --rx-ring 512`"},
		{d.run("", Argument{"--from", "3s"}), "`rssreplay a.pcap --cpus 8 --rebalance rsspp --from 3s`"},
		{d.run("suggest"), "`rssreplay suggest a.pcap --cpus 8`"},
		{d.effect(cpuFlags, Argument{"--cpus", "9"}), ""},
	} {
		if test.got != test.want {
			t.Errorf("got  %s\nwant %s", test.got, test.want)
		}
	}
}

// A backtick in a name does not end the command that it stands in.
func TestCommandsWithBacktick(t *testing.T) {
	d := newDiagnosis(&report.Report{}, &Traffic{Command: []Argument{{Value: "we`ird.pcap"}, {"--cpus", "8"}}})
	for _, got := range []string{d.run(""), d.run("suggest"), d.sortByTime()} {
		if strings.Count(got, "`") != 2 || !strings.Contains(got, `'we'"$(printf '\140')"'ird.pcap'`) {
			t.Errorf("got %s", got)
		}
	}
}
