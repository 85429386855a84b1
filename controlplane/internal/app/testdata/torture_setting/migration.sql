CREATE TABLE torture_setting (
	customer_id        object_id PRIMARY KEY REFERENCES customer ON DELETE CASCADE,
	revision           bigint NOT NULL,
	settings           jsonb NOT NULL,
	pin_encrypted      bytea,
	object_key_encrypted bytea,
	uploaded_private_key_encrypted bytea
);
