// Command rssreplay tells, from a packet capture alone, which CPU would have
// received each flow under a NIC's receive side scaling, why, and what that
// cost; `rssreplay help` is its manual.
//
//  1. main.go gives run.go the outside world; run.go has the commands, and makes of errors
//     exit statuses.
//  2. The main job, a replay and its report: replay.go, every.go (--every), next.go (what
//     to run next).
//  3. The larger commands are rooms below internal/, the small ones files: nics.go,
//     version.go, completion.go. What linking libpcap costs at the start: huge_pages.go.
//  4. The tests here run the whole command: scripts of what users type (main_test.go,
//     testdata/script), and what must hold of its outputs, whatever it is given.
package main
