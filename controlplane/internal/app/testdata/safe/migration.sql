CREATE TABLE safe (
	LIKE named_kind INCLUDING ALL,
	FOREIGN KEY (customer_id) REFERENCES customer,
	floor       bigint NOT NULL,
	lock        text COLLATE "C" NOT NULL,
	try_limit   bigint NOT NULL,
	watched     boolean NOT NULL,
	wiring      jsonb,
	keys        jsonb NOT NULL,
	tag         text COLLATE "C" NOT NULL,
	plate_count bigint NOT NULL,
	uses        bigint NOT NULL,
	combination_encrypted bytea
);
SELECT index_kind('safe', parent => 'customer_id', filters => '{tag}');
