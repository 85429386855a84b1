// Package internal holds the server: app puts it together, each noun has a package of its own, platform is what they share.
package internal
