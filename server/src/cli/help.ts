import { EXIT } from "./exit.ts"

export const HELP = `Skein: a realtime server for web applications, with chat in the box.

  skein serve                  run the server (http://127.0.0.1:8080 unless told otherwise)
      --standby                  wait while another server uses the data folder, then take over
  skein doctor [wss://SITE]    find out what keeps this server, or the way to it, from working
      --idle DURATION            how long to watch a silent connection, 65s unless told otherwise, 0s not at all
      --origin ORIGIN            the site whose pages connect, when it is another than the server's
      --token TOKEN              connect as this user (skein token --user …)
      --json                     findings as JSON
  skein token --user ID        print a connection token for a user
      --channel NAME             a subscription token for this channel instead
      --ttl DURATION             how long it is valid, 1h unless told otherwise
      --info JSON                what others see of the user
  skein whoami --cookie HEADER show who a Cookie header is, and if nobody, why
                               (without --cookie: many headers, one per line, from standard input)
      --site NAME                ask only this one of [[sites]], or main; all of them unless told otherwise
      --json                     one JSON object per line
  skein config print           print the configuration in force and where each value came from
  skein config reference       print the page of all settings
  skein help, skein --version

Every command takes
  --config FILE                read this file instead of ./skein.toml
  --host HOST  --port PORT     where to listen
  --data FOLDER                where to keep everything, ./data unless told otherwise
  --set NAME=VALUE             any setting, for example --set limits.ping_interval=20s

Settings also come from the environment: SKEIN_PORT, SKEIN_LIMITS_PING_INTERVAL, …

Exit codes: ${EXIT.ok} ended as requested, ${EXIT.failure} failed, ${EXIT.usage} command line, ${EXIT.config} configuration, ${EXIT.dataFolder} data folder,
${EXIT.dataFolderInUse} data folder in use by another server, ${EXIT.address} address taken.
`
