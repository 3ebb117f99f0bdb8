/**
 * Days and dates in integers, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil, civil_from_days).
 * A day is counted from 1970-01-01 as 0; a month from January of year 0 as 0, so that `month + 1` is always the month that follows.
 */

/** The day on which a month begins. */
export function dayOfMonthStart(month: number): number {
  // Years begin in March here, so that the leap day is the last.
  const marches = month - 2
  const year = Math.floor(marches / 12)
  const era = Math.floor(year / 400)
  const yearOfEra = year - era * 400
  const dayOfYear = Math.floor((153 * (marches - year * 12) + 2) / 5)
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

/** The month that a day lies in. */
export function monthOfDay(day: number): number {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  return (yearOfEra + era * 400) * 12 + Math.floor((5 * dayOfYear + 2) / 153) + 2
}

/** 0 is Sunday; 1970-01-01 was a Thursday. */
export function weekdayOfDay(day: number): number {
  return (((day + 4) % 7) + 7) % 7
}

/** ISO 8601's week, 1 to 53: the week of a day is that of its Thursday, and week 1 has the year's first Thursday. */
export function isoWeekOfDay(day: number): number {
  const thursday = day - ((weekdayOfDay(day) + 6) % 7) + 3
  const yearStart = dayOfMonthStart(Math.floor(monthOfDay(thursday) / 12) * 12)
  return Math.floor((thursday - yearStart) / 7) + 1
}
