package settings

import (
	"errors"
	"fmt"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/report/anonymize"
)

func (r *resolver) hashing() (err error) {
	f := r.flags
	if r.types, err = hash.ParseTypes(f.hashTypes); err != nil {
		return fmt.Errorf("--hash-types: %w; ethtool's words, as udp4=sdfn, are for --rx-flow-hash", err)
	}
	source := r.source("hash-types")
	if r.function, err = hash.ParseFunction(f.hashFunction); err != nil {
		return fmt.Errorf("--hash-function: %w", err)
	}
	if r.function == hash.FunctionSimpleXOR && r.origin("hash-types").layer == fromDefault {
		r.types, source = hash.TypesOf(hash.IPv4, hash.IPv6), r.source("hash-function")
	}
	if len(f.rxFlowHash) > 0 {
		if f.Set.Changed("hash-types") {
			return errors.New("--rx-flow-hash contradicts --hash-types: both choose the hash types; give one of them")
		}
		source = r.source("rx-flow-hash")
		for _, word := range f.rxFlowHash {
			if err = r.flowHash(word); err != nil {
				return err
			}
		}
	}
	r.add("hash-types", r.types.String(), "", source)
	if r.fields != [hash.NumTypes]nicmodel.Fields{} { // which hash-types does not tell
		r.add("rx-flow-hash", strings.Join(f.rxFlowHash, ","), "", r.source("rx-flow-hash"))
	}
	if r.function != hash.FunctionToeplitz {
		r.add("hash-function", r.function.String(), "", r.source("hash-function"))
	}
	if err := r.hashKey(); err != nil {
		return err
	}
	if r.xfrm, err = hash.ParseTransform(f.xfrm); err != nil {
		return fmt.Errorf("--xfrm: %w", err)
	}
	r.add("xfrm", r.xfrm.String(), "", r.source("xfrm"))
	return nil
}

// hashKey sets the key, and says what the numbers mean without the NIC's own.
func (r *resolver) hashKey() (err error) {
	f, o := r.flags, r.origin("key")
	if file := r.imports.key; strings.HasPrefix(f.key, "@") {
		r.Key, o.source = file.value.Key, file.from
	} else if r.Key, err = hash.ParseKey(f.key); err != nil {
		if hint := keyHint(f.key); hint != "" && o.layer == fromFlag {
			return fmt.Errorf("--key %s is no key: to read it from a file put @ before it, %s", f.key, hint)
		}
		return fmt.Errorf("--key: %w", err)
	}
	if o.layer == fromFlag && r.Key.Name() == "" { // a key with a name is nobody's own
		if r.Key, err = r.fitKey(r.Key); err != nil {
			return fmt.Errorf("--key: %w", err)
		}
	}
	r.add("key", r.Key.String(), KeyText(r.Key), o.source)

	table := r.imports.table
	r.defaultKey = o.layer == fromDefault || table.value != nil && table.value.DefaultKey && o.source == table.from
	if !r.defaultKey || r.types == 0 || r.function != hash.FunctionToeplitz {
		return nil
	}
	note := "CPU numbers are illustrative until the NIC's own key and table are given (--key, --table)"
	if p := r.Profile; p != nil {
		note = fmt.Sprintf("CPU numbers are illustrative until the NIC's own key is given (--key, --table): %s has a random one", p.Name)
	}
	r.Doubt, r.DoubtsKey = note+".", true
	return nil
}

// FlowKind is a kind of packets whose hashed fields ethtool's rx-flow-hash chooses.
type FlowKind struct {
	Name              string // as ethtool has it
	Version, Protocol int
	Ports, Ex, Plain  hash.Type // that hash its ports, also beside IPv6's extension headers (None of IPv4), and its addresses alone
}

// FlowKinds are those whose fields the hash types tell.
var FlowKinds = []FlowKind{
	{"tcp4", 4, pcaps.ProtoTCP, hash.TCPIPv4, hash.None, hash.IPv4}, {"udp4", 4, pcaps.ProtoUDP, hash.UDPIPv4, hash.None, hash.IPv4},
	{"tcp6", 6, pcaps.ProtoTCP, hash.TCPIPv6, hash.TCPIPv6Ex, hash.IPv6}, {"udp6", 6, pcaps.ProtoUDP, hash.UDPIPv6, hash.UDPIPv6Ex, hash.IPv6},
}

// FlowKindNamed is the kind of that name; nil if there is none.
func FlowKindNamed(name string) *FlowKind {
	for i := range FlowKinds {
		if FlowKinds[i].Name == name {
			return &FlowKinds[i]
		}
	}
	return nil
}

// WithPorts is types under which the kind is hashed with its ports, too.
func (k *FlowKind) WithPorts(types hash.Types) hash.Types { return types | hash.TypesOf(k.Ports) }

// OnAddresses is types under which the kind is hashed on its addresses alone.
func (k *FlowKind) OnAddresses(types hash.Types) hash.Types {
	return types&^hash.TypesOf(k.Ports) | hash.TypesOf(k.Plain)
}

// flowHash changes the enabled types as `ethtool -N eth0 rx-flow-hash udp4 sdfn` does:
// which fields of a kind of packet are hashed.
func (r *resolver) flowHash(word string) error {
	name, letters, _ := strings.Cut(word, "=")
	kind := FlowKindNamed(name)
	if kind == nil {
		switch name {
		case "sctp4", "sctp6", "ah4", "ah6", "esp4", "esp6", "gtpc4", "gtpc6", "gtpc4t", "gtpc6t", "gtpu4", "gtpu6", "gtpu4e", "gtpu6e", "gtpu4u", "gtpu6u", "gtpu4d", "gtpu6d":
			return fmt.Errorf("--rx-flow-hash %s: no source says in which order a NIC hashes the fields of %s, so that its CPU can't be predicted: leave the flag out, and these packets go by their addresses", word, name)
		}
		return fmt.Errorf("--rx-flow-hash %s: the kinds of packet are tcp4, udp4, tcp6 and udp6, as udp4=sdfn", word)
	}
	r.fields[kind.Ports] = 0
	switch {
	case letters == "sdfn":
		r.types = kind.WithPorts(r.types)
		return nil
	case letters == "sd":
		r.types = kind.OnAddresses(r.types)
		return nil
	case strings.Contains(letters, "l"):
		return fmt.Errorf("--rx-flow-hash %s: l is the IPv6 flow label, and where it stands in the hash's input is not published: the CPU of these packets can't be predicted", word)
	case r.Profile == nil || !r.Profile.PacksFields:
		return fmt.Errorf("--rx-flow-hash %s: the fields are sd (addresses) or sdfn (addresses and ports), as %s=sdfn; only of some NICs it is known how they hash others (--nic ice, iavf, dpdk-ice, dpdk-iavf)", word, name)
	}
	fields, err := nicmodel.ParseFields(letters)
	if err != nil {
		return fmt.Errorf("--rx-flow-hash %s: %w", word, err)
	}
	r.types = kind.WithPorts(r.types)
	if whole, _ := nicmodel.ParseFields("sdfn"); fields != whole {
		r.fields[kind.Ports] = fields
	}
	return nil
}

// KeyText is the key for people: its name, or its bytes.
func KeyText(k hash.Key) string {
	if name := k.Name(); name != "" {
		return name
	}
	return k.String()
}

func (r *resolver) steer() (err error) {
	r.Steering, err = nicmodel.NewSteering(nicmodel.SteeringConfig{
		HashTypes: r.types, Key: r.Key, Transform: r.xfrm, Function: r.function, Fields: r.fields, Table: r.Config.Table,
		DefaultQueue: r.Config.DefaultQueue, QueueCPU: r.Config.QueueCPU, Rules: r.rules(),
		NTuple: r.ntuple, Contexts: r.contexts,
	})
	var ruled *nicmodel.RuleError
	switch {
	case errors.As(err, &ruled) && ruled.Context > 0:
		return cli.Usagef("--context %d: %s: %w", ruled.Context, r.imports.contexts[ruled.Context].from, ruled.Err)
	case ruled != nil:
		return cli.Usagef("%s: %s", r.rulesFrom, strings.ReplaceAll(ruled.Err.Error(), anonymize.Interface, r.CommandDevice()))
	case err != nil:
		return cli.AsUsage(err)
	}
	r.Config.SetRules(r.Steering)
	return nil
}

// rules are those of the profile's parser.
func (r *resolver) rules() nicmodel.Rules {
	if r.Profile == nil {
		return nicmodel.Rules{}
	}
	return r.Profile.Rules
}
