// Package crash lets tests end the program at named points. In a program built with the tag crash the environment says
// where, and what time it is. In every other build the package does nothing.
package crash
