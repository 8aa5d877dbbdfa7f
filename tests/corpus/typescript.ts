// expect: exit=0
// expect-log: Ada is Member
// expect-log: Bob is Admin 42
import http, { type Response, RefinedResponse } from 'k6/http';
import { check } from 'k6';
import type { Options } from 'k6/options';
import { describe, Role, type User } from './lib/types.ts';

enum Level { Low = 1, High = Low << 3, Named = 'n' as any }

namespace Tools {
  export const answer = 42;
  export function id<T>(x: T): T { return x; }
}

abstract class Base<T extends object> {
  protected constructor(protected readonly value: T, private count: number = 0) {}
  abstract name(): string;
  bump(by?: number): this { this.count += by ?? 1; return this; }
  get total(): number { return this.count; }
}

class Impl extends Base<User> implements Iterable<string> {
  static made = 0;
  declare unused: string;
  constructor(u: User) { super(u); Impl.made++; }
  name(): string { return this.value!.name as string; }
  *[Symbol.iterator](): Iterator<string> { yield this.name(); }
}

export const options: Options = { thresholds: { checks: ['rate==1'] } };

function pick(a: string): string;
function pick(a: number): number;
function pick(a: any): any { return a; }

export default function (): void {
  const users: User[] = [{ id: 1, name: 'Ada', role: Role.Member }, { id: 2, name: 'Bob', role: Role.Admin }];
  const r: Response = http.get(`${__ENV.BASE_URL}/get`) as RefinedResponse<'text'>;
  const impl = new Impl(users[0]);
  check(r, {
    'status': (x: Response): boolean => x.status === 200,
    'enum': () => Level.High === 8 && Level[8] === 'High',
    'generics': () => Tools.id<number>(pick(3)) < 4 && (pick('a') satisfies string) === 'a',
    'class': () => impl.bump().bump(2).total === 3 && [...impl].join() === 'Ada' && Impl.made === 1,
  });
  console.log(describe(users[0]));
  console.log(describe(users[1]), Tools.answer);
}
