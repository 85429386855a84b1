package resource

// Same says whether two optional values are equal.
func Same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// Text is an optional text, empty where there is none.
func Text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
