/** One class per subcommand, and the options that several of them share. */
package dev.likeness.examples.command;
