package findings

import (
	"slices"
	"strings"

	"rssreplay/report"
)

// kind is a finding that Diagnose looks for. Two ways to find one are two kinds.
type kind struct {
	find       func(*diagnosis) *report.Finding // nil where it does not hold
	ids        string                           // what it is called, several by what it says
	bearing    report.Bearing
	ofOneTable bool // it is about a table, or an affinity, that stays, and that alone says where packets go
	ofHash     bool // it is about which flows the hash brings to one queue
}

// kinds are all, in the order in which they are looked for: what makes the rest mean less, then
// causes, then what follows from them.
var kinds = []kind{
	// The capture.
	{find: (*diagnosis).clockStill, ids: "clock-still", bearing: report.Unsure},
	{find: (*diagnosis).overlap, ids: "captures-overlap", bearing: report.Unsure},
	{find: (*diagnosis).leap, ids: "clock-leap", bearing: report.Unsure},
	{find: (*diagnosis).unreadLink, ids: "unread-link", bearing: report.Unsure},
	{find: (*diagnosis).loopback, ids: "loopback", bearing: report.Unsure},
	{find: (*diagnosis).onlySent, ids: "only-sent", bearing: report.Unsure},
	{find: (*diagnosis).bothDirections, ids: "both-directions", bearing: report.Unsure},
	{find: (*diagnosis).oneDirectionPartly, ids: "one-direction-partly", bearing: report.Unsure},
	{find: (*diagnosis).copiedPackets, ids: "copied-packets", bearing: report.Beside},
	{find: (*diagnosis).severalInterfaces, ids: "several-interfaces", bearing: report.Unsure},
	{find: (*diagnosis).portsCut, ids: "ports-cut", bearing: report.Unsure},
	{find: (*diagnosis).captureDrops, ids: "capture-drops", bearing: report.Beside},
	{find: (*diagnosis).driverTransform, ids: "driver-transforms", bearing: report.Unsure},
	// The machine, its key and its table.
	{find: (*diagnosis).noTable, ids: "no-table", bearing: report.Unsure},
	{find: (*diagnosis).otherHash, ids: "other-hash", bearing: report.Unsure},
	{find: (*diagnosis).weakKey, ids: "weak-key", bearing: report.Explains},
	{find: (*diagnosis).staleTable, ids: "stale-table"},
	{find: (*diagnosis).oneQueue, ids: "one-queue", bearing: report.Explains, ofOneTable: true},
	{find: (*diagnosis).singleQueue, ids: "single-queue", bearing: report.Explains, ofOneTable: true},
	{find: (*diagnosis).sharedCPU, ids: "queues-share-cpu", bearing: report.Explains, ofOneTable: true},
	{find: (*diagnosis).missedCPUs, ids: "cpus-missed", bearing: report.Explains, ofOneTable: true},
	{find: (*diagnosis).lopsidedTable, ids: "lopsided-table", bearing: report.Explains, ofOneTable: true},
	{find: (*diagnosis).unevenTable, ids: "uneven-table", ofOneTable: true},
	{find: (*diagnosis).noHashType, ids: "no-hash-type", bearing: report.ExplainsItsQueue},
	{find: (*diagnosis).unhashed, ids: "unhashed", bearing: report.ExplainsItsQueue},
	{find: (*diagnosis).qinq, ids: "qinq", bearing: report.Beside},
	{find: (*diagnosis).ruleOverrides, ids: "rule-overrides"},
	{find: (*diagnosis).ambiguousRule, ids: "ambiguous-rule", bearing: report.Beside},
	{find: (*diagnosis).atr, ids: "atr", bearing: report.Beside},
	{find: (*diagnosis).tableMoved, ids: "moves"},
	{find: (*diagnosis).moving, ids: report.MovingHelps + " " + report.MovingDoesNot + " " + report.Churny},
	{find: (*diagnosis).napiElsewhere, ids: "napi-elsewhere", bearing: report.Beside},
	{find: (*diagnosis).rpsMasks, ids: "rps-hot"},
	{find: (*diagnosis).rpsOffNode, ids: "rps-off-node", bearing: report.Beside},
	{find: (*diagnosis).remoteNode, ids: "remote-node", bearing: report.Beside},
	{find: (*diagnosis).sharedCore, ids: "shared-core", bearing: report.Beside},
	{find: (*diagnosis).crowdedQueues, ids: "queues-share-cpu", bearing: report.Beside},
	// The flows.
	{find: (*diagnosis).tunnel, ids: "tunnel", bearing: report.Explains},
	{find: (*diagnosis).singleFlow, ids: "single-flow", bearing: report.Explains},
	{find: (*diagnosis).udpWithoutPorts, ids: "udp-without-ports", bearing: report.Explains},
	{find: (*diagnosis).udpPortsAssumed, ids: "udp-ports-assumed", bearing: report.Unsure},
	{find: (*diagnosis).fewInputs, ids: "few-inputs", bearing: report.Explains},
	{find: (*diagnosis).hotWindow, ids: "hot-window", bearing: report.Explains, ofHash: true},
	{find: (*diagnosis).rpsHot, ids: "rps-hot"},
	{find: (*diagnosis).rpsInterrupts, ids: "rps-hot"},
	{find: (*diagnosis).elephant, ids: "elephant-flow", bearing: report.Explains},
	{find: (*diagnosis).microburst, ids: "microburst", bearing: report.Beside},
	{find: (*diagnosis).fewFlows, ids: "few-flows"},
	{find: (*diagnosis).elephantBytes, ids: "elephant-bytes", bearing: report.Beside},
	{find: (*diagnosis).collidingFlows, ids: "colliding-flows", ofOneTable: true, ofHash: true},
	{find: (*diagnosis).unevenHash, ids: "uneven-hash", ofOneTable: true, ofHash: true},
	{find: (*diagnosis).betterTable, ids: "better-table", ofOneTable: true, ofHash: true},
	{find: (*diagnosis).tunnelElsewhere, ids: "tunnel", bearing: report.Explains},
	{find: (*diagnosis).elephantElsewhere, ids: "elephant-flow", bearing: report.Explains},
	// What follows.
	{find: (*diagnosis).saturated, ids: "cpu-saturated", bearing: report.Beside},
	{find: (*diagnosis).ringOverflow, ids: "ring-overflow", bearing: report.Beside},
	{find: (*diagnosis).backlogOverflow, ids: "backlog-overflow", bearing: report.Beside},
	{find: (*diagnosis).longModeration, ids: "long-moderation", bearing: report.Beside},
	{find: (*diagnosis).oversized, ids: "coalesced", bearing: report.Beside},
	{find: (*diagnosis).udpFragments, ids: "udp-fragments", bearing: report.Beside},
	{find: (*diagnosis).asymmetric, ids: "asymmetric-connections", bearing: report.Beside},
	// What the host counted itself.
	{find: (*diagnosis).backlogDrops, ids: "backlog-drops", bearing: report.Beside},
	{find: (*diagnosis).timeSqueezed, ids: "time-squeezed", bearing: report.Beside},
}

// findingIDs are the names of all findings, each once.
func findingIDs() (all []string) {
	for _, k := range kinds {
		for id := range strings.FieldsSeq(k.ids) {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	return all
}
