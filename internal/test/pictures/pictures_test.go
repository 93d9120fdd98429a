package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePicturesOfTheReadmeAreSmall(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../../docs/pictures/*")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no pictures", err)
	}
	for _, file := range files {
		picture, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(picture)); err != nil || len(picture) > largest {
			t.Errorf("%s: %d bytes, more than %d, or no PNG: %v", file, len(picture), largest, err)
		}
		if !strings.Contains(string(readme), "docs/pictures/"+filepath.Base(file)) {
			t.Errorf("the README does not show %s", file)
		}
	}
}

func TestAPictureOfFewColoursStaysAsItIs(t *testing.T) {
	picture := image.NewRGBA(image.Rect(3, 5, 43, 45))
	for x := 3; x < 43; x++ {
		picture.Set(x, x+2, color.RGBA{uint8(x), 200, 7, 255})
	}
	few := fewColours(picture)
	for y := 5; y < 45; y++ {
		for x := 3; x < 43; x++ {
			if got, want := color.RGBAModel.Convert(few.At(x, y)), picture.At(x, y); got != want {
				t.Fatalf("%d,%d is %v, not %v", x, y, got, want)
			}
		}
	}
}

func TestAPictureOfManyColoursKeepsTheFrequentAndTheNearest(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			c := color.RGBA{255, 255, 255, 255}
			if y >= 32 {
				c = color.RGBA{uint8(4 * x), uint8(4 * y), 0, 255}
			}
			picture.Set(x, y, c)
		}
	}
	few := fewColours(picture)
	if len(few.Palette) != mostColours {
		t.Errorf("%d colours", len(few.Palette))
	}
	if got, want := color.RGBAModel.Convert(few.At(9, 9)), picture.At(9, 9); got != want {
		t.Errorf("the most frequent colour became %v", got)
	}
	for y := range 64 {
		for x := range 64 {
			if got, want := few.At(x, y), few.Palette.Convert(picture.At(x, y)); got != want {
				t.Fatalf("%d,%d is %v, and not the nearest colour %v", x, y, got, want)
			}
		}
	}
}
