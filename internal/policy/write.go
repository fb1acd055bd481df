package policy

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// TOML writes the rules as a file that ParseRules reads back as they are: every setting
// with what it may be, in the order of the table. One that is not set stands there as a
// comment, with the value that is in force.
func (r Rules) TOML() string {
	var b strings.Builder
	b.WriteString(`# The settings of a workspace and of its pools. A setting behind a # is not set: what stands
# there is in force by default. The tables at the end are the pools; a pool has what it sets
# itself, and for the rest what the workspace has.
#
# countersign admin policy diff FILE shows what would change, and
# countersign admin policy apply FILE --replace --dry-run whom it would shut out.
`)
	r.Workspace.write(&b, Table(), nil)
	for _, name := range r.PoolNames() {
		fmt.Fprintf(&b, "\n[%s]\n", PoolPath(name))
		if name == r.Default {
			fmt.Fprintf(&b, "\n# the pool of everybody whom no rule puts elsewhere, whatever it is called where this is applied\n%s = true\n", defaultMark)
		}
		r.Domains.write(&b, name)
		r.Pools[name].write(&b, ofPools(), r.Workspace)
	}
	return b.String()
}

func ofPools() []Key {
	var keys []Key
	for _, key := range Table() {
		if key.OfPools() {
			keys = append(keys, key)
		}
	}
	return keys
}

// write writes the settings of one document; under is what it has where it sets nothing.
func (d Document) write(b *strings.Builder, keys []Key, under Document) {
	for _, key := range keys {
		fmt.Fprintf(b, "\n# %s\n", key.Values)
		value, set := d[key.Name]
		if set {
			fmt.Fprintf(b, "%s = %s\n", key.Name, literal(value))
		} else {
			fmt.Fprintf(b, "# %s = %s\n", key.Name, literal(key.inForce(under)))
		}
	}
}

// literal writes a value of a document as TOML has it.
func literal(value any) string {
	list, err := listOf(value)
	if err == nil {
		words := make([]string, len(list))
		for i, word := range list {
			words[i] = quote(word)
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	if n, err := whole(value); err == nil {
		return fmt.Sprint(n)
	}
	return quote(fmt.Sprint(value))
}

// bareWord needs no quotes as a part of a key (TOML 1.0, Keys).
var bareWord = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func bare(name string) string {
	if bareWord.MatchString(name) {
		return name
	}
	return quote(name)
}

// quote writes a basic string (TOML 1.0, String). Everything that could end it, or that an
// editor does not show, is escaped.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(text, "\ufffd") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r > 0xffff && unicode.Is(unicode.Cf, r):
			fmt.Fprintf(&b, `\U%08X`, r)
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
