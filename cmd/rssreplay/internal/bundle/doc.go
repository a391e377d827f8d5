// Package bundle is the texts that tell of a NIC, in one folder, archive or text: the script
// that gathers them on a host (collect.sh), and what reads the files.
package bundle
