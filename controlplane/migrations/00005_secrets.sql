-- +goose Up
-- Secrets are stored encrypted. The keys are in a file outside the database.

-- One row, once there is a key: a known text under the key in use. It tells a server that it has the right key file, and which key to
-- encrypt with; it is locked against those who encrypt while that changes.
CREATE TABLE encryption_check (
	only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	ciphertext bytea   NOT NULL
);

-- Expand and contract in one step, as nothing has been released yet: a database with machines from before loses their user data.
ALTER TABLE virtual_machine DROP COLUMN user_data, ADD COLUMN user_data_encrypted bytea;
