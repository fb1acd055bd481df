package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/session"
	"countersign/internal/web"
)

// exportPeople sends the people of a filter as CSV (RFC 4180). It is sent as it is read:
// a list of any length takes little memory. Where it breaks, the connection is cut, so
// that nobody takes half a list for the whole.
func (c *Console) exportPeople(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	f, wrong := filterOf(form.Value)
	err = c.poolOf(r, by, &f, wrong)
	if err != nil {
		return err
	}
	if wrong.Failed() {
		return countersign.Refuse(countersign.Invalid, "people_filter")
	}
	err = c.People.Exported(r.Context(), by.Holder(web.Place(r)), f)
	if countersign.CodeOf(err) == "fresh_proof_required" && !web.WantsJSON(r) {
		return proofAt(w, r, account.ActPeopleExport, addressOf(f, "", ""))
	}
	if err != nil {
		return err
	}
	pools, err := c.People.ListPools(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	names := map[countersign.PoolID]string{}
	for _, pool := range pools {
		names[pool.ID] = pool.Name
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="countersign-people.csv"`)
	out, err := newSheet(w)
	if err == nil {
		err = out.line("name", "email", "role", "pool", "state", "second_steps", "recovery_codes_left", "required_but_missing", "created_at", "last_sign_in_at")
	}
	if err == nil {
		err = c.People.Each(r.Context(), by.WorkspaceID, f, func(l people.Line) error { return out.line(record(l, names[l.PoolID])...) })
	}
	if err == nil {
		err = out.end()
	}
	if err != nil {
		web.Note(r.Context(), "export_err", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}

// record is one person as a line of CSV, times in UTC (RFC 3339).
func record(l people.Line, pool string) []string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	return []string{
		l.Name, l.Email, string(l.Role), pool, string(l.State), strings.Join(l.Methods, " "), strconv.FormatInt(l.CodesLeft, 10),
		strconv.FormatBool(l.Missing), at(moment(l.CreatedAt)), at(moment(l.SignedInAt)),
	}
}
