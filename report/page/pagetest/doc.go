// Package pagetest opens pages in a Chromium without a window, for tests.
package pagetest
