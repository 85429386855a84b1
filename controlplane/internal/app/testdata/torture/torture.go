// Package torture is a kind that a test adds to the server, which has every trait in every shape that the table of traits admits. It makes no
// sense otherwise: a new trait gets a field here in each of its shapes, in the type of the shape.
package torture

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Kind describes tortures.
var Kind = resource.Kind{
	Name: "torture", Title: "Torture", Category: "Storage", Prefix: "tor", Named: true,
	Description: "Has every trait in every shape.",
	Parent:      &resource.Link{Kind: "customer", Field: "customer_id"},
	Needs:       []resource.Link{{Kind: "location", Field: "location_id"}},
	Filters:     []resource.Filter{{Name: "fqdn", Words: "Those with that name in the domain"}},
}

// Place is an object in an object.
type Place struct {
	// Country that it is in.
	Country *string `json:"country" format:"country"`
} // @name TorturePlace

// Box is an object.
type Box struct {
	// Text that may be absent.
	Text *string `json:"text" minLength:"2" maxLength:"20"`
	// Amount that has to be there.
	Amount string `json:"amount" validate:"required" format:"decimal"`
	// How often.
	IntervalSeconds int64 `json:"interval_seconds" minimum:"1" maximum:"60" default:"5" extensions:"x-unit=s"`
	// How.
	Protocol string `json:"protocol" enums:"tcp,http" default:"tcp"`
	// Whether.
	Enabled bool `json:"enabled" default:"true"`
	// Whether it is live; a new one is.
	Live bool `json:"live" extensions:"x-kept=true"`
	// Where.
	Place *Place `json:"place"`
	// What nobody reads.
	Key *secret.String `json:"key,omitempty" swaggertype:"string" maxLength:"40" extensions:"x-write-only"`
	// When, by a schedule.
	Cron *string `json:"cron" format:"cron" maxLength:"100" extensions:"x-one-of=rhythm"`
	// When, by a number.
	EveryHours *int64 `json:"every_hours" minimum:"1" maximum:"24" extensions:"x-unit=h,x-one-of=rhythm"`
	// How many are kept.
	KeepCount *int64 `json:"keep_count" minimum:"1" maximum:"9" extensions:"x-at-most-one=retention"`
	// How long they are kept.
	KeepDays *int64 `json:"keep_days" minimum:"1" maximum:"99" extensions:"x-unit=d,x-at-most-one=retention"`
	// What it costs who sells it.
	Cost *int64 `json:"cost" minimum:"0" maximum:"10000000" extensions:"x-visible=tortures.get_cost"`
} // @name TortureBox

// Limits are an object in an entry.
type Limits struct {
	// How fast.
	RateMbps *int64 `json:"rate_mbps" minimum:"1" maximum:"1000" extensions:"x-unit=Mbit/s"`
} // @name TortureLimits

// Nic is an entry of a map.
type Nic struct {
	// Where it leads, for good.
	LocationID string `json:"location_id" validate:"required" format:"typeid" extensions:"x-ref=location,x-immutable"`
	// The network that it is in, for good.
	Network *string `json:"network" format:"cidr" extensions:"x-immutable"`
	// Its address; chosen unless set.
	Address *string `json:"address" format:"ip" extensions:"x-server-default"`
	// Its hardware address.
	MAC string `json:"mac" format:"mac" readonly:"true"`
	// What it is.
	Model string `json:"model" enums:"virtio,e1000" default:"virtio" extensions:"x-needs-stop"`
	// Its place among the others.
	Position int64 `json:"position" minimum:"0" maximum:"9" default:"1"`
	// How much goes through it.
	BandwidthMbps *int64 `json:"bandwidth_mbps" minimum:"1" maximum:"1000" extensions:"x-unit=Mbit/s"`
	// Whether it is connected.
	Connected bool `json:"connected" default:"true"`
	// How often it can be used; a new one three times.
	UseLimit int64 `json:"use_limit" minimum:"0" maximum:"100" extensions:"x-kept=3"`
	// Words on it.
	Note *string `json:"note" minLength:"2" maxLength:"20"`
	// Tags.
	Tags []string `json:"tags" maxLength:"20" extensions:"x-max-items=3,x-set"`
	// Hints.
	Hints map[string]string `json:"hints" maxLength:"20" extensions:"x-max-items=3"`
	// Limits.
	Limits *Limits `json:"limits"`
	// Leads to a pool.
	ToPool *string `json:"to_pool" maxLength:"20" extensions:"x-one-of=way"`
	// Leads to an address.
	ToURL *string `json:"to_url" format:"uri" maxLength:"100" extensions:"x-one-of=way"`
	// Who may use it.
	LoginUser *string `json:"login_user" maxLength:"20" extensions:"x-at-most-one=login"`
	// Who may use it, all of them.
	LoginGroup *string `json:"login_group" maxLength:"20" extensions:"x-at-most-one=login"`
	// What it costs who sells it.
	Cost *int64 `json:"cost" minimum:"0" maximum:"10000000" extensions:"x-visible=tortures.get_cost"`
} // @name TortureNic

// Move is an object in an item.
type Move struct {
	// To where.
	Class string `json:"class" validate:"required" enums:"cold,frozen"`
} // @name TortureMove

// Tier is an item of a list whose order is the meaning.
type Tier struct {
	// From this number on.
	From int64 `json:"from" validate:"required" minimum:"0" maximum:"1000000"`
	// Price of each.
	Price string `json:"price" validate:"required" format:"decimal"`
	// Up to this number.
	Until *int64 `json:"until" minimum:"1" maximum:"1000000"`
	// Whether it counts.
	Enabled bool `json:"enabled" default:"true"`
	// What is done.
	Action string `json:"action" enums:"keep,drop" default:"keep"`
	// After how long.
	AfterDays int64 `json:"after_days" minimum:"1" maximum:"99" default:"7" extensions:"x-unit=d"`
	// What begins so.
	Prefix *string `json:"prefix" minLength:"2" maxLength:"20" extensions:"x-at-most-one=what"`
	// What has this label.
	Label *string `json:"label" maxLength:"20" extensions:"x-at-most-one=what"`
	// Is moved.
	Move *Move `json:"move" extensions:"x-one-of=end"`
	// Is removed after so many days.
	ExpireDays *int64 `json:"expire_days" minimum:"1" maximum:"99" extensions:"x-unit=d,x-one-of=end"`
} // @name TortureTier

// Uploaded is a branch of a choice.
type Uploaded struct {
	// The certificate.
	Certificate string `json:"certificate" validate:"required" format:"pem" maxLength:"4000"`
	// Its key.
	PrivateKey *secret.String `json:"private_key,omitempty" validate:"required" swaggertype:"string" minLength:"4" maxLength:"40" extensions:"x-write-only"`
	// Words on it.
	Note *string `json:"note" minLength:"2" maxLength:"20"`
} // @name TortureUploaded

// DNS is a branch of a choice in a branch.
type DNS struct {
	// The zone.
	Zone string `json:"zone" validate:"required" format:"fqdn" maxLength:"254"`
} // @name TortureDNS

// HTTP is the other.
type HTTP struct {
	// The port.
	Port int64 `json:"port" minimum:"1" maximum:"65535" default:"80"`
} // @name TortureHTTP

// Step is an item of a list in a branch.
type Step struct {
	// From this number on.
	From int64 `json:"from" validate:"required" minimum:"0" maximum:"1000000"`
} // @name TortureStep

// Acme is the other branch of the choice.
type Acme struct {
	// Where it is ordered.
	LocationID *string `json:"location_id" format:"typeid" extensions:"x-ref=location"`
	// What key it gets.
	KeyType string `json:"key_type" enums:"ec,rsa" default:"ec"`
	// When it is renewed.
	RenewDays int64 `json:"renew_days" minimum:"1" maximum:"60" default:"30" extensions:"x-unit=d"`
	// Whether for all below.
	Wildcard bool `json:"wildcard" default:"false"`
	// What it is for.
	Names []string `json:"names" maxLength:"254" extensions:"x-max-items=3,x-set,x-item-format=fqdn"`
	// Steps, whose order is the meaning.
	Steps []Step `json:"steps" extensions:"x-max-items=3"`
	// Proved by a record.
	DNS *DNS `json:"dns" extensions:"x-one-of=proof"`
	// Proved by a page.
	HTTP *HTTP `json:"http" extensions:"x-one-of=proof"`
	// Number of the order.
	Order string `json:"order" readonly:"true"`
} // @name TortureAcme

// Spec is what can be changed of a torture.
type Spec struct {
	resource.Named
	// What opens it.
	PIN *secret.String `json:"pin,omitempty" gorm:"-" swaggertype:"string" minLength:"4" maxLength:"8" extensions:"x-write-only"`
	// How large it is.
	SizeGiB int64 `json:"size_gib" minimum:"1" maximum:"100" default:"1" extensions:"x-unit=GiB,x-grow-only,x-needs-stop"`
	// How it is.
	Mode string `json:"mode" enums:"fast,slow" default:"fast"`
	// Whether it is on.
	Enabled bool `json:"enabled" default:"true"`
	// Whether it works; a new one does.
	Status string `json:"status" enums:"active,resting,closed" extensions:"x-kept=active"`
	// Wrong tries after which it calls somebody, five at first.
	TryLimit int64 `json:"try_limit" minimum:"1" maximum:"10" extensions:"x-kept=5"`
	// Whether somebody watches it; a new one is not watched.
	Watched bool `json:"watched" extensions:"x-kept=false"`
	// Its address; chosen unless set.
	Address *string `json:"address" format:"ip" extensions:"x-server-default"`
	// The network that it is in.
	Network *string `json:"network" format:"cidr"`
	// What it costs.
	Price string `json:"price" format:"decimal" default:"0"`
	// How long it waits.
	Patience string `json:"patience" format:"duration" default:"30s"`
	// When it begins.
	StartsAt *time.Time `json:"starts_at" format:"date-time"`
	// Its certificates.
	Chain *string `json:"chain" format:"pem" maxLength:"4000"`
	// Its names.
	Names []string `json:"names" gorm:"serializer:json" maxLength:"254" extensions:"x-max-items=3,x-set,x-item-format=fqdn"`
	// Whom it asks, in this order.
	NameServers []string `json:"name_servers" gorm:"serializer:json" extensions:"x-max-items=3,x-item-format=ip"`
	// How much of it is where, by the location.
	Weights map[string]int64 `json:"weights" gorm:"serializer:json" minimum:"1" maximum:"9" extensions:"x-max-items=3,x-ref=location"`
	// What it costs who sells it.
	Cost *int64 `json:"cost" minimum:"0" maximum:"10000000" extensions:"x-visible=tortures.get_cost"`
	// What came later.
	Colour *string `json:"colour" maxLength:"20" extensions:"x-since=1.0"`
	// What is not to be used any more.
	Hue *string `json:"hue" maxLength:"20" extensions:"x-deprecated=Use colour."`
	// What was called otherwise.
	Shade *string `json:"shade" maxLength:"20" extensions:"x-renamed-from=tone"`
	// Whom it is open to, by network.
	FromNetwork *string `json:"from_network" format:"cidr" extensions:"x-at-most-one=from"`
	// Whom it is open to, by location.
	FromLocationID *string `json:"from_location_id" format:"typeid" extensions:"x-ref=location,x-at-most-one=from"`
	// An object.
	Box *Box `json:"box" gorm:"serializer:json"`
	// Entries of a map.
	Nics map[string]Nic `json:"nics" gorm:"serializer:json" extensions:"x-max-items=3"`
	// Items of a list.
	Tiers []Tier `json:"tiers" gorm:"serializer:json" extensions:"x-max-items=3"`
	// A certificate that is brought.
	Uploaded *Uploaded `json:"uploaded" gorm:"serializer:json" extensions:"x-one-of=source"`
	// A certificate that is ordered.
	Acme *Acme `json:"acme" gorm:"serializer:json" extensions:"x-one-of=source"`
} // @name TortureSpec

// Create is what a torture is made from.
type Create struct {
	// The customer that it belongs to.
	CustomerID string `json:"customer_id" validate:"required" format:"typeid" extensions:"x-ref=customer"`
	// The location that it is in.
	LocationID string `json:"location_id" validate:"required" format:"typeid" extensions:"x-ref=location"`
	// How it was made.
	Flavour string `json:"flavour" enums:"sweet,sour" default:"sweet"`
	Spec
} // @name TortureCreate

// Computed is what follows from the rest.
type Computed struct {
	// Its name in the domain.
	FQDN string `json:"fqdn" format:"fqdn" readonly:"true" extensions:"x-follows=name|mode"`
	// How many characters that has.
	CharacterCount int64 `json:"character_count" readonly:"true" extensions:"x-follows=fqdn"`
	// How often all entries together can be used.
	Uses int64 `json:"uses" readonly:"true" extensions:"x-follows=nics"`
}

// Torture has everything.
type Torture struct {
	resource.Meta
	Create
	Computed
	// Its number.
	Serial string `json:"serial" readonly:"true"`
	// How it was asked for.
	Request *json.RawMessage `json:"request" swaggertype:"object" readonly:"true" extensions:"x-nullable,x-any"`
} // @name Torture

type row struct {
	resource.Base
	Create
	Computed
	Serial                      string
	PINEncrypted                []byte `gorm:"column:pin_encrypted"`
	BoxKeyEncrypted             []byte
	UploadedPrivateKeyEncrypted []byte
	PassphraseEncrypted         []byte
}

// Service keeps the tortures.
type Service struct {
	*service.Stored[row, Create, Spec, Torture]
	passphrase vault.Column
}

// New returns the service.
func New(d module.Deps) *Service {
	s := &Service{passphrase: d.Vault.Column(Kind.Table(), "passphrase_encrypted")}
	s.Stored = service.NewStored(d, Kind, service.Rules[row, Create, Spec, Torture]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) Torture {
			request := json.RawMessage(fmt.Sprintf(`{"flavour":%q}`, r.Flavour))
			return Torture{Meta: r.Meta(), Create: r.Create, Computed: r.Computed, Serial: r.Serial, Request: &request}
		},
		Secrets: []service.Secret[row]{
			{
				Field: "pin", Column: d.Vault.Column(Kind.Table(), "pin_encrypted"),
				In:   func(r *row) **secret.String { return &r.PIN },
				Kept: func(r *row) *[]byte { return &r.PINEncrypted },
			},
			{
				Field: "box/key", Column: d.Vault.Column(Kind.Table(), "box_key_encrypted"), In: boxKey,
				Kept: func(r *row) *[]byte { return &r.BoxKeyEncrypted },
			},
			{
				Field: "uploaded/private_key", Column: d.Vault.Column(Kind.Table(), "uploaded_private_key_encrypted"), In: privateKey,
				Kept: func(r *row) *[]byte { return &r.UploadedPrivateKeyEncrypted },
			},
		},
		Sealed: []service.Sealed[row]{{
			Column: s.passphrase, Kept: func(r *row) *[]byte { return &r.PassphraseEncrypted },
			Make: func(context.Context, *row) (secret.String, error) { return secret.New(rand.Text()), nil },
		}},
		Follows: map[string]func(*row){
			"fqdn":            func(r *row) { r.FQDN = fmt.Sprintf("%s.%s.example", r.Name, r.Mode) },
			"character_count": func(r *row) { r.CharacterCount = int64(len(r.FQDN)) },
			"uses":            func(r *row) { r.Uses = uses(r.Nics) },
		},
		Complete: complete,
	})
	return s
}

func uses(of map[string]Nic) (n int64) {
	for _, nic := range of {
		n += nic.UseLimit
	}
	return n
}

func boxKey(r *row) **secret.String {
	if r.Box == nil {
		return nil
	}
	return &r.Box.Key
}

func privateKey(r *row) **secret.String {
	if r.Uploaded == nil {
		return nil
	}
	return &r.Uploaded.PrivateKey
}

// complete sets what the server chooses where nobody has, and what it makes: something else at each revision, and the same for each object, so that
// nothing tells two of them apart but what was asked for.
func complete(_ context.Context, old, next *row) error {
	if old == nil {
		next.Serial = sum(next.Flavour)
	}
	if next.Address == nil {
		next.Address = new("10.0.0.1")
	}
	for _, name := range slices.Sorted(maps.Keys(next.Nics)) {
		nic := next.Nics[name]
		if nic.MAC == "" {
			h := sum(name, fmt.Sprint(next.Revision))
			nic.MAC = fmt.Sprintf("52:54:00:%s:%s:%s", h[:2], h[2:4], h[4:6])
		}
		if nic.Address == nil {
			nic.Address = new("10.0.1.1")
		}
		next.Nics[name] = nic
	}
	if next.Acme != nil && next.Acme.Order == "" {
		next.Acme.Order = sum(fmt.Sprint(next.Revision))
	}
	return nil
}

func sum(of ...string) string { return fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, of)))[:12] }

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return service.Module(s,
		httpapi.Action(Kind, "exhaust", "Work a torture until it rests", false, httpapi.Handle(s.exhaust)),
		httpapi.Reveal(Kind, "passphrase", "Reveal what a torture answers to", httpapi.Handle(s.reveal)),
	)
}

// exhaust is what others do to a torture: what is kept, and what others follow, is another.
func (s *Service) exhaust(ctx context.Context, in httpapi.ActionInput) (Torture, error) {
	changed, _, err := s.Table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
		r.Status, r.Mode = "resting", "slow"
		return nil
	})
	return s.Answer(ctx, &changed, err)
}

// Passphrase is what a torture answers to.
type Passphrase struct {
	// The words to say.
	Passphrase *string `json:"passphrase" readonly:"true" extensions:"x-sensitive,x-nullable"`
	// How many characters that has.
	Length int64 `json:"length" readonly:"true"`
} // @name TorturePassphrase

func (s *Service) reveal(ctx context.Context, in httpapi.RevealInput) (Passphrase, error) {
	words, err := s.Reveal(ctx, in.ID, s.passphrase)
	return Passphrase{words, int64(len(resource.Text(words)))}, err
}
