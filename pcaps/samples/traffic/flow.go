package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// answerTimeout is how long a client waits for the answer to one request.
const answerTimeout = 5 * time.Second

// flow is one client: a source address and one connection or socket.
type flow struct {
	local              netip.Addr
	server             netip.AddrPort
	exchanges          int
	think              time.Duration // mean; exponentially distributed
	minBytes, maxBytes int
	rate               int // bytes per second, 0: no limit
	random             *rand.Rand
}

// size returns a number of bytes from minBytes to maxBytes, log-uniform: many
// small ones and a few large, as transfers are.
func (f *flow) size() int {
	ratio := float64(f.maxBytes) / float64(f.minBytes)
	return int(float64(f.minBytes) * math.Pow(ratio, f.random.Float64()))
}

func (f *flow) pause() {
	time.Sleep(time.Duration(f.random.ExpFloat64() * float64(f.think)))
}

func (f *flow) dial(network string) (net.Conn, error) {
	d := net.Dialer{Timeout: answerTimeout}
	if network == "tcp" {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(f.local, 0))
	} else {
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(f.local, 0))
	}
	return d.Dial(network, f.server.String())
}

// web makes requests over one kept-alive connection: exchanges on average, at
// least one, at most twice as many less one.
func (f *flow) web() error {
	transport := &http.Transport{
		DialContext:     func(context.Context, string, string) (net.Conn, error) { return f.dial("tcp") },
		MaxConnsPerHost: 1,
	}
	defer transport.CloseIdleConnections()
	c := http.Client{Transport: transport, Timeout: answerTimeout}
	for i := range 1 + f.random.IntN(2*f.exchanges-1) {
		if i > 0 {
			f.pause()
		}
		if err := f.get(&c); err != nil {
			return err
		}
	}
	return nil
}

func (f *flow) get(c *http.Client) error {
	want := f.size()
	req, err := http.NewRequest("GET", fmt.Sprintf("http://%v/%d", f.server, want), nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "traffic")
	// Stands for the cookies that make real requests some hundred bytes long.
	req.Header.Set("Cookie", "c="+strings.Repeat("0", 100+f.random.IntN(800)))
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || got != int64(want) {
		return fmt.Errorf("asked for %d bytes, got %d with status %s", want, got, resp.Status)
	}
	return nil
}

// dns asks for names that do not exist outside documentation.
func (f *flow) dns() error {
	return f.exchangeUDP(func(i int) []byte {
		return dnsQuery(uint16(f.random.Uint32()), fmt.Sprintf("host-%d", f.random.IntN(1000)))
	}, func(query, answer []byte) bool {
		return bytes.Equal(answer, dnsAnswer(query))
	})
}

func (f *flow) echo() error {
	return f.exchangeUDP(func(int) []byte { return make([]byte, f.size()) }, bytes.Equal)
}

// exchangeUDP sends the requests one after the other and waits for each answer.
func (f *flow) exchangeUDP(request func(i int) []byte, ok func(request, answer []byte) bool) error {
	conn, err := f.dial("udp")
	if err != nil {
		return err
	}
	defer conn.Close()
	buf := make([]byte, maxDatagram)
	for i := range f.exchanges {
		if i > 0 {
			f.pause()
		}
		req := request(i)
		if _, err := conn.Write(req); err != nil {
			return err
		}
		if err := conn.SetReadDeadline(time.Now().Add(answerTimeout)); err != nil {
			return err
		}
		n, err := conn.Read(buf)
		if err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
		if !ok(req, buf[:n]) {
			return fmt.Errorf("request %d: unexpected answer of %d bytes", i, n)
		}
	}
	return nil
}

// upload sends bytes over one connection, then waits until the server has read
// them all and closed its end.
func (f *flow) upload() error {
	conn, err := f.dial("tcp")
	if err != nil {
		return err
	}
	defer conn.Close()
	data := make([]byte, f.size())
	start := time.Now()
	for sent := 0; sent < len(data); {
		due := len(data)
		if f.rate > 0 {
			due = min(due, int(time.Since(start).Seconds()*float64(f.rate)))
		}
		n, err := conn.Write(data[sent:due])
		if err != nil {
			return err
		}
		sent += n
		if sent < len(data) {
			time.Sleep(time.Millisecond)
		}
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}
