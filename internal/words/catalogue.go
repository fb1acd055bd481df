package words

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalogue
var embedded embed.FS

// Default is the language that is used when nothing better matches.
const Default = "en"

// A Language is one that the product can speak.
type Language struct {
	Tag  string // BCP 47, such as "de"
	Name string // in the language itself, such as "Deutsch"
	Dir  string // "ltr" or "rtl", the value of the dir attribute
}

// A Catalogue holds all texts of all languages. It does not change after Load
// and may be used by any number of goroutines.
type Catalogue struct {
	languages []Language
	texts     map[string]map[string]message // language, id
	tags      []language.Tag
	matcher   language.Matcher
}

// An Option changes what Load reads.
type Option func(*loading)

type loading struct {
	extra  []fs.FS
	pseudo bool
}

// Extra adds the messages of files <language>/<topic>.toml in fsys; they win
// over the built-in ones, and may bring a language that is not built in.
func Extra(fsys fs.FS) Option {
	return func(l *loading) { l.extra = append(l.extra, fsys) }
}

// Load reads the built-in catalogue and what the options add. An error names
// the file.
func Load(options ...Option) (*Catalogue, error) {
	var l loading
	for _, o := range options {
		o(&l)
	}
	built, err := fs.Sub(embedded, "catalogue")
	if err != nil {
		return nil, fmt.Errorf("open catalogue: %w", err)
	}
	c := &Catalogue{texts: map[string]map[string]message{}}
	for _, fsys := range append([]fs.FS{built}, l.extra...) {
		err := c.read(fsys)
		if err != nil {
			return nil, err
		}
	}
	if l.pseudo {
		c.addPseudo()
	}
	c.finish()
	return c, nil
}

func (c *Catalogue) read(fsys fs.FS) error {
	files, err := fs.Glob(fsys, "*/*.toml")
	if err != nil {
		return fmt.Errorf("list catalogue: %w", err)
	}
	for _, name := range files {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return fmt.Errorf("read catalogue %s: %w", name, err)
		}
		tag := path.Dir(name)
		parsed, err := i18n.ParseMessageFileBytes(raw, tag+".toml",
			map[string]i18n.UnmarshalFunc{"toml": toml.Unmarshal})
		if err != nil {
			return fmt.Errorf("read catalogue %s: %w", name, err)
		}
		into := c.texts[tag]
		if into == nil {
			into = map[string]message{}
			c.texts[tag] = into
		}
		for _, m := range parsed.Messages {
			compiled, err := compile(m)
			if err != nil {
				return fmt.Errorf("read catalogue %s: %w", name, err)
			}
			into[m.ID] = compiled
		}
	}
	return nil
}

// finish sorts the languages, the default first, and builds the matcher.
func (c *Catalogue) finish() {
	for tag, texts := range c.texts {
		l := Language{Tag: tag, Name: texts["language.name"].plain(), Dir: texts["language.dir"].plain()}
		if l.Dir == "" {
			l.Dir = "ltr"
		}
		if l.Name == "" {
			l.Name = tag
		}
		c.languages = append(c.languages, l)
	}
	slices.SortFunc(c.languages, func(a, b Language) int {
		switch {
		case a.Tag == Default:
			return -1
		case b.Tag == Default:
			return 1
		}
		return strings.Compare(a.Tag, b.Tag)
	})
	for _, l := range c.languages {
		c.tags = append(c.tags, language.Make(l.Tag))
	}
	c.matcher = language.NewMatcher(c.tags)
}

// Languages lists what can be spoken, the default first.
func (c *Catalogue) Languages() []Language { return slices.Clone(c.languages) }

// longestPreference bounds the work that a request's Accept-Language header
// can cause; browsers send less than 100 bytes.
const longestPreference = 256

// Match picks the language for the first preference that fits one. Each
// preference is a language tag or a whole Accept-Language header; hand them in
// the order: what the person chose here, what the account says, what the
// browser asks for, the workspace's own. Nothing fits: Default.
func (c *Catalogue) Match(preferred ...string) string {
	for _, p := range preferred {
		if p == "" || len(p) > longestPreference {
			continue
		}
		for _, l := range c.languages {
			if l.Tag == p {
				return p
			}
		}
		want, _, err := language.ParseAcceptLanguage(p)
		if err != nil || len(want) == 0 {
			continue
		}
		_, i, confidence := c.matcher.Match(want...)
		if confidence > language.No {
			return c.languages[i].Tag
		}
	}
	return Default
}

// Speaker speaks the language of the tag, or Default when there is none.
func (c *Catalogue) Speaker(tag string) *Speaker {
	for i, l := range c.languages {
		if l.Tag == tag {
			return newSpeaker(c, l, c.tags[i])
		}
	}
	return newSpeaker(c, c.languages[0], c.tags[0])
}

// IDs lists the message ids of one language, sorted.
func (c *Catalogue) IDs(tag string) []string {
	ids := make([]string, 0, len(c.texts[tag]))
	for id := range c.texts[tag] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Placeholders lists the names that the text of an id wants, sorted, over all
// its plural forms.
func (c *Catalogue) Placeholders(tag, id string) []string {
	return c.texts[tag][id].names()
}
