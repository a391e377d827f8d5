// Package anonymize takes out of a result what tells whose traffic it was.
//
//  1. An Anonymizer (anonymize.go) gives what may be shown for each value that tells of a
//     host: addresses and prefixes by Crypto-PAn, ports if asked for (ports.go), names of files
//     without their folders (names.go), a filter by its words (filter.go).
//  2. Words are formed of what it gives, never searched for addresses afterwards. Who has
//     none to hide has a nil Anonymizer, which gives everything as it is.
//  3. A text of unknown content, as a command line, is left out. So are the words of an
//     earlier report, which were formed elsewhere (stored.go).
package anonymize
