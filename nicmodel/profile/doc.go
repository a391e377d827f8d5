// Package profile is NICs as data: what is known of each (profile.go), what its driver
// sets when nobody has changed it, with the sources (profiles.go), which of them a word may
// mean (meant.go), and the other ways in which one may steer than it is thought to
// (hypothesis.go).
package profile
