/*
 * Completion scripts. Each shell has one function per level: the whole script, a command, an
 * option; texts from the tables are escaped for the place where they stand.
 */
#include <errno.h>

#include "base/mem.h"
#include "base/opt.h"
#include "base/str.h"

struct program {
    const char *name;
    const struct opt_command *commands;
    size_t n_commands;
};

static bool takes_value(const struct opt_row *row)
{
    return row->type != OPT_FLAG && !(row->type == OPT_CALL && row->is_flag);
}

static bool takes_files(const struct opt_command *c)
{
    return c->table && c->table->operand_hint != OPT_HINT_NONE;
}

static size_t n_rows_of(const struct opt_command *c)
{
    return c->table ? c->table->n_rows : 0;
}

/* Within single quotes of a shell; `special` characters get a backslash as well. */
static void put_escaped(struct buf *out, const char *text, const char *special)
{
    for (const char *c = text; *c; c++) {
        if (*c == '\'') {
            buf_puts(out, "'\\''");
            continue;
        }
        if (strchr(special, *c))
            buf_putc(out, '\\');
        buf_putc(out, *c);
    }
}

static void put_values(struct buf *out, const char *const *values)
{
    for (const char *const *v = values; *v; v++)
        buf_printf(out, "%s%s", v == values ? "" : " ", *v);
}

/* ---- bash ---- */

static void put_names(struct buf *out, const struct opt_command *commands, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%s", i ? " " : "", commands[i].name);
}

/* One arm of the case on the previous word, for options whose value can be completed. */
static void bash_value(struct buf *out, const struct opt_row *row)
{
    static const char *const actions[] = {
        [OPT_HINT_NONE] = "return",
        [OPT_HINT_FILE] = "COMPREPLY=($(compgen -f -- \"$cur\")); return",
        [OPT_HINT_DIR] = "COMPREPLY=($(compgen -d -- \"$cur\")); return",
    };

    if (!takes_value(row) || row->implied)
        return;
    buf_printf(out, "        --%s", row->name);
    if (row->short_name)
        buf_printf(out, "|-%c", row->short_name);
    buf_puts(out, ") ");
    if (row->values) {
        buf_puts(out, "COMPREPLY=($(compgen -W '");
        put_values(out, row->values);
        buf_puts(out, "' -- \"$cur\")); return");
    } else {
        buf_puts(out, actions[row->hint]);
    }
    buf_puts(out, " ;;\n");
}

static void bash_command(struct buf *out, const struct opt_command *c)
{
    buf_printf(out, "    %s)\n        case $prev in\n", c->name);
    for (size_t i = 0; i < n_rows_of(c); i++)
        bash_value(out, &c->table->rows[i]);
    buf_puts(out, "        esac\n        case $cur in\n        -*) words='");
    for (size_t i = 0; i < n_rows_of(c); i++) {
        if (c->table->rows[i].help)
            buf_printf(out, "--%s ", c->table->rows[i].name);
    }
    buf_printf(out, "--help' ;;\n        *) %s ;;\n        esac ;;\n",
               takes_files(c) ? "COMPREPLY=($(compgen -f -- \"$cur\")); return" : "return");
}

/* The arm of a command, or of one of several actions. */
static void bash_arm(struct buf *out, const struct opt_command *c)
{
    if (!c->n_actions) {
        bash_command(out, c);
        return;
    }
    buf_printf(
        out,
        "    %s)\n        if [ \"$COMP_CWORD\" = 2 ]; then\n            COMPREPLY=($(compgen -W '",
        c->name);
    put_names(out, c->actions, c->n_actions);
    buf_puts(out, " --help' -- \"$cur\"))\n            return\n        fi\n"
                  "        case ${COMP_WORDS[2]} in\n");
    for (size_t i = 0; i < c->n_actions; i++)
        bash_command(out, &c->actions[i]);
    buf_puts(out, "        esac ;;\n");
}

static void put_bash(struct buf *out, const struct program *p)
{
    buf_printf(out,
               "_%s() {\n"
               "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
               "    compopt -o filenames 2>/dev/null\n"
               "    if [ \"$COMP_CWORD\" = 1 ]; then\n        COMPREPLY=($(compgen -W '",
               p->name);
    put_names(out, p->commands, p->n_commands);
    buf_puts(out, " --help --version' -- \"$cur\"))\n        return\n    fi\n"
                  "    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < p->n_commands; i++)
        bash_arm(out, &p->commands[i]);
    buf_printf(out,
               "    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
               "complete -F _%s %s\n",
               p->name, p->name);
}

/* ---- zsh ---- */

static void zsh_value(struct buf *out, const struct opt_row *row)
{
    static const char *const actions[] = {
        [OPT_HINT_NONE] = "", [OPT_HINT_FILE] = "_files", [OPT_HINT_DIR] = "_files -/"};

    buf_puts(out, ":");
    put_escaped(out, row->value_name ? row->value_name : "value", ":[]");
    buf_putc(out, ':');
    if (row->values) {
        buf_putc(out, '(');
        put_values(out, row->values);
        buf_putc(out, ')');
    } else {
        buf_puts(out, actions[row->hint]);
    }
}

static void zsh_option(struct buf *out, const struct opt_row *row, const char *dashes,
                       const char *name)
{
    const char *assign = row->implied ? "=-" : dashes[1] ? "=" : "+";

    /* A star: the option may be given again. */
    buf_printf(out, "        '%s%s%s%s[", row->type == OPT_LIST ? "*" : "", dashes, name,
               takes_value(row) ? assign : "");
    put_escaped(out, row->help, ":[]");
    buf_putc(out, ']');
    if (takes_value(row))
        zsh_value(out, row);
    buf_puts(out, "' \\\n");
}

static void zsh_command(struct buf *out, const struct opt_command *c)
{
    buf_printf(out, "    %s) _arguments -S \\\n", c->name);
    for (size_t i = 0; i < n_rows_of(c); i++) {
        const struct opt_row *row = &c->table->rows[i];
        char letter[2] = {row->short_name, '\0'};

        if (!row->help)
            continue;
        zsh_option(out, row, "--", row->name);
        if (row->short_name)
            zsh_option(out, row, "-", letter);
    }
    buf_printf(out, "        '--help[show help]'%s ;;\n",
               takes_files(c) ? " \\\n        '*:file:_files'" : "");
}

static void zsh_names(struct buf *out, const struct opt_command *commands, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "            '%s:", commands[i].name);
        put_escaped(out, commands[i].help, ":");
        buf_puts(out, "'\n");
    }
}

static void zsh_arm(struct buf *out, const struct opt_command *c)
{
    if (!c->n_actions) {
        zsh_command(out, c);
        return;
    }
    buf_printf(out,
               "    %s) if (( CURRENT == 2 )); then\n        local -a actions\n        actions=(\n",
               c->name);
    zsh_names(out, c->actions, c->n_actions);
    buf_puts(out, "        )\n        _describe action actions\n        return\n    fi\n"
                  "    local action=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
                  "    case $action in\n");
    for (size_t i = 0; i < c->n_actions; i++)
        zsh_command(out, &c->actions[i]);
    buf_puts(out, "    esac ;;\n");
}

static void put_zsh(struct buf *out, const struct program *p)
{
    buf_printf(out,
               "#compdef %s\n_%s() {\n    if (( CURRENT == 2 )); then\n        local -a commands\n"
               "        commands=(\n",
               p->name, p->name);
    zsh_names(out, p->commands, p->n_commands);
    buf_puts(out, "        )\n        _describe command commands\n        return\n    fi\n"
                  "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
                  "    case $command in\n");
    for (size_t i = 0; i < p->n_commands; i++)
        zsh_arm(out, &p->commands[i]);
    buf_printf(out,
               "    esac\n}\nif [ \"$funcstack[1]\" = _%s ]; then\n    _%s \"$@\"\nelse\n"
               "    compdef _%s %s\nfi\n",
               p->name, p->name, p->name, p->name);
}

/* ---- fish ---- */

/* `action`: of the command before it; NULL: the command has none. */
static void fish_option(struct buf *out, const struct program *p, const struct opt_command *c,
                        const struct opt_command *action, const struct opt_row *row)
{
    static const char *const actions[] = {
        [OPT_HINT_NONE] = " -x", [OPT_HINT_FILE] = " -r -F", [OPT_HINT_DIR] = " -x -a"};

    buf_printf(out, "complete -c %s -n '__fish_seen_subcommand_from %s", p->name, c->name);
    if (action)
        buf_printf(out, "; and __fish_seen_subcommand_from %s", action->name);
    buf_printf(out, "' -l %s", row->name);
    if (row->short_name)
        buf_printf(out, " -s %c", row->short_name);
    if (takes_value(row) && row->values) {
        buf_puts(out, row->implied ? " -f -a '" : " -x -a '");
        put_values(out, row->values);
        buf_putc(out, '\'');
    } else if (takes_value(row) && !row->implied) {
        buf_puts(out, actions[row->hint]);
        if (row->hint == OPT_HINT_DIR)
            buf_puts(out, " '(__fish_complete_directories)'");
    }
    buf_puts(out, " -d '");
    put_escaped(out, row->help, "\\");
    buf_puts(out, "'\n");
}

static void fish_options(struct buf *out, const struct program *p, const struct opt_command *c,
                         const struct opt_command *action)
{
    const struct opt_command *of = action ? action : c;

    /* fish offers files wherever nobody says that there are none. */
    if (!action && !c->n_actions && !takes_files(c)) {
        buf_printf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -f\n", p->name,
                   c->name);
    }

    for (size_t i = 0; i < n_rows_of(of); i++) {
        if (of->table->rows[i].help)
            fish_option(out, p, c, action, &of->table->rows[i]);
    }
}

static void fish_actions(struct buf *out, const struct program *p, const struct opt_command *c)
{
    for (size_t i = 0; i < c->n_actions; i++) {
        const struct opt_command *action = &c->actions[i];

        buf_printf(out,
                   "complete -c %s -n '__fish_seen_subcommand_from %s; and not "
                   "__fish_seen_subcommand_from ",
                   p->name, c->name);
        put_names(out, c->actions, c->n_actions);
        buf_printf(out, "' -f -a %s -d '", action->name);
        put_escaped(out, action->help, "\\");
        buf_puts(out, "'\n");
        fish_options(out, p, c, action);
    }
}

static void put_fish(struct buf *out, const struct program *p)
{
    for (size_t i = 0; i < p->n_commands; i++) {
        const struct opt_command *c = &p->commands[i];

        buf_printf(out, "complete -c %s -n __fish_use_subcommand -f -a %s -d '", p->name, c->name);
        put_escaped(out, c->help, "\\");
        buf_puts(out, "'\n");
        fish_options(out, p, c, NULL);
        fish_actions(out, p, c);
    }
}

int opt_completion(const char *shell, const char *program, const struct opt_command *commands,
                   size_t n_commands, struct buf *out)
{
    static const struct {
        const char *name;
        void (*put)(struct buf *out, const struct program *p);
    } shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
    const struct program p = {program, commands, n_commands};

    for (size_t i = 0; i < countof(shells); i++) {
        if (str_is(str_of(shell), shells[i].name)) {
            shells[i].put(out, &p);
            return 0;
        }
    }
    return fault(-EINVAL, "no completion for '%s'; there are: bash, zsh, fish", shell);
}
