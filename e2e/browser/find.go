package browser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// kind is what a person calls a group of controls, with their roles.
type kind struct {
	name  string
	roles []string
}

var (
	clickable = kind{"button or link", []string{
		"button", "link", "menuitem", "menuitemradio", "menuitemcheckbox", "tab",
		"DisclosureTriangle", "DisclosureTriangleGrouped", // <summary>
	}}
	field  = kind{"field", []string{"textbox", "searchbox", "spinbutton", "combobox", "textbox multiline"}}
	choice = kind{"check box or option", []string{"checkbox", "radio", "switch"}}
	list   = kind{"list to choose from", []string{"combobox", "listbox", "MenuListPopup", "ComboBoxSelect", "PopUpButton", "ComboBoxMenuButton"}}
)

// In is the part of the page in the element with this selector; with a text, in
// the innermost such element that shows it: In("li", "Pixel 9").Click("Remove").
func (p *Page) In(selector string, text ...string) *Page {
	q := *p
	q.scope = fmt.Sprintf(
		`[...(%s)?.querySelectorAll(%s) ?? []].findLast((e, i, all) => %s.every(t => e.innerText.includes(t)) && (%d > 0 || e === all[0]))`,
		p.scope, quote(selector), quote(append([]string{}, text...)), len(text),
	)
	q.about = selector
	if len(text) > 0 {
		q.about += " with " + strings.Join(text, ", ")
	}
	return &q
}

// quote writes a value as JavaScript.
func quote(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // strings always can be written
	}
	return string(b)
}

// found is a control of the page.
type found struct {
	role, name string
	node       cdp.BackendNodeID
}

// controls lists the controls of a kind in the scope, as assistive technology has
// them: what is hidden is not there.
func (p *Page) controls(k kind) ([]found, error) {
	root, err := p.tab.element(p.scope)
	if err != nil {
		return nil, err
	}
	if root == "" {
		return nil, fmt.Errorf("there is no %s", p.about)
	}
	ctx, cancel := p.tab.limit()
	defer cancel()
	tree, err := chromedp.Call(ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: root})
	if err != nil {
		return nil, err
	}
	var all []found
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil || n.BackendDOMNodeID == 0 {
			continue
		}
		f := found{role: text(n.Role), name: squeeze(text(n.Name)), node: n.BackendDOMNodeID}
		if slices.Contains(k.roles, f.role) {
			all = append(all, f)
		}
	}
	return all, nil
}

func text(v *accessibility.Value) string {
	var s string
	if v == nil || json.Unmarshal(v.Value, &s) != nil {
		return ""
	}
	return s
}

// squeeze makes one blank of each run of white space, and drops soft hyphens.
func squeeze(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("\u00a0", " ", "\u00ad", "").Replace(s)), " ")
}

// find waits for the one control of the kind with the name.
func (p *Page) find(k kind, name string) runtime.RemoteObjectID {
	p.tb.Helper()
	var object runtime.RemoteObjectID
	p.until(func() string {
		all, err := p.controls(k)
		if err != nil {
			return fmt.Sprintf("no %s %q: %v", k.name, name, err)
		}
		var named []found
		var others []string
		for _, f := range all {
			if f.name == squeeze(name) {
				named = append(named, f)
			}
			others = append(others, fmt.Sprintf("%q", f.name))
		}
		switch len(named) {
		case 1:
			object, err = p.resolve(named[0].node)
			if err != nil {
				return fmt.Sprintf("%s %q went away: %v", k.name, name, err)
			}
			return ""
		case 0:
			return fmt.Sprintf("no %s %q in %s; there are: %s", k.name, name, p.about, strings.Join(others, ", "))
		}
		return fmt.Sprintf("%d times %s %q in %s; say which by In", len(named), k.name, name, p.about)
	})
	return object
}

func (p *Page) resolve(node cdp.BackendNodeID) (runtime.RemoteObjectID, error) {
	ctx, cancel := p.tab.limit()
	defer cancel()
	result, err := chromedp.Call(ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: node})
	if err != nil {
		return "", err
	}
	return result.Object.ObjectID, nil
}
