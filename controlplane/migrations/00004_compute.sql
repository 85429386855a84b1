-- +goose Up
-- What a customer runs: cloudspaces, and the machines and disks in them.
CREATE TABLE cloudspace (
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
	customer_id         object_id NOT NULL REFERENCES customer (id),
	location_id         object_id NOT NULL REFERENCES location (id),
	network_cidr        text NOT NULL,
	local_domain        text,
	gateway_address     text,
	CONSTRAINT cloudspace_name_key UNIQUE (customer_id, name)
);
CREATE INDEX cloudspace_customer_idx ON cloudspace (customer_id, id);
CREATE INDEX cloudspace_billing_entity_idx ON cloudspace (billing_entity_id, customer_id, id);
CREATE INDEX cloudspace_location_id_idx ON cloudspace (location_id);

CREATE TABLE virtual_machine (
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
	customer_id         object_id NOT NULL REFERENCES customer (id),
	cloudspace_id       object_id NOT NULL REFERENCES cloudspace (id),
	image_id            object_id NOT NULL REFERENCES image (id),
	vcpus               bigint NOT NULL,
	memory_mib          bigint NOT NULL,
	boot_disk_size_gib  bigint NOT NULL,
	power_state         text NOT NULL,
	user_data           text,
	ip_address          text,
	observed_power_state text,
	CONSTRAINT virtual_machine_name_key UNIQUE (cloudspace_id, name)
);
CREATE INDEX virtual_machine_customer_idx ON virtual_machine (customer_id, id);
CREATE INDEX virtual_machine_billing_entity_idx ON virtual_machine (billing_entity_id, customer_id, id);
CREATE INDEX virtual_machine_image_id_idx ON virtual_machine (image_id);

CREATE TABLE disk (
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
	customer_id         object_id NOT NULL REFERENCES customer (id),
	cloudspace_id       object_id NOT NULL REFERENCES cloudspace (id),
	virtual_machine_id  object_id REFERENCES virtual_machine (id) ON DELETE SET NULL,
	size_gib            bigint NOT NULL,
	iops_limit          bigint,
	CONSTRAINT disk_name_key UNIQUE (cloudspace_id, name)
);
CREATE INDEX disk_customer_idx ON disk (customer_id, id);
CREATE INDEX disk_billing_entity_idx ON disk (billing_entity_id, customer_id, id);
CREATE INDEX disk_virtual_machine_id_idx ON disk (virtual_machine_id);
