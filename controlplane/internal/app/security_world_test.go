package app

// The world of the security suite: three tenants, each with an object of every kind, and the principals who try what they may and may not.

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authn/authntest"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// tenant is a customer with an object of every kind.
type tenant struct {
	name     string
	objects  map[string]string // kind → id
	workshop *fixture.Workshop
}

// standing is where something stands: in a customer, in a billing entity, or, with neither, on the platform.
type standing struct{ billingEntity, customer string }

// principal is somebody with one role in one place.
type principal struct {
	name        string
	token       string
	kind, id    string // as they are on record
	binding     string
	scope       string // id of where the role is bound
	permissions map[string]bool
}

// known says whether the token is good.
func (p *principal) known() bool { return p.permissions != nil }

// covers says whether what stands there is in the scope.
func (p *principal) covers(at standing) bool {
	return p.scope == authz.Platform || p.scope != "" && (p.scope == at.billingEntity || p.scope == at.customer)
}

// estate is a node with the world.
type estate struct {
	*node
	kinds map[string]resource.Kind
	// ours is attacked; sibling is another customer of the same reseller, foreign one of another reseller.
	ours, sibling, foreign *tenant
	// unknown cannot say who they are; the others can.
	unknown    []*principal
	principals []*principal
	// admin and reseller have the right role in the right place; owner may do everything.
	admin, reseller, owner *principal
	seen                   map[string]object // by id, as the owner reads it
}

// everyone is all principals.
func (e *estate) everyone() []*principal { return slices.Concat(e.unknown, e.principals) }

func (e *estate) tenants() []*tenant { return []*tenant{e.ours, e.sibling, e.foreign} }

// besides are kinds that have what none of the server's has yet: documents, and every trait in every shape.
var besides = append([]added{lockers(nil)}, tortures...)

func newEstate(s *site) *estate {
	s.t.Helper()
	people := authntest.NewIssuer("people", "demarc", clock.Real())
	n, _ := s.with(parts{authenticators: []authn.Authenticator{people}}, besides)
	e := &estate{node: n, kinds: map[string]resource.Kind{}, seen: map[string]object{}}
	kinds, _ := contractOf(builders(besides)...)
	for _, k := range kinds {
		e.kinds[k.Name] = k
	}
	e.ours = e.tenant("ours", nil)
	e.sibling = e.tenant("sibling", e.ours)
	e.foreign = e.tenant("foreign", nil)
	// Nothing of the tenants is in it: it stands beside what is attacked.
	beside := e.must(ownerToken, http.MethodPost, "/cloudspaces", map[string]any{"name": "beside", "customer_id": e.ours.objects["customer"], "location_id": e.ours.objects["location"]})

	e.owner = &principal{name: "owner", token: ownerToken, kind: authn.KindOwner, id: authn.OwnerID, scope: authz.Platform, permissions: e.permissionsOf("platform-owner")}
	e.check(e.db.Conn(e.t.Context()).Raw("SELECT id FROM role_binding WHERE principal_kind = ? AND scope_id = 'platform'", authn.KindOwner).Scan(&e.owner.binding).Error)
	ours, sibling, foreign := e.ours.objects, e.sibling.objects, e.foreign.objects
	e.admin = e.principal("admin", "customer-admin", ours["customer"])
	e.reseller = e.principal("reseller", "reseller-admin", ours["billing_entity"])
	e.principals = []*principal{
		e.admin, e.reseller, e.owner,
		e.principal("stranger who is a reseller", "reseller-admin", foreign["billing_entity"]),
		e.principal("stranger who is a customer", "customer-admin", sibling["customer"]),
		e.principal("admin of the place beside", "customer-admin", beside.text("id")),
		e.principal("operator of a tenant", "platform-operator", foreign["billing_entity"]),
		e.principal("viewer of the customer", "viewer", ours["customer"]),
		e.principal("viewer of the reseller", "viewer", ours["billing_entity"]),
		e.principal("viewer of the platform", "viewer", authz.Platform),
		e.person(people, "viewer by a group", "viewer", ours["customer"]),
		e.narrowed(e.admin, "admin by a token for the place beside", beside.text("id")),
	}
	e.unknown = e.unknowns()
	return e
}

// tenant makes one; with a neighbour, for the same reseller. A location of its own is for it alone.
func (e *estate) tenant(name string, neighbour *tenant) *tenant {
	e.t.Helper()
	t := &tenant{name: name, objects: map[string]string{}, workshop: fixture.NewWorkshopFrom(e.client(ownerToken), e.catalog, fixturesWith(besides))}
	use := func(kind, id string) {
		t.objects[kind] = id
		t.workshop.Use(kind, id)
	}
	if neighbour != nil {
		use("billing_entity", neighbour.objects["billing_entity"])
	}
	for i := range e.catalog.Kinds {
		kind := &e.catalog.Kinds[i]
		_, creatable := kind.Operations[httpapi.Create]
		switch {
		case t.objects[kind.Name] != "":
		case kind.Singleton:
			use(kind.Name, t.objects[ofWhich(kind)])
		case creatable:
			f, err := t.workshop.Fixture(kind.Name)
			e.check(err)
			made, err := f.Create(e.t.Context(), fixture.Minimal)
			e.check(err)
			use(kind.Name, made.ID)
		case kind.Field("target_id") != nil:
			use(kind.Name, e.items(ownerToken, kind.Path+"?target_id="+t.objects["cloudspace"])[0].text("id"))
		default:
			use(kind.Name, e.items(ownerToken, kind.Path)[0].text("id"))
		}
	}
	e.must(ownerToken, http.MethodPatch, "/locations/"+t.objects["location"], map[string]any{"restricted": true})
	return t
}

// ofWhich is a kind that has a singleton for each of its objects.
func ofWhich(singleton *catalog.Kind) string {
	if of := singleton.Field(singleton.Key[0]).Ref; !slices.Contains(of, "cloudspace") {
		return of[0]
	}
	return "cloudspace"
}

// permissionsOf are those of a role that is built in.
func (e *estate) permissionsOf(role string) map[string]bool {
	e.t.Helper()
	var names string
	e.check(e.db.Conn(e.t.Context()).Raw("SELECT permissions::text FROM role WHERE built_in AND name = ?", role).Scan(&names).Error)
	var list []string
	e.check(json.Unmarshal([]byte(names), &list))
	out := map[string]bool{}
	for _, p := range list {
		out[p] = true
	}
	return out
}

// public says whether everybody who may read the kind anywhere reads all of it.
func (e *estate) public(kind string) bool {
	k := e.kinds[kind]
	if k.Shared != nil && slices.ContainsFunc(k.Shared(authz.Access{}), func(o resource.Offer) bool { return o.Where == "true" }) {
		return true
	}
	return k.Virtual && !k.Singleton
}

// sees says whether the principal may read an object, by that permission.
func (e *estate) sees(p *principal, kind, id, permission string) bool {
	if !p.permissions[permission] {
		return false
	}
	return p.covers(e.at(id)) || e.public(kind) || kind == "location" && e.granted(p, id)
}

// granted says whether a tenant's own location is for whoever has a role there.
func (e *estate) granted(p *principal, location string) bool {
	for _, t := range e.tenants() {
		if t.objects["location"] == location {
			return p.covers(e.at(t.objects["customer"]))
		}
	}
	return false
}

// at is where an object stands, which its fields say: what it is in, and what that is in.
func (e *estate) at(objectID string) standing {
	e.t.Helper()
	kind := e.kindOf(objectID)
	switch kind.Name {
	case "billing_entity":
		return standing{billingEntity: objectID}
	case "customer":
		return standing{e.read(kind, objectID).text("billing_entity_id"), objectID}
	}
	if above := e.above(kind); above != "" {
		return e.at(e.read(kind, objectID).text(above))
	}
	return standing{}
}

// above is the field that says what an object of the kind is in, empty if it is the platform's.
func (e *estate) above(kind *catalog.Kind) string {
	switch {
	case kind.Parent != nil:
		return kind.Parent.Field
	case kind.Field("target_id") != nil:
		return "target_id"
	}
	for _, op := range e.ops() {
		if op.Kind == kind.Name && op.ParentField != "" {
			return op.ParentField
		}
	}
	return ""
}

func (e *estate) kindOf(objectID string) *catalog.Kind {
	if kind := e.catalog.KindOfID(objectID); kind != nil {
		return kind
	}
	return e.catalog.Kind("permission") // its ids are words
}

// read is an object as its owner sees it.
func (e *estate) read(kind *catalog.Kind, objectID string) object {
	e.t.Helper()
	if e.seen[objectID] == nil {
		e.seen[objectID] = e.must(ownerToken, http.MethodGet, strings.Replace(kind.Operations["get"].Path, "{id}", objectID, 1), nil)
	}
	return e.seen[objectID]
}

// nobodys is an id of the kind that nothing has.
func (e *estate) nobodys(kind *catalog.Kind) string {
	switch {
	case kind.Singleton:
		return id.New(e.catalog.Kind(ofWhich(kind)).Prefix)
	case kind.Prefix == "":
		return "no_such_things.get"
	}
	return id.New(kind.Prefix)
}

// principal makes one with a role that is built in. Its account stands beside the tenants.
func (e *estate) principal(name, role, scope string) *principal {
	e.t.Helper()
	p := e.account(e.root, strings.ReplaceAll(name, " ", "-"))
	p.name, p.scope, p.permissions = name, scope, e.permissionsOf(role)
	p.binding = e.bind(p, role, scope)
	return p
}

// person makes one who has a role by a group, as an identity service says.
func (e *estate) person(people *authntest.Issuer, name, role, scope string) *principal {
	e.t.Helper()
	group := &principal{kind: authn.KindGroup, id: "staff"}
	return &principal{name: name, kind: authn.KindUser, id: "ann", scope: scope, permissions: e.permissionsOf(role), binding: e.bind(group, role, scope),
		token: people.Token(authn.Principal{Kind: authn.KindUser, ID: "ann", Groups: []string{"guests", group.id}})}
}

// narrowed is a principal with a token that is for one scope alone.
func (e *estate) narrowed(p *principal, name, scope string) *principal {
	e.t.Helper()
	of := *p
	of.name, of.scope, of.token = name, scope, e.issue(p.id, "narrowed", map[string]any{"scope_id": scope}).text("token")
	return &of
}

// unknowns are those whose tokens are no good, although some were the admin's.
func (e *estate) unknowns() []*principal {
	e.t.Helper()
	expired, revoked := e.issue(e.admin.id, "expired", nil), e.issue(e.admin.id, "revoked", nil)
	e.check(e.db.Conn(e.t.Context()).Exec("UPDATE api_token SET expires_at = created_at WHERE id = ?", expired.text("id")).Error)
	e.must(revoked.text("token"), http.MethodGet, "/whoami", nil)
	e.must(ownerToken, http.MethodDelete, "/api-tokens/"+revoked.text("id"), nil)
	return []*principal{
		{name: "anonymous"},
		{name: "malformed token", token: "dmc_" + strings.Repeat("0", 20)},
		{name: "unknown token", token: strings.ToUpper(ownerToken)},
		{name: "expired token", token: expired.text("token")},
		{name: "revoked token", token: revoked.text("token")},
	}
}
