// Package portplan finds source ports that put equally many test flows on each CPU.
package portplan
