package account

import (
	"countersign"
	"countersign/internal/method/passkey"
	"countersign/internal/method/push"
)

// Address is where people open a workspace's pages, without a slash at the end. It is ""
// for one that is not there (any more).
func (s *Service) Address(workspace countersign.WorkspaceID) string { return s.Hosts.Of(workspace).URL }

// Site is where the credentials of a workspace's phones belong. That of a workspace that is
// not there is empty: nothing was ever signed for it.
func (s *Service) Site(workspace countersign.WorkspaceID) push.Site {
	return siteOf(s.Address(workspace))
}

func siteOf(address string) push.Site {
	site, err := push.SiteOf(address)
	if err != nil {
		return push.Site{}
	}
	return site
}

// Party is the site that the passkeys of a workspace's people belong to. A passkey of one
// workspace is none of another, as their host names are not the same.
func (s *Service) Party(workspace countersign.WorkspaceID) passkey.Party {
	site := s.Site(workspace)
	return passkey.Party{RPID: site.RPID, Origin: site.Origin, Key: s.MAC}
}
