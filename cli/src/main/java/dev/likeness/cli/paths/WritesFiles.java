package dev.likeness.cli.paths;

import java.util.List;

/** A command that writes files. */
public interface WritesFiles {
  /**
   * Returns all files and folders that the command would write with the given options, also those
   * that no option names, such as a file beside another. Reads no file.
   */
  List<Output> outputs();
}
