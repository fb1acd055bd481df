package site

import "net/http"

// Road is how programs reach a node, from an address of this machine or "" for any.
func (s *Site) Road(node int, from string) http.RoundTripper { return s.transport(door{node, from}) }
