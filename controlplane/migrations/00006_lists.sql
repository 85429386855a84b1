-- +goose Up
-- What lists are ordered by beside the time of making, and ranges of it: one walk along an index finds both.

-- index_orders gives each of the columns what a list in its order needs, and what a range of it needs.
-- +goose StatementBegin
CREATE FUNCTION index_orders(of_table regclass, columns text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	col text;
BEGIN
	FOREACH col IN ARRAY columns LOOP
		EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %s (%I, id)', of_table || '_' || col || '_order_idx', of_table, col);
	END LOOP;
END
$$;
-- +goose StatementEnd

-- index_kind is as before, with orders: the columns of Kind.Orders, and those of filters by range.
DROP FUNCTION index_kind(regclass, text, text[], text[], text[]);
-- +goose StatementBegin
CREATE FUNCTION index_kind(of_table regclass, parent text DEFAULT NULL, key text[] DEFAULT NULL, scopes text[] DEFAULT '{}', filters text[] DEFAULT '{}',
	orders text[] DEFAULT '{}')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF key IS NULL THEN
		EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %s (%s) NULLS NOT DISTINCT WHERE recycled_at IS NULL', of_table || '_name_key', of_table,
			concat_ws(', ', 'name', quote_ident(parent)));
	ELSE
		EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %s (%s) WHERE recycled_at IS NULL', of_table || '_tuple_key', of_table,
			(SELECT string_agg(quote_ident(c), ', ') FROM unnest(key) c));
	END IF;
	PERFORM index_lists(of_table, array_remove(ARRAY[parent], NULL) || scopes || filters);
	PERFORM index_orders(of_table, orders);
END
$$;
-- +goose StatementEnd

-- Lists in the order of names. The unique index on names leaves out what is in the recycle bin, and so is in no order of all.
CREATE INDEX ON named_kind (name, id);
CREATE INDEX ON billing_entity (name, id);
CREATE INDEX ON customer (name, id);
CREATE INDEX ON role (name, id);
CREATE INDEX ON service_account (name, id);
CREATE INDEX ON api_token (name, id);
CREATE INDEX ON location (name, id);
CREATE INDEX ON image (name, id);
CREATE INDEX ON cloudspace (name, id);
CREATE INDEX ON virtual_machine (name, id);
CREATE INDEX ON disk (name, id);

-- Bindings of a scope in the order of their making, as operations are.
CREATE INDEX ON role_binding_scope (scope_id, id);

SELECT index_orders('virtual_machine', '{memory_mib}');
SELECT index_orders('disk', '{size_gib}');
SELECT index_orders('api_token', '{expires_at}');
SELECT index_orders('role_binding', '{expires_at}');
