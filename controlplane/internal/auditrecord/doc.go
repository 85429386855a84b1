// Package auditrecord shows the audit trail. Records are read and nothing else; how they are written, and why nobody can change them
// without being found out, is in package audit.
//
// Whoever may read audit records of a scope sees the records of all that is in it, as it stood when they were written; with a role on a
// single object, those of that object.
package auditrecord
