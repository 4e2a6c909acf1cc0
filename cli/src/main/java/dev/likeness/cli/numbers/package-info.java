/** The numbers of a command line: each option has a range, which is checked before any work. */
package dev.likeness.cli.numbers;
