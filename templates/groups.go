package templates

import "slices"

// group is a part of a staff letter under a heading of its own.
type group struct {
	Name  string `tier:"staff"` // late, due, phone, upcoming, deputy: a word of the layout
	For   string `tier:"staff"` // id of the absent coach, for deputy
	Items []Item `tier:"staff"`
}

// groups puts items under headings, in the order in which a coach works: late, due, to phone, upcoming, and then those
// of each absent coach. Within a heading the order stays.
func groups(items []Item) []group {
	var own, deputy []group
	for _, name := range []string{"late", "due", "phone", "upcoming"} {
		own = append(own, group{Name: name})
	}
	for _, item := range items {
		if item.For == "" {
			i := slices.IndexFunc(own, func(g group) bool { return g.Name == heading(item) })
			own[i].Items = append(own[i].Items, item)
			continue
		}
		i := slices.IndexFunc(deputy, func(g group) bool { return g.For == item.For })
		if i < 0 {
			i = len(deputy)
			deputy = append(deputy, group{Name: "deputy", For: item.For})
		}
		deputy[i].Items = append(deputy[i].Items, item)
	}
	filled := slices.DeleteFunc(own, func(g group) bool { return len(g.Items) == 0 })
	return append(filled, deputy...)
}

func heading(item Item) string {
	switch {
	case item.Rule == "short_notice", item.Rule == "reach_by_phone":
		return "phone"
	case item.Stage == "overdue", item.Stage == "escalated":
		return "late"
	case item.Stage == "due":
		return "due"
	}
	return "upcoming"
}

// count returns how many of items are new to the reader and how many are late.
func count(items []Item) (fresh, late int) {
	for _, item := range items {
		if item.New {
			fresh++
		}
		if heading(item) == "late" {
			late++
		}
	}
	return fresh, late
}
