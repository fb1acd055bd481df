package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"
)

// Document is a set of settings as it is stored: only what was set, by key.
// Values are strings, numbers, or lists of strings, as in the table of keys.
type Document map[string]any

// ParseDocument reads a stored or handed-in document and checks every key.
// Errors name each bad key, all at once.
func ParseDocument(text []byte) (Document, error) {
	doc := Document{}
	err := json.Unmarshal(text, &doc)
	if err != nil {
		return nil, fmt.Errorf("the settings are not a JSON object: %w", err)
	}
	return doc, doc.Check()
}

// Check reports every key and value that cannot be, joined.
func (d Document) Check() error {
	var problems []error
	for _, name := range d.Keys() {
		key, known := keyNamed(name)
		if !known {
			problems = append(problems, unknownKey(name))
			continue
		}
		_, err := key.read(d[name])
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

// Keys lists the keys that are set, sorted.
func (d Document) Keys() []string {
	names := make([]string, 0, len(d))
	for name := range d {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// With returns a copy with the keys of other set over it.
func (d Document) With(other Document) Document {
	out := Document{}
	for name, value := range d {
		out[name] = value
	}
	for name, value := range other {
		out[name] = value
	}
	return out
}

// JSON gives the stored form.
func (d Document) JSON() (string, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("encode settings: %w", err)
	}
	return string(text), nil
}

// Resolve computes the effective settings of a pool. A document that does not
// check is an error: a rule must never be read wrongly.
func Resolve(workspace, pool Document) (Settings, error) {
	var s Settings
	for _, key := range Table() {
		set, err := key.read(key.Default)
		if err != nil {
			return Settings{}, fmt.Errorf("default of %s: %w", key.Name, err)
		}
		set(&s)
	}
	for _, layer := range []Document{workspace, pool} {
		for _, name := range layer.Keys() {
			key, known := keyNamed(name)
			if !known {
				return Settings{}, unknownKey(name)
			}
			if name == requireKey {
				continue
			}
			set, err := key.read(layer[name])
			if err != nil {
				return Settings{}, fmt.Errorf("%s: %w", name, err)
			}
			set(&s)
		}
	}
	var err error
	s.Require, err = requirementOf(workspace)
	if err != nil {
		return Settings{}, err
	}
	s.PoolRequire, err = requirementOf(pool)
	if err != nil {
		return Settings{}, err
	}
	days, set, err := strictestTrust(workspace, pool)
	if set {
		s.TrustedDays = days
	}
	return s, err
}

// Requirement reads require_second_factor of a document; one that is not set is optional.
func (d Document) Requirement() (Requirement, error) { return requirementOf(d) }

func requirementOf(d Document) (Requirement, error) {
	value, set := d[requireKey]
	if !set {
		return Requirement{}, nil
	}
	text, ok := value.(string)
	if !ok {
		return Requirement{}, errors.New("require_second_factor: not a word")
	}
	return parseRequirement(text)
}

// requiredFrom stands before the day, of which the first moment in UTC is meant.
const requiredFrom = "required from "

// parseRequirement reads "optional", "required" or "required from 2027-01-31".
func parseRequirement(text string) (Requirement, error) {
	switch text {
	case "optional":
		return Requirement{}, nil
	case "required":
		return Requirement{Required: true}, nil
	}
	date, found := strings.CutPrefix(text, requiredFrom)
	if found {
		from, err := time.Parse("2006-01-02", date)
		if err == nil {
			return Requirement{Required: true, From: from}, nil
		}
	}
	return Requirement{}, fmt.Errorf(`%q is none of optional, required, "required from 2027-01-31"`, text)
}

func unknownKey(name string) error { return fmt.Errorf("%s: there is no such setting", name) }
