// Package nictext reads what other programs print about a NIC, whole or pasted, and says
// of what it cannot read the line and what to do.
//
//  1. Sniff tells what a text is, or its parts (sniff.go); decoding, mail quoting,
//     control characters (text.go), strings and lists that hold the text (quoted.go) and
//     what stands before each line (prefix.go) are taken off before anything is read.
//  2. A table comes from `ethtool -x`, as text or JSON, from Get-NetAdapterRss, or from
//     a report of this program (import.go, ethtool.go, ethtool_json.go, ynl.go,
//     windows.go, others.go, own_report.go): this is what `--table -` accepts.
//  3. The rest of a NIC's state: driver, channels, ring and coalescing
//     (ethtool_parts.go), the fields that are hashed (flow_hash.go), the hash key
//     (key_file.go), interrupts (irq.go, irq_tools.go), which of them are the NIC's and their CPUs
//     (irq_queues.go), CPUs that are online (online.go), counters (counters.go, qstats.go), the masks
//     of receive packet steering (rps.go), rules (rules.go), and costs that were measured
//     (costs.go). What else is read of the host's CPUs is in hosttext.
//  4. Of a text that speaks of several interfaces, Only keeps one's part (several.go).
package nictext
