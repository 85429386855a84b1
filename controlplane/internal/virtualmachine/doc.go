// Package virtualmachine keeps the machines of customers.
//
// What a machine is to be is declared in its row; operations bring its location to that, and the reconciler brings it back:
//
//	create ──▶ creating ──▶ active ◀──▶ updating      (size, power, name, user data)
//	               │           │  ▲         │
//	               ▼           │  └─ PATCH ─┤
//	             failed ◀──────┼────────────┘
//	               └─ PATCH ─▶ │ ─▶ deleting ──▶ gone
//
// Invariants:
//   - power_state is what was asked for. A machine runs only while its customer is active, too.
//   - Processors and memory change while the machine is stopped: the operation stops and starts it.
//   - The boot disk never shrinks.
//   - Deleting a machine releases its disks; they stay.
//   - User data goes in and is never returned. It is stored encrypted, for its row alone.
package virtualmachine
