// Package disk keeps the disks that customers add to their machines.
//
// Invariants:
//   - A disk and the machine that it is attached to are in the same cloudspace.
//   - An attachment never blocks a delete: deleting the machine detaches the disk, deleting the disk takes it from the machine.
//     That does not count as a revision: nobody asked the disk to be otherwise.
//   - A disk never shrinks.
package disk
