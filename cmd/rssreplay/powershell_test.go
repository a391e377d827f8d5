package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// What Windows PowerShell's redirection and editors there write is read as the same in
// UTF-8: a report, costs and a note.
func TestTextsOfPowerShell(t *testing.T) {
	web := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	t.Chdir(t.TempDir())
	runs(t, web, "--flows", "all", "-o", "report.json")
	report, err := os.ReadFile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	const costs = `{"schema": "rssreplay/calibrate/v1", "measured": "2026-11-25T21:51:21Z", "costs": {"packet-cost":1381},
  "fit": {"one_factor":false,"windows":11,"error":0.1,"packets_per_second":{"from":15847.5,"to":85046.5}}, "rows": []}`
	note := "Größe → 8\n" + strings.Repeat("x", 8000)
	for name, encode := range map[string]func(string) []byte{
		"UTF-8 with a mark": func(text string) []byte { return []byte("\ufeff" + text) },
		"UTF-16": func(text string) (encoded []byte) {
			for _, unit := range utf16.Encode([]rune("\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"))) {
				encoded = binary.LittleEndian.AppendUint16(encoded, unit)
			}
			return encoded
		},
	} {
		t.Run(name, func(t *testing.T) {
			for path, text := range map[string]string{"marked.json": string(report), "costs.json": costs, "note.txt": note} {
				if err := os.WriteFile(path, encode(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out := runs(t, "diff", "report.json", "marked.json", "--format", "json")
			if !strings.Contains(out, `"flows_moved": 0`) {
				t.Errorf("the report differs from itself:\n%s", out)
			}
			out = runs(t, web, "--costs", "costs.json", "--note", "note.txt", "--format", "json")
			if !strings.Contains(out, `1381`) || !strings.Contains(out, `"note": "Größe → 8`) {
				t.Errorf("costs or note are not there:\n%.3000s", out)
			}
		})
	}
}
