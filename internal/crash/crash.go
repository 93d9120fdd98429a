// Package crash lets the program die at named points, for tests. In a program built with the tag crash the environment says where, and what time it is; in every other
// build nothing is left of it.
package crash
