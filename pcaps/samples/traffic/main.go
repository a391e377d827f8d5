package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "traffic:", err)
		os.Exit(1)
	}
}

// service is a server's well-known port and the client that talks to it.
type service struct {
	port uint16
	flow func(*flow) error
}

func services() map[string]service {
	return map[string]service{
		"web":    {webPort, (*flow).web},
		"dns":    {dnsPort, (*flow).dns},
		"echo":   {echoPort, (*flow).echo},
		"upload": {sinkPort, (*flow).upload},
	}
}

func run(args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return errors.New("no mode: say serve, web, dns, echo or upload")
	}
	mode, args := args[0], args[1:]
	if mode == "serve" {
		return serve(args, stdout)
	}
	s, ok := services()[mode]
	if !ok {
		return fmt.Errorf("mode %q: say serve, web, dns, echo or upload", mode)
	}
	c, err := parseClient(mode, args)
	if err != nil {
		return err
	}
	return c.run(s)
}

// client is what the flags of a client mode say.
type client struct {
	to     []netip.Addr
	from   []netip.Prefix
	hosts  int           // source addresses used in each prefix, 1 up
	flows  int           // all in all
	spread time.Duration // flows start at random times in it
	seed   uint64
	flow   flow // what all flows share
}

func parseClient(mode string, args []string) (*client, error) {
	c := &client{}
	fs := flag.NewFlagSet(mode, flag.ContinueOnError)
	fs.Func("to", "server `addresses`, separated by commas", func(s string) error {
		for a := range strings.SplitSeq(s, ",") {
			addr, err := netip.ParseAddr(a)
			if err != nil {
				return err
			}
			c.to = append(c.to, addr)
		}
		return nil
	})
	fs.Func("from", "client `prefixes`, separated by commas", func(s string) error {
		for p := range strings.SplitSeq(s, ",") {
			prefix, err := netip.ParsePrefix(p)
			if err != nil {
				return err
			}
			c.from = append(c.from, prefix.Masked())
		}
		return nil
	})
	fs.IntVar(&c.hosts, "hosts", 1, "source addresses in each prefix")
	fs.IntVar(&c.flows, "flows", 1, "flows")
	fs.DurationVar(&c.spread, "spread", 0, "flows start at random times within this")
	fs.Uint64Var(&c.seed, "seed", 1, "seed of the random choices")
	fs.IntVar(&c.flow.exchanges, "exchanges", 1, "requests (web, dns, echo) of a flow; of web the mean")
	fs.DurationVar(&c.flow.think, "think", 0, "mean time between two requests of a flow")
	fs.Func("bytes", "`MIN:MAX` bytes of a web response, an echoed datagram or an upload", func(s string) error {
		_, err := fmt.Sscanf(s, "%d:%d", &c.flow.minBytes, &c.flow.maxBytes)
		return err
	})
	fs.IntVar(&c.flow.rate, "rate", 0, "bytes per second of an upload; 0: as fast as TCP goes")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case fs.NArg() > 0:
		return nil, fmt.Errorf("%s: unexpected argument %q", mode, fs.Arg(0))
	case len(c.to) == 0 || len(c.from) == 0:
		return nil, fmt.Errorf("%s: needs -to and -from", mode)
	case c.hosts < 1 || c.flows < 1 || c.flow.exchanges < 1:
		return nil, fmt.Errorf("%s: -hosts, -flows and -exchanges must be at least 1", mode)
	case mode != "dns" && (c.flow.minBytes < 1 || c.flow.maxBytes < c.flow.minBytes):
		return nil, fmt.Errorf("%s: needs -bytes MIN:MAX with 1 ≤ MIN ≤ MAX", mode)
	}
	return c, nil
}

// run runs all flows and returns when the last has ended. A lost request is an
// error, so that no sample silently lacks traffic.
func (c *client) run(s service) error {
	errs := make([]error, c.flows)
	var wg sync.WaitGroup
	for i := range c.flows {
		f := c.flow
		f.random = rand.New(rand.NewPCG(c.seed, uint64(i)))
		prefix := c.from[i%len(c.from)]
		f.local = host(prefix, 1+i/len(c.from)%c.hosts)
		to, err := c.serverFor(f.local)
		if err != nil {
			return err
		}
		f.server = netip.AddrPortFrom(to, s.port)
		wg.Go(func() {
			time.Sleep(time.Duration(f.random.Float64() * float64(c.spread)))
			if err := s.flow(&f); err != nil {
				errs[i] = fmt.Errorf("flow %d, %v to %v: %w", i, f.local, f.server, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// serverFor returns the first server address of local's IP version.
func (c *client) serverFor(local netip.Addr) (netip.Addr, error) {
	for _, a := range c.to {
		if a.Is4() == local.Is4() {
			return a, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("-from has %v, but -to has no address of its IP version", local)
}

// host returns the n-th address after a prefix's first; n is below 2¹⁶.
func host(p netip.Prefix, n int) netip.Addr {
	b := p.Addr().AsSlice()
	low := len(b) - 2
	n += int(b[low])<<8 | int(b[low+1])
	b[low], b[low+1] = byte(n>>8), byte(n)
	a, _ := netip.AddrFromSlice(b)
	return a
}
