/*
 * The stripper against a table: TypeScript on the left, JavaScript on the right, with runs of
 * blanks in the output taken as one. Every output must also be a module that the engine compiles,
 * and keep its lines; some are run.
 */
#include "script/js/ts_strip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <quickjs.h>

#include "base/mem.h"

static const struct {
    const char *ts;
    const char *js;
} cases[] = {
    /* Plain JavaScript stays. */
    {"", ""},
    {"let a = 1;", "let a = 1;"},
    {"#!/usr/bin/env k6\nlet a", "#!/usr/bin/env k6\nlet a"},
    {"const r = /a<b>(c)/g, d = a / b / c;", "const r = /a<b>(c)/g, d = a / b / c;"},
    {"x = y ? /[/]:/ : z", "x = y ? /[/]:/ : z"},
    {"f(`a ${b ? `c ${d}` : 'e'} f: string`)", "f(`a ${b ? `c ${d}` : 'e'} f: string`)"},
    {"if (a < b && c > d) e()", "if (a < b && c > d) e()"},
    {"a < b > c", "a < b > c"},
    {"f(a < b, c > d)", "f(a < b, c > d)"},
    {"x = a ? b : c", "x = a ? b : c"},
    {"x = a ? (b) : c => d", "x = a ? (b) : c => d"},
    {"x = a ? (b) => c : d", "x = a ? (b) => c : d"},
    {"x = a ? (b, c) : d", "x = a ? (b, c) : d"},
    {"x = a ? b ? (c) : (d) : e => f", "x = a ? b ? (c) : (d) : e => f"},
    {"x = { a: b, 'c': d, [e]: f, g, h() {}, get i() { return 1 }, async *j() {} }",
     "x = { a: b, 'c': d, [e]: f, g, h() {}, get i() { return 1 }, async *j() {} }"},
    {"x = { type: 1, as: 2, get: 3, set: 4, async: 5, readonly: 6 }",
     "x = { type: 1, as: 2, get: 3, set: 4, async: 5, readonly: 6 }"},
    {"for (const a of b) for (let i = 0; i < 3; i++) for (var k in o) ;",
     "for (const a of b) for (let i = 0; i < 3; i++) for (var k in o) ;"},
    {"label: for (;;) { continue label }", "label: for (;;) { continue label }"},
    {"switch (a) { case b: c(); break; default: d() }",
     "switch (a) { case b: c(); break; default: d() }"},
    {"do a++; while (a < 3) b()", "do a++; while (a < 3) b()"},
    {"function* g() { yield; const x = yield* h(); yield x ? 1 : 2 }",
     "function* g() { yield; const x = yield* h(); yield x ? 1 : 2 }"},
    {"const f = async (a) => await a, g = async a => a, h = async(a)",
     "const f = async (a) => await a, g = async a => a, h = async(a)"},
    {"class A { static x = 1; #y = 2; static { z() } get a() { return #y in this } static async *b() {} }",
     "class A { static x = 1; #y = 2; static { z() } get a() { return #y in this } static async *b() {} }"},
    {"var type = 1, declare = 2, namespace = 3, abstract = 4, module = 5; type = 2; declare(abstract)",
     "var type = 1, declare = 2, namespace = 3, abstract = 4, module = 5; type = 2; declare(abstract)"},
    {"const { a = 1, b: { c }, ...d } = e; [f, , g = 2] = h;",
     "const { a = 1, b: { c }, ...d } = e; [f, , g = 2] = h;"},
    {"x = a?.b?.[c]?.(d); y = e ?? f; z = g?.1:2", "x = a?.b?.[c]?.(d); y = e ?? f; z = g?.1:2"},
    {"const n = 1_000 + 0xff + 1e-3 + .5 + 1..toFixed() + 10n",
     "const n = 1_000 + 0xff + 1e-3 + .5 + 1..toFixed() + 10n"},
    {"a = b\n++c", "a = b\n++c"},
    {"function f() { return function () { new.target } }",
     "function f() { return function () { new.target } }"},

    /* Annotations. */
    {"let a: number = 1, b: string | undefined, c!: Foo;", "let a = 1, b , c ;"},
    {"const f = (a: number, b?: string, ...c: any[]): void => {};",
     "const f = (a , b , ...c ) => {};"},
    {"function f<T extends A, U = B>(this: Foo, a: T): a is U { return a }",
     "function f ( a ) { return a }"},
    {"function f(this: Foo) {}", "function f( ) {}"},
    {"const f = <T>(x: T): T => x, g = <T,>(x: T) => x, h = async <T>(x: T) => x",
     "const f = (x ) => x, g = (x ) => x, h = async (x ) => x"},
    {"let f: (a: number, b: { c: string }) => void = g", "let f = g"},
    {"let f: new (...a: any[]) => Foo<Bar<Baz>> = g", "let f = g"},
    {"let a: Array<Array<number>> = [], b: A<B<C<D>>>=e", "let a = [], b =e"},
    {"let a: { [k: string]: number; readonly b?: string }[] = []", "let a = []"},
    {"let a: [x: number, y?: string, ...z: T[]] = b", "let a = b"},
    {"let a: 'x' | \"y\" | 1 | -1 | `z${string}` | null = b", "let a = b"},
    {"let a: T extends (infer U)[] ? U : never = b", "let a = b"},
    {"let a: keyof typeof b & readonly string[] = c", "let a = c"},
    {"let a: typeof import('./x') = b, c: import('y').Z<W> = d", "let a = b, c = d"},
    {"let a: unique symbol = b, c: A['b']['c'][] = d", "let a = b, c = d"},
    {"let a:\n  | 'x'\n  | 'y'\n= b", "let a \n \n \n= b"},
    {"const { a, b }: { a: number; b: string } = c", "const { a, b } = c"},
    {"for (const a of b as string[]) {}", "for (const a of b ) {}"},
    {"try {} catch (e: unknown) {}", "try {} catch (e ) {}"},
    {"function assert(x: any): asserts x is string {}", "function assert(x ) {}"},
    {"function assert(x: any): asserts x {}", "function assert(x ) {}"},
    {"let x = a ? (b: number): string => c : d", "let x = a ? (b ) => c : d"},
    {"let x = a ? (b): c => d : e", "let x = a ? (b) => d : e"},
    {"let x = { a(b: number): string { return c }, async d<T>(e: T) {}, get f(): number { return 1 } }",
     "let x = { a(b ) { return c }, async d (e ) {}, get f() { return 1 } }"},
    {"f((a: number) => a, function (b: string): void {})", "f((a ) => a, function (b ) {})"},
    {"let a: Foo = /re/g", "let a = /re/g"},
    {"const f = (a = (b: number): number => b): void => {}", "const f = (a = (b ) => b) => {}"},

    /* Expressions. */
    {"x = y as any", "x = y "},
    {"x = (y as unknown as Foo<Bar>).z", "x = (y ).z"},
    {"x = y satisfies Foo", "x = y "},
    {"x = y as const; z = [1, 2] as const", "x = y ; z = [1, 2] "},
    {"x = y! + z!.w![0]!()", "x = y + z .w [0] ()"},
    {"x! = 5; x!++", "x = 5; x ++"},
    {"x = <any>y; z = <Foo<Bar>>w", "x = y; z = w"},
    {"f<string>(x); new Map<string, Array<number>>(); a.b<T>`c`", "f (x); new Map (); a.b `c`"},
    {"const F = G<string>; x = y<z>;", "const F = G ; x = y ;"},
    {"f?.<T>(x)", "f?. (x)"},
    {"x = a as number < b", "x = a < b"},
    {"x = a as any\n(b)", "x = a ;\n(b)"},
    {"x = a as any\n+ 1", "x = a \n+ 1"},
    {"const f = (a): \n  Foo<A,\n B> => a", "const f = (a \n \n ) => a"},
    {"return_ = <T\n>x", "return_ = x"},
    {"if ((a as B).c < d) e()", "if ((a ).c < d) e()"},
    {"x = as as as", "x = as "},
    {"let as = 1, satisfies = 2; as = satisfies", "let as = 1, satisfies = 2; as = satisfies"},

    /* Declarations that go. */
    {"interface A { b: c; d(): e }\nlet f", "; \nlet f"},
    {"interface A<T> extends B<T>, C { }", "; "},
    {"type A = { b: string };", "; "},
    {"type A<T> = T extends B ? C : D\nlet x", "; \nlet x"},
    {"type\nA\nlet x", "type\nA\nlet x"},
    {"x = 1\ninterface A {}\n(b)", "x = 1\n; \n(b)"},
    {"declare const a: number;\ndeclare function f(): void;\ndeclare let g: any", "; \n; \n; "},
    {"declare global { interface Window { a: b } }", "; "},
    {"declare module 'x' { export const y: number }", "; "},
    {"declare module 'x';", "; "},
    {"declare class A { b: c; d(): e }", "; "},
    {"declare enum E { A }", "; "},
    {"declare namespace N { let a }", "; "},
    {"function f(a: string): void;\nfunction f(a: number): void;\nfunction f(a: any) {}",
     "; \n; \nfunction f(a ) {}"},
    {"export interface A {}\nexport type B = C;", "; \n; "},
    {"export declare const a: b;", "; "},
    {"export default interface A {}", "; "},

    /* Classes. */
    {"class A<T> extends B<T> implements C, D<E> { }", "class A extends B { }"},
    {"class A implements B {}", "class A {}"},
    {"abstract class A { abstract b(): void; abstract c: string; d() {} }",
     " class A { ; ; d() {} }"},
    {"class A { private a: number = 1; public static readonly b?: string; protected c!: d }",
     "class A { a = 1; static b ; c }"},
    {"class A { declare a: string; override b() {} readonly ['c'] = 1 }",
     "class A { ; b() {} ; ['c'] = 1 }"},
    {"class A { [key: string]: any; a = 1 }", "class A { ; a = 1 }"},
    {"class A { static [k: string]: any\n b }", "class A { ; \n b }"},
    {"class A { a(): void; a(b?: number): void {} }", "class A { ; a(b ) {} }"},
    {"class A { constructor(a: string); constructor(a: any) {} }",
     "class A { ; constructor(a ) {} }"},
    {"class A { private readonly = 1; get = 2; static = 3; async() {} declare() {} }",
     "class A { readonly = 1; get = 2; static = 3; async() {} declare() {} }"},
    {"class A { a = 1\n private *b() {} }", "class A { a = 1\n ; *b() {} }"},
    {"class A { a?(): void {} get b(): number { return 1 } set b(v: number) {} }",
     "class A { a () {} get b() { return 1 } set b(v ) {} }"},
    {"const A = class<T> { b: T }", "const A = class { b }"},
    {"class A { f = (x: number): void => {} ; g = <T>(x: T) => x }",
     "class A { f = (x ) => {} ; g = (x ) => x }"},
    {"class A { constructor(private a: number, public readonly b = 2, c?: string) { d() } }",
     "class A { constructor( a , b = 2, c ) {; this.a = a; this.b = b; d() } }"},
    {"class A extends B { constructor(private a) { super(a); c() } }",
     "class A extends B { constructor( a) { super(a);; this.a = a; c() } }"},
    {"class A { constructor(public a) { 'use strict'; b() } }",
     "class A { constructor( a) { 'use strict';; this.a = a; b() } }"},

    /* Enums and namespaces. */
    {"enum A { B, C, D = 5, E }",
     "var A; (function (A) { A[A[\"B\"] = 0] = \"B\"; A[A[\"C\"] = 1] = \"C\"; "
     "A[A[\"D\"] = 5] = \"D\"; A[A[\"E\"] = 6] = \"E\"; })(A || (A = {}));"},
    {"const enum A { B = 'x', 'c-d' = \"y\" }",
     " var A; (function (A) { A[\"B\"] = 'x'; A[\"c-d\"] = \"y\"; })(A || (A = {}));"},
    {"export enum A { B = 1 << 2, C = B | 1, D }",
     "export var A; (function (A) { A[A[\"B\"] = 1 << 2] = \"B\"; A[A[\"C\"] = A.B | 1] = \"C\"; "
     "A[A[\"D\"] = A[\"C\"] + 1] = \"D\"; })(A || (A = {}));"},
    {"namespace N { export const a = 1; const b = 2; export function f(): number { return b } export interface I {} }",
     "var N; (function (N) { const a = 1;; N.a = a; const b = 2; function f() { return b }; "
     "N.f = f; ; })(N || (N = {}));"},
    {"namespace N { export interface I {} type T = I }", "; "},

    /* Modules. */
    {"import type { A } from './a';\nimport type B from 'b';\nimport type * as C from 'c'",
     "; \n; \n; "},
    {"import type from './a'; type()", "import type from './a'; type()"},
    {"import { type A, b, type C as D } from './a'; b()", "import { b, } from './a'; b()"},
    {"import { type } from 'a'; import { type as x } from 'b'; type(x)",
     "import { type } from 'a'; import { type as x } from 'b'; type(x)"},
    {"import { A, b } from './a'; let x: A = b", "import { b } from './a'; let x = b"},
    {"import { A } from './a'; let x: A", "; let x "},
    {"import a, { B } from './a'; a as B", "import a from './a'; a "},
    {"import a, { b } from './a'; let x: a = b", "import { b } from './a'; let x = b"},
    {"import a, * as B from './a'; a as B.C", "import a from './a'; a "},
    {"import * as a from 'a'; a.b()", "import * as a from 'a'; a.b()"},
    {"import http, { RefinedResponse, Response } from 'k6/http';\n"
     "let r: Response = http.get('x') as RefinedResponse<'text'>;",
     "import http from 'k6/http';\nlet r = http.get('x') ;"},
    {"import './a'; import {} from './b'", "import './a'; import {} from './b'"},
    {"import { a } from './a'; export { a }", "import { a } from './a'; export { a }"},
    {"interface A {}\nconst b = 1; export { A, b }; export { type C, d } from './c'",
     "; \nconst b = 1; export { b }; export { d } from './c'"},
    {"export type { A } from './a'; export type * from './b'; export * from './c'; export * as d from './e'",
     "; ; export * from './c'; export * as d from './e'"},
    {"import a = require('a'); a()", "const a = require('a'); a()"},
    {"export = foo", "module.exports = foo"},
    {"export default function <T>(a: T): void {}", "export default function (a ) {}"},
    {"export default class A<T> { b: T }", "export default class A { b }"},
    {"export default abstract class { a: b }", "export default class { a }"},
    {"export default (a: number) => a", "export default (a ) => a"},
    {"export default { a: 1 } as Options", "export default { a: 1 } "},
    {"export const options: Options = { vus: 1 };", "export const options = { vus: 1 };"},
    {"export async function setup(): Promise<void> {}", "export async function setup() {}"},
    {"export abstract class A { abstract b(): void }", "export class A { ; }"},
    {"const m = import.meta.resolve('a'); import('b')",
     "const m = import.meta.resolve('a'); import('b')"},
    {"let \xc3\xa9: string = '\xc3\xa9'", "let \xc3\xa9 = '\xc3\xa9'"},
};

/* Runs of spaces become one; none before a line end, for no reader cares. */
static char *squeeze(struct str s)
{
    struct buf out = {0};

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n' && out.len && out.data[out.len - 1] == ' ')
            out.len--;
        if (s.p[i] != ' ' || !out.len || out.data[out.len - 1] != ' ')
            buf_putc(&out, s.p[i]);
    }
    return buf_take(&out, NULL);
}

static size_t count_lines(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

static void test_table(void **state UNUSED)
{
    for (size_t i = 0; i < countof(cases); i++) {
        struct ts_error error;
        struct buf out = {0};
        struct str ts = str_of(cases[i].ts);

        if (ts_strip(ts, &out, &error))
            fail_msg("%s\n%u:%u: %s", cases[i].ts, error.line, error.column, error.text);
        char *got = squeeze(buf_str(&out));
        char *expected = squeeze(str_of(cases[i].js));

        assert_string_equal(got, expected);
        if (!strstr(cases[i].ts, "T\n>"))
            assert_int_equal(count_lines(ts), count_lines(buf_str(&out)));
        free(got);
        free(expected);
        buf_fini(&out);
    }
}

/* The engine accepts what comes out; names that a case leaves undefined do not matter to that. */
static void test_compiles(void **state UNUSED)
{
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(rt);

    for (size_t i = 0; i < countof(cases); i++) {
        struct ts_error error;
        struct buf out = {0};

        assert_int_equal(ts_strip(str_of(cases[i].ts), &out, &error), 0);
        JSValue v = JS_Eval(ctx, buf_cstr(&out), out.len, "case.js",
                            JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);

        if (JS_IsException(v)) {
            JSValue e = JS_GetException(ctx);
            const char *text = JS_ToCString(ctx, e);

            if (!strstr(text, "could not load module"))
                fail_msg("%s\n%s\n%s", cases[i].ts, out.data, text);
            JS_FreeCString(ctx, text);
            JS_FreeValue(ctx, e);
        }
        JS_FreeValue(ctx, v);
        buf_fini(&out);
    }
    JS_FreeContext(ctx);
    JS_FreeRuntime(rt);
}

/* Scripts whose last value is known. */
static const struct {
    const char *ts;
    const char *value;
} runs[] = {
    {"enum C { Red, Green = 5, Blue, S = 'str', T = S, U = Green * 2, V }\n"
     "[C.Red, C.Green, C.Blue, C[5], C.S, C.T, C.U, C.V, C[11], Object.keys(C).length].join()",
     "0,5,6,Green,str,str,10,11,V,12"},
    {"class P { constructor(protected x: number, private y = 2) {} sum(): number { return this.x + this.y } }\n"
     "class Q extends P { constructor(public z: string) { super(40) } }\n"
     "const q = new Q('a'); `${q.sum()}${q.z}`",
     "42a"},
    {"namespace N { export const a = 1; export enum E { X = 3 }\n"
     "export namespace M { export function f(): number { return a + E.X } } }\n"
     "N.M.f() + N.a",
     "5"},
    {"const id = <T,>(x: T): T => x; const a = 1, b = 2, c = 3;\n"
     "[a < b, id<number>(4), (a < b as any) > (c as any), a ? (b) : c].join()",
     "true,4,false,2"},
    {"abstract class Shape { abstract area(): number; describe(): string { return `area ${this.area()}` } }\n"
     "class Sq extends Shape { constructor(private readonly s: number) { super() } area() { return this.s ** 2 } }\n"
     "new Sq(3).describe()",
     "area 9"},
    {"function over(a: string): string;\nfunction over(a: number): number;\n"
     "function over(a: any): any { return a }\ninterface X { a: number }\n"
     "const x = { a: over(7) } satisfies X;\n(x as X).a!",
     "7"},
    {"const o = { type: 1, f(this: any, n?: number) { return this.type + (n ?? 1) } };\n"
     "let g: typeof o.f; g = o.f; g.call(o, 4) as number",
     "5"},
};

static void test_runs(void **state UNUSED)
{
    JSRuntime *rt = JS_NewRuntime();

    for (size_t i = 0; i < countof(runs); i++) {
        JSContext *ctx = JS_NewContext(rt);
        struct ts_error error;
        struct buf out = {0};

        assert_int_equal(ts_strip(str_of(runs[i].ts), &out, &error), 0);
        JSValue v = JS_Eval(ctx, buf_cstr(&out), out.len, "run.js", 0);
        const char *text = JS_ToCString(ctx, v);

        if (!text)
            fail_msg("%s", out.data);
        assert_string_equal(text, runs[i].value);
        JS_FreeCString(ctx, text);
        JS_FreeValue(ctx, v);
        JS_FreeContext(ctx);
        buf_fini(&out);
    }
    JS_FreeRuntime(rt);
}

static void test_errors(void **state UNUSED)
{
    static const struct {
        const char *ts;
        uint32_t line;
        uint32_t column;
        const char *text;
    } errors[] = {
        {"@dec class A {}", 1, 1, "decorators are not supported"},
        {"class A {\n  @dec() b }", 2, 3, "decorators are not supported"},
        {"let a: = 1", 1, 8, "unexpected '='"},
        {"let a = `b", 1, 9, "this template does not end"},
        {"let a = (b: number", 1, 11, "unexpected ':'"},
        {"type A = {\n b: c", 2, 6, "unexpected end of the file"},
        {"let a b", 1, 7, "unexpected 'b'"},
        {"namespace A.B {}", 1, 12,
         "dotted namespace names are not supported; nest the namespaces"},
        {"namespace A { export let b = 1 }", 1, 22,
         "only constants, functions, classes and types can be exported from a namespace"},
        {"function f(private a) {}", 1, 12,
         "a parameter property is only allowed in a constructor"},
    };

    for (size_t i = 0; i < countof(errors); i++) {
        struct ts_error error = {0};
        struct buf out = {0};

        assert_int_equal(ts_strip(str_of(errors[i].ts), &out, &error), TS_E_SYNTAX);
        assert_string_equal(error.text, errors[i].text);
        assert_int_equal(error.line, errors[i].line);
        assert_int_equal(error.column, errors[i].column);
        buf_fini(&out);
    }
}

/* What stays is where it was, in characters. */
static void test_positions(void **state UNUSED)
{
    static const char ts[] = "const \xc3\xa9: Map<string, '\xe2\x82\xac'> = f<T>(x as any, y!)";
    struct ts_error error;
    struct buf out = {0};

    assert_int_equal(ts_strip(str_of(ts), &out, &error), 0);
    assert_string_equal(buf_cstr(&out), "const \xc3\xa9                   = f   (x       , y )");
    buf_fini(&out);
}

/* Deep nesting ends with an error, ambiguous nesting in time. */
static void test_hostile(void **state UNUSED)
{
    static const char *const pieces[] = {"(",           "[",   "{a:", "f<",       "a?(b):c=>",
                                         "<T>",         "`${", "(a=", "x=",       "async(",
                                         "class{a=",    "!",   "if(", "(a):b=>(", "(a)=>",
                                         "function(){", "a<(", "{"};

    for (size_t i = 0; i < countof(pieces); i++) {
        struct ts_error error;
        struct buf out = {0};
        struct buf text = {0};

        buf_puts(&text, "z=");
        for (int n = 0; n < 3000; n++)
            buf_puts(&text, pieces[i]);
        ignored(ts_strip(buf_str(&text), &out, &error));
        buf_fini(&text);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_compiles),
        cmocka_unit_test(test_runs),      cmocka_unit_test(test_errors),
        cmocka_unit_test(test_positions), cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
