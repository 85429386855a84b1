// Package image keeps what the boot disks of machines are made from.
//
// Invariants:
//   - Operating system and architecture never change: machines were placed by them.
//   - An image that machines were made from cannot be deleted.
package image
