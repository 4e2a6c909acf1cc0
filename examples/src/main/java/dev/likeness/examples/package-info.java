/**
 * The {@code likeness} command: {@link dev.likeness.cli.LikenessCommand} is its entry, one class
 * per subcommand lies in {@code command}. Every subcommand is a thin caller of the library, and an
 * example of how to call it.
 */
package dev.likeness.examples;
