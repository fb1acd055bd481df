package policy

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed presets/*.toml
var presets embed.FS

// Presets lists the names of the presets that ship with this version.
func Presets() []string {
	entries, err := presets.ReadDir("presets")
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".toml"))
	}
	sort.Strings(names)
	return names
}

// Preset returns a preset's document.
func Preset(name string) (Document, error) {
	text, err := presets.ReadFile(path.Join("presets", path.Base(name)+".toml"))
	if err != nil {
		return nil, fmt.Errorf("there is no preset %q; there are %s", name, strings.Join(Presets(), ", "))
	}
	return ParseTOML(text)
}

// ParseTOML reads a settings file: keys with dots are tables or quoted.
func ParseTOML(text []byte) (Document, error) {
	nested := map[string]any{}
	err := toml.Unmarshal(text, &nested)
	if err != nil {
		return nil, fmt.Errorf("the file is not TOML: %w", err)
	}
	doc := Document{}
	err = flatten(doc, "", nested)
	return doc, errors.Join(err, doc.Check())
}

// flatten reads tables in tables as keys with dots. One that stands there twice, once as
// a table and once quoted, is refused: which of the two counted would be chance.
func flatten(doc Document, prefix string, nested map[string]any) error {
	var problems []error
	for name, value := range nested {
		table, isTable := value.(map[string]any)
		if isTable {
			problems = append(problems, flatten(doc, prefix+name+".", table))
			continue
		}
		if _, twice := doc[prefix+name]; twice {
			problems = append(problems, fmt.Errorf("%s: it is set twice", prefix+name))
		}
		doc[prefix+name] = value
	}
	return errors.Join(problems...)
}

// ParseValue reads a value as typed on a command line for a key: a whole
// number, a word, or words separated by commas where the key is a list.
func ParseValue(name, text string) (any, error) {
	key, known := keyNamed(name)
	if !known {
		return nil, unknownKey(name)
	}
	var value any = text
	switch key.Default.(type) {
	case []string:
		value = splitList(text)
	case int:
		var n int
		_, err := fmt.Sscanf(text, "%d", &n)
		if err != nil || fmt.Sprint(n) != text {
			return nil, fmt.Errorf("%s: %q is not a whole number", name, text)
		}
		value = n
	}
	_, err := key.read(value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return value, nil
}

func splitList(text string) []string {
	var list []string
	for _, word := range strings.Split(text, ",") {
		word = strings.TrimSpace(word)
		if word != "" {
			list = append(list, word)
		}
	}
	return list
}
