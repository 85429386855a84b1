-- +goose Up
-- Who pays: billing entities (a tree) and their customers.

CREATE TABLE billing_entity (
	LIKE named_kind INCLUDING ALL,
	parent_id      object_id REFERENCES billing_entity,
	currency       text      NOT NULL,
	address        jsonb,
	tax_number     text,
	time_zone      text      NOT NULL,
	language       text      NOT NULL,
	customer_limit bigint    NOT NULL CHECK (customer_limit >= 0)
);
CREATE UNIQUE INDEX billing_entity_root ON billing_entity ((true)) WHERE parent_id IS NULL;
SELECT index_kind('billing_entity', parent => 'parent_id');

CREATE TABLE customer (
	LIKE named_kind INCLUDING ALL,
	email            text  NOT NULL,
	phone            text,
	industry         text,
	country          text,
	region           text,
	language         text  NOT NULL,
	time_zone        text  NOT NULL,
	tax_number       text,
	external_ids     jsonb NOT NULL DEFAULT '{}',
	account_managers jsonb NOT NULL DEFAULT '[]',
	portal_url       text,
	payment_mode     text  NOT NULL,
	status           text  NOT NULL,
	status_reason    text,
	FOREIGN KEY (billing_entity_id) REFERENCES billing_entity
);
SELECT index_kind('customer', parent => 'billing_entity_id', filters => '{status,payment_mode}');
