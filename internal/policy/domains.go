package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DomainsOfPool is what a Change has as its setting, and a file as its key, where other
// people come into a pool: those with these domains in their e-mail addresses.
const DomainsOfPool = "domains"

// Domains are the rules by which new people come into pools: the domains of e-mail
// addresses, by the names of the pools. A pool that is not in it is one of which nothing is
// said. Which of two rules comes first does not matter, since no domain is there twice.
type Domains map[string][]string

// readDomains reads the domains of a pool in a file, in the form in which they are compared.
func readDomains(name string, value any) ([]string, error) {
	typed, err := listOf(value)
	if err != nil {
		return nil, fmt.Errorf(`%s: it is a list of domains, such as ["example.com"]`, PoolPath(name, DomainsOfPool))
	}
	out := make([]string, 0, len(typed))
	var problems []error
	for _, one := range typed {
		folded, err := FoldDomain(one)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", PoolPath(name, DomainsOfPool), err))
			continue
		}
		out = append(out, folded)
	}
	slices.Sort(out)
	return out, errors.Join(problems...)
}

// check finds domains that are none, those that lead to two pools, and too many of them.
func (d Domains) check() error {
	var problems []error
	leads := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(d)) {
		for _, domain := range d[name] {
			folded, err := FoldDomain(domain)
			other, twice := leads[domain]
			switch {
			case err == nil && folded != domain:
				err = fmt.Errorf("%q is not in its folded form %q", domain, folded)
			case err == nil && twice:
				err = fmt.Errorf("%q leads to %s already", domain, PoolPath(other))
			}
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", PoolPath(name, DomainsOfPool), err))
			}
			leads[domain] = name
		}
	}
	if len(leads) > MostPoolRules {
		problems = append(problems, fmt.Errorf("%s: %w", DomainsOfPool, tooManyRules(len(leads))))
	}
	return errors.Join(problems...)
}

// with are these domains with others over them. A pool of which the others say nothing
// keeps its own, but for a domain that they lead elsewhere; where they replace, one that
// they name all the same, in pools, has none.
func (d Domains) with(named Domains, pools []string, replace bool) Domains {
	if d == nil && named == nil {
		return nil
	}
	out := maps.Clone(d)
	if out == nil {
		out = Domains{}
	}
	taken := map[string]bool{}
	for _, domains := range named {
		for _, domain := range domains {
			taken[domain] = true
		}
	}
	for name, domains := range out {
		out[name] = slices.DeleteFunc(slices.Clone(domains), func(domain string) bool { return taken[domain] })
	}
	for _, name := range pools {
		if replace {
			out[name] = nil
		}
	}
	maps.Copy(out, named)
	return out
}

// Some are the pools to which domains lead.
func (d Domains) Some() Domains {
	out := maps.Clone(d)
	maps.DeleteFunc(out, func(_ string, domains []string) bool { return len(domains) == 0 })
	return out
}

// calling are the domains with a pool called by another name.
func (d Domains) calling(before, after string) Domains {
	out := maps.Clone(d)
	if domains, has := out[before]; has {
		out[after] = domains
		delete(out, before)
	}
	return out
}

// domainChange tells how other people come into a pool, where they do. Rules that say
// nothing of domains change none.
func domainChange(pool string, before, after Domains) (Change, bool) {
	if after == nil || slices.Equal(before[pool], after[pool]) {
		return Change{}, false
	}
	said := func(domains []string) any {
		if len(domains) == 0 {
			return nil
		}
		return domains
	}
	return Change{Pool: pool, Setting: DomainsOfPool, Before: said(before[pool]), After: said(after[pool])}, true
}

// write writes the domains of one pool.
func (d Domains) write(b *strings.Builder, pool string) {
	mark := ""
	if len(d[pool]) == 0 {
		mark = "# "
	}
	fmt.Fprintf(b, "\n# new people with one of these domains in their e-mail address come into this pool\n%s%s = %s\n", mark, DomainsOfPool, literal(append([]string{}, d[pool]...)))
}
