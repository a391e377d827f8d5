package anonymize

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// addressLike matches all that may be an address, or a prefix, in a text; what
// does not parse is none.
var addressLike = regexp.MustCompile(`(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)(?:/[0-9]{1,3})?`)

// addresses is s with its addresses and prefixes replaced.
func (a *Anonymizer) addresses(s string) string {
	return addressLike.ReplaceAllStringFunc(s, func(like string) string {
		// A sentence may go on with a full stop or a colon.
		for end := len(like); end > 0; end-- {
			if replaced, ok := a.replace(like[:end]); ok {
				return replaced + like[end:]
			}
			if c := like[end-1]; c != '.' && c != ':' {
				break
			}
		}
		if address, bits, ok := strings.Cut(like, "/"); ok { // of no prefix: a port's or a path's
			if replaced, ok := a.replace(address); ok {
				return replaced + "/" + bits
			}
		}
		return like
	})
}

// portLike matches a port in the words of a rule, or behind an address.
var portLike = regexp.MustCompile(`((?:src-|dst-)?port |\]:|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+:)([0-9]{1,5})\b`)

// portsOf is a text that has the words of a rule, or names what it takes, with the ports
// replaced.
func (a *Anonymizer) portsOf(s string) string {
	return portLike.ReplaceAllStringFunc(s, func(like string) string {
		m := portLike.FindStringSubmatch(like)
		port, err := strconv.ParseUint(m[2], 10, 16)
		if err != nil {
			return like
		}
		return m[1] + strconv.Itoa(int(a.port(uint16(port))))
	})
}

// replace is the replacement of an address or a prefix. A prefix's covers the
// replacements of the addresses that it covers.
func (a *Anonymizer) replace(s string) (string, bool) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return a.address(addr).String(), true
	}
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return netip.PrefixFrom(a.address(prefix.Masked().Addr()), prefix.Bits()).Masked().String(), true
	}
	return "", false
}

// withheld stands for what can't be shown.
const withheld = "(withheld)"

// filterWords are words of a filter that tell nothing of a host, in libpcap's
// syntax.
var filterWords = strings.Fields("and or not && || ! host net src dst port portrange proto ip ip6 tcp udp icmp icmp6 sctp arp vlan mpls less greater broadcast multicast")

// filter is a filter's text with its addresses replaced. All of it is withheld
// where it has a word whose meaning is not known for sure: host names, MAC
// addresses, bytes that are compared, and nets as 10.1 may tell of an address.
func (a *Anonymizer) filter(s string) string {
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ", "!", " ! ").Replace(s))
	before := ""
	for i, word := range words {
		if replaced, ok := a.replace(word); ok {
			words[i] = replaced
		} else if !slices.Contains(filterWords, word) && word != "(" && word != ")" && !a.harmlessNumber(before, word) {
			return withheld
		}
		before = word
	}
	return strings.Join(words, " ")
}

// harmlessNumber tells whether a word after another is a number that may be shown.
func (a *Anonymizer) harmlessNumber(before, word string) bool {
	if !slices.Contains([]string{"port", "portrange", "less", "greater", "vlan", "mpls", "proto"}, before) {
		return false
	}
	if a.ports != nil && strings.HasPrefix(before, "port") {
		return false
	}
	for _, number := range strings.SplitN(word, "-", 2) {
		if _, err := strconv.ParseUint(number, 10, 20); err != nil {
			return slices.Contains([]string{"http", "https", "domain", "ssh"}, word) // ports by name
		}
	}
	return true
}

// command is a command line that tells of no host and no folder.
func (a *Anonymizer) command(args []string) report.List[string] {
	clean := make(report.List[string], len(args))
	flag := "" // whose value the next argument may be
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		switch {
		case strings.HasPrefix(arg, "--") && joined:
			clean[i], flag = name+"="+a.argument(name, value), ""
		case strings.HasPrefix(arg, "--"):
			clean[i], flag = a.addresses(arg), arg
		default:
			clean[i], flag = a.argument(flag, arg), ""
		}
	}
	return clean
}

// HiddenInterface stands for an interface's name, which may be anything: a host's, or
// a user's.
const HiddenInterface = "DEV"

// filePrefixes stand before a file's name in some flags' values.
var filePrefixes = []string{"@", "file:"}

// argument is the value of a flag, "" for none.
func (a *Anonymizer) argument(flag, value string) string {
	switch flag {
	case "--filter":
		return a.filter(value)
	case "--title": // the author's own words, here as there
		return value
	case "--local":
		return a.addresses(value)
	case "--dev":
		return HiddenInterface
	case "--rule":
		if strings.Contains(value, "mac") || strings.Contains(value, "ether") { // MAC addresses
			return withheld
		}
		if a.ports != nil {
			return withheld
		}
		return a.addresses(value)
	case "--flow":
		if a.ports != nil {
			return withheld
		}
	case "--scenario":
		return a.scenario(value)
	}
	kind := ""
	for _, prefix := range filePrefixes {
		if rest, ok := strings.CutPrefix(value, prefix); ok {
			kind, value = prefix, rest
		}
	}
	if strings.ContainsAny(value, `/\`) {
		value = words.BaseName(value)
	}
	return kind + a.addresses(value)
}

// scenarioRule matches a rule among a scenario's words.
var scenarioRule = regexp.MustCompile(`"rule=[^"]*"`)

// scenario is what describes a scenario of a comparison: a name, and words as flag=value.
func (a *Anonymizer) scenario(s string) string {
	s = scenarioRule.ReplaceAllStringFunc(s, func(rule string) string {
		return `"rule=` + a.argument("--rule", rule[len(`"rule=`):len(rule)-1]) + `"`
	})
	words := strings.Split(a.fileNames(s), " ")
	for i, word := range words {
		if flag, value, ok := strings.Cut(word, "="); ok {
			words[i] = flag + "=" + a.argument("", value)
		} else {
			words[i] = a.addresses(word)
		}
	}
	return strings.Join(words, " ")
}

// pathsOf are the paths that a report's texts may have: those of its captures, and of
// what its command line names.
func pathsOf(r *report.Report) []string {
	var paths []string
	for i := range r.Capture.Files {
		paths = append(paths, r.Capture.Files[i].Name)
	}
	for _, arg := range r.Command {
		if strings.HasPrefix(arg, "--") {
			_, arg, _ = strings.Cut(arg, "=")
		}
		for _, prefix := range filePrefixes {
			arg = strings.TrimPrefix(arg, prefix)
		}
		if _, err := netip.ParsePrefix(arg); err != nil { // of which --local may have a list
			paths = append(paths, strings.Split(arg, ",")...)
			paths = append(paths, arg)
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool {
		_, err := netip.ParsePrefix(path)
		return err == nil || !strings.ContainsAny(path, `/\`)
	})
}
