// Package picture draws a result as SVG or PNG, for places that take only pictures.
package picture
