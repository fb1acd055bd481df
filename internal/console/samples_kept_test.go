package console

import (
	"net/http"

	"countersign/internal/web"
	"countersign/internal/web/webtest"
)

// keptSamples are the pages of what was not taken: kept until somebody confirms, or refused.
func keptSamples() []webtest.Sample {
	proof := KeptView{
		Shell: shellOf("people"), Why: "proof", Action: "/console/invite/list", Back: "/console/invite/list",
		Posted: web.Posted{Upload: true, Parts: []web.Part{{Name: "list", Value: "ada@example.com, ‹Ada›\r\nlukasz@example.com"}, {Name: "kept.file", Value: "YQ"}, {Name: "role", Value: "user"}}},
		Shown:  []KeptLine{{"console.invite_lines", "ada@example.com, ‹Ada›\r\nlukasz@example.com"}, {"console.invite_file", ""}},
		Proof:  "/proof?act=invite&return=%2Fconsole%2Fconfirmed",
	}
	again := proof
	again.Again, again.Shown = true, nil
	signin := proof
	signin.Shell, signin.Why, signin.Proof = Shell{}, "signin", "/signin?return=%2Fconsole%2Fconfirmed"
	signinAgain := signin
	signinAgain.Again = true
	refused := ErrorView{
		Shell: shellOf("people"), Back: "/console/people", Problem: web.Problem{Status: http.StatusForbidden, Title: "Ngozi Adeyemi", Detail: "Acme", RequestID: "Pixel"},
	}
	return []webtest.Sample{
		{Page: "kept", Data: proof},
		{Page: "kept", State: "again", Data: again},
		{Page: "kept", State: "signed out", Data: signin},
		{Page: "kept", State: "signed out, again", Data: signinAgain},
		{Page: "confirmed", Data: ConfirmedView{shellOf("confirmed")}},
		{Page: "error", Data: refused},
	}
}
