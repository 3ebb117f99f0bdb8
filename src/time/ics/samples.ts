/** A holiday file as German states publish it: all-day events, CRLF, folded lines, one that comes each year, one over several days, one with an exception. */
export const HOLIDAYS_ICS = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//Feiertage//Berlin 2026//DE',
  'CALSCALE:GREGORIAN',
  'METHOD:PUBLISH',
  'X-WR-CALNAME:Feiertage Berlin',
  'X-WR-TIMEZONE:Europe/Berlin',
  'BEGIN:VTIMEZONE',
  'TZID:Europe/Berlin',
  'BEGIN:STANDARD',
  'DTSTART:19961027T030000',
  'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'END:STANDARD',
  'END:VTIMEZONE',
  'BEGIN:VEVENT',
  'UID:neujahr@feiertage.example',
  'DTSTAMP:20251101T120000Z',
  'DTSTART;VALUE=DATE:20200101',
  'DTEND;VALUE=DATE:20200102',
  'RRULE:FREQ=YEARLY',
  'SUMMARY:Neujahr',
  'TRANSP:TRANSPARENT',
  'END:VEVENT',
  'BEGIN:VEVENT',
  'UID:karfreitag-2026@feiertage.example',
  'DTSTAMP:20251101T120000Z',
  'DTSTART;VALUE=DATE:20260403',
  'SUMMARY;LANGUAGE=de:Karfreitag',
  'DESCRIPTION:Der Freitag vor Ostern\\, an dem nach dem Gesetz über die Sonn- un',
  ' d Feiertage nicht gearbeitet wird.\\nBundesweit.',
  'BEGIN:VALARM',
  'ACTION:DISPLAY',
  'TRIGGER:-P1D',
  'DURATION:PT15M',
  'END:VALARM',
  'END:VEVENT',
  'BEGIN:VEVENT',
  'UID:ostermontag-2026@feiertage.example',
  'DTSTART;VALUE=DATE:20260406',
  'DURATION:P1D',
  'SUMMARY:Ostermontag',
  'END:VEVENT',
  'BEGIN:VEVENT',
  'UID:einheit@feiertage.example',
  'DTSTART;VALUE=DATE:20241003',
  'RRULE:FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=3;UNTIL=20301231T235959Z',
  'EXDATE;VALUE=DATE:20271003',
  'SUMMARY:Tag der Deutschen Einheit',
  'END:VEVENT',
  'BEGIN:VEVENT',
  'UID:weihnachten@feiertage.example',
  'DTSTART;VALUE=DATE:20251224',
  'DTEND;VALUE=DATE:20251227',
  'RRULE:FREQ=YEARLY',
  'SUMMARY:Heiligabend und Weihnachtstage',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n')

/** Hours of maintenance, as a calendar program writes them: with TZID, LF, a moved and a cancelled occurrence, a list of dates, a floating time, UTC. */
export const MAINTENANCE_ICS = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Maintenance//EN
BEGIN:VEVENT
UID:weekly@maintenance.example
DTSTART;TZID=America/New_York:20260105T220000
DTEND;TZID=America/New_York:20260106T010000
RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=20
EXDATE;TZID=America/New_York:20260112T220000
SUMMARY:Weekly window
END:VEVENT
BEGIN:VEVENT
UID:weekly@maintenance.example
RECURRENCE-ID;TZID=America/New_York:20260119T220000
DTSTART;TZID=America/New_York:20260120T220000
DTEND;TZID=America/New_York:20260120T230000
SUMMARY:Moved by a day
END:VEVENT
BEGIN:VEVENT
UID:weekly@maintenance.example
RECURRENCE-ID;TZID=America/New_York:20260126T220000
DTSTART;TZID=America/New_York:20260126T220000
STATUS:CANCELLED
SUMMARY:Cancelled
END:VEVENT
BEGIN:VEVENT
UID:exchange@maintenance.example
DTSTART;TZID="W. Europe Standard Time":20260601T080000
DURATION:PT30M
RDATE;TZID="W. Europe Standard Time":20260608T080000,20260615T080000
RDATE;VALUE=PERIOD:20260701T060000Z/PT2H,20260702T060000Z/20260702T063000Z
SUMMARY:From Exchange
END:VEVENT
BEGIN:VEVENT
UID:floating@maintenance.example
DTSTART:20260801T120000
DTEND:20260801T130000
SUMMARY:Noon wherever you are
END:VEVENT
BEGIN:VEVENT
UID:moment@maintenance.example
DTSTART:20260901T120000Z
SUMMARY:No length
END:VEVENT
END:VCALENDAR
`
