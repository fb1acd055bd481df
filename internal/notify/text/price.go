package text

import (
	"regexp"
	"strconv"
	"strings"
)

// amount is a price as it is written: 0.0075.
var amount = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,9})?$`)

// currencyCode is one of ISO 4217.
var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// Micros reads a price as millionths, the rest cut off; false for what is none.
func Micros(text string) (int64, bool) {
	const digits = 6
	if !amount.MatchString(text) {
		return 0, false
	}
	whole, rest, _ := strings.Cut(text, ".")
	rest = (rest + strings.Repeat("0", digits))[:digits]
	n, err := strconv.ParseInt(whole+rest, 10, 64)
	return n, err == nil
}

// priced reads the price of a report; nothing where it does not say both.
func priced(price, currency string) (int64, string, bool) {
	currency = strings.ToUpper(currency)
	cost, ok := Micros(price)
	if !ok || !currencyCode.MatchString(currency) {
		return 0, "", false
	}
	return cost, currency, true
}
