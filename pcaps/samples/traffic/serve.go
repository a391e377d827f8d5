package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

const (
	webPort  = 80
	dnsPort  = 53
	echoPort = 7
	sinkPort = 9 // discard, RFC 863

	maxDatagram = 64 << 10
	maxResponse = 1 << 20
)

// serve listens on all addresses, says so and serves until the first error.
func serve(args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return errors.New("serve: no address")
	}
	failed := make(chan error)
	for _, arg := range args {
		addr, err := netip.ParseAddr(arg)
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		at := func(port uint16) string { return netip.AddrPortFrom(addr, port).String() }
		web, err := net.Listen("tcp", at(webPort))
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		sink, err := net.Listen("tcp", at(sinkPort))
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		dns, err := net.ListenPacket("udp", at(dnsPort))
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		echo, err := net.ListenPacket("udp", at(echoPort))
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		go func() { failed <- http.Serve(web, http.HandlerFunc(respond)) }()
		go func() { failed <- serveSink(sink) }()
		go func() { failed <- serveUDP(dns, dnsAnswer) }()
		go func() { failed <- serveUDP(echo, func(req []byte) []byte { return req }) }()
	}
	fmt.Fprintln(stdout, "ready")
	return fmt.Errorf("serve: %w", <-failed)
}

// respond answers GET /N with N bytes.
func respond(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || n < 0 || n > maxResponse {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(n))
	w.Write(make([]byte, n)) // A client that has gone away is its own loss.
}

// serveSink reads every connection to its end and closes it.
func serveSink(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			io.Copy(io.Discard, conn) // A client that has gone away is its own loss.
		}()
	}
}

// serveUDP answers every datagram for which answer returns bytes.
func serveUDP(conn net.PacketConn, answer func([]byte) []byte) error {
	buf := make([]byte, maxDatagram)
	for {
		n, client, err := conn.ReadFrom(buf)
		if err != nil {
			return err
		}
		if a := answer(buf[:n]); a != nil {
			if _, err := conn.WriteTo(a, client); err != nil {
				return err
			}
		}
	}
}
