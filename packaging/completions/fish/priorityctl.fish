# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for priorityctl, which says itself what may stand at the cursor.

function __priorityctl_words
    command --query priorityctl; or return
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    # An open quote is the shell's, not the word's.
    set -l current (commandline --cut-at-cursor --current-token | string replace --regex -- '^["\']' '')
    # In --rules=FILE the option stays in front of what the shell completes.
    set -l option (string match --regex -- '^--[^=]*=' $current); or set option ''
    set -l value (string replace -- $option '' $current)
    for line in (command priorityctl complete $words[2..] "$current" 2>/dev/null)
        switch $line
            case :files
                printf '%s\n' $option(__fish_complete_path $value)
            case :folders
                printf '%s\n' $option(__fish_complete_directories $value)
            case :users
                printf '%s\n' $option(__fish_complete_users)
            case :groups
                printf '%s\n' $option(__fish_complete_groups)
            case '*'
                echo $line
        end
    end
end

complete --command priorityctl --no-files --arguments '(__priorityctl_words)'
