// Package apitoken keeps the tokens with which service accounts use the API, and tells who sends one.
//
// A token is dmc_ and 49 letters and digits, of which the last six are a checksum of the others: whoever scans code or logs for tokens that
// leaked finds them by that, and what is no token is refused without asking the database. It comes from 32 random bytes, so that its SHA-256,
// which is all that is kept of it, says nothing about it.
//
// Invariants:
//   - Nobody makes or rotates a token that may do what they may not do themselves.
//   - A token never does more than its account, and only while that is enabled; scope_id and permissions can make it less.
//   - The secret is in the answer of the create or rotate that made it, and nowhere else.
//   - A token that is removed, rotated or whose account is disabled is refused on every node as soon as the notification of that arrives.
package apitoken
