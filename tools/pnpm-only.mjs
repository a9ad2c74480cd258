/** `prepack` of the packages: only pnpm writes into a package which versions it wants, instead of `catalog:`. */
if (!(process.env.npm_config_user_agent ?? "").startsWith("pnpm/")) {
  process.stderr.write(
    "This package is packed and published with pnpm (pnpm pack, pnpm publish): what npm packs names versions that nobody can install.\n",
  );
  process.exitCode = 1;
}
