CREATE TABLE lift (
	LIKE named_kind INCLUDING ALL,
	FOREIGN KEY (customer_id) REFERENCES customer,
	floor_count bigint NOT NULL,
	cost        bigint
);
SELECT index_kind('lift', parent => 'customer_id');
