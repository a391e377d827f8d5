// Package bigarray has arrays of up to 2³² records that grow without moving: in huge
// pages where there are enough of them (Array), or with memory only where a record was
// asked for (Sparse).
package bigarray
