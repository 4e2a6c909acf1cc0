/** What all subcommands share towards the terminal: output, progress, Ctrl-C, exit statuses. */
package dev.likeness.examples.console;
