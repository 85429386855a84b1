package resource

import (
	"reflect"
	"testing"
)

type port struct {
	NetworkID string  `json:"network_id" extensions:"x-ref=network"`
	AddressID *string `json:"address_id" extensions:"x-ref=address|pool"`
	Speed     int     `json:"speed"`
}

type shelf struct {
	Base
	Named
	RoomID  string            `json:"room_id" extensions:"x-unit=m,x-ref=room"`
	ScopeID *string           `json:"scope_id" extensions:"x-ref=scope"`
	Ports   map[string]port   `json:"ports"`
	Spare   *port             `json:"spare"`
	Roles   map[string][]port `json:"roles" extensions:"x-ref=role"`
	Keys    []string          `json:"keys" extensions:"x-ref=key"`
	Owned   string
}

func TestMentions(t *testing.T) {
	t.Parallel()
	address := "adr_1"
	got := Mentions(&shelf{
		RoomID: "room_1", Owned: "own_1", Keys: []string{"key_1", "key_2"}, Spare: &port{NetworkID: "net_3"},
		Ports: map[string]port{"eth1": {NetworkID: "net_2"}, "a/b": {NetworkID: "net_1", AddressID: &address}},
		Roles: map[string][]port{"role_1": {{NetworkID: "net_4"}}},
	})
	want := []Mention{
		{"/room_id", "room_1", []string{"room"}},
		{"/ports/a~1b/network_id", "net_1", []string{"network"}},
		{"/ports/a~1b/address_id", "adr_1", []string{"address", "pool"}},
		{"/ports/eth1/network_id", "net_2", []string{"network"}},
		{"/spare/network_id", "net_3", []string{"network"}},
		{"/roles/role_1", "role_1", []string{"role"}},
		{"/roles/role_1/0/network_id", "net_4", []string{"network"}},
		{"/keys/0", "key_1", []string{"key"}},
		{"/keys/1", "key_2", []string{"key"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
	if none := Mentions(&shelf{}); none != nil {
		t.Errorf("nothing mentions %v", none)
	}
}
