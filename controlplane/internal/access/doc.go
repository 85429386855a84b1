// Package access answers questions about access: who am I, may I do this, who can do what here. It stores nothing and decides nothing: the
// evaluator that decides on requests answers here too.
package access
