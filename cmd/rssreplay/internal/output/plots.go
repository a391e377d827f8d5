package output

import (
	"io"
	"path/filepath"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/report/picture"
)

// AddPlots adds what asks for pictures.
func (f *Flags) AddPlots() { f.set.Var((*cli.Texts)(&f.plots), "plot", "") }

// plotFormat is the format of a picture that a file's ending asks for.
func plotFormat(path string) (format picture.Format, ok bool) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".svg":
		return picture.SVG, true
	case ".png":
		return picture.PNG, true
	}
	return 0, false
}

// checkPicture refuses a picture as the place of a text.
func (f *Flags) checkPicture(path string) error {
	if _, ok := plotFormat(path); ok && f.set.Lookup("plot") != nil {
		return cli.Usagef("--output %s asks for a picture by its ending: give it as --plot %s", path, path)
	}
	return nil
}

// AddPlots adds the pictures that are asked for, which draw makes of the result.
func (o *Outputs[T]) AddPlots(draw func(io.Writer, T, picture.Format) error) error {
	for _, path := range o.flags.plots {
		format, ok := plotFormat(path)
		switch {
		case path == StdoutPath:
			return cli.Usagef("--plot can't be standard output: name a file that ends in .svg or .png")
		case !ok:
			return cli.Usagef("--plot %s must end in .svg or .png, which says what it is to be", path)
		}
		if err := o.Add("--plot", path, func(w io.Writer, result T) error { return draw(w, result, format) }); err != nil {
			return err
		}
	}
	return nil
}
