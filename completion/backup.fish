# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The backup-container authors
#
# fish: the program knows what may come next, see `backup help help`.

function __backup_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program help --complete -- $words "$last" 2>/dev/null)
        switch $line
            case :directories
                __fish_complete_directories $last
            case :files
                __fish_complete_path $last
            case '*'
                echo $line
        end
    end
end

complete -c backup -f -k -a '(__backup_complete)'
