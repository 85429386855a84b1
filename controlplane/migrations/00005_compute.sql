-- +goose Up
-- What the platform offers, and what a customer runs: locations and images, cloudspaces, and the machines and disks in them.

CREATE TABLE location (
	LIKE named_kind INCLUDING ALL,
	driver     text    NOT NULL,
	country    text,
	city       text,
	enabled    boolean NOT NULL,
	restricted boolean NOT NULL DEFAULT false
);
SELECT index_kind('location', filters => '{enabled,restricted}');

-- A restricted location is for its grantees, and for what is below them.
CREATE TABLE location_access (
	LIKE kind INCLUDING ALL,
	location_id object_id NOT NULL REFERENCES location ON DELETE CASCADE,
	grantee_id  object_id NOT NULL -- a customer or a billing entity
);
SELECT index_kind('location_access', key => '{location_id,grantee_id}', scopes => '{location_id}', filters => '{grantee_id}');

CREATE TABLE image (
	LIKE named_kind INCLUDING ALL,
	os_type      text   NOT NULL,
	architecture text   NOT NULL,
	source_url   text,
	min_disk_gib bigint NOT NULL
);
SELECT index_kind('image', filters => '{os_type,architecture}');

-- A cloudspace never moves to another location: what is in it is in that too, and says so itself.
CREATE TABLE cloudspace (
	LIKE named_kind INCLUDING ALL,
	location_id     object_id NOT NULL REFERENCES location,
	network_cidr    text      NOT NULL,
	local_domain    text,
	gateway_address text,
	FOREIGN KEY (customer_id) REFERENCES customer
);
SELECT index_kind('cloudspace', parent => 'customer_id', scopes => '{location_id}');

CREATE TABLE virtual_machine (
	LIKE named_kind INCLUDING ALL,
	cloudspace_id        object_id NOT NULL REFERENCES cloudspace,
	location_id          object_id NOT NULL REFERENCES location,
	image_id             object_id NOT NULL REFERENCES image,
	vcpus                bigint    NOT NULL,
	memory_mib           bigint    NOT NULL,
	boot_disk_size_gib   bigint    NOT NULL,
	power_state          text      NOT NULL,
	user_data_encrypted  bytea,
	ip_address           text,
	observed_power_state text,
	FOREIGN KEY (customer_id) REFERENCES customer
);
SELECT index_kind('virtual_machine', parent => 'cloudspace_id', scopes => '{location_id,cloudspace_id}', filters => '{image_id,power_state}',
	orders => '{memory_mib}');

CREATE TABLE disk (
	LIKE named_kind INCLUDING ALL,
	cloudspace_id      object_id NOT NULL REFERENCES cloudspace,
	location_id        object_id NOT NULL REFERENCES location,
	virtual_machine_id object_id REFERENCES virtual_machine ON DELETE SET NULL,
	size_gib           bigint    NOT NULL,
	iops_limit         bigint,
	FOREIGN KEY (customer_id) REFERENCES customer
);
SELECT index_kind('disk', parent => 'cloudspace_id', scopes => '{location_id,cloudspace_id}', filters => '{virtual_machine_id}', orders => '{size_gib}');
