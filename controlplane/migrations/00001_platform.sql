-- What every kind of thing shares: work that goes on, answers kept for idempotency, quota and usage, the audit trail.
-- The references between these tables and the things they speak of are by id alone: records outlive their subjects.

-- +goose Up

-- An id of ours: TypeIDs sort by time of creation, in the order of bytes.
CREATE DOMAIN object_id AS text COLLATE "C";

-- Work that goes on after a request was answered. Made in the transaction of the change that asks for it.
CREATE TABLE operation (
    id                object_id   PRIMARY KEY,
    action            text        NOT NULL,             -- virtual_machine.create
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
    fence             bigint      NOT NULL DEFAULT 0,    -- grows with every worker that takes it over; older ones are refused
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
-- The work on an object: its history, and, of what has not ended, at most one.
CREATE INDEX operation_target_idx ON operation (target_id, id);
CREATE UNIQUE INDEX operation_running_key ON operation (target_id) WHERE finished_at IS NULL;
CREATE INDEX operation_state_idx ON operation (state, id) WHERE finished_at IS NULL OR needs_attention;
CREATE INDEX operation_customer_idx ON operation (customer_id, id);
CREATE INDEX operation_billing_entity_idx ON operation (billing_entity_id, customer_id, id);

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

-- Answers to POST requests that carried an Idempotency-Key, written in the transaction of their effect.
CREATE TABLE idempotency_key (
    principal_id text        NOT NULL,
    op_id        text        NOT NULL, -- virtual_machines.create
    key          text        NOT NULL,
    request_hash bytea       NOT NULL,
    status       integer,              -- null while the first request is being answered
    headers      jsonb,
    body         bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
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
CREATE INDEX quota_reservation_customer_idx ON quota_reservation (customer_id, dimension)
    INCLUDE (amount) WHERE released_at IS NULL;
CREATE INDEX quota_reservation_billing_entity_idx ON quota_reservation (billing_entity_id, dimension)
    INCLUDE (amount) WHERE released_at IS NULL;

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

-- Who did what to what, written in the transaction of the change. Values of secret fields are never in old or new.
CREATE TABLE audit_record (
    id                object_id   PRIMARY KEY,
    at                timestamptz NOT NULL,
    principal_id      text        NOT NULL,
    principal_kind    text        NOT NULL,
    op_id             text        NOT NULL, -- virtual_machines.update
    target_kind       text        NOT NULL,
    target_id         object_id,
    billing_entity_id object_id,
    customer_id       object_id,
    outcome           text        NOT NULL, -- ok, or the code of the refusal
    request_id        text        NOT NULL,
    remote_addr       text,
    old               jsonb,
    new               jsonb,
    detail            text
);
CREATE INDEX audit_record_at_idx ON audit_record (at, id);
CREATE INDEX audit_record_target_idx ON audit_record (target_id, id);
CREATE INDEX audit_record_principal_idx ON audit_record (principal_id, id);
CREATE INDEX audit_record_customer_idx ON audit_record (customer_id, id);
CREATE INDEX audit_record_billing_entity_idx ON audit_record (billing_entity_id, customer_id, id);
