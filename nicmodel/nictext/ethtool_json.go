package nictext

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/internal/quote"
)

// jsonStart is a line that JSON of ethtool starts with. Not any bracket:
// "[root@host ~]# ethtool --json -x eth0" is a prompt.
var jsonStart = lazyregexp.New(`^(\[?\s*\{|\[$)`)

// decodeEthtool reads the array with one object that `ethtool --json OPTION IF`
// prints, or that object alone. Kinds says in errors what the members hold.
func decodeEthtool[T any](lines []string, option, kinds string) (*T, error) {
	whole := fmt.Sprintf("give the whole output of ethtool --json %s IF", option)
	first := slices.IndexFunc(lines, jsonStart.MatchString)
	if first < 0 {
		return nil, &TextError{What: "JSON without its start", Hint: whole + ", from [ to ]"}
	}
	text := strings.Join(lines[first:], "\n")
	lineOf := func(offset int64) int {
		return first + 1 + strings.Count(text[:min(max(offset, 0), int64(len(text)))], "\n")
	}

	decoder := json.NewDecoder(strings.NewReader(text))
	var objects []T
	var err error
	if text[0] == '[' {
		err = decoder.Decode(&objects)
	} else {
		objects = make([]T, 1)
		err = decoder.Decode(&objects[0])
	}
	if err != nil {
		var syntax *json.SyntaxError
		var mismatch *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			return nil, &TextError{Line: lineOf(syntax.Offset), What: syntax.Error(), Hint: whole}
		case errors.As(err, &mismatch):
			return nil, &TextError{Line: lineOf(mismatch.Offset), What: fmt.Sprintf("%s does not fit %s", mismatch.Value, quote.Short(mismatch.Field)), Hint: kinds}
		}
		return nil, &TextError{Line: lineOf(int64(len(text))), What: "the JSON ends early", Hint: whole}
	}
	end := decoder.InputOffset()
	if rest := text[end:]; len(objects) > 1 || strings.Contains(rest, `"ifname"`) || strings.Contains(rest, `"rss-`) {
		return nil, &TextError{Line: lineOf(end), What: "more than one " + jsonThings[option], Hint: "give one interface's only"}
	}
	if len(objects) == 0 {
		return nil, &TextError{Line: first + 1, What: "an empty JSON array", Hint: whole}
	}
	return &objects[0], nil
}

// jsonThings are what the options of decodeEthtool print.
var jsonThings = map[string]string{"-x": "table", "-l": "interface's channels", "-c": "interface's coalescing", "-g": "interface's ring"}
