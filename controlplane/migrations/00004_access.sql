-- +goose Up
-- Who may do what: roles, where they are bound to whom, and the accounts of programs and their tokens.

-- A role that is built in belongs to the root; its permissions are those of the program and are written at each start.
CREATE TABLE role (
	LIKE named_kind INCLUDING ALL,
	owner_id    object_id NOT NULL, -- a customer or a billing entity
	permissions jsonb     NOT NULL,
	built_in    boolean   NOT NULL DEFAULT false
);
SELECT index_kind('role', parent => 'owner_id', filters => '{built_in}');

-- Where the scope stands is with the row, so that a principal's bindings are read without looking at every scope: a billing entity's
-- ancestors are not, since it can move.
CREATE TABLE role_binding (
	LIKE kind INCLUDING ALL,
	principal_kind text      NOT NULL,
	principal_id   text      COLLATE "C" NOT NULL,
	role_id        object_id NOT NULL REFERENCES role,
	scope_id       object_id NOT NULL, -- of any kind that can be one, or the platform
	expires_at     timestamptz
);
SELECT index_kind('role_binding', key => '{principal_kind,principal_id,role_id,scope_id}', scopes => '{scope_id}',
	filters => '{principal_kind,principal_id,role_id}', orders => '{expires_at}');

-- The scopes that a binding's scope is in. In the order of the list of bindings, and in that of their making.
CREATE TABLE role_binding_scope (
	scope_id    object_id NOT NULL,
	customer_id object_id NOT NULL,
	id          object_id NOT NULL REFERENCES role_binding ON DELETE CASCADE,
	PRIMARY KEY (scope_id, customer_id, id)
);
CREATE INDEX ON role_binding_scope (id);
CREATE INDEX ON role_binding_scope (scope_id, id);

-- The revision of a scope's own list of bindings: it grows with every change of one of them.
CREATE TABLE policy (
	scope_id object_id PRIMARY KEY,
	revision bigint    NOT NULL
);

CREATE TABLE service_account (
	LIKE named_kind INCLUDING ALL,
	owner_id object_id NOT NULL, -- a customer or a billing entity
	enabled  boolean   NOT NULL
);
SELECT index_kind('service_account', parent => 'owner_id');

-- Of a token only its hash is kept, and for a while after a rotation that of the secret before. The present one was made at issued_at.
CREATE TABLE api_token (
	LIKE named_kind INCLUDING ALL,
	service_account_id  object_id   NOT NULL REFERENCES service_account,
	scope_id            object_id, -- of any kind that can be one, or the platform
	permissions         jsonb       NOT NULL,
	issued_at           timestamptz NOT NULL,
	expires_at          timestamptz NOT NULL,
	secret_hash         bytea       NOT NULL,
	previous_hash       bytea,
	previous_expires_at timestamptz,
	last_used_at        timestamptz
);
CREATE UNIQUE INDEX api_token_secret_hash_key ON api_token (secret_hash);
CREATE UNIQUE INDEX api_token_previous_hash_key ON api_token (previous_hash);
SELECT index_kind('api_token', parent => 'service_account_id', filters => '{scope_id}', orders => '{expires_at}');
