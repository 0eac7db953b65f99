# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_warraq_global_optspecs
    string join \n config= h/help V/version
end

function __fish_warraq_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_warraq_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_warraq_using_subcommand
    set -l cmd (__fish_warraq_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c warraq -n "__fish_warraq_needs_command" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_needs_command" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_needs_command" -s V -l version -d 'Print version'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "run" -d 'The daemon: poll on schedule, store, publish over HTTP (what `warraq` alone does)'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "demo" -d 'The daemon over invented outlets that it serves itself: works with no network, leaves nothing behind'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "check" -d 'Read the configuration, report everything that is wrong with it, start nothing'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "poll" -d 'Poll the feeds that are due, print one line a feed, and exit'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "feeds" -d 'Every feed: its state, its last outcome, when it is polled next and why'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "search" -d 'The stories that hold these words, as /search finds them'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "explain" -d 'Why: what was decided of a feed, an entry or a story, and for what reason'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "replay" -d 'Run recorded entries through the real decisions; prints the story of each'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "inspect" -d 'How Warraq reads one document: format, encoding, repairs, hints, entries. Needs no configuration'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "discover" -d 'The feeds that a site announces'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "import-opml" -d 'Print the feeds of an OPML file as `[[outlet]]` tables, to add to the configuration'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "export-opml" -d 'Print every configured feed as OPML'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "backup" -d 'Write a consistent copy of the database, also while the daemon runs'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "restore" -d 'Put a backup in the place of the database, after checking it, while the daemon is stopped'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "prune" -d 'Forget what retention no longer keeps, now, while the daemon is stopped'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "healthcheck" -d 'Ask a running daemon whether it is ready: exit 0 or 1'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand run" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand run" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand demo" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand demo" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand check" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand check" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand poll" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand poll" -l all -d 'Every feed, whatever is due, but none that asked for time or is gone'
complete -c warraq -n "__fish_warraq_using_subcommand poll" -l json -d 'One JSON object a feed, then one with the sums'
complete -c warraq -n "__fish_warraq_using_subcommand poll" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand feeds" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand feeds" -l json -d 'An array of objects with the columns of `feed_health`, and `why`'
complete -c warraq -n "__fish_warraq_using_subcommand feeds" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand search" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand search" -l json -d 'An array of objects'
complete -c warraq -n "__fish_warraq_using_subcommand search" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -f -a "feed" -d 'Why the next poll of a feed is when it is'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -f -a "entry" -d 'Why an entry was new, revised, or known already'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -f -a "story" -d 'Why entries were joined in a story'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from feed" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from feed" -l json -d 'An array of objects'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from feed" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from entry" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from entry" -l json -d 'One JSON object'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from entry" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from story" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from story" -l json -d 'One JSON object'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from story" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from help" -f -a "feed" -d 'Why the next poll of a feed is when it is'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from help" -f -a "entry" -d 'Why an entry was new, revised, or known already'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from help" -f -a "story" -d 'Why entries were joined in a story'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand replay" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand replay" -l json -d 'For uniformity: the output is JSON, one object a line, anyway'
complete -c warraq -n "__fish_warraq_using_subcommand replay" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -l base -d 'What relative addresses in it are relative to' -r
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -l content-type -d 'The value of its Content-Type header' -r
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -l json -d 'One JSON object'
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand discover" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand discover" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand import-opml" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand import-opml" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand export-opml" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand export-opml" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand backup" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand backup" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand restore" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand restore" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand prune" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand prune" -l dry-run -d 'Count only'
complete -c warraq -n "__fish_warraq_using_subcommand prune" -l force -d 'Forget even when nearly everything would go'
complete -c warraq -n "__fish_warraq_using_subcommand prune" -l compact -d 'Give the freed space back to the file system; rewrites the database, which needs as much free space again'
complete -c warraq -n "__fish_warraq_using_subcommand prune" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand healthcheck" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand healthcheck" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "run" -d 'The daemon: poll on schedule, store, publish over HTTP (what `warraq` alone does)'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "demo" -d 'The daemon over invented outlets that it serves itself: works with no network, leaves nothing behind'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "check" -d 'Read the configuration, report everything that is wrong with it, start nothing'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "poll" -d 'Poll the feeds that are due, print one line a feed, and exit'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "feeds" -d 'Every feed: its state, its last outcome, when it is polled next and why'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "search" -d 'The stories that hold these words, as /search finds them'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "explain" -d 'Why: what was decided of a feed, an entry or a story, and for what reason'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "replay" -d 'Run recorded entries through the real decisions; prints the story of each'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "inspect" -d 'How Warraq reads one document: format, encoding, repairs, hints, entries. Needs no configuration'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "discover" -d 'The feeds that a site announces'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "import-opml" -d 'Print the feeds of an OPML file as `[[outlet]]` tables, to add to the configuration'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "export-opml" -d 'Print every configured feed as OPML'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "backup" -d 'Write a consistent copy of the database, also while the daemon runs'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "restore" -d 'Put a backup in the place of the database, after checking it, while the daemon is stopped'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "prune" -d 'Forget what retention no longer keeps, now, while the daemon is stopped'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "healthcheck" -d 'Ask a running daemon whether it is ready: exit 0 or 1'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds search explain replay inspect discover import-opml export-opml backup restore prune healthcheck help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand help; and __fish_seen_subcommand_from explain" -f -a "feed" -d 'Why the next poll of a feed is when it is'
complete -c warraq -n "__fish_warraq_using_subcommand help; and __fish_seen_subcommand_from explain" -f -a "entry" -d 'Why an entry was new, revised, or known already'
complete -c warraq -n "__fish_warraq_using_subcommand help; and __fish_seen_subcommand_from explain" -f -a "story" -d 'Why entries were joined in a story'
