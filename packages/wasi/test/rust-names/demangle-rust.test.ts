import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { demangleRust } from "../../src/rust-names/demangle-rust.ts";

// Made by rustc 1.63 and 1.95; what binutils' c++filt says of them is the same but for hashes and the types of constants.
const LEGACY: readonly (readonly [string, string])[] = [
  ["_ZN5panic4deep17hcea5f06c60edd18fE", "panic::deep"],
  [
    "_ZN3std9panicking19begin_panic_handler28_$u7b$$u7b$closure$u7d$$u7d$17h8ef066ac4d1e7406E",
    "std::panicking::begin_panic_handler::{{closure}}",
  ],
  [
    "_ZN100_$LT$alloc..ffi..c_str..CString$u20$as$u20$core..convert..From$LT$$RF$core..ffi..c_str..CStr$GT$$GT$4from17ha5ba2ecc964a0b96E",
    "<alloc::ffi::c_str::CString as core::convert::From<&core::ffi::c_str::CStr>>::from",
  ],
  [
    "_ZN4core3ops8function6FnOnce9call_once17hd3864b8ad8129e83E.llvm.4258639271703148650",
    "core::ops::function::FnOnce::call_once",
  ],
  [
    "_ZN3std5panic14SHOULD_CAPTURE17h7a9a05d10c601580E.0.llvm.5586394452431131964",
    "std::panic::SHOULD_CAPTURE.0",
  ],
];

const V0: readonly (readonly [string, string])[] = [
  ["_RNvCsgwiwt6F3Sso_3gen4main", "gen::main"],
  ["_RINvCsgwiwt6F3Sso_3gen4callNCNvB2_4mains0_0EB2_", "gen::call::<gen::main::{closure#2}>"],
  ["_RINvCsgwiwt6F3Sso_3gen4callNCNCNvB2_4mains0_00EB2_", "gen::call::<gen::main::{closure#2}::{closure#0}>"],
  [
    "_RINvCsgwiwt6F3Sso_3gen4showDG0_INtNtNtCsgEmfK2I1SDS_4core3ops8function2FnTRL1_hRL0_tEEp6OutputRL1_hEL_EB2_",
    "gen::show::<dyn for<'a, 'b> core::ops::function::Fn<(&'a u8, &'b u16), Output = &'a u8>>",
  ],
  ["_RINvCsgwiwt6F3Sso_3gen4showDNtNtB2_1m5Shapep3OutmEL_EB2_", "gen::show::<dyn gen::m::Shape<Out = u32>>"],
  [
    "_RINvCsgwiwt6F3Sso_3gen4showDNtNtCsgEmfK2I1SDS_4core3fmt5DebugNtNtBu_6marker4SyncNtBZ_4SendEL_EB2_",
    "gen::show::<dyn core::fmt::Debug + core::marker::Sync + core::marker::Send>",
  ],
  [
    "_RINvCsgwiwt6F3Sso_3genu9gre_6ka8iFG0_RL1_eQL0_ShEjEB2_",
    "gen::größe::<for<'a, 'b> fn(&'a str, &'b mut [u8]) -> usize>",
  ],
  ["_RINvCsgwiwt6F3Sso_3genu9gre_6ka8iFKClEuEB2_", 'gen::größe::<extern "C" fn(i32)>'],
  [
    "_RINvCsgwiwt6F3Sso_3genu9gre_6ka8iFUK6systemhEhEB2_",
    'gen::größe::<unsafe extern "system" fn(u8) -> u8>',
  ],
  ["_RINvCsgwiwt6F3Sso_3genu9gre_6ka8iOAfj1_EB2_", "gen::größe::<*mut [f32; 1]>"],
  ["_RINvCsgwiwt6F3Sso_3genu9gre_6ka8iThEEB2_", "gen::größe::<(u8,)>"],
  [
    "_RINvMs2_NtCsgEmfK2I1SDS_4core3fmtNtB6_9Arguments3newKj4_Kj1_ECsgwiwt6F3Sso_3gen",
    "<core::fmt::Arguments>::new::<4, 1>",
  ],
  ["_RNvMs_NtCsgwiwt6F3Sso_3gen1mINtB4_1PKj7_Kan3_Kcdf_Kb1_E3ownB6_", "<gen::m::P<7, -3, 'ß', true>>::own"],
  [
    "_RNvXNtCsgwiwt6F3Sso_3gen1mINtB2_1PKj7_Kan3_Kcdf_Kb1_ENtB2_5Shape4areaB4_",
    "<gen::m::P<7, -3, 'ß', true> as gen::m::Shape>::area",
  ],
  [
    "_RNSNvYNCNvCsgwiwt6F3Sso_3gen4mains1_0INtNtNtCsgEmfK2I1SDS_4core3ops8function6FnOnceTRhRtEE9call_once6vtableB8_",
    "<gen::main::{closure#3} as core::ops::function::FnOnce<(&u8, &u16)>>::call_once::{shim:vtable#0}",
  ],
  ["_RNvNtNtNtNtCsjrHSEGnQ3l9_3std3sys4args4unix3imp4ARGC.0", "std::sys::args::unix::imp::ARGC.0"],
  [
    "_RINvCsgwiwt6F3Sso_3genu9gre_6ka8iINtNtCsgEmfK2I1SDS_4core6option6OptionINtNtCslNYArtu3iFV_5alloc5boxed3BoxDG0_INtNtNtBA_3ops8function5FnMutTRL1_eRL0_ThnEEEp6OutputINtNtBA_6result6ResultRL1_ePcEEL_EEEB2_",
    "gen::größe::<core::option::Option<alloc::boxed::Box<dyn for<'a, 'b> core::ops::function::FnMut<(&'a str, &'b (u8, i128)), Output = core::result::Result<&'a str, *const char>>>>>",
  ],
];

/** A place as v0 writes it: `_` is 0, `0_` is 1; the places here are below 62 squared. */
function base62(value: number): string {
  const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const rest = value - 1;
  const digit = (at: number): string => digits[at] ?? "";
  return `${rest < 62 ? "" : digit(Math.floor(rest / 62))}${digit(rest % 62)}_`;
}

const RUNS = { numRuns: Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 2_000), seed: 3 };

describe("the name of a Rust function", () => {
  it.each(LEGACY)("%s is the path that the legacy mangling has in it", (symbol, path) => {
    expect(demangleRust(symbol)).toBe(path);
  });

  it.each(V0)("%s is the path that the v0 mangling has in it", (symbol, path) => {
    expect(demangleRust(symbol)).toBe(path);
  });

  it.each([
    ["of C", "divide_by"],
    ["of C++, which has no hash", "_ZN3foo3barE"],
    ["of C++ with its parameters", "_ZN3foo3barEv"],
    ["of Go", "runtime.mallocgc"],
    ["of nobody", ""],
    ["cut short", "_RINvCsgwiwt6F3Sso_3gen4callNCNvB2_4mains0"],
    ["that refers to what comes after it", "_RNvB9_1a"],
    ["whose length is more than there is", "_RNvC3gen9main"],
    ["whose length is a number of a thousand digits", `_ZN${"9".repeat(1_000)}a17hcea5f06c60edd18fE`],
    ["with a lifetime that nothing binds", "_RINvC3gen4showRL0_hE"],
  ])("is what it was where it is %s", (_, symbol) => {
    expect(demangleRust(symbol)).toBe(symbol);
  });

  it("is what it was where its references to itself would make it endless or huge", () => {
    // Each argument is a pair of the one before it, which starts with four letters: `ThhE`.
    const doubled = (levels: number): string => {
      let text = "INvC1a1b";
      let place = text.length;
      text += "ThhE";
      for (let level = 1; level < levels; level++) {
        const reference = `B${base62(place)}`;
        place = text.length;
        text += `T${reference}${reference}E`;
      }
      return `_R${text}E`;
    };
    expect(demangleRust(doubled(3))).toBe(
      "a::b::<(u8, u8), ((u8, u8), (u8, u8)), (((u8, u8), (u8, u8)), ((u8, u8), (u8, u8)))>",
    );
    expect(demangleRust(doubled(7))).toHaveLength(1_001);
    expect(demangleRust(doubled(40))).toBe(doubled(40));
    const endless = "_RINvC1a1bTB7_EE";
    expect(demangleRust(endless)).toBe(endless);
    const deep = `_RINvC1a1b${"S".repeat(4_000)}hE`;
    expect(demangleRust(deep)).toBe(deep);
    const long = `_RNvC1a9000${"b".repeat(9_000)}`;
    expect(demangleRust(long)).toBe(long);
  });

  it("takes any text, and makes no more of it than a thousand characters", () => {
    const symbols = [...LEGACY, ...V0].map(([symbol]) => symbol);
    const spoiled = fc
      .tuple(fc.constantFrom(...symbols), fc.nat(200), fc.nat(3), fc.string({ maxLength: 4 }))
      .map(([symbol, at, cut, put]) => symbol.slice(0, at) + put + symbol.slice(at + cut));
    const spelled = fc
      .array(fc.constantFrom(..."CMXYNIBASTRQPOFDGLKEpsu0123_hjnv9".split("")), { maxLength: 60 })
      .map((letters) => `_R${letters.join("")}`);
    fc.assert(
      fc.property(fc.oneof(spoiled, spelled), (symbol) => {
        const name = demangleRust(symbol);
        expect(name === symbol || name.length <= 1_001).toBe(true);
      }),
      RUNS,
    );
  });
});
