// Package policy shows and changes all role bindings of a scope as one document: who has which role in it.
//
// A policy is no object of its own: it is there as long as its scope is, and empty at first. It is the whole list of the scope's own
// bindings: what is not in it is taken away. It is changed only by those who say which revision they have read, so that no two overwrite
// each other; the revision counts the changes of single bindings too. The rules for what is given and taken are those of role bindings.
package policy
