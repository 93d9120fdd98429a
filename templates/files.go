package templates

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
)

//go:embed layout appointment_booked appointment_cancelled appointment_changed appointment_reminder
//go:embed coach_digest lead_escalation matter_update
var builtIn embed.FS

// shown is the path of a file in the source tree, for faults.
func shown(name string) string { return "templates/" + name }

// wanted returns the paths of all files of the letters.
func wanted() []string {
	names := []string{"layout/page.html"}
	for _, language := range Languages() {
		for _, ext := range []string{".json", ".txt", ".html"} {
			names = append(names, "layout/"+language+ext)
		}
	}
	for _, letter := range Letters() {
		for _, name := range Samples(letter) {
			names = append(names, letter+"/"+name+".json")
		}
		for _, language := range Languages() {
			names = append(names, letter+"/"+language+".txt", letter+"/"+language+".html")
		}
	}
	slices.Sort(names)
	return names
}

// readFiles reads every wanted file, from the overlay if it has one. A letter file of the overlay that replaces no
// built-in file is a fault: its name is misspelt.
func readFiles(overlay fs.FS) (map[string]string, []error) {
	var faults []error
	files := map[string]string{}
	for _, name := range wanted() {
		text, err := fs.ReadFile(builtIn, name)
		if overlay != nil {
			if other, otherErr := fs.ReadFile(overlay, name); !errors.Is(otherErr, fs.ErrNotExist) {
				text, err = other, otherErr
			}
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", shown(name), err))
			continue
		}
		files[name] = string(text)
	}
	if overlay == nil {
		return files, faults
	}
	err := fs.WalkDir(overlay, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		letterFile := slices.Contains([]string{".txt", ".html", ".json"}, path.Ext(name))
		if _, known := files[name]; letterFile && !known && !slices.Contains(wanted(), name) {
			faults = append(faults, fmt.Errorf("%s: replaces no file of the letters", shown(name)))
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a folder that is not there replaces nothing
		faults = append(faults, fmt.Errorf("read the overlay: %w", err))
	}
	return files, faults
}

// sorted returns the names of files in the order of the alphabet.
func sorted(files map[string]string) []string {
	return slices.Sorted(maps.Keys(files))
}
