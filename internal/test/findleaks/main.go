// Command findleaks reads every file of a folder and prints the file and number of each line that contains the name or
// address of a made-up person (package markers). It prints nothing of the line itself.
//
//	go run ./internal/test/findleaks FOLDER
//
// It exits with 1 when there is such a line, and when the folder contains nothing to read.
package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"vireilla/internal/test/markers"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: findleaks FOLDER")
		os.Exit(2)
	}
	if err := search(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "findleaks:", err)
		os.Exit(1)
	}
}

func search(folder string, out io.Writer) error {
	files, found, size := 0, 0, 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files, size = files+1, size+len(text)
		for _, line := range markers.Lines(text) {
			found++
			fmt.Fprintf(out, "%s:%d: names somebody\n", path, line)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case size == 0:
		return fmt.Errorf("%s holds nothing to read", folder)
	case found > 0:
		return fmt.Errorf("%d lines name somebody", found)
	}
	fmt.Fprintf(out, "%d files, %d bytes: nobody is named\n", files, size)
	return nil
}
