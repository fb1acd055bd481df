package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// versionCommand prints what was built from what.
type versionCommand struct{}

func (*versionCommand) examples() []string {
	return []string{"countersign version", "countersign version --json"}
}

// build describes this binary.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Time     string `json:"commit_time"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Run prints the version.
func (*versionCommand) Run(t *terminal) error {
	b := thisBuild()
	if t.json {
		return t.printJSON(b)
	}
	details := []string{}
	if b.Commit != "" {
		details = append(details, "commit "+b.Commit)
	}
	return t.print(fmt.Sprintf("countersign %s (%s)\n", b.Version, strings.Join(append(details, b.Go, b.Platform), ", ")))
}

// thisBuild reads what the Go tool recorded in the binary.
func thisBuild() build {
	b := build{Version: "development", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, recorded := debug.ReadBuildInfo()
	if !recorded {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
