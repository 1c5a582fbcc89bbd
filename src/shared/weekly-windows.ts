import { SharedError } from './errors.ts';

/** Hours of the week, UTC, that come again every week: in order, none over another. */
export interface WeeklyWindows {
  /** Minutes since Monday, 00:00 UTC. */
  readonly windows: readonly { readonly from: number; readonly to: number }[];
}

/** One of them at a time: milliseconds since 1970. */
export interface TimeWindow {
  readonly opensAtMs: number;
  readonly closesAtMs: number;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const WEEK_MS = 7 * DAY_MINUTES * MINUTE_MS;
/** 5 January 1970. */
const FIRST_MONDAY_MS = 4 * DAY_MINUTES * MINUTE_MS;
const MAX_WINDOWS = 200;

function malformed(reason: string): never {
  throw new SharedError('windows_malformed', `These are no hours of the week: ${reason}.`, {
    details: { reason },
  });
}

function dayOf(text: string): number {
  const day = DAYS.indexOf(text);
  return day >= 0 ? day : malformed(`“${text.slice(0, 20)}” is none of ${DAYS.join(', ')}`);
}

/** `Mon`, `Mon-Fri`, `Sat-Mon`. */
function daysOf(text: string): number[] {
  const [first = '', last = first, more] = text.split('-');
  if (more !== undefined) malformed(`“${text.slice(0, 20)}” is no range of days`);
  const from = dayOf(first);
  const length = (dayOf(last) - from + DAYS.length) % DAYS.length;
  return Array.from({ length: length + 1 }, (_, index) => (from + index) % DAYS.length);
}

function minuteOf(text: string): number {
  const [, hours = '', minutes = ''] = /^([01][0-9]|2[0-4]):([0-5][0-9])$/.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  if (hours !== '' && minute <= DAY_MINUTES) return minute;
  return malformed(`“${text.slice(0, 20)}” is no time of day, 00:00 to 24:00`);
}

function hoursOf(text: string): { readonly from: number; readonly to: number } {
  const [opens = '', closes, more] = text.split('-');
  if (closes === undefined || more !== undefined)
    malformed(`“${text.slice(0, 20)}” is not from one time to another`);
  const hours = { from: minuteOf(opens), to: minuteOf(closes) };
  if (hours.from < hours.to) return hours;
  return malformed(`“${text.slice(0, 20)}” ends before it begins; at midnight another day begins`);
}

function windowsOf(part: string): { from: number; to: number }[] {
  const [days = '', hours, more] = part.trim().split(/\s+/);
  if (hours === undefined || more !== undefined)
    malformed(`“${part.trim().slice(0, 40)}” is not days and times with a space between`);
  return days.split(',').flatMap((range) =>
    daysOf(range).flatMap((day) =>
      hours.split(',').map((text) => {
        const { from, to } = hoursOf(text);
        return { from: day * DAY_MINUTES + from, to: day * DAY_MINUTES + to };
      }),
    ),
  );
}

/**
 * `Mon-Fri 09:00-10:00,16:00-17:00; Sat 12:00-12:30`: days, a space, times; further days after a semicolon. All UTC.
 * @throws SharedError `windows_malformed`, in words.
 */
export function parseWeeklyWindows(text: string): WeeklyWindows {
  const windows = text
    .split(';')
    .flatMap(windowsOf)
    .sort((one, other) => one.from - other.from);
  if (windows.length > MAX_WINDOWS) malformed(`there are more than ${MAX_WINDOWS}`);
  const over = windows.find(({ from }, index) => from < (windows[index - 1]?.to ?? 0));
  if (over !== undefined) malformed(`on ${DAYS[Math.floor(over.from / DAY_MINUTES)] ?? ''} two overlap`);
  return { windows };
}

/** Those of the week of a time, and of the weeks beside it, in order. */
function around({ windows }: WeeklyWindows, nowMs: number): readonly TimeWindow[] {
  const monday = Math.floor((nowMs - FIRST_MONDAY_MS) / WEEK_MS) * WEEK_MS + FIRST_MONDAY_MS;
  return [monday - WEEK_MS, monday, monday + WEEK_MS].flatMap((start) =>
    windows.map(({ from, to }) => ({
      opensAtMs: start + from * MINUTE_MS,
      closesAtMs: start + to * MINUTE_MS,
    })),
  );
}

function requireOne(window: TimeWindow | undefined): TimeWindow {
  if (window === undefined) throw new RangeError('a week has a window');
  return window;
}

/** The next that opens after a time; one that is open then is not meant. */
export function nextWindow(weekly: WeeklyWindows, nowMs: number): TimeWindow {
  return requireOne(around(weekly, nowMs).find(({ opensAtMs }) => opensAtMs > nowMs));
}

/** The last that has opened: open still, or closed. */
export function lastWindow(weekly: WeeklyWindows, nowMs: number): TimeWindow {
  return requireOne(
    around(weekly, nowMs)
      .filter(({ opensAtMs }) => opensAtMs <= nowMs)
      .at(-1),
  );
}

/** The one that is open, or else the next. */
export function windowToCome(weekly: WeeklyWindows, nowMs: number): TimeWindow {
  const last = lastWindow(weekly, nowMs);
  return nowMs < last.closesAtMs ? last : nextWindow(weekly, nowMs);
}
