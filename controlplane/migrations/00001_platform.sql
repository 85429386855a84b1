-- +goose Up
-- What every kind has in common, and what the platform keeps for itself. The first five files were written as one set; from there on the set only
-- grows, and none of it is edited: the next number corrects it.

-- An id of ours: TypeIDs sort by time of creation, in the order of bytes.
CREATE DOMAIN object_id AS text COLLATE "C";

-- The templates of the kinds' tables: CREATE TABLE disk (LIKE named_kind INCLUDING ALL, …) takes columns, defaults, checks and indexes over.
-- They hold no rows. Two things do not come along, and a test of the schema looks for both: foreign keys, and what a template gets later.
CREATE TABLE kind (
	id                object_id   PRIMARY KEY,
	revision          bigint      NOT NULL,
	state             text        NOT NULL,
	state_reason      text,
	operation_id      object_id,
	created_at        timestamptz NOT NULL,
	updated_at        timestamptz NOT NULL,
	-- The ancestors: empty where there is none.
	billing_entity_id object_id   NOT NULL DEFAULT '',
	customer_id       object_id   NOT NULL DEFAULT '',
	-- The recycle bin: since when it is there, when it is purged, and the object whose recycling took it along.
	recycled_at       timestamptz,
	purge_at          timestamptz,
	recycled_with     object_id,
	CONSTRAINT kind_recycled_check CHECK ((recycled_at IS NULL) = (purge_at IS NULL) AND (recycled_at IS NOT NULL OR recycled_with IS NULL AND state <> 'recycled'))
);
-- A list is a walk along one of these: of all there is, of a customer's, of a billing entity's.
CREATE INDEX ON kind (customer_id, id);
CREATE INDEX ON kind (billing_entity_id, customer_id, id);
CREATE INDEX ON kind (purge_at) WHERE purge_at IS NOT NULL;
CREATE INDEX ON kind (recycled_with) WHERE recycled_with IS NOT NULL;

CREATE TABLE named_kind (
	LIKE kind INCLUDING ALL,
	name                text    COLLATE "C" NOT NULL,
	display_name        text,
	labels              jsonb   NOT NULL DEFAULT '{}',
	notes               text,
	deletion_protection boolean NOT NULL DEFAULT false
);
-- For labels @> and labels ?; jsonb_path_ops would not know the latter.
CREATE INDEX ON named_kind USING gin (labels);
-- For a list in the order of names: the unique index on them leaves out what is in the recycle bin.
CREATE INDEX ON named_kind (name, id);

-- index_lists gives each of the columns what a list needs that is limited by it: the rows of one value in the order of the list, so that
-- nothing is sorted. The ancestors' columns have that from the template.
-- +goose StatementBegin
CREATE FUNCTION index_lists(of_table regclass, columns text[], list_order text[] DEFAULT '{customer_id,id}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	col text;
BEGIN
	FOREACH col IN ARRAY columns LOOP
		IF list_order <> '{customer_id,id}' OR col NOT IN ('customer_id', 'billing_entity_id') THEN
			EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %s (%I, %s)', of_table || '_' || col || '_idx', of_table, col,
				(SELECT string_agg(quote_ident(c), ', ') FROM unnest(list_order) c));
		END IF;
	END LOOP;
END
$$;
-- +goose StatementEnd

-- index_orders gives each of the columns what a list in its order needs, and what a range of it needs: one walk finds both.
-- +goose StatementBegin
CREATE FUNCTION index_orders(of_table regclass, columns text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	col text;
BEGIN
	FOREACH col IN ARRAY columns LOOP
		EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %s (%I, id)', of_table || '_' || col || '_order_idx', of_table, col);
	END LOOP;
END
$$;
-- +goose StatementEnd

-- index_kind makes the indexes of a kind that the template does not have. Names are unique in a parent, keys everywhere, both among what
-- is not in the recycle bin; the name comes first, because paths begin with it. scopes are the columns of Kind.Scopes, filters those that the
-- kind's list can be filtered by, orders those of Kind.Orders and of filters by range. It can be called again with more of them.
-- +goose StatementBegin
CREATE FUNCTION index_kind(of_table regclass, parent text DEFAULT NULL, key text[] DEFAULT NULL, scopes text[] DEFAULT '{}', filters text[] DEFAULT '{}',
	orders text[] DEFAULT '{}')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF key IS NULL THEN
		EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %s (%s) NULLS NOT DISTINCT WHERE recycled_at IS NULL', of_table || '_name_key', of_table,
			concat_ws(', ', 'name', quote_ident(parent)));
	ELSE
		EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %s (%s) WHERE recycled_at IS NULL', of_table || '_tuple_key', of_table,
			(SELECT string_agg(quote_ident(c), ', ') FROM unnest(key) c));
	END IF;
	PERFORM index_lists(of_table, array_remove(ARRAY[parent], NULL) || scopes || filters);
	PERFORM index_orders(of_table, orders);
END
$$;
-- +goose StatementEnd

-- Work that goes on after a request was answered. Made in the transaction of the change that asks for it. References are by id alone:
-- an operation outlives what it was about.
CREATE TABLE operation (
	id                object_id   PRIMARY KEY,
	action            text        NOT NULL, -- virtual_machine.create
	target_kind       text        NOT NULL,
	target_id         object_id   NOT NULL,
	state             text        NOT NULL DEFAULT 'pending'
	                              CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
	step_state        jsonb       NOT NULL DEFAULT '{}', -- what the steps remember for each other and for their undo
	completed_steps   integer     NOT NULL DEFAULT 0 CHECK (completed_steps >= 0),
	total_steps       integer     NOT NULL DEFAULT 0 CHECK (total_steps >= completed_steps),
	current_step      text,
	error_code        text,
	error_detail      text,
	cancel_requested  boolean     NOT NULL DEFAULT false,
	attempt           integer     NOT NULL DEFAULT 0,
	fence             bigint      NOT NULL DEFAULT 0,     -- grows with every worker that takes it over; older ones are refused
	needs_attention   boolean     NOT NULL DEFAULT false, -- neither finished nor undone: somebody must look
	billing_entity_id object_id   NOT NULL,
	customer_id       object_id,
	requested_by      text        NOT NULL,
	request_id        text        NOT NULL,
	created_at        timestamptz NOT NULL DEFAULT now(),
	started_at        timestamptz,
	finished_at       timestamptz,
	CHECK ((finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled')))
);
-- Of the work on an object that has not ended there is at most one.
CREATE UNIQUE INDEX operation_running_key ON operation (target_id) WHERE finished_at IS NULL;
SELECT index_lists('operation', '{target_id,state,customer_id,billing_entity_id}', '{id}');

-- The scopes that an operation's target is in, so that whoever may see operations there sees it, also when the target is gone.
CREATE TABLE operation_scope (
	scope_id object_id NOT NULL,
	id       object_id NOT NULL REFERENCES operation ON DELETE CASCADE,
	PRIMARY KEY (scope_id, id)
);
CREATE INDEX ON operation_scope (id);

CREATE TABLE operation_step (
	operation_id object_id   NOT NULL REFERENCES operation ON DELETE CASCADE,
	ordinal      integer     NOT NULL,
	name         text        NOT NULL,
	state        text        NOT NULL DEFAULT 'pending'
	                         CHECK (state IN ('pending', 'running', 'done', 'failed', 'undoing', 'undone')),
	attempts     integer     NOT NULL DEFAULT 0,
	error        text,
	started_at   timestamptz,
	finished_at  timestamptz,
	PRIMARY KEY (operation_id, ordinal)
);

-- Answers to POST requests that carried an Idempotency-Key, written in the transaction of their effect. One that showed a secret is kept
-- encrypted.
CREATE TABLE idempotency_key (
	id             text        NOT NULL UNIQUE DEFAULT gen_random_uuid(),
	principal_id   text        NOT NULL,
	op_id          text        NOT NULL, -- virtual_machines.create
	key            text        NOT NULL,
	request_hash   bytea       NOT NULL,
	status         integer,              -- null while the first request is being answered
	headers        jsonb,
	body           bytea,
	body_encrypted bytea,
	created_at     timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (principal_id, op_id, key)
);
CREATE INDEX idempotency_key_created_at_idx ON idempotency_key (created_at);

-- What an object takes of its owner's limits, per dimension (vcpus, memory_mib, …), from the moment it is asked for.
CREATE TABLE quota_reservation (
	id                object_id   PRIMARY KEY,
	kind              text        NOT NULL,
	object_id         object_id   NOT NULL,
	customer_id       object_id   NOT NULL,
	billing_entity_id object_id   NOT NULL,
	dimension         text        NOT NULL,
	amount            bigint      NOT NULL CHECK (amount >= 0),
	created_at        timestamptz NOT NULL DEFAULT now(),
	released_at       timestamptz CHECK (released_at >= created_at)
);
CREATE UNIQUE INDEX quota_reservation_object_key ON quota_reservation (object_id, dimension) WHERE released_at IS NULL;
CREATE INDEX quota_reservation_customer_idx ON quota_reservation (customer_id, dimension) INCLUDE (amount) WHERE released_at IS NULL;
CREATE INDEX quota_reservation_billing_entity_idx ON quota_reservation (billing_entity_id, dimension) INCLUDE (amount) WHERE released_at IS NULL;

-- What an object was, and from when to when: the ground truth of billing. The present interval has no end.
CREATE TABLE state_interval (
	id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind              text        NOT NULL,
	object_id         object_id   NOT NULL,
	customer_id       object_id   NOT NULL,
	billing_entity_id object_id   NOT NULL,
	location_id       object_id,
	state             text        NOT NULL,
	spec              jsonb       NOT NULL DEFAULT '{}', -- the values that have a price
	from_at           timestamptz NOT NULL,
	to_at             timestamptz CHECK (to_at >= from_at)
);
CREATE UNIQUE INDEX state_interval_present_key ON state_interval (object_id) WHERE to_at IS NULL;
CREATE INDEX state_interval_object_idx ON state_interval (object_id, from_at);
CREATE INDEX state_interval_customer_idx ON state_interval (customer_id, from_at);
CREATE INDEX state_interval_billing_entity_idx ON state_interval (billing_entity_id, from_at);

-- Secrets are stored encrypted. The keys are in a file outside the database.
-- One row, once there is a key: a known text under the key in use. It tells a server that it has the right key file, and which key to
-- encrypt with; it is locked against those who encrypt while that changes.
CREATE TABLE encryption_check (
	only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	ciphertext bytea   NOT NULL
);
