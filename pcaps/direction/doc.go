// Package direction tells sent packets from received ones, by the rules of the model's
// section 1.
package direction
