package main

import (
	"io"
	"path/filepath"
	"strings"

	"rssreplay/report/picture"
)

// addPlots adds what asks for pictures.
func (f *outputFlags) addPlots() { f.set.StringArrayVar(&f.plots, "plot", nil, "") }

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
func (f *outputFlags) checkPicture(path string) error {
	if _, ok := plotFormat(path); ok && f.set.Lookup("plot") != nil {
		return usagef("--output %s asks for a picture by its ending: give it as --plot %s", path, path)
	}
	return nil
}

// addPlots adds the pictures, which draw makes of the result.
func (o *outputs[T]) addPlots(paths []string, draw func(io.Writer, T, picture.Format) error) error {
	for _, path := range paths {
		format, ok := plotFormat(path)
		switch {
		case path == stdoutPath:
			return usagef("--plot can't be standard output: name a file that ends in .svg or .png")
		case !ok:
			return usagef("--plot %s must end in .svg or .png, which says what it is to be", path)
		}
		if err := o.add("--plot", path, func(w io.Writer, result T) error { return draw(w, result, format) }); err != nil {
			return err
		}
	}
	return nil
}
