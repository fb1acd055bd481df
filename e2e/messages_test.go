package e2e_test

import (
	"strings"
	"testing"

	"countersign"
)

func pagesOfMessages(s *show) {
	olga := s.owner()
	page := s.session(olga)
	page.Open("/console/messages")
	page.Click("Send a test mail")
	page.See("The test mail is on its way.")
	s.look(page, "GET /console/messages", "messages")
	page.Open("/console/messages?state=failed")
	s.glance(page, "GET /console/messages", "messages")
	page.Open("/console/workspaces/new")
	s.look(page, "GET /console/workspaces/new", "a new workspace")
	page.Click("Make the workspace")
	s.glance(page, "POST /console/workspaces/new", "a new workspace, wrong")
	page.Type("Name", "Acme Pixel")
	page.Type("Host name", "pixel.example.com")
	page.Click("Make the workspace")
	s.glance(page, "POST /console/workspaces/new", "a workspace that was made")
	page.Open("/console/workspaces")
	s.look(page, "GET /console/workspaces", "workspaces")
	page.Click("Acme Pixel")
	s.look(page, "GET /console/workspaces/change", "changing a workspace")
	page.Type("Colour", "#eeeeee")
	page.Click("Save")
	s.glance(page, "POST /console/workspaces/change", "changing a workspace, wrong")
}

// An owner sends a test mail and finds it in the list; makes a workspace, whose link sets
// it up, and gives it another name.
func TestConsoleMessagesAndWorkspaces(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga := h.owner()
	page := h.session(olga)
	page.Open("/console")
	page.Click("Messages")
	page.Click("Send a test mail")
	page.See("The test mail is on its way.")
	if mail := h.mail(olga.Email, "test"); !strings.Contains(mail.Text, "arrive in this mailbox") {
		t.Errorf("the mail says:\n%s", mail.Text)
	}
	page.Click("Reload")
	page.See("Test mail")
	page.See("Handed over")

	page.Click("Workspaces")
	page.Click("New workspace")
	page.Type("Name", "Globex")
	page.Type("Host name", "localhost")
	page.Click("Make the workspace")
	page.See("Type a host name like acme.example.com")
	page.Type("Host name", "globex.example.com")
	page.Click("Make the workspace")
	page.See("/setup/", "within 30 minutes", "countersign admin workspace setup globex.example.com", "Copy the link")
	page.Click("Done")
	page.Click("Globex")
	page.Type("Name", "Globex Ltd")
	page.Type("Colour", "#eeeeee")
	page.Click("Save")
	page.See("White text cannot be read on this colour")
	page.Type("Colour", "#0b6a8c")
	page.Click("Save")
	page.See("The workspace is changed.")
	page.See("Globex Ltd")

	// A picture of her own workspace stands on its sign-in page.
	page.Click("Acme")
	page.Attach("Picture", drawing(t))
	page.Click("Save")
	page.See("The workspace is changed.")
	own := h.browser()
	own.Open("/signin")
	own.See("Acme")
	var width int
	own.Evaluate(`document.querySelector(".brand-logo")?.naturalWidth ?? 0`, &width)
	if width != 96 {
		t.Errorf("the picture on the sign-in page is %d wide", width)
	}
	page.Click("Acme")
	page.Check("Take the picture away")
	page.Click("Save")
	page.See("The workspace is changed.")
	own.Reload()
	if n := own.Count(".brand-logo"); n != 0 {
		t.Errorf("taken away, %d pictures are there", n)
	}
	events, err := h.Engine.Store.Read().ListEvents(t.Context(), countersign.DefaultWorkspace, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, e := range events {
		kinds[e.Kind]++
	}
	if kinds["message.tested"] != 1 || kinds["workspace.created"] != 1 || kinds["workspace.changed"] != 3 {
		t.Errorf("the events: %v", kinds)
	}
}
