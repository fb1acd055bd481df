package console

import (
	"net/http"
	"strings"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// shownRunes is how much of a wrong domain its message repeats.
const shownRunes = 64

// PoolRulesView says who comes into a pool, and how it is called. Fields: "domains", one on
// each line, and "name".
type PoolRulesView struct {
	Shell

	ID     countersign.PoolID
	Name   string
	People int64
	Tabs   []TabLine
	// WasDomains are those that lead here now, as the form carries them.
	WasDomains string
	Default    bool
	MaySave    bool
	MayErase   bool
}

func (c *Console) poolRules(w http.ResponseWriter, r *http.Request, by session.Current) error {
	rules, _, err := c.People.PoolRules(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	id := countersign.PoolID(r.PathValue("pool"))
	form := web.NewForm("domains", strings.Join(domainsOf(rules, id), "\n"))
	return c.showPoolRules(w, r, by, form, rules)
}

func domainsOf(rules []policy.PoolRule, id countersign.PoolID) []string {
	var domains []string
	for _, rule := range rules {
		if rule.Pool == id {
			domains = append(domains, rule.Value)
		}
	}
	return domains
}

func (c *Console) showPoolRules(w http.ResponseWriter, r *http.Request, by session.Current, form *web.Form, rules []policy.PoolRule) error {
	pool, _, err := c.People.Pool(r.Context(), by.WorkspaceID, countersign.PoolID(r.PathValue("pool")))
	if err != nil {
		return err
	}
	if _, typed := form.Values["name"]; !typed {
		form.Values["name"] = pool.Name
	}
	may := policy.MayAll(by.Account.User.Role, policy.DeedPools)
	view := PoolRulesView{
		Shell: c.shell(r, by, "pools"), ID: pool.ID, Name: pool.Name, People: pool.People, Tabs: poolTabs(pool.ID, "rules"), WasDomains: strings.Join(domainsOf(rules, pool.ID), ","),
		Default: pool.ID == countersign.DefaultPool, MaySave: may, MayErase: may && pool.ID != countersign.DefaultPool && pool.People == 0,
	}
	view.Form = form
	return c.pages.Render(w, r, form.Status(), "pool_rules", view)
}

// savePoolRules does what the button says: stores the domains, renames or deletes the pool.
func (c *Console) savePoolRules(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id, who := countersign.PoolID(r.PathValue("pool")), people.Session(by.Holder(web.Place(r)), "")
	rules, version, err := c.People.PoolRules(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	field, done := "domains", poolPath(id)+"/rules?done=pool_rules"
	switch form.Value("do") {
	case "rename":
		field, done = "name", poolPath(id)+"/rules?done=pool_renamed"
		err = c.People.RenamePool(r.Context(), by.WorkspaceID, id, form.Value("name"), who)
	case "delete":
		field, done = "", "/console/pools?done=pool_deleted"
		err = c.People.DeletePool(r.Context(), by.WorkspaceID, id, who)
	case "rules":
		err = c.storeDomains(r, by, form, rules, version, id, who)
	default:
		done = poolPath(id) + "/rules"
	}
	if err == nil {
		return see(w, r, done)
	}
	if countersign.CodeOf(err) == "fresh_proof_required" || !form.Take(err, field) {
		return err
	}
	if _, typed := form.Values["domains"]; !typed {
		form.Values["domains"] = strings.Join(domainsOf(rules, id), "\n")
	}
	return c.showPoolRules(w, r, by, form, rules)
}

// storeDomains puts other domains in the place of those that lead into the pool. The form
// keeps which they were: somebody else's change in between is not overwritten.
func (c *Console) storeDomains(r *http.Request, by session.Current, form *web.Form, rules []policy.PoolRule, version int64, id countersign.PoolID, who people.By) error {
	if was := form.Value("was.domains"); was != strings.Join(domainsOf(rules, id), ",") {
		return countersign.Refuse(countersign.Conflict, "changed_meanwhile")
	}
	next, err := rulesWith(rules, id, form.Raw("domains"))
	if err != nil {
		return err
	}
	return c.People.StorePoolRules(r.Context(), by.WorkspaceID, next, version, who)
}

// rulesWith are rules with other domains that lead into a pool: those of a text, each on a
// line, or with blanks or commas between. What is wrong names the domain, as it was typed.
func rulesWith(rules []policy.PoolRule, id countersign.PoolID, typed string) ([]policy.PoolRule, error) {
	var next []policy.PoolRule
	taken := map[string]bool{}
	for _, rule := range rules {
		if rule.Pool != id {
			next = append(next, rule)
			taken[rule.Value] = true
		}
	}
	wrong := func(code, domain string) error {
		e := countersign.InvalidField("domains", code)
		if runes := []rune(domain); len(runes) > shownRunes {
			domain = string(runes[:shownRunes]) + "…"
		}
		e.Args = map[string]any{"Domain": domain}
		return e
	}
	for _, one := range strings.Fields(strings.ReplaceAll(typed, ",", " ")) {
		folded, err := policy.FoldDomain(strings.TrimPrefix(one, "@"))
		switch {
		case err != nil:
			return nil, wrong("domain_bad", one)
		case taken[folded]:
			return nil, wrong("domain_twice", one)
		}
		taken[folded] = true
		next = append(next, policy.PoolRule{Kind: policy.ByDomain, Value: folded, Pool: id})
	}
	if len(next) > policy.MostPoolRules {
		e := countersign.InvalidField("domains", "domain_many")
		e.Args = map[string]any{"Most": policy.MostPoolRules}
		return nil, e
	}
	return next, nil
}
