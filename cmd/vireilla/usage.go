package main

import "regexp"

// usageErrors maps kong's error messages, as regular expressions, to plain English.
func usageErrors() [][2]string {
	return [][2]string{
		{`^(\S+): expected \S+ value but got "EOL" \(<EOL>\)$`, `$1 needs a value`},
		{
			`^(\S+): expected \S+ value but got ("-[^"]*") \(short flag\).*$`,
			`$1 needs a value, and $2 looks like an option: write $1=VALUE`,
		},
		{`^(\S+) must be one of (?:"",)?(.*) but got (".*")$`, `$1: $3 is not one of $2`},
		{`","`, `", "`},
		{`expected a valid 64 bit int but got`, `a whole number is needed, not`},
		{`^(\S+): stat (.*): no such file or directory$`, `$1: there is no $2`},
		{`exists but is not a directory$`, `is a file, and a folder is needed`},
		{`exists but is a directory$`, `is a folder, and a file is needed`},
		{`^expected "(.*)"$`, `$1 is missing`},
		{`^unexpected argument (.*)$`, `nothing here is called $1`},
	}
}

// explainUsage rewrites an error message of kong.
func explainUsage(fault string) string {
	for _, m := range usageErrors() {
		fault = regexp.MustCompile(m[0]).ReplaceAllString(fault, m[1])
	}
	return fault
}
