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
complete -c warraq -n "__fish_warraq_needs_command" -f -a "run" -d 'Run the daemon: poll on schedule, store, publish over HTTP. This is the default'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "demo" -d 'Run the daemon with invented outlets that it serves itself. Needs no network and leaves no files behind'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "check" -d 'Check the configuration and report all errors'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "poll" -d 'Poll the feeds that are due, print one line for each feed, and exit. Exits with 0 even if polls fail'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "feeds" -d 'List all feeds: state, last outcome, next poll and the reason for its time'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "status" -d 'Show the daemon\'s state on one screen: whether it runs, the last polls, what fails and why, sizes, free disk space, the newest backup'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "search" -d 'Search stories, like the page /search'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "explain" -d 'Show what was decided about a feed, an entry or a story, and why'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "replay" -d 'Run recorded entries through deduplication and print the story of each'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "inspect" -d 'Show how Warraq reads one document: format, encoding, repairs, hints, entries. Needs no configuration'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "discover" -d 'List the feeds that a web page announces'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "add" -d 'Find the feed or news sitemap of each address and add it to the configuration as an outlet'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "remove" -d 'Remove an outlet from the configuration. Its entries stay'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "enable" -d 'Resume polling a disabled outlet'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "disable" -d 'Stop polling an outlet and keep it in the configuration'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "import-opml" -d 'Print the feeds of an OPML file as `[[outlet]]` tables, or add them to the configuration'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "export-opml" -d 'Print all configured feeds as OPML'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "backup" -d 'Write a consistent copy of the database. Works while the daemon runs'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "restore" -d 'Check a backup and replace the database with it. The daemon must be stopped'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "copy" -d 'Copy the whole database from SQLite to PostgreSQL or back, and compare the copy with the original. The daemon must be stopped'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "prune" -d 'Delete what is older than the retention limits. The daemon must be stopped'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "token" -d 'Make keys for readers'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "healthcheck" -d 'Ask a running daemon whether it is ready. Exits with 0 if it is, 1 if not, 78 if the configuration cannot be read'
complete -c warraq -n "__fish_warraq_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand run" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand run" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand demo" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand demo" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand check" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand check" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand poll" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand poll" -l all -d 'Poll all feeds, due or not, except those whose server asked to wait (Retry-After) or that are gone (410)'
complete -c warraq -n "__fish_warraq_using_subcommand poll" -l json -d 'Print one JSON object for each feed, then one with the totals'
complete -c warraq -n "__fish_warraq_using_subcommand poll" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand feeds" -l sort -d 'Order of the list: outlet, last (most recently polled first), next (due first), failures (most first), entries (most first)' -r -f -a "outlet\t''
last\t''
next\t''
failures\t''
entries\t''"
complete -c warraq -n "__fish_warraq_using_subcommand feeds" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand feeds" -l failing -d 'Only feeds whose last poll failed'
complete -c warraq -n "__fish_warraq_using_subcommand feeds" -l json -d 'Print a JSON array of objects with the columns of `feed_health`, and `why`'
complete -c warraq -n "__fish_warraq_using_subcommand feeds" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand status" -l backups -d 'Folder of the backups. Default: the database\'s folder with `-backup` added to its name' -r -f -a "(__fish_complete_directories)"
complete -c warraq -n "__fish_warraq_using_subcommand status" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand status" -l json -d 'Print one JSON object'
complete -c warraq -n "__fish_warraq_using_subcommand status" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand search" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand search" -l json -d 'Print a JSON array'
complete -c warraq -n "__fish_warraq_using_subcommand search" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -f -a "feed" -d 'Show why the next poll of a feed is scheduled when it is'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -f -a "entry" -d 'Show why an entry was new, revised or already known'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -f -a "story" -d 'Show why entries belong to a story'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and not __fish_seen_subcommand_from feed entry story help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from feed" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from feed" -l json -d 'Print a JSON array'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from feed" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from entry" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from entry" -l json -d 'Print one JSON object'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from entry" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from story" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from story" -l json -d 'Print one JSON object'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from story" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from help" -f -a "feed" -d 'Show why the next poll of a feed is scheduled when it is'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from help" -f -a "entry" -d 'Show why an entry was new, revised or already known'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from help" -f -a "story" -d 'Show why entries belong to a story'
complete -c warraq -n "__fish_warraq_using_subcommand explain; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand replay" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand replay" -l json -d 'Accepted for consistency; the output is always one JSON object on each line'
complete -c warraq -n "__fish_warraq_using_subcommand replay" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -l base -d 'Base of relative addresses in the document' -r
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -l content-type -d 'Content-Type of the document, as a server would send it' -r
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -l json -d 'Print one JSON object'
complete -c warraq -n "__fish_warraq_using_subcommand inspect" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand discover" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand discover" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand add" -l slug -d 'Slug of the outlet. By default it is made from the feed\'s title or host' -r
complete -c warraq -n "__fish_warraq_using_subcommand add" -l name -d 'Name of the outlet. By default it is the feed\'s title' -r
complete -c warraq -n "__fish_warraq_using_subcommand add" -l tag -d 'Tag of the outlet; may be repeated' -r
complete -c warraq -n "__fish_warraq_using_subcommand add" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand add" -l dry-run -d 'Show what was found and the lines that would be written, and write nothing'
complete -c warraq -n "__fish_warraq_using_subcommand add" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand remove" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand remove" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand enable" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand enable" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand disable" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand disable" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand import-opml" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand import-opml" -l write -d 'Write the outlets into the configuration; feeds that it has already are skipped'
complete -c warraq -n "__fish_warraq_using_subcommand import-opml" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand export-opml" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand export-opml" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand backup" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand backup" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand restore" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand restore" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand copy" -l to -d 'Where to copy to: a new file, or the address of an empty database (postgres://USER@HOST/DATABASE). A password belongs in PGPASSWORD or ~/.pgpass' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand copy" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand copy" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand prune" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand prune" -l dry-run -d 'Only count what would be deleted'
complete -c warraq -n "__fish_warraq_using_subcommand prune" -l force -d 'Delete even if nearly everything would be deleted'
complete -c warraq -n "__fish_warraq_using_subcommand prune" -l compact -d 'Also shrink the file. This rewrites the database and needs as much free space again'
complete -c warraq -n "__fish_warraq_using_subcommand prune" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand token; and not __fish_seen_subcommand_from new help" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand token; and not __fish_seen_subcommand_from new help" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand token; and not __fish_seen_subcommand_from new help" -f -a "new" -d 'Make a key and print it, with the line to put into the token file. The key is stored nowhere'
complete -c warraq -n "__fish_warraq_using_subcommand token; and not __fish_seen_subcommand_from new help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand token; and __fish_seen_subcommand_from new" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand token; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "new" -d 'Make a key and print it, with the line to put into the token file. The key is stored nowhere'
complete -c warraq -n "__fish_warraq_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand healthcheck" -l config -d 'Configuration file' -r -F
complete -c warraq -n "__fish_warraq_using_subcommand healthcheck" -s h -l help -d 'Print help'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "run" -d 'Run the daemon: poll on schedule, store, publish over HTTP. This is the default'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "demo" -d 'Run the daemon with invented outlets that it serves itself. Needs no network and leaves no files behind'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "check" -d 'Check the configuration and report all errors'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "poll" -d 'Poll the feeds that are due, print one line for each feed, and exit. Exits with 0 even if polls fail'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "feeds" -d 'List all feeds: state, last outcome, next poll and the reason for its time'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "status" -d 'Show the daemon\'s state on one screen: whether it runs, the last polls, what fails and why, sizes, free disk space, the newest backup'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "search" -d 'Search stories, like the page /search'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "explain" -d 'Show what was decided about a feed, an entry or a story, and why'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "replay" -d 'Run recorded entries through deduplication and print the story of each'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "inspect" -d 'Show how Warraq reads one document: format, encoding, repairs, hints, entries. Needs no configuration'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "discover" -d 'List the feeds that a web page announces'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "add" -d 'Find the feed or news sitemap of each address and add it to the configuration as an outlet'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "remove" -d 'Remove an outlet from the configuration. Its entries stay'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "enable" -d 'Resume polling a disabled outlet'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "disable" -d 'Stop polling an outlet and keep it in the configuration'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "import-opml" -d 'Print the feeds of an OPML file as `[[outlet]]` tables, or add them to the configuration'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "export-opml" -d 'Print all configured feeds as OPML'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "backup" -d 'Write a consistent copy of the database. Works while the daemon runs'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "restore" -d 'Check a backup and replace the database with it. The daemon must be stopped'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "copy" -d 'Copy the whole database from SQLite to PostgreSQL or back, and compare the copy with the original. The daemon must be stopped'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "prune" -d 'Delete what is older than the retention limits. The daemon must be stopped'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "token" -d 'Make keys for readers'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "healthcheck" -d 'Ask a running daemon whether it is ready. Exits with 0 if it is, 1 if not, 78 if the configuration cannot be read'
complete -c warraq -n "__fish_warraq_using_subcommand help; and not __fish_seen_subcommand_from run demo check poll feeds status search explain replay inspect discover add remove enable disable import-opml export-opml backup restore copy prune token healthcheck help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c warraq -n "__fish_warraq_using_subcommand help; and __fish_seen_subcommand_from explain" -f -a "feed" -d 'Show why the next poll of a feed is scheduled when it is'
complete -c warraq -n "__fish_warraq_using_subcommand help; and __fish_seen_subcommand_from explain" -f -a "entry" -d 'Show why an entry was new, revised or already known'
complete -c warraq -n "__fish_warraq_using_subcommand help; and __fish_seen_subcommand_from explain" -f -a "story" -d 'Show why entries belong to a story'
complete -c warraq -n "__fish_warraq_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "new" -d 'Make a key and print it, with the line to put into the token file. The key is stored nowhere'
