// Package service has the services of kinds: what creates, reads, changes and removes their objects. It is the same for all; a kind says what
// is special about it.
//
// Stored is for kinds whose objects are rows and nothing more. Converged is for those that stand for something in the world outside: what is
// asked for is written down, and an operation brings the world to it.
//
// Both take Rules: how the row and the types of the API belong together, and functions for what must hold beside what the types say. A noun
// that has to do one verb in its own way defines a method of that name on its own service; Module takes whichever there is.
package service
