package config

import (
	"fmt"
	"strings"
)

// Template writes a configuration file that documents itself: every setting
// with its description, its other names and its default, all commented out.
func Template() string {
	var b strings.Builder
	b.WriteString(`# The configuration of Countersign.
#
# Every setting has one name here, a flag and an environment variable:
# smtp_from is --smtp-from and COUNTERSIGN_SMTP_FROM. A flag wins over the
# environment, the environment over this file, this file over the default.
# A line that begins with # is not in force: take the # away to set it.
#
# Secrets can stand in a file of their own: database_url_file, smtp_url_file
# and smtp_password_file hold a path (COUNTERSIGN_SMTP_PASSWORD_FILE, …).
#
# ` + "`countersign config validate`" + ` checks this file, ` + "`countersign config show`" + ` says what
# is in force and where it comes from.
`)
	group := ""
	for _, s := range Settings() {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(&b, "\n\n# ---- %s ----\n", group)
		}
		b.WriteString("\n")
		for _, line := range wrap(s.Doc, 76) {
			b.WriteString("# " + line + "\n")
		}
		value, label := s.Default, "Default"
		if value == "" {
			value, label = s.Example, "Not set. Example"
		}
		fmt.Fprintf(&b, "# %s:\n#%s = %s\n", label, s.Name, s.literal(value))
	}
	return b.String()
}

// literal writes a value as TOML.
func (s Setting) literal(value string) string {
	if !s.List {
		return fmt.Sprintf("%q", value)
	}
	items := []string{}
	for item := range strings.SplitSeq(value, ",") {
		items = append(items, fmt.Sprintf("%q", strings.TrimSpace(item)))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// wrap breaks a text into lines of at most width letters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
