package output

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/report"
	"rssreplay/report/anonymize"
	"rssreplay/report/csv"
	"rssreplay/report/markdown"
	"rssreplay/report/text"
)

// Format is a format that a command has its result in.
type Format[T any] struct {
	Name   string // as --format has it
	Write  func(w io.Writer, result T, o text.Options) error
	tables []table[T] // of CSV, instead of write: one for each file
}

// table is one CSV table of a result.
type table[T any] struct {
	name  string // as --table-csv has it, and the file's before .csv
	write func(w io.Writer, result T) error
}

// Texts are the formats that a text gives: for a terminal, and for Markdown
// in a fenced block.
func Texts[T any](write func(io.Writer, T, text.Options) error) []Format[T] {
	return []Format[T]{{Name: "table", Write: write}, {Name: "markdown", Write: func(w io.Writer, result T, o text.Options) error {
		var text strings.Builder
		if err := write(&text, result, o); err != nil {
			return err
		}
		return markdown.WriteFenced(w, text.String())
	}}}
}

// Plain is a format in which nothing is to be chosen.
func Plain[T any](name string, write func(io.Writer, T) error) Format[T] {
	return Format[T]{Name: name, Write: func(w io.Writer, result T, _ text.Options) error { return write(w, result) }}
}

// CSV is CSV by tables.
func CSV[T any](tables []csv.Table[T]) Format[*T] {
	f := Format[*T]{Name: "csv"}
	for _, t := range tables {
		f.tables = append(f.tables, table[*T]{t.Name, t.Write})
	}
	return f
}

// formatOfEnding is the format that a file's ending asks for, "" if it asks for
// none.
func formatOfEnding(path string) string {
	if isDir(path) {
		return "csv"
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".txt":
		return "table"
	case ".md", ".markdown":
		return "markdown"
	case ".json":
		return "json"
	case ".csv":
		return "csv"
	case ".html", ".htm":
		return "html"
	}
	return ""
}

// isDir tells whether the path names a folder by its last character.
func isDir(path string) bool { return path != "" && os.IsPathSeparator(path[len(path)-1]) }

// isFolder tells whether a folder has the path.
func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Flags say where a result goes, and in which formats.
type Flags struct {
	set     *pflag.FlagSet
	format  string
	Outputs []string
	color   string
	width   int
	Table   string // of CSV
	words   wordsFlags
	plots   []string

	Anonymize AnonymizeFlags
}

// NewFlags are what every command has that prints a result.
func NewFlags(set *pflag.FlagSet) *Flags {
	f := &Flags{set: set, color: "auto"}
	set.StringVar(&f.format, "format", "table", "")
	set.VarP((*cli.Texts)(&f.Outputs), "output", "o", "")
	return f
}

// AddLook adds what concerns a text whose width and colours can be chosen.
func (f *Flags) AddLook() {
	f.set.StringVar(&f.color, "color", f.color, "")
	f.set.IntVar(&f.width, "width", 0, "")
}

// Has tells whether a result is written in a format.
func (f *Flags) Has(format string) bool {
	if len(f.Outputs) == 0 {
		return f.format == format
	}
	return slices.ContainsFunc(f.Outputs, func(path string) bool {
		name := formatOfEnding(path)
		return name == format || name == "" && f.format == format
	})
}

// AddTables adds what chooses one of the CSV tables.
func (f *Flags) AddTables() { f.set.StringVar(&f.Table, "table-csv", "", "") }

// StdoutPath names standard output among the outputs.
const StdoutPath = "-"

// IsStdout tells whether a path is standard output, by any of its names. Opened by its
// name, a file that it was redirected to would be written from its beginning, or replaced.
func IsStdout(path string) bool {
	switch filepath.ToSlash(filepath.Clean(path)) {
	case StdoutPath, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return true
	}
	return false
}

// Outputs are the places that a result is written to.
type Outputs[T any] struct {
	Env     *cli.Env
	flags   *Flags
	targets []target[T]
	dirs    []string // to be made for them

	Shown *anonymize.Anonymizer // what may be shown of hosts: nil, and all, without --anonymize
	words report.Words          // what Prepare finds
}

// target is one place: a file that a flag names, or standard output.
type target[T any] struct {
	flag, path string
	write      func(w io.Writer, result T) error
}

// Plan checks the flags, before anything is replayed. forms are the
// formats that the command has, the first of which is the default.
func Plan[T any](e *cli.Env, f *Flags, forms []Format[T]) (*Outputs[T], error) {
	shown, err := f.Anonymize.resolve()
	if err != nil {
		return nil, err
	}
	o := &Outputs[T]{Env: e, flags: f, Shown: shown}
	if f.color != "auto" && f.color != "always" && f.color != "never" {
		return nil, cli.Usagef("--color must be auto, always or never, not %q", f.color)
	}
	if f.set.Changed("width") && (f.width < text.MinWidth || f.width > text.MaxWidth) {
		return nil, cli.Usagef("--width must be from %d to %d columns, not %d", text.MinWidth, text.MaxWidth, f.width)
	}
	if formatNamed(forms, f.format) == nil {
		return nil, cli.Usagef("--format must be %s, not %q", namesOf(forms), f.format)
	}
	paths := f.Outputs
	if len(paths) == 0 {
		paths = []string{StdoutPath}
	}
	asked := false // for --format, by an output whose name says no format or this one
	for _, path := range paths {
		if err := f.checkPicture(path); err != nil {
			return nil, err
		}
		name := formatOfEnding(path)
		if ending := filepath.Ext(path); name == "" && ending != "" && path != StdoutPath && !f.set.Changed("format") && !isFolder(path) {
			return nil, cli.Usagef("--output %s: %s is the ending of no format: .txt, .md, .json, .csv and .html are, or give --format", path, ending)
		}
		if asked = asked || name == "" || name == f.format; name == "" {
			name = f.format
		}
		form := formatNamed(forms, name)
		if form == nil {
			return nil, cli.Usagef("--output %s asks for %s by its ending, but this has %s alone: name it otherwise", path, name, namesOf(forms))
		}
		if err := o.AddForm(f, form, path); err != nil {
			return nil, err
		}
	}
	if f.set.Changed("format") && !asked {
		return nil, cli.Usagef("--format %s contradicts --output %s, whose ending asks for %s: leave --format out, or name the file otherwise",
			f.format, paths[0], formatOfEnding(paths[0]))
	}
	if f.Table != "" && !f.writesCSV() {
		return nil, cli.Usagef("--table-csv chooses the table of --format csv, or of an --output that ends in .csv: give one of them")
	}
	return o, nil
}

// AddForm adds the result in a format.
func (o *Outputs[T]) AddForm(f *Flags, form *Format[T], path string) error {
	options := text.Options{}
	if IsStdout(path) {
		options = o.Env.Screen.Options(f.color)
	}
	if f.width > 0 {
		options.Width = f.width
	}
	if form.tables == nil {
		return o.Add("--output", path, func(w io.Writer, result T) error { return form.Write(w, result, options) })
	}
	if isDir(path) {
		o.dirs = append(o.dirs, path)
		for _, t := range form.tables {
			if err := o.Add("--output", filepath.Join(path, t.name+".csv"), t.write); err != nil {
				return err
			}
		}
		return nil
	}
	chosen := &form.tables[0]
	if f.Table != "" {
		var names []string
		chosen = nil
		for i := range form.tables {
			if names = append(names, form.tables[i].name); names[i] == f.Table {
				chosen = &form.tables[i]
			}
		}
		if chosen == nil {
			return cli.Usagef("--table-csv must be %s, not %q", report.Or(names), f.Table)
		}
	}
	return o.Add("--output", path, chosen.write)
}

// Add adds a place, which must be none of the others.
func (o *Outputs[T]) Add(flag, path string, write func(io.Writer, T) error) error {
	named := path
	if IsStdout(path) {
		path = StdoutPath
	}
	for _, t := range o.targets {
		switch {
		case !sameFile(t.path, path):
		case t.flag == flag:
			return cli.Usagef("two of %s name the same file, %s: give each its own", flag, named)
		case path == StdoutPath:
			return cli.Usagef("%s %s would mix with the report on standard output: name a place for it, or for the report with --output", flag, named)
		default:
			return cli.Usagef("%s and %s name the same file, %s: give each its own", t.flag, flag, named)
		}
	}
	o.targets = append(o.targets, target[T]{flag, path, write})
	return nil
}

// KeepApart refuses places that are, or lie in, a folder that a flag makes.
func (o *Outputs[T]) KeepApart(flag, dir string) error {
	whole, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for _, t := range o.targets {
		if t.path == StdoutPath {
			continue
		}
		path, err := filepath.Abs(t.path)
		if err != nil {
			return err
		}
		if inside, err := filepath.Rel(whole, path); err == nil && filepath.IsLocal(inside) {
			return cli.Usagef("%s %s is not apart from the folder that %s makes, %s: name a place outside it", t.flag, t.path, flag, dir)
		}
	}
	return nil
}

// sameFile tells whether two paths name one file, which need not be there.
func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	one, err := os.Stat(a)
	if err != nil || !one.Mode().IsRegular() {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// protect refuses to write over one of the files that are to be read.
func (o *Outputs[T]) protect(inputs []string) error {
	for _, t := range o.targets {
		out, err := os.Stat(t.path)
		if t.path == StdoutPath || err != nil || !out.Mode().IsRegular() {
			continue // nothing is there to be lost
		}
		for _, input := range inputs {
			if in, err := os.Stat(input); err == nil && os.SameFile(in, out) {
				return cli.Usagef("%s %s is a file that is to be read, and would be lost: name another", t.flag, t.path)
			}
		}
	}
	return nil
}

// checkPlaces refuses what nothing can be written to before the work is done.
func (o *Outputs[T]) checkPlaces() error {
	made := map[string]bool{}
	for _, dir := range o.dirs {
		made[filepath.Clean(dir)] = true
	}
	for _, t := range o.targets {
		dir := filepath.Dir(t.path)
		switch _, err := os.Stat(dir + string(filepath.Separator)); {
		case t.path == StdoutPath:
		case isFolder(t.path) && t.flag == "--output" && o.flags.set.Lookup("table-csv") != nil:
			return fmt.Errorf("%s %s: is a directory: name a file in it, or %s/ for all tables as CSV", t.flag, t.path, t.path)
		case isFolder(t.path):
			return fmt.Errorf("%s %s: is a directory: name a file in it", t.flag, t.path)
		case err != nil && !made[dir]:
			return fmt.Errorf("%s %s: no file can be made in %s: %w", t.flag, t.path, dir, cli.Cause(err))
		}
	}
	return nil
}

// Prepare is what comes before the reading: it refuses to write over what is read, or
// where nothing can be written, and gets the author's words.
func (o *Outputs[T]) Prepare(r cli.Reads) (err error) {
	f := o.flags
	if err := o.checkPlaces(); err != nil {
		return err
	}
	if err := o.protect(slices.Concat(r.Captures, r.Others, f.words.inputs(), f.Anonymize.inputs())); err != nil {
		return err
	}
	o.words, err = f.words.read(o.Env, r.Captures, r.Others)
	return err
}

// Head is what the result begins with; of the command line what may be shown.
func (o *Outputs[T]) Head() report.Head {
	return report.Head{Words: o.words, Tool: cli.Tool(), Command: o.Shown.Command(o.Env.Command())}
}

// Begin is Plan and Prepare at once, where nothing else is to be written.
func Begin[T any](e *cli.Env, f *Flags, forms []Format[T], r cli.Reads) (*Outputs[T], error) {
	o, err := Plan(e, f, forms)
	if err != nil {
		return nil, err
	}
	return o, o.Prepare(r)
}

// Write writes the result to all places. The files are there in the end, with all
// that was written, or after an error as they were before; standard output comes
// when nothing but a rename can go wrong any more.
func (o *Outputs[T]) Write(result T) error {
	s := staging{scratch: &o.Env.Scratch}
	defer s.drop()
	for _, dir := range o.dirs {
		if err := s.makeDir(dir); err != nil {
			return fmt.Errorf("--output %s: %w", dir, cli.Cause(err))
		}
	}
	var stdout []target[T]
	for _, t := range o.targets {
		if t.path == StdoutPath {
			stdout = append(stdout, t)
			continue
		}
		if err := s.write(t.path, func(w io.Writer) error { return t.write(w, result) }); err != nil {
			return fmt.Errorf("%s %s: %w", t.flag, t.path, cli.Cause(err))
		}
	}
	for _, t := range stdout {
		if err := writeAll(o.Env.Stdout, func(w io.Writer) error { return t.write(w, result) }); err != nil {
			return err
		}
	}
	return s.commit()
}

// formatNamed is the form of that name; nil if there is none.
func formatNamed[T any](forms []Format[T], name string) *Format[T] {
	for i := range forms {
		if forms[i].Name == name {
			return &forms[i]
		}
	}
	return nil
}

// namesOf are the forms' names in a sentence.
func namesOf[T any](forms []Format[T]) string {
	var names []string
	for _, f := range forms {
		names = append(names, f.Name)
	}
	return report.Or(names)
}

// writesCSV tells whether a CSV table is written, which --table-csv chooses.
func (f *Flags) writesCSV() bool {
	if len(f.Outputs) == 0 {
		return f.format == "csv"
	}
	for _, path := range f.Outputs {
		name := formatOfEnding(path)
		if name == "csv" && !isDir(path) || name == "" && f.format == "csv" {
			return true
		}
	}
	return false
}
