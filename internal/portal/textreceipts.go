package portal

import (
	"errors"
	"net/http"

	"countersign"
	texting "countersign/internal/notify/text"
	"countersign/internal/web"
)

// textReceipt takes what a provider of text messages reports. The provider proves itself
// by its signature, or by a secret that ends the address.
func (p *Portal) textReceipt(w http.ResponseWriter, r *http.Request) error {
	noPage := countersign.Refuse(countersign.NotFound, "no_page")
	// Providers know one address for all workspaces.
	if p.Texts == nil || web.WorkspaceOf(r.Context()) != countersign.DefaultWorkspace {
		return noPage
	}
	provider, found := p.Texts.Find(r.PathValue("provider"))
	if !found || provider.Receipts == nil {
		return noPage
	}
	body, err := web.ReadBody(r)
	if err != nil {
		return err
	}
	receipt, err := provider.Receipts.Judge(texting.Report{
		// The address as it was told: what a proxy makes of it is not signed.
		URL: web.HomeOf(r.Context()).URL + r.URL.RequestURI(), Header: r.Header, Query: r.URL.Query(), Form: r.PostForm, Body: body, Secret: r.PathValue("secret"),
	})
	switch {
	case errors.Is(err, texting.ErrForged):
		return noPage // as an address that does not exist: nobody learns which provider there is
	case err != nil:
		return countersign.Refuse(countersign.Invalid, "bad_form")
	}
	err = p.Accounts.TextReceipt(r.Context(), provider.Name, receipt)
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
