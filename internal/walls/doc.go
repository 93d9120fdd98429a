// Package walls holds docs/architecture.md as a test: which package may import which of ours, where each library lives,
// and who may read the clock. It has no code. A fault names the file and the rule. Tests are free to import what they
// need.
package walls
