// Package csv prints the tables of a result as CSV, whose cells a spreadsheet takes for
// text and numbers, and never for a formula.
package csv
