package dev.likeness.cli.paths;

import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A file or folder that a command writes.
 *
 * @param option the option that names it, or from which its name follows, such as {@code --out}
 * @param path the file or folder; for {@link Kind#NAMES} the folder of the files
 * @param kind what may be there before
 * @param names the names of the files in {@code path}; null except for {@link Kind#NAMES}
 */
public record Output(String option, Path path, Kind kind, Pattern names) {
  /** What may be at the place of an output before the command. */
  public enum Kind {
    /** A file that must not exist. */
    NEW_FILE,
    /** A file that replaces an existing file, because {@code --overwrite} is given. */
    REPLACED_FILE,
    /** A folder that must not exist or be empty. */
    NEW_FOLDER,
    /** A folder into which files are written; it may exist. */
    FOLDER,
    /** A file, or files with certain names in a folder; the command looks itself what is there. */
    NAMES
  }

  /** A file that must not exist, unless {@code overwrite} is given. */
  public static Output file(String option, Path path, boolean overwrite) {
    return new Output(option, path, overwrite ? Kind.REPLACED_FILE : Kind.NEW_FILE, null);
  }

  /** A folder that must not exist or be empty. */
  public static Output newFolder(String option, Path path) {
    return new Output(option, path, Kind.NEW_FOLDER, null);
  }

  /** A folder into which files are written. */
  public static Output folder(String option, Path path) {
    return new Output(option, path, Kind.FOLDER, null);
  }

  /** Files in a folder whose whole names match {@code names}. The command checks existing ones. */
  public static Output names(String option, Path folder, String names) {
    return new Output(option, folder, Kind.NAMES, Pattern.compile(names));
  }

  boolean isOneFile() {
    return kind == Kind.NEW_FILE || kind == Kind.REPLACED_FILE;
  }
}
