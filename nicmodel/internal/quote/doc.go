// Package quote puts what a user gave into messages.
package quote
