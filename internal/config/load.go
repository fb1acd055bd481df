package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// DefaultFile is the file that is read from the working folder when no other
// is named, and only if it is there.
const DefaultFile = "countersign.toml"

// Inputs are the places that settings come from.
type Inputs struct {
	// Flags holds what the command line gave, by setting name, also with _file
	// behind it for a secret.
	Flags map[string]string
	// Env is the environment as os.Environ gives it.
	Env []string
	// File is the file named by --config; empty means COUNTERSIGN_CONFIG, else
	// DefaultFile.
	File string
	// Serving asks in addition for what a server needs to start.
	Serving bool
}

// entry is one value as somebody wrote it, and where.
type entry struct{ value, where string }

// Load reads every place, checks every value and returns the settings. When
// something is wrong the error is a Problems with everything that is.
func Load(in Inputs) (Config, error) {
	var problems Problems
	env, found := environment(in.Env)
	problems = append(problems, found...)
	file, found := configFile(in.File, env)
	problems = append(problems, found...)
	flags := map[string]entry{}
	for name, value := range in.Flags {
		flags[name] = entry{value, "--" + strings.ReplaceAll(name, "_", "-")}
	}

	var c Config
	wrong := map[string]bool{}
	for _, s := range Settings() {
		value, from, problem := s.resolve(flags, env, file)
		if problem == nil && value != "" {
			if err := s.set(&c, value); err != nil {
				problem = &Problem{Where: from, Setting: s.Name, Text: err.Error()}
			}
		}
		if problem != nil {
			problems = append(problems, *problem)
			wrong[s.Name] = true
		}
		c.shown = append(c.shown, Shown{Name: s.Name, Value: s.mask(value), From: from})
	}
	problems = append(problems, c.disagreements(wrong)...)
	if in.Serving {
		problems = append(problems, c.missingForServing(wrong)...)
	}
	c.complete()
	if len(problems) > 0 {
		return Config{}, problems
	}
	return c, nil
}

// resolve finds the value of one setting and where it came from.
func (s Setting) resolve(layers ...map[string]entry) (string, string, *Problem) {
	for _, layer := range layers {
		direct, hasDirect := layer[s.Name]
		inFile, hasFile := layer[s.Name+fileSuffix]
		switch {
		case hasDirect && hasFile:
			return "", inFile.where, &Problem{
				Where: inFile.where, Setting: s.Name,
				Text: fmt.Sprintf("is given twice, by %s and by %s; keep one", direct.where, inFile.where),
			}
		case hasDirect:
			return direct.value, direct.where, nil
		case hasFile:
			value, err := readSecret(inFile.value)
			if err != nil {
				return "", inFile.where, &Problem{Where: inFile.where, Setting: s.Name, Text: err.Error()}
			}
			return value, inFile.where, nil
		}
	}
	return s.Default, "default", nil
}

// secretLimit bounds what is read as a secret; it is far above any password.
const secretLimit = 64 << 10

// readSecret reads a secret from a file, without the line break that editors
// put behind it.
func readSecret(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names this file
	if err != nil {
		return "", fmt.Errorf("cannot read the secret: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, secretLimit+1))
	if err != nil {
		return "", fmt.Errorf("cannot read the secret: %w", err)
	}
	if len(text) > secretLimit {
		return "", fmt.Errorf("%s is longer than a secret can be", path)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return secret, nil
}

// configVariable names the file, and is not a setting: a file cannot name
// itself.
const configVariable = envPrefix + "CONFIG"

// environment takes our variables out of the environment. An unknown one is
// no problem as such, since a cluster sets variables like
// COUNTERSIGN_SERVICE_HOST by itself, but one that is nearly a setting is.
func environment(environ []string) (map[string]entry, Problems) {
	known := names()
	layer := map[string]entry{}
	var problems Problems
	for _, pair := range environ {
		variable, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(variable, envPrefix) || value == "" {
			continue
		}
		name := strings.ToLower(strings.TrimPrefix(variable, envPrefix))
		if variable == configVariable || known[name] {
			layer[name] = entry{value, variable}
			continue
		}
		if near := nearest(name, known); near != "" {
			problems = append(problems, Problem{
				Where: variable,
				Text:  "is not a setting; did you mean " + envPrefix + strings.ToUpper(near) + "?",
			})
		}
	}
	return layer, problems
}

// configFile reads the file that the flag or the environment names, or the
// default one if it exists.
func configFile(path string, env map[string]entry) (map[string]entry, Problems) {
	named := true
	if path == "" {
		path = env["config"].value
	}
	if path == "" {
		path, named = DefaultFile, false
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names this file
	if errors.Is(err, os.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, Problems{{Where: path, Text: "cannot read the configuration: " + err.Error()}}
	}
	return parseFile(path, string(text))
}

// names is the set of keys that a file or the environment may hold.
func names() map[string]bool {
	known := map[string]bool{}
	for _, s := range Settings() {
		known[s.Name] = true
		if s.Secret {
			known[s.Name+fileSuffix] = true
		}
	}
	return known
}
