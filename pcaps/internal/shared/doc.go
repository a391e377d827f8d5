// Package shared finds for tests the captures that lie beside the repository.
package shared
