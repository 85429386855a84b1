package engine

// What a kind is to Terraform, where that follows from several of its traits.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// declared is a kind as Terraform declares its objects. What cannot be changed is replaced: without an update, every
// field is immutable. An object of a singleton kind has the value of its one key field as its id too, so that it is
// imported and referred to as any other.
func declared(k *catalog.Kind) (*catalog.Kind, error) {
	_, updates := k.Operations["update"]
	if !k.Singleton && (updates || !k.Managed) {
		return k, nil
	}
	out := *k
	out.Fields = slices.Clone(k.Fields)
	for i := range out.Fields {
		if f := &out.Fields[i]; !updates && !f.Computed {
			f.Immutable = true
		}
	}
	if !k.Singleton {
		return &out, nil
	}
	if len(k.Key) != 1 || k.Field(k.Key[0]) == nil || k.Field("id") != nil {
		return nil, fmt.Errorf("%s: a singleton has one key field and no id; its key is %q", k.Name, k.Key)
	}
	id := catalog.Field{Name: "id", Type: catalog.String, Computed: true, Description: fmt.Sprintf("The same as `%s`.", k.Key[0])}
	out.Fields = append([]catalog.Field{id}, out.Fields...)
	return &out, nil
}

// objectOf decodes an object of a kind.
func objectOf(k *catalog.Kind, raw []byte) (object, error) {
	o, err := decodeObject(raw)
	if err == nil && k.Singleton {
		o["id"] = o[k.Key[0]]
	}
	return o, err
}

// byKey says whether objects of the kind can be looked up by the fields of its key.
func byKey(k *catalog.Kind) bool {
	_, lists := k.Operations["list"]
	return !k.Named && !k.Singleton && lists && len(k.Key) > 0 && !slices.Contains(k.Key, "id")
}

// label names an object in messages: by its name, or by the values of its key, as an import takes them.
func label(k *catalog.Kind, v tftypes.Value) string {
	return labelFrom(k, func(name string) any { return toJSON(member(v, name)) })
}

func (o object) label(k *catalog.Kind) string {
	return labelFrom(k, func(name string) any { return o[name] })
}

func labelFrom(k *catalog.Kind, value func(name string) any) string {
	if k.Named {
		name, _ := value("name").(string)
		return name
	}
	var values []string
	for _, name := range k.Key {
		if v := value(name); v != nil {
			values = append(values, fmt.Sprint(v))
		}
	}
	return strings.Join(values, ",")
}

// indefinite is a kind's title with its article, as it stands in a sentence: an image, a DNS zone.
func indefinite(k *catalog.Kind) string {
	title := lower(k.Title)
	if strings.ContainsRune("aeioAEIO", rune(title[0])) {
		return "an " + title
	}
	return "a " + title
}

// oneOf lists alternatives in words.
func oneOf(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}
