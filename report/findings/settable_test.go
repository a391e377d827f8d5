package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// No remedy is a command that the NIC's driver refuses.
func TestRemediesThatTheDriverTakes(t *testing.T) {
	free, fixed := newDiagnosis(hot(400, 200, 200, 200), &Traffic{}), newDiagnosis(hot(400, 200, 200, 200), &Traffic{Unsettable: Unsettable{Table: true, Key: true, Fields: true, Transform: true, Rule: true}})
	for name, remedy := range map[string]func(d *diagnosis) string{
		"ports":     func(d *diagnosis) string { return d.portsToo("udp") },
		"addresses": func(d *diagnosis) string { return d.addressesAlone("udp") },
		"key":       func(d *diagnosis) string { return d.setKey("01:02") },
		"table":     (*diagnosis).setEqual,
		"symmetric": (*diagnosis).setSymmetric,
		"rule":      (*diagnosis).ownCPU,
	} {
		if got := remedy(free); !strings.Contains(got, "`ethtool -") {
			t.Errorf("%s: %q has no command", name, got)
		}
		if got := remedy(fixed); strings.Contains(got, "`ethtool -") || !strings.Contains(strings.ToLower(got), "the driver") {
			t.Errorf("%s: %q of a driver that takes none", name, got)
		}
	}
}

// Where nobody can set a table none is promised, and no entry is moved.
func TestNoOtherTable(t *testing.T) {
	r := hot(400, 200, 200, 200)
	r.Table.Packets = report.List[uint64]{100, 200, 200, 200, 300}
	r.Table.Entries = report.List[int]{0, 1, 2, 3, 0}
	heavy := on(0, 300)
	better := &report.FoundTable{Imbalance: 1.1, Judged: 1.1, Present: 1.6, Lasts: true}
	free, fixed := newDiagnosis(r, &Traffic{Better: better}), newDiagnosis(r, &Traffic{Better: better, Unsettable: Unsettable{Table: true}})
	if got := free.relieve(&heavy); !strings.Contains(got, "`rssreplay suggest CAPTURE` looks for a table that lasts.") {
		t.Errorf("a table that can be set: %q", got)
	}
	if got := fixed.relieve(&heavy); got != "Split it over several connections." {
		t.Errorf("a table that nobody can set: %q", got)
	}
	if free.oneMove([]*report.Flow{&heavy}) == nil || fixed.oneMove([]*report.Flow{&heavy}) != nil {
		t.Error("an entry is moved where nobody can, or not where one can")
	}
	if free.betterTable() == nil || fixed.betterTable() != nil {
		t.Error("a better table is told of where nobody can set one, or not where one can")
	}
}

// A ring is made no longer than it can be.
func TestRemedyForRings(t *testing.T) {
	for _, test := range []struct {
		ring, longest int
		want          string
	}{
		{256, 0, "`ethtool -G DEV rx 1024` (`ethtool -g DEV` shows the longest); its effect: `rssreplay CAPTURE --rx-ring 1024`"},
		{256, 4096, "`ethtool -G DEV rx 1024`; its effect"},
		{256, 512, "`ethtool -G DEV rx 512`, the longest that it can have; its effect: `rssreplay CAPTURE --rx-ring 512`"},
		{512, 512, "The ring is as long as it can be (`ethtool -g DEV`)"},
	} {
		r := hot(400, 200, 200, 200)
		r.Parameters = report.Parameters{{Name: "rx-ring", Value: test.ring}}
		r.Modes[0].Totals.Drops = 9
		cpu := 0
		r.Modes[0].Queues = report.List[report.Queue]{{Queue: 0, CPU: &cpu, Packets: 400, Drops: 9}}
		f := newDiagnosis(r, &Traffic{LongestRing: test.longest, Bursts: []Burst{{90, 900}}}).microburst()
		if f == nil || !strings.Contains(f.Remedy, test.want) {
			t.Errorf("a ring of %d, at most %d: %+v", test.ring, test.longest, f)
		}
	}
}

// Commands of Linux are said to be that where they are not the NIC's.
func TestOtherToolsThanEthtool(t *testing.T) {
	for _, test := range []struct {
		traffic Traffic
		want    string
	}{{Traffic{}, ""}, {Traffic{Application: true}, "Under DPDK"}, {Traffic{PowerShell: true}, "Under Windows"}} {
		d := newDiagnosis(hot(400, 200, 200, 200), &test.traffic)
		all := []report.Finding{{Remedy: "`ethtool -X DEV default`."}, {Remedy: "More flows."}}
		d.noEthtool(all)
		if test.want == "" && all[0].Remedy != "`ethtool -X DEV default`." || !strings.HasPrefix(all[0].Remedy, test.want) || all[1].Remedy != "More flows." {
			t.Errorf("%+v: %+v", test.traffic, all)
		}
	}
}

// Under Windows remedies are its own commands, where there are some.
func TestRemediesUnderWindows(t *testing.T) {
	r := hot(400, 200, 200, 200)
	r.Parameters = report.Parameters{{Name: "rx-ring", Value: 256}, {Name: "rx-usecs", Value: 1000}}
	windows, linux := newDiagnosis(r, &Traffic{PowerShell: true}), newDiagnosis(r, &Traffic{})
	for want, remedy := range map[string]func(d *diagnosis) string{
		"`Set-NetAdapterRss -Name DEV -Profile NUMAStatic -MaxProcessors 4 -NumberOfReceiveQueues 4`":         (*diagnosis).setEqual,
		"`Set-NetAdapterRss -Name DEV -Profile NUMAStatic -MaxProcessors 3 -NumberOfReceiveQueues 3`":         func(d *diagnosis) string { return d.setQueues(3) },
		"where the NIC has as many queues: `Set-NetAdapterRss ":                                               (*diagnosis).reachAll,
		"`Set-NetAdapterAdvancedProperty -Name DEV -RegistryKeyword \"*ReceiveBuffers\" -RegistryValue 1024`": func(d *diagnosis) string { _, how := d.ringFor(1024); return how },
	} {
		if got := remedy(windows); !strings.Contains(got, want) || strings.Contains(got, "ethtool") {
			t.Errorf("%q, want %q", got, want)
		}
		if got := remedy(linux); !strings.Contains(got, "`ethtool -") {
			t.Errorf("%q under Linux", got)
		}
	}
	fixed := Unsettable{Key: true, Transform: true}
	windows.t.Unsettable, linux.t.Unsettable = fixed, fixed
	if w, l := windows.setSymmetric(), linux.setSymmetric(); strings.Contains(w, "AF_PACKET") || !strings.Contains(l, "AF_PACKET") {
		t.Errorf("%q under Windows, %q under Linux", w, l)
	}
	p99 := int64(1e6)
	r.Modes[0].CPUs[0].Latency.P99 = &p99
	if f := windows.longModeration(); f == nil || !strings.Contains(f.Remedy, `"*InterruptModeration" -RegistryValue 0`) || strings.Contains(f.Remedy, "ethtool") {
		t.Errorf("%+v", f)
	}
}

// Windows' profile Conservative leaves CPUs out by design, and takes one where that is enough.
func TestFewCPUsByDesign(t *testing.T) {
	r := hot(400, 400, 0, 0)
	r.Table = report.TableReport{Size: 4, Entries: report.List[int]{0, 1, 0, 1}, QueueCPUs: report.List[int]{0, 1}}
	one := hot(800, 0, 0, 0)
	one.Table = report.TableReport{Size: 4, Entries: report.List[int]{0, 0, 0, 0}, QueueCPUs: report.List[int]{0, 1}}
	for _, few := range []bool{false, true} {
		traffic := &Traffic{Windows: true, PowerShell: true, FewByDesign: few}
		for _, f := range []*report.Finding{newDiagnosis(r, traffic).missedCPUs(), newDiagnosis(one, traffic).oneQueue()} {
			if f == nil || (f.Severity == report.Note) != few || strings.Contains(f.Evidence, "Conservative") != few || strings.Contains(f.Remedy, "-Profile NUMAStatic") != few {
				t.Errorf("few CPUs by design %v: %+v", few, f)
			}
		}
	}
}

// With a driver that takes a command without xfrm as symmetric-xor, remedies say it.
func TestRemediesKeepTheTransform(t *testing.T) {
	for text, want := range map[string]string{
		"`ethtool -L DEV combined 8`, then `ethtool -X DEV default`; or more.": "`ethtool -L DEV combined 8`, then `ethtool -X DEV default xfrm none`; or more. Without xfrm",
		"`ethtool -X DEV equal 8`.":                      "`ethtool -X DEV equal 8 xfrm none`. Without xfrm",
		"a key (`ethtool -X DEV hkey 6d:5a:6d:5a:…`)":    "a key (`ethtool -X DEV hkey 6d:5a:6d:5a:… xfrm none`) Without xfrm",
		"`ethtool -X DEV xfrm symmetric-xor` where":      "`ethtool -X DEV xfrm symmetric-xor` where",
		"`ethtool -X DEV context 3 …` moves those of it": "`ethtool -X DEV context 3 …` moves those of it",
	} {
		for keep, want := range map[string]string{"none": want, "": text} {
			all := []report.Finding{{Remedy: text}}
			newDiagnosis(hot(400, 200, 200, 200), &Traffic{KeepTransform: keep}).keepTransform(all)
			if got := all[0].Remedy; !strings.HasPrefix(got, want) || strings.Contains(got, "Without xfrm") != strings.Contains(want, "Without xfrm") {
				t.Errorf("%q: %q, want %q", keep, got, want)
			}
		}
	}
}
