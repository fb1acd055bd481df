package httpsig

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/dunglas/httpsfv"
)

// base is the text that is signed (RFC 9421, section 2.5): a line for each covered
// component, and one that says which they are and what else was said. The authority is
// the server's own, whatever the request says.
func base(r *http.Request, authority string, covered httpsfv.InnerList) ([]byte, error) {
	var b strings.Builder
	seen := map[string]bool{}
	for _, item := range covered.Items {
		name, ok := item.Value.(string)
		if !ok || len(item.Params.Names()) > 0 {
			return nil, errors.New("a covered component has parameters, which are not understood here")
		}
		if seen[name] {
			return nil, fmt.Errorf("the component %q is covered twice", name)
		}
		seen[name] = true
		value, err := component(r, authority, name)
		if err != nil {
			return nil, err
		}
		b.WriteString(`"` + name + `": ` + value + "\n")
	}
	params, err := httpsfv.Marshal(covered)
	if err != nil {
		return nil, fmt.Errorf("write the parameters: %w", err)
	}
	b.WriteString(`"@signature-params": ` + params)
	return []byte(b.String()), nil
}

// component is the value of one component (RFC 9421, sections 2.1 and 2.2).
func component(r *http.Request, authority, name string) (string, error) {
	switch name {
	case "@method":
		return r.Method, nil
	case "@authority", "host":
		return authority, nil
	case "@path":
		if path := r.URL.EscapedPath(); path != "" {
			return path, nil
		}
		return "/", nil
	case "@query":
		return "?" + r.URL.RawQuery, nil
	}
	values := r.Header.Values(name)
	if strings.HasPrefix(name, "@") || name != strings.ToLower(name) || len(values) == 0 {
		return "", fmt.Errorf("the component %q is not there, or not understood here", name)
	}
	trimmed := make([]string, len(values))
	for i, value := range values {
		trimmed[i] = strings.Trim(value, " \t")
		if strings.ContainsAny(value, "\r\n") {
			return "", fmt.Errorf("the field %q has a line break", name)
		}
	}
	return strings.Join(trimmed, ", "), nil
}

// Authority is that of a server's address as signatures name it: the host in lower
// case, without the port that its scheme has anyway (RFC 9421, section 2.2.3).
func Authority(address *url.URL) string {
	host := strings.ToLower(address.Host)
	switch address.Scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	}
	return host
}

// digest is the Content-Digest of a body (RFC 9530).
func digest(body []byte) (string, error) {
	sum := sha256.Sum256(body)
	fields := httpsfv.NewDictionary()
	fields.Add("sha-256", httpsfv.NewItem(sum[:]))
	return httpsfv.Marshal(fields)
}
