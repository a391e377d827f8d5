package settings

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rssreplay/cmd/rssreplay/internal/bundle"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/nicmodel/hosttext"
	"rssreplay/nicmodel/nictext"
	"rssreplay/report/anonymize"
)

// readBundle reads the texts in a bundle, each recognised by what it says; of the
// kinds given already none. With an interface only those that are not of another one.
func (m *imports) readBundle(root, iface string, given [nictext.NumKinds]bool, shown *anonymize.Anonymizer) error {
	files, err := bundle.Files(root)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", root, cli.Cause(err), wantBundle)
	}
	files = withQueues(files)
	var others []string // interfaces
	for _, f := range files {
		for _, name := range nictext.Interfaces(f.Data) {
			if name != iface && !slices.Contains(others, name) {
				others = append(others, name)
			}
		}
	}
	if iface != "" && len(others) > 0 {
		if !slices.ContainsFunc(files, func(f bundle.File) bool { return tellsOf(f, iface) }) {
			return fmt.Errorf("%s has nothing of %s: name one of its interfaces with --dev (%s)", root, iface, strings.Join(others, ", "))
		}
		files = withoutOthers(files, iface)
	}
	used := 0
	// Of texts that do not say of which interface they are, those count whose file's name does.
	ofIface := func(f bundle.File) bool { return iface != "" && isOf(f.Name, iface) }
	slices.SortStableFunc(files, func(a, b bundle.File) int {
		switch {
		case ofIface(a) == ofIface(b):
			return 0
		case ofIface(a):
			return -1
		}
		return 1
	})
	for _, f := range files {
		if iface != "" && slices.ContainsFunc(others, func(other string) bool { return isOf(f.Name, other) }) {
			continue
		}
		n, err := m.readFile(f, root, iface, given, shown)
		if errors.Is(err, errDiffer) && len(files) > 0 && ofIface(files[0]) && !ofIface(f) {
			continue
		}
		switch several := len(others) > 1 && iface == ""; {
		case err != nil && several && errors.Is(err, errDiffer):
			return fmt.Errorf("%s has texts of several interfaces that differ: name one with --dev (%s)", root, strings.Join(others, ", "))
		case err != nil && several:
			return fmt.Errorf("%w; or, as there are several interfaces, name one with --dev (%s)", err, strings.Join(others, ", "))
		case err != nil:
			return err
		}
		used += n
	}
	if used == 0 {
		return nothingIn(root, files)
	}
	return nil
}

// readFile reads the texts in a file of the bundle, and returns how much of it counts as
// something to replay by.
func (m *imports) readFile(f bundle.File, root, iface string, given [nictext.NumKinds]bool, shown *anonymize.Anonymizer) (used int, err error) {
	name := shown.Bundle(filepath.Join(root, filepath.FromSlash(f.Name)))
	data := hosttext.NameValue(f.Name, f.Data)
	if iface != "" {
		if titles := nictext.Interfaces(data); len(titles) > 0 && !slices.Contains(titles, iface) {
			return 0, nil
		}
		if data, err = nictext.Only(data, iface); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
	}
	data, contexts := nictext.WithoutContexts(data)
	m.takeContexts(contexts, name)
	m.takeCounters(f.Name, data)
	kinds := nictext.Sniff(data)
	used = len(kinds) + m.readHost(f.Name, name, data, len(kinds) > 0, shown)
	for _, kind := range kinds {
		if kind == nictext.KindTable && m.takeContext(f.Name, data, name) || given[kind] {
			continue
		}
		if err := m.read(kind, bytes.NewReader(data), name); err != nil {
			return 0, err
		}
	}
	return used, nil
}

// nothingIn says what to give in the place of a bundle of which nothing was recognised.
func nothingIn(root string, files []bundle.File) error {
	if len(files) == 1 && files[0].Name == bundle.Single {
		var wrong *nictext.TextError
		if _, err := nictext.ReadTable(bytes.NewReader(files[0].Data), root); errors.As(err, &wrong) && wrong.Line > 0 { // it is known, and is none
			return err
		}
		return fmt.Errorf("%s: is no folder, no tar or zip of one, and no text that is known: %s", root, wantBundle)
	}
	if i := slices.IndexFunc(files, func(f bundle.File) bool { return slices.Contains(packed, strings.ToLower(path.Ext(f.Name))) }); i >= 0 {
		return fmt.Errorf("%s holds no file that is recognised, but what is packed itself, %s: unpack that one, and give it", root, files[i].Name)
	}
	return fmt.Errorf("%s holds no file that is recognised: give a folder with the outputs of ethtool -x, -i, -l, -c, -g and -n (rssreplay help collect)", root)
}

const wantBundle = "give a folder with saved outputs of ethtool, a tar or zip of one, or a text with several of them"

// packed are the endings of what may hold a bundle of its own.
var packed = []string{".tar", ".zip", ".tgz", ".txz", ".gz", ".xz", ".bz2", ".zst"}

// takeContext takes a table of the bundle that is of an RSS context, by the text or the
// file's name, and reports whether it is one. What a flag says of that context stays.
func (m *imports) takeContext(file string, data []byte, name string) bool {
	var table imported[nictext.ImportedTable]
	if err := readInto(&table, nictext.ReadTable, bytes.NewReader(data), name); err != nil {
		return false // said where it is read as the main one
	}
	context := table.value.Context
	// As support tools make the file's name of the command.
	named := regexp.MustCompile(`(?i)context\W?_?(\d+)`)
	if m := named.FindStringSubmatch(path.Base(file)); context == 0 && m != nil {
		context, _ = strconv.Atoi(m[1])
	}
	if context > 0 && m.contexts[context] == nil {
		m.contexts[context] = &table
	}
	return context > 0
}

// readHost takes what a file of the bundle tells beside a NIC's texts, of which it may have
// some: of the machine, and of features. file is its name there, name the one in sources.
// It returns how much of that counts as something to replay by.
func (m *imports) readHost(file, name string, data []byte, ofNIC bool, shown *anonymize.Anonymizer) (used int) {
	ofHost, err := m.host.add(file, data)
	if err != nil {
		if wrong, ok := errors.AsType[*nictext.TextError](err); ok {
			wrong.Name = name
		}
		m.notUsed = append(m.notUsed, shown.Words(err.Error(), "A text of the host can't be read"))
	}
	if ofHost {
		used++
		m.takeOnline(m.host.online(file), name)
	}
	addresses := hosttext.Addresses(data)
	if len(addresses) > 0 && m.addresses.value == nil {
		m.addresses = imported[[]hosttext.Address]{&addresses, name}
		used++
	}
	mapped := nictext.SaysCPUMap(data) // that it is used is all that it tells
	if mapped {
		m.cpuMap = name
	}
	if on, known := nictext.Feature(data, "ntuple-filters"); known {
		m.ntupleOn = on
	}
	on, features := nictext.Feature(data, "receive-hashing")
	if features && !on {
		m.noRXHash = name
	}
	if noEthtool.Match(data[:min(len(data), 256)]) {
		m.noEthtool = name
	}
	if takenByVF(data) {
		m.vf = name
	}
	capture := strings.Contains(path.Base(file), ".pcap") // it lies beside the texts
	switch {
	case nictext.NoTable(file, data):
		m.noTable = name
		used++
	case !mapped && !capture && !ofNIC && !ofHost && !features && len(addresses) == 0 && err == nil && !hosttext.Evidence(data):
		m.leftOut = append(m.leftOut, file)
	}
	return used
}

// noEthtool matches what a shell, or sudo, says where there is no such program.
var noEthtool = regexp.MustCompile(`\bethtool: (?:command )?not found\s*$`)

// takenByVF reports whether counters of hv_netvsc say that most packets came through the
// virtual function below the interface, past its own queues.
func takenByVF(data []byte) bool {
	if !bytes.Contains(data, []byte("vf_rx_packets")) {
		return false
	}
	c, err := nictext.ReadQueueCounters(string(data))
	if err != nil {
		return false
	}
	var queues uint64
	for _, n := range c.Packets {
		queues += n
	}
	return c.VF > queues
}

// withQueues is the files with those of queues' settings, one value each, as one text:
// which interface has any is told by all of them.
func withQueues(files []bundle.File) []bundle.File {
	var rest []bundle.File
	of := bundle.File{Name: "sys/class/net/DEV/queues"}
	for _, f := range files {
		named := hosttext.NameValue(f.Name, f.Data)
		if !hosttext.OfQueues(f.Name) || len(named) == len(f.Data) {
			rest = append(rest, f)
			continue
		}
		of.Data = append(append(of.Data, named...), '\n')
	}
	if of.Data == nil {
		return files
	}
	return append(rest, of)
}

// withoutOthers leaves out what folders of other interfaces have under the same names as those
// of iface, as archives of collect that lie side by side: not every text says of which it is.
func withoutOthers(files []bundle.File, iface string) []bundle.File {
	titled, own := map[string]bool{}, map[string]bool{} // folders
	for _, f := range files {
		titles, tells := len(nictext.Interfaces(f.Data)) > 0, tellsOf(f, iface)
		for folder := range foldersOf(f.Name) {
			titled[folder] = titled[folder] || titles
			own[folder] = own[folder] || tells
		}
	}
	named := map[string]bool{} // below folders of iface
	for _, f := range files {
		for folder, name := range foldersOf(f.Name) {
			named[name] = named[name] || own[folder]
		}
	}
	return slices.DeleteFunc(files, func(f bundle.File) bool {
		for folder, name := range foldersOf(f.Name) {
			if titled[folder] && !own[folder] && named[name] {
				return true
			}
		}
		return false
	})
}

// foldersOf are the folders that a file is in, each with the file's name below it.
func foldersOf(file string) iter.Seq2[string, string] {
	return func(yield func(folder, name string) bool) {
		for i := range file {
			if file[i] == '/' && !yield(file[:i], file[i+1:]) {
				return
			}
		}
	}
}

// tellsOf reports whether a file is of an interface by its path, or names it in its text.
func tellsOf(f bundle.File, iface string) bool {
	return isOf(f.Name, iface) || slices.Contains(nictext.Interfaces(f.Data), iface) || bytes.Contains(f.Data, []byte("/net/"+iface+"/"))
}

// isOf reports whether a file is of an interface by its path: its name has the interface's
// as a word, or it is in a folder of that name.
func isOf(file, iface string) bool {
	return namesInterface(path.Base(file), iface) || slices.Contains(strings.Split(path.Dir(file), "/"), iface)
}

// namesInterface reports whether a file's name has the interface's as words of it: eth0's is
// no part of eth0.100, the VLAN's.
func namesInterface(file, iface string) bool {
	inWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '@' || r == ':' }
	for at := 0; ; at++ {
		i := strings.Index(file[at:], iface)
		if i < 0 || iface == "" {
			return false
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(file[:at])
		after, size := utf8.DecodeRuneInString(file[at+len(iface):])
		next, _ := utf8.DecodeRuneInString(file[at+len(iface)+size:])
		if !inWord(before) && !inWord(after) && !(after == '.' && unicode.IsDigit(next)) {
			return true
		}
	}
}
