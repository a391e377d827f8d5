// Package schema holds JSON Schemas (draft 2020-12) of the documents that rssreplay
// writes: report.json, compare.json, verify.json and calibrate.json. The command's tests
// hold them against what it writes.
package schema

import "embed"

// Files are the schemas, by name.
//
//go:embed *.json
var Files embed.FS
