package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// madeNIC is what the made texts of one interface say.
type madeNIC struct {
	device, bus   string
	driver        string
	queues, ring  int
	cpu           int    // of queue 0; the others follow
	mask, backlog string // of RPS
}

// texts are the outputs of ethtool for it, by what `ethtool OPTION DEV` is called with.
func (n *madeNIC) texts() map[string]string {
	table := fmt.Sprintf("RX flow hash indirection table for %s with %d RX ring(s):\n", n.device, n.queues)
	for row := range 16 {
		table += fmt.Sprintf("%5d: ", 8*row)
		for i := range 8 {
			table += fmt.Sprintf(" %5d", (8*row+i)%n.queues)
		}
		table += "\n"
	}
	table += "RSS hash key:\n6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa\nRSS hash function:\n    toeplitz: on\n    xor: off\n    crc32: off\n"
	return map[string]string{
		"-x": table,
		"-i": fmt.Sprintf("driver: %s\nversion: 6.12\nfirmware-version: 1.2\nbus-info: %s\n", n.driver, n.bus),
		"-l": fmt.Sprintf("Channel parameters for %s:\nPre-set maximums:\nRX:\t\tn/a\nTX:\t\tn/a\nOther:\t\t1\nCombined:\t16\nCurrent hardware settings:\nRX:\t\tn/a\nTX:\t\tn/a\nOther:\t\t1\nCombined:\t%d\n", n.device, n.queues),
		"-g": fmt.Sprintf("Ring parameters for %s:\nPre-set maximums:\nRX:\t\t4096\nRX Mini:\tn/a\nRX Jumbo:\tn/a\nTX:\t\t4096\nCurrent hardware settings:\nRX:\t\t%d\nRX Mini:\tn/a\nRX Jumbo:\tn/a\nTX:\t\t512\n", n.device, n.ring),
		"-S": "NIC statistics:\n     rx_packets: 5\n     rx_queue_0_packets: 5\n",
		"-k": fmt.Sprintf("Features for %s:\nrx-checksumming: on\nreceive-hashing: on\nntuple-filters: off\n", n.device),
		"-T": fmt.Sprintf("Time stamping parameters for %s:\nCapabilities:\n\tsoftware-receive\n", n.device),
	}
}

// queueFiles are those of /sys for it, one value each, below root.
func (n *madeNIC) queueFiles(root string) map[string]string {
	files := map[string]string{}
	for q := range n.queues {
		rx := path.Join(root, n.device, "queues", fmt.Sprintf("rx-%d", q))
		files[path.Join(rx, "rps_cpus")], files[path.Join(rx, "rps_flow_cnt")] = n.mask+"\n", "0\n"
		files[path.Join(root, n.device, "queues", fmt.Sprintf("tx-%d", q), "xps_cpus")] = "00\n"
	}
	return files
}

// interrupts are the rows of /proc/interrupts: queue q of a NIC on its CPU + q.
func interrupts(nics ...*madeNIC) string {
	const cpus = 12
	text := "      "
	for cpu := range cpus {
		text += fmt.Sprintf("      CPU%d", cpu)
	}
	text += "\n"
	irq := 60
	for _, n := range nics {
		for q := range n.queues {
			text += fmt.Sprintf(" %d:", irq)
			for cpu := range cpus {
				count := 0
				if cpu == n.cpu+q {
					count = 5000 + q
				}
				text += fmt.Sprintf(" %9d", count)
			}
			text += fmt.Sprintf("  IR-PCI-MSIX-%s  %d-edge  %s-TxRx-%d\n", n.bus, q, n.device, q)
			irq++
		}
	}
	return text
}

// layouts of a support tool's collection of these NICs: by name, the files.
func bundleLayouts(nics ...*madeNIC) map[string]map[string]string {
	flat, sos, grepped, collected := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	const root = "sosreport-web1-2026-11-26-abcdefg"
	var rps strings.Builder
	for _, n := range nics {
		for option, text := range n.texts() {
			flat["ethtool"+option+"-"+n.device+".txt"] = text
			sos[path.Join(root, "sos_commands/networking", "ethtool_"+option+"_"+n.device)] = text
			grepped[path.Join("out", n.device, "ethtool"+option)] = text
			collected[path.Join("rss-"+n.device, "ethtool"+option+".txt")] = text
		}
		files := n.queueFiles("sys/class/net")
		var own string
		for _, name := range slices.Sorted(maps.Keys(files)) {
			own += fmt.Sprintf("/%s:%s", name, files[name])
		}
		rps.WriteString(own)
		collected[path.Join("rss-"+n.device, "rps.txt")] = own
		maps.Copy(sos, n.queueFiles(path.Join(root, "sys/devices/pci0000:3a/0000:3a:00.0/"+n.bus+"/net")))
	}
	backlog := nics[0].backlog
	fmt.Fprintf(&rps, "/proc/sys/net/core/netdev_max_backlog:%s\n/sys/devices/system/cpu/online:0-9,11\n", backlog)
	sos[path.Join(root, "proc/interrupts")] = interrupts(nics...)
	sos[path.Join(root, "proc/sys/net/core/netdev_max_backlog")] = backlog + "\n"
	for device, driver := range map[string]string{"docker0": "bridge\nbus-info: N/A", "eth0.100": "802.1Q VLAN Support\nbus-info: ", "veth1a": "veth\nbus-info: "} { // as many hosts have
		sos[path.Join(root, "sos_commands/networking", "ethtool_-i_"+device)] = "driver: " + driver + "\n"
	}
	sos[path.Join(root, "sos_commands/processor/lscpu")] = "Architecture:          x86_64\nCPU(s):                12\n  On-line CPU(s) list: 0-9,11\n  Off-line CPU(s) list: 10\nThread(s) per core:    1\n"
	sos[path.Join(root, "sys/devices/system/cpu/online")] = "0-9,11\n"
	sos[path.Join(root, "sys/devices/system/cpu/cpu10/online")] = "0\n"
	sos[path.Join(root, "sos_commands/networking/ip_-s_-d_link")] = "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n"
	sos[path.Join(root, "version.txt")] = "sosreport: 4.5.6\n"
	for _, of := range []map[string]string{flat, grepped} {
		of["interrupts.txt"], of["rps.txt"] = interrupts(nics...), rps.String()
	}
	for i, n := range nics { // at other times
		collected[path.Join("rss-"+n.device, "interrupts.txt")] = strings.ReplaceAll(interrupts(nics...), " 5000 ", fmt.Sprintf(" 5%d00 ", i))
		collected[path.Join("rss-"+n.device, "rps.txt")] += fmt.Sprintf("/proc/sys/net/core/netdev_max_backlog:%s\n/sys/devices/system/cpu/online:0-9,11\n", backlog)
	}
	return map[string]map[string]string{"a file a command": flat, "sosreport": sos, "a folder an interface": grepped, "archives of collect": collected}
}

// bundleForms writes files as a folder, a tar.gz, a zip and a plain tar; their paths.
func bundleForms(t *testing.T, files map[string]string) []string {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "folder")
	create := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	plain, packed, zipped := create("b.tar"), create("b.tar.gz"), create("b.zip")
	compressed := gzip.NewWriter(packed)
	tars := []*tar.Writer{tar.NewWriter(plain), tar.NewWriter(compressed)}
	z := zip.NewWriter(zipped)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := files[name]
		on := filepath.Join(folder, filepath.FromSlash(name))
		must(os.MkdirAll(filepath.Dir(on), 0o755))
		must(os.WriteFile(on, []byte(text), 0o644))
		for _, w := range tars {
			must(w.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}))
			_, err := w.Write([]byte(text))
			must(err)
		}
		w, err := z.Create(name)
		must(err)
		_, err = w.Write([]byte(text))
		must(err)
	}
	for _, w := range tars {
		must(w.Close())
	}
	must(compressed.Close())
	must(z.Close())
	return []string{folder, plain.Name(), packed.Name(), zipped.Name()}
}

// bundled is what a replay takes of a bundle.
type bundled struct {
	Parameters map[string]struct {
		Value  any
		Source string
	}
	Table struct{ Entries []int }
}

// Bundles of made texts, in the layouts of support tools and in every form that a bundle
// may have: each setting is found, its source named, and what is of another interface, or of
// several, is told apart.
func TestBundleLayouts(t *testing.T) {
	web := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	eth0 := &madeNIC{device: "eth0", bus: "0000:3b:00.0", driver: "ixgbe", queues: 4, ring: 1024, cpu: 2, mask: "00000f00", backlog: "300"}
	eth1 := &madeNIC{device: "eth1", bus: "0000:3b:00.1", driver: "ice", queues: 3, ring: 2048, cpu: 7, mask: "00000003", backlog: "300"}
	replay := func(args ...string) (status int, b bundled, stderr string) {
		t.Helper()
		var out, errs strings.Builder
		status = run(append([]string{"rssreplay", web, "--mode", "rss-msix", "--format", "json"}, args...), strings.NewReader(""), &out, &errs)
		if status == exitDone {
			if err := json.Unmarshal([]byte(out.String()), &b); err != nil {
				t.Fatal(err)
			}
		}
		return status, b, errs.String()
	}
	check := func(where string, b *bundled, n *madeNIC, mask string, cpus int) {
		t.Helper()
		want := map[string]string{
			"nic": n.driver, "queues": fmt.Sprint(n.queues), "rx-ring": fmt.Sprint(n.ring), "rps": mask, "backlog": n.backlog,
			"cpus": fmt.Sprint(cpus), "key": "6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa",
		}
		for name, value := range want {
			p, there := b.Parameters[name]
			switch {
			case !there || fmt.Sprint(p.Value) != value:
				t.Errorf("%s: %s is %v (%s), want %s", where, name, p.Value, p.Source, value)
			case strings.HasPrefix(p.Source, "--") || p.Source == "default":
				t.Errorf("%s: %s is from %s", where, name, p.Source)
			}
		}
		for name, file := range map[string]string{"nic": "-i", "queues": "-x", "rx-ring": "-g", "key": "-x"} {
			if source := b.Parameters[name].Source; !strings.Contains(filepath.Base(source), file) {
				t.Errorf("%s: %s is from %s, want ethtool %s", where, name, source, file)
			}
		}
		var affinity []any
		for q := range n.queues {
			affinity = append(affinity, float64(n.cpu+q))
		}
		if p := b.Parameters["affinity"]; fmt.Sprint(p.Value) != fmt.Sprint(affinity) || !strings.Contains(p.Source, "interrupts") {
			t.Errorf("%s: affinity is %v (%s), want %v", where, p.Value, p.Source, affinity)
		}
		if len(b.Table.Entries) != 128 || slices.Max(b.Table.Entries) != n.queues-1 {
			t.Errorf("%s: the table has %d entries, up to queue %d", where, len(b.Table.Entries), slices.Max(b.Table.Entries))
		}
		if p, there := b.Parameters["offline-cpus"]; there != (n == eth0) || there && fmt.Sprint(p.Value) != "10" {
			t.Errorf("%s: the CPUs offline are %v", where, p.Value)
		}
	}
	layouts := bundleLayouts(eth0)
	for _, name := range slices.Sorted(maps.Keys(layouts)) {
		for _, form := range bundleForms(t, layouts[name]) {
			where := name + ", " + filepath.Base(form)
			status, b, stderr := replay("--bundle", form)
			if status != exitDone {
				t.Errorf("%s: exit status %d: %s", where, status, stderr)
				continue
			}
			check(where, &b, eth0, "8-11", 7) // the masks' 8, 9 and 11 beside 2 to 5
			if name == "sosreport" && !strings.Contains(stderr, "version.txt") || strings.Contains(stderr, "rps_cpus") || strings.Contains(stderr, "online") || strings.Contains(stderr, "lscpu") {
				t.Errorf("%s: left out: %s", where, stderr)
			}
		}
	}
	layouts = bundleLayouts(eth0, eth1)
	for _, name := range slices.Sorted(maps.Keys(layouts)) {
		for _, form := range bundleForms(t, layouts[name])[:2] {
			where := "two interfaces, " + name + ", " + filepath.Base(form)
			if status, _, stderr := replay("--bundle", form); status != exitUsage || !strings.Contains(stderr, "--dev") || !strings.Contains(stderr, "eth0") || !strings.Contains(stderr, "eth1") {
				t.Errorf("%s: exit status %d: %s", where, status, stderr)
			}
			for _, n := range []*madeNIC{eth0, eth1} {
				mask, cpus := "8-11", 7
				if n == eth1 {
					mask, cpus = "0-1", 5
				}
				status, b, stderr := replay("--bundle", form, "--dev", n.device)
				if status != exitDone {
					t.Errorf("%s, %s: exit status %d: %s", where, n.device, status, stderr)
					continue
				}
				check(where+", "+n.device, &b, n, mask, cpus)
			}
			if status, _, stderr := replay("--bundle", form, "--dev", "eth9"); status == exitDone && !strings.Contains(stderr, "eth9") {
				t.Errorf("%s: there is no eth9, and nothing says so", where)
			}
		}
	}
	// Texts that differ, of one interface: both are named.
	files := bundleLayouts(eth0)["a file a command"]
	other := *eth0
	other.queues = 2
	files["later/ethtool-x-eth0.txt"] = other.texts()["-x"]
	form := bundleForms(t, files)[0]
	if status, _, stderr := replay("--bundle", form); status != exitUsage || !strings.Contains(stderr, filepath.Join("later", "ethtool-x-eth0.txt")) || !strings.Contains(stderr, "are of one kind, and tell different things") {
		t.Errorf("two tables: exit status %d: %s", status, stderr)
	}
	for _, form := range bundleForms(t, files)[1:] { // in a text's place
		if status, _, stderr := replay("--table", form); status != exitUsage || !strings.Contains(stderr, "is an archive: if it has all of a host, give it as --bundle;") {
			t.Errorf("--table %s: exit status %d: %s", form, status, stderr)
		}
	}
	if status, _, stderr := replay("--bundle", bundleForms(t, map[string]string{"a.txt": "hello\n"})[2]); status != exitUsage || !strings.Contains(stderr, "holds no file that is recognised") {
		t.Errorf("nothing: exit status %d: %s", status, stderr)
	}
}
