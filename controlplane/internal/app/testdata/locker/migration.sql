CREATE TABLE locker (
	LIKE named_kind INCLUDING ALL,
	FOREIGN KEY (customer_id) REFERENCES customer,
	location_id   object_id NOT NULL REFERENCES location,
	shelf_count   bigint NOT NULL,
	door          text COLLATE "C" NOT NULL,
	contents      jsonb NOT NULL,
	rent          bigint NOT NULL,
	wholesale_rent bigint,
	risk          bigint NOT NULL,
	tariffs       jsonb NOT NULL,
	pin_encrypted bytea
);
SELECT index_kind('locker', parent => 'customer_id', scopes => '{location_id}', filters => '{door}', orders => '{wholesale_rent}');
