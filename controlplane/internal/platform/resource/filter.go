package resource

// What a list can be asked for: the filters of a kind, their parameters, and the conditions that these become.

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Filter is something that a list can be asked for: of the objects that have this value in the field that is called like it.
type Filter struct {
	Name   string
	Words  string // what is listed: Those of one customer. Of a range, what its bounds follow: Those whose size is
	Format string // of one that is not called like a field
	// Column is where the rows have it, unless that is called like the filter.
	Column string
	// Many: it takes several values, and finds what has any of them.
	Many bool
	// Range makes two parameters of it, one for each end.
	Range Range
}

// Range is what the values of a filter by range are.
type Range string

const (
	// Times are from a moment, which is in it, until another, which is not. In the column id they are those at which objects were made.
	Times Range = "times"
	// Numbers are from one to another, both in it.
	Numbers Range = "numbers"
)

// Bound is an end of a range, and the last word of the parameter that sets it: created_at_from.
type Bound string

// The ends of ranges.
const (
	From  Bound = "from"
	Until Bound = "until"
	Min   Bound = "min"
	Max   Bound = "max"
)

// boundWords complete the words of a filter by range.
var boundWords = map[Bound]string{From: "then or later", Until: "before then", Min: "at least this", Max: "at most this"}

// MaxValues is how many values a filter takes that takes several.
const MaxValues = 100

// Parameter is a parameter of a query.
type Parameter struct {
	Name, Words, Format string
	// Field is what it is about: the name of its filter.
	Field string
	Many  bool
	Bound Bound
}

// Parameters are those that the filter is in a query: one, or one for each end of a range.
func (f Filter) Parameters() []Parameter {
	var bounds []Bound
	switch f.Range {
	case Times:
		bounds = []Bound{From, Until}
	case Numbers:
		bounds = []Bound{Min, Max}
	default:
		return []Parameter{{Name: f.Name, Words: f.Words, Format: f.Format, Field: f.Name, Many: f.Many}}
	}
	var out []Parameter
	for _, b := range bounds {
		out = append(out, Parameter{Name: f.Name + "_" + string(b), Words: f.Words + " " + boundWords[b], Format: f.Format, Field: f.Name, Bound: b})
	}
	return out
}

func (f Filter) column() string {
	if f.Column != "" {
		return f.Column
	}
	return f.Name
}

// made is the field that says when an object was made, empty for a kind without a table. Ids ascend in time, so the times of a range are
// bounds of ids, and what was made first has the first of them.
func (k Kind) made() string {
	switch {
	case k.Table() == "" || k.Singleton:
		return ""
	case k.Made != "":
		return k.Made
	}
	return "created_at"
}

// Filters are what the kind's list can be asked for: whose an object is and which state it is in, as far as the kind has that; what the kind
// declares; and when it was made. The kinds that it may stand in are known by then.
func (r *Registry) Filters(k Kind) []Filter {
	var out []Filter
	if k.Table() != "" {
		for _, column := range []string{BillingEntityColumn, CustomerColumn} {
			if r.stands(k, column, map[string]bool{}) {
				f := Filter{Name: column, Words: ancestorWords[column]}
				if k.Tenant != "" {
					f.Words = "Those of one billing entity"
				}
				out = append(out, f)
			}
		}
		if k.Named || k.States != nil {
			out = append(out, Filter{Name: stateColumn, Words: "Those in one of these states", Many: true})
		}
	}
	out = append(out, k.Filters...)
	if made := k.made(); made != "" {
		out = append(out, Filter{Name: made, Words: "Those that were made", Column: "id", Range: Times})
	}
	return out
}

const stateColumn = "state"

var ancestorWords = map[string]string{BillingEntityColumn: "Those of one billing entity, and of its customers", CustomerColumn: "Those of one customer"}

// stands says whether objects of the kind may stand in one of a kind that has its own id in the ancestor column: in what they are made in, or in
// what that stands in. What is about anything stands wherever that does.
func (r *Registry) stands(k Kind, column string, seen map[string]bool) bool {
	if seen[k.Name] {
		return false
	}
	seen[k.Name] = true
	for _, link := range k.places() {
		if link.Kind == "" {
			return true
		}
		for _, name := range append([]string{link.Kind}, link.Or...) {
			in := r.kinds[name]
			if in.Name != k.Name && (in.Tenant == column || r.stands(in, column, seen)) {
				return true
			}
		}
	}
	return false
}

// places are the links by which an object gets its ancestors: that which decides about its making, or where nothing does, those to anything.
func (k Kind) places() []Link {
	decider := k.Decider()
	if k.Parent != nil && k.Parent.Field == decider {
		return []Link{*k.Parent}
	}
	var out []Link
	for _, link := range slices.Concat(k.Scopes, k.Needs) {
		if link.Field == decider || decider == "" && link.Kind == "" {
			out = append(out, link)
		}
	}
	return out
}

// AllOrders are the fields that its list can be ordered by.
func (k Kind) AllOrders() []string {
	var out []string
	if k.Named {
		out = append(out, "name")
	}
	if made := k.made(); made != "" {
		out = append(out, made)
	}
	return append(out, k.Orders...)
}

// Narrowing is what a list is limited to, beside what its caller may see. The zero value limits nothing.
type Narrowing struct {
	conditions []clause.Expression
	// Of one filter with several values, each has its own way along an index: the list is what these find together.
	column clause.Column
	values []string
	// along is the column of the first range: the list is in its order unless another is asked for, so that one walk finds it.
	along string
}

// And narrows further.
func (n Narrowing) And(conditions ...clause.Expression) Narrowing {
	n.conditions = append(slices.Clone(n.conditions), conditions...)
	return n
}

func (n Narrowing) of(q *gorm.DB) *gorm.DB {
	for _, c := range n.conditions {
		q = q.Where(c)
	}
	return q
}

// Narrow reads the filters of a request for a list of the kind. A parameter that is none of the kind's, and a value that is none of its filter's, is refused.
func (r *Registry) Narrow(k Kind, given map[string]string) (Narrowing, error) {
	var n Narrowing
	known := map[string]bool{}
	for _, f := range r.Filters(k) {
		column := clause.Column{Table: k.Table(), Name: f.column()}
		var ends []end
		for _, p := range f.Parameters() {
			known[p.Name] = true
			value, asked := given[p.Name]
			var err error
			switch {
			case !asked:
			case p.Bound != "":
				var e end
				if e, err = endOf(p, value); err == nil {
					ends = append(ends, e)
				}
			case p.Many:
				err = n.any(column, p, value)
			default:
				n = n.And(clause.Eq{Column: column, Value: value})
			}
			if err != nil {
				return Narrowing{}, err
			}
		}
		if len(ends) == 2 && !ends[0].before(ends[1]) {
			return Narrowing{}, fault.Parameter(ends[1].parameter, "invalid_parameter", "leaves nothing above "+ends[0].parameter)
		}
		for _, e := range ends {
			n = n.And(e.condition(column, k.Prefix))
			if n.along == "" {
				n.along = f.column()
			}
		}
	}
	for name := range given {
		if !known[name] {
			return Narrowing{}, fault.Parameter(name, "unknown_parameter", "is not known; it is none of the filters of "+k.Many())
		}
	}
	return n, nil
}

// any narrows to what has one of several values.
func (n *Narrowing) any(column clause.Column, p Parameter, value string) error {
	values := strings.Split(value, ",")
	switch {
	case slices.Contains(values, ""):
		return fault.Parameter(p.Name, "invalid_parameter", "has an empty value: write values with commas between them")
	case len(values) > MaxValues:
		return fault.Parameter(p.Name, "invalid_parameter", fmt.Sprintf("has more than %d values", MaxValues))
	}
	slices.Sort(values)
	values = slices.Compact(values)
	switch {
	case len(values) == 1:
		*n = n.And(clause.Eq{Column: column, Value: values[0]})
	case n.values == nil:
		n.column, n.values = column, values
	default:
		in := make([]any, len(values))
		for i, v := range values {
			in[i] = v
		}
		*n = n.And(clause.IN{Column: column, Values: in})
	}
	return nil
}

// end is an end of a range, as it was asked for.
type end struct {
	parameter string
	bound     Bound
	at        time.Time // of times
	number    int64     // of numbers
}

func endOf(p Parameter, value string) (end, error) {
	e := end{parameter: p.Name, bound: p.Bound}
	var err error
	switch p.Bound {
	case From, Until:
		if e.at, err = time.Parse(time.RFC3339Nano, value); err != nil {
			return e, fault.Parameter(p.Name, "invalid_parameter", "is not a time in RFC 3339 form, such as 2026-01-31T12:00:00Z")
		}
		// What is kept is in whole steps of the clock: it is before a moment, or not, as it is before the next step.
		if whole := e.at.Truncate(clock.Resolution); whole.Before(e.at) {
			e.at = whole.Add(clock.Resolution)
		}
	default:
		if e.number, err = strconv.ParseInt(value, 10, 64); err != nil {
			return e, fault.Parameter(p.Name, "invalid_parameter", fmt.Sprintf("is not a whole number from %d to %d", math.MinInt64, math.MaxInt64))
		}
	}
	return e, nil
}

// before says whether something is between this end and the other.
func (e end) before(upper end) bool {
	if e.bound == From {
		return e.at.Before(upper.at)
	}
	return e.number <= upper.number
}

func (e end) condition(column clause.Column, prefix string) clause.Expression {
	var moment any = e.at
	if column.Name == "id" {
		moment = id.First(prefix, e.at)
	}
	switch e.bound {
	case From:
		return clause.Gte{Column: column, Value: moment}
	case Until:
		return clause.Lt{Column: column, Value: moment}
	case Min:
		return clause.Gte{Column: column, Value: e.number}
	}
	return clause.Lte{Column: column, Value: e.number}
}
