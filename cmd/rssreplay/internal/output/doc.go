// Package output writes a result to all the places that the command line names, each in
// its format, or to none of them.
//
//  1. Plan checks the flags before anything is replayed: formats, files, pictures
//     (formats.go, plots.go), and makes what hides addresses (anonymize.go).
//  2. Outputs.Prepare refuses to write over what is read, and gets what goes with any
//     result: the author's words (words.go).
//  3. Outputs.Write writes all files beside their places, and moves them there when
//     nothing else can go wrong (staging.go).
package output
