CREATE TABLE torture_token (
	LIKE named_kind INCLUDING ALL,
	FOREIGN KEY (customer_id) REFERENCES customer
);
SELECT index_kind('torture_token', parent => 'customer_id');
