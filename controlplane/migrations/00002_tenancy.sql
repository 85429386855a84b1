-- +goose Up
-- Who pays: billing entities (a tree) and their customers.
CREATE TABLE billing_entity (
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
	billing_entity_id   object_id NOT NULL DEFAULT '',
	customer_id         object_id NOT NULL DEFAULT '',
	parent_id           object_id REFERENCES billing_entity (id),
	currency            text NOT NULL,
	address             jsonb,
	tax_number          text,
	time_zone           text NOT NULL,
	language            text NOT NULL,
	customer_limit      bigint NOT NULL CHECK (customer_limit >= 0),
	CONSTRAINT billing_entity_name_key UNIQUE NULLS NOT DISTINCT (parent_id, name)
);
CREATE INDEX billing_entity_customer_idx ON billing_entity (customer_id, id);
CREATE INDEX billing_entity_billing_entity_idx ON billing_entity (billing_entity_id, customer_id, id);
CREATE UNIQUE INDEX billing_entity_root ON billing_entity ((true)) WHERE parent_id IS NULL;

CREATE TABLE customer (
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
	billing_entity_id   object_id NOT NULL REFERENCES billing_entity (id),
	customer_id         object_id NOT NULL DEFAULT '',
	email               text NOT NULL,
	phone               text,
	industry            text,
	country             text,
	region              text,
	language            text NOT NULL,
	time_zone           text NOT NULL,
	tax_number          text,
	external_ids        jsonb NOT NULL DEFAULT '{}',
	account_managers    jsonb NOT NULL DEFAULT '[]',
	portal_url          text,
	payment_mode        text NOT NULL,
	status              text NOT NULL,
	status_reason       text,
	CONSTRAINT customer_name_key UNIQUE (billing_entity_id, name)
);
CREATE INDEX customer_customer_idx ON customer (customer_id, id);
CREATE INDEX customer_billing_entity_idx ON customer (billing_entity_id, customer_id, id);
