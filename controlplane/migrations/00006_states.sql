-- +goose Up
-- Lists are asked for what is in some state: what has failed, what is being removed. Nearly all that there is is active, and found by any walk: the
-- index is of the rest, so that it is small, and what is made costs nothing in it.

CREATE INDEX ON named_kind (state, customer_id, id) WHERE state <> 'active';

-- What the template gets, every table gets that was made from it.
-- +goose StatementBegin
DO $$
DECLARE
	of_table text;
BEGIN
	FOREACH of_table IN ARRAY '{billing_entity,customer,role,service_account,api_token,location,image,cloudspace,virtual_machine,disk}'::text[] LOOP
		EXECUTE format('CREATE INDEX ON %I (state, customer_id, id) WHERE state <> ''active''', of_table);
	END LOOP;
END
$$;
-- +goose StatementEnd
