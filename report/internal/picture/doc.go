// Package picture draws rectangles, steps, raster images and lines of text (picture.go), and
// writes them as SVG (svg.go) and as PNG (png.go): what charts of bars and heat maps consist of.
// All edges lie along the axes, so that they can lie on pixels.
//
// Lengths are CSS pixels, x to the right and y down from the upper left corner.
package picture
