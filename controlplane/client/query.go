package client

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// queryOf makes the parameters of a request of a struct whose fields are tagged query:"name", or of url.Values. A field that is zero is no
// parameter, a slice is its values with commas between them.
func queryOf(from any) (url.Values, error) {
	switch q := from.(type) {
	case nil:
		return url.Values{}, nil
	case url.Values:
		if q == nil {
			return url.Values{}, nil
		}
		return maps.Clone(q), nil
	}
	v := reflect.ValueOf(from)
	if v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%T cannot be a query", from)
	}
	query := url.Values{}
	for f, value := range v.Fields() {
		name := f.Tag.Get("query")
		if name == "" || value.IsZero() {
			continue
		}
		text, err := parameter(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		query.Set(name, text)
	}
	return query, nil
}

func parameter(v reflect.Value) (string, error) {
	if at, ok := v.Interface().(time.Time); ok {
		return at.UTC().Format(time.RFC3339Nano), nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		return parameter(v.Elem())
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			var err error
			if parts[i], err = parameter(v.Index(i)); err != nil {
				return "", err
			}
		}
		return strings.Join(parts, ","), nil
	}
	return "", fmt.Errorf("a %s cannot be a parameter", v.Type())
}
