package web

import (
	"vireilla/internal/calendar"
	"vireilla/internal/notice"
)

// monthLong is how many days the charts show.
const monthLong = 30

// chart is a bar chart of days. A table below it has the numbers, for readers who cannot see the chart.
type chart struct {
	Name, Class string
	Bars        []bar
	Most, Sum   int
}

// bar is the bar of a day. The chart is 10 units wide for each day, and 100 high.
type bar struct {
	Day            calendar.Day
	N              int
	X, Top, Height int
}

// charts draws the letters that were sent, and those that should have been but were not. The second chart has its own
// scale, so that three letters among a thousand are visible.
func charts(days []notice.DayTally) []chart {
	return []chart{
		draw("Sent", "sent", days, notice.Sent),
		draw("Not sent: failed, held, unsure or deferred", "notsent", days,
			notice.Failed, notice.Held, notice.Unsure, notice.Deferred),
	}
}

func draw(name, class string, days []notice.DayTally, states ...notice.State) chart {
	c := chart{Name: name, Class: class}
	for i, d := range days {
		b := bar{Day: d.Day, X: i * 10}
		for _, state := range states {
			b.N += d.States[state]
		}
		c.Most, c.Sum = max(c.Most, b.N), c.Sum+b.N
		c.Bars = append(c.Bars, b)
	}
	for i := range c.Bars {
		if b := &c.Bars[i]; b.N > 0 {
			b.Height = max(3, b.N*100/c.Most) // so that one letter is visible
		}
		c.Bars[i].Top = 100 - c.Bars[i].Height
	}
	return c
}
