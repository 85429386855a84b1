-- +goose Up
-- Who may do what: roles, where they are bound to whom, the accounts of programs and their tokens, and which tenants may use a location.

-- A role that is built in belongs to the root; its permissions are those of the program and are written at each start.
CREATE TABLE role (
	id                  object_id PRIMARY KEY,
	name                text COLLATE "C" NOT NULL,
	display_name        text,
	labels              jsonb NOT NULL DEFAULT '{}',
	notes               text,
	deletion_protection boolean NOT NULL DEFAULT false,
	revision            bigint NOT NULL,
	state               text NOT NULL,
	state_reason        text,
	operation_id        object_id,
	created_at          timestamptz NOT NULL,
	updated_at          timestamptz NOT NULL,
	billing_entity_id   object_id NOT NULL,
	customer_id         object_id NOT NULL DEFAULT '',
	owner_id            object_id NOT NULL,
	permissions         jsonb NOT NULL,
	built_in            boolean NOT NULL DEFAULT false,
	CONSTRAINT role_name_key UNIQUE (owner_id, name)
);
CREATE INDEX role_customer_idx ON role (customer_id, id);
CREATE INDEX role_billing_entity_idx ON role (billing_entity_id, customer_id, id);

-- Where the scope stands is on the row, so that a principal's bindings are read in one query: a billing entity's ancestors are not, since it
-- can move.
CREATE TABLE role_binding (
	id                object_id PRIMARY KEY,
	revision          bigint NOT NULL,
	state             text NOT NULL,
	state_reason      text,
	operation_id      object_id,
	created_at        timestamptz NOT NULL,
	updated_at        timestamptz NOT NULL,
	billing_entity_id object_id NOT NULL DEFAULT '',
	customer_id       object_id NOT NULL DEFAULT '',
	location_id       object_id NOT NULL DEFAULT '',
	cloudspace_id     object_id NOT NULL DEFAULT '',
	principal_kind    text NOT NULL,
	principal_id      text COLLATE "C" NOT NULL,
	role_id           object_id NOT NULL REFERENCES role (id),
	scope_id          object_id NOT NULL,
	expires_at        timestamptz,
	CONSTRAINT role_binding_tuple_key UNIQUE (principal_kind, principal_id, role_id, scope_id)
);
CREATE INDEX role_binding_scope_idx ON role_binding (scope_id);
CREATE INDEX role_binding_role_id_idx ON role_binding (role_id);
CREATE INDEX role_binding_customer_idx ON role_binding (customer_id, id);
CREATE INDEX role_binding_billing_entity_idx ON role_binding (billing_entity_id, customer_id, id);

-- The revision of a scope's own list of bindings: it grows with every change of one of them.
CREATE TABLE policy (
	scope_id object_id PRIMARY KEY,
	revision bigint NOT NULL
);

CREATE TABLE service_account (
	id                  object_id PRIMARY KEY,
	name                text COLLATE "C" NOT NULL,
	display_name        text,
	labels              jsonb NOT NULL DEFAULT '{}',
	notes               text,
	deletion_protection boolean NOT NULL DEFAULT false,
	revision            bigint NOT NULL,
	state               text NOT NULL,
	state_reason        text,
	operation_id        object_id,
	created_at          timestamptz NOT NULL,
	updated_at          timestamptz NOT NULL,
	billing_entity_id   object_id NOT NULL,
	customer_id         object_id NOT NULL DEFAULT '',
	owner_id            object_id NOT NULL,
	enabled             boolean NOT NULL,
	CONSTRAINT service_account_name_key UNIQUE (owner_id, name)
);
CREATE INDEX service_account_customer_idx ON service_account (customer_id, id);
CREATE INDEX service_account_billing_entity_idx ON service_account (billing_entity_id, customer_id, id);

-- Of a token only its hash is kept, and for a while after a rotation that of the secret before. The present one was made at issued_at.
CREATE TABLE api_token (
	id                  object_id PRIMARY KEY,
	name                text COLLATE "C" NOT NULL,
	display_name        text,
	labels              jsonb NOT NULL DEFAULT '{}',
	notes               text,
	deletion_protection boolean NOT NULL DEFAULT false,
	revision            bigint NOT NULL,
	state               text NOT NULL,
	state_reason        text,
	operation_id        object_id,
	created_at          timestamptz NOT NULL,
	updated_at          timestamptz NOT NULL,
	billing_entity_id   object_id NOT NULL,
	customer_id         object_id NOT NULL DEFAULT '',
	service_account_id  object_id NOT NULL REFERENCES service_account (id),
	scope_id            object_id,
	permissions         jsonb NOT NULL,
	issued_at           timestamptz NOT NULL,
	expires_at          timestamptz NOT NULL,
	secret_hash         bytea NOT NULL,
	previous_hash       bytea,
	previous_expires_at timestamptz,
	last_used_at        timestamptz,
	CONSTRAINT api_token_name_key UNIQUE (service_account_id, name)
);
CREATE UNIQUE INDEX api_token_secret_hash_key ON api_token (secret_hash);
CREATE UNIQUE INDEX api_token_previous_hash_key ON api_token (previous_hash);
CREATE INDEX api_token_customer_idx ON api_token (customer_id, id);
CREATE INDEX api_token_billing_entity_idx ON api_token (billing_entity_id, customer_id, id);

-- A restricted location is for its grantees, customers or billing entities, and for what is below them.
ALTER TABLE location ADD COLUMN restricted boolean NOT NULL DEFAULT false;
CREATE TABLE location_access (
	id                object_id PRIMARY KEY,
	revision          bigint NOT NULL,
	state             text NOT NULL,
	state_reason      text,
	operation_id      object_id,
	created_at        timestamptz NOT NULL,
	updated_at        timestamptz NOT NULL,
	billing_entity_id object_id NOT NULL DEFAULT '',
	customer_id       object_id NOT NULL DEFAULT '',
	location_id       object_id NOT NULL REFERENCES location (id) ON DELETE CASCADE,
	grantee_id        object_id NOT NULL,
	CONSTRAINT location_access_tuple_key UNIQUE (location_id, grantee_id)
);
CREATE INDEX location_access_grantee_idx ON location_access (grantee_id);
CREATE INDEX location_access_customer_idx ON location_access (customer_id, id);
CREATE INDEX location_access_billing_entity_idx ON location_access (billing_entity_id, customer_id, id);

-- A location is a scope of what is in it; a cloudspace never moves to another.
ALTER TABLE virtual_machine ADD COLUMN location_id object_id NOT NULL DEFAULT '';
ALTER TABLE disk ADD COLUMN location_id object_id NOT NULL DEFAULT '';
UPDATE virtual_machine v SET location_id = c.location_id FROM cloudspace c WHERE c.id = v.cloudspace_id;
UPDATE disk d SET location_id = c.location_id FROM cloudspace c WHERE c.id = d.cloudspace_id;
CREATE INDEX virtual_machine_location_idx ON virtual_machine (location_id, customer_id, id);
CREATE INDEX disk_location_idx ON disk (location_id, customer_id, id);
CREATE INDEX cloudspace_location_idx ON cloudspace (location_id, customer_id, id);
DROP INDEX cloudspace_location_id_idx;
CREATE INDEX virtual_machine_cloudspace_idx ON virtual_machine (cloudspace_id, customer_id, id);
CREATE INDEX disk_cloudspace_idx ON disk (cloudspace_id, customer_id, id);

-- An operation is seen in the scopes that its target is in, also when that is gone.
ALTER TABLE operation ADD COLUMN location_id object_id NOT NULL DEFAULT '', ADD COLUMN cloudspace_id object_id NOT NULL DEFAULT '';

-- An answer that showed a secret is kept encrypted.
ALTER TABLE idempotency_key ADD COLUMN body_encrypted bytea, ADD COLUMN id text NOT NULL UNIQUE DEFAULT gen_random_uuid();
