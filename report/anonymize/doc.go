// Package anonymize takes out of a result what tells whose traffic it was: addresses
// prefix by prefix (Crypto-PAn), ports if asked for, names of files and interfaces.
package anonymize
