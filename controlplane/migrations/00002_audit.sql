-- +goose Up
-- Who did, or tried to do, what to what. Nothing in the trail is ever changed; whoever changes it past the server is found out by
-- `demarc-server audit verify`, since nobody without the key can make a mac, a chain or a head.

-- References are by id alone: records outlive their subjects.
CREATE TABLE audit_record (
	id                object_id   PRIMARY KEY,
	at                timestamptz NOT NULL,
	principal_id      text        COLLATE "C" NOT NULL,
	principal_kind    text        NOT NULL,
	token_id          object_id   NOT NULL DEFAULT '',
	binding_id        object_id   NOT NULL DEFAULT '', -- the role binding that allowed it
	op_id             text        COLLATE "C" NOT NULL, -- virtual_machines.update
	target_kind       text        NOT NULL,
	target_id         object_id   NOT NULL DEFAULT '',
	billing_entity_id object_id   NOT NULL DEFAULT '',
	customer_id       object_id   NOT NULL DEFAULT '',
	outcome           text        NOT NULL CHECK (outcome IN ('succeeded', 'denied', 'failed')),
	code              text        NOT NULL DEFAULT '', -- of the refusal
	request_id        text        COLLATE "C" NOT NULL DEFAULT '',
	remote_addr       text        NOT NULL DEFAULT '',
	user_agent        text        NOT NULL DEFAULT '',
	old               json,                            -- not jsonb: the mac covers the text as it was written
	new               json,
	mac               bytea       NOT NULL,            -- of all the columns above
	sequence          bigint,                          -- 1, 2, 3 …, given after the commit
	chain             bytea,                           -- of the record before, this one's mac and its number
	CHECK ((sequence IS NULL) = (chain IS NULL))
);
CREATE UNIQUE INDEX audit_record_sequence_key ON audit_record (sequence);
CREATE INDEX audit_record_unsealed_idx ON audit_record (id) WHERE sequence IS NULL;
CREATE INDEX audit_record_at_idx ON audit_record (at, id);
CREATE INDEX audit_record_refused_idx ON audit_record (outcome, id) WHERE outcome <> 'succeeded';
SELECT index_lists('audit_record', '{target_id,principal_id,op_id,request_id,customer_id,billing_entity_id}', '{id}');

-- The key of the macs, encrypted as all secrets are. Made once, with the head.
CREATE TABLE audit_key (
	id            text  PRIMARY KEY CHECK (id = 'audit'),
	key_encrypted bytea NOT NULL
);

-- The end of the chain: without it, records that are missing at the end would not be missed.
CREATE TABLE audit_head (
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	number   bigint  NOT NULL,
	chain    bytea   NOT NULL,
	mac      bytea   NOT NULL
);

-- Against accidents. An intruder who takes these triggers away changes nothing about being found out.
-- +goose StatementBegin
CREATE FUNCTION audit_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'audit records are not changed or removed' USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_record_stays BEFORE DELETE OR UPDATE OF id, at, principal_id, principal_kind, token_id, binding_id, op_id, target_kind,
	target_id, billing_entity_id, customer_id, outcome, code, request_id, remote_addr, user_agent, old, new, mac ON audit_record
	FOR EACH ROW EXECUTE FUNCTION audit_record_stays();
CREATE TRIGGER audit_record_stays_sealed BEFORE UPDATE OF sequence, chain ON audit_record
	FOR EACH ROW WHEN (OLD.sequence IS NOT NULL) EXECUTE FUNCTION audit_record_stays();
CREATE TRIGGER audit_record_stays_whole BEFORE TRUNCATE ON audit_record EXECUTE FUNCTION audit_record_stays();
