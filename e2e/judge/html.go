package judge

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// HTML fails when the source of a page is not valid by two judges: the program
// tidy, and a strict check of our own that knows today's HTML and our content
// security policy: every element is closed and known, in a place where it may be,
// with known attributes; ids are unique and what refers to one finds it; nothing
// that one can operate is inside something else that one can; there is one h1.
func HTML(tb testing.TB, source string) {
	tb.Helper()
	found := findings{}
	found.add("HTML", checkHTML(source))
	found.add("tidy", tidy(tb, source))
	found.report(tb, "HTML source")
}

// checker walks over the tokens of a page.
type checker struct {
	line       int
	open       []node
	ids        map[string]string // the element that has it
	references []reference
	counts     map[string]int
	complaints []string
}

// node is an element that has begun and not ended.
type node struct {
	name     string
	line     int
	attr     map[string]string
	children []string
	controls int // labelled by this <label>
}

// reference is an attribute that must find an id.
type reference struct {
	line     int
	what, id string
	labels   bool // it must be a field
}

func (c *checker) complain(format string, args ...any) {
	c.complaints = append(c.complaints, fmt.Sprintf("line %d: ", c.line)+fmt.Sprintf(format, args...))
}

// checkHTML is the own check.
func checkHTML(source string) []string {
	c := &checker{line: 1, ids: map[string]string{}, counts: map[string]int{}}
	z := html.NewTokenizer(strings.NewReader(source))
	doctype := false
	for {
		kind := z.Next()
		raw := string(z.Raw())
		switch kind {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				c.complain("cannot be read: %v", z.Err())
			}
			if !doctype {
				c.complain("there is no <!doctype html>")
			}
			c.end()
			return c.complaints
		case html.DoctypeToken:
			doctype = strings.EqualFold(strings.TrimSpace(z.Token().Data), "html")
		case html.TextToken:
			c.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			c.start(z.Token(), kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			c.close(z.Token().Data)
		}
		c.line += strings.Count(raw, "\n")
	}
}

func (c *checker) top() *node {
	if len(c.open) == 0 {
		return &node{name: "the document"}
	}
	return &c.open[len(c.open)-1]
}

// inside tells whether one of the open elements has one of the names.
func (c *checker) inside(names ...string) *node {
	for i := range slices.Backward(c.open) {
		if slices.Contains(names, c.open[i].name) {
			return &c.open[i]
		}
	}
	return nil
}

func (c *checker) text(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	top := c.top()
	if _, strict := childrenOf[top.name]; strict || len(c.open) == 0 {
		c.complain("text directly in <%s>: %.40q", top.name, strings.TrimSpace(text))
	}
	top.children = append(top.children, "#text")
}

func (c *checker) start(token html.Token, selfClosing bool) {
	n := node{name: token.Data, line: c.line, attr: map[string]string{}}
	foreign := n.name == "svg" || c.inside("svg") != nil
	for _, a := range token.Attr { // the tokenizer keeps the first of two; tidy tells
		n.attr[a.Key] = a.Val
	}
	c.counts[n.name]++
	if foreign {
		c.foreign(&n)
	} else {
		c.place(&n)
		c.attributes(&n)
		c.operable(&n)
	}
	c.identify(&n)
	c.top().children = append(c.top().children, n.name)
	void := slices.Contains(voids, n.name)
	if selfClosing && !void && !foreign {
		c.complain("<%s/> does not close itself in HTML", n.name)
	}
	if !void && (!selfClosing || !foreign) {
		c.open = append(c.open, n)
	}
}

func (c *checker) close(name string) {
	if slices.Contains(voids, name) {
		c.complain("</%s>: the element has no end", name)
		return
	}
	if c.inside(name) == nil {
		c.complain("</%s> ends nothing", name)
		return
	}
	for {
		n := *c.top()
		c.open = c.open[:len(c.open)-1]
		if n.name == name {
			c.finish(n)
			return
		}
		c.complain("<%s> of line %d is not closed before </%s>", n.name, n.line, name)
	}
}

// finish looks at an element with all that is in it.
func (c *checker) finish(n node) {
	first := func(name string) {
		if len(n.children) == 0 || n.children[0] != name {
			c.complain("<%s> does not begin with <%s>", n.name, name)
		}
	}
	switch n.name {
	case "details":
		first("summary")
	case "title", "h1", "h2", "h3", "h4", "h5", "h6", "option", "legend", "summary", "caption":
		if len(n.children) == 0 {
			c.complain("<%s> is empty", n.name)
		}
	case "ul", "ol", "dl", "tr", "select":
		if len(n.children) == 0 {
			c.complain("<%s> has nothing in it", n.name)
		}
	case "head":
		if !slices.Contains(n.children, "title") || !slices.Contains(n.children, "meta") {
			c.complain("<head> needs a title and the metas charset and viewport")
		}
	}
}

// end looks at the page as a whole.
func (c *checker) end() {
	for _, n := range c.open {
		c.complain("<%s> of line %d is never closed", n.name, n.line)
	}
	for _, name := range []string{"html", "head", "title", "body", "h1", "main"} {
		if c.counts[name] != 1 && (name != "title" || c.counts["svg"] == 0) {
			c.complain("there are %d <%s>; there should be one", c.counts[name], name)
		}
	}
	for _, r := range c.references {
		element, there := c.ids[r.id]
		c.line = r.line
		if !there {
			c.complain("%s refers to %q, and nothing has that id", r.what, r.id)
		} else if r.labels && !slices.Contains(labelable, element) {
			c.complain("%s refers to a <%s>, which is no field", r.what, element)
		}
	}
}

// place checks that the element may stand where it does.
func (c *checker) place(n *node) {
	e, known := elements[n.name]
	if !known {
		c.complain("<%s> is not an element that we use", n.name)
		return
	}
	parent := c.top().name
	if allowed, strict := childrenOf[parent]; strict && !slices.Contains(allowed, n.name) && !slices.Contains(scripting, n.name) {
		c.complain("<%s> cannot stand directly in <%s>", n.name, parent)
	}
	if parents, picky := parentsOf[n.name]; picky && !slices.Contains(parents, parent) {
		c.complain("<%s> cannot stand in <%s>, only in %s", n.name, parent, strings.Join(parents, ", "))
	}
	if !e.block {
		return
	}
	for i := range slices.Backward(c.open) {
		outer := c.open[i].name
		if slices.Contains(transparent, outer) {
			continue
		}
		heading := len(n.name) == 2 && n.name[0] == 'h' && slices.Contains([]string{"summary", "legend"}, outer)
		if elements[outer].phrases && !heading {
			c.complain("<%s> cannot stand in <%s>, which holds text only", n.name, outer)
		}
		return
	}
}

// operable checks that nothing to operate stands in something else to operate.
func (c *checker) operable(n *node) {
	_, link := n.attr["href"]
	_, stop := n.attr["tabindex"]
	field := slices.Contains(labelable, n.name) && n.attr["type"] != "hidden"
	if n.name == "form" && c.inside("form") != nil {
		c.complain("<form> in a <form>")
	}
	if n.name == "label" && c.inside("label") != nil {
		c.complain("<label> in a <label>")
	}
	if label := c.inside("label"); label != nil && field {
		label.controls++
		if label.controls > 1 {
			c.complain("the <label> of line %d holds more than one field", label.line)
		}
		if id, other := label.attr["for"]; other && id != n.attr["id"] {
			c.complain("<%s> stands in a <label> that is for %q", n.name, id)
		}
	}
	always := slices.Contains([]string{"label", "details", "summary", "iframe"}, n.name)
	if !always && !field && !stop && (n.name != "a" || !link) {
		return
	}
	if outer := c.inside("a", "button", "summary", "option"); outer != nil && (outer.name != "a" || outer.attr["href"] != "") {
		c.complain("<%s>, which one can operate, stands in <%s> of line %d", n.name, outer.name, outer.line)
	}
}
