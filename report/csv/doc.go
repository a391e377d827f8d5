// Package csv prints the tables of a result as CSV, whose cells a spreadsheet takes for
// text and numbers, and never for a formula (csv.go). A report's tables are there, too; each
// other result has a file of its own.
package csv
