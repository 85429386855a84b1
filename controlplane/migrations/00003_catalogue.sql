-- +goose Up
-- What the platform offers: locations and images.
CREATE TABLE location (
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
	driver              text NOT NULL,
	country             text,
	city                text,
	enabled             boolean NOT NULL,
	CONSTRAINT location_name_key UNIQUE (name)
);
CREATE INDEX location_customer_idx ON location (customer_id, id);
CREATE INDEX location_billing_entity_idx ON location (billing_entity_id, customer_id, id);

CREATE TABLE image (
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
	os_type             text NOT NULL,
	architecture        text NOT NULL,
	source_url          text,
	min_disk_gib        bigint NOT NULL,
	CONSTRAINT image_name_key UNIQUE (name)
);
CREATE INDEX image_customer_idx ON image (customer_id, id);
CREATE INDEX image_billing_entity_idx ON image (billing_entity_id, customer_id, id);
