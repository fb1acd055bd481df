package portal

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"countersign"
)

// retryAfter tells programs how long to wait, where a page tells people.
func retryAfter(w http.ResponseWriter, err error) {
	var refusal *countersign.Error
	if errors.As(err, &refusal) && refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
	}
}
