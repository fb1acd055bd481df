package portal

import "countersign/internal/web"

// moveSamples are the page of a new phone.
func moveSamples(in web.Page) []sample {
	lost := []MoveStep{
		{Do: "remove", ID: "crd_2", Kind: "push", Name: "Pixel 9", Next: true},
		{Do: "change", ID: "crd_1", Kind: "totp", Name: "Pixel 9"},
		{Do: "pair"},
		{Do: "remove", ID: "crd_3", Kind: "passkey", Name: "Pixel 9"},
		{Do: "remove", ID: "crd_4", Kind: "sms", Name: "•••• 89"},
		{Do: "codes"},
	}
	done := []MoveStep{{Do: "change", ID: "crd_1", Kind: "totp", Name: "Fairphone", Done: true}, {Do: "codes", Done: true}}
	return []sample{
		{"account/move", "", MoveView{Page: in, Workspace: "Acme"}},
		{"account/move", "lost", MoveView{Page: in, Workspace: "Acme", Begun: true, Lost: true, Steps: lost}},
		{"account/move", "new", MoveView{Page: in, Workspace: "Acme", Begun: true, Steps: append(done[:1:1], MoveStep{Do: "pair", Next: true})}},
		{"account/move", "done", MoveView{Page: in, Workspace: "Acme", Begun: true, Steps: done}},
	}
}
