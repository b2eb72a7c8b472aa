package page

import "strings"

// Action is what a learner does in a step.
type Action int

// The actions.
const (
	Watch     Action = iota // read what the running program prints
	Run                     // run a command
	Type                    // type a line into the running program
	Interrupt               // press Ctrl+C
)

// Step is one action in a terminal and what is printed after it.
type Step struct {
	Line   int // of the action; for Watch, of the first line of output
	Action Action
	Text   string   // the command or the line to type
	Output []string // as the document shows it

	Until string // see [Directive]; "" if the program has to end
	Exit  int
}

// OutputLine returns the line of the document that holds line i of Output.
func (s Step) OutputLine(i int) int {
	if s.Action == Watch {
		return s.Line + i
	}
	return s.Line + 1 + i
}

// Played reports whether the block is played: it is run, saved or inserted.
func (b Block) Played() bool {
	return !b.Directive.Skip && (b.Language == "console" || b.Directive.Save != "" || b.Directive.Insert != "")
}

// Elision is a line of an output that stands for any number of lines.
const Elision = "…"

// Steps splits a console block into its steps: a line that begins with "$ " is
// a command, "^C" is Ctrl+C, a line that the directive names as input is typed,
// and everything else is output.
func (b Block) Steps() []Step {
	var steps []Step
	for i, line := range b.Text {
		step := Step{Line: b.Line + 1 + i}
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand:
			step.Action, step.Text = Run, command
		case line == "^C":
			step.Action = Interrupt
		case b.Directive.Input != "" && line == b.Directive.Input:
			step.Action, step.Text = Type, line
		case len(steps) == 0:
			step.Output = []string{line}
		default:
			last := &steps[len(steps)-1]
			last.Output = append(last.Output, line)
			continue
		}
		steps = append(steps, step)
	}
	if len(steps) > 0 {
		last := &steps[len(steps)-1]
		last.Until, last.Exit = b.Directive.Until, b.Directive.Exit
	}
	return steps
}
