// Package migrations holds the database schema as numbered SQL files, applied in order by the server (and by the goose
// command, which reads the same annotations and the same version table).
//
// The first five are one set, written before anything was released: from now on it only grows.
//
// Rules, because nodes of the previous release keep working while a migration runs and after it:
//
//   - Expand, then contract. A release adds what it needs (tables, nullable columns, indexes); a later release, when no
//     node reads the old shape any more, removes it. A column is never renamed or given another type in place.
//   - A migration that has been released is never edited; the next number corrects it.
//   - There is no way down: a mistake is repaired by the next number, and a lost database by its backup. The Down part
//     is absent on purpose.
//   - On a large table: CREATE INDEX CONCURRENTLY in a file of its own that begins with "-- +goose NO TRANSACTION", and
//     constraints first NOT VALID, validated by a later file.
//   - A kind's table is made from its template, kind or named_kind, and indexed by index_kind (00001_platform.sql). A template hands on
//     neither foreign keys nor what it gets later: whoever adds a column, a check or an index to it adds the same to every table, and the
//     test of the schema names each that was forgotten.
//   - Times are timestamptz; money and other decimals are numeric. Columns with an id of ours have the type object_id:
//     text in the order of bytes, in which TypeIDs sort by time of creation whatever the database's locale.
package migrations

import "embed"

// FS holds the migrations, one file each: NNNNN_subject.sql.
//
//go:embed *.sql
var FS embed.FS
