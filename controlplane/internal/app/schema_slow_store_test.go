package app

// Lists of kinds with very many rows, one kind of each shape: what PostgreSQL looks at when it may choose. That each list has the indexes that it
// needs is shown elsewhere; here it is that they are used, also where one scope holds everything and another next to nothing.

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

const (
	many = 100_000
	// touched is how many rows a page of 50 may look at: those of it from each of a few scopes, and again by their keys.
	touched = 2_000
	// astray is how many it may look at where no index has both the scope and what is asked for (a range, several values, another order): it sorts
	// what the one finds, or filters what the other does.
	astray = 25_000
)

// crowd fills the tables: customers of 20 billing entities, their cloudspaces in one location, and what is in these. The readers' own customer
// has as much as every other. A label is on 20 machines, another on all.
var crowd = []string{
	`INSERT INTO billing_entity (id, name, revision, state, created_at, updated_at, billing_entity_id, parent_id, currency, time_zone, language, customer_limit)
	SELECT id, 'entity-' || n, 1, 'active', now(), now(), id, (SELECT id FROM billing_entity WHERE parent_id IS NULL), 'EUR', 'UTC', 'en', 1000
	FROM (SELECT n, 'ben_' || lpad(n::text, 26, '0') AS id FROM generate_series(0, 19) n) x`,
	`INSERT INTO customer (id, name, revision, state, created_at, updated_at, billing_entity_id, customer_id, email, language, time_zone, payment_mode, status)
	SELECT id, 'customer-' || n, 1, 'active', now(), now(), 'ben_' || lpad((n % 20)::text, 26, '0'), id, 'a@example.com', 'en', 'UTC', 'postpaid', 'active'
	FROM (SELECT n, 'cus_' || lpad(n::text, 26, '0') AS id FROM generate_series(0, 398) n) x`,
	`INSERT INTO cloudspace (id, name, revision, state, created_at, updated_at, billing_entity_id, customer_id, location_id, network_cidr)
	SELECT 'cs_' || substr(id, 5), 'space', 1, 'active', now(), now(), billing_entity_id, id, (SELECT id FROM location LIMIT 1), '10.0.0.0/24'
	FROM customer c WHERE NOT EXISTS (SELECT FROM cloudspace s WHERE s.customer_id = c.id)`,
	`CREATE TABLE place AS SELECT row_number() OVER (ORDER BY id) - 1 AS number, * FROM cloudspace`,
	fmt.Sprintf(`INSERT INTO virtual_machine (id, name, labels, revision, state, created_at, updated_at, billing_entity_id, customer_id, cloudspace_id, location_id,
		image_id, vcpus, memory_mib, boot_disk_size_gib, power_state)
	SELECT 'vm_' || lpad(n::text, 26, '0'), 'vm-' || n, CASE WHEN n %% 5000 = 7 THEN '{"env": "prod", "rare": "yes"}' ELSE '{"env": "prod"}' END::jsonb, 1, 'active', now(), now(),
		p.billing_entity_id, p.customer_id, p.id, p.location_id, (SELECT id FROM image LIMIT 1), 1, 1024, 10, CASE WHEN n %% 9000 = 7 THEN 'running' ELSE 'stopped' END
	FROM generate_series(1, %d) n JOIN place p ON p.number = n %% 400`, many),
	`INSERT INTO role (id, name, revision, state, created_at, updated_at, billing_entity_id, customer_id, owner_id, permissions)
	SELECT replace(id, 'vm_', 'role_'), name, 1, 'active', now(), now(), billing_entity_id, customer_id, customer_id, '[]' FROM virtual_machine`,
	`INSERT INTO role_binding (id, revision, state, created_at, updated_at, billing_entity_id, customer_id, principal_kind, principal_id, role_id, scope_id)
	SELECT replace(id, 'vm_', 'rb_'), 1, 'active', now(), now(), billing_entity_id, customer_id, 'user', name, (SELECT id FROM role WHERE name = 'viewer' AND built_in), id
	FROM virtual_machine`,
	`INSERT INTO role_binding_scope (scope_id, customer_id, id) SELECT s, customer_id, replace(id, 'vm_', 'rb_')
	FROM virtual_machine, unnest(ARRAY[location_id, cloudspace_id]) s`,
	`INSERT INTO operation (id, action, target_kind, target_id, state, finished_at, billing_entity_id, customer_id, requested_by, request_id)
	SELECT replace(id, 'vm_', 'op_'), 'virtual_machine.create', 'virtual_machine', id, CASE WHEN power_state = 'running' THEN 'failed' ELSE 'succeeded' END, now(),
		billing_entity_id, customer_id, 'ann', 'req_' || name FROM virtual_machine`,
	`INSERT INTO operation_scope (scope_id, id) SELECT s, replace(id, 'vm_', 'op_') FROM virtual_machine, unnest(ARRAY[location_id, cloudspace_id]) s`,
	`INSERT INTO audit_record (id, at, principal_id, principal_kind, op_id, target_kind, target_id, billing_entity_id, customer_id, outcome, request_id, mac, sequence, chain)
	SELECT replace(id, 'vm_', 'aud_'), now(), name, 'user', 'virtual_machines.create', 'virtual_machine', id, billing_entity_id, customer_id,
		CASE WHEN power_state = 'running' THEN 'denied' ELSE 'succeeded' END, 'req_' || name, '', 1000000 + row_number() OVER (), '' FROM virtual_machine`, // sealed, so that nobody looks at them
	"VACUUM ANALYZE",
}

// looked is how many rows a plan has looked at.
func (p plan) looked() float64 {
	var n float64
	p.each(func(s step, _ []string) {
		if s.Relation != "" { // the entries of an index that become a bitmap are not yet rows
			n += (s.Rows + s.Removed) * s.Loops
		}
	})
	return n
}

func TestSlowListsOfVeryMany(t *testing.T) {
	t.Parallel()
	l := newLister(newSite(t))
	for _, statement := range crowd {
		if _, err := l.schema.db.Pool().Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	readers := maps.Clone(l.readers)
	readers["platform"] = l.owner
	first := func(column, table string) string {
		return l.rows("SELECT " + column + " FROM " + table + " WHERE " + column + "::text <> '' ORDER BY id DESC LIMIT 1")[0][0]
	}
	for _, k := range l.kinds {
		if !slices.Contains([]string{"virtual_machine", "role", "role_binding", "operation", "audit_record"}, k.Name) {
			continue
		}
		queries := []string{""}
		for _, f := range l.catalogue.Kind(k.Name).Filters {
			values := f.Enum
			switch column := strings.ReplaceAll(f.Name, "operation", "op_id"); {
			case f.Format == "date-time":
				values = []string{"2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"}
			case f.Type == "integer":
				values = []string{"1", "1024", "1025"}
			case f.Type == "boolean":
				values = []string{"true", "false"}
			case f.Many && len(values) > 0:
				values = append(slices.Clone(values), strings.Join(values, ","))
			case len(values) == 0:
				values = []string{first(column, k.Table()), sample(l.schema, f)}
			}
			for _, v := range values {
				queries = append(queries, f.Name+"="+url.QueryEscape(v))
			}
		}
		for _, order := range l.catalogue.Kind(k.Name).Orderings() {
			queries = append(queries, "order_by="+order)
		}
		if k.Named {
			queries = append(queries, "label=env%3Dprod", "label=rare%3Dyes", "label=rare", "label=env%3Dnone", "path=vm-77", "path=customer-7/space/vm-7", "path="+id.New("x")[:8])
		}
		for name, token := range readers {
			for _, query := range queries {
				p := l.explain(nil, l.page(k, token, query), "ANALYZE")
				most := float64(touched)
				// What is in a table of scopes has no index of a scope and a billing entity.
				if k.ScopeTable != "" && strings.HasPrefix(query, resource.BillingEntityColumn+"=") || strings.Contains(query, "order_by=") || strings.Contains(query, "%2C") || strings.Contains(query, "_from=") || strings.Contains(query, "_until=") ||
					strings.Contains(query, "_min=") || strings.Contains(query, "_max=") {
					most = astray
				}
				if n := p.looked(); n > most {
					t.Errorf("%s?%s by one who sees %s: it looks at %.0f rows\n%s", k.Path(), query, name, n, p.brief())
				}
			}
		}
	}
}

// brief is the plan, a line a step.
func (p plan) brief() string {
	var out strings.Builder
	p.each(func(s step, above []string) {
		fmt.Fprintf(&out, "%s%s %s %s cond %s filter %s rows %.0f loops %.0f removed %.0f\n", strings.Repeat(" ", len(above)), s.Type, s.Relation, s.Index, s.Condition, s.Filter, s.Rows, s.Loops, s.Removed)
	})
	return out.String()
}
