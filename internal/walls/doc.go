// Package walls holds the plan of the house as a test: which package may import
// which of ours, where each library lives, and who may look at the clock. It has
// no code. A fault names the file and the rule; the rules are the tables at the
// top of walls_test.go. Tests are free to import what they need.
package walls
