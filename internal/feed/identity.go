package feed

import (
	"strconv"
	"strings"
)

// isIdentityCode reports whether s is a Finnish personal identity code such as 131052-308T: date of birth, sign of the
// century, individual number, and a check character computed from all digits (Government Decree 128/2010, section 2).
// An id of the same form with another check character is not an identity code.
func isIdentityCode(s string) bool {
	const checks = "0123456789ABCDEFHJKLMNPRSTUVWXY"
	if len(s) != 11 {
		return false
	}
	s = strings.ToUpper(s)
	digits, err := strconv.ParseUint(s[:6]+s[7:10], 10, 64)
	day, dayOK := twoDigits(s, 0, 31)
	month, monthOK := twoDigits(s, 2, 12)
	return err == nil && dayOK && monthOK && day > 0 && month > 0 &&
		strings.IndexByte("+-ABCDEFUVWXY", s[6]) >= 0 && s[10] == checks[digits%31]
}
