// Command traffic is both ends of the traffic in the sample captures: servers
// and clients that use nothing but the operating system's own TCP and UDP.
// The script ../make runs it in network namespaces. It is no part of rssreplay.
//
//	traffic serve ADDRESS...
//	traffic (web | dns | echo | upload) -to ADDRESS[,...] -from PREFIX[,...] [flags]
//
// serve offers, on each address, web (TCP 80: GET /N answers N bytes), dns
// (UDP 53), echo (UDP 7) and a sink for uploads (TCP 9). It prints "ready" once
// all of them listen, and serves until it is killed.
//
// The clients take the source addresses of their flows from the prefixes in
// turn; a flow goes to the first server address of its own IP version. All
// random choices follow from -seed, but source ports and times are the kernel's.
package main
