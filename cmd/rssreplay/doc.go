// Command rssreplay tells, from a packet capture alone, which CPU would have
// received each flow under a NIC's receive side scaling, why, and what that
// cost; `rssreplay help` is its manual.
package main
