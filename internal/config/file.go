package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// parseFile reads the keys of a configuration file. Every problem names its
// line; the values themselves are judged by Load.
func parseFile(path, text string) (map[string]entry, Problems) {
	var values map[string]any
	meta, err := toml.Decode(text, &values)
	if err != nil {
		return nil, Problems{syntaxProblem(path, err)}
	}
	known := names()
	layer := map[string]entry{}
	var problems Problems
	for _, key := range meta.Keys() {
		if len(key) > 1 {
			continue // its table is reported once, by its name
		}
		name := key[0]
		where := path
		if line := lineOf(text, name); line > 0 {
			where = path + ":" + strconv.Itoa(line)
		}
		if !known[name] {
			problems = append(problems, Problem{Where: where, Setting: name, Text: unknownText(name, known)})
			continue
		}
		value, err := written(values[name])
		if err != nil {
			problems = append(problems, Problem{Where: where, Setting: name, Text: err.Error()})
			continue
		}
		if value != "" {
			layer[name] = entry{value, where}
		}
	}
	return layer, problems
}

// syntaxProblem tells where the file stops being TOML. The text of the line is
// left out: it may hold a password.
func syntaxProblem(path string, err error) Problem {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return Problem{Where: path + ":" + strconv.Itoa(parse.Position.Line), Text: parse.Message}
	}
	return Problem{Where: path, Text: err.Error()}
}

func unknownText(name string, known map[string]bool) string {
	if near := nearest(name, known); near != "" {
		return "is not a setting; did you mean " + near + "?"
	}
	return "is not a setting; `countersign config init -` lists them all"
}

// written turns a TOML value into the one spelling that flags and variables
// have.
func written(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case []any:
		items := make([]string, 0, len(v))
		for _, item := range v {
			text, isText := item.(string)
			if !isText {
				return "", errors.New("is a list with something that is not text in quotes")
			}
			items = append(items, text)
		}
		return strings.Join(items, ","), nil
	default:
		return "", fmt.Errorf("must be text in quotes, not %s", kindOfValue(value))
	}
}

func kindOfValue(value any) string {
	switch value.(type) {
	case int64, float64:
		return "a number"
	case bool:
		return "true or false"
	case map[string]any:
		return "a table"
	default:
		return "a date"
	}
}

// lineOf finds the line on which a top-level key, or a table of that name,
// stands. The TOML library keeps positions only for its own errors.
func lineOf(text, name string) int {
	key := regexp.MustCompile(`^\s*(\[\s*)?["']?` + regexp.QuoteMeta(name) + `["']?\s*[=.\]]`)
	for i, line := range strings.Split(text, "\n") {
		if key.MatchString(line) {
			return i + 1
		}
	}
	return 0
}
