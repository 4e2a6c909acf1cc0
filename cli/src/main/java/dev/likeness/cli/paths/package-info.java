/** The paths of a command line: checked before any work, so that no output destroys a file. */
package dev.likeness.cli.paths;
