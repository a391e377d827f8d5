// Package hosttext reads what Linux says of a host's CPUs at one moment: the files of /proc
// and /sys, and what lscpu, numactl and perf kwork print.
//
//  1. Likely and Evidence tell at a glance what a text may be (glance.go); NameValue gives a
//     file of one value the path that says what it is (merge.go).
//  2. A Snapshot (snapshot.go) reads one text after the other, line by line (read.go): what
//     is counted of each CPU (counts.go), and where the CPUs are (topology.go); nictext's
//     readers have the interrupts and a NIC's counters.
//  3. Addresses are those of the host (addresses.go).
//  4. Merge takes over what another text told (merge.go); PlaceSoftnet and Finish say what
//     is missing, once all are read (snapshot.go).
package hosttext
