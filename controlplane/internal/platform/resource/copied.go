package resource

// What was, kept apart from what is being changed.

import "reflect"

// Copied is a row that shares nothing with the other that can be changed in place: what is compared with it later is compared with what was.
func Copied[R any](row *R) R {
	out := *row
	deepen(reflect.ValueOf(&out).Elem())
	return out
}

// deepen puts copies in the place of what a value shares with the one that it was copied from. What has no exported fields (a time) is a value itself.
func deepen(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			deepen(own.Elem())
			v.Set(own)
		}
	case reflect.Interface:
		if !v.IsNil() {
			v.Set(ownOf(v.Elem()))
		}
	case reflect.Slice:
		if !v.IsNil() {
			own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(own, v)
			for i := range own.Len() {
				deepen(own.Index(i))
			}
			v.Set(own)
		}
	case reflect.Array:
		for i := range v.Len() {
			deepen(v.Index(i))
		}
	case reflect.Map:
		if !v.IsNil() {
			own := reflect.MakeMapWithSize(v.Type(), v.Len())
			for key, value := range v.Seq2() {
				own.SetMapIndex(key, ownOf(value))
			}
			v.Set(own)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() || f.Kind() == reflect.Struct && v.Type().Field(i).Anonymous {
				deepen(f)
			}
		}
	}
}

// ownOf is a copy of what cannot be changed where it stands.
func ownOf(v reflect.Value) reflect.Value {
	own := reflect.New(v.Type()).Elem()
	own.Set(v)
	deepen(own)
	return own
}
