# For gdb: stops where `harness --break-at` says, and shows the tasks of the execution, which are
# fibers on one thread. `tasks` lists them; `task NAME` prints the stack of one, `task all` of all.

set pagination off
set confirm off
set breakpoint pending on
set detach-on-fork on
set libthread-db-search-path /nonexistent
handle SIGSEGV nostop noprint pass

python
import gdb

# As switch_context() leaves a fiber: the floating-point control words, then these, then its frame.
SAVED = ("r15", "r14", "r13", "r12", "rbx", "rbp", "rip")

def standing():
    """The argument of harness_at_step(), from whatever frame is selected."""
    frame = gdb.newest_frame()
    while frame is not None and frame.name() != "harness_at_step":
        frame = frame.older()
    if frame is None:
        raise gdb.GdbError("the execution does not stand at its step")
    return frame.read_var("standing").dereference()

def each():
    view = standing()
    for i in range(int(view["count"])):
        yield view["tasks"][i]

def name_of(task):
    return task["name"].string()

def place_of(task):
    # A return address: the call is before it.
    address = int(task["where"])
    if address == 0:
        return ""
    line = gdb.find_pc_line(address - 1)
    return " %s:%d" % (line.symtab.filename, line.line) if line.symtab else ""

class Tasks(gdb.Command):
    """List the tasks of the execution, and what each is about to do."""
    def __init__(self):
        super().__init__("tasks", gdb.COMMAND_STACK)
    def invoke(self, argument, from_tty):
        for task in each():
            mark = "*" if int(task["stack_pointer"]) == 0 else " "
            state = "" if int(task["is_ready"]) else "cannot go on: "
            print("%s %-16s %s%s%s" % (mark, name_of(task), state, task["about_to"].string(),
                                       place_of(task)))

def backtrace(task):
    print("task %s" % name_of(task))
    pointer = int(task["stack_pointer"])
    if pointer == 0:
        gdb.newest_frame().select()
        gdb.execute("backtrace")
        return
    word = gdb.lookup_type("unsigned long").pointer()
    saved = {r: int(gdb.Value(pointer + 8 * (i + 1)).cast(word).dereference())
             for i, r in enumerate(SAVED)}
    saved["rsp"] = pointer + 8 * (len(SAVED) + 1)
    gdb.newest_frame().select()
    before = {r: int(gdb.parse_and_eval("(unsigned long)$" + r)) for r in saved}
    try:
        for register, value in saved.items():
            gdb.execute("set $%s = %d" % (register, value), to_string=True)
        gdb.execute("backtrace")
    finally:
        for register, value in before.items():
            gdb.execute("set $%s = %d" % (register, value), to_string=True)

class Task(gdb.Command):
    """Print the stack of one task: task NAME, or of all: task all."""
    def __init__(self):
        super().__init__("task", gdb.COMMAND_STACK)
    def invoke(self, argument, from_tty):
        wanted = argument.strip()
        known = []
        tasks = [(name_of(task), task) for task in each()]
        for name, task in tasks:
            known.append(name)
            if wanted in (name, "all"):
                backtrace(task)
        if wanted != "all" and wanted not in known:
            raise gdb.GdbError("no task '%s'; there are: %s, or all" % (wanted, ", ".join(known)))
    def complete(self, text, word):
        return [name_of(task) for task in each() if name_of(task).startswith(word)] + ["all"]

Tasks()
Task()
end

# A program explores itself in a process below the tool's ($runs_program is set by the tool). What the
# tool forks else is there to try plugins out, until it comes to the execution.
if $runs_program
  set follow-fork-mode child
  break harness_at_step
  run
else
  set follow-fork-mode parent
  tbreak harness::stop_before
  run
  set follow-fork-mode child
  break harness_at_step
  continue
end
tasks
