package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML reads one YAML or JSON document into the types of encoding/json. Dates stay text, as they are in JSON.
func parseYAML(b []byte) (any, error) {
	docs, err := parseDocuments(b)
	switch {
	case err != nil:
		return nil, err
	case len(docs) == 0:
		return nil, nil
	case len(docs) > 1:
		return nil, fmt.Errorf("it holds %d documents, not one", len(docs))
	}
	return docs[0], nil
}

// parseDocuments reads a stream of documents; empty ones are left out.
func parseDocuments(b []byte) ([]any, error) {
	var docs []any
	d := yaml.NewDecoder(bytes.NewReader(b))
	for {
		var node yaml.Node
		err := d.Decode(&node)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		plain(&node)
		var v any
		if err := node.Decode(&v); err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		// Through JSON, so that numbers and maps have the same Go types as in what the server answers.
		j, err := json.Marshal(v)
		if err != nil {
			return nil, errors.New("the keys of its objects must be text")
		}
		if v, err = decode(j); err != nil {
			return nil, err
		}
		docs = append(docs, v)
	}
}

// plain takes away the types that JSON does not have.
func plain(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && (n.Tag == "!!timestamp" || n.Tag == "" && n.ShortTag() == "!!timestamp") {
		n.Tag = "!!str"
	}
	for _, c := range n.Content {
		plain(c)
	}
}

// decode reads JSON, numbers as they are written.
func decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

func decodeObject(b []byte) (map[string]any, error) {
	v, err := decode(b)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the answer of the server is no object")
	}
	return object, nil
}

// read returns a file's content, standard input for "-".
func (a *app) read(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(a.streams.In)
	}
	return os.ReadFile(file)
}

// readBody reads the fields of one object.
func (a *app) readBody(file string) (map[string]any, error) {
	b, err := a.read(file)
	if err != nil {
		return nil, err
	}
	v, err := parseYAML(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", file, firstFault(err))
	}
	switch body := v.(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return body, nil
	}
	return nil, fmt.Errorf("%s holds no object", file)
}

// firstFault is the first thing that the YAML parser found wrong, on one line.
func firstFault(err error) string {
	var several *yaml.TypeError
	if errors.As(err, &several) && len(several.Errors) > 0 {
		return "yaml: " + several.Errors[0]
	}
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

// toYAML writes JSON as YAML, in the same order.
func toYAML(j []byte) ([]byte, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(j, &node); err != nil {
		return nil, err
	}
	block(&node)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&node); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

// block takes away the braces and quotes of JSON where YAML needs none.
func block(n *yaml.Node) {
	empty := len(n.Content) == 0 && n.Kind != yaml.ScalarNode
	switch {
	case empty:
		n.Style = yaml.FlowStyle
	case n.Kind == yaml.ScalarNode && n.Tag == "!!str" && strings.Contains(n.Value, "\n"):
		n.Style = yaml.LiteralStyle
	default:
		n.Style = 0
	}
	for _, c := range n.Content {
		block(c)
	}
}
