// Package words writes numbers, names and lists as every format of a report shows them.
package words
