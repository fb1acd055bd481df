package e2e_test

import (
	"testing"

	"countersign/internal/policy"
)

// s0Scenarios are those of the first document.
func s0Scenarios() []scenario {
	return []scenario{
		{number: "S0-07", preset: "standard", settings: policy.Document{"require_second_factor": "required"}, test: s0Required},
	}
}

func s0Required(_ *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	page.Open("/account/security")
	page.See("Acme requires")
	page.Screenshot("security-required")
}
