package judge

import (
	"slices"
	"strconv"
	"strings"
)

// attributes checks that the attributes are known, and the values of those that
// have a fixed set.
func (c *checker) attributes(n *node) {
	e, known := elements[n.name]
	if !known {
		return
	}
	for name, value := range n.attr {
		switch {
		case name == "style":
			c.complain("<%s style>: our content security policy refuses it", n.name)
		case strings.HasPrefix(name, "on"):
			c.complain("<%s %s>: our content security policy refuses it", n.name, name)
		case strings.HasPrefix(name, "data-"):
		case strings.HasPrefix(name, "aria-"):
			if !slices.Contains(aria, strings.TrimPrefix(name, "aria-")) {
				c.complain("<%s>: there is no attribute %s", n.name, name)
			}
		case !slices.Contains(global, name) && !slices.Contains(e.attributes, name):
			c.complain("<%s> has no attribute %s", n.name, name)
		case slices.Contains(booleans, name) && value != "" && value != name:
			c.complain("<%s %s=%q>: the attribute takes no value", n.name, name, value)
		}
		allowed := values[n.name+" "+name]
		if allowed == nil {
			allowed = values[name]
		}
		if allowed != nil && !slices.Contains(allowed, strings.ToLower(value)) {
			c.complain("<%s %s=%q> is none of: %s", n.name, name, value, strings.Join(allowed, ", "))
		}
	}
	c.required(n)
}

// required checks the attributes that an element cannot do without.
func (c *checker) required(n *node) {
	need := map[string][]string{
		"html": {"lang"}, "img": {"src", "alt"}, "script": {"src"}, "link": {"rel", "href"}, "form": {"method"},
		"label": {"for"}, "input": {"type"}, "button": {"type"}, "iframe": {"title"}, "th": {"scope"},
	}[n.name]
	for _, name := range need {
		value, there := n.attr[name]
		kind := n.attr["type"]
		switch {
		case there && (value != "" || name == "alt"):
		case n.name == "label" && !there, n.name == "button" && !there: // a label around its field; a button submits
		case n.name == "script" && kind != "" && kind != "module" && kind != "text/javascript": // data
		default:
			c.complain("<%s> needs %s", n.name, name)
		}
	}
	_, name := n.attr["name"]
	if slices.Contains([]string{"input", "select", "textarea"}, n.name) && !name && c.inside("form") != nil {
		c.complain("<%s> in a form needs a name: it would not be sent", n.name)
	}
	tab, there := n.attr["tabindex"]
	number, err := strconv.Atoi(tab)
	if there && (err != nil || number > 0) {
		c.complain("<%s tabindex=%q>: only 0 and -1 keep the order of the page", n.name, tab)
	}
	if n.name == "a" {
		target, rel := n.attr["target"], n.attr["rel"]
		if target == "_blank" && !strings.Contains(rel, "noopener") && !strings.Contains(rel, "noreferrer") {
			c.complain(`<a target="_blank"> needs rel="noopener"`)
		}
		if strings.HasPrefix(strings.ToLower(n.attr["href"]), "javascript:") {
			c.complain("<a href=%q>: our content security policy refuses it", n.attr["href"])
		}
	}
}

// identify notes the element's id and what it refers to.
func (c *checker) identify(n *node) {
	if id, there := n.attr["id"]; there {
		if id == "" || strings.ContainsAny(id, " \t\n") {
			c.complain("<%s id=%q> is no name", n.name, id)
		}
		if other, twice := c.ids[id]; twice {
			c.complain("<%s id=%q>: a <%s> has the same id", n.name, id, other)
		}
		c.ids[id] = n.name
		if n.name == "input" && n.attr["type"] == "hidden" {
			c.ids[id] = "input type=hidden"
		}
	}
	for _, name := range referring {
		for id := range strings.FieldsSeq(n.attr[name]) {
			c.references = append(c.references, reference{c.line, "<" + n.name + " " + name + ">", id, n.name == "label" && name == "for"})
		}
	}
	for _, name := range []string{"href", "xlink:href"} {
		id, local := strings.CutPrefix(n.attr[name], "#")
		if local && id == "" {
			c.complain("<%s %s=\"#\"> leads nowhere", n.name, name)
		} else if local {
			c.references = append(c.references, reference{c.line, "<" + n.name + " " + name + ">", id, false})
		}
	}
}

// foreign checks an element of SVG.
func (c *checker) foreign(n *node) {
	if !slices.Contains(svgElements, n.name) {
		c.complain("<%s> is not an SVG element that we use", n.name)
	}
	for name := range n.attr {
		known := slices.Contains(svgAttributes, name) || strings.HasPrefix(name, "data-") ||
			strings.HasPrefix(name, "aria-") && slices.Contains(aria, strings.TrimPrefix(name, "aria-"))
		if !known {
			c.complain("<%s> (SVG) has no attribute %s, or not in our pages", n.name, name)
		}
	}
}
