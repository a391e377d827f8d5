// Package direction tells sent packets from received ones: by what the capture says of
// each, else by the addresses of the capturing machine, given or found.
package direction
