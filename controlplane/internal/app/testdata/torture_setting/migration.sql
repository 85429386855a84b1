CREATE TABLE torture_setting (
	customer_id        object_id PRIMARY KEY REFERENCES customer ON DELETE CASCADE,
	revision           bigint NOT NULL,
	settings           jsonb NOT NULL,
	pin_encrypted      bytea,
	key_encrypted      bytea,
	uploaded_encrypted bytea
);
