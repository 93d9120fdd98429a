// Command look reads every file of a folder and names the lines that hold somebody's name or address, by file and number. It prints none of what stands there.
//
//	go run ./internal/test/findleaks FOLDER
//
// It exits with 1 when there is such a line, and when the folder holds nothing to read: then nothing was shown.
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
		fmt.Fprintln(os.Stderr, "usage: look FOLDER")
		os.Exit(2)
	}
	if err := look(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "look:", err)
		os.Exit(1)
	}
}

func look(folder string, out io.Writer) error {
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
