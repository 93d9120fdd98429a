package feed

import (
	"strconv"
	"strings"
)

// isIdentity says whether a text is a Finnish personal identity code, as 131052-308T: the day of birth, the sign of the century, a number, and a character that follows from
// all digits (Government Decree 128/2010, section 2). An id that only looks like one is not taken for it.
func isIdentity(s string) bool {
	const checks = "0123456789ABCDEFHJKLMNPRSTUVWXY"
	if len(s) != 11 {
		return false
	}
	s = strings.ToUpper(s)
	digits, err := strconv.ParseUint(s[:6]+s[7:10], 10, 64)
	day, dayOK := twoDigits(s, 0, 31)
	month, monthOK := twoDigits(s, 2, 12)
	return err == nil && dayOK && monthOK && day > 0 && month > 0 && strings.IndexByte("+-ABCDEFUVWXY", s[6]) >= 0 && s[10] == checks[digits%31]
}
